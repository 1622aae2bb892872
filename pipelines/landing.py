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
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import in_memory
from pipelines.raw_table import RawTable
from pipelines.typed import Misfit, type_records, typed_schema

INSTANT = pa.timestamp("us", tz="UTC")

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
class Scope:
    """The part of a table that a read covered in full, so that what it did not show is gone.

    Without a column: the whole table. With one: the rows whose date in that column is `since` or later.
    """

    column: str | None = None
    since: date | None = None

    def condition(self) -> str:
        """SQL over the latest versions."""
        return "true" if self.column is None else f"\"{self.column}\" >= date '{self.since}'"


EVERYTHING = Scope()


@dataclass(frozen=True)
class Landed:
    """Counts of one landing: versions and tombstones written, records refused (written or known already)."""

    rows: int
    quarantined: int


def landing_schema(table: RawTable) -> pa.Schema:
    """Arrow schema of a landing file, and of the raw table in DuckDB: declared columns, then `META_COLUMNS`."""
    typed = typed_schema(table)
    declared = [typed.field(column.name) for column in table.columns]
    return pa.schema(
        [
            *declared,
            ("_landed_at", INSTANT),
            ("_fingerprint", pa.string()),
            ("_is_deleted", pa.bool_()),
            ("_landing_file", pa.string()),
            ("_unknown_fields", pa.string()),
        ]
    )


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
            rows = _without_repeats(connection, table, typed.rows, misfits, last_wins=last_wins)
            latest = self.latest(table)
            landed_at = self._landing_time(latest)
            changed = _changed(connection, table, rows, latest)
            gone = None
            if scope is not None and all(misfit.record_key is not None for misfit in misfits):
                # A refused record without a key could be any of the missing ones: then nothing is declared gone.
                gone = _gone(connection, table, rows, latest, misfits, scope)
            versions = _versions(table, changed, gone, landed_at)
            if versions.num_rows:
                self._write(table.system, table.name, versions)
                self._latest[table] = _merged(connection, table, latest, versions)
        self._quarantine(table, misfits)
        return Landed(versions.num_rows, len(misfits))

    def latest(self, table: RawTable) -> pa.Table:
        """The latest version of each record: key, date columns, fingerprint, landing time, whether it is gone."""
        if table not in self._latest:
            self._latest[table] = _read_latest(table, self.files(table.system, table.name))
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
                files = self.files("quarantine", "records")
                known = [pq.read_table(file, columns=["_fingerprint"])["_fingerprint"] for file in files]
                self._quarantined = {value for column in known for value in column.to_pylist()}
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


def _keys(table: RawTable) -> str:
    return ", ".join(f'"{name}"' for name in table.key)


def _latest_columns(table: RawTable) -> list[str]:
    dates = [column.name for column in table.columns if column.type == "date" and column.name not in table.key]
    return [*table.key, *dates, "_landed_at", "_fingerprint", "_is_deleted"]


_NEWEST_FIRST = "order by _landed_at desc, _landing_file desc"


def _read_latest(table: RawTable, files: list[Path]) -> pa.Table:
    names = _latest_columns(table)
    if not files:
        return landing_schema(table).empty_table().select(names)
    selected = ", ".join(f'"{name}"' for name in names)
    with in_memory.cursor() as connection:
        relation = connection.sql(
            f"select {selected} from read_parquet($files, union_by_name = true) "  # noqa: S608
            f"qualify row_number() over (partition by {_keys(table)} {_NEWEST_FIRST}) = 1",
            params={"files": [str(file) for file in files]},
        )
        return _cast(relation.to_arrow_table(), table)


def _cast(rows: pa.Table, table: RawTable) -> pa.Table:
    schema = landing_schema(table)
    return rows.cast(pa.schema([schema.field(name) for name in rows.column_names]))


def _without_repeats(
    connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, misfits: list[Misfit], *, last_wins: bool
) -> pa.Table:
    numbered = rows.append_column("_at", pa.array(range(rows.num_rows), pa.int64()))
    connection.register("received", numbered)
    if not last_wins:
        conflicting = connection.sql(
            f"select * exclude (_at) from received where ({_keys(table)}) in (select ({_keys(table)}) from received "  # noqa: S608
            f"group by {_keys(table)} having count(distinct _fingerprint) > 1)"
        ).to_arrow_table()
        for row in conflicting.to_pylist():
            key = "|".join(str(row[name]) for name in table.key)
            payload = msgspec.json.encode({name: value for name, value in row.items() if value is not None})
            misfits.append(Misfit(key, "the same key came twice with different content", payload))
        if conflicting.num_rows:
            connection.register("conflicting", conflicting)
            connection.sql(
                f"create temp table settled as "  # noqa: S608
                f"select * from received anti join conflicting using ({_keys(table)})"
            )
            connection.unregister("received")
            connection.register("received", connection.sql("from settled").to_arrow_table())
    return connection.sql(
        f"select * exclude (_at) from received "  # noqa: S608
        f"qualify row_number() over (partition by {_keys(table)} order by _at desc) = 1 order by _at"
    ).to_arrow_table()


def _changed(connection: duckdb.DuckDBPyConnection, table: RawTable, rows: pa.Table, latest: pa.Table) -> pa.Table:
    connection.register("incoming", rows)
    connection.register("latest", latest)
    return connection.sql(
        f"select incoming.* from incoming left join latest using ({_keys(table)}) "  # noqa: S608
        "where latest._fingerprint is null or latest._is_deleted "
        "or latest._fingerprint <> incoming._fingerprint"
    ).to_arrow_table()


def _gone(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    rows: pa.Table,
    latest: pa.Table,
    misfits: list[Misfit],
    scope: Scope,
) -> pa.Table:
    connection.register("seen", rows.select(list(table.key)))
    connection.register("refused", pa.table({"record_key": [misfit.record_key for misfit in misfits]}, _REFUSED))
    connection.register("latest", latest)
    readable = f"concat_ws('|', {_keys(table)})"
    return connection.sql(
        f"select {_keys(table)} from latest anti join seen using ({_keys(table)}) "  # noqa: S608
        f"where not _is_deleted and {scope.condition()} and {readable} not in (select record_key from refused)"
    ).to_arrow_table()


_REFUSED = pa.schema([("record_key", pa.string())])


def _versions(table: RawTable, changed: pa.Table, gone: pa.Table | None, landed_at: datetime) -> pa.Table:
    schema = landing_schema(table)
    parts = [(changed, False)] + ([(gone, True)] if gone is not None else [])
    tables = []
    for rows, is_deleted in parts:
        count = rows.num_rows
        given = {
            "_landed_at": pa.array([landed_at] * count, INSTANT),
            "_is_deleted": pa.array([is_deleted] * count, pa.bool_()),
        }
        if is_deleted:
            given["_fingerprint"] = pa.array(["deleted"] * count, pa.string())
        present = set(rows.column_names)
        arrays = [
            given.get(field.name)
            if field.name in given
            else rows[field.name].cast(field.type)
            if field.name in present
            else pa.nulls(count, field.type)
            for field in schema
        ]
        tables.append(pa.table(arrays, schema=schema))
    return pa.concat_tables(tables)


def _merged(connection: duckdb.DuckDBPyConnection, table: RawTable, latest: pa.Table, versions: pa.Table) -> pa.Table:
    newer = versions.select(_latest_columns(table))
    connection.register("latest", latest)
    connection.register("newer", newer)
    kept = connection.sql(f"select latest.* from latest anti join newer using ({_keys(table)})").to_arrow_table()  # noqa: S608
    return pa.concat_tables([_cast(kept, table), newer])


def _text_fingerprint(row: Mapping[str, object]) -> str:
    return hashlib.md5(msgspec.json.encode(row, order="sorted"), usedforsecurity=False).hexdigest()
