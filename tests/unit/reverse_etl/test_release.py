"""What may be sent now: only what is due exactly as it was approved; what follows waits for its numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from write_back_desk import Desk
from write_back_fakes import NOON, atlas_invoice_row, failing, invoice_row, row

from pipelines.transport import errors
from reverse_etl.apply import ApplyResult, apply_plan, destinations_of
from reverse_etl.catalog import BY_NAME
from reverse_etl.due import Prospect, SyncRow
from reverse_etl.foresee import foresee
from reverse_etl.identity import Identity
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.plan import Plan, item_of, make_plan, plan_of_items
from reverse_etl.plan_store import PlanStore, SavedPlan
from reverse_etl.present import moved_since, read_present, read_records
from reverse_etl.release import AUTO_APPLY, AutoGate, PlanGate, Release, may_go_alone
from reverse_etl.slots import SlotNotAllowedError, filled

CUSTOMERS = "sync_atlas_accounting__customers"
INVOICES = "sync_atlas_accounting__invoices"
SENDS = "sync_atlas_accounting__invoice_sends"
CODES = "sync_atlas_etrm__order_erp_codes"
ENTRIES = "sync_atlas_accounting__journal_entries"
POSTS = "sync_atlas_accounting__journal_entry_posts"
ATLAS_INVOICES = "sync_atlas_etrm__invoices"
PARTIES = "sync_atlas_etrm__counterparties"

ORDER = {
    "id": 210,
    "erpCode": None,
    "registrationDate": "2026-04-01T00:00:00",
    "dueDate": "2026-04-15T00:00:00",
    "totalAmount": Decimal("100.00"),
}


def code_row(order_id: int = 210, code: str = "INV-1") -> SyncRow:
    return row(
        f"order:{order_id}",
        {"erpCode": code},
        operation="update",
        now={"erpCode": None},
        destination_id=str(order_id),
        order_id=order_id,
    )


def prospect(order_id: int = 210, **more: Any) -> Prospect:
    fields: dict[str, Any] = {
        "direction": "receivable",
        "order_name": "PPA",
        "currency_code": "EUR",
        "total_amount": Decimal("100.0000"),
        "erp_code": None,
        "document_id": None,
        "document_number": None,
        "is_draft": False,
        "is_issued": False,
        "issue_date": None,
        "due_date": None,
        "vendor_bill_number": None,
        "amount_text": "100.00",
        "amount": Decimal("100.0000"),
        "control_account_id": "a-1100",
    }
    return Prospect(order_id=order_id, **{**fields, **more})


def due_invoice(order_id: int = 210, price: str = "100.00") -> SyncRow:
    made = invoice_row(order_id, price)
    return replace(made, payload=json.dumps({**json.loads(made.payload), "due_date": "2026-05-01"}))


class Approved:
    """A plan that Anna made and Bert approved, and the desk it is sent from."""

    def __init__(self, desk: Desk, plan: Plan, only: Sequence[str] | None = None) -> None:
        self.desk, self.plans = desk, PlanStore(desk.store)
        plan = read_present(plan, destinations_of(desk.clients))
        self.plan_id = self.plans.save(plan, run_id=None, made_by=Identity("anna"), at=NOON)
        self.plans.approve(self.saved, by=Identity("bert"), reason="checked", only=only, at=NOON)

    @property
    def saved(self) -> SavedPlan:
        return self.plans.load(self.plan_id)

    def release(self, rows: dict[str, list[SyncRow]], record: str | None = None) -> Release:
        saved, state = self.saved, self.desk.log.state()
        gate = PlanGate(saved, self.plans.valid(saved, self.desk.now()), frozenset(), record)
        release = gate.release(make_plan(rows, state), state)
        watched = [item for item in release.items if item.watched is not None]
        read = read_records(watched, destinations_of(self.desk.clients))
        return release.without({i.key: why for i in watched if (why := moved_since(i, read.get(i.key))) is not None})

    def send(self, release: Release) -> ApplyResult:
        return apply_plan(
            Plan(release.items),
            self.desk.clients,
            self.desk.log,
            run_id="run-1",
            now=self.desk.now,
            plan_id=self.plan_id,
            words=release.words,
        )


def test_what_is_still_due_as_approved_goes_by_its_approval(desk: Desk) -> None:
    rows = {INVOICES: [due_invoice(1), due_invoice(2)]}
    approved = Approved(desk, desk.plan(rows))
    release = approved.release(rows)
    assert [item.payload for item in release.items] == [item.payload for item in approved.saved.plan.items]
    assert approved.send(release).sent == 2
    delivered = desk.store.rows(DELIVERIES)
    assert {(one["plan_id"], one["approval_id"]) for one in delivered} == {
        (approved.plan_id, approved.saved.approvals[0].approval_id)
    }
    again = approved.release({INVOICES: []})
    assert (again.items, again.refused, again.done) == ((), (), 2), "the same plan twice sends nothing twice"


@pytest.mark.parametrize(
    ("field", "value"),
    [("due_date", "2026-06-01"), ("customer_id", "c-2"), ("notes", "atlas_etrm:order:9"), ("currency", "USD")],
)
def test_what_moved_at_the_source_is_refused_by_name_and_the_rest_goes_on(desk: Desk, field: str, value: str) -> None:
    rows = {INVOICES: [due_invoice(1), due_invoice(2)]}
    approved = Approved(desk, desk.plan(rows))
    moved = replace(rows[INVOICES][0], payload=json.dumps({**json.loads(rows[INVOICES][0].payload), field: value}))
    release = approved.release({INVOICES: [moved, rows[INVOICES][1]]})
    assert [item.sync_key for item in release.items] == ["order:2"]
    ((item, reason),) = release.refused
    assert item.sync_key == "order:1"
    assert f"{field} is {value} now" in reason


def test_what_is_not_due_any_more_is_refused(desk: Desk) -> None:
    approved = Approved(desk, desk.plan({INVOICES: [due_invoice(1)]}))
    assert "not due any more" in approved.release({INVOICES: []}).refused[0][1]


@pytest.mark.parametrize(
    ("field", "value"),
    [("erpCode", "SAP-1"), ("totalAmount", Decimal("900.00")), ("dueDate", "2026-07-01T00:00:00")],
)
def test_what_moved_at_the_destination_is_refused(desk: Desk, field: str, value: Any) -> None:
    desk.clients.atlas_etrm.tables["orders"] = {210: dict(ORDER), 211: {**ORDER, "id": 211}}
    rows = {CODES: [code_row(210), code_row(211, "INV-2")]}
    approved = Approved(desk, desk.plan(rows))
    desk.clients.atlas_etrm.tables["orders"][210][field] = value
    release = approved.release(rows)
    assert [item.sync_key for item in release.items] == ["order:211"]
    assert f"{field} is " in release.refused[0][1]
    approved.send(release)
    posted = [detail for name, detail in desk.clients.atlas_etrm.calls if name == "post orders"]
    assert [[one["id"] for one in batch] for batch in posted] == [[211]]


def test_old_values_are_read_live_and_a_record_that_moves_meanwhile_waits(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"] = {210: {**ORDER, "erpCode": "SAP-1"}, 211: {**ORDER, "id": 211}}
    plan = read_present(desk.plan({CODES: [code_row(210), code_row(211)]}), destinations_of(desk.clients))
    assert [item.sync_key for item in plan.items] == ["order:211"]
    assert plan.items[0].watched == {
        "registrationDate": "2026-04-01T00:00:00",
        "dueDate": "2026-04-15T00:00:00",
        "totalAmount": "100.00",
    }
    assert "erpCode is 'SAP-1', was None" in plan.waiting[0].reason


def test_another_record_of_the_same_order_is_not_sent_either(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = dict(ORDER)
    rows = {CODES: [code_row()], ATLAS_INVOICES: [atlas_invoice_row("INV-1", 210)]}
    approved = Approved(desk, desk.plan(rows))
    release = approved.release({CODES: [code_row(code="INV-9")], ATLAS_INVOICES: rows[ATLAS_INVOICES]})
    assert release.items == ()
    assert sorted(reason for _, reason in release.refused) == [
        "erpCode is INV-9 now, approved was INV-1",
        "something else of order 210 moved",
    ]


def test_without_an_approval_only_what_applies_itself_goes(desk: Desk) -> None:
    rows = {INVOICES: [due_invoice(1)], ATLAS_INVOICES: [atlas_invoice_row("INV-7", 7)]}
    plans = PlanStore(desk.store)
    saved = plans.load(plans.save(desk.plan(rows), run_id=None, made_by=Identity("anna"), at=NOON))
    release = PlanGate(saved, [], frozenset({ATLAS_INVOICES})).release(desk.plan(rows), desk.log.state())
    assert [item.sync_name for item in release.items] == [ATLAS_INVOICES]
    assert list(release.words.values()) == [AUTO_APPLY]
    assert [item.sync_name for item in release.unapproved] == [INVOICES]


def test_what_says_where_money_goes_never_goes_alone(desk: Desk) -> None:
    iban = row("c", {"iban": "DE1"}, operation="update", now={"iban": "DE2"}, destination_id="1")
    item = item_of(BY_NAME[PARTIES], iban)
    assert not may_go_alone(item, None)
    nested = row("c", {"bank": [{"iban": "DE1"}]}, operation="update", now={"bank": []}, destination_id="1")
    assert not may_go_alone(item_of(BY_NAME[PARTIES], nested), None)
    code = row("c", {"externalId": "C-1"}, operation="update", now={"externalId": None}, destination_id="1")
    assert may_go_alone(item_of(BY_NAME[PARTIES], code), None)
    due = Plan((item,))
    assert AutoGate(None).release(due, desk.log.state()).unapproved == (item,)


def test_one_record_of_an_approved_plan(desk: Desk) -> None:
    rows = {INVOICES: [due_invoice(1), due_invoice(2), due_invoice(21)]}
    approved = Approved(desk, desk.plan(rows))
    assert [item.sync_key for item in approved.release(rows, "order:2").items] == ["order:2"]


def test_one_record_brings_what_it_shares_with_another(desk: Desk) -> None:
    """The customer of orders 205 and 210 is due for 205, the first of them; order 210 needs it as well."""
    customer = replace(row("counterparty:7", {"display_name": "Acme", "external_id": "AE-7"}), order_id=205)
    rows = {CUSTOMERS: [customer], INVOICES: [due_invoice(2)]}
    saved = Approved(desk, desk.plan(rows)).saved
    due, state = make_plan(rows, desk.log.state()), desk.log.state()
    for needs, released in ((frozenset({(CUSTOMERS, "counterparty:7")}), ["counterparty:7"]), (frozenset(), [])):
        gate = PlanGate(saved, PlanStore(desk.store).valid(saved, desk.now()), frozenset(), "order:210", needs)
        assert [item.sync_key for item in gate.release(due, state).items] == released


def test_one_approval_carries_an_order_to_its_end(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = dict(ORDER)
    plan = desk.plan({INVOICES: [due_invoice()]})
    plan = replace(plan, follow_ups=foresee(plan.items, [prospect()]))
    assert [item.sync_name for item in plan.follow_ups] == [SENDS, CODES, ATLAS_INVOICES]
    approved = Approved(desk, plan)

    first = approved.release({INVOICES: [due_invoice()]})
    assert [why for _, why in first.waiting] == [
        "waits for {invoice(order 210).id}, {invoice(order 210).number}",
        "waits for {invoice(order 210).number}",
        "waits for {invoice(order 210).id}, {invoice(order 210).number}",
    ]
    approved.send(first)

    # What the sync models hold due in the following rounds.
    send = row(
        "order:210:invoices-1",
        {"ar_account_id": "a-1100"},
        operation="send",
        now={"ar_account_id": None},
        destination_id="invoices-1",
        order_id=210,
        amount=Decimal("100.0000"),
    )
    second = approved.release({SENDS: [send]})
    assert [(item.sync_key, item.record_label) for item in second.items] == [
        ("order:210:invoices-1", "invoice INV-1 of order 210")
    ]
    assert approved.send(second).sent == 1

    code = replace(code_row(), amount=Decimal("100.0000"))
    third = approved.release({CODES: [code]})
    assert [item.fields for item in third.items] == [{"erpCode": "INV-1"}]
    assert approved.send(third).sent == 1

    invoice = row(
        "document:invoices-1",
        {
            "orderId": 210,
            "externalId": "INV-1",
            "invoiceNumber": "INV-1",
            "amount": "100.00",
            "invoiceDate": "2026-04-01T00:00:00",
            "dueDate": "2026-05-01T00:00:00",
            "isPaid": False,
        },
        order_id=210,
        amount=Decimal("100.0000"),
    )
    fourth = approved.release({ATLAS_INVOICES: [invoice]})
    assert [item.sync_key for item in fourth.items] == ["document:invoices-1"]
    assert approved.send(fourth).sent == 1
    assert approved.release({}).done == 4


def test_a_follow_up_that_turns_out_different_is_refused(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"][210] = dict(ORDER)
    plan = desk.plan({INVOICES: [due_invoice()]})
    approved = Approved(desk, replace(plan, follow_ups=foresee(plan.items, [prospect()])))
    approved.send(approved.release({INVOICES: [due_invoice()]}))
    release = approved.release({CODES: [replace(code_row(code="INV-77"), amount=Decimal("100.0000"))]})
    assert release.items == ()
    assert "erpCode is INV-77 now, approved was INV-1" in [reason for _, reason in release.refused]


def test_a_refused_create_leaves_what_follows_waiting(desk: Desk) -> None:
    desk.clients.atlas_accounting.faults = [failing(errors.Refused("atlas_accounting", "no"))]
    plan = desk.plan({INVOICES: [due_invoice()]})
    approved = Approved(desk, replace(plan, follow_ups=foresee(plan.items, [prospect()])))
    assert approved.send(approved.release({INVOICES: [due_invoice()]})).rejected == 1
    after = approved.release({INVOICES: [due_invoice()]})
    assert (after.items, after.refused) == ((), ())
    assert len(after.waiting) == 4


def test_a_journal_entry_is_posted_by_the_approval_of_its_creation() -> None:
    key, sync = "entry:atlas_etrm:order:210:accrual", "sync_atlas_accounting__journal_entries"
    entry = item_of(BY_NAME[sync], row(key, {"entry_date": "2026-03-31"}, amount=Decimal("5.00")))
    (post,) = foresee([entry], [])
    told = "{entry(entry atlas_etrm:order:210:accrual).id}"
    assert (post.sync_key, post.destination_id) == (f"{key}:{told}", told)
    literal = filled(post, {told: "je-1", told.replace(".id", ".number"): "JE-1"})
    assert (literal.sync_key, literal.destination_id, literal.fields) == (f"{key}:je-1", "je-1", {"status": "posted"})
    assert literal.record_label == "journal entry JE-1 (atlas_etrm:order:210:accrual)"


def entry_prospects(*directions: str, **more: Any) -> list[Prospect]:
    told = {"receivable": (".AR", "-AR"), "payable": (".AP", "-AP")}
    return [
        prospect(
            direction=direction,
            entry_key="entry:atlas_etrm:order:210",
            entry_id_ending=told[direction][0],
            entry_number_ending=told[direction][1] if len(directions) > 1 else "",
            **{"issue_date": "2026-04-02", "due_date": "2026-04-16", **more},
        )
        for direction in directions
    ]


@pytest.mark.parametrize(
    ("directions", "code"), [(["receivable"], "JE-7"), (["payable", "receivable"], "JE-7-AR+JE-7-AP")]
)
def test_an_order_posted_as_an_entry_is_carried_to_its_end(directions: list[str], code: str) -> None:
    entry = item_of(BY_NAME[ENTRIES], row("entry:atlas_etrm:order:210", {"entry_date": "2026-04-02"}, order_id=210))
    post, erp_code, *invoices = foresee([entry], entry_prospects(*directions))
    told = "{entry(entry atlas_etrm:order:210).id}"
    returned = {told: "je-7", told.replace(".id", ".number"): "JE-7"}
    assert post.operation == "post"
    assert filled(erp_code, returned).fields == {"erpCode": code}
    assert [(one.sync_key, one.fields["externalId"]) for one in (filled(each, returned) for each in invoices)] == [
        (f"document:je-7.{'AR' if direction == 'receivable' else 'AP'}", number)
        for direction, number in zip(directions, reversed(code.split("+")), strict=True)
    ]
    fields = filled(invoices[0], returned).fields
    assert (fields["invoiceDate"], fields["dueDate"]) == ("2026-04-02T00:00:00", "2026-04-16T00:00:00")
    assert fields["invoiceNumber"] == fields["externalId"]


def test_a_draft_entry_that_the_plan_posts_is_carried_to_its_end_too() -> None:
    draft = {"document_id": "je-7.AR", "document_number": "JE-7", "is_draft": True}
    post = row(
        "entry:atlas_etrm:order:210:je-7",
        {"status": "posted"},
        operation="post",
        now={"status": "draft"},
        destination_id="je-7",
        order_id=210,
    )
    side = prospect(**draft, entry_id_ending=".AR", issue_date="2026-04-02", due_date="2026-04-16")
    erp_code, invoice = foresee([item_of(BY_NAME[POSTS], post)], [side])
    assert (erp_code.fields, erp_code.slots) == ({"erpCode": "JE-7"}, ())
    assert (invoice.sync_key, invoice.slots) == ("document:je-7.AR", ())
    assert foresee([item_of(BY_NAME[POSTS], replace(post, destination_id="je-8"))], [side]) == (), "another draft"


def test_text_that_looks_like_a_slot_stays_text(desk: Desk) -> None:
    named = due_invoice()
    body = {**json.loads(named.payload), "memo": "{invoice(order 1).number}"}
    item = item_of(BY_NAME[INVOICES], replace(named, payload=json.dumps(body)))
    assert filled(item, {"{invoice(order 1).number}": "INV-1"}).fields["memo"] == "{invoice(order 1).number}"


@pytest.mark.parametrize("place", ["lines", "due_date", "customer_id", "currency", "amount"])
def test_a_slot_for_an_amount_a_date_a_name_or_an_account_is_refused(place: str) -> None:
    forged = replace(item_of(BY_NAME[INVOICES], due_invoice()), slots=(place,))
    with pytest.raises(SlotNotAllowedError, match=place):
        filled(forged, {})


def test_a_plan_that_no_sync_model_makes_takes_the_same_road(desk: Desk) -> None:
    desk.clients.atlas_etrm.tables["orders"] = {210: dict(ORDER), 211: {**ORDER, "id": 211}}
    items = [item_of(BY_NAME[CODES], code_row(order_id, f"SAP-{order_id}")) for order_id in (210, 211)]
    approved = Approved(desk, plan_of_items(items, desk.log.state(), origin="baseline"))
    assert approved.saved.plan.origin == "baseline"
    desk.clients.atlas_etrm.tables["orders"][211]["erpCode"] = "else"
    release = approved.release({})
    assert [item.sync_key for item in release.items] == ["order:210"]
    assert approved.send(release).sent == 1
    assert desk.clients.atlas_etrm.tables["orders"][210]["erpCode"] == "SAP-210"
    assert desk.clients.atlas_etrm.tables["orders"][211]["erpCode"] == "else"
    assert approved.release({}).items == ()


def test_a_write_that_shows_something_else_is_held_and_left_alone(desk: Desk) -> None:
    def bent(act: Any) -> Any:
        answer = act()
        desk.clients.atlas_accounting.tables["invoices"][0]["due_date"] = "2026-12-31"
        from write_back_fakes import reply

        del answer
        return reply(desk.clients.atlas_accounting.tables["invoices"])

    desk.clients.atlas_accounting.faults = [bent]
    result = desk.apply({INVOICES: [due_invoice()]})
    assert (result.sent, result.held) == (0, 1)
    assert "due_date: 2026-12-31 instead of 2026-05-01" in desk.store.rows(DELIVERIES)[0]["reason"]
    send = row(
        "order:210:invoices-1",
        {"ar_account_id": "a-1100"},
        operation="send",
        now={"ar_account_id": None},
        destination_id="invoices-1",
        order_id=210,
        amount=Decimal("100.00"),
    )
    desk.new_run()
    plan = desk.plan({INVOICES: [due_invoice()], SENDS: [send]})
    assert plan.items == ()
    assert len(plan.held) == 2
