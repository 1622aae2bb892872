"""Staying under a vendor's rate limit by pacing, rather than by running into 429.

In: a declared limit, and what the vendor says in its headers. Out: `Pacer.acquire()`, which returns when a request
may go. One pacer per vendor, shared by all its threads. Time is passed in.
What does not belong here: repeating requests (`session.py`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Protocol

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

    def reserve(self, now: float) -> float:
        """See `Limit.reserve`."""
        while self._sent and self._sent[0] <= now - self.seconds:
            self._sent.popleft()
        if len(self._sent) < self.count:
            self._sent.append(now)
            return 0.0
        return self._sent[0] + self.seconds - now


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
