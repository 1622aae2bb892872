"""The shrink guard: a full read that shows far fewer records than are landed is refused, not believed.

In: what a read covered and how many records it brought, and the latest version of each record. Out: a `Shrunk`
where less than four fifths of what was there came, or None. A vendor that answers half of a table under HTTP 200 would
otherwise have the other half declared gone, and with it the books' invoices.
What does not belong here: what happens then (`extract.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from pipelines import in_memory
from pipelines.extract_result import ExtractResult
from pipelines.raw_table import RawTable
from pipelines.transport.errors import UnexpectedAnswer
from pipelines.versions.versioning import Scope

LEAST_PERCENT = 80
"""Of the records landed, a full read must bring at least so many."""

SMALLEST = 10
"""Tables of fewer records may shrink as they like: one record more or less is too much of them."""

NEVER_EMPTY = frozenset(
    (
        "atlas_etrm.counterparties",
        "atlas_etrm.custom_field_definitions",
        "atlas_accounting.accounts",
        "atlar.accounts",
        "atlar.entities",
        "atlar.connections",
        "atlar.gl_entities",
        "atlar.gl_accounts",
    )
)
"""Master data, of which nobody deletes the last record: however few they are, none at all is a lost permission."""

SHORT_LIVED = frozenset(("atlar.pending_transactions",))
"""Tables whose records leave by themselves: a pending transaction is gone as soon as it is booked."""


@dataclass(frozen=True)
class Shrunk:
    """A full read that was refused."""

    table: str
    """`<system>.<table>`."""
    held: int
    """Records landed and not gone, in the part of the table that was read."""
    received: int

    def __str__(self) -> str:
        return (
            f"{self.table} has shrunk from {self.held:,} records to {self.received:,}, below {LEAST_PERCENT} %: nothing"
            f" of this read was landed. If it is right: tieout extract --only {self.table} --accept-shrink"
        )


class SnapshotShrunkError(UnexpectedAnswer):
    """At least one table was refused; all others were landed and loaded, as `result` says."""

    def __init__(self, shrunk: tuple[Shrunk, ...], result: ExtractResult) -> None:
        super().__init__(shrunk[0].table.partition(".")[0], "; ".join(map(str, shrunk)))
        self.shrunk = shrunk
        self.result = result

    def __str__(self) -> str:
        return "; ".join(map(str, self.shrunk))


def shrunk(table: RawTable, received: int, latest: pa.Table, scope: Scope | None) -> Shrunk | None:
    """Compares a read with what is landed.

    Args:
        table: What was read.
        received: How many records came, refused ones included.
        latest: The latest version of each record, as `Landing.latest` gives them.
        scope: The part that was read in full; None claims nothing and is never refused.
    """
    name = f"{table.system}.{table.name}"
    if scope is None or name in SHORT_LIVED or received >= latest.num_rows:
        return None
    with in_memory.cursor() as connection:
        connection.register("latest", latest)
        counted = connection.execute(
            f"select count(*) from latest where not _is_deleted and {scope.condition()}"  # noqa: S608 - our own names
        ).fetchone()
    held = counted[0] if counted else 0
    if received == 0 and held and name in NEVER_EMPTY:
        return Shrunk(name, held, received)
    if held < SMALLEST or received * 100 >= held * LEAST_PERCENT:
        return None
    return Shrunk(name, held, received)
