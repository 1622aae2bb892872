"""Which members records have, beside what is declared of them: most of the contracts' open assumptions are spellings.

In: records as the vendor wrote them and the raw table that is made of them. Out: a `Finding`.
What does not belong here: values (`order_answers.py`, `atlar_answers.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from pipelines.raw_table import RawTable
from tieout.doctor.examination import Finding

Record = dict[str, Any]


def members(table: RawTable, records: Sequence[Record], needed: Collection[str], assumption: str) -> Finding | None:
    """Compares the members of some records with the declared ones.

    Args:
        table: What is declared; a member that is not declared is kept in `_unknown_fields`.
        records: A sample; nothing is told of an empty one.
        needed: Members that the books cannot do without; of spellings parted by `|`, one.
        assumption: Its number in the contract.
    """
    if not records:
        return None
    given = {member for record in records for member in record}
    lacking = [each for each in needed if given.isdisjoint(each.split("|"))]
    declared = {column.field for column in table.columns}
    never = sorted(declared - given)
    more = sorted(given - declared)
    told = f"there is no {', '.join(lacking)}" if lacking else "all that is needed is there"
    told += f"; besides {', '.join(more)}" if more else ""
    return Finding(
        f"Which members {table.name.replace('_', ' ')} have (assumption {assumption})",
        told,
        {"lacking": lacking, "besides": more, "not_seen": never, "looked_at": len(records)},
        agrees=not lacking,
    )


def values(question: str, records: Sequence[Record], member: str, known: Collection[str]) -> Finding:
    """Counts the values of a member, and names those that the contract does not know."""
    counts = Counter(str(record.get(member)) for record in records)
    unknown = sorted(set(counts) - set(known))
    told = ", ".join(f"{value} ({count})" for value, count in counts.most_common()) or "there are no records"
    lacking = f"; the contract does not know {', '.join(unknown)}" if unknown else ""
    return Finding(
        question, told + lacking, {"counts": dict(counts), "unknown": unknown}, agrees=not unknown if counts else None
    )


def only_others_tell(told: dict[str, str]) -> Finding:
    """Names the assumptions that no read can answer."""
    return Finding("What only a write or the vendor can tell (assumptions)", ", ".join(told), dict(told))
