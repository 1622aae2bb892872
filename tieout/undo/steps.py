"""Says for each write what can be taken back, and how: an item of a plan, or what a person must do by hand. Pure.

In: deliveries and what their records show now. Out: `Step`s, in the order given.
What does not belong here: reading, saving, sending.

Taken back is only what still is as Tieout left it: a value that somebody has changed since is theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reverse_etl.catalog import BY_NAME
from reverse_etl.due import SyncRow
from reverse_etl.plan import PlanItem, item_of
from tieout.undo.present import TABLES, Shown, written_id

ORIGIN = "undo"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """What is to be done about one write."""

    delivery_id: str
    sync_name: str
    record: str
    label: str
    item: PlanItem | None
    """The write that takes it back; None where there is none."""
    by_hand: str | None
    """What a person must do, or why nothing has to be done."""


def steps(deliveries: Iterable[Row], present: Shown, *, reason: str) -> list[Step]:
    """Returns one step per write; two writes of one document (made, then sent) are taken back by one."""
    made: list[Step] = []
    taken: set[tuple[str, str]] = set()
    for row in deliveries:
        step = _step(row, present, reason)
        if step.item is not None:
            key = (step.item.sync_name, str(step.item.destination_id))
            if key in taken:
                continue
            taken.add(key)
        made.append(step)
    return made


def _step(row: Row, present: Shown, reason: str) -> Step:
    def told(by_hand: str) -> Step:
        return Step(row["delivery_id"], row["sync_name"], row["sync_key"], _label(row), None, by_hand)

    if (words := _BY_HAND.get(row["sync_name"])) is not None:
        return told(words)
    handler, table = _HANDLERS.get(row["sync_name"]), TABLES.get(row["sync_name"])
    if handler is None or table is None:
        return told("Tieout cannot take it back; look at the record at the vendor")
    now = present.get((table[0], str(written_id(row))))
    if now is None:
        return told("nothing to do: the vendor does not have it any more")
    outcome = handler(row, now, reason)
    if isinstance(outcome, str):
        return told(outcome)
    return Step(row["delivery_id"], row["sync_name"], row["sync_key"], _label(row), outcome, None)


def _emptied(sync_name: str, member: str, column: str) -> Callable[[Row, Row, str], PlanItem | str]:
    def handler(row: Row, now: Row, reason: str) -> PlanItem | str:
        wrote = json.loads(row["payload"]).get(member)
        if now[column] in (None, ""):
            return f"nothing to do: {member} is empty already"
        if now[column] != wrote:
            return f"{member} is {now[column]!r} by now, Tieout wrote {wrote!r}: whoever changed it must decide"
        return _item(sync_name, row, "update", {member: None}, {member: wrote})

    return handler


def _unpaid(row: Row, now: Row, reason: str) -> PlanItem | str:
    if not now["is_paid"]:
        return "nothing to do: isPaid is false already"
    return _item("undo_atlas_etrm__invoice_settlements", row, "update", {"isPaid": False}, {"isPaid": True})


def _document(kind: str) -> Callable[[Row, Row, str], PlanItem | str]:
    name, number = f"undo_atlas_accounting__{kind}s", f"{kind}_number"

    def handler(row: Row, now: Row, reason: str) -> PlanItem | str:
        status = now["status"]
        if status == "voided":
            return "nothing to do: it is voided already"
        if status == "draft":
            return _item(name, row, "delete", {"status": "deleted"}, {"status": status})
        if (now["amount_paid"] or Decimal(0)) != 0:
            return f"{now[number]} is paid, in whole or in part: take the payment back in Atlas Accounting first"
        return _item(name, row, "void", {"status": "voided", "reason": f"Tieout undo: {reason}"}, {"status": status})

    return handler


def _entry(row: Row, now: Row, reason: str) -> PlanItem | str:
    if now["status"] != "draft":
        return (
            f"{now['entry_number']} is {now['status']}, and Atlas Accounting describes no call to reverse an entry:"
            " reverse it there by an entry of its own"
        )
    return _item("undo_atlas_accounting__journal_entries", row, "delete", {"status": "deleted"}, {"status": "draft"})


def _forecast(row: Row, now: Row, reason: str) -> PlanItem | str:
    amount = json.loads(now["amount"]) if isinstance(now["amount"], str) else now["amount"]
    stands = {"currency": amount["currency"], "stringValue": str(amount["stringValue"])}
    if Decimal(stands["stringValue"]) == 0:
        return "nothing to do: it is 0.00 already"
    nothing = {**stands, "stringValue": str(Decimal(0).quantize(Decimal(stands["stringValue"])))}
    name = "undo_atlar__forecasted_transactions"
    return _item(name, row, "update", {"amount": nothing}, {"amount": stands}, now["etag"])


def _voided(row: Row, now: Row, reason: str) -> PlanItem | str:
    if now["voided"]:
        return "nothing to do: it is voided already"
    return _item("undo_atlar__documents", row, "update", {"voided": True}, {"voided": False}, now["etag"])


def _closed(sync_name: str) -> Callable[[Row, Row, str], PlanItem | str]:
    def handler(row: Row, now: Row, reason: str) -> PlanItem | str:
        if now["status"] == "VOIDED":
            return "nothing to do: it is VOIDED already"
        return _item(sync_name, row, "update", {"status": "VOIDED"}, {"status": now["status"]}, now["etag"])

    return handler


def _item(
    sync_name: str, row: Row, operation: str, payload: Row, current: Row, expected_version: str | None = None
) -> PlanItem:
    return item_of(
        BY_NAME[sync_name],
        SyncRow(
            sync_key=row["sync_key"],
            operation=operation,
            record_label=_label(row),
            order_id=row["order_id"],
            destination_id=str(written_id(row)),
            expected_version=expected_version,
            amount=None if row["amount"] is None else Decimal(row["amount"]),
            currency_code=row["currency_code"],
            payload=json.dumps(payload),
            current_values=json.dumps(current),
        ),
    )


def _label(row: Row) -> str:
    return str(row["record_label"] or row["sync_key"])


_HANDLERS: dict[str, Callable[[Row, Row, str], PlanItem | str]] = {
    "sync_atlas_etrm__counterparties": _emptied("undo_atlas_etrm__counterparties", "externalId", "external_id"),
    "sync_atlas_etrm__order_erp_codes": _emptied("undo_atlas_etrm__order_erp_codes", "erpCode", "erp_code"),
    "sync_atlas_etrm__invoice_settlements": _unpaid,
    "sync_atlas_accounting__invoices": _document("invoice"),
    "sync_atlas_accounting__invoice_sends": _document("invoice"),
    "sync_atlas_accounting__bills": _document("bill"),
    "sync_atlas_accounting__bill_approvals": _document("bill"),
    "sync_atlas_accounting__journal_entries": _entry,
    "sync_atlas_accounting__journal_entry_posts": _entry,
    "sync_atlar__documents": _voided,
    "sync_atlar__payment_documents": _voided,
    "sync_atlar__journal_documents": _voided,
    "sync_atlar__forecasted_transactions": _forecast,
    "sync_atlar__accounts_payables": _closed("undo_atlar__accounts_payables"),
    "sync_atlar__accounts_receivables": _closed("undo_atlar__accounts_receivables"),
}

_PAYMENT = "Atlas Accounting describes no call to take a payment back: reverse the offset there, both sides of it"

_BY_HAND: dict[str, str] = {
    "sync_atlas_accounting__customers": "Atlas Accounting describes no call to delete a customer: deactivate it there",
    "sync_atlas_accounting__vendors": "Atlas Accounting describes no call to delete a vendor: deactivate it there",
    "sync_atlas_accounting__invoice_voids": "a voided invoice stays voided: release the order, and it is made anew",
    "sync_atlas_accounting__bill_voids": "a voided bill stays voided: release the order, and it is made anew",
    "sync_atlas_accounting__netting_payments_made": _PAYMENT,
    "sync_atlas_accounting__netting_receipts": _PAYMENT,
    "sync_atlas_accounting__netting_applications": _PAYMENT,
    "sync_atlas_etrm__invoices": "ATLAS ETRM has no call to delete an invoice: delete it there",
    "sync_atlas_etrm__invoice_revisions": "set the invoice back, or delete it, in ATLAS ETRM: it shows the revision",
    "sync_atlas_etrm__invoice_reopenings": "mark the invoice as paid again in ATLAS ETRM, if it is",
    "sync_atlas_etrm__order_statuses": "set the order's status back in ATLAS ETRM; tieout explain tells what it was",
    "sync_atlas_etrm__missing_counterparties": "ATLAS ETRM has no call to delete a counterparty: deactivate it there",
    "sync_atlas_etrm__counterparty_fields": "the books are master: correct it in Atlas Accounting; ATLAS ETRM follows",
    "sync_atlas_etrm__counterparty_bank_details": (
        "the books are its master: correct it in Atlas Accounting; ATLAS ETRM follows by an approved plan"
    ),
    "sync_atlas_etrm__payments": "ATLAS ETRM has no call to delete a payment: delete it there",
    "sync_atlar__gl_entities": "it stays: a GL entity that other records use is not taken back",
    "sync_atlar__gl_accounts": "it stays: a GL account that documents use is not taken back",
    "sync_atlar__document_updates": "it follows the books: what they say next is written next",
}
