"""Writes to Atlar (contracts/atlar.md, sections 3, 9, 10): GL entities and accounts, documents, and
what carries the cash forecast (AP and AR, or forecasted transactions).

In: one delivery at a time. Out: its outcome, with the record as Atlar now has it.
What does not belong here: amounts, rates and entries (the sync models make whole payloads).

Three defences against doing a thing twice: every write carries the delivery's idempotency key (kept 24 hours); what
has an `externalId` is looked up by it when Atlar refuses a second one; documents have none, so a map from
`provenance.vendorId` to the document is rebuilt by listing each GL entity before documents are made. Updates go out
with `If-Match`: a record that moved since the plan is read again, and the change sent again for its new version only
where every field of ours is still as it was planned from; else it is landed, and planned anew in the next round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.atlar import tables
from pipelines.raw_table import RawTable
from pipelines.transport import exact
from pipelines.transport.errors import Conflict, RecordNotFound, Refused, VendorError
from pipelines.transport.reply import Reply
from reverse_etl.catalog import Sync
from reverse_etl.destinations.base import Present, Record, answer, done, payload, shown, written
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error
from reverse_etl.plan import PlanItem


class AtlarCalls(Protocol):
    """The calls of `AtlarClient` that this destination makes. `resource` is the raw table's name."""

    def create(self, resource: str, body: Mapping[str, Any], idempotency_key: str) -> Reply: ...  # noqa: D102
    def patch(  # noqa: D102
        self, resource: str, record_id: str, ops: Sequence[Mapping[str, Any]], if_match: str, idempotency_key: str
    ) -> Reply: ...
    def one(self, resource: str, record_id: str) -> Record: ...  # noqa: D102
    def by_external_id(self, resource: str, external_id: str) -> Record | None: ...  # noqa: D102
    def listed(self, resource: str, **params: str) -> list[Record]: ...  # noqa: D102


@dataclass(frozen=True)
class _Resource:
    table: RawTable
    number: str
    """The member a person knows it by."""

    patch_operation: str = "add"
    """`add` sets and replaces alike; `replace` of a member that the record lacks is a 400 (RFC 6902)."""

    @property
    def has_external_id(self) -> bool:
        return self.table is not tables.DOCUMENTS

    def patched(self, fields: Record) -> list[tuple[str, Any]]:
        """Returns the paths to set and their values."""
        return [(f"/{member}", value) for member, value in fields.items()]


class _Forecast(_Resource):
    """A forecasted transaction: of an amount only the figure can be replaced (section 11.1)."""

    def patched(self, fields: Record) -> list[tuple[str, Any]]:
        """See `_Resource.patched`."""
        return [
            ("/amount/stringValue", value["stringValue"]) if member == "amount" else (f"/{member}", value)
            for member, value in fields.items()
        ]


_DOCUMENTS = _Resource(tables.DOCUMENTS, "reference")

_RESOURCES = {
    "sync_atlar__gl_entities": _Resource(tables.GL_ENTITIES, "name"),
    "sync_atlar__gl_accounts": _Resource(tables.GL_ACCOUNTS, "number"),
    "sync_atlar__documents": _DOCUMENTS,
    "sync_atlar__payment_documents": _DOCUMENTS,
    "sync_atlar__journal_documents": _DOCUMENTS,
    "sync_atlar__document_updates": _DOCUMENTS,
    "sync_atlar__forecasted_transactions": _Forecast(tables.FORECASTED_TRANSACTIONS, "description", "replace"),
    "sync_atlar__accounts_payables": _Resource(tables.ACCOUNTS_PAYABLES, "reference"),
    "sync_atlar__accounts_receivables": _Resource(tables.ACCOUNTS_RECEIVABLES, "reference"),
    "undo_atlar__documents": _DOCUMENTS,
    "undo_atlar__forecasted_transactions": _Forecast(tables.FORECASTED_TRANSACTIONS, "description", "replace"),
    "undo_atlar__accounts_payables": _Resource(tables.ACCOUNTS_PAYABLES, "reference"),
    "undo_atlar__accounts_receivables": _Resource(tables.ACCOUNTS_RECEIVABLES, "reference"),
}

_AP_AR = (tables.ACCOUNTS_PAYABLES, tables.ACCOUNTS_RECEIVABLES)

_FORECAST_ENDPOINTS = {
    tables.ACCOUNTS_PAYABLES.name: ("payables and receivables", "forecasted_transactions or documents"),
    tables.ACCOUNTS_RECEIVABLES.name: ("payables and receivables", "forecasted_transactions or documents"),
    tables.FORECASTED_TRANSACTIONS.name: ("forecasted transactions", "ap_ar_endpoints or documents"),
}
"""What carries the cash forecast, by table, and the modes that do without it."""

_VERSIONS_TRIED = 3
"""How often a change is sent for the version that was just read, where others keep changing the record."""


class AtlarDestination:
    """Atlar as a destination."""

    def __init__(self, client: AtlarCalls) -> None:
        self._client = client
        self._documents: dict[str, dict[str, Record]] = {}
        self._planned: dict[tuple[str, str], Record] = {}

    def prepare(self, sync: Sync, items: Sequence[PlanItem]) -> str | None:
        """Rebuilds the map of documents of each GL entity that is about to get one, and notes what changes from what.

        The map is read once for all syncs of a push, and grows with what is made.
        """
        if _RESOURCES[sync.name] is _DOCUMENTS:
            entities = {item.fields["glEntityId"] for item in items if item.operation == "create"}
            for entity in sorted(entities.difference(self._documents)):
                self._documents[entity] = self._documents_of(entity)
        self._planned |= {
            (item.sync_name, item.sync_key): {change.field: change.old for change in item.changes}
            for item in items
            if item.operation != "create"
        }
        return None

    def present(self, sync: Sync, items: Sequence[PlanItem]) -> dict[str, Present]:
        """Reads each record that is about to be patched, in the shape of the patch, and its version."""
        name, found = _RESOURCES[sync.name].table.name, {}
        for item in items:
            try:
                record = self._client.one(name, str(item.destination_id))
            except RecordNotFound:
                continue
            values = {member: _shaped(value, record.get(member)) for member, value in item.fields.items()}
            etag = record.get("etag")
            watched = shown(record, ("amount", "reference"))
            found[item.sync_key] = Present(shown(values, values), watched, None if etag is None else str(etag))
        return found

    def endpoint_missing(self, sync: Sync, error: VendorError) -> str | None:
        """A 404 on creating what carries the cash forecast: this organisation does not have that endpoint."""
        told = _FORECAST_ENDPOINTS.get(_RESOURCES[sync.name].table.name)
        if told is None or not isinstance(error, RecordNotFound):
            return None
        what, others = told
        return (
            f"atlar: this organisation has no endpoint for {what} (HTTP 404): set SOURCES__ATLAR__AP_AR_MODE to "
            f"{others}, or have Atlar enable it"
        )

    def deliver(self, sync: Sync, batch: Sequence[Delivery]) -> list[Outcome]:
        """Sends each delivery on its own, in order."""
        resource = _RESOURCES[sync.name]
        return [
            self._create(resource, one) if one.operation == "create" else self._update(resource, one) for one in batch
        ]

    def look_up(self, sync: Sync, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
        """Finds creates by their key, and updates by the values the record has now."""
        resource = _RESOURCES[sync.name]
        listed: dict[str, dict[str, Record]] = {}
        found = {}
        for one in unknown:
            record = self._present(resource, one, listed)
            if record is not None and (one.operation == "create" or _matches(payload(one), record)):
                found[one.delivery_id] = _there(resource, record, "looked up")
        return found

    def _present(self, resource: _Resource, one: Delivery, listed: dict[str, dict[str, Record]]) -> Record | None:
        if one.operation != "create":
            try:
                return self._client.one(resource.table.name, str(one.target_id))
            except RecordNotFound:
                return None
        body = payload(one)
        if resource.has_external_id:
            return self._by_external_id(resource, body["externalId"])
        entity = body["glEntityId"]
        if entity not in listed:
            listed[entity] = self._documents_of(entity)
        return listed[entity].get(_vendor_id(body))

    def _create(self, resource: _Resource, one: Delivery) -> Outcome:
        body, name = payload(one), resource.table.name
        known = None if resource.has_external_id else self._documents.get(body["glEntityId"], {}).get(_vendor_id(body))
        if known is not None:
            return _there(resource, known, "it was there already")
        try:
            outcome = written(
                resource.table,
                lambda: self._client.create(name, body, one.idempotency_key),
                lambda: self._by_external_id(resource, body["externalId"]) if resource.has_external_id else None,
                number=resource.number,
            )
        except (Conflict, Refused) as error:
            return self._after_refusal(resource, body, error)
        except RecordNotFound as error:
            # A POST met no endpoint, so nobody took anything: `endpoint_missing` says whether it is a finding.
            return Outcome("pending", str(error), request_id=error.request_id, barred=error)
        except VendorError as error:
            return after_write_error(error)
        if not resource.has_external_id and outcome.answers:
            self._documents.setdefault(body["glEntityId"], {})[_vendor_id(body)] = exact.loads(
                outcome.answers[0].record
            )
        return outcome

    def _after_refusal(self, resource: _Resource, body: Record, error: VendorError) -> Outcome:
        """A taken externalId is 409 or, in older descriptions, 400 (section 3.6): then the record is there already."""
        record = None
        if resource.has_external_id:
            try:
                record = self._by_external_id(resource, body["externalId"])
            except VendorError:
                record = None
        return after_write_error(error) if record is None else _there(resource, record, "it was there already")

    def _update(self, resource: _Resource, one: Delivery) -> Outcome:
        if one.expected_version is None:
            raise ValueError(f"{one.sync_name} {one.sync_key}: an update needs the version it was planned from")
        version, key = one.expected_version, one.idempotency_key
        for _ in range(_VERSIONS_TRIED):
            try:
                return self._patch(resource, one, version, key)
            except Conflict:
                moved = self._moved(resource, one)
                if isinstance(moved, Outcome):
                    return moved
                # The refusal under the old key is remembered for a day: another version is another request.
                version, key = moved, _key_for_version(one, moved)
            except VendorError as error:
                return after_write_error(error)
        return Outcome("pending", f"atlar: it changed {_VERSIONS_TRIED} times while it was being written", moved=True)

    def _patch(self, resource: _Resource, one: Delivery, if_match: str, key: str) -> Outcome:
        target, name = str(one.target_id), resource.table.name
        ops = [
            {"op": resource.patch_operation, "path": path, "value": value}
            for path, value in resource.patched(payload(one))
        ]
        return written(
            resource.table,
            lambda: self._client.patch(name, target, ops, if_match, key),
            lambda: self._client.one(name, target),
            number=resource.number,
        )

    def _moved(self, resource: _Resource, one: Delivery) -> Outcome | str:
        """412 or 409: somebody changed it since the plan. Returns the version to try, or what has come of it.

        Where others changed only what is not ours, the change is still the approved one: the same fields from the same
        old values to the same new ones. Else what it is now is landed, and planned from anew.
        """
        try:
            record = self._client.one(resource.table.name, str(one.target_id))
        except VendorError as error:
            return after_read_error(error)
        if _matches(payload(one), record):
            return _there(resource, record, "it was there already")
        etag = record.get("etag")
        planned = self._planned.get((one.sync_name, one.sync_key))
        if isinstance(etag, str) and planned and _matches(planned, record):
            return etag
        reason = f"atlar: it is at {etag} now, not {one.expected_version}, and no longer as it was planned from"
        return Outcome("pending", reason, answers=(answer(resource.table, record),), moved=True)

    def _by_external_id(self, resource: _Resource, external_id: str) -> Record | None:
        name = resource.table.name
        if (record := self._client.by_external_id(name, external_id)) is not None or resource.table not in _AP_AR:
            return record
        # For payables and receivables only the list is described (section 10).
        return next((each for each in self._client.listed(name) if each.get("externalId") == external_id), None)

    def _documents_of(self, gl_entity_id: str) -> dict[str, Record]:
        listed = self._client.listed(tables.DOCUMENTS.name, glEntityId=gl_entity_id)
        return {_vendor_id(record): record for record in listed}


def _there(resource: _Resource, record: Record, reason: str) -> Outcome:
    return done((answer(resource.table, record),), record, number=resource.number, reason=reason)


def _key_for_version(one: Delivery, version: str) -> str:
    """An idempotency key for the same change of another version of the record."""
    return f"tieout-{hashlib.sha256(f'{one.delivery_id} {version}'.encode()).hexdigest()[:40]}"


def _vendor_id(record: Mapping[str, Any]) -> str:
    return str((record.get("provenance") or {}).get("vendorId"))


def _matches(wanted: Any, present: Any) -> bool:
    """Whether a value is as it was to become, or was; what Atlar adds (such as `value` in an amount) is no matter."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(_matches(value, present.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(present, list)
            and len(wanted) == len(present)
            and all(_matches(one, other) for one, other in zip(wanted, present, strict=True))
        )
    return bool(wanted == present)


def _shaped(wanted: Any, present: Any) -> Any:
    """Returns a present value without what Atlar adds to it (such as `value` in an amount), to compare and to show."""
    if isinstance(wanted, dict) and isinstance(present, dict):
        return {name: _shaped(value, present[name]) for name, value in wanted.items() if name in present}
    if isinstance(wanted, list) and isinstance(present, list) and wanted:
        return [_shaped(wanted[min(place, len(wanted) - 1)], each) for place, each in enumerate(present)]
    return present
