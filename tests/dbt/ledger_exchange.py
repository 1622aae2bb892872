"""What payments in another currency gained or lost, and what is unrealised at month ends, in plain Python.

In: `Records` and the day the books stand for. Out: journal lines. The rules: DECISIONS.md ("Exchange differences",
"What is revalued", "What the vendor does not book by itself is told to it in base currency"). What does not belong
here: orders and documents themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ledger_records import Records, applications, discount
from ledger_rules import (
    BASE,
    KINDS,
    ZERO,
    Line,
    Record,
    Side,
    day,
    month_ends,
    policy_day,
    share,
    worth,
)


class _Step(NamedTuple):
    """A part of a payment that settled a part of a document: when, how much, and what it is in base currency."""

    on: date
    amount: Decimal
    base: Decimal


_Steps = dict[str, list[_Step]]


def exchange_lines(records: Records, as_of: date, booked: Iterable[Line]) -> Iterator[Line]:
    """What payments in another currency realised, and what is unrealised at month ends, with its reversal.

    Args:
        records: What is known.
        as_of: The business date.
        booked: All other lines in base currency too, of which those on bank accounts are taken.
    """
    ends = month_ends("revaluation", as_of)
    for side in KINDS:
        carried: _Steps = defaultdict(list)
        brought: _Steps = defaultdict(list)
        yield from _realised(records, side, carried, brought)
        sign = 1 if side == "receivable" else -1
        for end in ends:
            for currency, change in _document_changes(records, side, end, carried).items():
                yield from _unrealised(records, as_of, end, side, currency, sign * change)
            for currency, change in _credit_changes(records, side, end, brought).items():
                yield from _unrealised(records, as_of, end, f"{side}_credit", currency, -sign * change)
    on_banks = [line for line in booked if line.gl_account in records.foreign_banks and line.currency != BASE]
    for end in ends:
        for currency, change in _bank_changes(on_banks, end).items():
            yield from _unrealised(records, as_of, end, "bank", currency, change)


def _realised(records: Records, side: Side, carried: _Steps, brought: _Steps) -> Iterator[Line]:
    """What each payment brought more or less than its documents were carried at; notes both for the month ends."""
    kind = KINDS[side]
    # A document that was voided after its payment was: both stay in the journal, with what took them back.
    documents = {d["id"]: d for d in [*records.issued[side], *records.taken_back(side)] if d["currency"] != BASE}
    voided = {p["id"] for p in records.voided_payments(side)}
    payments = {p["id"]: p for p in [*records.payments(side), *records.voided_payments(side)]}
    since = policy_day("realised_fx")
    parts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for payment_id, payment in payments.items():
        for document_id, amount in applications(payment, side):
            parts[payment_id][document_id] += amount
    for off in records.taken_off(side):
        parts[off.payment["id"]][off.document_id] += off.amount
    is_told: dict[str, bool] = {}
    for on, is_back, payment_id, document_id, amount in _settlements(records, side, documents, payments, voided):
        document, payment = documents[document_id], payments[payment_id]
        total, currency = Decimal(document["total_amount"]), document["currency"]
        carrying = worth(total, currency, day(document[kind.date_field]))
        before = sum((step.amount for step in carried[document_id]), ZERO)
        book = share(carrying, before + amount, total) - share(carrying, before, total)
        capacity = _capacity(side, payment)
        whole = worth(capacity, currency, day(payment["payment_date"]))
        earlier = sum((a for d, a in parts[payment_id].items() if d in documents and d < document_id), ZERO)
        paid = share(whole, earlier + abs(amount), capacity) - share(whole, earlier, capacity)
        paid = -paid if is_back else paid
        carried[document_id].append(_Step(on, amount, book))
        brought[payment_id].append(_Step(on, amount, paid))
        key = f"{payment_id}:{document_id}"
        is_told.setdefault(key, on >= since)
        if gain := (paid - book) * (1 if side == "receivable" else -1):
            key += ":reversal" * is_back
            other = "fx_clearing" if is_told[f"{payment_id}:{document_id}"] else "realised_fx"
            yield from _difference(records, f"realised_fx:{key}", on, currency, (kind.control, other), gain)
            if other == "fx_clearing":
                told_on = records.closings.open_day(on)
                yield from _difference(records, f"fx_result:{key}", told_on, BASE, ("fx_clearing", "realised_fx"), gain)


def _difference(
    records: Records, key: str, on: date, currency: str, controls: tuple[str, str], gain: Decimal
) -> Iterator[Line]:
    """A difference between two accounts: in base currency alone in our books, an entry of its own in the vendor's."""
    is_of_base = currency == BASE
    for control, sign in zip(controls, (gain, -gain), strict=True):
        account, entry_side = records.control(control, currency), "debit" if sign > 0 else "credit"
        yield Line(f"atlas_accounting:{key}", on, account, control, entry_side, abs(gain) if is_of_base else ZERO,
                   currency, abs(gain), is_posted=not is_of_base)  # fmt: skip


def _settlements(
    records: Records, side: Side, documents: dict[str, Record], payments: dict[str, Record], voided: set[str]
) -> list[tuple[date, bool, str, str, Decimal]]:
    """What settled foreign documents in the order it counts: day, whether it takes back, payment, document, amount."""
    found = [
        (
            records.taken_back_on(side, payment) if sign < 0 else day(payment["payment_date"]),
            sign < 0,
            payment_id,
            document_id,
            sign * amount,
        )
        for payment_id, payment in payments.items()
        for document_id, amount in applications(payment, side)
        for sign in ((1, -1) if payment_id in voided else (1,))
    ]
    for off in records.taken_off(side):
        paid_on, payment_id = day(off.payment["payment_date"]), off.payment["id"]
        found += [
            (paid_on, False, payment_id, off.document_id, off.amount),
            (off.on, True, payment_id, off.document_id, -off.amount),
        ]
    date_field = KINDS[side].date_field
    return sorted(
        (max(on, day(documents[document_id][date_field])), is_back, payment_id, document_id, amount)
        for on, is_back, payment_id, document_id, amount in found
        if document_id in documents
    )


def _capacity(side: Side, payment: Record) -> Decimal:
    """What a payment can settle: its money and, of money received, the discount taken with it."""
    return Decimal(payment["amount"]) + (discount(payment) if side == "receivable" else ZERO)


def _unrealised(records: Records, as_of: date, end: date, kind: str, currency: str, gain: Decimal) -> Iterator[Line]:
    """A revaluation at a month's end, and its reversal on the day after."""
    key = f"atlas_accounting:revaluation:{end:%Y-%m}:{kind}:{currency}"
    adjustment = "fx_adjustment_bank" if kind == "bank" else f"fx_adjustment_{kind}s"
    entry = [
        Line(key, end, records.control(control), control, "debit" if sign > 0 else "credit", abs(gain), BASE,
             abs(gain), is_posted=False)
        for control, sign in ((adjustment, gain), ("unrealised_fx", -gain))
        if sign
    ]  # fmt: skip
    yield from records.month_end_entry(entry, as_of)


def _document_changes(records: Records, side: Side, end: date, carried: _Steps) -> dict[str, Decimal]:
    """By how much documents open at a month's end are worth more than they are carried at."""
    changes: dict[str, Decimal] = defaultdict(Decimal)
    for document in records.issued[side]:
        currency, on = document["currency"], day(document[KINDS[side].date_field])
        if currency != BASE and on <= end:
            changes[currency] += _change(Decimal(document["total_amount"]), currency, on, end, carried[document["id"]])
    return changes


def _credit_changes(records: Records, side: Side, end: date, brought: _Steps) -> dict[str, Decimal]:
    """By how much money that no document had taken up by a month's end is worth more than on its own day.

    A payment voided since counts until the day on which it is taken back.
    """
    changes: dict[str, Decimal] = defaultdict(Decimal)
    until = {p["id"]: records.taken_back_on(side, p) for p in records.voided_payments(side)}
    for payment in [*records.payments(side), *records.voided_payments(side)]:
        currency, on = payment["currency"], day(payment["payment_date"])
        if currency != BASE and on <= end < until.get(payment["id"], date.max):
            changes[currency] += _change(_capacity(side, payment), currency, on, end, brought[payment["id"]])
    return changes


def _change(total: Decimal, currency: str, on: date, end: date, steps: list[_Step]) -> Decimal:
    """What is left of an amount at a month's end, at that day's rate, less what is left of it in base currency."""
    known = [step for step in steps if step.on <= end]
    left = total - sum((step.amount for step in known), ZERO)
    if not left:
        return ZERO
    carried = worth(total, currency, on) - sum((step.base for step in known), ZERO)
    return worth(left, currency, end) - carried


def _bank_changes(on_banks: list[Line], end: date) -> dict[str, Decimal]:
    """By how much the money on each foreign account is worth more than its movements were on their days."""
    moved: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for line in on_banks:
        if line.entry_date <= end:
            sign = 1 if line.entry_side == "debit" else -1
            moved[line.currency].append((sign * line.amount, sign * (line.amount_base or ZERO)))
    return {
        currency: worth(sum((amount for amount, _ in movements), ZERO), currency, end)
        - sum((base for _, base in movements), ZERO)
        for currency, movements in moved.items()
    }
