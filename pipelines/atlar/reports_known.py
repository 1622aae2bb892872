"""Which bookings landed already, so that the same file, or the same day in two reports, loads once (promise 17).

In: what landing/ holds of statements and entries, then each statement as it is read. Out: whether a statement is known,
and which of its entries are new.
A booking counts as known where another statement of the account has it, unless one of the two follows on the other:
then both banks' lines are genuine, however alike. The first statement to land a booking keeps it, unless it knew only
the sum of a batch and another knows its payments (a camt.054 beside a camt.053): the payments win, in either order.
What does not belong here: how a booking's key is made (`statements_shape.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

from pipelines import in_memory
from pipelines.atlar import tables
from pipelines.atlar.statements import Entry, Statement
from pipelines.atlar.statements_shape import NO_REFERENCE, exact_sum
from pipelines.landing import Landing
from pipelines.raw_table import RawTable

StatementId = tuple[str, str]
"""Connection and statement id."""

EntryId = tuple[str, str, int]
"""Connection, statement, and number of the entry."""

_STATEMENT = ["connection_id", "id", "statement_key", "statement_number", "opening_balance", "closing_balance"]
_STATEMENT += ["period_from", "period_to", "account_identifier"]
_OF_A_BATCH = ("batch_count", "batch_message_id", "payment_information_id")
_ENTRY = ["connection_id", "bank_statement_id", "entry_number", "account_id", "entry_key", "detail_number", "amount"]
_ENTRY += ["currency", "booking_date", "value_date", "bank_reference", "entry_reference", *_OF_A_BATCH]


@dataclass(frozen=True)
class _Span:
    """What tells whether one statement follows on another."""

    number: str | None
    opening: str | None
    closing: str | None
    since: str | None
    until: str | None

    def follows(self, other: _Span) -> bool:
        """Whether this begins where the other ended: by its balances, or by moments that do not overlap."""
        if self.opening is not None and self.opening == other.closing:
            numbers = self.number is not None and other.number is not None and self.number != other.number
            return numbers or self.opening != other.opening
        begins, ends = _moment(self.since), _moment(other.until)
        return begins is not None and ends is not None and begins >= ends


_UNKNOWN = _Span(None, None, None, None, None)
"""A statement whose entries landed before the run died, and it did not."""


@dataclass(frozen=True)
class _Booking:
    """One booking as one statement tells it: in one row, or in one per payment of a batch."""

    statement: StatementId
    key: str
    rows: tuple[Mapping[str, Any], ...]
    """Members of its entries, named as the columns."""

    @property
    def is_split(self) -> bool:
        return self.rows[0].get("detail_number") is not None

    @property
    def core(self) -> tuple[Any, ...]:
        """What a batch's sum and its payments have in common."""
        first = self.rows[0]
        total = exact_sum([str(row["amount"]) for row in self.rows])
        return _day(first["booking_date"]), _figure(total), first["currency"]

    def is_batch_of(self, payments: _Booking) -> bool:
        """Whether this one row is the sum of those payments, though the bank's reference does not say so.

        Two batches of a day may come to one sum: the number of payments or the batch's own identification decides,
        and nothing may contradict it.
        """
        lump, parts = self.rows[0], payments.rows
        if self.is_split or not payments.is_split or self.core != payments.core:
            return False
        mine, theirs = _own_reference(lump), _own_reference(parts[0])
        days = {_day(row["value_date"]) for row in (lump, parts[0])} - {None}
        if (mine and theirs and mine != theirs) or len(days) > 1 or lump["batch_count"] not in (None, len(parts)):
            return False
        named = [name for name in ("batch_message_id", "payment_information_id") if lump[name] and parts[0][name]]
        if named:
            return all(lump[name] == row[name] for name in named for row in parts)
        return lump["batch_count"] is not None


@dataclass
class KnownBookings:
    """The bookings and statements landed so far; gains what is read."""

    holders: dict[tuple[str, str], list[_Booking]] = field(default_factory=dict)
    """Bookings that landed, by account and entry key."""
    batches: dict[tuple[Any, ...], list[_Booking]] = field(default_factory=dict)
    """Those that tell of a batch, by account and core."""
    summed: dict[tuple[StatementId, str], str] = field(default_factory=dict)
    """The key of the sum that stood for some payments elsewhere: they stand for no second one."""
    statements: dict[str, StatementId] = field(default_factory=dict)
    spans: dict[StatementId, _Span] = field(default_factory=dict)

    @classmethod
    def landed(cls, landing: Landing) -> KnownBookings:
        """What the landing folder holds; rows from before these columns existed are left out."""
        known = cls()
        accounts: dict[StatementId, str] = {}
        for row in _rows(landing, tables.BANK_STATEMENTS, "statement_key"):
            own = (row["connection_id"], row["id"])
            known.statements.setdefault(row["statement_key"], own)
            accounts[own] = str(row["account_identifier"])
            known.spans[own] = _Span(
                row["statement_number"],
                _figure(row["opening_balance"]),
                _figure(row["closing_balance"]),
                row["period_from"],
                row["period_to"],
            )
        told: dict[tuple[str, StatementId, str], list[Mapping[str, Any]]] = {}
        for row in _rows(landing, tables.BANK_STATEMENT_ENTRIES, "entry_key"):
            own = (row["connection_id"], row["bank_statement_id"])
            account = row["account_id"] or accounts.get(own, "")
            told.setdefault((account, own, row["entry_key"]), []).append(row)
        for (account, own, key), rows in told.items():
            known._hold(account, _Booking(own, key, tuple(sorted(rows, key=lambda row: row["entry_number"]))))
        return known

    def is_repeated(self, key: str, own: StatementId) -> bool:
        """Whether another statement with this key landed before; this one is remembered if not."""
        return self.statements.setdefault(key, own) != own

    def take(self, account: str, own: StatementId, statement: Statement) -> tuple[list[Entry], list[EntryId]]:
        """Takes up a statement.

        A booking that another statement told stays with that one, unless it told a batch in one sum and this one
        tells its payments: then the payments take the place of the sum.

        Returns:
            The entries to land, in order, and the landed ones they take the place of.
        """
        told = statement.members
        span = _Span(
            told["statementNumber"],
            _figure(told["openingBalance"]),
            _figure(told["closingBalance"]),
            told["periodFrom"],
            told["periodTo"],
        )
        self.spans[own] = span
        new: list[Entry] = []
        replaced: list[EntryId] = []
        lines: dict[int, list[Entry]] = {}
        for entry in statement.entries:
            lines.setdefault(entry.members["statementLine"], []).append(entry)
        for entries in lines.values():
            rows = tuple(_snake(entry.members) for entry in entries)
            booking = _Booking(own, entries[0].members["entryKey"], rows)
            same = self._told_elsewhere(account, booking, span)
            if booking.is_split and same and not any(each.is_split for each in same):
                for lump in same:
                    self._let_go(account, lump)
                    self.summed[own, booking.key] = lump.key
                    replaced += [(*lump.statement, row["entry_number"]) for row in lump.rows]
                same = []
            if not same:
                new += entries
                self._hold(account, booking)
        return new, replaced

    def _told_elsewhere(self, account: str, booking: _Booking, span: _Span) -> list[_Booking]:
        """The same booking in other statements, but for those that follow on this or go before it."""
        holders = self.holders.get((account, booking.key), [])
        if any(each.statement == booking.statement for each in holders):
            return []  # read again after a run that died
        same = [each for each in holders if self._is_beside(span, each)]
        for other in self.batches.get((account, *booking.core), []):
            lump, payments = (other, booking) if booking.is_split else (booking, other)
            taken = self.summed.get((payments.statement, payments.key), lump.key)
            is_free = other.statement != booking.statement and taken == lump.key and self._is_beside(span, other)
            if is_free and lump.is_batch_of(payments):
                self.summed[payments.statement, payments.key] = lump.key
                return [*same, other]
        return same

    def _is_beside(self, span: _Span, other: _Booking) -> bool:
        known = self.spans.get(other.statement, _UNKNOWN)
        return not (span.follows(known) or known.follows(span))

    def _hold(self, account: str, booking: _Booking) -> None:
        holders = self.holders.setdefault((account, booking.key), [])
        if all(each.statement != booking.statement for each in holders):
            holders.append(booking)
            if booking.is_split or any(booking.rows[0].get(name) for name in _OF_A_BATCH):
                self.batches.setdefault((account, *booking.core), []).append(booking)

    def _let_go(self, account: str, booking: _Booking) -> None:
        self.holders[account, booking.key].remove(booking)
        batches = self.batches.get((account, *booking.core), [])
        if booking in batches:
            batches.remove(booking)


def _rows(landing: Landing, table: RawTable, needed: str) -> list[dict[str, Any]]:
    """The latest version of each row that tells `needed`; what is gone is left out."""
    files = [str(file) for file in landing.files(table.system, table.name) if needed in pq.read_schema(file).names]
    if not files:
        return []
    names = _STATEMENT if table is tables.BANK_STATEMENTS else _ENTRY
    keys = ", ".join(f'"{name}"' for name in table.key)
    with in_memory.cursor() as connection:
        return (
            connection.sql(
                f"select {', '.join(names)} from (select *, row_number() over (partition by {keys} "  # noqa: S608
                "order by _landed_at desc, _landing_file desc) as _nth "
                "from read_parquet($files, union_by_name = true)) "
                f"where _nth = 1 and not _is_deleted and {needed} is not null order by _landed_at, {keys}",
                params={"files": files},
            )
            .to_arrow_table()
            .to_pylist()
        )


def _snake(members: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: members.get(column.field) for column in tables.BANK_STATEMENT_ENTRIES.columns}


def _own_reference(row: Mapping[str, Any]) -> str | None:
    """The bank's reference of the booking; where it gave none, the entry's number in the file stands there."""
    reference: str | None = row["bank_reference"]
    is_own = reference is not None and reference != row["entry_reference"] and reference.upper() not in NO_REFERENCE
    return reference if is_own else None


def _day(value: object) -> str | None:
    return None if value is None else str(value)


def _figure(amount: Decimal | str | None) -> str | None:
    return None if amount is None else format(Decimal(amount).normalize() + 0, "f")


def _moment(text: str | None) -> datetime | None:
    """A moment of a period, the zone left out: both are the bank's own. A bare day is no moment."""
    if text is None or "T" not in text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
