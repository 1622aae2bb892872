"""How a source says what it reads: tasks that fetch tables, each independent of the others.

In: nothing. Out: `Task`, `Fetched`, `Reading` and the protocol of a progress display.
What does not belong here: running tasks (`extract.py`), requests (each system's `source.py` and `client.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import msgspec

from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.records.typed import Misfit
from pipelines.transport.errors import PermissionRefused, RecordNotFound
from pipelines.versions.versioning import Scope


@dataclass(frozen=True)
class Fetched:
    """Records of one table as received; `scope` says what the read covered in full (see `landing.Scope`)."""

    table: RawTable
    records: Sequence[msgspec.Raw]
    scope: Scope | None = None
    last_wins: bool = False
    misfits: Sequence[Misfit] = ()
    """What the source itself had to refuse, such as a file nobody can read."""
    buried: Sequence[tuple[object, ...]] = ()
    """Keys of records of which these take the place."""


@dataclass(frozen=True)
class Task:
    """Something to read in one go: the tables it fills, and how."""

    tables: tuple[RawTable, ...]
    read: Callable[[], Iterable[Fetched]]


@dataclass
class Reading:
    """What a source's tasks share during one extraction."""

    landing: Landing
    as_of: date
    findings: list[str] = field(default_factory=list)
    since: date | None = None
    """Dated windows and cursors begin no later than this day; None leaves them to what is landed."""
    full_refresh: bool = False
    """Everything is read again, whatever is landed."""

    def optional(
        self, what: str, remedy: str, read: Callable[[], Sequence[msgspec.Raw]]
    ) -> Sequence[msgspec.Raw] | None:
        """Reads an endpoint that a deployment may lack: 404 or 403 is one finding, not a failure.

        Returns:
            The records, or None where the endpoint did not answer (then nothing is declared gone).
        """
        try:
            return read()
        except (RecordNotFound, PermissionRefused) as error:
            self.findings.append(f"{error.system}: {what} could not be read (HTTP {error.status}). {remedy}")
            return None


class Progress(Protocol):
    """What draws the progress of an extraction; called from several threads."""

    def start(self, system: str, total_tables: int) -> None:
        """A system begins."""

    def advance(self, system: str, table: str, rows: int) -> None:
        """A table was landed; rows is the number of new versions."""

    def finish(self, system: str) -> None:
        """A system is done."""


class Silent:
    """A progress display that shows nothing."""

    def start(self, system: str, total_tables: int) -> None:
        """See `Progress.start`."""

    def advance(self, system: str, table: str, rows: int) -> None:
        """See `Progress.advance`."""

    def finish(self, system: str) -> None:
        """See `Progress.finish`."""
