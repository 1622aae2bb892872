"""Names the deliveries that are to be taken back: those of a record, of a run, or of a plan.

In: the operations store. Out: the latest delivered write of each record, latest first.
What does not belong here: whether it can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reverse_etl.catalog import BY_NAME
from reverse_etl.holds import order_of
from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import DELIVERIES
from tieout.undo.present import TABLES, TAKES_BACK, written_id


def deliveries(
    store: OperationsStore, *, record: str | None = None, run_id: str | None = None, plan_id: str | None = None
) -> list[dict[str, Any]]:
    """Returns the deliveries meant; of each sync and key the latest, what was taken back before left out.

    Args:
        store: the operations store.
        record: `order:210`, or a sync's key (`PAYMENT/<id>`).
        run_id: everything a run wrote.
        plan_id: everything a plan wrote.
    """
    if record is not None:
        order_id = order_of(record)
        rows = store.rows(DELIVERIES, order_id=order_id) if order_id is not None else []
        rows = rows or store.rows(DELIVERIES, sync_key=record)
    elif run_id is not None:
        rows = store.rows(DELIVERIES, run_id=run_id)
    else:
        rows = store.rows(DELIVERIES, plan_id=plan_id)
    undone = [row for row in rows if row["sync_name"] in TAKES_BACK and row["status"] == "delivered"]
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["intended_at"], row["attempt"])):
        if row["status"] == "delivered" and row["sync_name"] in BY_NAME and row["sync_name"] not in TAKES_BACK:
            latest[row["sync_name"], row["sync_key"]] = row
    left = [row for row in latest.values() if not _is_undone(row, undone)]
    return sorted(left, key=lambda row: (row["intended_at"], row["delivery_id"]), reverse=True)


def _is_undone(row: Mapping[str, Any], undone: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a later undo was about the very record this delivery wrote."""
    table = TABLES.get(row["sync_name"], ("", ""))[0]
    return any(
        TAKES_BACK[each["sync_name"]] == table
        and each["target_id"] == written_id(row)
        and each["intended_at"] > row["intended_at"]
        for each in undone
    )
