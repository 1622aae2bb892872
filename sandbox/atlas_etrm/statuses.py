"""The order statuses of this instance and the two moves it makes by itself (contract section 5).

In: a status as a name or a number. Out: its number, its name, and what follows from an erpCode or an invoice.
What does not belong here: who may set a status; the engine takes any configured one.
"""

from __future__ import annotations

STATUSES = (
    "Draft order by ETRM",
    "Approved order by ETRM",
    "Forwarded to accounting",
    "Received code by accounting",
    "Rejected by accounting",
    "Received invoice by accounting",
    "Approved Payment by ETRM",
    "Settled",
    "Partially Settled",
)
"""The standard names; a status's number is its place, counted from 1."""

DRAFT, APPROVED, FORWARDED, CODE_RECEIVED, _, INVOICE_RECEIVED = STATUSES[:6]


def name_of(status: object) -> str | None:
    """The configured name of a status given as name or number, None when there is none."""
    if isinstance(status, bool):
        return None
    if isinstance(status, int):
        return STATUSES[status - 1] if 1 <= status <= len(STATUSES) else None
    return status if isinstance(status, str) and status in STATUSES else None


def number_of(status: object) -> object:
    """The number of a status; a status that is not configured stays as it is."""
    name = name_of(status)
    return status if name is None else STATUSES.index(name) + 1


def after_code(status: object) -> object:
    """The status once accounting wrote its code: approved and forwarded orders are acknowledged."""
    return CODE_RECEIVED if name_of(status) in (APPROVED, FORWARDED) else status


def after_invoice(status: object) -> object:
    """The status once the order's first invoice is there."""
    return INVOICE_RECEIVED if name_of(status) == CODE_RECEIVED else status
