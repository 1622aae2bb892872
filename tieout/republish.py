"""Publishes books that no run has just built, and says how old they are.

In: the work file, the run history. Out: a snapshot that stands for the day it was built for, verified when the vendors
were last asked. What does not belong here: building (`steps.py`, `run.py`), copying (`publish.py`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from reverse_etl.operations import OperationsStore
from tieout import lock, publish
from tieout.build import Books
from tieout.errors import SettingsError, TieoutError

if TYPE_CHECKING:
    from tieout.settings import Settings

PART = "extract-part-"
"""How the ids of extractions begin that did not ask every vendor about everything."""


def republish(settings: Settings, *, as_of: date | None) -> publish.Published:
    """Publishes the work file as the last build left it.

    Args:
        settings: the profile's.
        as_of: the business date it is taken to stand for; None takes the one it was built for.

    Raises:
        LockedError: another run works on the same data.
        TieoutError: there is no work file, its last build did not end well, or it stands for another day.
    """
    with lock.held(settings.paths.lock):
        if not settings.paths.work.exists():
            raise TieoutError(f"nothing to publish: {settings.paths.work} does not exist yet; run `tieout run` first")
        books = Books(settings)
        built_for = books.built_for()
        if built_for is None:
            raise TieoutError(
                f"nothing to publish: the last build of {settings.paths.work} did not end well, so its figures may not"
                " agree with each other; `tieout build` makes them anew and publishes them"
            )
        if as_of not in (None, built_for):
            raise SettingsError(
                f"--as-of {as_of}: the books were built for {built_for}; `tieout build --as-of {as_of}` builds them"
            )
        return publish.publish(
            settings.paths,
            as_of=built_for.isoformat(),
            verified_at=last_asked(settings),
            state=books.built_state(),
        )


def last_asked(settings: Settings) -> datetime:
    """Returns since when the vendors have not been asked about all tables: the start of the newest whole reading, UTC.

    Where the run history is lost, the newest landing file tells: they were asked then, perhaps later.
    """
    store = OperationsStore(f"sqlite:///{settings.paths.operations}")
    try:
        for run in store.runs(limit=1000):
            is_whole = run["run_id"].startswith(("run-", "extract-")) and not run["run_id"].startswith(PART)
            if is_whole and run["status"] in ("done", "withheld"):
                return datetime.fromisoformat(run["started_at"])
    finally:
        store.close()
    landed = [file.stat().st_mtime for file in settings.paths.landing.glob("*/*/*.parquet")]
    return datetime.fromtimestamp(max(landed, default=0), UTC)
