"""Voids invoices and bills of Atlas Accounting that a correction takes back (contracts/atlas-accounting.md, section 6).

In: one delivery at a time, its target the document. Out: its outcome, with the record as Atlas Accounting now has it.
What does not belong here: which documents are out of date, and making the revision (`atlas_accounting.py`).

The vendor names only the void of invoices; that of bills is assumed by analogy, and where it is missing each bill is a
refusal with its remedy. What is paid, partly paid or in a closed period is refused by the vendor (409): a refusal too.
A document that is void before anything was sent was voided by a person, and is held: it is not made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from pipelines.atlas_accounting import tables
from pipelines.raw_table import RawTable
from pipelines.transport.errors import Conflict, RecordNotFound, Refused, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.catalog import Sync
from reverse_etl.destinations.base import Present, Record, answer, done, payload, shown, written
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan import PlanItem


class VoidCalls(Protocol):
    """The calls of `AtlasAccountingClient` that voiding makes."""

    def void_invoice(self, invoice_id: str, reason: str) -> Reply: ...  # noqa: D102
    def void_bill(self, bill_id: str, reason: str) -> Reply: ...  # noqa: D102
    def invoice(self, invoice_id: str) -> Record: ...  # noqa: D102
    def bill(self, bill_id: str) -> Record: ...  # noqa: D102


@dataclass(frozen=True)
class _Kind:
    table: RawTable
    number: str
    read: Callable[[str], Record]
    void: Callable[[str, str], Reply]


_WATCHED = ("status", "total_amount", "amount_paid", "currency", "notes")
"""Members that must be as they were when the plan was made."""


class Voids:
    """The void syncs of Atlas Accounting."""

    def __init__(self, client: VoidCalls) -> None:
        self._kinds = {
            "sync_atlas_accounting__invoice_voids": _Kind(
                tables.INVOICES, "invoice_number", client.invoice, client.void_invoice
            ),
            "sync_atlas_accounting__bill_voids": _Kind(tables.BILLS, "bill_number", client.bill, client.void_bill),
        }

    def __contains__(self, sync_name: str) -> bool:
        return sync_name in self._kinds

    def present(self, sync: Sync, items: Sequence[PlanItem]) -> dict[str, Present]:
        """Reads each document that is about to be voided."""
        kind, found = self._kinds[sync.name], {}
        for item in items:
            try:
                record = kind.read(str(item.destination_id))
            except RecordNotFound:
                continue
            # The reason is told with the request; the document does not show it.
            found[item.sync_key] = Present({"reason": None}, shown(record, _WATCHED))
        return found

    def deliver(self, sync: Sync, one: Delivery) -> Outcome:
        """Voids one document, once it is seen to be what was planned."""
        kind, target = self._kinds[sync.name], str(one.target_id)
        try:
            present = kind.read(target)
        except VendorError as error:
            return after_read_error(error)
        if (outcome := _without_voiding(kind, one, present)) is not None:
            return outcome
        try:
            return written(
                kind.table,
                lambda: kind.void(target, payload(one)["reason"]),
                lambda: kind.read(target),
                number=kind.number,
            )
        except (RecordNotFound, Refused, Conflict) as error:
            if error.status in (404, 405):
                # The document was just read, so it is the endpoint that is missing.
                reason = f"this deployment has no way to void {kind.table.name} (HTTP {error.status})"
                return Outcome("rejected", reason, request_id=error.request_id)
            return after_write_error(error)
        except VendorError as error:
            return after_write_error(error)

    def look_up(self, sync: Sync, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
        """Finds which of the documents are void: what we have asked for has happened."""
        kind, found = self._kinds[sync.name], {}
        for one in unknown:
            try:
                record = kind.read(str(one.target_id))
            except RecordNotFound:
                continue
            if record.get("status") == "voided":
                found[one.delivery_id] = done(
                    (answer(kind.table, record),), record, number=kind.number, reason="looked up"
                )
        return found


def _without_voiding(kind: _Kind, one: Delivery, present: Record) -> Outcome | None:
    """Returns the outcome where the document's present state settles the matter, or None where it may be voided."""
    landed = (answer(kind.table, present),)
    if present.get("status") == "voided":
        return Outcome("held", "atlas_accounting: a person voided it; it is not made again", answers=landed)
    total, paid = present.get("total_amount"), present.get("amount_paid")
    if one.amount is not None and total is not None and Decimal(str(total)) != one.amount:
        reason = f"atlas_accounting: its total is {total} now, not {one.amount}"
        return Outcome("pending", reason, answers=landed, moved=True)
    if paid is not None and Decimal(str(paid)):
        return Outcome("pending", f"atlas_accounting: {paid} of it was paid meanwhile", answers=landed, moved=True)
    return None
