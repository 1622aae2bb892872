"""Which bookings landed already, so that the same file, or the same day in two reports, loads once (promise 17).

In: what landing/ holds of statements and entries, then each statement as it is read. Out: whether a statement is known,
and which of its entries are new.
A booking counts as known where another statement of the account has it, unless one of the two follows on the other:
then both banks' lines are genuine, however alike. The first statement to land a booking keeps it.
What does not belong here: how a booking's key is made (`statements_shape.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

from pipelines.atlar import tables
from pipelines.atlar.statements import Entry, Statement
from pipelines.landing import Landing
from pipelines.raw_table import RawTable

StatementId = tuple[str, str]
"""Connection and statement id."""

_STATEMENT = ["connection_id", "id", "statement_key", "statement_number", "opening_balance", "closing_balance"]
_STATEMENT += ["period_from", "period_to", "account_identifier"]
_ENTRY = ["connection_id", "bank_statement_id", "account_id", "entry_key"]


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


@dataclass
class KnownBookings:
    """The bookings and statements landed so far; gains what is read."""

    holders: dict[tuple[str, str], list[StatementId]] = field(default_factory=dict)
    """Statements that landed a booking, by account and entry key."""
    statements: dict[str, StatementId] = field(default_factory=dict)
    spans: dict[StatementId, _Span] = field(default_factory=dict)

    @classmethod
    def landed(cls, landing: Landing) -> KnownBookings:
        """What the landing folder holds; rows from before these columns existed are left out."""
        known = cls()
        accounts: dict[StatementId, str] = {}
        for row in _rows(landing, tables.BANK_STATEMENTS, _STATEMENT, "statement_key"):
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
        for row in _rows(landing, tables.BANK_STATEMENT_ENTRIES, _ENTRY, "entry_key"):
            own = (row["connection_id"], row["bank_statement_id"])
            known._hold(row["account_id"] or accounts.get(own, ""), row["entry_key"], own)
        return known

    def is_repeated(self, key: str, own: StatementId) -> bool:
        """Whether another statement with this key landed before; this one is remembered if not."""
        return self.statements.setdefault(key, own) != own

    def new_entries(self, account: str, own: StatementId, statement: Statement) -> list[Entry]:
        """The statement's entries that no other statement has landed, in order; they are remembered."""
        told = statement.members
        span = _Span(
            told["statementNumber"],
            _figure(told["openingBalance"]),
            _figure(told["closingBalance"]),
            told["periodFrom"],
            told["periodTo"],
        )
        self.spans[own] = span
        new = [entry for entry in statement.entries if not self._is_held(account, entry, own, span)]
        for entry in new:
            self._hold(account, entry.members["entryKey"], own)
        return new

    def _is_held(self, account: str, entry: Entry, own: StatementId, span: _Span) -> bool:
        holders = self.holders.get((account, entry.members["entryKey"]), [])
        if own in holders:
            return False
        others = [self.spans.get(holder, _UNKNOWN) for holder in holders]
        return any(not (span.follows(other) or other.follows(span)) for other in others)

    def _hold(self, account: str, key: str, own: StatementId) -> None:
        holders = self.holders.setdefault((account, key), [])
        if own not in holders:
            holders.append(own)


def _rows(landing: Landing, table: RawTable, names: list[str], needed: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for file in landing.files(table.system, table.name):
        if set(names) <= set(pq.read_schema(file).names):
            rows += [row for row in pq.read_table(file, columns=names).to_pylist() if row[needed] is not None]
    return rows


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
