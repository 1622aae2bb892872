"""Pushes that kill themselves, or meet vendors that misbehave: each in a process of its own, forked from this one.

In: a line of JSON per process wanted: `vendors` (a stored company; a copy of it is used), `folder` (the operations
store, and where the copy goes), `seed`, `clock` (seconds that have passed), `kill` ({"at", "sync", "when", "number"} or
null), `faults` (the chance of each request to go wrong), `edits` (what an operator does between plan and apply), and
`rounds`. Out: a line of JSON: how it ended, and what it said; a push that ends by itself says its result.
What does not belong here: what must hold afterwards (`test_fault_killed_pushes.py`).

Time is virtual, so patience costs nothing; requests are sent one at a time, so that a seed replays.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from intent import BY_HAND, View, add_orders, due, ledger
from vendors import Sent, Vendors, opened

from reverse_etl.apply import apply_plan, resolve_unknown
from reverse_etl.catalog import BY_NAME
from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.operations import OperationsStore
from reverse_etl.plan import Plan, make_plan

START = datetime(2026, 4, 10, 8, tzinfo=UTC)
WRITES = {
    "sync_atlas_accounting__invoices": ("atlas_accounting", r"/invoices$"),
    "sync_atlas_accounting__invoice_sends": ("atlas_accounting", r"/send$"),
    "sync_atlas_etrm__order_erp_codes": ("atlas_etrm", r"/Order/Post$"),
    "sync_atlas_etrm__invoices": ("atlas_etrm", r"/Invoice/Post$"),
    "sync_atlas_etrm__payments": ("atlas_etrm", r"/Payment/Post$"),
    "sync_atlar__gl_entities": ("atlar", r"/gl-entities$"),
    "sync_atlar__documents": ("atlar", r"/documents$"),
    "sync_atlar__accounts_receivables": ("atlar", r"/accounts-receivables"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Killer:
    """Kills this process at one moment of one delivery: at the intent, the sending, the reply or the mark."""

    def __init__(self, told: dict[str, Any], vendors: Vendors) -> None:
        self._told = told
        self._left = told.get("number", 1)
        self._arm(vendors)

    def _is_it(self) -> bool:
        self._left -= 1
        return self._left == 0

    def _arm(self, vendors: Vendors) -> None:
        at, when, sync = self._told["at"], self._told["when"], self._told["sync"]
        if at in ("intent", "mark"):
            self._around("intend" if at == "intent" else "finish", sync, when)
            return
        system, pattern = WRITES[sync]
        wire = vendors.wires[system]
        import re

        def is_write(sent: Sent) -> bool:
            return re.search(pattern, sent.path) is not None and sent.method in ("POST", "PATCH") and self._is_it()

        def before(sent: Sent) -> None:
            if is_write(sent):
                die()

        def after(sent: Sent, _: httpx.Response) -> None:
            if is_write(sent):
                die()

        if when == "before":
            wire.before = before
        else:
            wire.after = after

    def _around(self, method: str, sync: str, when: str) -> None:
        call: Callable[..., Any] = getattr(DeliveryLog, method)

        def wrapped(log: DeliveryLog, given: Any, **named: Any) -> Any:
            rows = list(given)
            names = {(row[0] if isinstance(row, tuple) else row).sync_name for row in rows}
            is_it = sync in names and self._is_it()
            if is_it and when == "before":
                die()
            result = call(log, rows, **named)
            if is_it:
                die()
            return result

        setattr(DeliveryLog, method, wrapped)


class Misbehaviour:
    """Lets each request go wrong by chance, before or after the vendor has committed it."""

    KINDS = ("drop before", "drop after", "500 before", "500 after", "429", "401", "425", "page", "kill")

    def __init__(self, chance: random.Random, faults: float, vendors: Vendors, kinds: tuple[str, ...]) -> None:
        self._chance = chance
        self._faults = faults
        self._kinds = kinds
        self.injected: list[str] = []
        self._next: dict[int, str] = {}
        for wire in vendors.wires.values():
            wire.before, wire.after = self._before, self._after

    def _before(self, sent: Sent) -> httpx.Response | None:
        if sent.is_token_call or self._chance.random() >= self._faults:
            return None
        kind = self._chance.choice(self._kinds)
        self.injected.append(f"{kind} {sent.method} {sent.path}")
        if kind == "kill" and self._chance.random() < 0.5:
            die()
        if kind == "drop before":
            raise httpx.ReadError("connection reset")
        if kind == "500 before":
            return httpx.Response(500, text="oops")
        if kind == "429":
            return httpx.Response(429, headers={"Retry-After": "2"}, json={"message": "slow down"})
        if kind == "401":
            return httpx.Response(401, json={"message": "token expired"})
        if kind == "425" and sent.path.startswith("/financial-data") and sent.method != "GET":
            return httpx.Response(425, json={"message": "still running"})
        self._next[id(sent)] = kind
        return None

    def _after(self, sent: Sent, answer: httpx.Response) -> httpx.Response | None:
        kind = self._next.pop(id(sent), None)
        if kind == "kill":
            die()
        if kind == "drop after":
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        if kind == "500 after":
            return httpx.Response(502, text="bad gateway")
        if kind == "page":
            return httpx.Response(200, headers={"content-type": "text/html"}, text="<html>maintenance</html>")
        return None


def push(told: dict[str, Any]) -> dict[str, Any]:
    """One run: looks up what is unknown, then plans and applies until nothing is due or the rounds are over."""
    folder, chance = Path(told["folder"]), random.Random(told["seed"])
    with opened(Path(told["vendors"]), folder / f"vendors-{told['number']}") as vendors:
        vendors.clock.sleep(told["clock"])

        def now() -> datetime:
            return START + timedelta(seconds=vendors.clock.monotonic())

        if told["kill"]:
            Killer(told["kill"], vendors)
        kinds = tuple(told.get("kinds") or Misbehaviour.KINDS)
        misbehaviour = Misbehaviour(chance, told["faults"], vendors, kinds) if told["faults"] else None
        store = OperationsStore(f"sqlite:///{folder / 'operations.sqlite'}")
        clients = vendors.clients()
        counts: dict[str, int] = {}
        log = DeliveryLog(store)
        found = resolve_unknown(clients, log, run_id=f"run-{told['number']}", now=now, sleep=vendors.clock.sleep)
        held: list[str] = []
        rejections: list[str] = []
        for _ in range(told["rounds"]):
            plan: Plan = make_plan(due(View(vendors)), log.state())
            held = [f"{one.row.sync_key}: {one.reason}" for one in plan.held]
            # Between plan and apply, as the world goes on meanwhile.
            for edit in told["edits"]:
                EDITS[edit](vendors, chance)
            if not plan.items and not told["edits"]:
                break
            result = apply_plan(plan, clients, log, run_id=f"run-{told['number']}", now=now, workers=1)
            rejections += [*result.rejections, *result.findings, *result.failures.values()]
            for name in ("sent", "rejected", "unknown", "held", "pending"):
                counts[name] = counts.get(name, 0) + getattr(result, name)
        proof = store.verify()
        return {
            "counts": counts,
            "resolved": found.delivered + found.pending,
            "unresolved": len(log.unresolved()),
            "held": held,
            "problems": rejections,
            "due": {name: [row.sync_key for row in rows] for name, rows in due(View(vendors)).items() if rows},
            "ledger": ledger(View(vendors)),
            "log": "whole" if proof.first_bad is None else proof.first_bad,
            "injected": misbehaviour.injected if misbehaviour else [],
            "requests": sum(len(wire.sent) for wire in vendors.wires.values()),
        }


def _books_code_by_hand(vendors: Vendors, chance: random.Random) -> None:
    """Somebody books an order elsewhere and writes its code into ATLAS ETRM."""
    free = [o for o in View(vendors).orders.values() if not o.get("erpCode")]
    if free:
        order = chance.choice(free)
        vendors.stores["atlas_etrm"].put("orders", order["id"], order | {"erpCode": f"{BY_HAND}{order['id']}"})


def _receives_money(vendors: Vendors, chance: random.Random) -> None:
    """A customer pays a part of an issued invoice."""
    books = vendors.engines.atlas_accounting
    owed = [i for i in View(vendors).invoices if i["status"] in ("sent", "partial", "overdue")]
    if owed:
        invoice = chance.choice(owed)
        part = chance.choice((invoice["amount_due"], "0.01", "1.00"))
        payment = books.create_payment(
            {
                "customer_id": invoice["customer_id"],
                "payment_date": "2026-04-02",
                "amount": part,
                "currency": "EUR",
                "deposit_account_id": books.account_by_number("1000")["id"],
            }
        )
        books.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": part})


def _edits_a_receivable(vendors: Vendors, chance: random.Random) -> None:
    """Somebody changes a receivable at the bank beside what is ours: its version moves."""
    items = View(vendors).receivables
    if items:
        item = chance.choice(items)
        operations = [{"op": "replace", "path": "/description", "value": f"seen {chance.random()}"}]
        vendors.engines.atlar.receivables.patch(item["id"], operations, item["etag"])


def _settles_more_orders(vendors: Vendors, chance: random.Random) -> None:
    """The settlement desk approves a few more orders."""
    add_orders(vendors, max(View(vendors).orders) + 1, chance.randint(1, 3))


EDITS: dict[str, Callable[[Vendors, random.Random], None]] = {
    "orders": _settles_more_orders,
    "code by hand": _books_code_by_hand,
    "money": _receives_money,
    "receivable": _edits_a_receivable,
}


def _child(told: dict[str, Any], said: Path) -> None:
    code = 1
    try:
        with said.open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        print(json.dumps(push(told)), flush=True)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """See the module; the argument is a folder for its own files."""
    folder = Path(sys.argv[1])
    assert set(WRITES) <= set(BY_NAME)
    for number, line in enumerate(sys.stdin):
        said = folder / f"said-{number}.txt"
        child = os.fork()
        if child == 0:
            _child(json.loads(line), said)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(
            json.dumps({"code": os.waitstatus_to_exitcode(status), "said": said.read_text()[-20000:]}) + "\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
