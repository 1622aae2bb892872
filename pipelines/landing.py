"""Landing: what a vendor answered becomes versions in append-only Parquet files, before anything is loaded.

In: records as JSON bytes, per raw table, and what part of the table the read covered in full.
Out: `landing/<system>/<table>/<sequence>_<uuid>.parquet` with only what changed: new versions, and tombstones for
records that a full read no longer shows; `landing/quarantine/records/…` for records that do not fit.
The landing folder is the history that cannot be rebuilt (DESIGN section 2): files are written under a temporary
name, synced and renamed, and never touched again.
What does not belong here: HTTP (`<system>/client.py`), typing (`typed.py`), DuckDB's work file (`loading.py`).
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import in_memory, quarantine, versioning
from pipelines.raw_table import RawTable
from pipelines.typed import Misfit, type_records
from pipelines.versioning import INSTANT, Scope

QUARANTINE_SCHEMA = pa.schema(
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


@dataclass(frozen=True)
class Landed:
    """Counts of one landing: versions and tombstones written, records refused (written or known already)."""

    rows: int
    quarantined: int


class Landing:
    """The landing folder of one profile. Thread-safe per table: different tables may land side by side."""

    def __init__(self, landing_dir: Path, work_path: Path, dlt_dir: Path, now: Callable[[], datetime]) -> None:
        """Args: the three places of DESIGN section 2; now() is the UTC instant a version is landed at."""
        self.landing_dir = landing_dir
        self.work_path = work_path
        self.dlt_dir = dlt_dir
        self._now = now
        self._lock = threading.Lock()
        self._latest: dict[RawTable, pa.Table] = {}
        self._quarantined: set[str] | None = None

    def land(
        self,
        table: RawTable,
        records: Sequence[msgspec.Raw],
        *,
        scope: Scope | None = None,
        last_wins: bool = False,
        refused: Sequence[Misfit] = (),
    ) -> Landed:
        """Lands what changed among records.

        Args:
            table: The raw table.
            records: JSON objects, as received.
            scope: What the read covered in full; None (an answer to a write, a look-up) never makes tombstones.
            last_wins: Records repeated with other content are versions in order of arrival (overlapping pages);
                otherwise they contradict each other and are refused.
            refused: What the source could not read at all; goes to quarantine too.

        Returns:
            Counts; records refused go to quarantine, all others land.
        """
        typed = type_records(table, records)
        misfits = [*typed.misfits, *refused]
        with in_memory.cursor() as connection:
            rows = versioning.without_repeats(connection, table, typed.rows, misfits, last_wins=last_wins)
            latest = self.latest(table)
            landed_at = self._landing_time(latest)
            changed = versioning.changed(connection, table, rows, latest)
            gone = None
            if scope is not None and all(misfit.record_key is not None for misfit in misfits):
                # A refused record without a key could be any of the missing ones: then nothing is declared gone.
                gone = versioning.gone(connection, table, rows, latest, misfits, scope)
            versions = versioning.versions(table, changed, gone, landed_at)
            if versions.num_rows:
                self._write(table.system, table.name, versions)
                self._latest[table] = versioning.merged(connection, table, latest, versions)
        self._quarantine(table, misfits)
        return Landed(versions.num_rows, len(misfits))

    def latest(self, table: RawTable) -> pa.Table:
        """The latest version of each record: key, date columns, fingerprint, landing time, whether it is gone."""
        if table not in self._latest:
            self._latest[table] = versioning.read_latest(table, self.files(table.system, table.name))
        return self._latest[table]

    def files(self, system: str, name: str) -> list[Path]:
        """A table's landing files, in order of landing."""
        return sorted((self.landing_dir / system / name).glob("*.parquet"))

    def relative(self, path: Path) -> str:
        """How a landing file is named in `_landing_file`."""
        return path.relative_to(self.landing_dir).as_posix()

    def position(self) -> str:
        """A fingerprint of the landing files' names: the same as long as nothing was landed."""
        names = sorted(self.relative(path) for path in self.landing_dir.glob("*/*/*.parquet"))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def now(self) -> datetime:
        """The present instant, UTC, by the clock this landing was given."""
        return self._now()

    def resolve(self, resolutions: pa.Table) -> None:
        """Appends resolutions of quarantined records (`quarantine.RESOLUTION_SCHEMA`)."""
        self._write(*quarantine.RESOLUTIONS, resolutions)
        with self._lock:
            self._quarantined = None

    def _landing_time(self, latest: pa.Table) -> datetime:
        """Now, but never before what is landed: a clock that was set back must not make old versions the latest."""
        now = self._now()
        newest: datetime | None = pa.compute.max(latest["_landed_at"]).as_py() if latest.num_rows else None
        return now if newest is None or now > newest else newest + timedelta(microseconds=1)

    def _quarantine(self, table: RawTable, misfits: list[Misfit]) -> None:
        if not misfits:
            return
        with self._lock:
            if self._quarantined is None:
                # What was settled and comes back is refused anew: only open refusals are known.
                self._quarantined = {refusal.fingerprint for refusal in quarantine.open_refusals(self)}
            new: dict[str, dict[str, object]] = {}
            for misfit in misfits:
                row = {
                    "system": table.system,
                    "table_name": table.name,
                    "record_key": misfit.record_key,
                    "reason": misfit.reason,
                    "payload": misfit.payload.decode(errors="replace"),
                }
                print_ = _text_fingerprint(row)
                if print_ not in self._quarantined:
                    new[print_] = {**row, "quarantined_at": self._now(), "_fingerprint": print_}
            self._quarantined |= new.keys()
        if new:
            self._write("quarantine", "records", pa.Table.from_pylist(list(new.values()), schema=QUARANTINE_SCHEMA))

    def _write(self, system: str, name: str, rows: pa.Table) -> None:
        folder = self.landing_dir / system / name
        with self._lock:
            folder.mkdir(parents=True, exist_ok=True)
            files = self.files(system, name)
            sequence = int(files[-1].name.split("_")[0]) + 1 if files else 1
            path = folder / f"{sequence:012d}_{uuid.uuid4().hex}.parquet"
            at = rows.schema.get_field_index("_landing_file")
            rows = rows.set_column(at, "_landing_file", pa.array([self.relative(path)] * len(rows), pa.string()))
            temporary = path.with_suffix(".tmp")
            with temporary.open("wb") as file:
                pq.write_table(rows, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _text_fingerprint(row: Mapping[str, object]) -> str:
    return hashlib.md5(msgspec.json.encode(row, order="sorted"), usedforsecurity=False).hexdigest()
