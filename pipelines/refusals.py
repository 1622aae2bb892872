"""Which refusals are open: what `landing/quarantine/` holds, each of its files read once.

In: the files of `quarantine/records` (what was refused) and `quarantine/resolutions` (which of it was settled, when),
both append-only. Out: the open refusals. A file that has come since, whoever wrote it, adds to what is known: hundreds
of refusals one after the other cost what each of them adds.
What does not belong here: refusing (`landing.py`), settling and trying again (`quarantine.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.versions.versioning import INSTANT

RECORDS, RESOLUTIONS = ("quarantine", "records"), ("quarantine", "resolutions")

SCHEMA = pa.schema(
    [
        ("system", pa.string()),
        ("table_name", pa.string()),
        ("record_key", pa.string()),
        ("reason", pa.string()),
        ("payload", pa.string()),
        ("quarantined_at", INSTANT),
        ("_fingerprint", pa.string()),
        ("_landing_file", pa.string()),
    ]
)
"""Arrow schema of a file of `quarantine/records`, and of the table of that name in DuckDB."""


RESOLUTION_SCHEMA = pa.schema(
    [
        ("_fingerprint", pa.string()),
        ("resolution", pa.string()),
        ("resolved_at", INSTANT),
        ("_landing_file", pa.string()),
    ]
)
"""Arrow schema of a file of `quarantine/resolutions`."""

CONTRADICTION = "the same key came twice with different content"
"""The reason of records that contradict each other: each fits by itself, and none may be chosen."""

WHOLE_ANSWER = "whole answer: "
"""How the reason begins where a whole answer was refused. It has no key: the next read that succeeds settles it."""


@dataclass(frozen=True)
class Refusal:
    """A record in quarantine."""

    table: str
    """`<system>.<table>`."""
    record_key: str | None
    reason: str
    payload: str = field(repr=False)
    quarantined_at: datetime
    fingerprint: str

    @property
    def record(self) -> msgspec.Raw:
        """The record as received."""
        return msgspec.Raw(self.payload.encode())


class OpenRefusals:
    """What is in quarantine and not settled. Thread-safe."""

    def __init__(self, files: Callable[[str, str], Sequence[Path]]) -> None:
        """Args: files gives a table's landing files, in order of landing."""
        self._files = files
        self._lock = threading.Lock()
        self._read: set[Path] = set()
        self._settled: dict[str, datetime] = {}
        self._open: dict[str, Refusal] = {}

    def now(self) -> dict[str, Refusal]:
        """The open refusals by fingerprint, oldest first."""
        with self._lock:
            self._read_new(RESOLUTIONS, self._settle)
            self._read_new(RECORDS, self._refuse)
            return dict(sorted(self._open.items(), key=lambda entry: entry[1].quarantined_at))

    def _read_new(self, where: tuple[str, str], read: Callable[[Path], None]) -> None:
        for file in self._files(*where):
            if file not in self._read:
                read(file)
                self._read.add(file)  # only now: what could not be read is read again, not passed over

    def _settle(self, file: Path) -> None:
        for row in pq.read_table(file, columns=["_fingerprint", "resolved_at"]).to_pylist():
            fingerprint, at = row["_fingerprint"], row["resolved_at"]
            self._settled[fingerprint] = max(self._settled.get(fingerprint, at), at)
            refusal = self._open.get(fingerprint)
            if refusal is not None and not self._is_open(refusal):
                del self._open[fingerprint]

    def _refuse(self, file: Path) -> None:
        for row in pq.read_table(file).to_pylist():
            name, at = f"{row['system']}.{row['table_name']}", row["quarantined_at"]
            refusal = Refusal(name, row["record_key"], row["reason"], row["payload"], at, row["_fingerprint"])
            if self._is_open(refusal):
                self._open[refusal.fingerprint] = refusal

    def _is_open(self, refusal: Refusal) -> bool:
        # The same misfit may come back after it was settled: then it is open again.
        settled = self._settled.get(refusal.fingerprint)
        return settled is None or settled < refusal.quarantined_at
