"""What is open in quarantine, for people: read from the landing folder, so that it is true before anything is built.

In: the settings. Out: rows. What does not belong here: trying records again (`pipelines/quarantine.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipelines.landing import Landing
from pipelines.quarantine import open_refusals
from tieout.settings import Settings


def read(settings: Settings) -> list[dict[str, Any]]:
    """Returns a row per record that could not be read and has not been settled since; without its payload."""
    paths = settings.paths
    refusals = open_refusals(Landing(paths.landing, paths.work, paths.dlt, lambda: datetime.now(UTC)))
    return [
        {
            "table": refusal.table,
            "record_key": refusal.record_key,
            "reason": refusal.reason,
            "quarantined_at": refusal.quarantined_at.isoformat(timespec="seconds"),
        }
        for refusal in sorted(refusals, key=lambda each: (each.table, each.record_key or "", each.quarantined_at))
    ]
