"""Work on consecutive pieces, done in threads ahead of whoever takes the results, in order.

In: pieces and what to do with each. Out: the results, in the pieces' order; never more than a few wait, so memory
stays bounded. Arrow and DuckDB let go of Python's lock while they work, so two pieces really are done at once.
What does not belong here: what the work is (`landing.py`, `versions/versioning.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

STEP = 20_480
"""Records in a piece: enough that starting it costs nothing, few enough that several fit beside a large answer."""

_AT_ONCE = 2
_WAITING = 3

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def in_order(work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[Result]:
    """Yields work(piece) of each piece in order; a single piece is done by the caller's own thread."""
    if len(pieces) < 2:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="ahead") as pool:
        coming: deque[Future[Result]] = deque()
        try:
            for piece in pieces:
                coming.append(pool.submit(work, piece))
                if len(coming) == _WAITING:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for left in coming:
                left.cancel()


def steps(count: int) -> list[range]:
    """The positions of `count` records, in pieces of `STEP`."""
    return [range(start, min(start + STEP, count)) for start in range(0, count, STEP)]
