"""The books once more, in plain Python: what the marts must say, worked out from the landed records without SQL.

In: the versions of a `RandomCompany`. Out: journal lines, open items, aging and trial balance as of any day and as
known on any day, each with exact decimals. What does not belong here: anything read from a dbt model.

The rules are DESIGN section 5 and DECISIONS.md, written down a second time by other means (`ledger_orders.py` and
its sisters): where these files and the models differ, one of them is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from landed_versions import AS_OF, Version
from ledger_accruals import accrual_lines
from ledger_adjustments import as_booked
from ledger_bank_fees import bank_fee_lines
from ledger_exchange import exchange_lines
from ledger_orders import order_and_document_lines
from ledger_records import Records, applications, discount
from ledger_rules import KINDS, ZERO, Line, Record, Side, day, reversed_lines, with_base
from ledger_vat import discount_vat_lines, reverse_charge_lines
from random_closings import Closing

BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")


class OpenItem(NamedTuple):
    """One issued document as it stood on a day."""

    side: str
    document_id: str
    party_code: str
    currency: str
    due_date: date
    total: Decimal
    applied: Decimal
    open: Decimal
    bucket: str


@dataclass
class _Aging:
    buckets: dict[str, Decimal]
    credits: Decimal = ZERO


class Ledger:
    """The books that follow from what has been landed up to a day.

    Args:
        versions: Every version of every record, in the order of landing.
        known_on: The day whose end (in the company's zone) bounds what is known; None knows everything.
        closings: When who closed the books, beside what the vendor's company record says.
        as_of: The business date.
    """

    def __init__(
        self,
        versions: Iterable[Version],
        known_on: date | None = None,
        closings: Iterable[Closing] = (),
        as_of: date = AS_OF,
    ) -> None:
        self.records = Records(versions, known_on, closings)
        self._as_of = as_of

    @cached_property
    def lines(self) -> list[Line]:
        """The whole journal."""
        return [*self._of_documents, *as_booked(self.records, self.without_document)]

    @property
    def due(self) -> list[Line]:
        """Entries without a document that the books do not hold yet, as they would be sent."""
        return [line for line in as_booked(self.records, self.without_document) if not line.is_posted]

    @cached_property
    def _of_documents(self) -> list[Line]:
        """Orders, documents, payments and entries by hand, in base currency too."""
        lines = order_and_document_lines(self.records) + self._movements + _voided_payment_lines(self.records)
        return list(with_base(lines, self.records.control("rounding")))

    @cached_property
    def _movements(self) -> list[Line]:
        """Payments that stand and entries by hand."""
        records = self.records
        lines: list[Line] = []
        for payment in records.payments("receivable"):
            lines += _receipt_lines(records, payment)
        for payment in records.payments("payable"):
            lines += _payment_made_lines(records, payment)
        for entry in records.by_hand():
            lines += _manual_lines(records, entry)
        return lines

    @cached_property
    def without_document(self) -> list[Line]:
        """What our rules give beside documents."""
        records = self.records
        fees = list(with_base(bank_fee_lines(records, self._as_of, self._movements), records.control("rounding")))
        return [
            *fees,
            *exchange_lines(records, self._as_of, [*self._of_documents, *fees]),
            *accrual_lines(records, self._as_of),
            *reverse_charge_lines(records),
            *discount_vat_lines(records),
        ]

    def open_items(self, as_of: date) -> list[OpenItem]:
        """Every issued document up to a day, as it stood at its end."""
        return [item for side in KINDS for item in self._open_items(side, as_of)]

    def _open_items(self, side: Side, as_of: date) -> Iterator[OpenItem]:
        kind = KINDS[side]
        applied: dict[str, Decimal] = defaultdict(Decimal)
        for payment in self.records.payments(side):
            if day(payment["payment_date"]) <= as_of:
                for document_id, amount in applications(payment, side):
                    applied[document_id] += amount
        for document in self.records.issued[side]:
            if day(document[kind.date_field]) <= as_of:
                due, total = day(document["due_date"]), Decimal(document["total_amount"])
                settled = applied[document["id"]]
                party = self.records.party_code(side, document[kind.party_field])
                yield OpenItem(
                    side, document["id"], party, document["currency"], due, total, settled, total - settled,
                    _bucket((as_of - due).days),
                )  # fmt: skip

    def aging(self, side: Side, as_of: date) -> dict[tuple[str, str], tuple[Decimal, ...]]:
        """Per party and currency: the six buckets of `BUCKETS`, what is open, open credits, and the balance."""
        rows: dict[tuple[str, str], _Aging] = defaultdict(lambda: _Aging(dict.fromkeys(BUCKETS, ZERO)))
        items = list(self._open_items(side, as_of))
        for item in items:
            row = rows[item.party_code, item.currency]
            if item.total < 0:
                row.credits -= item.open
            else:
                row.buckets[item.bucket] += item.open
        standing = {item.document_id for item in items}
        for payment in self.records.payments(side):
            if day(payment["payment_date"]) <= as_of:
                settled = sum((a for d, a in applications(payment, side) if d in standing), ZERO)
                left = Decimal(payment["amount"]) + discount(payment) - settled
                party = self.records.party_code(side, payment[KINDS[side].party_field])
                rows[party, payment["currency"]].credits += left
        result = {}
        for key, row in rows.items():
            total = sum(row.buckets.values(), ZERO)
            result[key] = (*(row.buckets[name] for name in BUCKETS), total, row.credits, total - row.credits)
        return result

    def trial_balance(self, as_of: date) -> dict[tuple[str, str, str], tuple[Decimal, Decimal, Decimal]]:
        """Per month, account and currency: the month's posted debit and credit, and the balance at its end."""
        moved: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        first: dict[tuple[str, str], str] = {}
        months = {f"{as_of:%Y-%m}"}
        for line in self.lines:
            if not line.amount:
                continue
            month, account = f"{line.entry_date:%Y-%m}", (line.gl_account, line.currency)
            months.add(month)
            first[account] = min(first.get(account, month), month)
            if line.is_posted:
                moved[month, *account][line.entry_side == "credit"] += line.amount
        result = {}
        for account, begin in first.items():
            balance = ZERO
            for month in sorted(months):
                if month >= begin:
                    debit, credit = moved[month, *account]
                    balance += debit - credit
                    result[month, *account] = (debit, credit, balance)
        return result

    def moved_results(self, begin: date, end: date) -> dict[str, Decimal]:
        """By how much our result of a period differs from the vendor's, per currency and section.

        The vendor takes a void back on the document's own day; where that was closed for us alone, we do on the first
        open one.
        """
        sections = {a["account_number"]: a["account_type"] for a in self.records.table("atlas_accounting.accounts")}
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for line in self._of_documents:
            section = sections.get(line.gl_account)
            if line.is_posted and line.journal_entry_id.endswith(":reversal") and section in ("revenue", "expense"):
                ours, theirs = (begin <= on <= end for on in (line.entry_date, line.rate_date or line.entry_date))
                sign = 1 if (section == "expense") == (line.entry_side == "debit") else -1
                moved[f"{line.currency}/{section}/{begin}..{end}"] += sign * (ours - theirs) * line.amount
        return {scope: amount for scope, amount in moved.items() if amount}


def _receipt_lines(records: Records, payment: Record) -> list[Line]:
    currency, amount, taken = payment["currency"], Decimal(payment["amount"]), discount(payment)
    parts = [
        (records.numbers[payment["deposit_account_id"]], _where(payment), "debit", amount),
        (records.control("sales_discount", currency), "sales_discount", "debit", taken),
        (records.control("receivables", currency), "receivables", "credit", amount + taken),
    ]
    return [_paid(f"atlas_accounting:payment:{payment['id']}", payment, *part) for part in parts if part[-1]]


def _payment_made_lines(records: Records, payment: Record) -> list[Line]:
    currency, amount = payment["currency"], Decimal(payment["amount"])
    parts = [
        (records.control("payables", currency), "payables", "debit", amount),
        (records.numbers[payment["payment_account_id"]], _where(payment), "credit", amount),
    ]
    return [_paid(f"atlas_accounting:payment_made:{payment['id']}", payment, *part) for part in parts]


def _voided_payment_lines(records: Records) -> list[Line]:
    """What was posted stays, and is taken back on the payment's own day, or the first one that was open."""
    lines: list[Line] = []
    kinds: tuple[tuple[Side, Callable[[Records, Record], list[Line]]], ...] = (
        ("receivable", _receipt_lines), ("payable", _payment_made_lines),
    )  # fmt: skip
    for side, posted_lines in kinds:
        for payment in records.voided_payments(side):
            posted = posted_lines(records, payment)
            key, on = f"{posted[0].journal_entry_id}:reversal", records.taken_back_on(side, payment)
            lines += posted + reversed_lines(posted, key, entry_date=on)
    return lines


def _where(payment: Record) -> str:
    """The bank, or the clearing account that a netting runs through."""
    is_netting = (payment.get("reference_number") or "").startswith("atlas_etrm:netting:")
    return "netting_clearing" if is_netting else "bank"


def _paid(key: str, payment: Record, account: str, line_type: str, entry_side: str, amount: Decimal) -> Line:
    on = day(payment["payment_date"])
    return Line(key, on, account, line_type, entry_side, amount, payment["currency"], None, is_posted=True)


def _manual_lines(records: Records, entry: Record) -> list[Line]:
    key, on = f"atlas_accounting:journal_entry:{entry['id']}", day(entry["entry_date"])
    lines = []
    for line in entry["lines"]:
        account = records.numbers[line["account_id"]]
        lines.append(
            Line(key, on, account, "manual", line["entry_type"], Decimal(line["amount"]), records.currencies[account],
                 None, is_posted=True)
        )  # fmt: skip
    return lines


def _bucket(days: int) -> str:
    if days <= 0:
        return "not_due"
    for last, name in ((30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90"), (120, "days_91_120")):
        if days <= last:
            return name
    return "days_over_120"
