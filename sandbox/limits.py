"""How many requests a vendor takes, and when it takes the next.

In: the name of a client, per request. Out: a `Verdict` with what the vendor's headers need. What does not
belong here: the answer to a refused request; each vendor's server words it.

Limits count real seconds of `monotonic`, never the sandbox clock: moving the date must not hand out new
requests.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

ACCOUNTING_TIERS: dict[str, tuple[int, int]] = {
    "standard": (60, 10),
    "professional": (300, 50),
    "enterprise": (1000, 100),
    "unlimited": (0, 0),
}
"""Atlas Accounting's tiers: requests per minute and burst (its contract, section 3); 0 is unlimited."""


@dataclass(frozen=True)
class Verdict:
    """Whether a request is taken.

    Attributes:
        allowed: False is an HTTP 429.
        limit: Requests per window or minute; 0 when unlimited.
        remaining: Requests the client may still make at once.
        reset_seconds: Seconds until the full allowance is there again.
        retry_after: Whole seconds to wait before the next request; 0 when it is allowed.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: float
    retry_after: int


class Limiter(Protocol):
    """What a vendor's server asks before it does anything else."""

    def take(self, client: str) -> Verdict:
        """Counts one request of a client and says whether it is taken."""

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over the settings it knows (see `sandbox.control`) and returns those."""


class FixedWindow:
    """At most so many requests of a client in each window of 60 seconds (ATLAS ETRM contract, section 1).

    A client's window opens with its first request; a refused request does not prolong it.

    Args:
        requests_per_minute: 0 is unlimited.
        monotonic: Seconds that only grow.
    """

    def __init__(self, requests_per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = requests_per_minute
        self._monotonic = monotonic
        self._windows: dict[str, tuple[float, int]] = {}

    def take(self, client: str) -> Verdict:
        """Counts one request of a client; over the limit, the wait is what is left of the window."""
        if self._limit == 0:
            return Verdict(True, 0, 0, 0.0, 0)
        now = self._monotonic()
        opened, count = self._windows.get(client, (now, 0))
        if now - opened >= 60:
            opened, count = now, 0
        left = 60 - (now - opened)
        if count >= self._limit:
            return Verdict(False, self._limit, 0, left, math.ceil(left))
        self._windows[client] = (opened, count + 1)
        return Verdict(True, self._limit, self._limit - count - 1, left, 0)

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over `requests_per_minute`; windows that are open are forgotten.

        Raises:
            ValueError: it is not a whole number ≥ 0.
        """
        if "requests_per_minute" not in values:
            return {}
        self._limit = _count("requests_per_minute", values)
        self._windows.clear()
        return {"requests_per_minute": self._limit}


class TokenBucket:
    """A bucket per client that holds `burst` requests and refills evenly (Atlas Accounting, Atlar).

    Args:
        requests_per_minute: The refill; 0 is unlimited.
        burst: Depth of the bucket; by default one second's refill, at least 1.
        tiers: Named pairs of refill and depth that `change` accepts as `tier`.
        monotonic: Seconds that only grow.
    """

    def __init__(
        self,
        requests_per_minute: int,
        burst: int | None = None,
        *,
        tiers: dict[str, tuple[int, int]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tiers = tiers or {}
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}
        self._set(requests_per_minute, burst)

    @classmethod
    def of_tier(cls, tier: str, *, monotonic: Callable[[], float] = time.monotonic) -> TokenBucket:
        """The bucket of one of Atlas Accounting's tiers, which may be changed to another one later."""
        requests_per_minute, burst = ACCOUNTING_TIERS[tier]
        return cls(requests_per_minute, burst, tiers=ACCOUNTING_TIERS, monotonic=monotonic)

    def take(self, client: str) -> Verdict:
        """Takes one token of a client's bucket; an empty one says when the next token falls in."""
        if self._limit == 0:
            return Verdict(True, 0, 0, 0.0, 0)
        now, per_second = self._monotonic(), self._limit / 60
        seen, tokens = self._buckets.get(client, (now, float(self._burst)))
        tokens = min(float(self._burst), tokens + (now - seen) * per_second)
        allowed = tokens >= 1
        if allowed:
            tokens -= 1
        self._buckets[client] = (now, tokens)
        refill = (self._burst - tokens) / per_second
        wait = 0 if allowed else max(1, math.ceil((1 - tokens) / per_second))
        return Verdict(allowed, self._limit, int(tokens), refill, wait)

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over `tier`, or `requests_per_minute` or `requests_per_second`, with or without `burst`.

        Raises:
            ValueError: an unknown tier, or a figure that is not a whole number ≥ 0.
        """
        known = {
            name: values[name] for name in ("requests_per_minute", "requests_per_second", "burst") if name in values
        }
        if self._tiers and "tier" in values:
            if values["tier"] not in self._tiers:
                raise ValueError(f"tier must be one of {', '.join(self._tiers)}")
            self._set(*self._tiers[values["tier"]])
            known["tier"] = values["tier"]
        elif known:
            per_minute = self._limit
            if "requests_per_minute" in values:
                per_minute = _count("requests_per_minute", values)
            elif "requests_per_second" in values:
                per_minute = _count("requests_per_second", values) * 60
            self._set(per_minute, _count("burst", values) if "burst" in values else None)
        return known

    def _set(self, requests_per_minute: int, burst: int | None) -> None:
        self._limit = requests_per_minute
        self._burst = max(1, requests_per_minute // 60 if burst is None else burst)
        self._buckets.clear()


def _count(name: str, values: dict[str, Any]) -> int:
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number, 0 for unlimited")
    return value
