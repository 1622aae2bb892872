"""Customers and vendors: one kind of record on two sides of the books.

In: bodies of the vendor's routes. Out: records with both `display_name` and `name` (its clients read either), and the
running `balance`. What does not belong here: documents.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import TABLES, Record, Registry
from sandbox.atlas_accounting.validation import Fields

TERM_DAYS = {"due_on_receipt": 0, "net_15": 15, "net_30": 30, "net_45": 45, "net_60": 60, "net_90": 90}
"""Payment terms and their days (contract section 7)."""

_ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")


class Parties:
    """The customers, or the vendors, of the company.

    Args:
        table: `customers` or `vendors`; customers alone carry discount terms and a billing address.
    """

    def __init__(self, registry: Registry, periods: Periods, table: str) -> None:
        self._registry = registry
        self._periods = periods
        self._table = table

    def create(self, body: object) -> Record:
        """A customer or vendor (contract section 7).

        Raises:
            AtlasAccountingError: 422 per field; 409 for a name already taken.
        """
        fields = Fields(body)
        record = self._read(fields)
        if record["display_name"] is None and not fields.errors:
            fields.fault("display_name", "field required")
        fields.finish()
        record["balance"] = money.text(money.ZERO, record["currency"])
        self._registry.require_free(self._table, "display_name", record["display_name"])
        return self._registry.add(self._table, record)

    def update(self, party_id: str, body: object) -> Record:
        """Changes the fields a body speaks of.

        Raises:
            AtlasAccountingError: 404; 422 per field; 409 for a name already taken, or a new currency once documents
                have given the party a balance.
        """
        party = self._registry.get(self._table, party_id)
        fields = Fields(body)
        read = self._read(fields, default_currency=party["currency"])
        named = fields.has("display_name") or fields.has("name")
        changes = {name: value for name, value in read.items() if fields.has(name)}
        if named:
            if read["display_name"] is None:
                fields.fault("display_name", "must not be empty")
            changes |= {"display_name": read["display_name"], "name": read["name"]}
        if changes.get("currency", party["currency"]) != party["currency"] and Decimal(party["balance"]):
            fields.fault("currency", "cannot change while the balance is not zero")
        fields.finish()
        if named:
            self._registry.require_free(self._table, "display_name", changes["display_name"], holder=party_id)
        if "currency" in changes and changes["currency"] != party["currency"]:
            changes["balance"] = money.text(money.ZERO, changes["currency"])
        return self._registry.change(self._table, party, **changes)

    def _read(self, fields: Fields, *, default_currency: str | None = None) -> Record:
        alias = "display_name" if fields.raw("display_name") is not None else "name"
        name = fields.text(alias, max_length=200)
        record: Record = {
            "external_id": fields.text("external_id", max_length=100),
            "display_name": name,
            "name": name,
            "email": fields.email("email"),
            "phone": fields.text("phone", max_length=50),
            "tax_id": fields.text("tax_id", max_length=50),
            "gl_account": fields.text("gl_account", max_length=50),
            "iban": fields.text("iban", max_length=42),
            "swift_bic": fields.text("swift_bic", max_length=11),
            "payment_terms": fields.choice("payment_terms", TERM_DAYS),
            "currency": fields.currency("currency", default_currency or self._periods.base_currency),
            "is_active": fields.flag("is_active", default=True),
        }
        if self._table == "customers":
            percent = fields.number("discount_percent", zero=True)
            record |= {
                "discount_percent": f"{percent:f}" if fields.raw("discount_percent") is not None else None,
                "discount_days": fields.whole("discount_days"),
                "net_days": fields.whole("net_days"),
                "billing_address": _address(fields),
            }
        return record

    def due_date(self, party: Record, day: str) -> str:
        """The due date of a document of that day by the party's terms, else by the company's."""
        days = party.get("net_days")
        if days is None:
            days = TERM_DAYS[party["payment_terms"] or self._periods.settings.payment_terms]
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()

    def require(self, party_id: str | None, fields: Fields, field: str) -> Record | None:
        """The party a document names; notes a message on the field when there is none."""
        if party_id is None:
            return None
        party = self._registry.find(self._table, party_id)
        if party is None:
            fields.fault(field, f"{TABLES[self._table].lower()} does not exist")
        elif not party["is_active"]:
            fields.fault(field, f"{TABLES[self._table].lower()} is inactive")
        return party

    def adjust(self, party_id: str, currency: str, change: Decimal) -> None:
        """Moves the party's balance by an amount. A party has one balance, in its own currency: documents in another
        currency do not move it, since there are no exchange rates here (contract section 10, 15).
        """
        party = self._registry.get(self._table, party_id)
        if party["currency"] == currency and change:
            balance = money.text(Decimal(party["balance"]) + change, currency)
            self._registry.change(self._table, party, balance=balance)


def _address(fields: Fields) -> dict[str, Any] | None:
    given = fields.raw("billing_address")
    if given is None:
        return None
    if not isinstance(given, dict):
        fields.fault("billing_address", "must be an object")
        return None
    parts = Fields(given, path="billing_address.", errors=fields.errors)
    return {name: parts.text(name) for name in _ADDRESS}
