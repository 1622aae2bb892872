"""How far the books were closed at any moment, for the independent ledger: by the furthest of all who may say so.

In: the notes of a company (`random_closings.Closing`) and the versions of the vendor's company record. Out: the first
open day at a moment. The rule: DECISIONS.md, "How far the books are closed, and since when". What does not belong
here: what is dated by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from landed_versions import Version
from random_closings import SETTING, Closing

_EVER = datetime.max.replace(tzinfo=UTC)


class Closings:
    """Says which day is open, at present or as it was known at a moment."""

    def __init__(self, notes: Iterable[Closing], versions: Iterable[Version]) -> None:
        # The setting and the vendor's record each say one thing at a time; an event stands once it came.
        told = [
            (note.known_at, "setting" if note.source == SETTING else f"event {note.through}", note.through)
            for note in notes
        ]
        for version in versions:
            if version.table == "atlas_accounting.companies":
                through = version.record.get("closed_through")
                told.append((version.landed_at, "vendor", date.fromisoformat(through) if through else None))
        self._told = sorted(told, key=lambda one: one[0])

    def through(self, moment: datetime | None = None) -> date | None:
        """The last closed day, None where everything is open."""
        said = {who: through for known_at, who, through in self._told if known_at <= (moment or _EVER)}
        return max((through for through in said.values() if through), default=None)

    def open_day(self, wanted: date, moment: datetime | None = None) -> date:
        """The day itself, or the first open one after it."""
        through = self.through(moment)
        return wanted if through is None else max(wanted, through + timedelta(days=1))
