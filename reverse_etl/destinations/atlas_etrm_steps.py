"""What to do about one ATLAS ETRM record, given what it is now: post it, leave it, or leave it to a person.

In: a delivery, the record as ATLAS ETRM shows it (None where there is none), what the change was planned from.
Out: the record to post, or the outcome where nothing is to be sent. Pure. What does not belong here: any request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipelines.atlas_etrm import tables
from pipelines.atlas_etrm.client import NUMBERS
from pipelines.raw_table import RawTable
from reverse_etl.destinations.base import Record, answer, done, is_blank, payload
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome

Planned = Mapping[str, Any] | None
"""The old values a change was planned from; None where it is not known, as when an unknown outcome is looked up."""

Step = Callable[[Delivery, Record | None, Planned], Record | Outcome]
"""Returns the record to post, or the outcome where nothing is to be sent."""

_ORDER_POST_DEMANDS = ("registrationDate", "dueDate", "totalAmount")


def counterparty_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Fills an empty `externalId`."""
    return _fill(delivery, now, tables.COUNTERPARTIES, "externalId", ("legalName",))


def order_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Fills an empty `erpCode`; `Order/Post` demands dates and total (trap 4), so those just read go back."""
    return _fill(delivery, now, tables.ORDERS, "erpCode", _ORDER_POST_DEMANDS)


def _fill(
    delivery: Delivery, now: Record | None, table: RawTable, member: str, send_back: tuple[str, ...]
) -> Record | Outcome:
    """Fills an empty member; never over a value that is not ours (DESIGN sections 5.6, 5.11 and 6.4)."""
    if now is None:
        return Outcome("rejected", f"atlas_etrm: {table.name} {delivery.target_id} is not there any more")
    value = payload(delivery)[member]
    if is_blank(now.get(member)):
        return {"id": now["id"], member: value, **{name: now.get(name) for name in send_back}}
    if now[member] == value:
        return _there(table, now, member)
    if delivery.expected_version is not None and now[member] == delivery.expected_version:
        # Our own code, of a document that is void by now: its revision takes its place.
        return {"id": now["id"], member: value, **{name: now.get(name) for name in send_back}}
    reason = f"atlas_etrm: {member} is {now[member]!r} already, not {value!r}; a person must decide"
    return Outcome("held", reason, answers=(answer(table, now, NUMBERS),))


def empty_counterparty_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Empties an `externalId` that Tieout wrote."""
    return _empty(delivery, now, planned, tables.COUNTERPARTIES, "externalId", ("legalName",))


def empty_order_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Empties an `erpCode` that Tieout wrote."""
    return _empty(delivery, now, planned, tables.ORDERS, "erpCode", _ORDER_POST_DEMANDS)


def _empty(
    delivery: Delivery,
    now: Record | None,
    planned: Planned,
    table: RawTable,
    member: str,
    send_back: tuple[str, ...],
) -> Record | Outcome:
    """Empties a member that still is what it was planned from.

    An explicit null clears (contract section 3, assumed): whether it did is read off the answer.
    """
    if now is None:
        return Outcome("rejected", f"atlas_etrm: {table.name} {delivery.target_id} is not there any more")
    if is_blank(now.get(member)):
        return _there(table, now, member)
    if planned is not None and now[member] != planned.get(member):
        reason = f"atlas_etrm: {member} is {now[member]!r} by now, not {planned.get(member)!r}; a person must decide"
        return Outcome("held", reason, answers=(answer(table, now, NUMBERS),))
    return {"id": now["id"], member: None, **{name: now.get(name) for name in send_back}}


def invoice_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Creates an invoice, unless its `externalId` is there already."""
    body = payload(delivery)
    if now is None:
        return body
    if now.get("orderId") == body["orderId"]:
        return _there(tables.INVOICES, now, "invoiceNumber")
    reason = f"atlas_etrm: externalId {body['externalId']!r} belongs to order {now.get('orderId')} already"
    return Outcome("held", reason, answers=(answer(tables.INVOICES, now, NUMBERS),))


def revision_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Turns the invoice of a voided document into its revision's: only while it is the one that was seen, unpaid."""
    if now is None:
        return Outcome("rejected", f"atlas_etrm: invoice {delivery.target_id} is not there any more")
    body = payload(delivery)
    if now.get("externalId") == body.get("externalId", delivery.expected_version):
        return _there(tables.INVOICES, now, "invoiceNumber")
    if now.get("externalId") != delivery.expected_version or bool(now.get("isPaid")):
        reason = f"atlas_etrm: invoice {delivery.target_id} is {now.get('externalId')!r}"
        paid = " and marked as paid" if now.get("isPaid") else ""
        reason += f"{paid}, not the open {delivery.expected_version!r}; a person must decide"
        return Outcome("held", reason, answers=(answer(tables.INVOICES, now, NUMBERS),))
    # Whether a Post keeps or blanks what it does not mention is not stated (trap 4): all that was read goes back.
    return {**now, **body}


def payment_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Creates a payment, unless it is there already."""
    if now is None:
        return payload(delivery)
    return _there(tables.PAYMENTS, now, "externalId")


def settlement_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Sets `isPaid`."""
    if now is None:
        return Outcome("rejected", f"atlas_etrm: invoice {delivery.target_id} is not there any more")
    if bool(now.get("isPaid")):
        return _there(tables.INVOICES, now, "invoiceNumber")
    # Whether a Post keeps or blanks what it does not mention is not stated (trap 4): all that was read goes back.
    return {**now, **payload(delivery)}


def reopening_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Takes `isPaid` back; the plan that says so was approved."""
    if now is None:
        return Outcome("rejected", f"atlas_etrm: invoice {delivery.target_id} is not there any more")
    if not bool(now.get("isPaid")):
        return _there(tables.INVOICES, now, "invoiceNumber")
    return {**now, **payload(delivery)}


def correction_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Changes master data, where every field is still as the change was planned from."""
    return _change(delivery, now, planned, tables.COUNTERPARTIES, "legalName", ("legalName",))


def status_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Moves an order to another status, from the one the rule starts from."""
    result = _change(delivery, now, planned, tables.ORDERS, "status", _ORDER_POST_DEMANDS)
    if isinstance(result, dict) and now is not None and isinstance(now.get("status"), int):
        # This instance numbers its statuses (contract section 4.4).
        result["status"] = int(result["status"])
    return result


def missing_counterparty_step(delivery: Delivery, now: Record | None, planned: Planned) -> Record | Outcome:
    """Creates a counterparty, unless one has its code, or goes by its VAT number or name."""
    body = payload(delivery)
    if now is None:
        return body
    if now.get("externalId") == body["externalId"]:
        return _there(tables.COUNTERPARTIES, now, "externalId")
    reason = f"atlas_etrm: counterparty {now.get('id')} goes by its VAT number or name; it is matched, not made again"
    return Outcome("pending", reason, answers=(answer(tables.COUNTERPARTIES, now, NUMBERS),), moved=True)


def _change(
    delivery: Delivery, now: Record | None, planned: Planned, table: RawTable, number: str, send_back: tuple[str, ...]
) -> Record | Outcome:
    if now is None:
        return Outcome("rejected", f"atlas_etrm: {table.name} {delivery.target_id} is not there any more")
    wanted = payload(delivery)
    if all(_is_same(now.get(member), value) for member, value in wanted.items()):
        return _there(table, now, number)
    moved = [member for member in wanted if planned is None or not _is_same(now.get(member), planned.get(member))]
    if moved:
        reason = f"atlas_etrm: {', '.join(moved)} of {table.name} {delivery.target_id} changed since the plan"
        return Outcome("pending", reason, answers=(answer(table, now, NUMBERS),), moved=True)
    return {"id": now["id"], **{name: now.get(name) for name in send_back}, **wanted}


def _is_same(present: Any, other: Any) -> bool:
    return (is_blank(present) and is_blank(other)) or str(present) == str(other)


def _there(table: RawTable, record: Mapping[str, Any], number: str) -> Outcome:
    """Returns the outcome of a delivery whose effect the destination shows already."""
    return done((answer(table, record, NUMBERS),), record, number=number, reason="it was there already")
