"""The entries of settlement orders and of accounting documents, worked out in plain Python.

In: `Records`. Out: journal lines before conversion to base currency. The rules: DESIGN 5.1 to 5.7, DECISIONS.md
("The books", "Corrections and closed periods"). What does not belong here: payments, entries at month end.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ledger_records import NOT_ISSUED, Records
from ledger_rules import BASE, KINDS, ZERO, Line, Record, Side, balances, day, other, reversed_lines, rounded

_KEY = re.compile(r"atlas_etrm:order:(\d+)(?::r(\d+))?")
READY = ("Approved order by ETRM", "2")
REFUSED = ("Draft order by ETRM", "Rejected by accounting")


@dataclass(frozen=True)
class _Document:
    """A document that carries the key of an order."""

    record: Record
    revision: int

    @property
    def is_voided(self) -> bool:
        return bool(self.record["status"] == "voided")


def order_and_document_lines(records: Records) -> list[Line]:
    """Every order's entry, and those of the documents that no order accounts for."""
    lines: list[Line] = []
    of_orders: set[str] = set()
    for side in KINDS:
        for order in records.table("atlas_etrm.orders"):
            documents = _documents(records, side, order["id"])
            of_orders |= {document.record["id"] for document in documents}
            lines += _order_lines(records, side, order, documents)
        for document in records.issued[side]:
            if document["id"] not in of_orders:
                key = f"atlas_accounting:{KINDS[side].document}:{document['id']}"
                lines += document_lines(records, side, document, key)
        lines += _voided_lines(records, side, of_orders)
    return _on_one_day(lines)


def _on_one_day(lines: list[Line]) -> list[Line]:
    """An entry of two sides is of one day, the earlier."""
    first: dict[str, date] = {}
    for line in lines:
        first[line.journal_entry_id] = min(first.get(line.journal_entry_id, line.entry_date), line.entry_date)
    return [replace(line, entry_date=first[line.journal_entry_id]) for line in lines]


def _documents(records: Records, side: Side, order_id: int) -> list[_Document]:
    found = []
    for record in records.table(f"atlas_accounting.{KINDS[side].table}"):
        key = _KEY.search(record["notes"] or "")
        if (
            key
            and int(key[1]) == order_id
            and (record["status"] not in NOT_ISSUED or record["id"] in records.as_issued)
        ):
            found.append(_Document(record, int(key[2] or 1)))
    return found


def _entry_id(order_id: int, revision: int) -> str:
    return f"atlas_etrm:order:{order_id}" + (f":r{revision}" if revision > 1 else "")


def _order_lines(records: Records, side: Side, order: Record, documents: list[_Document]) -> list[Line]:
    """One side of an order: what was posted and taken back, what stands, and what is to follow it."""
    lines: list[Line] = []
    for document in documents:
        if document.is_voided:
            posted = _with_items(records, side, order, document, _posted(records, side, order, document))
            lines += posted + reversed_lines(
                posted, _reversal_id(side, order, document), entry_date=_reversal_day(records, side, document.record)
            )
    living = [document for document in documents if not document.is_voided]
    if living:
        return lines + _standing_lines(records, side, order, living[0], max(d.revision for d in documents))
    if documents or order["status"] not in READY or not _is_sound(records, order):
        return lines  # voided by a person it is not made again
    key, on = _entry_id(order["id"], 1), records.closings.open_day(day(order["registrationDate"]))
    return lines + _derived_lines(records, key, side, order, on, is_posted=False)


def _reversal_day(records: Records, side: Side, document: Record) -> date:
    """The document's own day, or the first one that was open when the void was seen."""
    kind = KINDS[side]
    seen = records.void_seen(f"atlas_accounting.{kind.table}", document["id"])
    return records.closings.open_day(day(records.as_issued[document["id"]][kind.date_field]), seen)


def _standing_lines(
    records: Records, side: Side, order: Record, document: _Document, latest_revision: int
) -> list[Line]:
    """An order's living document: by the order's lines while they give its figures, else by its own."""
    record = document.record
    posted = _posted(records, side, order, document)
    is_refused = order["status"] in REFUSED
    issued_on = day(record[KINDS[side].date_field])
    outdated = is_refused or _is_outdated(records, side, order, record)
    is_untouched = Decimal(record["amount_due"]) == Decimal(record["total_amount"])
    is_open = records.closings.open_day(issued_on) == issued_on
    if not outdated:
        key = _entry_id(order["id"], document.revision)
        derived = _derived_lines(records, key, side, order, issued_on, is_posted=True)
        is_same = _is_sound(records, order) and balances(derived) == balances(posted)
        return derived if is_same else posted
    if not is_untouched or not is_open or not (is_refused or _is_sound(records, order)):
        return posted  # paid, if only in part, or of a closed day, or its order is held: it stays as it is
    stood_for = _with_items(records, side, order, document, posted)
    taken_back = reversed_lines(stood_for, _reversal_id(side, order, document), is_posted=False)
    if is_refused:
        return posted + taken_back
    on = records.closings.open_day(day(order["registrationDate"]))
    key = _entry_id(order["id"], latest_revision + 1)
    return posted + taken_back + _derived_lines(records, key, side, order, on, is_posted=False)


def _is_outdated(records: Records, side: Side, order: Record, document: Record) -> bool:
    """Whether amount, currency, party, or an account that a line names are no longer the document's."""
    kind = KINDS[side]
    if Decimal(document["total_amount"]) != _gross(_items(records, side, order)) or document["currency"] != BASE:
        return True
    if records.counterparty_of(side, document[kind.party_field]) not in (None, order["counterpartyId"]):
        return True
    left: dict[str, Decimal] = defaultdict(Decimal)
    for line in document["lines"]:
        left[records.numbers[line[kind.account_field]]] += Decimal(line["amount"])
    derived = {line.order_item_id: line.amount for line in _derived_lines(
        records, "", side, order, day(order["registrationDate"]), is_posted=False
    )}  # fmt: skip
    for item in _items(records, side, order):
        if own := (item["glAccount"] or "").strip():
            left[own] -= derived.get(item["id"], ZERO)
    named = {(item["glAccount"] or "").strip() for item in _items(records, side, order)} - {""}
    return any(left[account] < 0 for account in named)


def _posted(records: Records, side: Side, order: Record, document: _Document) -> list[Line]:
    issued = records.as_issued[document.record["id"]]
    return document_lines(records, side, issued, _entry_id(order["id"], document.revision))


def _with_items(records: Records, side: Side, order: Record, document: _Document, posted: list[Line]) -> list[Line]:
    """A document's lines with the order items they stood for: by account and amount, as first seen beside it."""
    kind = KINDS[side]
    first_seen = records.first_seen(f"atlas_accounting.{kind.table}", document.record["id"])
    waiting: dict[tuple[str | None, Decimal], list[int]] = defaultdict(list)
    for item in sorted(records.known_at("atlas_etrm.order_items", first_seen), key=lambda item: item["id"]):
        if item["orderId"] == order["id"] and item["status"] == 2 and item["cashflow"] == kind.cashflow:
            waiting[records.gl_account(item), rounded(abs(Decimal(item["amount"])))].append(item["id"])
    lines = []
    for line in posted:
        fitting = waiting[line.gl_account, line.amount] if line.line_type in ("revenue", "expense") else []
        lines.append(replace(line, order_item_id=fitting.pop(0) if fitting else None))
    return lines


def _reversal_id(side: Side, order: Record, document: _Document) -> str:
    return f"{_entry_id(order['id'], document.revision)}:{KINDS[side].document}:reversal"


def _all_items(records: Records, order: Record) -> list[Record]:
    return [i for i in records.table("atlas_etrm.order_items") if i["orderId"] == order["id"] and i["status"] == 2]


def _items(records: Records, side: Side, order: Record) -> list[Record]:
    return [item for item in _all_items(records, order) if item["cashflow"] == KINDS[side].cashflow]


def _is_sound(records: Records, order: Record) -> bool:
    """Whether nothing holds the order: every line has its account, and unrounded they are the total to the cent."""
    items = _all_items(records, order)
    total = sum(((Decimal(i["amount"]) + Decimal(i["vat"])) * (1 if i["cashflow"] == 0 else -1) for i in items), ZERO)
    adds_up = rounded(abs(total)) == rounded(abs(Decimal(order["totalAmount"])))
    return bool(items) and adds_up and all(records.gl_account(item) is not None for item in items)


def _gross(items: list[Record]) -> Decimal:
    return rounded(sum((abs(Decimal(i["amount"])) + abs(Decimal(i["vat"])) for i in items), ZERO))


def _derived_lines(records: Records, key: str, side: Side, order: Record, on: date, *, is_posted: bool) -> list[Line]:
    """One side by the order's own lines: the gross rounded once, what its parts leave over booked."""
    kind, items = KINDS[side], _items(records, side, order)
    gross = _gross(items)
    vat = rounded(sum((abs(Decimal(i["vat"])) for i in items), ZERO))
    nets = {item["id"]: rounded(abs(Decimal(item["amount"]))) for item in items}
    remainder = gross - vat - sum(nets.values(), ZERO)
    if remainder < 0:
        nets[min(nets, key=lambda item_id: (-nets[item_id], item_id))] += remainder
    lines = [_line(key, on, records.control(kind.control), kind.control, kind.control_side, gross, is_posted=is_posted)]
    across = "credit" if kind.control_side == "debit" else "debit"
    for item in items:
        line = _line(key, on, str(records.gl_account(item)), kind.line_type, across, nets[item["id"]],
                     is_posted=is_posted)  # fmt: skip
        lines.append(replace(line, order_item_id=item["id"]))
    lines.append(_line(key, on, records.control(kind.vat), kind.vat, across, vat, is_posted=is_posted))
    rest = max(remainder, ZERO)
    lines.append(_line(key, on, records.control("rounding"), "rounding", across, rest, is_posted=is_posted))
    return [line for line in lines if line.amount]


def _line(
    key: str, on: date, account: str, line_type: str, entry_side: str, amount: Decimal, *, is_posted: bool
) -> Line:
    return Line(key, on, account, line_type, entry_side, amount, BASE, None, is_posted)


def document_lines(records: Records, side: Side, document: Record, key: str) -> list[Line]:
    """A document by its own lines."""
    kind = KINDS[side]
    currency, on = document["currency"], day(document[kind.date_field])
    across = "credit" if kind.control_side == "debit" else "debit"
    total, tax = Decimal(document["total_amount"]), Decimal(document["tax_amount"])
    vat, rounding = records.control(kind.vat, currency), records.control("rounding", currency)
    parts = [(records.control(kind.control, currency), kind.control, kind.control_side, total)]
    for line in document["lines"]:
        account = records.numbers[line[kind.account_field]]
        line_type = kind.vat if account == vat else "rounding" if account == rounding else kind.line_type
        parts.append((account, line_type, across, Decimal(line["amount"])))
    parts.append((vat, kind.vat, across, tax))
    # A credit note is a document below zero: its lines stand on the other sides.
    return [
        Line(key, on, account, line_type, entry_side if amount > 0 else other(entry_side), abs(amount), currency, None,
             is_posted=True)
        for account, line_type, entry_side, amount in parts
        if amount
    ]  # fmt: skip


def _voided_lines(records: Records, side: Side, of_orders: set[str]) -> Iterator[Line]:
    """What was posted stays, and is taken back on the document's own day, or the first one that was open."""
    for document in records.table(f"atlas_accounting.{KINDS[side].table}"):
        issued = records.as_issued.get(document["id"])
        if document["status"] == "voided" and issued is not None and document["id"] not in of_orders:
            key = f"atlas_accounting:{KINDS[side].document}:{document['id']}"
            posted = document_lines(records, side, issued, key)
            yield from posted
            on = _reversal_day(records, side, document)
            yield from reversed_lines(posted, f"{key}:reversal", entry_date=on)
