"""Prints the answer of a query over the warehouse as a table.

In: the path of a published file and a query. Out: a table on a rich console; money with all its digits.
What does not belong here: writing; the file is opened read-only.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

MOST_ROWS = 1000
"""More than a terminal can show; the table says when it was cut."""


def show(warehouse: Path, query: str, console: Console) -> None:
    """Runs a query and prints its rows.

    Raises:
        duckdb.Error: the query is wrong or would write.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        cursor = connection.execute(query)
        columns = cursor.description or []
        rows = cursor.fetchmany(MOST_ROWS + 1)
    table = Table(box=None, pad_edge=False, header_style="bold")
    numbers = {index for index, _ in enumerate(columns) if any(isinstance(row[index], int | Decimal) for row in rows)}
    for index, column in enumerate(columns):
        table.add_column(column[0], justify="right" if index in numbers else "left", overflow="fold")
    for row in rows[:MOST_ROWS]:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(f"… the first {MOST_ROWS:,} rows; add a limit or open the file itself", style="dim")
