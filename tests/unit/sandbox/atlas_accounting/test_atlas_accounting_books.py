"""What holds for all records: ids, stamps, names, persistence, and the ledger under any sequence of operations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError
from sandbox.atlas_accounting.registry import is_id
from sandbox.clock import SandboxClock
from sandbox.store import Store


def test_an_untouched_store_stays_empty_until_the_first_operation() -> None:
    store = Store(":memory:")
    engine = AtlasAccountingEngine(store, SandboxClock(date(2026, 4, 10), monotonic=lambda: 0.0))
    assert is_id(engine.company_id)
    assert engine.email
    assert engine.password
    assert store.is_empty()
    engine.load_chart()
    assert engine.company["created_at"] == "2026-04-10T08:00:00.000000Z"


def test_the_same_seed_gives_the_same_ids(books: Any) -> None:
    def ids(seed: int) -> list[str]:
        clock = SandboxClock(date(2026, 3, 2), monotonic=lambda: 0.0)
        engine = AtlasAccountingEngine(Store(":memory:"), clock, seed=seed)
        return [engine.company_id, *(row["id"] for row in engine.load_chart().values())]

    assert ids(210) == ids(210)
    assert not set(ids(210)) & set(ids(211))
    assert ids(210)[1] == books.accounts["1000"]
    assert all(is_id(each) for each in ids(210))


def test_every_change_moves_updated_at_and_no_two_changes_share_it(books: Any) -> None:
    invoice = books.sent("100.00")
    payment = books.payment("100.00")
    before = books.engine.get("customers", books.customer)
    books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "100.00"})
    assert books.engine.get("invoices", invoice["id"])["updated_at"] > invoice["updated_at"]
    assert books.engine.get("payments", payment["id"])["updated_at"] > payment["updated_at"]
    # Applying does not move what the customer owes in all, so the customer is not touched.
    assert books.engine.get("customers", books.customer) == before
    tables = ("accounts", "customers", "vendors", "invoices", "payments", "ledger_entries")
    stamps = [row["updated_at"] for table in tables for row in books.engine.list(table)]
    assert len(set(stamps)) == len(stamps)
    assert all(len(stamp) == len("2026-03-02T08:00:00.000000Z") for stamp in stamps)


def test_stamps_rise_although_the_clock_goes_back(books: Any) -> None:
    first = books.invoice()
    books.go_to("2025-01-01")
    assert books.invoice()["created_at"] > first["created_at"]


def test_names_are_unique_per_side_whatever_their_case(books: Any, refused: Any) -> None:
    engine = books.engine
    assert refused(engine.create_customer, {"name": " fortum  OYJ "}).status == 409
    assert engine.create_vendor({"name": "Fortum Oyj"})["display_name"] == "Fortum Oyj"
    other = engine.create_customer({"name": "Helen Oy"})
    assert refused(engine.update_customer, other["id"], {"name": "Fortum Oyj"}).status == 409
    renamed = engine.update_customer(other["id"], {"display_name": "Helen Ltd"})
    assert (renamed["display_name"], renamed["name"]) == ("Helen Ltd", "Helen Ltd")
    assert engine.create_customer({"name": "Helen Oy"})["name"] == "Helen Oy"


def test_a_partial_update_changes_what_it_speaks_of(books: Any, refused: Any) -> None:
    before = books.engine.get("customers", books.customer)
    body = {"email": "ap@fortum.test", "billing_address": {"line1": "Keilalahdentie 2", "city": "Espoo"}}
    after = books.engine.update_customer(books.customer, body)
    changed = {name for name, value in after.items() if before[name] != value}
    assert changed == {"email", "billing_address", "updated_at"}
    assert after["billing_address"]["city"] == "Espoo"
    error = refused(books.engine.update_customer, books.customer, {"email": "nonsense", "payment_terms": "net_7"})
    assert [each["field"] for each in error.errors] == ["email", "payment_terms"]
    assert refused(books.engine.update_customer, books.customer, {"name": ""}).errors[0]["field"] == "display_name"


def test_the_currency_of_a_party_that_owes_stays(books: Any, refused: Any) -> None:
    books.sent("10.00")
    assert refused(books.engine.update_customer, books.customer, {"currency": "SEK"}).status == 422
    fresh = books.engine.create_vendor({"name": "JERA"})
    assert books.engine.update_vendor(fresh["id"], {"currency": "JPY"})["balance"] == "0"


def test_a_party_needs_a_name(books: Any, refused: Any) -> None:
    assert refused(books.engine.create_customer, {}).errors == [{"field": "display_name", "message": "field required"}]
    assert refused(books.engine.create_vendor, []).errors == [{"field": "body", "message": "must be an object"}]


def test_accounts_are_unique_and_typed(books: Any, refused: Any) -> None:
    engine = books.engine
    body = {"account_number": "1100", "name": "Again", "account_type": "asset"}
    assert refused(engine.create_account, body).status == 409
    error = refused(engine.create_account, {"account_type": "cash", "parent_id": "none"})
    assert {each["field"] for each in error.errors} == {"name", "account_type", "parent_id"}
    assert engine.account_by_number("1100")["id"] == books.accounts["1100"]
    assert refused(engine.account_by_number, "0").status == 404
    assert refused(engine.set_up_chart, {"template_name": "us_gaap"}).status == 409


def test_a_template_gives_a_working_chart(refused: Any) -> None:
    engine = AtlasAccountingEngine(Store(":memory:"), SandboxClock(date(2026, 3, 2)))
    assert refused(engine.set_up_chart, {"template_name": "french"}).status == 422
    accounts = engine.set_up_chart({"template_name": "us_gaap", "industry": "general"})
    assert {row["currency"] for row in accounts} == {"EUR"}


def test_bank_accounts_stand_on_a_ledger_account(books: Any, refused: Any) -> None:
    body = {"gl_account_id": books.accounts["1001"], "account_name": "Operating SEK", "account_number_last4": "1234"}
    bank = books.engine.create_bank_account(body)
    assert (bank["currency"], bank["opening_balance"], bank["account_type"]) == ("SEK", "0.00", "checking")
    assert refused(books.engine.create_bank_account, {**body, "currency": "EUR"}).status == 422
    assert refused(books.engine.create_bank_account, {"account_name": "x"}).errors[0]["field"] == "gl_account_id"


def test_what_was_answered_survives_the_process(tmp_path: Path, refused: Any) -> None:
    clock = SandboxClock(date(2026, 3, 2), monotonic=lambda: 0.0)
    first = AtlasAccountingEngine(Store(tmp_path / "a.sqlite"), clock)
    accounts = first.load_chart()
    customer = first.create_customer({"name": "Fortum Oyj"})
    line = {"description": "x", "quantity": 1, "unit_price": "10.00", "account_id": accounts["4100"]["id"]}
    body = {"customer_id": customer["id"], "invoice_date": "2026-03-02", "due_date": "2026-03-09", "lines": [line]}
    sent = first.send_invoice(first.create_invoice(body)["id"])
    trial = first.trial_balance()

    second = AtlasAccountingEngine(Store(tmp_path / "a.sqlite"), clock, seed=7)
    assert (second.company_id, second.company) == (first.company_id, first.company)
    assert second.get("invoices", sent["id"]) == sent
    assert second.trial_balance() == trial
    assert refused(second.create_customer, {"name": "fortum oyj"}).status == 409
    assert second.create_invoice(body)["invoice_number"] == "INV-00002"
    assert second.create_invoice(body)["updated_at"] > sent["updated_at"]
    clock.set(date(2026, 3, 10))
    assert second.get("invoices", sent["id"])["status"] == "overdue"


def test_a_failure_inside_an_operation_leaves_memory_as_it_was(books: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = books.invoice()
    before = books.balances()

    def fail(*_: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("sandbox.atlas_accounting.parties.Parties.adjust", fail)
    with pytest.raises(RuntimeError):
        books.engine.send_invoice(invoice["id"])
    monkeypatch.undo()
    assert books.balances() == before
    assert books.engine.list("ledger_entries") == []
    assert books.engine.send_invoice(invoice["id"])["status"] == "sent"


_STEP = st.tuples(
    st.sampled_from(["invoice", "bill", "pay", "paid", "void", "entry", "reverse", "day", "close"]),
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=1, max_value=50_000),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, max_size=25))
def test_whatever_happens_the_ledger_balances_and_follows_the_documents(books: Any, steps: Any) -> None:
    fresh = type(books)()
    for kind, which, cents in steps:
        try:
            _step(fresh, kind, which, f"{Decimal(cents).scaleb(-2):f}")
        except AtlasAccountingError as error:
            assert error.status == 409, error.errors
    report = fresh.engine.trial_balance("2030-12-31")
    assert report["total_debits"] == report["total_credits"]
    sheet = fresh.engine.balance_sheet("2030-12-31")
    assert Decimal(sheet["total_assets"]) == Decimal(sheet["total_liabilities"]) + Decimal(sheet["total_equity"])
    for table, party, control, sign in (("invoices", "customers", "1100", 1), ("bills", "vendors", "2000", -1)):
        due = sum(Decimal(row["amount_due"]) for row in fresh.engine.list(table) if row["status"] != "draft")
        money = fresh.engine.list("payments" if table == "invoices" else "payments_made")
        owed = due - sum(Decimal(row["unapplied_amount"]) for row in money)
        assert sign * fresh.balance(control) == owed
        assert sum(Decimal(row["balance"]) for row in fresh.engine.list(party)) == owed
        for row in fresh.engine.list(table):
            if row["status"] != "voided":
                assert Decimal(row["amount_paid"]) + Decimal(row["amount_due"]) == Decimal(row["total_amount"])


def _step(books: Any, kind: str, which: int, amount: str) -> None:
    day = books.clock.today().isoformat()
    engine = books.engine
    if kind == "invoice":
        books.sent(amount, day=day)
    elif kind == "bill":
        books.approved(amount, day=day)
    elif kind == "day":
        books.clock.advance(which * 86_400)
    elif kind == "close":
        engine.close_period(date.fromordinal(books.clock.today().toordinal() - 20))
    elif kind == "entry":
        engine.post_journal_entry(books.entry(amount, day=day)["id"])
    elif kind == "reverse":
        for row in engine.list("journal_entries")[which : which + 1]:
            engine.reverse_journal_entry(row["id"])
    elif kind == "void":
        for row in engine.list("invoices")[which : which + 1]:
            engine.void_invoice(row["id"])
    elif kind == "pay":
        payment = books.payment(amount, day=day)
        for row in engine.list("invoices")[which : which + 1]:
            engine.apply_payment(payment["id"], {"invoice_id": row["id"], "amount": amount})
    else:
        bills = engine.list("bills")[which : which + 1]
        books.paid(amount, [(row["id"], amount) for row in bills], day=day)
