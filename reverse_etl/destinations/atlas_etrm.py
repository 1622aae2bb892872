"""Writes to ATLAS ETRM (contracts/atlas-etrm.md): master data, erpCodes, invoices, payments, isPaid, statuses.

In: deliveries in batches of up to 50. Out: an outcome for each, with the record as ATLAS ETRM now has it.
What does not belong here: which rows are due (`dbt_project/models/sync`).

ATLAS ETRM creates whatever comes without an id and knows no idempotency key (trap 3), so the present records are
read before every write, one call for the whole batch: what is there already is not sent again, and what holds
another value than it should is left for a person. `Order/Post` demands dates and total (trap 4): those just read
are sent back. A Post is all or nothing, so a refused batch is halved, and read again, until the culprit stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from pipelines.atlas_etrm import tables
from pipelines.raw_table import Answer, RawTable
from pipelines.transport import exact
from pipelines.transport.errors import Conflict, RecordNotFound, Refused, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.catalog import Sync
from reverse_etl.destinations import atlas_etrm_steps as steps
from reverse_etl.destinations.base import Present, Record, done, is_blank, payload, shown
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan import PlanItem


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
class _Route:
    """How one sync reads the present state, decides, and writes."""

    table: RawTable
    present: Callable[[Sequence[Delivery]], Found]
    step: Callable[[Delivery, Record | None, steps.Planned], Record | Outcome]
    """The record to post, or the outcome where nothing is to be sent."""
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


class AtlasEtrmDestination:
    """ATLAS ETRM as a destination."""

    def __init__(self, client: AtlasEtrmCalls) -> None:
        self._client = client
        self._planned: dict[tuple[str, str], Record] = {}
        self._routes = {
            "sync_atlas_etrm__counterparties": _Route(
                tables.COUNTERPARTIES,
                lambda batch: _by_target(batch, client.counterparties_by_ids),
                steps.counterparty_step,
                client.post_counterparties,
                by="id",
                number="externalId",
                read=client.counterparties_by_ids,
                watched=("legalName", "vat", "iban", "swiftBic", "glAccount"),
            ),
            "sync_atlas_etrm__missing_counterparties": _Route(
                tables.COUNTERPARTIES,
                self._present_counterparties,
                steps.missing_counterparty_step,
                client.post_counterparties,
                by="externalId",
                number="externalId",
            ),
            "sync_atlas_etrm__counterparty_fields": self._correction(),
            "sync_atlas_etrm__counterparty_bank_details": self._correction(),
            "sync_atlas_etrm__order_erp_codes": _Route(
                tables.ORDERS,
                lambda batch: _by_target(batch, client.orders_by_ids),
                steps.order_step,
                client.post_orders,
                by="id",
                number="erpCode",
                read=client.orders_by_ids,
                watched=("registrationDate", "dueDate", "totalAmount"),
            ),
            "sync_atlas_etrm__invoices": _Route(
                tables.INVOICES,
                self._present_invoices,
                steps.invoice_step,
                client.post_invoices,
                by="externalId",
                number="invoiceNumber",
            ),
            "sync_atlas_etrm__payments": _Route(
                tables.PAYMENTS,
                self._present_payments,
                steps.payment_step,
                client.post_payments,
                by="externalId",
                number="externalId",
            ),
            "sync_atlas_etrm__invoice_settlements": _Route(
                tables.INVOICES,
                lambda batch: _by_target(batch, client.invoices_by_ids),
                steps.settlement_step,
                client.post_invoices,
                by="id",
                number="invoiceNumber",
                read=client.invoices_by_ids,
                watched=("orderId", "externalId", "invoiceNumber", "amount"),
            ),
            "sync_atlas_etrm__invoice_reopenings": _Route(
                tables.INVOICES,
                lambda batch: _by_target(batch, client.invoices_by_ids),
                steps.reopening_step,
                client.post_invoices,
                by="id",
                number="invoiceNumber",
                read=client.invoices_by_ids,
                watched=("orderId", "externalId", "invoiceNumber", "amount"),
            ),
            "sync_atlas_etrm__order_statuses": _Route(
                tables.ORDERS,
                lambda batch: _by_target(batch, client.orders_by_ids),
                steps.status_step,
                client.post_orders,
                by="id",
                number="status",
                read=client.orders_by_ids,
                watched=("registrationDate", "dueDate", "totalAmount"),
            ),
            "undo_atlas_etrm__order_erp_codes": _Route(
                tables.ORDERS,
                lambda batch: _by_target(batch, client.orders_by_ids),
                steps.empty_order_step,
                client.post_orders,
                by="id",
                number="erpCode",
                read=client.orders_by_ids,
                empties="erpCode",
                watched=("registrationDate", "dueDate", "totalAmount"),
            ),
            "undo_atlas_etrm__counterparties": _Route(
                tables.COUNTERPARTIES,
                lambda batch: _by_target(batch, client.counterparties_by_ids),
                steps.empty_counterparty_step,
                client.post_counterparties,
                by="id",
                number="externalId",
                read=client.counterparties_by_ids,
                empties="externalId",
                watched=("legalName",),
            ),
            "undo_atlas_etrm__invoice_settlements": _Route(
                tables.INVOICES,
                lambda batch: _by_target(batch, client.invoices_by_ids),
                steps.reopening_step,
                client.post_invoices,
                by="id",
                number="invoiceNumber",
                read=client.invoices_by_ids,
                watched=("orderId", "externalId", "invoiceNumber", "amount"),
            ),
        }

    def _correction(self) -> _Route:
        read = self._client.counterparties_by_ids
        return _Route(
            tables.COUNTERPARTIES,
            lambda batch: _by_target(batch, read),
            steps.correction_step,
            self._client.post_counterparties,
            by="id",
            number="externalId",
            read=read,
            watched=("legalName",),
        )

    def prepare(self, sync: Sync, items: Sequence[PlanItem]) -> str | None:
        """Notes what changes from what: each batch reads what is there, and compares."""
        self._planned |= {
            (item.sync_name, item.sync_key): {change.field: change.old for change in item.changes} for item in items
        }
        return None

    def present(self, sync: Sync, items: Sequence[PlanItem]) -> dict[str, Present]:
        """Reads the records of a batch of updates, in one call."""
        route = self._routes[sync.name]
        if route.read is None or not items:
            return {}
        found = {
            str(record.get("id")): record for record in route.read(sorted({int(str(i.destination_id)) for i in items}))
        }
        return {
            item.sync_key: Present(shown(record, item.fields), shown(record, route.watched))
            for item in items
            if (record := found.get(str(item.destination_id))) is not None
        }

    def endpoint_missing(self, sync: Sync, error: VendorError) -> str | None:
        """Every endpoint used is documented: a 404 is no finding."""
        return None

    def deliver(self, sync: Sync, batch: Sequence[Delivery]) -> list[Outcome]:
        """Reads what is there, sends what is not, and returns an outcome per delivery, in order."""
        outcomes = self._deliver(self._routes[sync.name], batch)
        return [outcomes[one.delivery_id] for one in batch]

    def look_up(self, sync: Sync, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
        """Reads the records concerned: what already is as it was to become has happened."""
        route = self._routes[sync.name]
        present = route.present(unknown) if unknown else {}
        found = {}
        for one in unknown:
            result = self._step(route, one, present)
            if isinstance(result, Outcome) and result.status == "delivered":
                found[one.delivery_id] = result
        return found

    def _step(self, route: _Route, one: Delivery, present: Found) -> Record | Outcome:
        return route.step(one, present.get(one.delivery_id), self._planned.get((one.sync_name, one.sync_key)))

    def _deliver(self, route: _Route, batch: Sequence[Delivery]) -> dict[str, Outcome]:
        try:
            present = route.present(batch)
        except VendorError as error:
            return dict.fromkeys((one.delivery_id for one in batch), after_read_error(error))
        outcomes: dict[str, Outcome] = {}
        to_send: list[tuple[Delivery, Record]] = []
        for one in batch:
            result = self._step(route, one, present)
            if isinstance(result, Outcome):
                outcomes[one.delivery_id] = result
            else:
                to_send.append((one, result))
        if to_send:
            outcomes |= self._post(route, to_send)
        return outcomes

    def _post(self, route: _Route, to_send: Sequence[tuple[Delivery, Record]]) -> dict[str, Outcome]:
        deliveries = [one for one, _ in to_send]
        try:
            reply = route.post([record for _, record in to_send])
        except (Refused, Conflict, RecordNotFound) as error:
            if len(deliveries) == 1:
                return {deliveries[0].delivery_id: after_write_error(error)}
            # All or nothing is how the contract reads (section 3, assumed): each half looks again before it sends.
            middle = len(deliveries) // 2
            return self._deliver(route, deliveries[:middle]) | self._deliver(route, deliveries[middle:])
        except VendorError as error:
            return dict.fromkeys((one.delivery_id for one in deliveries), after_write_error(error))
        return self._settle(route, to_send, reply)

    def _settle(self, route: _Route, to_send: Sequence[tuple[Delivery, Record]], reply: Reply) -> dict[str, Outcome]:
        """Finds each delivery's record in the answer; where it is missing, reads it back."""
        returned = {}
        for raw in reply.records:
            record = exact.loads(raw)
            if isinstance(record, dict) and record.get("id") is not None:
                returned[str(record.get(route.by))] = (record, Answer(route.table, bytes(raw)))
        outcomes, missing = {}, []
        for one, sent in to_send:
            if (saved := returned.get(str(sent.get(route.by)))) is None:
                missing.append(one)
            else:
                record, landed = saved
                if route.empties is not None and not is_blank(record.get(route.empties)):
                    kept = f"atlas_etrm: {route.empties} is still {record.get(route.empties)!r}; empty it there by hand"
                    outcomes[one.delivery_id] = Outcome("rejected", kept, answers=(landed,))
                    continue
                outcomes[one.delivery_id] = done((landed,), record, number=route.number, request_id=reply.request_id)
        return outcomes | self._read_back(route, missing, reply.request_id)

    def _read_back(self, route: _Route, missing: Sequence[Delivery], request_id: str | None) -> dict[str, Outcome]:
        if not missing:
            return {}
        try:
            present = route.present(missing)
        except VendorError:
            present = {}
        unseen = Outcome("unknown", "answered with success, but without the record", request_id=request_id)
        outcomes = {}
        for one in missing:
            result = self._step(route, one, present)
            is_there = isinstance(result, Outcome) and result.status == "delivered"
            outcomes[one.delivery_id] = result if is_there and isinstance(result, Outcome) else unseen
        return outcomes

    def _present_counterparties(self, batch: Sequence[Delivery]) -> Found:
        """Matches by code, then VAT number, then exact name: there is no search, so all are read, in one call."""
        everybody = [exact.loads(record) for record in self._client.all_counterparties()]
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

    def _present_invoices(self, batch: Sequence[Delivery]) -> Found:
        wanted = {one.delivery_id: payload(one) for one in batch}
        found = self._client.invoices_by_external_ids(sorted({body["externalId"] for body in wanted.values()}))
        present = {}
        for delivery_id, body in wanted.items():
            same = [record for record in found if record.get("externalId") == body["externalId"]]
            # ATLAS ETRM does not keep externalIds unique: the one of this order goes before another's.
            same.sort(key=lambda record: record.get("orderId") != body["orderId"])
            if same:
                present[delivery_id] = same[0]
        return present

    def _present_payments(self, batch: Sequence[Delivery]) -> Found:
        wanted = {one.delivery_id: payload(one) for one in batch}
        found = self._client.payments_by_invoice_ids(sorted({body["invoiceId"] for body in wanted.values()}))
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
