"""What a person can do about an error that is not Tieout's own: a vendor that lets nobody in, a disk that is full.

In: the error that stopped a command. Out: one line that names the setting or the place, and the remedy.
What does not belong here: Tieout's own errors, which carry their remedy (`errors.py`); exit codes (`cli.py`).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from pipelines.transport.errors import CredentialsRefused, PermissionRefused, RecordNotFound, Unreachable, VendorError

_CREDENTIALS = {
    "atlas_etrm": ("USERNAME", "PASSWORD"),
    "atlas_accounting": ("EMAIL", "PASSWORD"),
    "atlar": ("ACCESS_KEY", "SECRET"),
}
_SPOKEN = {"atlas_accounting": "DIALECT", "atlar": "ROUTES"}
"""Which setting decides the paths."""
_NO_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR)
_NO_ACCESS_IN_WORDS = ("readonly database", "permission denied", "read-only file system", "unable to open database")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM_IN_WORDS = ("no space left", "disk is full", "disk i/o error", "file too large", "quota exceeded")
"""As SQLite, DuckDB and Arrow say it; SQLite calls it an I/O error where the system cuts its file short."""


def of_vendor(problem: VendorError) -> str:
    """The vendor's refusal with the call it answered and what helps."""
    told = " at ".join([str(problem), *getattr(problem, "__notes__", [])[:1]])
    prefix = f"SOURCES__{problem.system.upper()}__"
    if isinstance(problem, CredentialsRefused) and problem.system in _CREDENTIALS:
        names = " and ".join(f"{prefix}{name}" for name in _CREDENTIALS[problem.system])
        return f"{told}. Check {names}; tieout doctor tries them alone"
    if isinstance(problem, Unreachable):
        return f"{told}. Check {prefix}BASE_URL and the network, or try later: nothing landed is lost"
    if isinstance(problem, PermissionRefused):
        return f"{told}. The user lacks the permission; tieout doctor shows which endpoints it may read"
    if isinstance(problem, RecordNotFound) and problem.system in _SPOKEN:
        return (
            f"{told}. Check {prefix}BASE_URL and {prefix}{_SPOKEN[problem.system]}; tieout doctor shows what is there"
        )
    return told


def of_full_disk(problem: BaseException) -> str | None:
    """Says that there is no room, or None where that was not the reason."""
    for each in _chain(problem):
        is_full = isinstance(each, OSError) and each.errno in _NO_ROOM
        words = str(each).splitlines()[0] if str(each) else ""
        if is_full or any(said in words.lower() for said in _NO_ROOM_IN_WORDS):
            return (
                f"no room to write ({words or 'disk full'}). Free some where TIEOUT_DATA_DIR lies and run the command "
                "again: what was landed and what was sent is known, the rest is redone"
            )
    return None


def of_place(problem: BaseException) -> str | None:
    """Says which file or folder cannot be used and what to look at, or None where that was not the reason."""
    for each in _chain(problem):
        if isinstance(each, OSError) and each.errno in _NO_ACCESS:
            where = f"{each.filename}: " if each.filename else ""
            return f"{where}{each.strerror}. Check who may write below TIEOUT_DATA_DIR; nothing was lost"
        words = str(each).splitlines()[0] if str(each) else ""
        if any(said in words.lower() for said in _NO_ACCESS_IN_WORDS):
            # SQLAlchemy quotes SQLite, which names no file; there is but one that it opens.
            words = words.replace("(sqlite3.OperationalError) ", "operations.sqlite: ")
            return f"{words}. Check who may write below TIEOUT_DATA_DIR; nothing was lost"
    return None


def is_interrupted(problem: BaseException) -> bool:
    """Whether Ctrl-C stopped it, or a query of it: DuckDB says so by an error of its own."""
    return any(
        isinstance(each, KeyboardInterrupt) or (isinstance(each, RuntimeError) and str(each) == "Query interrupted")
        for each in _chain(problem)
    )


def noted(problem: BaseException) -> str:
    """What the run history says of it."""
    return "interrupted" if is_interrupted(problem) else str(problem) or type(problem).__name__


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it was raised from or while handling."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or problem.__context__
