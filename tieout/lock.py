"""One run at a time: the lock every command that writes must hold.

In: the lock file's path. Out: a context. What does not belong here: waiting; a second run says so and leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tieout.errors import LockedError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the profile's lock; the operating system lets go of it however the process ends.

    Raises:
        LockedError: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockedError(f"another run holds {path}; it works on the same data. Try again when it has ended") from None
    try:
        yield
    finally:
        lock.release()
