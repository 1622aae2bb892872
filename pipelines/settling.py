"""Which refusals a read settles.

In: the open refusals, and what the vendor just showed of a table. Out: what became of those it answers.
What does not belong here: noting it (`landing.py`), trying refused records again (`quarantine.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa

from pipelines import in_memory
from pipelines.raw_table import RawTable
from pipelines.records import careful
from pipelines.records.typed import Misfit
from pipelines.refusals import WHOLE_ANSWER, Refusal
from pipelines.versions.versioning import Scope, key_text


def outcomes(
    refusals: Iterable[Refusal],
    table: RawTable,
    shown: Callable[[], Sequence[pa.Table]],
    misfits: Sequence[Misfit],
    again: frozenset[str],
    scope: Scope | None,
) -> dict[str, str]:
    """What a read says of the refusals of its table: their record came good, came otherwise, or is gone.

    A record that returned to the very version that is landed makes no version, and one that never landed makes no
    tombstone: what the vendor shows is the only thing that tells.

    Args:
        refusals: The open ones, of any table.
        table: What was read.
        shown: Gives the key columns of the records that fit; asked only where something is to be settled.
        misfits: The records that did not.
        again: The fingerprints of the misfits: their refusals stay open.
        scope: What was read in full; None says nothing about what is gone.

    Returns:
        `superseded` or `gone`, by the refusal's fingerprint.
    """
    asked = [
        refusal
        for refusal in refusals
        if refusal.table == f"{table.system}.{table.name}"
        and refusal.fingerprint not in again
        and not refusal.reason.startswith(WHOLE_ANSWER)
    ]
    if not asked:
        return {}
    good = _keys_among(table, shown(), {refusal.record_key for refusal in asked if refusal.record_key is not None})
    refused = {misfit.record_key for misfit in misfits}
    found: dict[str, str] = {}
    for refusal in asked:
        if refusal.record_key is not None and refusal.record_key in good | refused:
            found[refusal.fingerprint] = "superseded"
        # A misfit without a key could be any of the missing ones: then nothing is called gone.
        elif None not in refused and scope is not None and _covers(scope, table, refusal):
            found[refusal.fingerprint] = "gone"
    return found


def _keys_among(table: RawTable, shown: Sequence[pa.Table], wanted: set[str]) -> set[str]:
    if not wanted:
        return set()
    with in_memory.cursor() as connection:
        connection.register("shown", pa.concat_tables([rows.select(list(table.key)) for rows in shown]))
        rows = connection.execute(
            f"select {key_text(table)} as key from shown where key in (select unnest($keys))",  # noqa: S608
            {"keys": sorted(wanted)},
        ).fetchall()
    return {key for (key,) in rows}


def _covers(scope: Scope, table: RawTable, refusal: Refusal) -> bool:
    """Whether a read of that part would have shown the record, had it still been there."""
    if scope.column is None:
        return True
    declared = next(column for column in table.columns if column.name == scope.column)
    (members,) = careful.members([refusal.record], {})
    day = careful.column(declared, [members.get(declared.field, careful.NULL)], {})[0].as_py()
    return day is not None and scope.since is not None and day >= scope.since
