"""Promises 25 and 26: nobody approves a plan of their own making, and what was approved is what is sent.

Between approval and sending an amount, a currency, a name, an IBAN or an order is changed: in the store, in a file,
in what is due, at the destination. Every change is refused by name, nothing is written for that record, and the rest
goes on; the vendors' own records are compared with the approved plan.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from approving import ANNA, BERT, CODES, INVOICES, PARTIES, ROBOT, SENDS, Office
from counts import seeds
from vendors import Vendors, opened

from reverse_etl.due import SyncRow
from reverse_etl.plan import Plan
from reverse_etl.plan_store import ApprovalRefusedError
from tieout.errors import TieoutError

IBAN = "DE89370400440532013000"
OTHER_IBAN = "GB33BUKB20201555555555"


EACH = 20
"""How often each field is changed."""


@pytest.fixture
def office(vendors: Vendors, tmp_path: Path) -> Office:
    return Office(vendors, tmp_path / "live", 0)


def notes(office: Office) -> dict[str, dict[str, Any]]:
    """The invoices that the books hold, by our key."""
    return {one["notes"]: one for one in office.vendors.stores["atlas_accounting"].all("invoices") if one.get("notes")}


def shows_the_plan(office: Office, plan: Plan, refused: set[str]) -> None:
    """Effect = approved plan: what was not refused is at the vendors as approved; of what was refused nothing is."""
    invoices, books = notes(office), office.vendors.stores["atlas_accounting"]
    etrm = office.vendors.stores["atlas_etrm"]
    for item in plan.items:
        was_sent = item.sync_key not in refused
        if item.sync_name == INVOICES:
            found = invoices.get(f"atlas_etrm:{item.sync_key}")
            assert (found is not None) == was_sent, item.sync_key
            if found is not None:
                assert Decimal(found["total_amount"]) == item.amount
                assert {name: found[name] for name in ("customer_id", "due_date", "currency", "notes")} == {
                    name: item.fields[name] for name in ("customer_id", "due_date", "currency", "notes")
                }
        elif item.sync_name == SENDS:
            assert (books.get("invoices", str(item.destination_id))["status"] != "draft") == was_sent, item.sync_key
        else:
            member = "erpCode" if item.sync_name == CODES else "externalId"
            table = "orders" if item.sync_name == CODES else "counterparties"
            present = etrm.get(table, int(str(item.destination_id)))[member]
            assert (present == item.fields[member]) == was_sent, item.sync_key
    assert len([key for key in invoices if key.startswith("atlas_etrm:order:90")]) == sum(
        item.sync_name == INVOICES and item.sync_key not in refused for item in plan.items
    )


# --- what is changed in what is due -------------------------------------------------------------------------------


def _payload(row: SyncRow, **members: Any) -> SyncRow:
    return replace(row, payload=json.dumps({**json.loads(row.payload), **members}))


def _amount(row: SyncRow, office: Office) -> SyncRow:
    line = {**json.loads(row.payload)["lines"][0]}
    line["unit_price"] = f"{Decimal(line['unit_price']) + Decimal(office.random.randrange(1, 500)) / 100:.2f}"
    return replace(_payload(row, lines=[line]), amount=Decimal(line["unit_price"]))


def _currency(row: SyncRow, office: Office) -> SyncRow:
    code = office.random.choice(["USD", "GBP", "SEK"])
    return replace(_payload(row, currency=code), currency_code=code)


def _name(row: SyncRow, office: Office) -> SyncRow:
    line = {**json.loads(row.payload)["lines"][0], "description": f"Consulting {office.random.random()}"}
    return _payload(row, lines=[line])


def _order(row: SyncRow, office: Office) -> SyncRow:
    other = office.random.randrange(1, 99)
    return replace(_payload(row, notes=f"atlas_etrm:order:{other}"), order_id=other)


def _iban(row: SyncRow, office: Office) -> SyncRow:
    return _payload(row, iban=office.random.choice([IBAN, OTHER_IBAN]))


CHANGES: dict[str, Callable[[SyncRow, Office], SyncRow]] = {
    "amount": _amount,
    "currency": _currency,
    "name": _name,
    "order": _order,
    "iban": _iban,
}
SHOWN = {"amount": "lines", "currency": "currency", "name": "lines", "order": "notes", "iban": "iban"}
"""The member that a refusal names, by what was changed."""


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("where", ["what is due", "the work file"])
def test_what_changed_upstream_is_refused_field_by_field(
    vendors: Vendors, tmp_path: Path, seed: int, where: str
) -> None:
    """In what the models hold due, as after an edit at the desk, or by somebody's hand in the work file alone."""
    office = Office(vendors, tmp_path / "live", seed, invoices=len(CHANGES) * EACH + 8, others=2)
    plan = office.plan()
    office.approve(plan)
    victims = iter(office.random.sample(range(office.invoices), len(CHANGES) * EACH))
    refused: dict[str, str] = {}
    changed = list(office.rows[INVOICES])
    for field, change in CHANGES.items():
        for place in [next(victims) for _ in range(EACH)]:
            row = changed[place]
            changed[place] = change(row, office)
            refused[row.sync_key] = field
            assert changed[place] != row, field
    if where == "what is due":
        office.rows[INVOICES] = changed
        office.write()
    else:
        edited = [(row.payload, row.amount, row.currency_code, row.order_id, row.sync_key) for row in changed]
        with duckdb.connect(str(office.settings.paths.work)) as connection:
            connection.executemany(
                f"update sync.{INVOICES} set payload = ?, amount = ?, currency_code = ?, order_id = ?"
                " where sync_key = ?",
                edited,
            )
    applied = office.apply("latest")
    assert set(applied.refused) == set(refused)
    assert applied.result.sent == len(plan.items) - len(refused)
    assert not any(iban in str(applied.refused) for iban in (IBAN, OTHER_IBAN))
    for key, field in refused.items():
        assert f"{SHOWN[field]} is " in applied.refused[key], (field, applied.refused[key])
    shows_the_plan(office, plan, set(refused))
    # The same plan again sends nothing twice, and still nothing of what was refused.
    before = office.writes()
    office.rows = {INVOICES: [row for row in changed if row.sync_key in refused]}
    office.write()
    again = office.apply(plan.plan_id)
    assert (again.result.sent, set(again.refused), office.writes()) == (0, set(refused), before)


# --- what is changed at the destination ---------------------------------------------------------------------------


def _at_orders(office: Office, row: SyncRow, **members: Any) -> None:
    store = office.vendors.stores["atlas_etrm"]
    store.put("orders", int(str(row.destination_id)), {**store.get("orders", int(str(row.destination_id))), **members})


def _at_parties(office: Office, row: SyncRow, **members: Any) -> None:
    store, key = office.vendors.stores["atlas_etrm"], int(str(row.destination_id))
    store.put("counterparties", key, {**store.get("counterparties", key), **members})


def _at_drafts(office: Office, row: SyncRow, **members: Any) -> None:
    store, key = office.vendors.stores["atlas_accounting"], str(row.destination_id)
    store.put("invoices", key, {**store.get("invoices", key), **members})


DESTINATION: dict[str, tuple[str, Callable[[Office, SyncRow], None], str]] = {
    "amount of a draft": (SENDS, lambda o, r: _at_drafts(o, r, total_amount="1.00"), "total_amount"),
    "currency of a draft": (SENDS, lambda o, r: _at_drafts(o, r, currency="USD"), "currency"),
    "party of a draft": (SENDS, lambda o, r: _at_drafts(o, r, customer_id=str(o.random.random())), "customer_id"),
    "total of an order": (CODES, lambda o, r: _at_orders(o, r, totalAmount="77.77"), "totalAmount"),
    "code of an order": (CODES, lambda o, r: _at_orders(o, r, erpCode="SAP-1"), "erpCode"),
    "due date of an order": (CODES, lambda o, r: _at_orders(o, r, dueDate="2027-01-01T00:00:00"), "dueDate"),
    "name of a party": (PARTIES, lambda o, r: _at_parties(o, r, legalName="Somebody Else Ltd"), "legalName"),
    "iban of a party": (PARTIES, lambda o, r: _at_parties(o, r, iban=OTHER_IBAN), "iban"),
}


@pytest.mark.parametrize("seed", seeds(1, 20))
def test_what_changed_at_the_destination_is_refused_field_by_field(vendors: Vendors, tmp_path: Path, seed: int) -> None:
    office = Office(vendors, tmp_path / "live", seed, others=3 * EACH + 2)
    plan = office.plan()
    office.approve(plan)
    refused: dict[str, str] = {}
    for sync, change, member in DESTINATION.values():
        for row in office.random.sample([row for row in office.rows[sync] if row.sync_key not in refused], EACH):
            change(office, row)
            refused[row.sync_key] = member
    # What was changed is not what was sent: the vendor's state before is what must still be there.
    applied = office.apply("latest")
    assert set(applied.refused) == set(refused)
    for key, member in refused.items():
        assert f"{member} is " in applied.refused[key]
    assert OTHER_IBAN not in str(applied.refused)
    shows_the_plan(office, plan, set(refused))


# --- what is changed in the store ---------------------------------------------------------------------------------


def _texts(plan: Plan, office: Office) -> dict[str, tuple[str, str]]:
    item = office.random.choice([item for item in plan.items if item.sync_name == INVOICES])
    other = office.random.choice([one for one in plan.items if one.sync_name == INVOICES and one is not item])
    return {
        "amount": (item.fields["lines"][0]["unit_price"], "999999.99"),
        "currency": ('\\"currency\\":\\"EUR\\"', '\\"currency\\":\\"USD\\"'),
        "name": ("PPA", "Consulting"),
        "party": (item.fields["customer_id"], other.fields["customer_id"][::-1]),
        "order": (item.fields["notes"], "atlas_etrm:order:1"),
        "iban": ('\\"externalId\\"', f'\\"iban\\":\\"{IBAN}\\",\\"externalId\\"'),
    }


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("where", ["plans", "events", "both"])
def test_what_somebody_edits_in_the_store_stops_the_whole_plan(
    vendors: Vendors, tmp_path: Path, seed: int, where: str
) -> None:
    """Over the three places each field is changed 21 times, in an item drawn by lot."""
    office = Office(vendors, tmp_path / "live", seed, others=2)
    plan = office.plan()
    office.approve(plan)
    path = office.settings.paths.operations
    kept = path.with_suffix(".kept")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    shutil.copyfile(path, kept)
    before = office.writes()
    for field, (old, new) in ((name, texts) for _ in range(7) for name, texts in _texts(plan, office).items()):
        shutil.copyfile(kept, path)
        touched = 0
        with closing(sqlite3.connect(path)) as connection, connection:
            if where in ("plans", "both"):
                touched += connection.execute(
                    "update plans set items = replace(items, ?, ?) where instr(items, ?)", (old, new, old)
                ).rowcount
            if where in ("events", "both"):
                # The body is JSON within JSON there: quotes carry one more backslash.
                deep, other = (text.replace("\\", "\\\\").replace('"', '\\"') for text in (old, new))
                touched += connection.execute(
                    "update events set body = replace(body, ?, ?) where kind = 'plan' and instr(body, ?)",
                    (deep, other, deep),
                ).rowcount
        assert touched == (2 if where == "both" else 1), field
        store = office.store()
        with closing(store), pytest.raises(TieoutError, match=r"is not .* Nothing of it is sent"):
            office.planning(store, name=plan.plan_id)
    with pytest.raises(TieoutError, match="plan anew, and have it approved again"):
        office.apply(plan.plan_id)
    assert office.writes() == before
    shutil.copyfile(kept, path)
    assert office.apply(plan.plan_id).result.sent == len(plan.items), "as it was saved it goes"


# --- four eyes ----------------------------------------------------------------------------------------------------


def test_nobody_approves_their_own_plan_nor_does_a_service(office: Office) -> None:
    plan = office.plan(by=ANNA)
    for by, why in ((ANNA, "anna made it"), (ROBOT, "is a service")):
        with pytest.raises(ApprovalRefusedError, match=why):
            office.approve(plan, by=by)
    before = office.writes()
    applied = office.apply(plan.plan_id)
    assert (applied.result.sent, len(applied.release.unapproved), office.writes()) == (0, len(plan.items), before)


def test_an_approval_is_of_one_content_only(office: Office) -> None:
    plan = office.plan()
    office.approve(plan)
    office.rows[INVOICES][0] = _amount(office.rows[INVOICES][0], office)
    office.write()
    edited = office.plan()
    assert edited.plan_id != plan.plan_id
    before = office.writes()
    assert office.apply(edited.plan_id).result.sent == 0
    assert office.writes() == before
    office.approve(edited, by=BERT)
    assert office.apply(edited.plan_id).result.sent == len(edited.items)
    shows_the_plan(office, edited, set())


def test_what_says_where_money_goes_needs_an_approval_even_where_everything_goes_alone(
    company: Path, tmp_path: Path
) -> None:
    with opened(company, tmp_path / "vendors") as vendors:
        office = Office(vendors, tmp_path / "live", 1, auto_apply="all")
        row = office.rows[PARTIES][0]
        present = vendors.stores["atlas_etrm"].get("counterparties", int(str(row.destination_id)))
        now = json.dumps({"externalId": None, "iban": present["iban"]})
        office.rows[PARTIES][0] = replace(_payload(row, iban=IBAN), current_values=now)
        office.write()
        plan = office.plan()
        applied = office.apply(plan.plan_id)
        assert [item.sync_key for item in applied.release.unapproved] == [office.rows[PARTIES][0].sync_key]
        shows_the_plan(office, plan, {office.rows[PARTIES][0].sync_key})
