"""When the euro reference rates are read, and the dlt source of their raw table.

In: a client (there is none without `SOURCES__ECB__URL`) and the landing folder. Out: `tasks` and `source`.
One request, and none once the business date's own rates are landed. A bank that does not answer is a finding: the
last rates known, landed or shipped as a seed, go on serving.
What does not belong here: requests (`client.py`), the file's form (`rates.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.ecb import tables
from pipelines.ecb.client import EcbClient
from pipelines.ecb.rates import parse_rates
from pipelines.loading import by_dlt, load_tables
from pipelines.reading import Fetched, Reading, Task
from pipelines.transport.errors import VendorError

_OVERLAP = timedelta(days=14)
"""Days read again, for a rate that was corrected; the file itself always holds all of them."""


def tasks(client: EcbClient, reading: Reading) -> list[Task]:
    """The one read: everything the first time, then the last two weeks, corrections in them included."""
    return [Task((tables.REFERENCE_RATES,), lambda: _read(client, reading))]


def _read(client: EcbClient, reading: Reading) -> Iterator[Fetched]:
    newest = None if reading.full_refresh else _newest(reading)
    if newest is not None and newest >= reading.as_of:
        return
    since = None if newest is None else newest - _OVERLAP
    if since is not None and reading.since is not None:
        since = min(since, reading.since)
    try:
        # A day that lies ahead would be the newest for good, and nothing would be asked again until it comes.
        tomorrow = max(reading.as_of, reading.landing.now().date()) + timedelta(days=1)
        rates = parse_rates(client.reference_rates(), since, tomorrow)
    except VendorError as error:
        reading.findings.append(f"ecb: the reference rates could not be read ({error}). The last known ones serve.")
        return
    # A day the file no longer shows keeps its rate: amounts were converted with it.
    yield Fetched(tables.REFERENCE_RATES, rates.records, misfits=rates.misfits)


def _newest(reading: Reading) -> date | None:
    files = reading.landing.files(tables.SYSTEM, tables.REFERENCE_RATES.name)
    days = [pc.max(pq.read_table(file, columns=["rate_date"])["rate_date"]).as_py() for file in files]
    return max((day for day in days if day is not None), default=None)


def source(files: Mapping[str, Sequence[Path]]) -> Any:
    """The dlt source of `raw_ecb`: a resource per table named in `files`, yielding those landing files."""
    return by_dlt.source_of(tables.SYSTEM, _LOADED, files)


_LOADED = tuple(load_tables.load_table(table) for table in tables.TABLES)

DATASET = load_tables.Dataset(tables.SYSTEM, _LOADED, source)
