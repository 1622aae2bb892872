"""Staying under a vendor's rate limit by pacing, rather than by running into 429.

In: a declared limit, and what the vendor says in its headers. Out: `Pacer.acquire()`, which returns when a request
may go. One pacer per vendor, shared by all its threads. Time is passed in.
What does not belong here: repeating requests (`session.py`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol

import msgspec

_LONGEST_RESET = 120.0
"""A reset further away than this is a clock that disagrees with ours, not a limit."""

_SHORTEST_WAIT = 0.001
"""Less is rounding: waiting it out again and again would not move the clock."""


class Limit(Protocol):
    """Decides how long the next request has to wait."""

    def reserve(self, now: float) -> float:
        """Books one request and returns 0, or returns the seconds after which to ask again, booking nothing."""


class Unlimited:
    """No limit."""

    def reserve(self, now: float) -> float:
        """Always now."""
        return 0.0


class TokenBucket:
    """At most `burst` at once, refilled at `per_second` (contract atlas-accounting section 3, read so)."""

    def __init__(self, per_second: float, burst: float) -> None:
        self.per_second = per_second
        self.burst = max(1.0, burst)
        self._tokens = self.burst
        self._at: float | None = None

    def reserve(self, now: float) -> float:
        """See `Limit.reserve`."""
        if self._at is not None:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self.per_second


class SlidingWindow:
    """At most `count` in any `seconds`: safe under a fixed window too, wherever the vendor's begins."""

    def __init__(self, count: int, seconds: float = 60.0) -> None:
        self.count = max(1, count)
        self.seconds = seconds
        self._sent: deque[float] = deque()

    def sent(self) -> list[float]:
        """When the requests still in the window were sent."""
        return list(self._sent)

    def remember(self, sent: Iterable[float]) -> None:
        """Counts requests that somebody else sent, on the same clock."""
        self._sent = deque(sorted([*self._sent, *sent]))

    def reserve(self, now: float) -> float:
        """See `Limit.reserve`."""
        while self._sent and self._sent[0] <= now - self.seconds:
            self._sent.popleft()
        if len(self._sent) < self.count:
            self._sent.append(now)
            return 0.0
        return self._sent[0] + self.seconds - now


class Times(Protocol):
    """The two clocks a memory needs: one that only grows, and one that other processes share."""

    @property
    def monotonic(self) -> Callable[[], float]:
        """Seconds since some moment."""

    @property
    def time(self) -> Callable[[], float]:
        """Seconds since 1970."""


class PaceMemory:
    """Hands a window's last requests from one process to the next, by a small file. A lost or odd file is no memory."""

    def __init__(self, window: SlidingWindow, file: Path, times: Times) -> None:
        """Reads the file; requests of the last window count from now on."""
        self._window, self._file, self._times = window, file, times
        now = times.time()
        try:
            sent = msgspec.json.decode(file.read_bytes(), type=list[float])
        except (OSError, msgspec.MsgspecError):
            sent = []
        offset = times.monotonic() - now
        window.remember(at + offset for at in sent if now - window.seconds < at <= now)

    def save(self) -> None:
        """Writes the file anew."""
        offset = self._times.time() - self._times.monotonic()
        temporary = self._file.with_suffix(".tmp")
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(msgspec.json.encode([at + offset for at in self._window.sent()]))
        temporary.replace(self._file)


class Pacer:
    """Lets requests through at the pace of a limit, and holds all of them after a refusal."""

    def __init__(self, limit: Limit, *, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._sleep = sleep
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held_until = float("-inf")

    def acquire(self) -> None:
        """Returns when the next request may be sent; sleeps meanwhile."""
        while True:
            with self._lock:
                now = self._monotonic()
                wait = self._held_until - now
                if wait <= 0:
                    wait = self._limit.reserve(now)
            if wait <= 0:
                return
            self._sleep(max(wait, _SHORTEST_WAIT))

    def hold(self, seconds: float) -> None:
        """Nobody sends for that long: one thread's refusal concerns all of them."""
        with self._lock:
            self._held_until = max(self._held_until, self._monotonic() + seconds)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Believes the vendor where it says that nothing remains (`X-RateLimit-Remaining: 0`)."""
        if headers.get("x-ratelimit-remaining", "").strip() == "0":
            reset = seconds_until_reset(headers)
            if reset:
                self.hold(reset)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a refusal asks us to wait: `Retry-After` (seconds or date), else the reset, else None."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    until = _http_date(value)
    served = _http_date(headers.get("date", ""))
    if until is not None and served is not None:
        return max(0.0, until - served)
    return seconds_until_reset(headers)


def seconds_until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds to `X-RateLimit-Reset` (epoch), measured on the vendor's own clock; None where it makes no sense."""
    served = _http_date(headers.get("date", ""))
    try:
        reset = float(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    if served is None:
        return None
    # `Date` is cut to the second, so the true wait is up to one second shorter, never longer.
    return reset - served if 0 <= reset - served <= _LONGEST_RESET else None


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
