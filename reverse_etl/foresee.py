"""Foresees what follows from a plan's writes, so that one approval carries an order from its document to its end.

In: a plan's items and, per order, what the writes that follow will hold (`sync_prospects`). Out: the follow-ups, with
slots for the ids and numbers that the plan's own deliveries will return. Pure.
What does not belong here: filling slots (`slots.py`), deciding when a follow-up may go (`release.py`).

A follow-up is never sent for having been foreseen: once what it waits for is done, the sync models must make the very
same write due, byte for byte. Foreseen here: send, approve or post, the order's erpCode, the ATLAS ETRM invoices. An
Atlar document is not: it carries the instant at which the books made the document, which no slot may hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from reverse_etl.catalog import BY_NAME, SYNCS
from reverse_etl.due import Prospect, SyncRow
from reverse_etl.plan import item_of
from reverse_etl.plan_items import PlanItem, canonical
from reverse_etl.slots import slot

ERP_CODES = "sync_atlas_etrm__order_erp_codes"
INVOICES = "sync_atlas_etrm__invoices"
ENTRIES = "sync_atlas_accounting__journal_entries"
POSTS = "sync_atlas_accounting__journal_entry_posts"


@dataclass(frozen=True)
class _Side:
    """How one side of an order becomes a document and is issued."""

    kind: str
    creates: str
    issues: str
    operation: str
    control_account: str
    issue_date: str


_SIDES = {
    "receivable": _Side(
        "invoice",
        "sync_atlas_accounting__invoices",
        "sync_atlas_accounting__invoice_sends",
        "send",
        "ar_account_id",
        "invoice_date",
    ),
    "payable": _Side(
        "bill",
        "sync_atlas_accounting__bills",
        "sync_atlas_accounting__bill_approvals",
        "approve",
        "ap_account_id",
        "bill_date",
    ),
}


@dataclass(frozen=True)
class _Document:
    """A document of an order as it will be once the plan's own writes are done; ids and numbers may be slots."""

    document_id: str
    number: str
    issue_date: str | None
    due_date: str | None
    vendor_bill_number: str | None
    prospect: Prospect
    is_to_be: bool
    has_slots: bool = False


def foresee(items: Sequence[PlanItem], prospects: Iterable[Prospect]) -> tuple[PlanItem, ...]:
    """Returns what follows from a plan's items, order by order.

    Args:
        items: The plan's own items; what they hold already is not foreseen again.
        prospects: What the writes that follow will hold, ordered by order.
    """
    planned = {item.key: item for item in items}
    issued_by_order = {
        (item.sync_name, item.order_id): item for item in items if item.operation in ("send", "approve", "post")
    }
    orders: set[int | None] = {item.order_id for item in items}
    found: list[PlanItem] = []
    for order_id, sides in groupby(prospects, key=lambda one: one.order_id):
        if order_id not in orders:
            continue
        found += _follow(planned, issued_by_order, list(sides))
    found += [_post(item) for item in items if item.sync_name == ENTRIES]
    places = {sync.name: place for place, sync in enumerate(SYNCS)}
    found.sort(key=lambda item: places[item.sync_name])
    return tuple(item for item in found if item.key not in planned)


def _follow(
    planned: Mapping[tuple[str, str], PlanItem],
    issues: Mapping[tuple[str, int | None], PlanItem],
    sides: Sequence[Prospect],
) -> Iterator[PlanItem]:
    documents: list[_Document] = []
    for prospect in sides:
        side = _SIDES[prospect.direction]
        creation = planned.get((side.creates, f"order:{prospect.order_id}"))
        if creation is not None:
            if prospect.control_account_id is None:
                return
            yield _issue(side, prospect, creation)
            documents.append(_to_be(side, prospect, creation))
        elif prospect.entry_key is not None and (ENTRIES, prospect.entry_key) in planned:
            # Its posting is foreseen as that of every entry.
            documents.append(_entry_to_be(prospect, prospect.entry_key))
        elif (side.issues, prospect.order_id) in issues or prospect.is_issued or _is_posted(prospect, issues):
            if prospect.document_id is None or prospect.document_number is None:
                return
            documents.append(
                _Document(
                    prospect.document_id,
                    prospect.document_number,
                    prospect.issue_date,
                    prospect.due_date,
                    prospect.vendor_bill_number,
                    prospect,
                    not prospect.is_issued,
                )
            )
        else:
            # This side cannot go on, so the order has no number yet.
            return
    yield from _write_back(planned, documents)


def _issue(side: _Side, prospect: Prospect, creation: PlanItem) -> PlanItem:
    order = f"order:{prospect.order_id}"
    document_id, number = slot(side.kind, order, "id"), slot(side.kind, order, "number")
    row = SyncRow(
        sync_key=f"{order}:{document_id}",
        operation=side.operation,
        record_label=f"{side.kind} {number} of order {prospect.order_id}",
        order_id=prospect.order_id,
        destination_id=document_id,
        expected_version=None,
        amount=creation.amount,
        currency_code=creation.currency_code,
        payload=canonical({side.control_account: prospect.control_account_id}),
        current_values=canonical({side.control_account: None}),
    )
    return item_of(BY_NAME[side.issues], row, slots=("sync_key", "destination_id"))


def _post(creation: PlanItem) -> PlanItem:
    entry_id, number = slot("entry", creation.sync_key, "id"), slot("entry", creation.sync_key, "number")
    row = SyncRow(
        sync_key=f"{creation.sync_key}:{entry_id}",
        operation="post",
        record_label=f"journal entry {number} ({creation.sync_key.removeprefix('entry:')})",
        order_id=creation.order_id,
        destination_id=entry_id,
        expected_version=None,
        amount=creation.amount,
        currency_code=creation.currency_code,
        payload=canonical({"status": "posted"}),
        current_values=canonical({"status": "draft"}),
    )
    return item_of(BY_NAME[POSTS], row, slots=("sync_key", "destination_id"))


def _to_be(side: _Side, prospect: Prospect, creation: PlanItem) -> _Document:
    order, fields = f"order:{prospect.order_id}", creation.fields
    return _Document(
        slot(side.kind, order, "id"),
        slot(side.kind, order, "number"),
        fields.get(side.issue_date),
        fields.get("due_date"),
        fields.get("vendor_bill_number"),
        prospect,
        is_to_be=True,
        has_slots=True,
    )


def _entry_to_be(prospect: Prospect, key: str) -> _Document:
    """One side of an entry: its id and number, each with the ending by which the books' models tell the sides."""
    return _Document(
        slot("entry", key, "id") + (prospect.entry_id_ending or ""),
        slot("entry", key, "number") + (prospect.entry_number_ending or ""),
        prospect.issue_date,
        prospect.due_date,
        None,
        prospect,
        is_to_be=True,
        has_slots=True,
    )


def _is_posted(prospect: Prospect, issues: Mapping[tuple[str, int | None], PlanItem]) -> bool:
    """Whether the plan posts the draft entry that stands for this side."""
    post = issues.get((POSTS, prospect.order_id))
    if post is None or post.destination_id is None:
        return False
    return prospect.document_id == post.destination_id + (prospect.entry_id_ending or "")


def _write_back(planned: Mapping[tuple[str, str], PlanItem], documents: Sequence[_Document]) -> Iterator[PlanItem]:
    first = documents[0].prospect
    if first.erp_code is not None:
        # What the code makes due is due already.
        return
    if (ERP_CODES, f"order:{first.order_id}") not in planned:
        if not any(one.is_to_be for one in documents):
            # Everything is issued, and still no code is due: the sync model has its reasons.
            return
        yield _erp_code(first, documents)
    for document in documents:
        yield from _atlas_etrm_invoice(document)


def _erp_code(first: Prospect, documents: Sequence[_Document]) -> PlanItem:
    # The invoice's number goes first, whatever the order of the rows.
    ordered = sorted(documents, key=lambda one: one.prospect.direction, reverse=True)
    name = f" ({first.order_name})" if first.order_name is not None else ""
    row = SyncRow(
        sync_key=f"order:{first.order_id}",
        operation="update",
        record_label=f"order {first.order_id}{name}",
        order_id=first.order_id,
        destination_id=str(first.order_id),
        expected_version=None,
        amount=first.total_amount,
        currency_code=first.currency_code,
        payload=canonical({"erpCode": "+".join(one.number for one in ordered)}),
        current_values=canonical({"erpCode": None}),
    )
    return item_of(BY_NAME[ERP_CODES], row, slots=("erpCode",) if any(one.has_slots for one in documents) else ())


def _atlas_etrm_invoice(document: _Document) -> Iterator[PlanItem]:
    prospect = document.prospect
    if document.issue_date is None or document.due_date is None:
        # The books would put a date of their own, which is not foreseen.
        return
    fields: dict[str, Any] = {
        "orderId": prospect.order_id,
        "externalId": document.number,
        "invoiceNumber": document.vendor_bill_number or document.number,
        "amount": prospect.amount_text,
        "invoiceDate": f"{document.issue_date}T00:00:00",
        "dueDate": f"{document.due_date}T00:00:00",
        "isPaid": False,
    }
    row = SyncRow(
        sync_key=f"document:{document.document_id}",
        operation="create",
        record_label=f"invoice {document.number} of order {prospect.order_id}",
        order_id=prospect.order_id,
        destination_id=None,
        expected_version=None,
        amount=prospect.amount,
        currency_code=prospect.currency_code,
        payload=canonical(fields),
        current_values=None,
    )
    own = () if document.vendor_bill_number else ("invoiceNumber",)
    slots = ("sync_key", "externalId", *own) if document.has_slots else ()
    yield item_of(BY_NAME[INVOICES], row, slots=slots)
