"""`tieout plan`, `approve` and `identity` over a saved plan, as two people type them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command_desk import CommandDesk

from reverse_etl.catalog import BY_NAME
from reverse_etl.due import SyncRow
from reverse_etl.identity import Identity
from reverse_etl.plan import item_of
from reverse_etl.plan_items import Plan
from reverse_etl.plan_store import PlanStore
from tieout import identity
from tieout.errors import SettingsError
from tieout.settings import Paths, Settings

INVOICES = "sync_atlas_accounting__invoices"
PARTIES = "sync_atlas_etrm__counterparties"
IBAN = "DE89370400440532013000"


def invoice(order_id: int, price: str = "100.10", code: str = "EUR") -> SyncRow:
    body = {"notes": f"atlas_etrm:order:{order_id}", "currency": code, "due_date": "2026-05-01", "price": price}
    return SyncRow(
        f"order:{order_id}",
        "create",
        f"invoice of order {order_id}",
        order_id,
        None,
        None,
        Decimal(price),
        code,
        json.dumps(body),
        None,
    )


def party() -> SyncRow:
    return SyncRow(
        "counterparty:7",
        "update",
        "counterparty Seven",
        None,
        "7",
        None,
        None,
        None,
        json.dumps({"iban": IBAN}),
        json.dumps({"iban": "GB33BUKB20201555555555"}),
    )


def saved(desk: CommandDesk, plan: Plan) -> str:
    with desk.store() as store:
        return PlanStore(store).save(plan, run_id="run-1", made_by=Identity("anna"), at=datetime.now(UTC))


def plan_of(desk: CommandDesk, invoices: int) -> str:
    items = tuple(item_of(BY_NAME[INVOICES], invoice(order_id)) for order_id in range(1, invoices + 1))
    yen = item_of(BY_NAME[INVOICES], invoice(20_000, "5000", "JPY"))
    return saved(desk, Plan((*items, yen, item_of(BY_NAME[PARTIES], party()))))


@pytest.fixture
def plan_id(desk: CommandDesk) -> str:
    return plan_of(desk, 100)


def test_ten_thousand_records_begin_with_a_summary(desk: CommandDesk) -> None:
    plan_id = plan_of(desk, 10_000)
    done = desk.types("plan", "latest")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert len(lines) < 25
    assert "10,001  create" in done.output
    assert "1,001,000.00 EUR" in done.output
    assert "5,000 JPY" in done.output
    assert "nobody has approved it yet" in done.output
    assert plan_id in done.output


def test_a_record_is_shown_field_by_field_and_accounts_are_masked(desk: CommandDesk, plan_id: str) -> None:
    done = desk.types("plan", plan_id, "--record", "order:77")
    assert "create invoice of order 77  100.10 EUR" in done.output
    assert "due_date: 2026-05-01" in done.output
    assert "order 7 " not in done.output
    changed = desk.types("plan", plan_id, "--sync", PARTIES)
    assert "iban: GB…5555 → DE…3000" in changed.output
    assert IBAN not in changed.output
    assert IBAN not in desk.types("plan", plan_id, "--json").output


def test_a_sync_is_cut_at_its_limit_and_says_so(desk: CommandDesk, plan_id: str) -> None:
    assert "51 more" in desk.types("plan", plan_id, "--sync", INVOICES).output
    assert "more:" not in desk.types("plan", plan_id, "--sync", INVOICES, "--limit", "0").output
    wrong = desk.types("plan", plan_id, "--sync", "sync_nowhere")
    assert isinstance(wrong.exception, SettingsError)
    assert INVOICES in str(wrong.exception)


def test_the_document_has_every_field_exactly(desk: CommandDesk, plan_id: str) -> None:
    found = desk.document("plan", plan_id)
    assert len(found["items"]) == 102
    assert found["totals"][0]["amounts"] or found["totals"][1]["amounts"]
    assert {"sync", "record", "operation", "destination", "label", "amount", "currency_code", "changes"} <= set(
        found["items"][1]
    )
    assert (found["held"], found["waiting"], found["rejected"]) == ([], [], [])


def test_a_second_person_approves_and_the_list_says_so(desk: CommandDesk, plan_id: str) -> None:
    own = desk.types("approve", plan_id, "--reason", "mine", as_person="anna")
    assert "anna made it" in str(own.exception)
    assert isinstance(desk.types("approve", plan_id, as_person="bert").exception, SettingsError)
    done = desk.document("approve", plan_id, "--reason", "checked", "--only", INVOICES, as_person="bert")
    assert (done["writes"], done["amounts"]) == (101, {"EUR": "10010.00", "JPY": "5000"})
    shown = desk.document("plan", plan_id)
    assert [one["approved_by"] for one in shown["approvals"]] == ["bert"]
    (listed,) = desk.document("plan", "--list")["plans"]
    assert (listed["is_approved"], listed["is_done"], listed["items"]) == (True, False, 102)
    assert "withdrawn by anna" in desk.types("approve", plan_id, "--withdraw", as_person="anna").output
    assert desk.document("plan", plan_id)["approvals"] == []


def test_a_plan_of_which_nothing_may_go_is_refused_before_anything_is_asked(
    desk: CommandDesk, plan_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ((), ("latest",), (plan_id,)):
        told = str(desk.types("apply", *name).exception)
        assert told.startswith(f"{plan_id}: nobody has approved it; somebody else than anna gives `tieout approve")
    desk.types("approve", plan_id, "--reason", "checked", as_person="bert")
    # Approved it goes on, and then lacks what it needs to ask a vendor.
    assert "missing setting" in str(desk.types("apply", plan_id).exception)
    desk.types("approve", plan_id, "--withdraw", as_person="carl")
    assert "its approval was withdrawn by carl" in str(desk.types("apply", plan_id).exception)
    desk.types("approve", plan_id, "--reason", "after all", as_person="bert")
    later = datetime.now(UTC) + timedelta(hours=73)
    monkeypatch.setattr("tieout.commands.plans._now", lambda: later)
    assert "the approval of bert counted until" in str(desk.types("apply", plan_id).exception)
    assert isinstance(desk.types("apply", "nosuch").exception, SettingsError)


def test_a_record_is_written_as_kind_and_id(desk: CommandDesk) -> None:
    for wrong in ("210", "order:", ":210"):
        assert isinstance(desk.types("plan", "--record", wrong).exception, SettingsError)


# --- who it is ----------------------------------------------------------------------------------------------------


def settings(**values: Any) -> Settings:
    told = {name.replace("__", "."): value for name, value in values.items()}
    return Settings("live", Paths(Path("unused")), told.get)


def by_token(folder: Path, token: str, **more: Any) -> Settings:
    key = str(folder / identity.PUBLIC_KEY)
    return settings(operations__identity="token", operations__token=token, operations__token_public_key=key, **more)


def test_a_token_says_who_its_bearer_is(tmp_path: Path) -> None:
    private, public = identity.make_keys(tmp_path)
    now, week = datetime.now(UTC), timedelta(days=7)
    person = identity.make_token(private, "anna", "person", now=now, valid_for=week)
    assert identity.current(by_token(tmp_path, person)) == Identity("anna", "person")
    service = identity.make_token(private, "nightly", "service", now=now, valid_for=week)
    assert identity.current(by_token(tmp_path, service)) == Identity("nightly", "service")
    named = by_token(tmp_path, person, operations__service_users=["anna"])
    assert identity.current(named) == Identity("anna", "service")
    inline = settings(
        operations__identity="token", operations__token=person, operations__token_public_key=public.read_text()
    )
    assert identity.current(inline).name == "anna"
    assert private.stat().st_mode & 0o077 == 0


def test_a_token_that_is_not_valid_is_refused(tmp_path: Path) -> None:
    private, _ = identity.make_keys(tmp_path / "ours")
    others, _ = identity.make_keys(tmp_path / "theirs")
    now = datetime.now(UTC)
    expired = identity.make_token(private, "anna", "person", now=now - timedelta(days=9), valid_for=timedelta(days=7))
    foreign = identity.make_token(others, "anna", "person", now=now, valid_for=timedelta(days=7))
    good = identity.make_token(private, "anna", "person", now=now, valid_for=timedelta(days=7))
    head, claims, seal = good.split(".")
    for token in (expired, foreign, f"{head}.{claims[:-2]}AA.{seal}", f"{head}.{claims}.", "nonsense"):
        with pytest.raises(SettingsError, match="OPERATIONS__TOKEN is refused"):
            identity.current(by_token(tmp_path / "ours", token))
    with pytest.raises(SettingsError, match="OPERATIONS__TOKEN"):
        identity.current(settings(operations__identity="token"))


def test_the_operating_system_is_believed_and_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity.current(settings())
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert identity.current(settings()) == before
