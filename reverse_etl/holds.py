"""Holds by a person's word: nothing more is written for a record until a person releases it.

In: a record such as `order:210`, who holds or releases it and why. Out: holds in the operations store.
What does not belong here: holds that follow from the records themselves (dbt's exceptions).

A hold of an order stops everything that is planned for it in every system; another record is named by a sync's own
key (`PAYMENT/<id>`) and stops that key in every sync.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from reverse_etl.identity import Identity
from reverse_etl.operations import Event, OperationsStore, instant_text
from reverse_etl.operations_tables import HOLDS


class NotHeldError(ValueError):
    """The hold or its release is refused; the message says why."""


def hold(
    store: OperationsStore,
    records: Iterable[str],
    *,
    by: Identity,
    reason: str,
    at: datetime,
    plan_id: str | None = None,
) -> list[str]:
    """Holds records and returns those that were not held before; all in one commit.

    Args:
        store: the operations store.
        records: `order:210`, or a sync's key.
        by: whose word it is.
        reason: kept with it.
        at: the present instant, aware.
        plan_id: the plan that undoes what was written, where that is why.

    Raises:
        NotHeldError: no reason is given, or a record has no name.
    """
    if not reason.strip():
        raise NotHeldError("a hold needs a reason")
    standing = in_effect(store)
    fresh = sorted({record.strip() for record in records} - set(standing))
    if any(not record for record in fresh):
        raise NotHeldError("a record needs a name, such as order:210")
    events = []
    for record in fresh:
        hold_id = f"hold-{uuid.uuid4()}"
        body = {
            "hold_id": hold_id,
            "record": record,
            "order_id": order_of(record),
            "plan_id": plan_id,
            "reason": reason.strip(),
            "held_by": by.name,
            "held_at": instant_text(at),
        }
        events.append(Event("hold", hold_id, at, body))
    store.append(events)
    return fresh


def release(store: OperationsStore, record: str, *, by: Identity, reason: str, at: datetime) -> dict[str, Any]:
    """Releases a record and returns its hold as it was.

    Raises:
        NotHeldError: no reason is given, or nobody holds it.
    """
    if not reason.strip():
        raise NotHeldError(f"{record}: a release needs a reason")
    found = in_effect(store).get(record.strip())
    if found is None:
        raise NotHeldError(f"{record}: nobody holds it; `tieout hold` lists what is held")
    body = {"released_by": by.name, "release_reason": reason.strip(), "released_at": instant_text(at)}
    store.append([Event("hold", found["hold_id"], at, body)])
    return found


def in_effect(store: OperationsStore) -> dict[str, dict[str, Any]]:
    """Returns the holds that nobody has released, by record, in the records' order."""
    rows = [row for row in store.rows(HOLDS) if row["released_at"] is None]
    return {row["record"]: row for row in sorted(rows, key=lambda row: row["record"])}


def order_of(record: str) -> int | None:
    """Returns the order that a record is; None where it is something else."""
    kind, _, rest = record.partition(":")
    return int(rest) if kind == "order" and rest.isdecimal() else None


def told(row: Mapping[str, Any]) -> str:
    """Returns a hold as a reason, in one line."""
    return f"held by {row['held_by']} on {row['held_at'][:10]}: {row['reason']}"
