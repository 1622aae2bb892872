"""Slots: places of a planned write that a delivery of the same plan fills with the id or the number it returned.

In: items with slots such as `{invoice(order 210).number}`, the deliveries of their plan. Out: literal items.
What does not belong here: which writes follow from which (`foresee.py`).

A slot holds only what the destination issues: an id or a number. Where one may stand is declared: the record's key and
id, and the members of the payload that the catalog lists for the sync. Everywhere else the text of an item is literal,
so that an order somebody named `{invoice(order 1).number}` stays what it is, and an amount, a date, a name or an
account can never be late-bound (DESIGN section 6.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from reverse_etl.catalog import BY_NAME
from reverse_etl.log_state import Delivery
from reverse_etl.plan_items import FieldChange, PlanItem, canonical

_SLOT = re.compile(r"\{(?P<kind>[a-z_]+)\((?P<record>[a-z_]+ [^(){}]+)\)\.(?P<attribute>id|number)\}")

Returned = Mapping[str, str]
"""What deliveries returned, by the slot's own text."""


class SlotNotAllowedError(Exception):
    """A slot stands where only literal text may stand."""


def slot(kind: str, record: str, attribute: str) -> str:
    """Returns a slot's text, such as `{invoice(order 210).number}` for `invoice`, `order:210`, `number`."""
    return f"{{{kind}({record.replace(':', ' ', 1)}).{attribute}}}"


def returned_by(deliveries: Iterable[Delivery], plan_id: str) -> Returned:
    """Returns what the delivered writes of one plan returned; of several about one record the latest counts."""
    found: dict[str, str] = {}
    mine = [one for one in deliveries if one.plan_id == plan_id and one.status == "delivered"]
    for one in sorted(mine, key=lambda one: (one.intended_at, one.attempt)):
        sync = BY_NAME.get(one.sync_name)
        if sync is None or sync.returns is None:
            continue
        # A record that was issued has its id behind the key that it was made by.
        record = one.sync_key.removesuffix(f":{one.destination_id}")
        for attribute, value in (("id", one.destination_id), ("number", one.destination_number)):
            if value is not None:
                found[slot(sync.returns, record, attribute)] = value
    return found


def missing(item: PlanItem, returned: Returned) -> list[str]:
    """Returns the slots of an item that cannot be filled yet; empty where all can."""
    absent: list[str] = []

    def note(text: str) -> str:
        absent.extend(match.group() for match in _SLOT.finditer(text) if match.group() not in returned)
        return text

    _each(item, note)
    return sorted(set(absent))


def filled(item: PlanItem, returned: Returned) -> PlanItem:
    """Returns the item with every slot filled; an item without slots is returned as it is.

    Raises:
        SlotNotAllowedError: a slot stands where the catalog allows none.
        KeyError: a slot cannot be filled yet (`missing`).
    """
    return _each(item, lambda text: _SLOT.sub(lambda match: returned[match.group()], text))


def _each(item: PlanItem, change: Callable[[str], str]) -> PlanItem:
    """Returns the item with its declared places changed, and nothing else."""
    if not item.slots:
        return item
    payload, allowed = item.fields, BY_NAME[item.sync_name].slot_fields
    parts: dict[str, Any] = {}
    for place in item.slots:
        if place == "sync_key":
            parts[place] = change(item.sync_key)
        elif place == "destination_id" and item.destination_id is not None:
            parts[place] = change(item.destination_id)
        elif place in allowed and isinstance(payload.get(place), str):
            payload[place] = change(payload[place])
        else:
            raise SlotNotAllowedError(f"{item.sync_name} {item.sync_key}: no slot may stand in {place}")
    changes = tuple(
        FieldChange(one.field, one.old, payload[one.field] if one.field in item.slots else one.new)
        for one in item.changes
    )
    # The label is for people: it shows what its record is called.
    label = change(item.record_label)
    return replace(item, **parts, payload=canonical(payload), changes=changes, record_label=label, slots=())
