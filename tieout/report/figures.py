"""Reads the figures people are told from the marts: entries, holds, aging, tie-outs.

In: a DuckDB file with built marts, opened read-only. Out: plain dataclasses, money as Decimal.
What does not belong here: how they look (`summary.py`) and any arithmetic the marts should have done.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

AGING_COLUMNS = (
    "not_due",
    "days_1_30",
    "days_31_60",
    "days_61_90",
    "days_91_120",
    "days_over_120",
    "open_credits",
    "balance",
)


@dataclass(frozen=True)
class Hold:
    """Records held for one reason, with one of them as an example."""

    code: str
    count: int
    example: str
    message: str


@dataclass(frozen=True)
class TieOut:
    """One control: how many of its rows tie, and the largest difference among those that do not."""

    name: str
    rows: int
    untied: int
    accepted: int
    worst_scope: str | None
    worst_difference: Decimal | None

    @property
    def is_red(self) -> bool:
        """Whether a difference stands that nobody has accepted."""
        return self.untied > self.accepted


@dataclass(frozen=True)
class Aging:
    """One side's aging in one currency, summed over the parties."""

    currency_code: str
    minor_units: int
    """Decimal places of the currency (ISO 4217): 2 for EUR, 0 for JPY."""
    amounts: dict[str, Decimal]


@dataclass(frozen=True)
class Figures:
    """What the books say after a build."""

    journal_entries: int
    entries_by_status: dict[str, int]
    holds: tuple[Hold, ...]
    warnings: dict[str, int]
    receivables: tuple[Aging, ...]
    payables: tuple[Aging, ...]
    tie_outs: tuple[TieOut, ...]
    quarantined: int

    @property
    def held(self) -> dict[str, int]:
        """Held records by reason."""
        return {hold.code: hold.count for hold in self.holds}

    @property
    def red(self) -> tuple[TieOut, ...]:
        """The controls that withhold the push."""
        return tuple(control for control in self.tie_outs if control.is_red)


def read(database: Path) -> Figures:
    """Reads all figures from a built database.

    Raises:
        duckdb.Error: the marts are not there.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        return Figures(
            journal_entries=_one(connection, "select count(*) from marts.fct_journal_entries"),
            entries_by_status=dict(
                connection.execute(
                    "select posting_status, count(*) from marts.fct_journal_entries group by 1 order by 1"
                ).fetchall()
            ),
            holds=_holds(connection),
            warnings=dict(
                connection.execute(
                    "select exception_code, count(*) from marts.fct_exceptions where severity = 'warn'"
                    " group by 1 order by 1"
                ).fetchall()
            ),
            receivables=_aging(connection, "marts.fct_receivables_aging"),
            payables=_aging(connection, "marts.fct_payables_aging"),
            tie_outs=read_tie_outs(connection),
            quarantined=_one(connection, "select count(*) from quarantine.records where resolved_at is null"),
        )


def read_tie_outs(connection: duckdb.DuckDBPyConnection) -> tuple[TieOut, ...]:
    """Reads the controls, one row each."""
    rows = connection.execute(
        """
        select
            control_name,
            count(*),
            count(*) filter (where not is_tied),
            count(*) filter (where not is_tied and is_accepted),
            arg_max(scope, abs(difference)) filter (where not is_tied and not is_accepted),
            arg_max(difference, abs(difference)) filter (where not is_tied and not is_accepted)
        from marts.fct_tie_outs
        group by control_name
        order by control_name
        """
    ).fetchall()
    return tuple(TieOut(*row) for row in rows)


def _holds(connection: duckdb.DuckDBPyConnection) -> tuple[Hold, ...]:
    rows = connection.execute(
        """
        select
            exception_code,
            count(distinct record_type || ':' || record_id),
            min_by(record_type || ' ' || record_id, record_id),
            min_by(message, record_id)
        from marts.fct_exceptions
        where severity = 'hold'
        group by exception_code
        order by 2 desc, 1
        """
    ).fetchall()
    return tuple(Hold(*row) for row in rows)


def _aging(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[Aging, ...]:
    sums = ", ".join(f"sum({column})" for column in AGING_COLUMNS)
    rows = connection.execute(
        f"select currency_code, any_value(minor_units), {sums} from {table}"  # noqa: S608 - our own names
        " left join reference.currencies using (currency_code) group by 1 order by 1"
    ).fetchall()
    return tuple(
        Aging(row[0], int(row[1] if row[1] is not None else 2), dict(zip(AGING_COLUMNS, row[2:], strict=True)))
        for row in rows
    )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else 0
