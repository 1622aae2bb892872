"""What was noted of a list's last reading: landed beside its records, for the next reading alone, and never loaded.

In: the landing folder and a source's table of list readings, keyed by `list_name`. Out: `last`, `is_recent`.
What does not belong here: what a source makes of it (`atlas_accounting/incremental.py`, `atlas_etrm/settled.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow.parquet as pq

from pipelines.landing import Landing
from pipelines.raw_table import RawTable

_FULL_READ_EVERY = timedelta(days=1)
"""What was changed or deleted by hand may leave no trace in a reading that is not full."""


def last(landing: Landing, readings: RawTable, list_name: str) -> dict[str, Any]:
    """Returns the newest note of a list by column; a list that was never read has nulls."""
    columns = [column.name for column in readings.columns]
    for file in reversed(landing.files(readings.system, readings.name)):
        for row in pq.read_table(file, columns=columns).to_pylist():
            if row["list_name"] == list_name:
                return dict(row)
    return dict.fromkeys(columns)


def is_recent(full_read_at: datetime | None, now: datetime) -> bool:
    """Whether a list was read in full within the last day; not where the clock was set back since."""
    return full_read_at is not None and timedelta(0) <= now - full_read_at < _FULL_READ_EVERY
