"""Writes to ATLAS ETRM (contracts/atlas-etrm.md): master data, erpCodes, invoices, payments, isPaid, statuses.

In: deliveries in batches of up to 50. Out: an outcome for each, with the record as ATLAS ETRM now has it.
What does not belong here: which rows are due (`dbt_project/models/sync`).

ATLAS ETRM creates whatever comes without an id and knows no idempotency key (trap 3), so the present records are
read before every write, one call for the whole batch: what is there already is not sent again, and what holds
another value than it should is left for a person. `Order/Post` demands dates and total (trap 4): those just read
are sent back. A Post is all or nothing, so a refused batch is halved, and read again, until the culprit stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.raw_table import Answer
from pipelines.transport import exact
from pipelines.transport.errors import Conflict, RecordNotFound, Refused, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.catalog import Sync
from reverse_etl.destinations.atlas_etrm_routes import AtlasEtrmCalls, Found, Route, routes
from reverse_etl.destinations.base import Present, Record, done, is_blank, shown
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan import PlanItem


class AtlasEtrmDestination:
    """ATLAS ETRM as a destination."""

    def __init__(self, client: AtlasEtrmCalls) -> None:
        self._planned: dict[tuple[str, str], Record] = {}
        self._routes = routes(client)

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
            item.sync_key: Present(
                shown(record, item.fields),
                shown(record, route.watched)
                | ({"etag": record.get(route.version)} if route.version and item.expected_version else {}),
            )
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

    def _step(self, route: Route, one: Delivery, present: Found) -> Record | Outcome:
        return route.step(one, present.get(one.delivery_id), self._planned.get((one.sync_name, one.sync_key)))

    def _deliver(self, route: Route, batch: Sequence[Delivery]) -> dict[str, Outcome]:
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

    def _post(self, route: Route, to_send: Sequence[tuple[Delivery, Record]]) -> dict[str, Outcome]:
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

    def _settle(self, route: Route, to_send: Sequence[tuple[Delivery, Record]], reply: Reply) -> dict[str, Outcome]:
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

    def _read_back(self, route: Route, missing: Sequence[Delivery], request_id: str | None) -> dict[str, Outcome]:
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
