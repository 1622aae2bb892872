"""What a landing of a random company leaves: versions of records, and on which days.

In: nothing. Out: `Version`, the landings and the business date. What does not belong here: what is drawn
(`random_company.py`), what is made of it (`python_ledger.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

AS_OF = date(2026, 4, 10)
LANDINGS = (
    datetime(2025, 11, 14, 5, tzinfo=UTC),
    # Already the new year in the company's zone: known on 1 January, not on 31 December.
    datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2026, 1, 31, 22, 30, tzinfo=UTC),
    datetime(2026, 2, 28, 20, tzinfo=UTC),
    # Still March in the company's zone: the last that is known at its end.
    datetime(2026, 3, 31, 21, 30, tzinfo=UTC),
    datetime(2026, 4, 3, 5, tzinfo=UTC),
    datetime(2026, 4, 7, 5, tzinfo=UTC),
    datetime(2026, 4, 10, 5, tzinfo=UTC),
)


@dataclass(frozen=True)
class Version:
    """One record as one landing found it."""

    table: str
    record: dict[str, Any]
    landed_at: datetime
    is_deleted: bool = False
