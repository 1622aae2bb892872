"""When an open document becomes overdue: the vendor's nightly job, caught up with whenever the engine is used.

In: open documents and their due dates. Out: those whose due date has passed since the last look. Without it a status
would change by the calendar alone, with no new `updated_at` for a reader of changes to see. What does not belong here:
what a status means (`documents.py`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator


class DueDates:
    """Open documents by due date; a document paid or voided meanwhile is the caller's to skip."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []

    def clear(self) -> None:
        """Forgets everything."""
        self._waiting = []

    def watch(self, due_date: str, document_id: str) -> None:
        """Reports the document once its due date has passed."""
        heapq.heappush(self._waiting, (due_date, document_id))

    def passed(self, today: str) -> Iterator[str]:
        """Ids of the documents whose due date lies before today, each once."""
        while self._waiting and self._waiting[0][0] < today:
            yield heapq.heappop(self._waiting)[1]

    def any_passed(self, today: str) -> bool:
        """Whether there is something to report."""
        return bool(self._waiting) and self._waiting[0][0] < today
