"""Prints the answers of queries over the warehouse: a table for people, JSON or CSV for programs.

In: the path of a published file and queries. Out: money with all its digits, never broken over two lines.
What does not belong here: writing to the warehouse; the file is opened read-only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

MOST_ROWS = 1000
"""More than a terminal can show; the table says when it was cut."""

NARROWEST_TEXT = 24
"""Characters to which a column of text may be folded before records are shown one by one instead."""

_GAP = 2


@dataclass(frozen=True)
class Answer:
    """What one statement answered."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_cut: bool = False


def ask(warehouse: Path, query: str, *, limit: int | None = None) -> Iterator[Answer]:
    """Yields the answer of each statement, in order.

    Args:
        warehouse: The resolved path of a published file.
        query: One statement, or several with semicolons between them.
        limit: Rows of each answer at most; None is all.

    Raises:
        duckdb.Error: a statement is wrong or would write.
        ValueError: there is none.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        statements = connection.extract_statements(query)
        if not statements:
            raise ValueError("the query is empty")
        for statement in statements:
            cursor = connection.execute(statement)
            columns = tuple(column[0] for column in cursor.description or ())
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
            yield Answer(columns, rows[:limit], limit is not None and len(rows) > limit)


def show(answers: Iterator[Answer], console: Console) -> None:
    """Prints each answer as a table; record by record where the terminal is too narrow for one.

    Where no terminal reads, lines are as long as they need to be: a folded amount is a wrong amount to `grep`.
    """
    for answer in answers:
        cells = [[_told(value) for value in row] for row in answer.rows]
        widths = [
            max((_width(name), *(_width(row[index]) for row in cells))) for index, name in enumerate(answer.columns)
        ]
        if not console.is_terminal:
            console.width = max(_total(widths), 1)
        foldable = _foldable(answer, widths)
        least = [
            max(_width(name), NARROWEST_TEXT) if foldable[index] else widths[index]
            for index, name in enumerate(answer.columns)
        ]
        if _total(least) <= console.width:
            console.print(_table(answer, cells, foldable))
        else:
            _show_records(answer, cells, console)
        if answer.is_cut:
            told = f"… the first {MOST_ROWS:,} rows; add a limit, or take all: --csv, --json"
            console.print(told, style="dim", soft_wrap=True)


def as_json(answer: Answer) -> dict[str, Any]:
    """Returns the rows by their columns' names; a name that comes twice is numbered, as DuckDB does in a table."""
    names = _distinct(answer.columns)
    return {"rows": [dict(zip(names, row, strict=True)) for row in answer.rows]}


def write_csv(answer: Answer, target: TextIO) -> None:
    """Writes a header and the rows; null is empty."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_told(value) for value in row] for row in answer.rows)


def _table(answer: Answer, cells: Sequence[Sequence[str]], foldable: Sequence[bool]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for index, name in enumerate(answer.columns):
        is_number = any(isinstance(row[index], int | Decimal | float) for row in answer.rows)
        table.add_column(
            Text(name), justify="right" if is_number else "left", overflow="fold", no_wrap=not foldable[index]
        )
    for row in cells:
        # Text, not markup: a name may hold brackets.
        table.add_row(*(Text(cell) for cell in row))
    return table


def _show_records(answer: Answer, cells: Sequence[Sequence[str]], console: Console) -> None:
    longest = max(_width(name) for name in answer.columns)
    if not cells:
        console.print(f"no rows; columns: {', '.join(answer.columns)}", markup=False, highlight=False)
    for number, row in enumerate(cells, start=1):
        console.rule(f"row {number:,}", align="left", style="dim")
        for name, cell in zip(answer.columns, row, strict=True):
            line = Text.assemble((name.ljust(longest), "bold"), "  ", cell)
            console.print(line, soft_wrap=True)


def _foldable(answer: Answer, widths: Sequence[int]) -> list[bool]:
    """Which columns hold long text; numbers, dates and ids are never broken."""
    return [
        widths[index] > NARROWEST_TEXT and any(isinstance(row[index], str) and " " in row[index] for row in answer.rows)
        for index in range(len(answer.columns))
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * len(widths)


def _width(cell: str) -> int:
    return max((Text(line).cell_len for line in cell.splitlines()), default=0)


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return "" if value is None else str(value)


def _distinct(columns: Sequence[str]) -> list[str]:
    names: list[str] = []
    for name in columns:
        number, fresh = 0, name
        while fresh in names:
            number += 1
            fresh = f"{name}_{number}"
        names.append(fresh)
    return names
