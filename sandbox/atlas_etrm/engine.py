"""The rules of ATLAS ETRM over a store: one method per endpoint (contract section 3).

In: the `data` member of a request, decoded (whole numbers as int, other numbers as Decimal). Out: records as
stored, decimals as strings; or an `AtlasEtrmError`. What does not belong here: tokens, limits, the envelope
and the digits on the wire, which are the server's.

What a client trips over, on purpose: an empty list means everything, for every read; a write with an id
updates and one without creates, so that a repeated create makes a second record; nothing settles an order or
pays an invoice by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.atlas_etrm import entities, fields, statuses
from sandbox.atlas_etrm.entities import Entity
from sandbox.atlas_etrm.errors import AtlasEtrmError, invalid, malformed
from sandbox.atlas_etrm.settings import AtlasEtrmSettings
from sandbox.clock import SandboxClock
from sandbox.store import Store

Record = dict[str, Any]


class AtlasEtrmEngine:
    """One instance of ATLAS ETRM.

    Records returned are the store's own: to be read, not changed.

    Args:
        store: Its records.
        clock: The sandbox's time; tokens end by it.

    Attributes:
        settings: What the contract leaves open.
    """

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self.store = store
        self.clock = clock
        self.settings = AtlasEtrmSettings()

    def load(self, table: str, records: Iterable[Record]) -> int:
        """Puts records of the invented company in as they are, ids given, without the rules of a post.

        Args:
            table: A key of `sandbox.atlas_etrm.entities.ENTITIES`.
            records: Vendor-shaped dicts; money as decimal strings, int or Decimal.

        Returns:
            How many were loaded.

        Raises:
            KeyError: an unknown table, or an id that exists.
            ValueError: an id that is no whole number, or a float.
        """
        entity, count, highest = entities.ENTITIES[table], 0, 0
        with self.store.transaction():
            for given in records:
                record = fields.loaded(entity, given)
                self.store.insert(table, record["id"], record)
                highest, count = max(highest, record["id"]), count + 1
            self.store.reserve_ids(table, highest)
        return count

    def counterparties_by_ids(self, data: Any) -> list[Record]:
        """`Counterparty/GetByIds`."""
        return self._by_ids("counterparties", data)

    def post_counterparties(self, data: Any) -> list[Record]:
        """`Counterparty/Post`: creates or updates; a new one needs a legalName."""
        return self._post(entities.COUNTERPARTIES, data)

    def custom_field_types(self, data: Any) -> list[Record]:
        """`CustomFields/GetTypes`."""
        return self._by_ids("custom_field_types", data)

    def counterparty_custom_fields(self, data: Any) -> list[Record]:
        """`CustomFields/Counterparties/GetByCounterpartyTypeIds`: definitions shown for the types, or for
        all.
        """
        return self._definitions(entities.COUNTERPARTY_FIELDS, data)

    def master_agreement_custom_fields(self, data: Any) -> list[Record]:
        """`CustomFields/MasterAgreements/GetByMasterAgreementTypeIds`."""
        return self._definitions(entities.MASTER_AGREEMENT_FIELDS, data)

    def orders_by_ids(self, data: Any) -> list[Record]:
        """`Order/GetByIds`."""
        return self._by_ids("orders", data)

    def post_orders(self, data: Any) -> list[Record]:
        """`Order/Post`: registrationDate, dueDate and totalAmount in every record, also of an update (section
        4.4).

        An erpCode where there was none moves an approved or forwarded order on, unless the post sets a status
        itself.
        """

        def acknowledge(before: Record, after: Record, given: Record) -> Record:
            if self.settings.status_moves and not before["erpCode"] and after["erpCode"] and "status" not in given:
                return {**after, "status": statuses.after_code(after["status"])}
            return after

        return self._post(entities.ORDERS, data, acknowledge)

    def order_items_by_order_ids(self, data: Any) -> list[Record]:
        """`OrderItem/GetByOrderIds`; an empty list is every item, also those in no order."""
        return self._where("order_items", data, lambda item: item["orderId"])

    def order_items_by_ids(self, data: Any) -> list[Record]:
        """`OrderItem/GetByIds`."""
        return self._by_ids("order_items", data)

    def invoices_by_ids(self, data: Any) -> list[Record]:
        """`Invoice/GetByIds`."""
        return self._by_ids("invoices", data)

    def invoices_by_external_ids(self, data: Any) -> list[Record]:
        """`Invoice/GetByExternalIds`: strings, compared exactly; several invoices may share one."""
        wanted = _list_of(data, str, "strings")
        return [row for row in self.store.all("invoices") if not wanted or row["externalId"] in wanted]

    def invoices_by_order_id(self, data: Any) -> list[Record]:
        """`Invoice/GetByOrderId`: one order id, not in a list."""
        if isinstance(data, bool) or not isinstance(data, int):
            raise malformed("data must be one order id")
        return [row for row in self.store.all("invoices") if row["orderId"] == data]

    def post_invoices(self, data: Any) -> list[Record]:
        """`Invoice/Post`: externalIds are not de-duplicated (section 4.6), unless the switch says so.

        An order's first invoice moves it on from "Received code by accounting".
        """

        def link(before: Record, after: Record, given: Record) -> Record:
            self._refuse_duplicate(before, after)
            if after["orderId"] is not None and after["orderId"] != before["orderId"]:
                self._note_first_invoice(after["orderId"])
            return after

        return self._post(entities.INVOICES, data, link)

    def payments_by_invoice_ids(self, data: Any) -> list[Record]:
        """`Payment/GetByInvoiceIds`."""
        return self._where("payments", data, lambda payment: payment["invoiceId"])

    def payments_by_order_ids(self, data: Any) -> list[Record]:
        """`Payment/GetByOrderIds`: by the payment's own orderId, else by its invoice's."""

        def order_of(payment: Record) -> Any:
            if payment["orderId"] is not None:
                return payment["orderId"]
            invoice = self.store.get("invoices", payment["invoiceId"])
            return invoice["orderId"] if invoice else None

        return self._where("payments", data, order_of)

    def post_payments(self, data: Any) -> list[Record]:
        """`Payment/Post`: neither the invoice's isPaid nor the order's status follows (section 4.7)."""
        return self._post(entities.PAYMENTS, data)

    def deals_by_ids(self, data: Any) -> list[Record]:
        """`Deal/GetByIds`."""
        return self._by_ids("deals", data)

    def _by_ids(self, table: str, data: Any) -> list[Record]:
        return self._where(table, [data] if _is_id(data) else data, lambda record: record["id"])

    def _where(self, table: str, data: Any, key: Callable[[Record], Any]) -> list[Record]:
        wanted = _list_of(data, int, "whole numbers")
        rows = self.store.all(table)
        return [row for row in rows if key(row) in wanted] if wanted else rows

    def _definitions(self, entity: Entity, data: Any) -> list[Record]:
        wanted = _list_of(data, int, "whole numbers")
        rows = self.store.all(entity.table)
        if not wanted:
            return rows
        return [row for row in rows if not row["entityTypeIds"] or wanted.intersection(row["entityTypeIds"])]

    def _post(
        self,
        entity: Entity,
        data: Any,
        follow: Callable[[Record, Record, Record], Record] = lambda before, after, given: after,
    ) -> list[Record]:
        """Creates or updates records, all or none; members left out keep their value, null clears (section
        3).

        Args:
            entity: What is posted.
            data: A list of records.
            follow: What the vendor does by itself, called with the record before, after, and as posted.
        """
        if not isinstance(data, list) or not all(isinstance(given, dict) for given in data):
            raise malformed("data must be an array of records")
        saved = []
        with self.store.transaction():
            for index, given in enumerate(data):
                try:
                    saved.append(self._save(entity, given, follow))
                except AtlasEtrmError as refused:
                    raise AtlasEtrmError(refused.status, refused.message, _at(index, refused.errors)) from None
        return saved

    def _save(self, entity: Entity, given: Record, follow: Callable[[Record, Record, Record], Record]) -> Record:
        identifier = given.get("id") or 0
        if not _is_id(identifier) or identifier < 0:
            raise invalid([{"field": "id", "message": "must be a whole number ≥ 0"}])
        before = self.store.get(entity.table, identifier) if identifier else None
        if identifier and before is None:
            raise invalid([{"field": "id", "message": f"no record with id {identifier}"}])
        values, errors = fields.checked(entity, given, creating=before is None)
        errors += self._broken_references(entity, values)
        if errors:
            raise invalid(errors)
        if before is None:
            before = {"id": self.store.next_id(entity.table), **fields.defaults(entity)}
        after = follow(before, {**before, **values}, given)
        self.store.put(entity.table, after["id"], after)
        return after

    def _broken_references(self, entity: Entity, values: Record) -> list[dict[str, str]]:
        return [
            {"field": field.name, "message": f"no record with id {values[field.name]}"}
            for field in entity.fields
            if field.refers_to and values.get(field.name) is not None
            if self.store.get(field.refers_to, values[field.name]) is None
        ]

    def _refuse_duplicate(self, before: Record, after: Record) -> None:
        if not self.settings.unique_external_ids or before["externalId"] == after["externalId"]:
            return
        if any(row["externalId"] == after["externalId"] for row in self.store.all("invoices")):
            raise invalid([{"field": "externalId", "message": f"{after['externalId']} exists"}])

    def _note_first_invoice(self, order_id: int) -> None:
        order = self.store.get("orders", order_id)
        if order is None or not self.settings.status_moves or self.invoices_by_order_id(order_id):
            return
        moved = statuses.after_invoice(order["status"])
        if moved != order["status"]:
            self.store.put("orders", order_id, {**order, "status": moved})


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _list_of(data: Any, kind: type, words: str) -> set[Any]:
    if not isinstance(data, list) or any(isinstance(one, bool) or not isinstance(one, kind) for one in data):
        raise malformed(f"data must be an array of {words}")
    return set(data)


def _at(index: int, errors: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"field": f"data[{index}].{error['field']}", "message": error["message"]} for error in errors]
