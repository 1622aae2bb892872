"""What of the banks' charges nobody has booked, worked out in plain Python.

In: `Records`, the day the books stand for, and what else is booked. Out: journal lines. The rules: DECISIONS.md, "A
bank's charge is posted where nobody has booked it", and the seeds it names. What does not belong here: which charges
there are (`ledger_statement_fees.py`), money itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ledger_records import Records
from ledger_rules import ZERO, Line, policy_day, rounded, seed
from ledger_statement_fees import ToldCharge, told_charges


class _Entry(NamedTuple):
    key: str
    on: date
    account: str
    currency: str
    amount: Decimal


def bank_fee_lines(records: Records, as_of: date, booked: Iterable[Line]) -> Iterator[Line]:
    """Debit bank charges, credit the bank; a refund the other way round. Not in base currency yet.

    Args:
        records: What is known.
        as_of: The business date.
        booked: Payments that stand and entries by hand.
    """
    lines = list(booked)
    charges = charges_told(records, as_of)
    # What stands in the books under its own id needs nobody's entry by hand.
    held = _booked_by_hand(records, [c for c in charges if not records.books_lines(c.key)], lines)
    for charge in charges:
        is_free = charge.key not in held and charge.doubt is None
        if records.books_lines(charge.key) or (is_free and _is_due(records, charge, lines)):
            on = records.closings.open_day(charge.on)
            sides = ("debit", "credit") if charge.amount > 0 else ("credit", "debit")
            accounts = ((records.control("bank_charges"), "bank_charges"), (_account(records, charge), "bank"))
            for (account, line_type), entry_side in zip(accounts, sides, strict=True):
                yield Line(charge.key, on, account, line_type, entry_side, abs(charge.amount), charge.currency, None,
                           is_posted=False)  # fmt: skip


def charges_told(records: Records, as_of: date) -> list[ToldCharge]:
    """Charges from the first day of the policy to the business date, in the order in which entries book them."""
    told = [
        charge._replace(amount=rounded(charge.amount, charge.currency))
        for charge in told_charges(records, _cutoff_days())
        if policy_day("bank_fee") <= charge.on <= as_of
    ]
    return sorted(told, key=lambda charge: (charge.on, charge.record_id))


def _account(records: Records, charge: ToldCharge) -> str:
    return records.control("bank", charge.currency)


def _booked_by_hand(records: Records, charges: list[ToldCharge], lines: list[Line]) -> set[str]:
    """Charges that a person has booked, one by one within a month, or may have booked in another month nearby."""
    by_figure: dict[tuple[str, str, Decimal], list[_Entry]] = defaultdict(list)
    for entry in _charged_by_hand(records, lines):
        by_figure[entry.account, entry.currency, entry.amount].append(entry)
    taken: set[str] = set()
    held: set[str] = set()
    for charge in charges:
        own = [
            entry
            for entry in by_figure[_account(records, charge), charge.currency, charge.amount]
            if entry.key not in taken and f"{entry.on:%Y-%m}" == f"{charge.on:%Y-%m}"
        ]
        if own:
            taken.add(min(own, key=lambda entry: (entry.on, entry.key)).key)
            held.add(charge.key)
    for charge in charges:
        for entry in by_figure[_account(records, charge), charge.currency, charge.amount]:
            if entry.key not in taken and abs((charge.on - entry.on).days) <= _cutoff_days():
                held.add(charge.key)
    return held


def _charged_by_hand(records: Records, lines: list[Line]) -> Iterator[_Entry]:
    """Entries by hand that put on one account what they take as bank charges."""
    entries: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.line_type == "manual":
            entries[line.journal_entry_id].append(line)
    for key, entry in entries.items():
        charged = sum((_signed(line) for line in entry if line.gl_account == records.control("bank_charges")), ZERO)
        for line in entry:
            if charged and line.gl_account != records.control("bank_charges") and _signed(line) == -charged:
                yield _Entry(key, line.entry_date, line.gl_account, line.currency, charged)


def _is_due(records: Records, charge: ToldCharge, lines: list[Line]) -> bool:
    """A charge by its code always; one kept back where the books hold what was sent, once, and not what arrived."""
    if charge.arrived is None:
        return True
    near = [
        _signed(line)
        for line in lines
        if line.line_type in ("bank", "manual")
        and (line.gl_account, line.currency) == (_account(records, charge), charge.currency)
        and abs((charge.on - line.entry_date).days) <= _cutoff_days()
    ]
    return near.count(charge.arrived + charge.amount) == 1 and charge.arrived not in near


def _signed(line: Line) -> Decimal:
    return line.amount if line.entry_side == "debit" else -line.amount


def _cutoff_days() -> int:
    return next(int(row["cutoff_days"]) for row in seed("posting_policies") if row["event"] == "bank_fee")
