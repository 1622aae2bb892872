"""Publishes the work file as an immutable, read-only copy under the name analysts open.

In: `work.duckdb`, closed. Out: `snapshots/warehouse_<n>.duckdb`, and `warehouse.duckdb` pointing at it.
A reader of an older copy keeps it: the name is switched in one step and nothing is written in place.
What does not belong here: building anything.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from tieout.errors import TieoutError
from tieout.settings import Paths

SNAPSHOTS_KEPT = 5

_NUMBER = re.compile(r"^warehouse_(\d+)\.duckdb$")


@dataclass(frozen=True)
class Published:
    """A published snapshot and when its figures were last known to be the vendors' present state."""

    path: Path
    number: int
    as_of: str
    verified_at: datetime
    state: str | None = None
    """The fingerprint of the build it was copied from; None where nobody said."""


def publish(paths: Paths, *, as_of: str, verified_at: datetime, state: str | None = None) -> Published:
    """Copies the work file, makes the copy durable, then switches the name.

    Args:
        paths: the profile's files; nobody may have the work file open.
        as_of: the business date the figures stand for.
        verified_at: when the vendors were last asked about what the file holds, UTC; not the instant of publication.
        state: the fingerprint of the build the file holds.

    Raises:
        TieoutError: there is nothing to publish.
    """
    if not paths.work.exists():
        raise TieoutError(f"nothing to publish: {paths.work} does not exist yet; run `tieout run` first")
    with duckdb.connect(str(paths.work)) as connection:
        connection.execute("checkpoint")
    paths.snapshots.mkdir(parents=True, exist_ok=True)
    number = max(snapshot_numbers(paths), default=0) + 1
    target = paths.snapshots / f"warehouse_{number}.duckdb"
    partial = target.with_suffix(".partial")
    shutil.copyfile(paths.work, partial)
    _sync_to_disk(partial)
    partial.chmod(0o444)  # Readers open it read-only; the mode says so to everybody else.
    partial.replace(target)
    _switch(paths.warehouse, Path(paths.snapshots.name) / target.name)
    _sync_to_disk(paths.snapshots)
    published = Published(target, number, as_of, verified_at, state)
    _note(paths, published)
    _drop_old(paths, keep=number)
    return published


def verified(paths: Paths, *, now: datetime, state: str | None = None) -> Published | None:
    """Notes that the newest snapshot still is the vendors' present state: a run looked and nothing had changed.

    Returns:
        The snapshot; None when there is none, or when it was copied from another build than `state`: a run that
        was killed between building and publishing has left newer books than readers can see.
    """
    found = current(paths)
    if found is None or found.state != state:
        return None
    fresh = replace(found, verified_at=now)
    _note(paths, fresh)
    return fresh


def current(paths: Paths) -> Published | None:
    """Returns the newest published snapshot, or None when there is none."""
    try:
        told = json.loads((paths.snapshots / "current.json").read_text())
        path = paths.warehouse.resolve(strict=True)
    except (OSError, ValueError):
        return None
    match = _NUMBER.match(path.name)
    if match is None:
        return None
    verified_at = datetime.fromisoformat(told["verified_at"])
    return Published(path, int(match[1]), told["as_of"], verified_at, told.get("state"))


def snapshot_numbers(paths: Paths) -> list[int]:
    """Returns the numbers of the snapshots that are there, in no order."""
    if not paths.snapshots.exists():
        return []
    return [int(match[1]) for entry in paths.snapshots.iterdir() if (match := _NUMBER.match(entry.name))]


def _note(paths: Paths, published: Published) -> None:
    note = paths.snapshots / "current.json"
    partial = note.with_suffix(".partial")
    partial.write_text(
        json.dumps(
            {
                "snapshot": published.number,
                "as_of": published.as_of,
                "verified_at": published.verified_at.isoformat(),
                "state": published.state,
            }
        )
    )
    partial.replace(note)


def _switch(link: Path, target: Path) -> None:
    # A link cannot be changed in place; a second one renamed over it is atomic, so no reader finds no warehouse.
    fresh = link.with_suffix(".switching")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drop_old(paths: Paths, *, keep: int) -> None:
    for number in snapshot_numbers(paths):
        if number <= keep - SNAPSHOTS_KEPT:
            (paths.snapshots / f"warehouse_{number}.duckdb").unlink(missing_ok=True)
    for partial in paths.snapshots.glob("*.partial"):
        partial.unlink(missing_ok=True)
