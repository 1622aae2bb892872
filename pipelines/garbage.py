"""Python's search for cycles of garbage, held off where it only costs.

In: nothing. Out: `held_off`. A landing makes no cycles, but each search looks at every record of its answer, and what
is imported meanwhile causes dozens. What is no cycle is freed at once all the same.
"""

from __future__ import annotations

import gc
import threading


class _HeldOff:
    """Counts those who hold it off, in any thread; the last of them leaves it as the first found it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._holders:
                self._was_on = gc.isenabled()
                gc.disable()
            self._holders += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders and self._was_on:
                gc.enable()


held_off = _HeldOff()
"""Used as a context."""
