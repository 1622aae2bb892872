"""Time that passes only when somebody sleeps, moments for landing, and JSON texts as records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from pipelines.transport.session import Clockwork


class VirtualClock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clockwork(self, handler: Callable[[httpx.Request], httpx.Response]) -> Clockwork:
        return Clockwork(
            sleep=self.sleep,
            monotonic=lambda: self.now,
            time=lambda: self.now,
            transport=httpx.MockTransport(handler),
        )


class Moments:
    """`now()` for landing: one second later each time."""

    def __init__(self) -> None:
        self.at = datetime(2026, 4, 10, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def raws(*records: str) -> list[msgspec.Raw]:
    """JSON texts as records."""
    return [msgspec.Raw(record.encode()) for record in records]
