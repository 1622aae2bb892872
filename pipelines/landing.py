"""Landing: what a vendor answered becomes versions in append-only Parquet files, before anything is loaded.

In: records as JSON bytes, per raw table, and what part of the table the read covered in full.
Out: `landing/<system>/<table>/<sequence>_<uuid>.parquet` with only what changed: new versions, and tombstones for
records that a full read no longer shows; `landing/quarantine/records/…` for records that do not fit.
The landing folder is the history that cannot be rebuilt (DESIGN section 2): files are written under a temporary
name, synced and renamed, and never touched again.
What does not belong here: HTTP (`<system>/client.py`), typing (`records/`), DuckDB's work file (`loading/`).
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import ahead, garbage, in_memory, loader, refusals, settling
from pipelines.draft import Draft
from pipelines.raw_table import RawTable
from pipelines.records import careful
from pipelines.records.typed import Misfit, TypedChunk, typed_chunks, typed_schema
from pipelines.records.undeclared import UndeclaredFields
from pipelines.refusals import OpenRefusals, Refusal
from pipelines.versions import latest as latest_index
from pipelines.versions import repetitions, versioning
from pipelines.versions.shown import shown as shown_again
from pipelines.versions.versioning import INSTANT, Scope

_LARGE = 5_000
"""Records from which dlt is imported meanwhile, as soon as one of them is new and its table must be made."""


@dataclass(frozen=True)
class Landed:
    """Counts of one landing: versions and tombstones written, records refused (written or known already)."""

    rows: int
    quarantined: int
    undeclared: tuple[str, ...] = ()
    """Members nobody declared that no record of the table has shown before."""


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
        self._refusals = OpenRefusals(self.files)

    def land(
        self,
        table: RawTable,
        records: Sequence[msgspec.Raw],
        *,
        scope: Scope | None = None,
        last_wins: bool = False,
        refused: Sequence[Misfit] = (),
        buried: Sequence[tuple[object, ...]] = (),
        settles: bool = True,
    ) -> Landed:
        """Lands what changed among records.

        Args:
            table: The raw table.
            records: JSON objects, as received.
            scope: What the read covered in full; None (an answer to a write, a look-up) never makes tombstones.
            last_wins: Records repeated with other content are versions in order of arrival (overlapping pages);
                otherwise they contradict each other and are refused.
            refused: What the source could not read at all; goes to quarantine too.
            buried: Keys whose records are gone because of these records, whatever the read covered.
            settles: Whether what the vendor shows by now settles refusals of before; not where nobody asked it.

        Returns:
            Counts; records refused go to quarantine, all others land.
        """
        misfits, undeclared = list(refused), UndeclaredFields()
        is_large = len(records) >= _LARGE
        with in_memory.cursor() as connection, garbage.held_off if is_large else contextlib.nullcontext():
            latest = self.latest(table)
            shown = shown_again(connection, records, latest, self._foresee_dlt if is_large else None)
            landed_at = self._landing_time(latest)
            draft = Draft(self.landing_dir, self._next_file(table.system, table.name))
            try:
                rows = self._read(
                    connection, table, _Wanted(records, shown.unread), draft, landed_at, misfits, undeclared
                )
                repeats = repetitions.repeats(connection, table, rows, shown.latest, last_wins=last_wins)
                misfits += [_contradicted(table, records[at]) for at in repeats.contradicted]
                if repeats.dropped:
                    dropped = pc.is_in(rows["_at"], value_set=pa.array(repeats.dropped, pa.int64()))
                    draft.keep(pc.invert(dropped.filter(rows["_is_new"])))
                    rows = rows.filter(pc.invert(dropped))
                keys = [versioning.buried(connection, table, buried, rows, latest)]
                if scope is not None and all(misfit.record_key is not None for misfit in misfits):
                    # A refused record without a key could be any of the missing ones: then nothing is declared gone.
                    missing = versioning.gone(connection, table, rows, shown.latest, misfits, scope)
                    keys.append(missing.cast(keys[0].schema))
                gone = versioning.versions(table, pa.concat_tables(keys), landed_at, are_gone=True)
                draft.write(gone)
                new_fields = undeclared.not_in(self.files(table.system, table.name))
                draft.commit()
            except BaseException:
                draft.discard()
                raise
            if rows.num_rows or gone.num_rows:
                newer = _remembered(table, rows, versioning.placed(connection, table, gone, latest), landed_at)
                self._latest[table] = versioning.merged(table, latest, newer)
                files = self.files(table.system, table.name)
                latest_index.save(table, self._latest[table], files, self._index(table))
        again = self._quarantine(table, misfits)
        if settles:
            known = self.open_refusals().values()
            self.resolve(settling.outcomes(known, table, lambda: [rows, shown.again()], misfits, again, scope))
        return Landed(draft.rows, len(misfits), new_fields)

    def _read(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: RawTable,
        wanted: _Wanted,
        draft: Draft,
        landed_at: datetime,
        misfits: list[Misfit],
        undeclared: UndeclaredFields,
    ) -> pa.Table:
        """Types records and drafts those that changed, a chunk at a time; returns what is to be remembered of all."""
        empty = versioning.arrived(table, typed_schema(table).empty_table(), pa.chunked_array([], pa.int64()), [])
        parts = [versioning.changed(connection, table, empty, versioning.latest_schema(table).empty_table())]
        latest = self.latest(table)
        for typed, remembered in _typed_ahead(table, wanted):
            misfits += typed.misfits
            told = versioning.changed(connection, table, remembered, latest)
            is_new = told["_is_new"]
            new = typed.rows if pc.all(is_new, min_count=0).as_py() else typed.rows.filter(is_new)
            undeclared.look_at(new)
            draft.write(versioning.versions(table, new, landed_at))
            parts.append(told)
        return pa.concat_tables(parts)

    def latest(self, table: RawTable) -> pa.Table:
        """The latest version of each record: key, date columns, fingerprint, landing time, whether it is gone."""
        if table not in self._latest:
            files = self.files(table.system, table.name)
            self._latest[table] = latest_index.read(table, files, self._index(table))
        return self._latest[table]

    def _index(self, table: RawTable) -> Path:
        return self.work_path.parent / "landing_index" / table.system / f"{table.name}.arrow"

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

    def resolve(self, outcomes: Mapping[str, str]) -> None:
        """Notes what became of refusals (`landed`, `superseded`, `gone`), by their fingerprints."""
        if outcomes:
            now = self._now()
            rows = [
                {"_fingerprint": fingerprint, "resolution": resolution, "resolved_at": now}
                for fingerprint, resolution in outcomes.items()
            ]
            self._write(*refusals.RESOLUTIONS, pa.Table.from_pylist(rows, schema=refusals.RESOLUTION_SCHEMA))

    def open_refusals(self) -> dict[str, Refusal]:
        """What is in quarantine and not settled, by fingerprint, oldest first."""
        return self._refusals.now()

    def _foresee_dlt(self) -> None:
        if not self.work_path.exists():
            loader.import_ahead()

    def _landing_time(self, latest: pa.Table) -> datetime:
        """Now, but never before what is landed: a clock that was set back must not make old versions the latest."""
        now = self._now()
        newest: datetime | None = pc.max(latest["_landed_at"]).as_py() if latest.num_rows else None
        return now if newest is None or now > newest else newest + timedelta(microseconds=1)

    def _quarantine(self, table: RawTable, misfits: list[Misfit]) -> frozenset[str]:
        """Keeps misfits that are not in quarantine yet; returns the fingerprints of all of them."""
        if not misfits:
            return frozenset()
        known = self.open_refusals()  # what was settled and comes back is refused anew
        found: dict[str, dict[str, object]] = {}
        for misfit in misfits:
            row: dict[str, object] = {
                "system": table.system,
                "table_name": table.name,
                "record_key": misfit.record_key,
                "reason": misfit.reason,
                "payload": misfit.payload.decode(errors="replace"),
            }
            found[_text_fingerprint(row)] = row
        new = [
            {**row, "quarantined_at": self._now(), "_fingerprint": print_}
            for print_, row in found.items()
            if print_ not in known
        ]
        if new:
            self._write(*refusals.RECORDS, pa.Table.from_pylist(new, schema=refusals.SCHEMA))
        return frozenset(found)

    def _write(self, system: str, name: str, rows: pa.Table) -> None:
        with self._lock:
            draft = Draft(self.landing_dir, self._next_file(system, name))
            try:
                draft.write(rows)
                draft.commit()
            except BaseException:
                draft.discard()
                raise

    def _next_file(self, system: str, name: str) -> Path:
        files = self.files(system, name)
        sequence = int(files[-1].name.split("_")[0]) + 1 if files else 1
        return self.landing_dir / system / name / f"{sequence:012d}_{uuid.uuid4().hex}.parquet"


@dataclass(frozen=True)
class _Wanted:
    """Some of the records of an answer, by position."""

    all_records: Sequence[msgspec.Raw]
    at: Sequence[int]

    def records(self, at: Sequence[int]) -> Sequence[msgspec.Raw]:
        if isinstance(at, range):
            return self.all_records[at.start : at.stop]
        return [self.all_records[position] for position in at]


def _typed_ahead(table: RawTable, wanted: _Wanted) -> Iterator[tuple[TypedChunk, pa.Table]]:
    """Types piece after piece, the next ones while one is compared and written; with what is to be remembered."""

    def typed(piece: range) -> tuple[TypedChunk, pa.Table]:
        at = wanted.at[piece.start : piece.stop]
        (chunk,) = typed_chunks(table, wanted.records(at))
        return chunk, versioning.arrived(table, chunk.rows, chunk.source, [at[number] for number in chunk.at])

    yield from ahead.in_order(typed, ahead.steps(len(wanted.at)))


def _contradicted(table: RawTable, record: msgspec.Raw) -> Misfit:
    key = careful.readable_key(table, record)
    return Misfit(key, refusals.CONTRADICTION, bytes(record))


def _remembered(table: RawTable, rows: pa.Table, gone: pa.Table, landed_at: datetime) -> pa.Table:
    """What the index gains: rows that were read, with no landing time where nothing was landed, and tombstones.

    With `_place`, where each key stands in it already.
    """
    now = pa.scalar(landed_at, INSTANT)
    times = pc.if_else(rows["_is_new"], now, pa.scalar(None, INSTANT))
    wanted = versioning.latest_schema(table)
    columns = {
        "_landed_at": times,
        "_is_deleted": pa.repeat(pa.scalar(False), rows.num_rows),
    }
    found = pa.table([columns[name] if name in columns else rows[name] for name in wanted.names], schema=wanted)
    buried = gone.append_column("_source", pa.nulls(gone.num_rows, pa.int64()))
    return pa.concat_tables([found.append_column("_place", rows["_place"]), buried.select([*wanted.names, "_place"])])


def _text_fingerprint(row: Mapping[str, object]) -> str:
    return hashlib.md5(msgspec.json.encode(row, order="sorted"), usedforsecurity=False).hexdigest()
