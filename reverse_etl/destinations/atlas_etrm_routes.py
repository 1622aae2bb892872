"""How each sync of ATLAS ETRM reads what is there, decides, and writes.

In: the client. Out: a `Route` per sync. What does not belong here: batches and their halves (`atlas_etrm.py`), what
is done about one record (`atlas_etrm_steps.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import msgspec

from pipelines.atlas_etrm import tables
from pipelines.raw_table import RawTable
from pipelines.transport import exact
from pipelines.transport.reply import Reply
from reverse_etl.destinations import atlas_etrm_steps as steps
from reverse_etl.destinations.base import Record, payload
from reverse_etl.log_state import Delivery


class AtlasEtrmCalls(Protocol):
    """The calls of `AtlasEtrmClient` that this destination makes. The reads refuse an empty list."""

    def all_counterparties(self) -> Sequence[bytes | msgspec.Raw]: ...  # noqa: D102
    def counterparties_by_ids(self, ids: Sequence[int]) -> list[Record]: ...  # noqa: D102
    def orders_by_ids(self, ids: Sequence[int]) -> list[Record]: ...  # noqa: D102
    def invoices_by_ids(self, ids: Sequence[int]) -> list[Record]: ...  # noqa: D102
    def invoices_by_external_ids(self, external_ids: Sequence[str]) -> list[Record]: ...  # noqa: D102
    def payments_by_invoice_ids(self, ids: Sequence[int]) -> list[Record]: ...  # noqa: D102
    def post_counterparties(self, records: Sequence[Record]) -> Reply: ...  # noqa: D102
    def post_orders(self, records: Sequence[Record]) -> Reply: ...  # noqa: D102
    def post_invoices(self, records: Sequence[Record]) -> Reply: ...  # noqa: D102
    def post_payments(self, records: Sequence[Record]) -> Reply: ...  # noqa: D102


Found = Mapping[str, Record]
"""What is there already, by delivery id."""


@dataclass(frozen=True)
class Route:
    """How one sync reads the present state, decides, and writes."""

    table: RawTable
    present: Callable[[Sequence[Delivery]], Found]
    step: steps.Step
    post: Callable[[Sequence[Record]], Reply]
    by: str
    """The member that tells the answer's records apart."""
    number: str | None = None
    read: Callable[[Sequence[int]], list[Record]] | None = None
    """Reads records by their ids; None where only creates come this way."""
    watched: tuple[str, ...] = ()
    """Members that a Post sends back, or that say the record is still the one that was meant."""
    empties: str | None = None
    """The member that must be empty in the answer."""
    version: str | None = None
    """The member whose present value a correction may replace; the plan keeps it as `expected_version`."""


_ORDER_DEMANDS = ("registrationDate", "dueDate", "totalAmount")
_SAME_INVOICE = ("orderId", "externalId", "invoiceNumber", "amount")


def routes(client: AtlasEtrmCalls) -> dict[str, Route]:
    """Returns the route of each sync."""
    counterparty = partial(_updating, tables.COUNTERPARTIES, client.counterparties_by_ids, client.post_counterparties)
    order = partial(_updating, tables.ORDERS, client.orders_by_ids, client.post_orders, watched=_ORDER_DEMANDS)
    invoice = partial(
        _updating,
        tables.INVOICES,
        client.invoices_by_ids,
        client.post_invoices,
        number="invoiceNumber",
        watched=_SAME_INVOICE,
    )
    correction = counterparty(steps.correction_step, number="externalId", watched=("legalName",))
    return {
        "sync_atlas_etrm__counterparties": counterparty(
            steps.counterparty_step,
            number="externalId",
            watched=("legalName", "vat", "iban", "swiftBic", "glAccount"),
        ),
        "sync_atlas_etrm__missing_counterparties": Route(
            tables.COUNTERPARTIES,
            partial(_counterparties, client),
            steps.missing_counterparty_step,
            client.post_counterparties,
            by="externalId",
            number="externalId",
        ),
        "sync_atlas_etrm__counterparty_fields": correction,
        "sync_atlas_etrm__counterparty_bank_details": correction,
        "sync_atlas_etrm__order_erp_codes": order(steps.order_step, number="erpCode", version="erpCode"),
        "sync_atlas_etrm__order_statuses": order(steps.status_step, number="status"),
        "sync_atlas_etrm__invoices": Route(
            tables.INVOICES,
            partial(_invoices, client),
            steps.invoice_step,
            client.post_invoices,
            by="externalId",
            number="invoiceNumber",
        ),
        "sync_atlas_etrm__invoice_revisions": invoice(
            steps.revision_step, watched=("orderId", "isPaid"), version="externalId"
        ),
        "sync_atlas_etrm__payments": Route(
            tables.PAYMENTS,
            partial(_payments, client),
            steps.payment_step,
            client.post_payments,
            by="externalId",
            number="externalId",
        ),
        "sync_atlas_etrm__invoice_settlements": invoice(steps.settlement_step),
        "sync_atlas_etrm__invoice_reopenings": invoice(steps.reopening_step),
        "undo_atlas_etrm__order_erp_codes": order(steps.empty_order_step, number="erpCode", empties="erpCode"),
        "undo_atlas_etrm__counterparties": counterparty(
            steps.empty_counterparty_step, number="externalId", empties="externalId", watched=("legalName",)
        ),
        "undo_atlas_etrm__invoice_settlements": invoice(steps.reopening_step),
    }


def _updating(
    table: RawTable,
    read: Callable[[Sequence[int]], list[Record]],
    post: Callable[[Sequence[Record]], Reply],
    step: steps.Step,
    *,
    number: str,
    watched: tuple[str, ...],
    empties: str | None = None,
    version: str | None = None,
) -> Route:
    """A route that changes records that are there, read by their ids in one call."""
    return Route(
        table,
        lambda batch: _by_target(batch, read),
        step,
        post,
        by="id",
        number=number,
        read=read,
        watched=watched,
        empties=empties,
        version=version,
    )


def _counterparties(client: AtlasEtrmCalls, batch: Sequence[Delivery]) -> Found:
    """Matches by code, then VAT number, then exact name: there is no search, so all are read, in one call."""
    everybody = [exact.loads(record) for record in client.all_counterparties()]
    found = {}
    for one in batch:
        body = payload(one)
        for member in ("externalId", "vat", "legalName"):
            value = body.get(member)
            same = [each for each in everybody if value and each.get(member) == value]
            if same:
                found[one.delivery_id] = same[0]
                break
    return found


def _invoices(client: AtlasEtrmCalls, batch: Sequence[Delivery]) -> Found:
    wanted = {one.delivery_id: payload(one) for one in batch}
    found = client.invoices_by_external_ids(sorted({body["externalId"] for body in wanted.values()}))
    present = {}
    for delivery_id, body in wanted.items():
        same = [record for record in found if record.get("externalId") == body["externalId"]]
        # ATLAS ETRM does not keep externalIds unique: the one of this order goes before another's.
        same.sort(key=lambda record: record.get("orderId") != body["orderId"])
        if same:
            present[delivery_id] = same[0]
    return present


def _payments(client: AtlasEtrmCalls, batch: Sequence[Delivery]) -> Found:
    wanted = {one.delivery_id: payload(one) for one in batch}
    found = client.payments_by_invoice_ids(sorted({body["invoiceId"] for body in wanted.values()}))
    by_key = {(record.get("invoiceId"), record.get("externalId")): record for record in found}
    return {
        delivery_id: record
        for delivery_id, body in wanted.items()
        if (record := by_key.get((body["invoiceId"], body["externalId"]))) is not None
    }


def _by_target(batch: Sequence[Delivery], read: Callable[[Sequence[int]], list[Record]]) -> Found:
    """Reads the records that a batch of updates is about, in one call."""
    found = {str(record.get("id")): record for record in read(sorted({int(str(one.target_id)) for one in batch}))}
    return {one.delivery_id: found[str(one.target_id)] for one in batch if str(one.target_id) in found}
