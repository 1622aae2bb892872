"""The values a plan is made of: what is to be written, field by field, and what is not written and why.

In: nothing. Out: `Plan`, `PlanItem` and their parts, immutable, and the bytes a plan is saved, hashed and approved as.
What does not belong here: deciding what is planned (`plan.py`), saving (`plan_store.py`), sending.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from reverse_etl.due import SyncRow

FROM_SYNCS = "sync"
"""The origin of a plan made from the sync models: its items must still be due when they are sent."""


@dataclass(frozen=True)
class FieldChange:
    """One field of one record: what the destination has, and what it is to have. JSON values; None is absent."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class PlanItem:
    """One record to write."""

    sync_name: str
    sync_key: str
    operation: str
    destination: str
    record_label: str
    order_id: int | None
    destination_id: str | None
    expected_version: str | None
    amount: Decimal | None
    currency_code: str | None
    payload: str
    """Canonical JSON: what is approved, and what is sent, byte for byte."""
    changes: tuple[FieldChange, ...]
    beneficiary: str | None = None
    """Who would get the money: a fingerprint of the account, never the account itself; None where none moves."""
    slots: tuple[str, ...] = ()
    """The places that hold a slot such as `{invoice(order 210).number}`: `sync_key`, `destination_id`, and members
    of the payload by their path (`references.erpCode`). Everywhere else the text is literal, whatever it says."""
    watched: Mapping[str, Any] | None = field(default=None, hash=False)
    """What the destination's record showed when the plan was made, beside what is changed; it must show the same
    when the item is sent. None where nothing was read (a create, a slot)."""

    @cached_property
    def payload_hash(self) -> str:
        """The content's SHA-256, in hex."""
        return sha256(self.payload)

    @cached_property
    def delivery_key(self) -> str:
        """The same for the same record, content and version patched, for ever: 40 hex digits."""
        parts = (self.sync_name, self.sync_key, self.operation, self.destination_id or "")
        return sha256("\x1f".join((*parts, self.expected_version or "", self.payload_hash)))[:40]

    @property
    def key(self) -> tuple[str, str]:
        """The sync and the key within it: one item per plan."""
        return self.sync_name, self.sync_key

    @property
    def fields(self) -> dict[str, Any]:
        """The payload as an object; a fresh one each time."""
        fields: dict[str, Any] = json.loads(self.payload)
        return fields

    def document(self) -> dict[str, Any]:
        """Returns every field as JSON values; the amount as text."""
        return {
            "sync": self.sync_name,
            "record": self.sync_key,
            "operation": self.operation,
            "destination": self.destination,
            "label": self.record_label,
            "order_id": self.order_id,
            "destination_id": self.destination_id,
            "expected_version": self.expected_version,
            "amount": None if self.amount is None else format(self.amount, "f"),
            "currency_code": self.currency_code,
            "beneficiary": self.beneficiary,
            "payload": self.payload,
            "changes": [[change.field, change.old, change.new] for change in self.changes],
            "slots": list(self.slots),
            "watched": None if self.watched is None else dict(self.watched),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> PlanItem:
        """Returns the item that `document` was made from; KeyError where it is no such thing."""
        amount = document["amount"]
        return cls(
            sync_name=document["sync"],
            sync_key=document["record"],
            operation=document["operation"],
            destination=document["destination"],
            record_label=document["label"],
            order_id=document["order_id"],
            destination_id=document["destination_id"],
            expected_version=document["expected_version"],
            amount=None if amount is None else Decimal(amount),
            currency_code=document["currency_code"],
            payload=document["payload"],
            changes=tuple(FieldChange(*change) for change in document["changes"]),
            beneficiary=document["beneficiary"],
            slots=tuple(document["slots"]),
            watched=document["watched"],
        )


@dataclass(frozen=True)
class HeldRow:
    """A row that is due but waits for a person."""

    sync_name: str
    row: SyncRow
    reason: str
    is_new: bool
    """The log does not yet say so."""
    delivery_id: str | None
    """The delivery that the hold is about."""


@dataclass(frozen=True)
class SkippedRow:
    """A row that is due but not sent in this plan."""

    sync_name: str
    row: SyncRow
    reason: str


@dataclass(frozen=True)
class Plan:
    """What is to be sent, and what is not."""

    items: tuple[PlanItem, ...]
    held: tuple[HeldRow, ...] = ()
    waiting: tuple[SkippedRow, ...] = ()
    """Their effect is unknown, or they moved while the plan was made; they are looked at first."""
    rejected: tuple[SkippedRow, ...] = ()
    """Refused before with the same payload."""
    origin: str = FROM_SYNCS
    """What it was made from: the sync models, or a command that makes its own items (such as `baseline`)."""
    follow_ups: tuple[PlanItem, ...] = ()
    """What follows from the items once they are done; sent by the same apply, in later rounds."""

    def __bool__(self) -> bool:
        return bool(self.items)

    @property
    def everything(self) -> tuple[PlanItem, ...]:
        """The items and what follows from them."""
        return self.items + self.follow_ups

    @cached_property
    def body(self) -> bytes:
        """The bytes that are saved, hashed and approved: every field of every item, in order."""
        return canonical(
            {
                "origin": self.origin,
                "items": [item.document() for item in self.items],
                "follow_ups": [item.document() for item in self.follow_ups],
            }
        ).encode()

    @classmethod
    def of_body(cls, body: bytes) -> Plan:
        """Returns the plan a body was made from; what was held beside it is not part of a body."""
        document = json.loads(body)
        return cls(
            items=tuple(PlanItem.of(item) for item in document["items"]),
            origin=document["origin"],
            follow_ups=tuple(PlanItem.of(item) for item in document["follow_ups"]),
        )

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the body."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def plan_id(self) -> str:
        """A short name for this very plan; another content has another name."""
        return plan_id_of(self.hash)


def row_of(item: PlanItem) -> SyncRow:
    """Returns an item as the row of a sync model that it would come from."""
    return SyncRow(
        item.sync_key,
        item.operation,
        item.record_label,
        item.order_id,
        item.destination_id,
        item.expected_version,
        item.amount,
        item.currency_code,
        item.payload,
        canonical({change.field: change.old for change in item.changes}),
        item.beneficiary,
    )


def plan_id_of(plan_hash: str) -> str:
    """Returns the name of the plan with a hash."""
    return f"plan-{plan_hash[:16]}"


def canonical(value: Mapping[str, Any]) -> str:
    """Returns an object as the one JSON text that is hashed, approved and sent."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    """Returns a text's SHA-256, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
