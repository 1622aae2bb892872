"""Prints tables whole where a program reads them: a name folded over two lines is no name to `grep`."""

from __future__ import annotations

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_WIDEST = 10_000


def print_table(console: Console, table: Table) -> None:
    """Prints a table; in a terminal as wide as that is, elsewhere as wide as the table needs."""
    if console.is_terminal:
        console.print(table)
        return
    before = console.width
    needed = Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum
    console.width = max(before, needed)
    try:
        console.print(table)
    finally:
        console.width = before
