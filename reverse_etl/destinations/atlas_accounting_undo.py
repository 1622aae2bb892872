"""Takes back invoices and bills that Tieout made in Atlas Accounting: drafts deleted, unpaid invoices voided.

In: one delivery at a time. Out: its outcome. What does not belong here: what may be taken back (`undo` decides), and
voids that follow from a changed order.

The document is read before: what is gone or voided already is done; what was issued, or paid, since the plan is left.
A deletion cannot be told by an answer, so it is read once more: not there is proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pipelines.atlas_accounting import tables
from pipelines.raw_table import RawTable
from pipelines.transport.errors import RecordNotFound, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.destinations.base import Present, Record, answer, done, payload, shown
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan_items import PlanItem

TABLES: dict[str, RawTable] = {
    "undo_atlas_accounting__invoices": tables.INVOICES,
    "undo_atlas_accounting__bills": tables.BILLS,
}
"""By sync: the table of the document taken back."""

WATCHED = ("status", "total_amount", "amount_paid", "notes")


class UndoCalls(Protocol):
    """The calls of `AtlasAccountingClient` that taking back makes."""

    def delete_draft(self, table: str, document_id: str) -> Reply: ...  # noqa: D102
    def void_invoice(self, invoice_id: str, reason: str) -> Reply: ...  # noqa: D102
    def invoice(self, invoice_id: str) -> Record: ...  # noqa: D102
    def bill(self, bill_id: str) -> Record: ...  # noqa: D102


def present(client: UndoCalls, sync_name: str, items: Sequence[PlanItem]) -> dict[str, Present]:
    """Returns the documents as they are now, by sync key."""
    found = {}
    for item in items:
        try:
            record = _reader(client, sync_name)(str(item.destination_id))
        except RecordNotFound:
            continue
        found[item.sync_key] = Present({"status": record.get("status")}, shown(record, WATCHED))
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
        reply = client.void_invoice(target, str(payload(one).get("reason") or "taken back"))
        return done(tuple(answer(table, each) for each in _records(reply)) or (answer(table, read(target)),), record)
    except VendorError as error:
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
    return None


def _gone(one: Delivery) -> Outcome:
    return Outcome("delivered", "it is not there any more", destination_id=one.target_id)


def _reader(client: UndoCalls, sync_name: str) -> Callable[[str], Record]:
    return client.invoice if TABLES[sync_name] is tables.INVOICES else client.bill


def _records(reply: Reply) -> list[Any]:
    from pipelines.transport import exact

    return [exact.loads(raw) for raw in reply.records]
