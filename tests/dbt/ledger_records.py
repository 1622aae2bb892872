"""What is known of the records on a day, as the independent ledger asks for it.

In: the versions of a `RandomCompany`. Out: latest records, issued documents, payments, accounts. What does not belong
here: what is posted of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from landed_versions import Version
from ledger_closings import Closings
from ledger_rules import BASE, KINDS, ZERO, ZONE, Line, Record, Side, day, reversed_lines, seed
from random_closings import Closing


class TakenOff(NamedTuple):
    """A document that a payment was taken off while it went on counting."""

    payment: Record
    """The payment as it last named the document."""
    document_id: str
    amount: Decimal
    """What it had settled, discount included."""
    discount: Decimal
    on: date
    """The day on which that is taken back."""


NOT_ISSUED = {"draft", "pending", "voided"}
_OWN = re.compile(r"(?:atlas_etrm|atlas_accounting|atlar):[a-z_]+:\S+")
_PAYMENTS = ("atlas_accounting.payments", "atlas_accounting.payments_made")


class Records:
    """The records as known at the end of a day in the company's zone; at present where none is given."""

    def __init__(
        self, versions: Iterable[Version], known_on: date | None = None, closings: Iterable[Closing] = ()
    ) -> None:
        self.versions = [v for v in versions if known_on is None or v.landed_at.astimezone(ZONE).date() <= known_on]
        self.closings = Closings(closings, self.versions)
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

    def void_seen(self, table: str, record_id: str) -> datetime:
        """When a record that stood was first landed as void, or as gone."""
        stood = False
        for version in self.versions:
            if version.table == table and version.record["id"] == record_id:
                is_void = version.is_deleted or version.record["status"] == "voided"
                if is_void and stood:
                    return version.landed_at
                stood = not is_void
        raise LookupError(f"{table} {record_id} was never voided")

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

    def counterparty_of(self, side: Side, party_id: str) -> int | None:
        """The counterparty that a customer or vendor is, by its VAT number; None where it is none."""
        table = f"atlas_accounting.{KINDS[side].parties}"
        numbers = {p["id"]: p["tax_id"].replace(" ", "") for p in self.table(table)}
        known = {c["vat"].replace(" ", ""): c["id"] for c in self.counterparties.values()}
        return known.get(numbers.get(party_id, ""))

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

    def taken_back_on(self, side: Side, payment: Record) -> date:
        """The day on which a voided payment is taken back: its own, or the first one open when that was seen."""
        seen = self.void_seen(f"atlas_accounting.{KINDS[side].payments}", payment["id"])
        return self.closings.open_day(day(payment["payment_date"]), seen)

    def taken_off(self, side: Side) -> list[TakenOff]:
        """Documents that payments name no more, though the payment still counted when that was seen."""
        table = f"atlas_accounting.{KINDS[side].payments}"
        told: dict[str, list[Version]] = defaultdict(list)
        for version in self.versions:
            if version.table == table:
                told[version.record["id"]].append(version)
        found = []
        for versions in told.values():
            last: dict[str, int] = {}
            for number, version in enumerate(versions):
                if _counts(version):
                    last |= {document_id: number for document_id, _ in applications(version.record, side)}
            for document_id, number in last.items():
                if number + 1 < len(versions) and _counts(versions[number + 1]):
                    payment, seen = versions[number].record, versions[number + 1].landed_at
                    rows = [row for row in payment["applications"] if document_id in row.values()]
                    amount = sum((a for d, a in applications(payment, side) if d == document_id), ZERO)
                    taken = sum((Decimal(row.get("discount_taken") or 0) for row in rows), ZERO)
                    on = self.closings.open_day(day(payment["payment_date"]), seen)
                    found.append(TakenOff(payment, document_id, amount, taken, on))
        return found

    @cached_property
    def foreign_banks(self) -> set[str]:
        """Numbers of the bank accounts that are kept in another currency."""
        chart = self.table("atlas_accounting.accounts")
        return {a["account_number"] for a in chart if a["account_type"] == "bank" and a["currency"] != BASE}

    @cached_property
    def own_entries(self) -> dict[str, Record]:
        """Entries in the books that carry one of our journal ids at the beginning of their description."""
        found: dict[str, Record] = {}
        for entry in self.table("atlas_accounting.journal_entries"):
            key = _OWN.match(entry["description"] or "")
            if key and (key[0] not in found or not _is_posted(found[key[0]])):
                found[key[0]] = entry
        return found

    def books_lines(self, key: str) -> list[Line]:
        """An entry of ours as it was posted; nothing where it was not."""
        entry = self.own_entries.get(key)
        if entry is None or not _is_posted(entry):
            return []
        return [
            Line(key, day(entry["entry_date"]), self.numbers[line["account_id"]], "adjustment", line["entry_type"],
                 Decimal(line["amount"]), BASE, Decimal(line["amount"]), is_posted=True)
            for line in entry["lines"]
        ]  # fmt: skip

    def is_taken_back(self, key: str) -> bool:
        """Whether a person has reversed an entry of ours in the books."""
        return key in self.own_entries and self.own_entries[key]["status"] == "reversed"

    def by_hand(self) -> Iterator[Record]:
        """Posted entries of the books that are none of ours."""
        ours = {entry["id"] for entry in self.own_entries.values()}
        for entry in self.table("atlas_accounting.journal_entries"):
            if _is_posted(entry) and entry["id"] not in ours:
                yield entry

    def month_end_entry(self, entry: list[Line], as_of: date) -> Iterator[Line]:
        """An entry of a month's end and its reversal on the first open day after; none in a closed month, but what
        is booked there stays.
        """
        if not entry:
            return
        key, end = entry[0].journal_entry_id, entry[0].entry_date
        if self.closings.open_day(end) == end or self.books_lines(key):
            yield from entry
            following = end + timedelta(days=1)
            if following <= as_of:
                on = self.closings.open_day(following)
                yield from reversed_lines(entry, f"{key}:reversal", entry_date=on)

    def party_code(self, side: Side, party_id: str) -> str:
        """What a party is called: its external id, else its id."""
        parties = {p["id"]: p for p in self.table(f"atlas_accounting.{KINDS[side].parties}")}
        return str((parties.get(party_id) or {}).get("external_id") or party_id)


def _counts(version: Version) -> bool:
    return not version.is_deleted and version.record["status"] not in ("voided", "draft")


def _is_posted(entry: Record) -> bool:
    return entry["status"] in ("posted", "reversed")


def discount(payment: Record) -> Decimal:
    """Early-payment discount taken with a payment."""
    return sum((Decimal(a.get("discount_taken") or 0) for a in payment["applications"]), ZERO)


def applications(payment: Record, side: Side) -> Iterator[tuple[str, Decimal]]:
    """Documents a payment settles, and how much of each, discount included."""
    for row in payment["applications"]:
        amount = Decimal(row["amount_applied"]) + Decimal(row.get("discount_taken") or 0)
        yield row["invoice_id" if side == "receivable" else "bill_id"], amount
