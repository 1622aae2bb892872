"""A `work.duckdb` as the landing leaves it, filled with records given in the vendors' own shape.

In: dictionaries with the vendors' field names (`counterpartyId`, `customer_id`), money as text or Decimal.
Out: every raw table of DESIGN section 4, `quarantine.records` and `raw_operations`, ready for `dbt build`.
What does not belong here: landing itself (`pipelines/landing.py`) or a model's expected rows (the tests').

    with RawFixture(path, as_of_date=date(2026, 4, 10)) as raw:
        raw.insert("atlas_etrm.orders", [{"id": 210, "totalAmount": "85500.00", ...}])
        raw.delete("atlas_etrm.orders", [{"id": 210}])  # a tombstone, once the vendor lacks it
        raw.insert_operations("deliveries", [{"delivery_id": "d-1", ...}])
    build(path, "--select", "staging", target=tmp_path / "target")
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.atlar import tables as atlar
from pipelines.atlas_accounting import tables as atlas_accounting
from pipelines.atlas_etrm import tables as atlas_etrm
from pipelines.ecb import tables as ecb
from pipelines.raw_table import Column, RawTable

REPOSITORY = Path(__file__).resolve().parents[2]

TABLES: dict[str, RawTable] = {
    f"{table.system}.{table.name}": table
    for system in (atlas_etrm, atlas_accounting, atlar, ecb)
    for table in system.TABLES
}

_SQL_TYPES = {
    "text": "varchar",
    "currency": "varchar",
    "bigint": "bigint",
    "boolean": "boolean",
    "decimal": "decimal(38, 10)",
    "date": "date",
    "instant": "timestamptz",
    "json": "varchar",
    "money": "varchar",
    "custom_fields": "varchar",
}

_ARROW_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "decimal(38, 10)": pa.decimal128(38, 10),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", "UTC"),
}

_META = {
    "_landed_at": "timestamptz",
    "_fingerprint": "varchar",
    "_is_deleted": "boolean",
    "_landing_file": "varchar",
    "_unknown_fields": "varchar",
    "_dlt_load_id": "varchar",
}

OPERATIONS: dict[str, dict[str, str]] = {
    "run_parameters": {
        "as_of_date": "date",
        "currency_code": "varchar",
        "base_currency_code": "varchar",
        "order_total": "varchar",
        "item_vat": "varchar",
        "ready_statuses": "varchar",
        "posting_mode": "varchar",
        "ap_ar_mode": "varchar",
        "time_zone": "varchar",
        "books_closed_through": "date",
        "netting_agreements": "varchar",
    },
    "closed_periods": {"source": "varchar", "period_end": "date", "closed_at": "timestamptz"},
    "closed_period_checksums": {
        "checksum_id": "varchar",
        "period_start": "date",
        "period_end": "date",
        "recorded_at": "timestamptz",
        "entry_count": "integer",
        "checksum": "varchar",
    },
    "closed_period_entries": {
        "checksum_id": "varchar",
        "journal_entry_id": "varchar",
        "currency_code": "varchar",
        "entry_checksum": "varchar",
        "amount": "decimal(38, 4)",
    },
    "document_voids": {
        "document_type": "varchar",
        "document_id": "varchar",
        "delivery_status": "varchar",
        "reason": "varchar",
        "asked_at": "timestamptz",
    },
    "deliveries": {
        "delivery_id": "varchar",
        "run_id": "varchar",
        "plan_id": "varchar",
        "sync_name": "varchar",
        "sync_key": "varchar",
        "operation": "varchar",
        "destination": "varchar",
        "delivery_key": "varchar",
        "payload_hash": "varchar",
        "record_label": "varchar",
        "order_id": "bigint",
        "amount": "decimal(20, 4)",
        "currency_code": "varchar",
        "attempt": "integer",
        "status": "varchar",
        "reason": "varchar",
        "destination_id": "varchar",
        "destination_number": "varchar",
        "request_id": "varchar",
        "approval_id": "varchar",
        "beneficiary": "varchar",
        "intended_at": "timestamptz",
        "finished_at": "timestamptz",
    },
    "runs": {
        "run_id": "varchar",
        "started_at": "timestamptz",
        "finished_at": "timestamptz",
        "profile": "varchar",
        "as_of_date": "date",
        "run_by": "varchar",
        "status": "varchar",
        "exit_code": "integer",
        "rounds": "integer",
        "landed_rows": "bigint",
        "requests": "bigint",
        "planned": "bigint",
        "sent": "bigint",
        "rejected": "bigint",
        "unknown": "bigint",
        "held": "bigint",
        "seconds": "decimal(12, 3)",
        "message": "varchar",
    },
    "holds": {
        "hold_id": "varchar",
        "record": "varchar",
        "order_id": "bigint",
        "plan_id": "varchar",
        "reason": "varchar",
        "held_by": "varchar",
        "held_at": "timestamptz",
        "released_by": "varchar",
        "release_reason": "varchar",
        "released_at": "timestamptz",
    },
    "accepted_differences": {
        "acceptance_id": "varchar",
        "control_name": "varchar",
        "scope": "varchar",
        "difference": "decimal(38, 4)",
        "currency_code": "varchar",
        "run_id": "varchar",
        "measured_by": "varchar",
        "accepted_by": "varchar",
        "reason": "varchar",
        "accepted_at": "timestamptz",
        "withdrawn_by": "varchar",
        "withdrawal_reason": "varchar",
        "withdrawn_at": "timestamptz",
    },
}
"""Columns of `raw_operations`, which tieout writes before each build."""

PARAMETERS: dict[str, Any] = {
    "as_of_date": date(2026, 4, 10),
    "currency_code": "EUR",
    "base_currency_code": "EUR",
    "order_total": "gross",
    "item_vat": "amount",
    "ready_statuses": None,
    "posting_mode": "documents",
    "ap_ar_mode": "ap_ar_endpoints",
    "time_zone": "Europe/Berlin",
    "books_closed_through": None,
    "netting_agreements": None,
}
"""The one row of `raw_operations.run_parameters`, unless the test says otherwise."""


class RawFixture:
    """Writes raw records into one DuckDB file; close it (or leave the `with`) before dbt opens the file."""

    def __init__(self, path: Path, **parameters: Any) -> None:
        """Creates all raw tables, empty, and the run parameters (keyword arguments override `PARAMETERS`)."""
        unknown = set(parameters) - set(PARAMETERS)
        if unknown:
            raise ValueError(f"run_parameters has no column {sorted(unknown)}")
        self._connection = duckdb.connect(str(path))
        self._connection.execute("set TimeZone = 'UTC'")
        self._landed_at = datetime(2026, 4, 10, 6, tzinfo=UTC)
        self._create_tables()
        self.insert_operations("run_parameters", [PARAMETERS | parameters])

    def __enter__(self) -> RawFixture:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file, so that dbt may open it."""
        self._connection.close()

    def reopen(self, path: Path) -> None:
        """Opens the file again after a build, to land what happened since."""
        self._connection = duckdb.connect(str(path))
        self._connection.execute("set TimeZone = 'UTC'")

    def insert(self, table: str, records: Iterable[Mapping[str, Any]], *, landed_at: datetime | None = None) -> None:
        """Lands one version per record; a later call for the same key is a later version.

        Args:
            table: `system.table`, e.g. `atlas_etrm.order_items`.
            records: vendor-shaped dictionaries; absent members land as NULL; floats and unknown
                fields are refused.
            landed_at: landing time of these versions (UTC); by default an hour after the call before.
        """
        self._land(table, records, landed_at, is_deleted=False)

    def delete(self, table: str, records: Iterable[Mapping[str, Any]], *, landed_at: datetime | None = None) -> None:
        """Lands a tombstone per record (its key members are enough)."""
        self._land(table, records, landed_at, is_deleted=True)

    def insert_operations(self, table: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Inserts rows of `raw_operations.<table>`; columns as in `OPERATIONS`, absent ones NULL."""
        for record in records:
            unknown = set(record) - set(OPERATIONS[table])
            if unknown:
                raise ValueError(f"raw_operations.{table} has no column {sorted(unknown)}")
            names = ", ".join(record)
            marks = ", ".join("?" for _ in record)
            self._connection.execute(
                f"insert into raw_operations.{table} ({names}) values ({marks})", list(record.values())
            )

    def _create_tables(self) -> None:
        for table in TABLES.values():
            declared = {column.name: _SQL_TYPES[column.type] for column in table.columns}
            self._create(table.dataset, table.name, declared | _META)
        for name, declared in OPERATIONS.items():
            self._create("raw_operations", name, declared)
        quarantine = dict.fromkeys(("system", "table_name", "record_key", "reason", "payload"), "varchar")
        self._create(
            "quarantine",
            "records",
            quarantine | {"quarantined_at": "timestamptz", "resolved_at": "timestamptz", "resolution": "varchar"},
        )

    def _create(self, schema: str, name: str, columns: Mapping[str, str]) -> None:
        self._connection.execute(f"create schema if not exists {schema}")
        body = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
        self._connection.execute(f"create table {schema}.{name} ({body})")

    def _land(
        self,
        table: str,
        records: Iterable[Mapping[str, Any]],
        landed_at: datetime | None,
        *,
        is_deleted: bool,
    ) -> None:
        declared = TABLES[table]
        self._landed_at = landed_at or self._landed_at + timedelta(hours=1)
        by_field = {column.field: column for column in declared.columns}
        types = {column.name: _SQL_TYPES[column.type] for column in declared.columns} | _META
        rows = []
        for record in records:
            unknown = set(record) - set(by_field)
            if unknown:
                raise ValueError(f"{table} declares no field {sorted(unknown)}")
            values = [_landed(column, record.get(column.field)) for column in declared.columns]
            fingerprint = hashlib.sha256(repr(values).encode()).hexdigest()[:32]
            landing_file = f"{self._landed_at:%Y%m%dT%H%M%S}.parquet"
            meta = [self._landed_at, fingerprint, is_deleted, landing_file, None, "fixture"]
            rows.append(values + meta)
        if rows:
            # As one table: value by value, the binding looks for a dozen libraries each time.
            columns = zip(types.values(), zip(*rows, strict=True), strict=True)
            landed = pa.table([pa.array(values, _ARROW_TYPES[type_]) for type_, values in columns], list(types))
            self._connection.register("landed", landed)
            self._connection.execute(f"insert into {declared.dataset}.{declared.name} by name select * from landed")
            self._connection.unregister("landed")


def _landed(column: Column, value: Any) -> Any:
    """The value as the landing would have typed it."""
    if value is None:
        return None
    if isinstance(value, float):
        raise TypeError(f"{column.field}: a float is not exact, write it as text or Decimal")
    if column.is_nested:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if column.type == "decimal":
        return Decimal(str(value))
    if column.type == "date":
        return value if isinstance(value, date) else date.fromisoformat(value[:10])
    if column.type == "instant":
        return value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if column.type == "text":
        return str(value)
    return value


def build(path: Path, *arguments: str, target: Path, command: str = "build") -> subprocess.CompletedProcess[str]:
    """Runs dbt over the work file in a process of its own, with its own target and log folder.

    Raises:
        AssertionError: dbt failed; the message is its output.
    """
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            command,
            *("--no-send-anonymous-usage-stats", "--no-version-check", "--no-use-colors"),
            *("--target-path", str(target), "--log-path", str(target / "logs")),
            *(
                "--project-dir",
                str(REPOSITORY / "dbt_project"),
                "--profiles-dir",
                str(REPOSITORY / "dbt_project"),
            ),
            *arguments,
        ],
        env=os.environ | {"TIEOUT_WORK_DB": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done


def query(path: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on the built file, read-only, as dictionaries."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def main() -> None:
    """`python tests/dbt/raw_fixture.py PATH` creates an empty file to build against by hand."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", type=Path)
    RawFixture(parser.parse_args().path).close()


if __name__ == "__main__":
    main()
