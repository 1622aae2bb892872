"""Which charges bank statements tell, beside Atlar's transactions or alone, worked out in plain Python.

In: `Records`. Out: `ToldCharge`, each charge once. The rules: DECISIONS.md, "A bank's charge is posted where nobody has
booked it" ("Told twice, it is one"), and the seeds it names. What does not belong here: what is posted of them
(`ledger_bank_fees.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ledger_records import Records
from ledger_rules import ZERO, Record, day, seed


class ToldCharge(NamedTuple):
    """A charge of the bank, by whom it is told, and what keeps it from being posted."""

    key: str
    record_id: str
    on: date
    currency: str
    amount: Decimal
    """A cost above zero, a refund below."""
    arrived: Decimal | None
    """What the bank booked, where the charge was kept back from it."""
    told_by: str
    """`atlar`, `both` or `statement`."""
    doubt: str | None = None
    """Why it waits: `told_otherwise`, `maybe_told` or `not_listed`."""


class _Line(NamedTuple):
    """A line of the bank, as Atlar or a statement tells it."""

    id: str
    key: str
    account: str
    on: date
    currency: str
    amount: Decimal
    is_fee: bool
    charged: Decimal
    """What was kept back from it."""

    @property
    def place(self) -> tuple[str, date, str, Decimal]:
        return self.account, self.on, self.currency, self.amount

    @property
    def tells(self) -> bool:
        return self.is_fee or bool(self.charged)


def told_charges(records: Records, cutoff_days: int) -> Iterator[ToldCharge]:
    """Every charge once: of Atlar's lines, and of lines that only a statement tells."""
    atlar, statements = list(_atlar_lines(records)), list(_statement_lines(records))
    match = dict(_matches(statements, atlar))
    told = {transaction: line for line, transaction in match.items() if line.tells}
    alone = [line for line in statements if line.tells and line not in match]
    for line in atlar:
        yield from _of_transaction(records, line, told.get(line), alone, cutoff_days)
    # A line of Atlar is accounted for where a statement tells it, and any charge of that account is as much.
    asked = {(line.account, line.currency, line.amount) for line in statements if line.tells}
    taken = {t for line, t in match.items() if (line.account, line.currency, line.amount) in asked}
    free = [line for line in atlar if line not in taken]
    for line in alone:
        doubt = None
        if any(_may_be(line, other, cutoff_days) for other in free):
            doubt = "maybe_told"
        elif not _is_listed(records, line, atlar):
            doubt = "not_listed"
        yield _charge(line, line.key, line.is_fee, line.charged, "statement", doubt)


def _of_transaction(
    records: Records, line: _Line, statement: _Line | None, alone: list[_Line], cutoff_days: int
) -> Iterator[ToldCharge]:
    is_fee = line.is_fee or (statement is not None and statement.is_fee)
    kept = line.charged or (statement.charged if statement is not None and not statement.is_fee else ZERO)
    if not (is_fee or kept):
        return
    doubt = None
    if not is_fee and statement is not None and line.charged and statement.charged != line.charged:
        doubt = "told_otherwise"
    elif statement is None and any(s.key in records.own_entries and _may_be(s, line, cutoff_days) for s in alone):
        doubt = "maybe_told"
    # What was posted for the statement's line keeps that entry.
    key = statement.key if statement is not None and statement.key in records.own_entries else line.key
    yield _charge(line, key, is_fee, kept, "atlar" if statement is None else "both", doubt)


def _charge(line: _Line, key: str, is_fee: bool, kept: Decimal, told_by: str, doubt: str | None) -> ToldCharge:
    amount, arrived = (-line.amount, None) if is_fee else (kept, line.amount)
    return ToldCharge(key, line.id, line.on, line.currency, amount, arrived, told_by, doubt)


def _matches(statements: list[_Line], atlar: list[_Line]) -> Iterator[tuple[_Line, _Line]]:
    """One for one of the same account, day, currency and amount, charges first."""
    places = dict(_placed(sorted(atlar, key=lambda x: (not x.is_fee, not x.charged, x.id))))
    for place, line in _placed(sorted(statements, key=lambda x: (not x.is_fee, not x.charged, x.key))):
        if place in places:
            yield line, places[place]


def _placed(lines: Iterable[_Line]) -> Iterator[tuple[tuple[object, int], _Line]]:
    seen: Counter[object] = Counter()
    for line in lines:
        seen[line.place] += 1
        yield (line.place, seen[line.place]), line


def _may_be(line: _Line, other: _Line, cutoff_days: int) -> bool:
    """Whether a line of Atlar may be the statement's: as much nearby, or another fee of that day."""
    if (line.account, line.currency) != (other.account, other.currency):
        return False
    is_near = line.amount == other.amount and abs((line.on - other.on).days) <= cutoff_days
    return is_near or (line.is_fee and other.is_fee and line.on == other.on)


def _is_listed(records: Records, line: _Line, atlar: list[_Line]) -> bool:
    """Whether Atlar has every line of the day, or lists none of the account at all."""
    own = [other for other in atlar if other.account == line.account]
    listed = sum(other.on == line.on for other in own)
    counted = [
        summary["transactionCount"]
        for summary in records.table("atlar.end_of_day_summaries")
        if (summary["accountId"], day(summary["date"])) == (line.account, line.on)
    ]
    return not own or any(count <= listed for count in counted)


def _atlar_lines(records: Records) -> Iterator[_Line]:
    for record in records.table("atlar.transactions"):
        code = record.get("bankTransactionCode") or {}
        told = (code.get("subfamily"), (code.get("proprietary") or {}).get("code"), None)
        kept = sum((Decimal(c["amount"]["stringValue"]) for c in record.get("charges") or []), ZERO)
        amount = record["amount"]
        yield _Line(record["id"], f"atlar:bank_fee:{record['id']}", record["accountId"], day(record["date"]),
                    amount["currency"], Decimal(amount["stringValue"]), _is_fee(*told), kept)  # fmt: skip


def _statement_lines(records: Records) -> Iterator[_Line]:
    for record in records.table("atlar.bank_statement_entries"):
        code = record["bankTransactionCode"] or ""
        subfamily = code.split("/")[2] if code.count("/") == 2 else None
        kept = sum((Decimal(c["amount"]) for c in record.get("charges") or []), ZERO)
        yield _Line(_record_id(record), f"atlar:bank_fee:{record['accountId']}:{record['entryKey']}",
                    record["accountId"], day(record["bookingDate"]), record["currency"], Decimal(record["amount"]),
                    _is_fee(subfamily, code, record.get("gvc")), kept)  # fmt: skip


def _record_id(entry: Record) -> str:
    return f"{entry['connectionId']}/{entry['bankStatementId']}/{entry['entryNumber']}"


def _is_fee(subfamily: str | None, proprietary: str | None, gvc: str | None) -> bool:
    codes = {(row["code_type"], row["code"]) for row in seed("bank_fee_codes")}
    return bool({("subfamily", subfamily), ("proprietary", proprietary), ("gvc", gvc)} & codes)
