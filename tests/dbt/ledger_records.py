"""What is known of the records on a day, as the independent ledger asks for it.

In: the versions of a `RandomCompany`. Out: latest records, issued documents, payments, accounts. What does not belong
here: what is posted of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from ledger_rules import BASE, KINDS, ZERO, ZONE, Record, Side, seed
from random_company import Version

NOT_ISSUED = {"draft", "pending", "voided"}
_PAYMENTS = ("atlas_accounting.payments", "atlas_accounting.payments_made")


class Records:
    """The records as known at the end of a day in the company's zone; at present where none is given."""

    def __init__(self, versions: Iterable[Version], known_on: date | None = None) -> None:
        self.versions = [v for v in versions if known_on is None or v.landed_at.astimezone(ZONE).date() <= known_on]
        latest: dict[str, dict[Any, Record | None]] = defaultdict(dict)
        self.as_issued: dict[str, Record] = {}
        """Documents as they last were issued, whatever became of them."""
        self._as_paid: dict[str, dict[str, Record]] = {table: {} for table in _PAYMENTS}
        for version in self.versions:
            latest[version.table][version.record["id"]] = None if version.is_deleted else version.record
            is_document = version.table in ("atlas_accounting.invoices", "atlas_accounting.bills")
            if is_document and not version.is_deleted and version.record["status"] not in NOT_ISSUED:
                self.as_issued[version.record["id"]] = version.record
            if version.table in _PAYMENTS and not version.is_deleted and version.record["status"] != "voided":
                self._as_paid[version.table][version.record["id"]] = version.record
        self._records = {table: [r for r in found.values() if r is not None] for table, found in latest.items()}
        self.numbers = {a["id"]: a["account_number"] for a in self.table("atlas_accounting.accounts")}
        self.currencies = {a["account_number"]: a["currency"] for a in self.table("atlas_accounting.accounts")}
        self._controls = {
            (row["control"], row["currency_code"]): row["account_number"] for row in seed("control_accounts")
        }

    def table(self, name: str) -> list[Record]:
        """The latest records of a raw table."""
        return self._records.get(name, [])

    def known_at(self, table: str, moment: datetime) -> list[Record]:
        """The records of a raw table as they were known at a moment."""
        found: dict[Any, Record | None] = {}
        for version in self.versions:
            if version.table == table and version.landed_at <= moment:
                found[version.record["id"]] = None if version.is_deleted else version.record
        return [record for record in found.values() if record is not None]

    def first_seen(self, table: str, record_id: Any) -> datetime:
        """When a record was first landed."""
        return min(v.landed_at for v in self.versions if v.table == table and v.record["id"] == record_id)

    def control(self, control: str, currency: str = BASE) -> str:
        """The account of a control: the currency's own, else the base currency's."""
        return self._controls.get((control, currency)) or self._controls[control, BASE]

    @cached_property
    def issued(self) -> dict[Side, list[Record]]:
        """Documents that stand, by side."""
        return {
            side: [d for d in self.table(f"atlas_accounting.{kind.table}") if d["status"] not in NOT_ISSUED]
            for side, kind in KINDS.items()
        }

    def taken_back(self, side: Side) -> list[Record]:
        """Documents that are void and were issued once: as they were then."""
        table = f"atlas_accounting.{KINDS[side].table}"
        voided = [d["id"] for d in self.table(table) if d["status"] == "voided"]
        return [self.as_issued[document_id] for document_id in voided if document_id in self.as_issued]

    @cached_property
    def counterparties(self) -> dict[int, Record]:
        """ATLAS counterparties by id."""
        return {c["id"]: c for c in self.table("atlas_etrm.counterparties")}

    def gl_account(self, item: Record) -> str | None:
        """The account of a settlement line: its own, else its counterparty's."""
        own = (item["glAccount"] or "").strip()
        return own or self.counterparties[item["counterpartyId"]]["glAccount"]

    def payments(self, side: Side) -> list[Record]:
        """Payments that stand."""
        table = f"atlas_accounting.{KINDS[side].payments}"
        return [p for p in self.table(table) if p["status"] not in ("voided", "draft")]

    def voided_payments(self, side: Side) -> list[Record]:
        """Payments that counted once and were voided, or are gone: as they last stood."""
        living = {payment["id"] for payment in self.payments(side)}
        paid = self._as_paid[f"atlas_accounting.{KINDS[side].payments}"]
        return [payment for payment in paid.values() if payment["id"] not in living]

    def party_code(self, side: Side, party_id: str) -> str:
        """What a party is called: its external id, else its id."""
        parties = {p["id"]: p for p in self.table(f"atlas_accounting.{KINDS[side].parties}")}
        return str((parties.get(party_id) or {}).get("external_id") or party_id)


def discount(payment: Record) -> Decimal:
    """Early-payment discount taken with a payment."""
    return sum((Decimal(a.get("discount_taken") or 0) for a in payment["applications"]), ZERO)


def applications(payment: Record, side: Side) -> Iterator[tuple[str, Decimal]]:
    """Documents a payment settles, and how much of each, discount included."""
    for row in payment["applications"]:
        amount = Decimal(row["amount_applied"]) + Decimal(row.get("discount_taken") or 0)
        yield row["invoice_id" if side == "receivable" else "bill_id"], amount
