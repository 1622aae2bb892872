"""Quarantined records: which are still open, trying them again, and what became of them.

In: `landing/quarantine/records/` (what was refused, append-only) and what has been landed since.
Out: `landing/quarantine/resolutions/` (append-only: which refusal was settled, how, when), and in the work file the
columns `resolved_at` and `resolution` of `quarantine.records`. A refusal is settled when its record `landed` after
all, when a good version of the same key has `superseded` it, or when the record is `gone`; nothing is ever deleted,
so received = landed + quarantined holds for every read there was.
What does not belong here: refusing (`landing.py`, `records/`), which are open (`refusals.py`), what a read
settles (`settling.py`), loading (`loading/`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines import in_memory
from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.records.typed import type_records
from pipelines.refusals import CONTRADICTION, RESOLUTIONS, WHOLE_ANSWER, Refusal
from pipelines.versions.versioning import key_text


@dataclass(frozen=True)
class Retried:
    """What trying again brought; `tried` = landed + superseded + still open."""

    tried: int
    landed: dict[str, int]
    """Refusals whose record fits now and is landed, by table."""
    superseded: int
    """Refusals that a good version of the same record, or its disappearance, had settled already."""
    still_open: int


def open_refusals(landing: Landing) -> list[Refusal]:
    """What is in quarantine and not settled, oldest first."""
    return list(landing.open_refusals().values())


def settle(landing: Landing, tables: Iterable[RawTable], answered: frozenset[str] = frozenset()) -> int:
    """Settles the refusals whose record has since been landed in a good version, or is gone.

    Args:
        landing: The landing folder.
        tables: Every raw table there is.
        answered: Tables, as `<system>.<table>`, that have just been read to their end.

    Returns:
        How many refusals were settled.
    """
    refusals = open_refusals(landing)
    outcomes = _overtaken(landing, {f"{table.system}.{table.name}": table for table in tables}, refusals)
    for refusal in refusals:
        if refusal.table in answered and refusal.reason.startswith(WHOLE_ANSWER):
            outcomes[refusal.fingerprint] = "superseded"
    landing.resolve(outcomes)
    return len(outcomes)


Reader = Callable[[Landing, Mapping[str, bytes]], Mapping[str, str]]
"""Reads payloads that are files, by their fingerprints: lands what it can, and says what became of it."""


def retry(
    landing: Landing,
    tables: Iterable[RawTable],
    only: frozenset[str] | None = None,
    readers: Mapping[str, Reader] | None = None,
) -> Retried:
    """Types every open refusal again with today's declarations, and lands what fits.

    Args:
        landing: Where to land.
        tables: Every raw table there is.
        only: Tables, as `<system>.<table>`; None is all.
        readers: Of tables whose payloads are files.
    """
    declared = {f"{table.system}.{table.name}": table for table in tables}
    refusals = [refusal for refusal in open_refusals(landing) if only is None or refusal.table in only]
    outcomes = _overtaken(landing, declared, refusals)
    landed: Counter[str] = Counter()
    for name, table in declared.items():
        candidates = [
            refusal
            for refusal in refusals
            if refusal.table == name
            and refusal.fingerprint not in outcomes
            and refusal.reason != CONTRADICTION
            and not refusal.reason.startswith(WHOLE_ANSWER)
        ]
        if candidates and name in (readers or {}):
            told = (readers or {})[name](landing, {each.fingerprint: each.payload.encode() for each in candidates})
            candidates = [refusal for refusal in candidates if refusal.fingerprint not in told]
            outcomes |= told
            landed[name] += sum(outcome == "landed" for outcome in told.values())
        fitting = [refusal for refusal in candidates if not type_records(table, [refusal.record]).misfits]
        if not fitting:
            continue
        newest = {refusal.record_key or refusal.fingerprint: refusal for refusal in fitting}  # they are oldest first
        landing.land(table, [refusal.record for refusal in newest.values()], last_wins=True, settles=False)
        for refusal in fitting:
            is_newest = newest[refusal.record_key or refusal.fingerprint] is refusal
            outcomes[refusal.fingerprint] = "landed" if is_newest else "superseded"
            landed[name] += is_newest
    landing.resolve(outcomes)
    superseded = len(outcomes) - landed.total()
    still_open = len(refusals) - len(outcomes)
    return Retried(len(refusals), {name: count for name, count in landed.items() if count}, superseded, still_open)


def show_in_work_file(landing: Landing) -> int:
    """Writes into `quarantine.records` of the work file which refusals are settled, as the resolutions say.

    Args:
        landing: Its work file; where the table is not there yet, nothing happens.

    Returns:
        How many rows were found settled that were not shown so.
    """
    columns = _columns(landing)
    if not columns:
        return 0
    files = {"files": [str(file) for file in landing.files(*RESOLUTIONS)]}
    if not {"resolved_at", "resolution"} <= columns:
        with duckdb.connect(str(landing.work_path)) as connection:
            for column in ("resolved_at timestamptz", "resolution varchar"):
                connection.execute(f"alter table quarantine.records add column if not exists {column}")
    if not files["files"]:
        return 0
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        query = f"select count(*) from quarantine.records as refused, {_SETTLED}"  # noqa: S608 - our own text
        found = connection.execute(query, files).fetchone()
    count = int(found[0]) if found else 0
    if count:
        with duckdb.connect(str(landing.work_path)) as connection:
            connection.execute(
                "update quarantine.records as refused"  # noqa: S608 - our own text
                f" set resolved_at = settled.resolved_at, resolution = settled.resolution from {_SETTLED}",
                files,
            )
    return count


_SETTLED = """
    (
        select _fingerprint, max(resolved_at) as resolved_at, arg_max(resolution, resolved_at) as resolution
        from read_parquet($files)
        group by _fingerprint
    ) as settled
    where
        settled._fingerprint = refused._fingerprint
        and refused.resolved_at is null
        and settled.resolved_at >= refused.quarantined_at
"""


def _columns(landing: Landing) -> set[str]:
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        rows = connection.execute(
            "select column_name from information_schema.columns"
            " where table_schema = 'quarantine' and table_name = 'records'"
        ).fetchall()
    return {name for (name,) in rows}


def _overtaken(landing: Landing, declared: Mapping[str, RawTable], refusals: Sequence[Refusal]) -> dict[str, str]:
    """Refusals whose key was landed (or called gone) after they were refused: fingerprint → resolution."""
    outcomes: dict[str, str] = {}
    for name, table in declared.items():
        mine = [refusal for refusal in refusals if refusal.table == name and refusal.record_key is not None]
        if not mine:
            continue
        latest = _latest(landing, table, {str(refusal.record_key) for refusal in mine})
        for refusal in mine:
            version = latest.get(str(refusal.record_key))
            if version is not None and version["_landed_at"] > refusal.quarantined_at:
                outcomes[refusal.fingerprint] = "gone" if version["_is_deleted"] else "superseded"
    return outcomes


def _latest(landing: Landing, table: RawTable, keys: set[str]) -> dict[str, dict[str, Any]]:
    """The latest versions of some records, by key as quarantine writes it: parts joined by `|`."""
    with in_memory.cursor() as connection:
        connection.register("latest", landing.latest(table))
        rows = connection.execute(
            f"select {key_text(table)} as key, _landed_at, _is_deleted from latest"  # noqa: S608 - declared names
            " where key in (select unnest($keys))",
            {"keys": sorted(keys)},
        ).fetchall()
    return {key: {"_landed_at": landed_at, "_is_deleted": is_deleted} for key, landed_at, is_deleted in rows}
