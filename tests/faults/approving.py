"""Two people and a plan over the sandbox's vendors: Anna plans, Bert approves, and something changes in between.

In: vendors in process, a folder. Out: `Office`: the rows that are due, in a work file as dbt leaves it; a plan made,
approved and applied by the product's own planning and sending; the vendors' records afterwards.
What does not belong here: what is changed, and what must hold then (`test_fault_approved_bytes.py`).
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from vendors import Vendors

from reverse_etl.apply import ApplyResult, apply_plan
from reverse_etl.catalog import SYNCS
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.due import Prospect, SyncRow
from reverse_etl.identity import Identity
from reverse_etl.operations import OperationsStore
from reverse_etl.plan import Plan
from reverse_etl.release import Release
from tieout.planning import Planning
from tieout.settings import Paths, Settings

ANNA, BERT, ROBOT = Identity("anna"), Identity("bert"), Identity("api", "service")

INVOICES = "sync_atlas_accounting__invoices"
SENDS = "sync_atlas_accounting__invoice_sends"
CODES = "sync_atlas_etrm__order_erp_codes"
PARTIES = "sync_atlas_etrm__counterparties"

_COLUMNS = [name for name in SyncRow.__dataclass_fields__ if name != "beneficiary"]
_TYPES = {"order_id": "bigint", "amount": "decimal(20, 4)"}


@dataclass
class Applied:
    """What an apply let go and what it refused."""

    release: Release
    result: ApplyResult
    refused: dict[str, str]
    """The reason, by key."""


@dataclass
class Office:
    """One profile, its vendors and the rows that are due."""

    vendors: Vendors
    folder: Path
    seed: int
    auto_apply: str = "none"
    invoices: int = 8
    others: int = 8
    """Rows of each other sync."""
    time: datetime = datetime(2026, 4, 10, 12, tzinfo=UTC)
    rows: dict[str, list[SyncRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"reverse_etl.auto_apply": self.auto_apply}
        self.settings = Settings("live", Paths(self.folder), told.get)
        self.clients = self.vendors.clients()
        self.rows = {INVOICES: self._invoices(), SENDS: self._sends(), CODES: self._codes(), PARTIES: self._parties()}
        self.write()

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def store(self) -> OperationsStore:
        return OperationsStore(self.settings.paths.operations)

    def write(self) -> None:
        """The work file as dbt would leave it: a table per sync with the rows that are due."""
        self.settings.paths.work.unlink(missing_ok=True)
        with duckdb.connect(str(self.settings.paths.work)) as connection:
            connection.execute("create schema sync")
            for sync in SYNCS:
                columns = ", ".join(f"{name} {_TYPES.get(name, 'varchar')}" for name in _COLUMNS)
                connection.execute(f"create table sync.{sync.name} ({columns})")
                for row in self.rows.get(sync.name, []):
                    marks = ", ".join("?" for _ in _COLUMNS)
                    values = [getattr(row, name) for name in _COLUMNS]
                    connection.execute(f"insert into sync.{sync.name} values ({marks})", values)
            names = ", ".join(
                f"{name} {'boolean' if name.startswith('is_') else 'varchar'}" for name in Prospect.__dataclass_fields__
            )
            connection.execute(f"create table sync.sync_prospects ({names})")

    def planning(self, store: OperationsStore, by: Identity = ANNA, name: str | None = None) -> Planning:
        return Planning(self.settings, self.clients, store, DeliveryLog(store), "run", by, self.now, None, name)

    def plan(self, by: Identity = ANNA) -> Plan:
        store = self.store()
        try:
            planning = self.planning(store, by)
            return planning.propose(planning.due())
        finally:
            store.close()

    def approve(self, plan: Plan, by: Identity = BERT, reason: str = "checked") -> None:
        store = self.store()
        try:
            plans = self.planning(store).plans
            plans.approve(plans.load(plan.plan_id), by=by, reason=reason, only=None, at=self.now())
        finally:
            store.close()

    def apply(self, name: str) -> Applied:
        """One round, as `tieout apply` does it after it has landed and built."""
        store = self.store()
        try:
            planning = self.planning(store, name=name)
            due = planning.due()
            release, plan_id = planning.release(due)
            result = apply_plan(
                Plan(release.items),
                self.clients,
                planning.log,
                run_id="run",
                now=self.now,
                plan_id=plan_id,
                words=release.words,
            )
            return Applied(release, result, {item.sync_key: reason for item, reason in planning.refused.values()})
        finally:
            store.close()

    def writes(self) -> int:
        """Requests so far that could have changed something at a vendor."""
        return sum(
            sent.method != "GET" and (vendor != "atlas_etrm" or sent.path.endswith("/Post"))
            for vendor, wire in self.vendors.wires.items()
            for sent in wire.data_calls
        )

    def _books(self, table: str) -> list[dict[str, Any]]:
        return self.vendors.stores["atlas_accounting"].all(table)

    def _body(self, order_id: int) -> dict[str, Any]:
        customer = self.random.choice([one for one in self._books("customers") if one["currency"] == "EUR"])
        revenue = next(one["id"] for one in self._books("accounts") if one["account_type"] == "revenue")
        price = f"{self.random.randrange(100, 9_999_999) / Decimal(100):.2f}"
        return {
            "customer_id": customer["id"],
            "invoice_date": "2026-04-01",
            "due_date": "2026-05-01",
            "currency": "EUR",
            "lines": [
                {"description": "PPA", "quantity": 1, "unit_price": price, "revenue_account_id": revenue},
            ],
            "notes": f"atlas_etrm:order:{order_id}",
        }

    def _invoices(self) -> list[SyncRow]:
        orders = range(90_000, 90_000 + self.invoices)
        return [self._row(f"order:{order_id}", self._body(order_id), order_id) for order_id in orders]

    def _sends(self) -> list[SyncRow]:
        account = next(one["id"] for one in self._books("accounts") if str(one["account_number"]) == "1100")
        rows = []
        for order_id in range(91_000, 91_000 + self.others):
            body = self._body(order_id)
            draft = self.clients.atlas_accounting.create_invoice(body).one()
            rows.append(
                self._row(
                    f"order:{order_id}:{draft['id']}",
                    {"ar_account_id": account},
                    order_id,
                    operation="send",
                    destination_id=str(draft["id"]),
                    amount=Decimal(draft["total_amount"]),
                    now={"ar_account_id": None},
                )
            )
        return rows

    def _codes(self) -> list[SyncRow]:
        orders = self._without("orders", "erpCode")
        return [
            self._row(
                f"order:{order['id']}",
                {"erpCode": f"INV-9{order['id']}"},
                int(order["id"]),
                operation="update",
                destination_id=str(order["id"]),
                amount=None if order["totalAmount"] is None else Decimal(str(order["totalAmount"])),
                now={"erpCode": None},
            )
            for order in self.random.sample(orders, self.others)
        ]

    def _parties(self) -> list[SyncRow]:
        lacking = self._without("counterparties", "externalId")
        return [
            self._row(
                f"counterparty:{party['id']}",
                {"externalId": f"C-9{party['id']}"},
                None,
                operation="update",
                destination_id=str(party["id"]),
                now={"externalId": party.get("externalId")},
            )
            for party in lacking[: self.others]
        ]

    def _without(self, table: str, member: str) -> list[dict[str, Any]]:
        """Records that lack a member; where the company has too few, copies of the first under ids of their own."""
        found = [one for one in self.vendors.stores["atlas_etrm"].all(table) if not one.get(member)]
        more = [{**found[0], "id": 800_000 + number} for number in range(self.others - len(found))]
        if more:
            self.vendors.engines.atlas_etrm.load(table, more)
        return found + more

    @staticmethod
    def _row(key: str, body: dict[str, Any], order_id: int | None, **more: Any) -> SyncRow:
        now = more.pop("now", None)
        if "lines" in body:
            more.setdefault("amount", sum(Decimal(line["unit_price"]) for line in body["lines"]))
        fields: dict[str, Any] = {
            "operation": "create",
            "record_label": key,
            "destination_id": None,
            "expected_version": None,
            "amount": None,
            "currency_code": "EUR",
        }
        return SyncRow(
            sync_key=key,
            order_id=order_id,
            payload=json.dumps(body),
            current_values=None if now is None else json.dumps(now),
            **{**fields, **more},
        )
