"""Vendors in a dictionary: they keep a ledger of their own, commit, and then misbehave as told.

In: a queue of `faults`, one per write, `None` for a write that goes well. Out: records as the vendor has them, and
every call in `calls`. What does not belong here: HTTP (the sandbox has it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from pipelines.transport import errors, exact
from pipelines.transport.reply import Reply
from reverse_etl.due import SyncRow

NOON = datetime(2026, 4, 10, 12, tzinfo=UTC)

Record = dict[str, Any]
Fault = Callable[[Callable[[], Reply]], Reply]


class Killed(BaseException):
    """The process dies here."""


def killed_before(act: Callable[[], Reply]) -> Reply:
    """Nothing reaches the vendor."""
    raise Killed


def killed_after(act: Callable[[], Reply]) -> Reply:
    """The vendor commits, nobody is left to hear it."""
    act()
    raise Killed


def dropped_after(act: Callable[[], Reply]) -> Reply:
    """The vendor commits, the connection drops."""
    act()
    raise errors.OutcomeUnknown("vendor", "no answer")


def failing(error: Exception) -> Fault:
    """The vendor refuses, without effect."""

    def fault(act: Callable[[], Reply]) -> Reply:
        raise error

    return fault


def reply(records: Sequence[Mapping[str, Any]], *, numbers: Iterable[str] = ()) -> Reply:
    """An answer as a client gives it."""
    raws = [msgspec.Raw(exact.dumps(dict(record), numbers=frozenset(numbers))) for record in records]
    return Reply(raws, "req-1", 200)


@dataclass
class Faulty:
    """What every fake shares."""

    faults: list[Fault | None] = field(default_factory=list)
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def write(self, name: str, detail: Any, act: Callable[[], Reply]) -> Reply:
        self.calls.append((name, detail))
        fault = self.faults.pop(0) if self.faults else None
        return act() if fault is None else fault(act)

    def names(self, prefix: str) -> list[str]:
        return [name for name, _ in self.calls if name.startswith(prefix)]


@dataclass
class FakeAtlasEtrm(Faulty):
    """Upserts by id, keeps no externalId unique, refuses a whole batch for one bad record."""

    tables: dict[str, dict[int, Record]] = field(
        default_factory=lambda: {name: {} for name in ("counterparties", "orders", "invoices", "payments")}
    )
    poison: str | None = None
    """A batch that holds this externalId or erpCode is refused."""

    def all_counterparties(self) -> list[bytes]:
        self.calls.append(("read counterparties", []))
        return [exact.dumps(one) for one in self.tables["counterparties"].values()]

    def counterparties_by_ids(self, ids: Sequence[int]) -> list[Record]:
        return self._by_ids("counterparties", ids)

    def orders_by_ids(self, ids: Sequence[int]) -> list[Record]:
        return self._by_ids("orders", ids)

    def invoices_by_ids(self, ids: Sequence[int]) -> list[Record]:
        return self._by_ids("invoices", ids)

    def invoices_by_external_ids(self, external_ids: Sequence[str]) -> list[Record]:
        return self._where("invoices", "externalId", external_ids)

    def payments_by_invoice_ids(self, ids: Sequence[int]) -> list[Record]:
        return self._where("payments", "invoiceId", ids)

    def post_counterparties(self, records: Sequence[Record]) -> Reply:
        return self._post("counterparties", records)

    def post_orders(self, records: Sequence[Record]) -> Reply:
        return self._post("orders", records)

    def post_invoices(self, records: Sequence[Record]) -> Reply:
        return self._post("invoices", records)

    def post_payments(self, records: Sequence[Record]) -> Reply:
        return self._post("payments", records)

    def _by_ids(self, table: str, ids: Sequence[int]) -> list[Record]:
        assert ids, "an empty id list means everything"
        self.calls.append((f"read {table}", list(ids)))
        return [dict(self.tables[table][one]) for one in ids if one in self.tables[table]]

    def _where(self, table: str, member: str, values: Sequence[Any]) -> list[Record]:
        assert values, "an empty id list means everything"
        self.calls.append((f"read {table}", list(values)))
        return [dict(record) for record in self.tables[table].values() if record.get(member) in values]

    def _post(self, table: str, records: Sequence[Record]) -> Reply:
        def act() -> Reply:
            if any(self.poison is not None and self.poison in one.values() for one in records):
                raise errors.Refused("atlas_etrm", "answered success: false", details=[("externalId", "is bad")])
            saved = []
            for one in records:
                record_id = one.get("id") or len(self.tables[table]) + 1
                self.tables[table][record_id] = {**self.tables[table].get(record_id, {}), **one, "id": record_id}
                saved.append(self.tables[table][record_id])
            return reply(saved, numbers=("amount", "totalAmount"))

        return self.write(f"post {table}", [dict(one) for one in records], act)


@dataclass
class FakeAccounting(Faulty):
    """Numbers drafts, posts them when told, has no idempotency and a clock months away from ours."""

    tables: dict[str, list[Record]] = field(
        default_factory=lambda: {
            name: []
            for name in ("customers", "vendors", "invoices", "bills", "journal_entries", "payments", "payments_made")
        }
    )
    clock: datetime = datetime(2025, 1, 1, tzinfo=UTC)

    def create_customer(self, body: Record) -> Reply:
        return self._create("customers", body)

    def create_vendor(self, body: Record) -> Reply:
        return self._create("vendors", body)

    def create_invoice(self, body: Record) -> Reply:
        return self._create("invoices", body, invoice_number=f"INV-{len(self.tables['invoices']) + 1}")

    def create_bill(self, body: Record) -> Reply:
        return self._create("bills", body, bill_number=f"BILL-{len(self.tables['bills']) + 1}")

    def send_invoice(self, invoice_id: str, ar_account_id: str) -> Reply:
        return self._issue("invoices", invoice_id, "sent")

    def approve_bill(self, bill_id: str, ap_account_id: str) -> Reply:
        return self._issue("bills", bill_id, "approved")

    def void_invoice(self, invoice_id: str, reason: str) -> Reply:
        return self._void("invoices", invoice_id, reason)

    def void_bill(self, bill_id: str, reason: str) -> Reply:
        return self._void("bills", bill_id, reason)

    def delete_draft(self, table: str, document_id: str) -> Reply:
        def act() -> Reply:
            self.tables[table] = [one for one in self.tables[table] if one["id"] != document_id]
            return reply([])

        return self.write(f"delete {table}", document_id, act)

    def create_journal_entry(self, body: Record) -> Reply:
        return self._create("journal_entries", body, entry_number=f"JE-{len(self.tables['journal_entries']) + 1}")

    def post_journal_entry(self, journal_entry_id: str) -> Reply:
        return self._issue("journal_entries", journal_entry_id, "posted")

    def create_payment(self, body: Record, ar_account_id: str | None = None) -> Reply:
        return self._create("payments", body, unapplied_amount=body["amount"], applications=[])

    def create_payment_made(self, body: Record, ap_account_id: str | None = None) -> Reply:
        return self._create("payments_made", body)

    def payment(self, payment_id: str) -> Record:
        return self._get("payments", payment_id)

    def apply_payment(self, payment_id: str, body: Record) -> Reply:
        def act() -> Reply:
            record = next(one for one in self.tables["payments"] if one["id"] == payment_id)
            left = Decimal(record["unapplied_amount"]) - Decimal(body["amount"])
            if left < 0:
                raise errors.Conflict("atlas_accounting", "more than is left", status=409)
            record["unapplied_amount"] = f"{left:.2f}"
            record["applications"].append({"invoice_id": body["invoice_id"], "amount_applied": body["amount"]})
            return reply([record])

        return self.write("apply payment", (payment_id, dict(body)), act)

    def journal_entry(self, journal_entry_id: str) -> Record:
        return self._get("journal_entries", journal_entry_id)

    def invoice(self, invoice_id: str) -> Record:
        return self._get("invoices", invoice_id)

    def bill(self, bill_id: str) -> Record:
        return self._get("bills", bill_id)

    def newest(self, table: str, until: datetime) -> list[Record]:
        self.calls.append((f"newest {table}", until))
        found = [one for one in self.tables[table] if datetime.fromisoformat(one["created_at"]) >= until]
        # At least one page, as the client does it.
        return list(reversed(found or self.tables[table][-2:]))

    def _create(self, table: str, body: Record, **extra: Any) -> Reply:
        def act() -> Reply:
            self.clock += timedelta(seconds=1)
            lines = body.get("lines", [])
            record = {
                "id": f"{table}-{len(self.tables[table]) + 1}",
                **body,
                **extra,
                "status": "draft",
                "created_at": self.clock.isoformat(),
            }
            if "unit_price" in (lines[0] if lines else {}):
                total = sum((Decimal(line["unit_price"]) * line["quantity"] for line in lines), Decimal(0))
                record["total_amount"] = f"{total:.2f}"
            self.tables[table].append(record)
            return reply([record])

        return self.write(f"create {table}", json.loads(json.dumps(body)), act)

    def _void(self, table: str, record_id: str, reason: str) -> Reply:
        def act() -> Reply:
            record = next(one for one in self.tables[table] if one["id"] == record_id)
            if record["status"] in ("voided", "paid"):
                raise errors.Conflict("atlas_accounting", f"it is {record['status']}", status=409)
            record |= {"status": "voided", "void_reason": reason}
            return reply([record])

        return self.write(f"void {table}", record_id, act)

    def _issue(self, table: str, record_id: str, status: str) -> Reply:
        def act() -> Reply:
            record = next(one for one in self.tables[table] if one["id"] == record_id)
            if record["status"] != "draft":
                raise errors.Conflict("atlas_accounting", "already issued", status=409)
            record["status"] = status
            return reply([record])

        return self.write(f"issue {table}", record_id, act)

    def _get(self, table: str, record_id: str) -> Record:
        self.calls.append((f"read {table}", record_id))
        for one in self.tables[table]:
            if one["id"] == record_id:
                return dict(one)
        raise errors.RecordNotFound("atlas_accounting", "no such record", status=404)


@dataclass
class FakeAtlar(Faulty):
    """Versions, idempotency keys, unique externalIds; documents have none."""

    tables: dict[str, dict[str, Record]] = field(default_factory=dict)
    remembered: dict[str, Reply] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Keys whose first answer was a refusal, which is replayed like any other."""
    missing: frozenset[str] = frozenset()
    """Resources this organisation does not have."""

    def create(self, resource: str, body: Mapping[str, Any], idempotency_key: str) -> Reply:
        def act() -> Reply:
            if resource in self.missing:
                raise errors.RecordNotFound("atlar", "no such route", status=404)
            if idempotency_key in self.remembered:
                return self.remembered[idempotency_key]
            table = self.tables.setdefault(resource, {})
            if any(one.get("externalId") == body.get("externalId") for one in table.values() if body.get("externalId")):
                raise errors.Conflict("atlar", "externalId is taken", status=409)
            record = {"id": f"{resource}-{len(table) + 1}", **body, "version": 1, "etag": "version:1"}
            table[record["id"]] = record
            self.remembered[idempotency_key] = reply([record])
            return self.remembered[idempotency_key]

        return self.write(f"create {resource}", (dict(body), idempotency_key), act)

    def patch(
        self, resource: str, record_id: str, ops: Sequence[Mapping[str, Any]], if_match: str, idempotency_key: str
    ) -> Reply:
        def act() -> Reply:
            if idempotency_key in self.remembered:
                return self.remembered[idempotency_key]
            record = self.tables[resource][record_id]
            if idempotency_key in self.refused or record["etag"] != if_match:
                self.refused.add(idempotency_key)
                raise errors.Conflict("atlar", "stale", status=412)
            for op in ops:
                record[op["path"].removeprefix("/")] = op["value"]
            record["version"] += 1
            record["etag"] = f"version:{record['version']}"
            self.remembered[idempotency_key] = reply([record])
            return self.remembered[idempotency_key]

        return self.write(f"patch {resource}", (record_id, list(ops), if_match, idempotency_key), act)

    def one(self, resource: str, record_id: str) -> Record:
        self.calls.append((f"read {resource}", record_id))
        if record_id not in self.tables.get(resource, {}):
            raise errors.RecordNotFound("atlar", "no such record", status=404)
        return dict(self.tables[resource][record_id])

    def by_external_id(self, resource: str, external_id: str) -> Record | None:
        self.calls.append((f"read {resource}", external_id))
        return next(
            (one for one in self.tables.get(resource, {}).values() if one.get("externalId") == external_id), None
        )

    def listed(self, resource: str, **params: str) -> list[Record]:
        self.calls.append((f"list {resource}", params))
        return [dict(one) for one in self.tables.get(resource, {}).values()]


@dataclass
class FakeClients:
    """The three of them."""

    atlas_etrm: FakeAtlasEtrm = field(default_factory=FakeAtlasEtrm)
    atlas_accounting: FakeAccounting = field(default_factory=FakeAccounting)
    atlar: FakeAtlar = field(default_factory=FakeAtlar)


def row(
    key: str,
    payload: Mapping[str, Any],
    *,
    operation: str = "create",
    now: Mapping[str, Any] | None = None,
    **more: Any,
) -> SyncRow:
    """A row of a sync model."""
    fields: dict[str, Any] = {
        "record_label": key,
        "order_id": None,
        "destination_id": None,
        "expected_version": None,
        "amount": None,
        "currency_code": "EUR",
        "current_values": None if now is None else json.dumps(now),
    }
    return SyncRow(sync_key=key, operation=operation, payload=json.dumps(payload), **{**fields, **more})


def invoice_row(order_id: int = 210, price: str = "100.00") -> SyncRow:
    """An accounting invoice that is due."""
    body = {
        "customer_id": "c-1",
        "invoice_date": "2026-04-01",
        "lines": [{"description": "PPA", "quantity": 1, "unit_price": price, "revenue_account_id": "a-4100"}],
        "notes": f"atlas_etrm:order:{order_id}",
    }
    return row(f"order:{order_id}", body, order_id=order_id, amount=Decimal(price))


def atlas_invoice_row(number: str, order_id: int) -> SyncRow:
    """An ATLAS ETRM invoice that is due."""
    body = {"orderId": order_id, "externalId": number, "invoiceNumber": number, "amount": "100.00", "isPaid": False}
    return row(f"document:{number}", body, order_id=order_id, amount=Decimal("100.00"))


def document_row(vendor_id: str, value: str = "100.00") -> SyncRow:
    """An Atlar document that is due."""
    body = {
        "glEntityId": "gle-1",
        "type": "INVOICE",
        "remainingAmount": {"instructedAmount": {"currency": "EUR", "stringValue": value}},
        "provenance": {"vendorId": vendor_id},
    }
    return row(vendor_id, body, amount=Decimal(value))
