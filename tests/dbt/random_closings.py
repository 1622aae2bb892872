"""When the books of a random company are closed, and by whom: the vendor, its event, or the company's own setting.

In: the company's random numbers and its seed. Out: `Closing` notes in the order in which they became known, and the
first open day as a careful clerk knows it. What does not belong here: what a closed period means for an entry
(`ledger_closings.py`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

Record = dict[str, Any]

SETTING, EVENT, VENDOR = "setting", "webhook", "vendor"


@dataclass(frozen=True)
class Closing:
    """One note: who says the books are closed through which day (None opens them), and when that was said."""

    source: str
    through: date | None
    known_at: datetime


class ClosingPlan:
    """The closings of one company.

    Each of the three reaches furthest for a while, and the seed says which of them does in the end. Companies of an
    odd seed close March in April, with what was posted for it; the others leave its end open.
    """

    def __init__(self, numbers: random.Random, seed: int) -> None:
        ways = (SETTING, EVENT, VENDOR)
        first, second, third = (ways[(seed + step) % 3] for step in (0, 1, 2))
        at = [
            (first, date(2025, 11, 30), date(2026, 1, 8)),
            (second, date(2026, 1, numbers.randint(15, 31)), date(2026, 2, 12)),
            (third, date(2026, 2, numbers.randint(10, 28)), date(2026, 3, 12)),
        ]
        if first != SETTING:
            # Too far, and taken back.
            at += [(SETTING, date(2026, 3, 5), date(2026, 3, 16)), (SETTING, date(2026, 1, 10), date(2026, 3, 25))]
        if seed % 2:
            at.append((first, date(2026, 4, numbers.randint(2, 4)), date(2026, 4, 5)))
        else:
            at.append((first, date(2026, 3, numbers.randint(8, 20)), date(2026, 4, 1)))
        self._all = [
            Closing(source, through, datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
            for source, through, day in sorted(at, key=lambda note: note[2])
        ]

    @property
    def notes(self) -> list[Closing]:
        """What the operations store keeps: the setting and the vendor's events, not its company record."""
        return [closing for closing in self._all if closing.source != VENDOR]

    def by_vendor(self, begin: date, end: date) -> list[tuple[date, date]]:
        """The days from one to before another on which the vendor closes, and through which day."""
        return [
            (closing.known_at.date(), closing.through)
            for closing in self._all
            if closing.source == VENDOR and closing.through and begin <= closing.known_at.date() < end
        ]

    def first_open(self, on: date, *, of_vendor: bool = False) -> date:
        """The first open day as known on a day; of the vendor alone, the first that it takes."""
        last: dict[Any, date | None] = {}
        for closing in self._all:
            if closing.known_at.date() <= on and (closing.source == VENDOR or not of_vendor):
                last[closing.source if closing.source == SETTING else closing] = closing.through
        return max((through for through in last.values() if through), default=date.min) + timedelta(days=1)
