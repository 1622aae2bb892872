"""What was delivered and in no order at a month's end, worked out in plain Python.

In: `Records` and the day the books stand for. Out: journal lines. The rules: DECISIONS.md, "An accrual is what was
known at the month's end". What does not belong here: orders and documents, exchange differences (`ledger_exchange.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

from ledger_records import Records
from ledger_rules import BASE, KINDS, WIDE, ZERO, ZONE, Line, Record, Side, day, month_ends, rounded


def accrual_lines(records: Records, as_of: date) -> Iterator[Line]:
    """What was delivered and in no order at a month's end, as known then, and its reversal on the day after."""
    for end in month_ends("accrual", as_of):
        known = records.known_at("atlas_etrm.order_items", datetime.combine(end, time.max, ZONE))
        for side, kind in KINDS.items():
            for counterparty_id in sorted(records.counterparties):
                own = [i for i in known if i["cashflow"] == kind.cashflow and i["counterpartyId"] == counterparty_id]
                yield from records.month_end_entry(list(_accrual(records, side, counterparty_id, own, end)), as_of)


def _accrual(records: Records, side: Side, counterparty_id: int, items: list[Record], end: date) -> Iterator[Line]:
    kind = KINDS[side]
    delivered = {item["id"]: part for item in items if (part := _delivered(item, end)) is not None}
    due = [item for item in items if item["id"] in delivered]
    signs = {Decimal(item["amount"]) > 0 for item in due if Decimal(item["amount"])}
    if side == "payable" and len(signs) > 1:
        return  # held: money in, or money out?
    nets = {
        item["id"]: net
        for item in due
        if records.gl_account(item) is not None
        and not (side == "receivable" and Decimal(item["amount"]) < 0)
        and (net := rounded(abs(delivered[item["id"]])))
    }
    if not nets:
        return
    key = f"atlas_etrm:accrual:{end:%Y-%m}:{counterparty_id}:{side}"
    total = sum(nets.values(), ZERO)
    yield Line(key, end, records.control(kind.accrual), kind.accrual, kind.control_side, total, BASE, total,
               is_posted=False)  # fmt: skip
    across = "credit" if kind.control_side == "debit" else "debit"
    for item in due:
        if item["id"] in nets:
            net = nets[item["id"]]
            yield Line(key, end, str(records.gl_account(item)), kind.line_type, across, net, BASE, net,
                       is_posted=False, order_item_id=item["id"])  # fmt: skip


def _delivered(item: Record, end: date) -> Decimal | None:
    """The part of a line under review that was delivered by a month's end, by days; None where there is none."""
    if item["status"] not in (0, 1) or item["endCompensation"] is None:
        return None
    last = day(item["endCompensation"])
    first = day(item["startCompensation"]) if item["startCompensation"] else last
    if first > end or last < first:
        return None
    return WIDE.divide(Decimal(item["amount"]) * ((min(last, end) - first).days + 1), Decimal((last - first).days + 1))
