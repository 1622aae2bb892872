"""A small push to all three vendors, as a run makes it, and the vendors' own ledger beside what was meant.

In: `Vendors`, a number that makes this push's records its own. Out: `Push`: runs until nothing is due, and the
differences between intent and ledger. What is due is told from the vendors' records, as landing and dbt would; the
rest is the real thing: planner, delivery log, destinations, clients. What does not belong here: which faults occur.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from vendors import Sent, Vendors

from pipelines.extract import Clients
from reverse_etl.apply import ApplyResult, apply_plan, resolve_unknown
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.due import SyncRow
from reverse_etl.operations import OperationsStore
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.plan import make_plan

INVOICES = "sync_atlas_accounting__invoices"
CODES = "sync_atlas_etrm__order_erp_codes"
ETRM_INVOICES = "sync_atlas_etrm__invoices"
DOCUMENTS = "sync_atlar__documents"
RECEIVABLES = "sync_atlar__accounts_receivables"
KINDS = (INVOICES, CODES, ETRM_INVOICES, DOCUMENTS, RECEIVABLES)

Open = Callable[[], Clients]


def is_write(sent: Sent) -> bool:
    """Whether a request could change something at its vendor."""
    if sent.is_token_call:
        return False
    return sent.path.endswith("/Post") if sent.path.startswith("/api/") and "/v1/" not in sent.path else (
        sent.method != "GET"
    )  # fmt: skip


def chance(seed: int, *parts: object) -> float:
    """A number from 0 to 1 that follows from the request, not from the order in which threads send."""
    text = "\x1f".join([str(seed), *(part.decode() if isinstance(part, bytes) else str(part) for part in parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


@dataclass
class Ground:
    """What every push stands on at the vendors."""

    customer_id: str
    revenue_account_id: str
    counterparty_id: int
    entity_id: str
    gl_entity_id: str
    gl_account_id: str

    @classmethod
    def laid(cls, vendors: Vendors) -> Ground:
        """Finds or makes it, past the wire, so that no fault meets it."""
        bank = vendors.engines.atlar
        books = vendors.stores["atlas_accounting"]
        customer = next(c for c in books.all("customers") if c["currency"] == "EUR" and c["is_active"])
        account = next(a for a in books.all("accounts") if a["account_type"] == "revenue" and a["currency"] == "EUR")
        entity = vendors.stores["atlar"].all("entities")[0]
        gl_entity = bank.gl_entities.create({"externalId": "faults", "name": "Faults", "currency": "EUR"})
        gl_account = bank.gl_accounts.create(
            {
                "externalId": "faults-1100",
                "name": "Receivables",
                "displayType": "asset",
                "glEntityIds": [gl_entity["id"]],
                "associatedConnections": [],
            }
        )
        counterparty = vendors.stores["atlas_etrm"].all("counterparties")[0]
        return cls(
            customer["id"], account["id"], counterparty["id"], entity["id"], gl_entity["id"], gl_account["id"]
        )  # fmt: skip


@dataclass
class Push:
    """What is to be written, by sync, and a log of its own."""

    vendors: Vendors
    ground: Ground
    number: int
    folder: Path
    records: int = 3
    clock_skew: float = 0.0
    workers: int = 4
    rows: dict[str, list[SyncRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = 1_000_000 + self.number * 100
        orders = [first + step for step in range(self.records)]
        self.vendors.engines.atlas_etrm.load(
            "orders",
            [
                {
                    "id": order,
                    "counterpartyId": self.ground.counterparty_id,
                    "registrationDate": "2026-04-01T00:00:00",
                    "dueDate": "2026-04-15T00:00:00",
                    "totalAmount": "100.00",
                    "status": "Approved order by ETRM",
                }
                for order in orders
            ],
        )
        self.rows = {kind: [self._row(kind, order) for order in orders] for kind in KINDS}
        self.before = {kind: len(self._table(kind)) for kind in KINDS}

    def _row(self, kind: str, order: int) -> SyncRow:
        ground, money = self.ground, {"currency": "EUR", "stringValue": "100.00"}
        both = {"instructedAmount": money, "baseAmount": money}
        bodies: dict[str, dict[str, Any]] = {
            INVOICES: {
                "customer_id": ground.customer_id,
                "invoice_date": "2026-04-08",
                "due_date": "2026-04-30",
                "currency": "EUR",
                "lines": [
                    {
                        "description": "PPA",
                        "quantity": 1,
                        "unit_price": "100.00",
                        "revenue_account_id": ground.revenue_account_id,
                    }
                ],
                "notes": f"atlas_etrm:order:{order}",
            },
            CODES: {"erpCode": f"F-{order}"},
            ETRM_INVOICES: {
                "orderId": order,
                "externalId": f"F-{order}",
                "invoiceNumber": f"F-{order}",
                "amount": "100.00",
                "invoiceDate": "2026-04-08T00:00:00",
                "dueDate": "2026-04-30T00:00:00",
                "isPaid": False,
            },
            DOCUMENTS: {
                "glEntityId": ground.gl_entity_id,
                "type": "INVOICE",
                "amount": both,
                "remainingAmount": both,
                "date": "2026-04-30",
                "description": f"Customer invoice F-{order}",
                "references": {},
                "counterparty": {"name": "Acme", "type": "CUSTOMER", "erpId": "C-1"},
                "voided": False,
                "reconciliationStatus": "OPEN",
                "glEntries": [
                    {"glAccountId": ground.gl_account_id, "vendorId": f"{order}/1", "type": "DEBIT", "amount": both}
                ],
                "provenance": {"vendorId": f"INVOICE/{order}"},
                "vendorCreated": "2026-04-08T00:00:00Z",
            },
            RECEIVABLES: {
                "externalId": f"AR.{order}",
                "entityId": ground.entity_id,
                "amount": money,
                "remainingAmount": money,
                "dueDate": "2026-04-30",
                "description": f"Customer invoice F-{order}",
                "counterparty": {"name": "Acme", "erpId": "C-1"},
                "status": "OPEN",
            },
        }
        is_update = kind == CODES
        return SyncRow(
            sync_key=f"order:{order}",
            operation="update" if is_update else "create",
            record_label=f"{kind} of order {order}",
            order_id=order,
            destination_id=str(order) if is_update else None,
            expected_version=None,
            amount=Decimal("100.00"),
            currency_code="EUR",
            payload=json.dumps(bodies[kind]),
            current_values=json.dumps({"erpCode": None}) if is_update else None,
        )

    # What a run does.

    def run(self, *, clients: Clients | None = None, rounds: int = 6) -> list[ApplyResult]:
        """A run in a process of its own: looks up what is unknown, then plans and applies until nothing is due."""
        told = clients or self.vendors.clients()
        results = []
        with self.store() as store:
            log = DeliveryLog(store)
            resolve_unknown(told, log, run_id="run", now=self.now, sleep=self.vendors.clock.sleep)
            for _ in range(rounds):
                plan = make_plan(self.due(), log.state())
                if not plan.items:
                    break
                results.append(apply_plan(plan, told, log, run_id="run", now=self.now, workers=self.workers))
                if results[-1].failures:
                    break
        return results

    @contextmanager
    def store(self) -> Iterator[OperationsStore]:
        with closing(OperationsStore(self.folder / "operations.sqlite")) as store:
            yield store

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.vendors.clock.time() + self.clock_skew, UTC)

    def due(self) -> dict[str, list[SyncRow]]:
        """The rows whose effect their vendor does not show."""
        shown = {kind: {key for key, _ in self._shown(kind)} for kind in KINDS}
        return {kind: [row for row in rows if row.sync_key not in shown[kind]] for kind, rows in self.rows.items()}

    # The vendors' own ledger.

    def differences(self) -> dict[str, list[str]]:
        """Missing, extra and altered records; what was refused with a reason and is not there is no difference."""
        parked = self.parked()
        found: dict[str, list[str]] = {"missing": [], "extra": [], "altered": []}
        for kind, rows in self.rows.items():
            shown = self._shown(kind)
            keys = [key for key, _ in shown]
            for row in rows:
                name = f"{kind} {row.sync_key}"
                if row.sync_key not in keys and (kind, row.sync_key) not in parked:
                    found["missing"].append(name)
                wanted = json.loads(row.payload)
                found["altered"] += [
                    name for key, record in shown if key == row.sync_key and not _holds(wanted, record)
                ]
            # A code is written to an order that was there; everything else is a record that was not.
            made = len(self._table(kind)) - self.before[kind]
            expected = 0 if kind == CODES else len(set(keys))
            if made != expected or len(keys) != len(set(keys)):
                found["extra"].append(f"{kind}: {made} made for {expected} records")
        return {name: each for name, each in found.items() if each}

    def parked(self) -> dict[tuple[str, str], str]:
        """Records that were refused for good, and why."""
        with self.store() as store:
            rows = store.rows(DELIVERIES, status="rejected")
        return {(row["sync_name"], row["sync_key"]): row["reason"] for row in rows}

    def _shown(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        mine = {row.sync_key for row in self.rows[kind]}
        keyed = [(f"order:{self._order(kind, record)}", record) for record in self._table(kind)]
        return [(key, record) for key, record in keyed if key in mine]

    def _order(self, kind: str, record: Mapping[str, Any]) -> str:
        if kind == INVOICES:
            return str(record.get("notes") or "").rpartition(":")[2]
        if kind == CODES:
            return str(record["id"]) if record.get("erpCode") else ""
        if kind == ETRM_INVOICES:
            return str(record["orderId"])
        if kind == DOCUMENTS:
            return str(record["provenance"]["vendorId"]).rpartition("/")[2]
        return str(record.get("externalId") or "").rpartition(".")[2]

    def _table(self, kind: str) -> list[dict[str, Any]]:
        stores = self.vendors.stores
        system, table = {
            INVOICES: ("atlas_accounting", "invoices"),
            CODES: ("atlas_etrm", "orders"),
            ETRM_INVOICES: ("atlas_etrm", "invoices"),
            DOCUMENTS: ("atlar", "documents"),
            RECEIVABLES: ("atlar", "accounts_receivables"),
        }[kind]
        return stores[system].all(table)


def _holds(wanted: Any, present: Any) -> bool:
    """Whether a record has what was sent; what the vendor adds, and how it writes a number, is no difference."""
    if isinstance(wanted, dict):
        return isinstance(present, Mapping) and all(_holds(value, present.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(present, list) and all(map(_holds, wanted, present)) and len(wanted) == len(present)
    if isinstance(wanted, str) and isinstance(present, str | int | Decimal) and not isinstance(present, bool):
        return wanted == str(present) or _number(wanted) == _number(str(present)) != None  # noqa: E711
    return bool(wanted == present)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None
