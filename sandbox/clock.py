"""The sandbox's own time: it starts on the as-of date, runs with real time, and can be moved by hand.

In: a start instant, a monotonic clock, and a file that outlasts the process. Out: `SandboxClock`, which
stamps records and ends tokens and idempotency keys. What does not belong here: rate limits; a minute of rate
limiting is a real minute (`sandbox.limits`).

While no sandbox runs, its time stands still: what was three days overdue when it was stopped is so when it
starts again, and a demo resumed next week is the same demo.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

START_OF_DAY = time_of_day(8, 0, tzinfo=UTC)
"""Time of day at which the clock starts on the as-of date."""

RESUME_MARGIN = timedelta(seconds=5)
"""Added on resuming: a killed process saved its time at most this long before its last answer (see
`save`)."""


class SandboxClock:
    """A clock that runs with real time from a settable instant.

    Args:
        start: The instant it shows first, or a date (then 08:00 UTC of that day); ignored when `path` holds
            one.
        path: File that keeps the time between processes; None keeps nothing.
        monotonic: Seconds that only grow; a test gives its own to stand still.
    """

    def __init__(
        self,
        start: datetime | date,
        *,
        path: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._monotonic = monotonic
        self._base = _instant(start)
        if path is not None and path.exists():
            saved = datetime.fromisoformat(json.loads(path.read_text())["now"])
            self._base = saved + RESUME_MARGIN
        self._anchor = monotonic()

    def now(self) -> datetime:
        """The present instant in UTC, with microseconds."""
        return self._base + timedelta(seconds=self._monotonic() - self._anchor)

    def today(self) -> date:
        """The present date in UTC."""
        return self.now().date()

    def advance(self, seconds: float) -> datetime:
        """Moves the clock forward and returns the new instant.

        Raises:
            ValueError: a negative number of seconds; stamps already given would lie in the future.
        """
        if seconds < 0:
            raise ValueError("the clock does not go back")
        return self.set(self.now() + timedelta(seconds=seconds))

    def set(self, instant: datetime | date) -> datetime:
        """Sets the clock, backwards too: the world is made at historic instants. Returns the new instant."""
        self._base = _instant(instant)
        self._anchor = self._monotonic()
        self.save()
        return self._base

    def keep_in(self, path: Path) -> None:
        """From now on keeps the time in a file."""
        self._path = path
        self.save()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, the clock stands still but for `set` and `advance`: a world made twice gets the same
        stamps.
        """
        running, self._monotonic = self._monotonic, lambda: 0.0
        self._base, self._anchor = self._base + timedelta(seconds=running() - self._anchor), 0.0
        try:
            yield
        finally:
            self._monotonic = running
            self._anchor = running()

    def save(self) -> None:
        """Writes the present instant to the file; the sandbox calls it more often than `RESUME_MARGIN`."""
        if self._path is None:
            return
        beside = self._path.with_suffix(".tmp")
        beside.write_text(json.dumps({"now": self.now().isoformat()}))
        beside.replace(self._path)


def _instant(moment: datetime | date) -> datetime:
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return moment.astimezone(UTC)
    return datetime.combine(moment, START_OF_DAY)
