"""Takes back what Tieout made in Atlas Accounting: drafts deleted, unpaid invoices and bills voided.

In: one delivery at a time. Out: its outcome. What does not belong here: what may be taken back (`undo` decides), and
voids that follow from a changed order.

The document is read before: what is gone or voided already is done; what was issued, or paid, since the plan is left.
A deletion cannot be told by an answer, so it is read once more: not there is proof. That bills can be voided is assumed
by analogy with invoices; where the endpoint is missing, the refusal says what a person must do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from pipelines.atlas_accounting import tables
from pipelines.raw_table import RawTable
from pipelines.transport.errors import RecordNotFound, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.destinations.base import Present, Record, answer, done, payload, shown, written
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan_items import PlanItem

TABLES: dict[str, RawTable] = {
    "undo_atlas_accounting__invoices": tables.INVOICES,
    "undo_atlas_accounting__bills": tables.BILLS,
    "undo_atlas_accounting__journal_entries": tables.JOURNAL_ENTRIES,
}
"""By sync: the table of the record taken back."""

WATCHED = ("status", "total_amount", "amount_paid", "notes")
_WATCHED_OF_ENTRIES = ("status", "entry_date", "description", "lines")


class UndoCalls(Protocol):
    """The calls of `AtlasAccountingClient` that taking back makes."""

    def delete_draft(self, table: str, document_id: str) -> Reply: ...  # noqa: D102
    def void_invoice(self, invoice_id: str, reason: str) -> Reply: ...  # noqa: D102
    def void_bill(self, bill_id: str, reason: str) -> Reply: ...  # noqa: D102
    def invoice(self, invoice_id: str) -> Record: ...  # noqa: D102
    def bill(self, bill_id: str) -> Record: ...  # noqa: D102
    def journal_entry(self, journal_entry_id: str) -> Record: ...  # noqa: D102


def present(client: UndoCalls, sync_name: str, items: Sequence[PlanItem]) -> dict[str, Present]:
    """Returns the documents as they are now, by sync key."""
    found = {}
    for item in items:
        try:
            record = _reader(client, sync_name)(str(item.destination_id))
        except RecordNotFound:
            continue
        watched = _WATCHED_OF_ENTRIES if TABLES[sync_name] is tables.JOURNAL_ENTRIES else WATCHED
        found[item.sync_key] = Present({"status": record.get("status")}, shown(record, watched))
    return found


def deliver(client: UndoCalls, sync_name: str, one: Delivery) -> Outcome:
    """Deletes or voids one document; raises no `VendorError`."""
    table, read, target = TABLES[sync_name], _reader(client, sync_name), str(one.target_id)
    try:
        record = read(target)
    except RecordNotFound:
        return _gone(one)
    except VendorError as error:
        return after_read_error(error)
    if (settled := _settled(table, one, record)) is not None:
        return settled
    try:
        if one.operation == "delete":
            client.delete_draft(table.name, target)
            return _gone(one)
        void = client.void_invoice if table is tables.INVOICES else client.void_bill
        return written(
            table,
            lambda: void(target, str(payload(one).get("reason") or "taken back")),
            lambda: read(target),
            number=_NUMBERS[table.name],
        )
    except VendorError as error:
        if one.operation == "void" and error.status in (404, 405):
            # The document was just read, so it is the endpoint that is missing.
            name = record.get(_NUMBERS[table.name])
            reason = f"this deployment has no way to void {name} (HTTP {error.status}): void it in Atlas Accounting"
            return Outcome("rejected", reason, request_id=error.request_id)
        return after_write_error(error)


def look_up(client: UndoCalls, sync_name: str, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
    """Finds what was taken back: not there any more, or voided."""
    table, found = TABLES[sync_name], {}
    for one in unknown:
        try:
            record = _reader(client, sync_name)(str(one.target_id))
        except RecordNotFound:
            found[one.delivery_id] = _gone(one)
            continue
        if record.get("status") == "voided":
            found[one.delivery_id] = done((answer(table, record),), record, reason="looked up")
    return found


def _settled(table: RawTable, one: Delivery, record: Record) -> Outcome | None:
    """Returns the outcome where nothing is to be sent: done already, or not possible any more."""
    status, landed = record.get("status"), (answer(table, record),)
    if status == "voided":
        return done(landed, record, reason="it was voided already")
    if one.operation == "delete" and status != "draft":
        return Outcome("rejected", f"atlas_accounting: it is {status} now, no draft any more", answers=landed)
    paid = record.get("amount_paid")
    if one.operation == "void" and paid is not None and Decimal(str(paid)):
        return Outcome("pending", f"atlas_accounting: {paid} of it was paid meanwhile", answers=landed, moved=True)
    return None


_NUMBERS = {tables.INVOICES.name: "invoice_number", tables.BILLS.name: "bill_number"}


def _gone(one: Delivery) -> Outcome:
    return Outcome("delivered", "it is not there any more", destination_id=one.target_id)


def _reader(client: UndoCalls, sync_name: str) -> Callable[[str], Record]:
    readers = {
        tables.INVOICES.name: client.invoice,
        tables.BILLS.name: client.bill,
        tables.JOURNAL_ENTRIES.name: client.journal_entry,
    }
    return readers[TABLES[sync_name].name]
