"""Whose books the simulator keeps, and who may sign in.

In: nothing. Out: `Company` and `User`, plain settings of one engine. Everything here is invented; the credentials
open nothing but this simulator. What does not belong here: the company's record as stored (`periods.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = frozenset({"owner", "admin", "accountant", "bookkeeper", "viewer", "employee"})
"""Roles of a user in a company (contract section 1)."""

WRITING_ROLES = ROLES - {"viewer", "employee"}
"""Bookkeeper or above may create documents (contract section 1)."""


@dataclass(frozen=True)
class User:
    """Somebody who may sign in."""

    email: str
    password: str
    full_name: str
    role: str = "accountant"

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"unknown role {self.role!r}")


_USERS = (
    User("integration@nordlys-energy.test", "sandbox-accounting", "Integration User", "accountant"),
    User("reader@nordlys-energy.test", "sandbox-accounting", "Reading User", "viewer"),
)


@dataclass(frozen=True)
class Company:
    """One company of one organization (contract section 7, Company)."""

    name: str = "Nordlys Energy Trading GmbH"
    organization: str = "Nordlys Group"
    base_currency: str = "EUR"
    fiscal_year_start: int = 1
    """Month in which the fiscal year starts, 1-12."""
    country: str = "DE"
    tax_id: str = "DE287417386"
    street: str = "Am Sandtorkai 48"
    postal_code: str = "20457"
    city: str = "Hamburg"
    payment_terms: str = "net_30"
    invoice_prefix: str = "INV-"
    bill_prefix: str = "BILL-"
    sales_discount_accounts: Mapping[str, str] = field(
        default_factory=lambda: {"EUR": "4900", "SEK": "4901", "GBP": "4902", "JPY": "4903"}
    )
    """Account number that early-payment discounts are debited to, by currency; else the first revenue account."""
    users: tuple[User, ...] = _USERS

    def __post_init__(self) -> None:
        if not 1 <= self.fiscal_year_start <= 12:
            raise ValueError("fiscal_year_start is a month, 1-12")
        if not self.users:
            raise ValueError("a company needs at least one user")
