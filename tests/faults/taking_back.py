"""Writes one record of any kind to the sandbox's vendors, and takes it back as `tieout undo`, `approve` and `apply` do.

In: a `Push`. Out: `Taker`; `KINDS`: how each kind is written, where it stands, how it is taken back, what spoils it.
What does not belong here: what must hold (`test_fault_undo.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from written import CODES, DOCUMENTS, INVOICES, RECEIVABLES, Push

from reverse_etl import holds
from reverse_etl.apply import ApplyResult, apply_plan, destinations_of, resolve_unknown
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.due import SyncRow
from reverse_etl.identity import Identity
from reverse_etl.plan import Plan, make_plan, plan_of_items
from reverse_etl.plan_store import PlanStore
from reverse_etl.present import moved_since, read_present, read_records
from tieout.undo import chosen, steps

SENDS, BILLS = "sync_atlas_accounting__invoice_sends", "sync_atlas_accounting__bills"
APPROVALS = "sync_atlas_accounting__bill_approvals"
ENTRIES = "sync_atlas_accounting__journal_entries"
PAYABLES, FORECASTS = "sync_atlar__accounts_payables", "sync_atlar__forecasted_transactions"
JOURNALS = "sync_atlar__journal_documents"
ETRM_INVOICES, PAID = "sync_atlas_etrm__invoices", "sync_atlas_etrm__invoice_settlements"


@dataclass
class Taker:
    """Writes one record, and takes it back as `tieout undo`, `approve` and `apply` do."""

    push: Push
    written: str = ""
    """The sync that wrote it last."""

    @property
    def record(self) -> str:
        return self.push.rows[INVOICES][0].sync_key

    @property
    def order_id(self) -> int:
        return int(self.record.partition(":")[2])

    def writes(self, sync_name: str, row: SyncRow) -> dict[str, Any]:
        """Writes it, and returns the delivery."""
        with self.push.store() as store:
            log = DeliveryLog(store)
            result = self._apply(make_plan({sync_name: [row]}, log.state()), log)
            assert result.sent == 1, (result.rejections, result.failures)
            [delivery] = [one for one in chosen.deliveries(store, record=self.record) if one["sync_name"] == sync_name]
            return delivery

    def plans(self, shows: dict[tuple[str, str], dict[str, Any]]) -> tuple[Plan, list[str]]:
        with self.push.store() as store:
            made = steps.steps(chosen.deliveries(store, record=self.record), shows, reason="a test")
            items = [step.item for step in made if step.item]
            holds.hold(store, [self.record], by=Identity("anna"), reason="undo: a test", at=self.push.now())
            plan = read_present(
                plan_of_items(items, DeliveryLog(store).state(), origin=steps.ORIGIN),
                destinations_of(self.push.vendors.clients()),
            )
            if plan.items:
                PlanStore(store).save(plan, run_id=None, made_by=Identity("anna"), at=self.push.now())
            return plan, [step.by_hand for step in made if step.by_hand]

    def applies(self, plan: Plan) -> tuple[ApplyResult, dict[str, str]]:
        """A process of its own: looks up what is unknown, reads once more, sends what has not moved."""
        clients = self.push.vendors.clients()
        with self.push.store() as store:
            log = DeliveryLog(store)
            resolve_unknown(clients, log, run_id="run", now=self.push.now, sleep=self.push.vendors.clock.sleep)
            due = plan_of_items(plan.items, log.state(), origin=steps.ORIGIN)
            reading = read_records(due.items, destinations_of(clients))
            moved = {item.key: why for item in due.items if (why := moved_since(item, reading.get(item.key)))}
            kept = Plan(tuple(item for item in due.items if item.key not in moved))
            return self._apply(kept, log), {key[1]: why for key, why in moved.items()}

    def _apply(self, plan: Plan, log: DeliveryLog) -> ApplyResult:
        clients = self.push.vendors.clients()
        return apply_plan(plan, clients, log, run_id="run", now=self.push.now, workers=1)


def _row(taker: Taker, body: dict[str, Any], **more: Any) -> SyncRow:
    fields: dict[str, Any] = {
        "operation": "create",
        "destination_id": None,
        "expected_version": None,
        "amount": None,
        "currency_code": "EUR",
        "current_values": None,
    }
    return SyncRow(
        sync_key=more.pop("key", taker.record),
        record_label=f"record of {taker.record}",
        order_id=taker.order_id,
        payload=json.dumps(body),
        **{**fields, **more},
    )


def _account(taker: Taker, kind: str) -> str:
    accounts = taker.push.vendors.stores["atlas_accounting"].all("accounts")
    return str(next(one["id"] for one in accounts if one["account_type"] == kind and one["currency"] == "EUR"))


def _number(taker: Taker, number: str) -> str:
    accounts = taker.push.vendors.stores["atlas_accounting"].all("accounts")
    return str(next(one["id"] for one in accounts if str(one["account_number"]) == number))


def _invoice(taker: Taker) -> dict[str, Any]:
    return taker.writes(INVOICES, taker.push.rows[INVOICES][0])


def _sent_invoice(taker: Taker) -> dict[str, Any]:
    made = _invoice(taker)
    body, now = {"ar_account_id": _number(taker, "1100")}, json.dumps({"ar_account_id": None})
    key = f"{taker.record}:{made['destination_id']}"
    row = _row(taker, body, key=key, operation="send", destination_id=made["destination_id"], current_values=now)
    return taker.writes(SENDS, row)


def _bill(taker: Taker) -> dict[str, Any]:
    vendors = taker.push.vendors.stores["atlas_accounting"].all("vendors")
    vendor = next(one for one in vendors if one["currency"] == "EUR" and one["is_active"])
    body = {
        "vendor_id": vendor["id"],
        "bill_date": "2026-04-08",
        "due_date": "2026-04-30",
        "currency": "EUR",
        "lines": [
            {
                "description": "PPA",
                "quantity": 1,
                "unit_price": "100.00",
                "expense_account_id": _account(taker, "expense"),
            }
        ],
        "notes": f"atlas_etrm:{taker.record}",
    }
    return taker.writes(BILLS, _row(taker, body, amount=Decimal("100.00")))


def _approved_bill(taker: Taker) -> dict[str, Any]:
    made = _bill(taker)
    body, now = {"ap_account_id": _number(taker, "2000")}, json.dumps({"ap_account_id": None})
    key = f"{taker.record}:{made['destination_id']}"
    row = _row(taker, body, key=key, operation="approve", destination_id=made["destination_id"], current_values=now)
    return taker.writes(APPROVALS, row)


def _entry(taker: Taker) -> dict[str, Any]:
    lines = [
        {"account_id": _account(taker, kind), "entry_type": side, "amount": "100.00", "description": "accrual"}
        for kind, side in (("expense", "debit"), ("revenue", "credit"))
    ]
    body = {
        "entry_date": "2026-04-08",
        "description": f"atlas_etrm:accrual:{taker.order_id} accrual",
        "entry_type": "adjustment",
        "lines": lines,
    }
    return taker.writes(ENTRIES, _row(taker, body, amount=Decimal("100.00")))


def _code(taker: Taker) -> dict[str, Any]:
    return taker.writes(CODES, taker.push.rows[CODES][0])


def _paid(taker: Taker) -> dict[str, Any]:
    made = taker.writes(ETRM_INVOICES, taker.push.rows[ETRM_INVOICES][0])
    row = _row(
        taker,
        {"isPaid": True},
        key=f"{taker.record}:paid",
        operation="update",
        destination_id=made["destination_id"],
        current_values=json.dumps({"isPaid": False}),
    )
    return taker.writes(PAID, row)


def _document(taker: Taker) -> dict[str, Any]:
    return taker.writes(DOCUMENTS, taker.push.rows[DOCUMENTS][0])


def _journal(taker: Taker) -> dict[str, Any]:
    body = json.loads(taker.push.rows[DOCUMENTS][0].payload) | {"type": "JOURNAL_ENTRY"}
    body["provenance"] = {"vendorId": f"JOURNAL/{taker.order_id}"}
    return taker.writes(JOURNALS, _row(taker, body))


def _receivable(taker: Taker) -> dict[str, Any]:
    return taker.writes(RECEIVABLES, taker.push.rows[RECEIVABLES][0])


def _payable(taker: Taker) -> dict[str, Any]:
    body = json.loads(taker.push.rows[RECEIVABLES][0].payload) | {"externalId": f"AP.{taker.order_id}"}
    return taker.writes(PAYABLES, _row(taker, body))


def _forecast(taker: Taker) -> dict[str, Any]:
    body = {
        "externalId": f"ar.{taker.order_id}",
        "parent": {"type": "ENTITY", "id": taker.push.ground.entity_id},
        "amount": {"currency": "EUR", "stringValue": "100.00"},
        "date": "2026-04-30",
        "description": "Customer invoice",
    }
    return taker.writes(FORECASTS, _row(taker, body))


KINDS: dict[str, tuple[Callable[[Taker], dict[str, Any]], str, str, str, dict[str, Any] | None, dict[str, Any]]] = {
    # what: how it is written, where it stands, the write that takes it back, what it is afterwards, what spoils it
    "a draft invoice": (_invoice, "atlas_accounting", "invoices", "delete", None, {"status": "sent"}),
    "a sent invoice": (_sent_invoice, "atlas_accounting", "invoices", "void", {"status": "voided"},
                       {"amount_paid": "1.00"}),
    "a draft bill": (_bill, "atlas_accounting", "bills", "delete", None, {"status": "approved"}),
    "an approved bill": (_approved_bill, "atlas_accounting", "bills", "void", {"status": "voided"},
                         {"amount_paid": "1.00"}),
    "a draft entry": (_entry, "atlas_accounting", "journal_entries", "delete", None, {"status": "posted"}),
    "an erpCode": (_code, "atlas_etrm", "orders", "update", {"erpCode": None}, {"erpCode": "SAP-1"}),
    "isPaid": (_paid, "atlas_etrm", "invoices", "update", {"isPaid": False}, {"amount": "1.00"}),
    "a document": (_document, "atlar", "documents", "update", {"voided": True}, {"reference": "another"}),
    "a journal document": (_journal, "atlar", "documents", "update", {"voided": True}, {"reference": "another"}),
    "a receivable": (_receivable, "atlar", "accounts_receivables", "update", {"status": "VOIDED"},
                     {"reference": "another"}),
    "a payable": (_payable, "atlar", "accounts_payables", "update", {"status": "VOIDED"}, {"reference": "another"}),
    "a forecast": (_forecast, "atlar", "forecasted_transactions", "update", {"amount": "0.00"},
                   {"amount": {"currency": "EUR", "stringValue": "7.00"}}),
}  # fmt: skip


def _key(system: str, delivery: dict[str, Any]) -> Any:
    found = delivery["target_id"] or delivery["destination_id"]
    return int(found) if system == "atlas_etrm" else str(found)


def _as_landed(system: str, table: str, record: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The record by the names of the raw table."""
    snake = {"erpCode": "erp_code", "isPaid": "is_paid", "externalId": "external_id"}
    shown = {snake.get(name, name): value for name, value in record.items()}
    if "amount_paid" in shown:
        shown["amount_paid"] = Decimal(str(shown["amount_paid"]))
    return {(f"{system}.{table}", str(record["id"])): shown}


def write_one(taker: Taker, what: str) -> tuple[Any, dict[tuple[str, str], dict[str, Any]]]:
    write, system, table, *_ = KINDS[what]
    delivery = write(taker)
    taker.written = delivery["sync_name"]
    key = _key(system, delivery)
    shows = _as_landed(system, table, taker.push.vendors.stores[system].get(table, key))
    return key, shows
