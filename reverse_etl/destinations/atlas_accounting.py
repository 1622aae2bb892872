"""Writes to Atlas Accounting (contracts/atlas-accounting.md): parties, invoices, bills, journal entries, and issuing
or posting them.

In: one delivery at a time. Out: its outcome, with the record as Atlas Accounting now has it.
What does not belong here: which rows are due, and the ledger that the vendor posts by itself.

There is no idempotency key and no search by ours. A complete landing is the look-up before a create: the sync models
hold only what it lacks. For one whose outcome is unknown the newest records are read, back to where the vendor's own
clock stood before the intent, and the key on the record is compared: `notes` of a document, `external_id` of a party,
the first word of an entry's `description`.
Sending, approving and posting first look at the present state, so a step that was done is not done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from pipelines.atlas_accounting import tables
from pipelines.raw_table import RawTable
from pipelines.transport.errors import Conflict, RecordNotFound, Refused, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.catalog import Sync
from reverse_etl.destinations import atlas_accounting_offsets as offsets
from reverse_etl.destinations import atlas_accounting_undo as undo
from reverse_etl.destinations.atlas_accounting_voids import VoidCalls, Voids
from reverse_etl.destinations.base import Present, Record, answer, done, payload, shown, written
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan import PlanItem

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)

ISSUED_NEVER = frozenset({"draft", "pending"})
"""States of a document that has not been issued yet."""


class AtlasAccountingCalls(undo.UndoCalls, VoidCalls, Protocol):
    """The calls of `AtlasAccountingClient` that this destination makes."""

    def create_customer(self, body: Record) -> Reply: ...  # noqa: D102
    def create_vendor(self, body: Record) -> Reply: ...  # noqa: D102
    def create_invoice(self, body: Record) -> Reply: ...  # noqa: D102
    def create_bill(self, body: Record) -> Reply: ...  # noqa: D102
    def send_invoice(self, invoice_id: str, ar_account_id: str) -> Reply: ...  # noqa: D102
    def approve_bill(self, bill_id: str, ap_account_id: str) -> Reply: ...  # noqa: D102
    def create_journal_entry(self, body: Record) -> Reply: ...  # noqa: D102
    def post_journal_entry(self, journal_entry_id: str) -> Reply: ...  # noqa: D102
    def journal_entry(self, journal_entry_id: str) -> Record: ...  # noqa: D102
    def create_payment(self, body: Record, ar_account_id: str | None = None) -> Reply: ...  # noqa: D102
    def create_payment_made(self, body: Record, ap_account_id: str | None = None) -> Reply: ...  # noqa: D102
    def apply_payment(self, payment_id: str, body: Record) -> Reply: ...  # noqa: D102
    def payment(self, payment_id: str) -> Record: ...  # noqa: D102
    def newest(self, table: str, until: datetime) -> Iterable[Record]: ...  # noqa: D102


@dataclass(frozen=True)
class _Creation:
    table: RawTable
    key: str
    """The member that carries our key."""
    number: str
    is_first_word: bool = False
    """The key is the member's first word alone: an entry's description goes on in words, and the vendor's own
    reversal of it repeats them behind others."""

    def key_of(self, body: Record) -> str:
        """Our key in a record to be created."""
        value = str(body[self.key])
        return value.split()[0] if self.is_first_word else value

    def keys_in(self, record: Record) -> list[str]:
        """What may be a key of ours in a vendor's record: people may write more into the notes."""
        value: Any = record.get(self.key)
        words = value.split() if isinstance(value, str) else []
        return words[:1] if self.is_first_word else words


_CREATIONS = {
    "sync_atlas_accounting__customers": _Creation(tables.CUSTOMERS, "external_id", "external_id"),
    "sync_atlas_accounting__vendors": _Creation(tables.VENDORS, "external_id", "external_id"),
    "sync_atlas_accounting__invoices": _Creation(tables.INVOICES, "notes", "invoice_number"),
    "sync_atlas_accounting__bills": _Creation(tables.BILLS, "notes", "bill_number"),
    "sync_atlas_accounting__journal_entries": _Creation(
        tables.JOURNAL_ENTRIES, "description", "entry_number", is_first_word=True
    ),
    "sync_atlas_accounting__netting_payments_made": _Creation(
        tables.PAYMENTS_MADE, "reference_number", "reference_number"
    ),
    "sync_atlas_accounting__netting_receipts": _Creation(tables.PAYMENTS, "reference_number", "reference_number"),
}


@dataclass(frozen=True)
class _Issue:
    table: RawTable
    number: str
    control_account: str | None
    """The member of the payload that names the control account; an entry has its accounts on its lines."""
    watched: tuple[str, ...]
    """Members that must be as they were when the plan was made."""


_ISSUES = {
    "sync_atlas_accounting__invoice_sends": _Issue(
        tables.INVOICES,
        "invoice_number",
        "ar_account_id",
        ("status", "customer_id", "invoice_date", "due_date", "currency", "total_amount"),
    ),
    "sync_atlas_accounting__bill_approvals": _Issue(
        tables.BILLS,
        "bill_number",
        "ap_account_id",
        ("status", "vendor_id", "bill_date", "due_date", "currency", "total_amount"),
    ),
    "sync_atlas_accounting__journal_entry_posts": _Issue(
        tables.JOURNAL_ENTRIES, "entry_number", None, ("status", "entry_date", "description", "lines")
    ),
}


class AtlasAccountingDestination:
    """Atlas Accounting as a destination."""

    def __init__(self, client: AtlasAccountingCalls) -> None:
        self._client = client
        self._voids = Voids(client)
        self._create = {
            "sync_atlas_accounting__customers": client.create_customer,
            "sync_atlas_accounting__vendors": client.create_vendor,
            "sync_atlas_accounting__invoices": client.create_invoice,
            "sync_atlas_accounting__bills": client.create_bill,
            "sync_atlas_accounting__journal_entries": client.create_journal_entry,
            "sync_atlas_accounting__netting_payments_made": lambda body: client.create_payment_made(
                *offsets.split(body, "ap_account_id")
            ),
            "sync_atlas_accounting__netting_receipts": lambda body: client.create_payment(
                *offsets.split(body, "ar_account_id")
            ),
        }
        self._issue = {
            "sync_atlas_accounting__invoice_sends": client.send_invoice,
            "sync_atlas_accounting__bill_approvals": client.approve_bill,
            "sync_atlas_accounting__journal_entry_posts": lambda entry_id, _: client.post_journal_entry(entry_id),
        }
        self._read = {
            "sync_atlas_accounting__invoice_sends": client.invoice,
            "sync_atlas_accounting__bill_approvals": client.bill,
            "sync_atlas_accounting__journal_entry_posts": client.journal_entry,
        }

    def prepare(self, sync: Sync, items: Sequence[PlanItem]) -> str | None:
        """Asks, before a sync creates anything, how new the vendor's newest record is, by the vendor's clock."""
        if (creation := _CREATIONS.get(sync.name)) is None:
            return None
        newest = next(iter(self._client.newest(creation.table.name, _END)), None)
        created = newest.get("created_at") if newest else None
        return str(created) if created else None

    def present(self, sync: Sync, items: Sequence[PlanItem]) -> dict[str, Present]:
        """Reads each document that is about to be issued: what would be issued must be what was seen."""
        if sync.name in undo.TABLES:
            return undo.present(self._client, sync.name, items)
        if sync.name in self._voids:
            return self._voids.present(sync, items)
        if (issue := _ISSUES.get(sync.name)) is None:
            return {}
        found = {}
        for item in items:
            try:
                record = self._read[sync.name](str(item.destination_id))
            except RecordNotFound:
                continue
            # The control account is told with the request, the document does not show it; an entry shows its state.
            old = {"status": record.get("status")} if issue.control_account is None else {issue.control_account: None}
            found[item.sync_key] = Present(old, shown(record, issue.watched))
        return found

    def endpoint_missing(self, sync: Sync, error: VendorError) -> str | None:
        """A 404 or 405 on issuing a document that was just read: only the observed dialect names those endpoints."""
        if sync.name not in _ISSUES or not _is_no_endpoint(error):
            return None
        issue = _ISSUES[sync.name]
        return (
            f"atlas_accounting: this deployment has no endpoint to issue {issue.table.name} (HTTP {error.status}): "
            "they stay drafts there. Issue them in Atlas Accounting; what follows goes on by itself"
        )

    def deliver(self, sync: Sync, batch: Sequence[Delivery]) -> list[Outcome]:
        """Sends each delivery on its own: the vendor has no batches."""
        if sync.name in undo.TABLES:
            return [undo.deliver(self._client, sync.name, one) for one in batch]
        if sync.name == offsets.APPLICATIONS:
            return [offsets.apply(self._client, one) for one in batch]
        if sync.name in self._voids:
            return [self._voids.deliver(sync, one) for one in batch]
        step = self._deliver_create if sync.name in _CREATIONS else self._deliver_issue
        return [step(sync, one) for one in batch]

    def look_up(self, sync: Sync, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
        """Finds what happened: creates by their key among the newest records, issues by the document's state."""
        if sync.name in undo.TABLES:
            return undo.look_up(self._client, sync.name, unknown)
        if sync.name == offsets.APPLICATIONS:
            return offsets.found(self._client, unknown)
        if sync.name in self._voids:
            return self._voids.look_up(sync, unknown)
        if sync.name in _CREATIONS:
            return self._find_created(_CREATIONS[sync.name], unknown)
        issue, found = _ISSUES[sync.name], {}
        for one in unknown:
            try:
                record = self._read[sync.name](str(one.target_id))
            except RecordNotFound:
                # A draft that somebody took away was not issued, and must not keep the others from being looked up.
                continue
            if record.get("status") not in ISSUED_NEVER:
                found[one.delivery_id] = done((answer(issue.table, record),), record, number=issue.number)
        return found

    def _deliver_create(self, sync: Sync, one: Delivery) -> Outcome:
        creation, body = _CREATIONS[sync.name], payload(one)

        def read_back() -> Record | None:
            key = creation.key_of(body)
            return self._find(creation, {key}, one.vendor_clock).get(key)

        try:
            return written(creation.table, lambda: self._create[sync.name](body), read_back, number=creation.number)
        except VendorError as error:
            return after_write_error(error)

    def _deliver_issue(self, sync: Sync, one: Delivery) -> Outcome:
        issue, read = _ISSUES[sync.name], self._read[sync.name]
        target, body = str(one.target_id), payload(one)
        try:
            present = read(target)
        except VendorError as error:
            return after_read_error(error)
        if (outcome := _without_issuing(issue, one, present)) is not None:
            return outcome
        try:
            return written(
                issue.table,
                lambda: self._issue[sync.name](target, body.get(issue.control_account or "")),
                lambda: read(target),
                number=issue.number,
            )
        except Conflict as error:
            return self._after_conflict(sync, one, error)
        except (RecordNotFound, Refused) as error:
            if _is_no_endpoint(error):
                return Outcome("pending", str(error), request_id=error.request_id, barred=error)
            return after_write_error(error)
        except VendorError as error:
            return after_write_error(error)

    def _after_conflict(self, sync: Sync, one: Delivery, error: Conflict) -> Outcome:
        """A conflict may mean that somebody issued it in between: then it is done, whoever did it."""
        try:
            present = self._read[sync.name](str(one.target_id))
        except VendorError:
            return after_write_error(error)
        return _without_issuing(_ISSUES[sync.name], one, present) or after_write_error(error)

    def _find_created(self, creation: _Creation, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
        keys = {one.delivery_id: creation.key_of(payload(one)) for one in unknown}
        clocks = [one.vendor_clock for one in unknown]
        since = None if any(clock is None for clock in clocks) else min(str(clock) for clock in clocks)
        records = self._find(creation, set(keys.values()), since) if keys else {}
        return {
            delivery_id: done(
                (answer(creation.table, records[key]),), records[key], number=creation.number, reason="looked up"
            )
            for delivery_id, key in keys.items()
            if key in records
        }

    def _find(self, creation: _Creation, keys: set[str], since: str | None) -> dict[str, Record]:
        """Reads newest first, back to `since`, until every key is found; a voided document counts as found."""
        until = datetime.fromisoformat(since) if since else _BEGINNING
        found: dict[str, Record] = {}
        for record in self._client.newest(creation.table.name, until):
            for key in keys.intersection(creation.keys_in(record)).difference(found):
                found[key] = record
            if len(found) == len(keys):
                break
        return found


def _is_no_endpoint(error: VendorError) -> bool:
    return isinstance(error, RecordNotFound) or error.status == 405


def _without_issuing(issue: _Issue, one: Delivery, present: Record) -> Outcome | None:
    """Returns the outcome where the document's present state settles the matter, or None where it may be issued."""
    landed = (answer(issue.table, present),)
    status = present.get("status")
    if status == "voided":
        return Outcome("held", "atlas_accounting: a person voided it; it is not made again", answers=landed)
    if status not in ISSUED_NEVER:
        return done(landed, present, number=issue.number, reason="it was issued already")
    total = _total(present)
    if one.amount is not None and total is not None and total != one.amount:
        reason = f"atlas_accounting: its total is {total} now, not {one.amount}"
        return Outcome("pending", reason, answers=landed, moved=True)
    return None


def _total(record: Record) -> Decimal | None:
    """A document's total; an entry's debits, which are its credits."""
    if isinstance(lines := record.get("lines"), list) and "total_amount" not in record:
        debits = [line.get("amount") for line in lines if line.get("entry_type") == "debit"]
        return sum((Decimal(str(amount)) for amount in debits), Decimal(0))
    total = record.get("total_amount")
    return None if total is None else Decimal(str(total))
