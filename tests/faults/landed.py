"""What a landing holds, in a form that two landings can be compared by.

In: a landing folder. Out: `land` (an extraction without loading), `Landed` (every record's latest version, how many
versions there are, what was called gone), and what is quarantined.
What does not belong here: vendors (`vendors.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.atlar import tables as atlar_tables
from pipelines.atlas_accounting import tables as atlas_accounting_tables
from pipelines.atlas_etrm import tables as atlas_etrm_tables
from pipelines.extract import Clients, ExtractResult, extract
from pipelines.landing import Landing
from pipelines.loading import backlog
from pipelines.raw_table import RawTable

AS_OF = date(2026, 4, 10)
TABLES: dict[str, tuple[RawTable, ...]] = {
    "atlas_etrm": atlas_etrm_tables.TABLES,
    "atlas_accounting": atlas_accounting_tables.TABLES,
    "atlar": atlar_tables.TABLES,
}


class Moments:
    """`now()` for landing: one second later each time."""

    def __init__(self) -> None:
        self.at = datetime(2026, 4, 10, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def landing_in(folder: Path) -> Landing:
    """A landing folder of its own, with nothing loaded yet."""
    return Landing(folder / "landing", folder / "work.duckdb", folder / "dlt", Moments())


def names(*systems: str) -> frozenset[str]:
    """All tables of systems, as `extract` takes them."""
    return frozenset(f"{table.system}.{table.name}" for system in systems for table in TABLES[system])


def land(clients: Clients, landing: Landing, only: frozenset[str] | None = None, **options: Any) -> ExtractResult:
    """Extracts and lands, but loads nothing: what is under test is what arrived."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backlog, "load_missing", lambda landing, datasets: {})
        return extract(clients, landing, as_of=AS_OF, only=only, **options)


@dataclass(frozen=True)
class Held:
    """One table as landed."""

    records: dict[tuple[Any, ...], str]
    """Fingerprint of the latest version by key, of records that are not gone."""
    versions: int
    tombstones: int


def held(landing: Landing, table: RawTable) -> Held:
    """What the files of a table say, read anew."""
    latest: dict[tuple[Any, ...], tuple[Any, str, bool]] = {}
    versions = tombstones = 0
    for file in landing.files(table.system, table.name):
        columns = [*table.key, "_landed_at", "_landing_file", "_fingerprint", "_is_deleted"]
        for row in pq.read_table(file, columns=columns).to_pylist():
            key = tuple(row[name] for name in table.key)
            versions += 1
            tombstones += row["_is_deleted"]
            stamp = (row["_landed_at"], row["_landing_file"])
            if key not in latest or latest[key][0] < stamp:
                latest[key] = (stamp, row["_fingerprint"], row["_is_deleted"])
    records = {key: print_ for key, (_, print_, is_deleted) in latest.items() if not is_deleted}
    return Held(records, versions, tombstones)


def everything(landing: Landing, *systems: str) -> dict[str, Held]:
    """Every table of systems (all by default), by name."""
    return {
        f"{table.system}.{table.name}": held(landing, table)
        for system in (systems or TABLES)
        for table in TABLES[system]
    }


def quarantined(landing: Landing) -> list[dict[str, Any]]:
    """The rows of quarantine."""
    return [row for file in landing.files("quarantine", "records") for row in pq.read_table(file).to_pylist()]
