"""History as a queue of things that happen at instants, carried out in order.

In: instants and actions; an action may add later ones. Out: the clock set to each instant before its action. What
does not belong here: what happens.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

from sandbox.clock import SandboxClock

Action = Callable[[], object]


class Timeline:
    """Actions by instant; those of the same instant in the order in which they were added."""

    def __init__(self) -> None:
        self._queue: list[tuple[datetime, int, Action]] = []
        self._added = 0

    def add(self, instant: datetime, action: Action) -> None:
        """Lets something happen at an instant."""
        heapq.heappush(self._queue, (instant, self._added, action))
        self._added += 1

    def run(self, clock: SandboxClock, until: datetime) -> None:
        """Carries out everything before an instant and leaves the clock at that instant.

        Raises:
            ValueError: something is left that would happen later: the history must end at the business date.
        """
        while self._queue and self._queue[0][0] < until:
            instant, _, action = heapq.heappop(self._queue)
            clock.set(instant)
            action()
        if self._queue:
            raise ValueError(f"the history goes on after its end: {self._queue[0][0]}")
        clock.set(until)
