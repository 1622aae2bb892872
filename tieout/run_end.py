"""The end of a run: its row in the run history, and the published snapshot.

In: a finished loop. Out: a row, a snapshot. What does not belong here: the rounds (`run.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from reverse_etl.operations import OperationsStore
from tieout import publish
from tieout.outcome import RunOutcome

if TYPE_CHECKING:
    from tieout.run import Loop


def finish(store: OperationsStore, outcome: RunOutcome, now: Callable[[], datetime]) -> None:
    """Notes in the run history how a run ended."""
    held = sum(outcome.figures.held.values()) if outcome.figures else 0
    store.finish_run(
        outcome.run_id,
        finished_at=now(),
        status="failed" if outcome.failure else "withheld" if outcome.withheld else "done",
        exit_code=int(outcome.exit_code),
        rounds=outcome.rounds,
        landed_rows=sum(outcome.landed.values()),
        requests=sum(outcome.requests.values()),
        planned=outcome.planned,
        sent=outcome.sent,
        rejected=outcome.rejected,
        unknown=outcome.unknown,
        held=held,
        seconds=sum(outcome.seconds.values()),
        message=outcome.failure,
    )


def publish_books(loop: Loop) -> None:
    """Publishes what was built; where nothing was, notes that the newest snapshot still holds."""
    outcome, paths = loop.outcome, loop.settings.paths
    # A hold is noted after the build that showed it, so the log may be ahead of the books by that much.
    is_behind = not outcome.was_built and loop.books.built_state() != loop.state()
    is_behind = is_behind or (outcome.was_built and loop.built_head != loop.store.head())
    with loop.timed("publish"):
        holds = not outcome.was_built and not is_behind
        published = publish.verified(paths, now=loop.now(), state=loop.books.built_state()) if holds else None
        if published is None:
            # The run itself has just ended: its row is the one thing the models do not know yet.
            loop.books.write_operations(loop.store.export(), loop.parameters)
            loop.books.build(
                changed_tables={"operations.runs"} | ({"operations.deliveries"} if is_behind else set()), seeds=False
            )
            if loop.is_part_tested or not outcome.was_built:
                # Also where a run that was killed built them: nobody knows how far its tests had come.
                loop.books.test_columns()
            state = loop.state()
            loop.books.note_built(state)
            published = publish.publish(paths, as_of=outcome.as_of.isoformat(), verified_at=loop.now(), state=state)
    outcome.warehouse = paths.warehouse
    outcome.snapshot = published.path
    outcome.snapshot_number = published.number
