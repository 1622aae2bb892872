"""Shows what a run is doing: bars on a terminal, a line per finished stage elsewhere. Always on stderr.

In: what the stages report. Out: a person who knows that it goes on, and where. `QuietProgress` shows nothing.
What does not belong here: results; see `report/summary.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

TITLES = {
    "atlas_etrm": "ATLAS ETRM",
    "atlas_accounting": "Atlas Accounting",
    "atlar": "Atlar",
    "operations": "Tieout",
}
"""The systems' names as their users write them."""


class RunProgress:
    """Progress of one run. Landing reports per system, building per model, applying per record."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._tasks: dict[str, TaskID] = {}
        self._rows: dict[str, int] = {}
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )

    def __enter__(self) -> RunProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def start(self, system: str, total_tables: int) -> None:
        """A system's landing begins: `total_tables` tables are to be read."""
        self._rows[system] = 0
        title = f"land {TITLES.get(system, system)}"
        self._tasks[system] = self._bars.add_task(title, total=total_tables, note="")

    def advance(self, system: str, table: str, rows: int) -> None:
        """One table has been read; `rows` versions of it were new."""
        self._rows[system] = self._rows.get(system, 0) + rows
        if system in self._tasks:
            self._bars.update(self._tasks[system], advance=1, note=f"{table}: {self._rows[system]:,} changes in all")

    def finish(self, system: str) -> None:
        """A system has been read."""
        if (task := self._tasks.pop(system, None)) is not None:
            self._bars.remove_task(task)

    @contextmanager
    def stage(self, title: str, total: int | None) -> Iterator[Stage]:
        """Yields a bar for one stage; `total` None where the length is not known beforehand."""
        task = self._bars.add_task(title, total=total, note="")
        try:
            yield Stage(self._bars, task)
        finally:
            self._bars.remove_task(task)

    def say(self, line: str) -> None:
        """Prints one line that stays."""
        if not self._quiet:
            self._console.print(line, highlight=False, soft_wrap=True)


class Stage:
    """One bar."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def __call__(self, note: str = "") -> None:
        """One more is done; `note` names it."""
        self._bars.update(self._task, advance=1, note=note[:60])
