"""Reads raw records with all their versions: what a vendor said, when it was landed, from which file and load.

In: a raw table and ids. Out: `Record`s. What does not belong here: which records matter (`trail.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import duckdb

from tieout.commands.opened import Warehouse
from tieout.explain.explanation import Change, Record
from tieout.explain.masking import masked


def read(warehouse: Warehouse, table: str, ids: Sequence[Any], *, column: str = "id") -> list[Record]:
    """Returns the records of `raw_<system>.<table>` whose column is one of `ids`, by id, each with its history.

    Args:
        warehouse: The snapshot.
        table: As `atlas_etrm.orders`.
        ids: Nothing is read for none.
        column: The column to look in.
    """
    if not ids:
        return []
    try:
        rows = warehouse.rows(
            f"select * from raw_{table} where list_contains(?::varchar[], {column}::varchar)"  # noqa: S608 - our names
            " order by id, _landed_at, _landing_file",
            [[str(one) for one in ids]],
        )
    except duckdb.CatalogException:
        # A vendor's table that has never had a record is not there.
        return []
    versions: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        versions.setdefault(str(row["id"]), []).append(row)
    return [_record(f"raw_{table}", record_id, many) for record_id, many in versions.items()]


def _record(table: str, record_id: str, versions: Sequence[dict[str, Any]]) -> Record:
    spoken = [row for row in versions if not row["_is_deleted"]] or versions
    last = versions[-1]
    return Record(
        table=table,
        record_id=record_id,
        fields={name: value for name, value in _said(spoken[-1]).items() if value not in (None, "", [], {})},
        landed_at=last["_landed_at"],
        landing_file=last["_landing_file"],
        load_id=last["_dlt_load_id"],
        is_deleted=bool(last["_is_deleted"]),
        first_landed_at=versions[0]["_landed_at"],
        changes=[_change(before, after) for before, after in pairwise(versions)],
    )


def _change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    old, new = _said(before), _said(after)
    differing: Iterable[str] = [] if after["_is_deleted"] else [name for name in new if old.get(name) != new[name]]
    return Change(
        after["_landed_at"],
        after["_landing_file"],
        bool(after["_is_deleted"]),
        {name: (old.get(name), new[name]) for name in differing},
    )


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: masked(value, name) for name, value in row.items() if not name.startswith("_")}
