"""The doctor's answers from orders and lines, and how an endpoint's failure is told."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.transport import errors
from pipelines.transport.session import Patience, Session
from tieout.doctor import atlar_answers, order_answers, verdict
from tieout.doctor.examination import Endpoint, Examination, Examiner, Finding, Wire
from tieout.errors import ExitCode, SettingsError
from tieout.steps import tables_named

DATE = "Fri, 10 Apr 2026 08:00:00 GMT"


def line(order: int, amount: str, vat: str, cashflow: int = 0, status: int = 2) -> dict[str, Any]:
    return {
        "orderId": order,
        "amount": Decimal(amount),
        "vat": Decimal(vat),
        "cashflow": cashflow,
        "status": status,
    }


def answers(orders: list[dict[str, Any]], items: list[dict[str, Any]], **more: Any) -> dict[str, Finding]:
    given = {"order_total": "gross", "item_vat": "amount", "known_statuses": {"ready"}, **more}
    found = order_answers.of_orders(orders, items, **given)
    return {finding.question.rsplit(" ", 1)[-1]: finding for finding in found} | {"all": found[0]}


def order(number: int, total: str, status: str = "ready") -> dict[str, Any]:
    return {"id": number, "totalAmount": Decimal(total), "status": status, "documentType": 0}


@pytest.mark.parametrize(
    ("vat", "total", "total_is", "vat_is"),
    [
        ("190.00", "1190.00", "gross", "amount"),
        ("190.00", "1000.00", "net", "amount"),
        ("19", "119000.00", "gross", "rate"),
        ("19", "100000.00", "net", "rate"),
    ],
)
@pytest.mark.parametrize("configured", [("gross", "amount"), ("net", "rate")])
def test_totals_and_vat_are_told_from_the_amounts_whatever_is_set(
    vat: str, total: str, total_is: str, vat_is: str, configured: tuple[str, str]
) -> None:
    amount = "1000.00" if vat_is == "amount" else "100000.00"
    found = answers([order(1, total)], [line(1, amount, vat)], order_total=configured[0], item_vat=configured[1])
    gross, meaning = found["net"], found["rate"]
    assert gross.answer.startswith(f"{total_is}:")
    assert gross.agrees is (total_is == configured[0])
    assert meaning.evidence == {vat_is: 1}
    assert meaning.agrees is (vat_is == configured[1])


def test_both_directions_are_set_off_and_the_sign_of_passive_does_not_matter() -> None:
    for sign in ("", "-"):
        items = [line(1, "1000.00", "190.00"), line(1, f"{sign}400.00", f"{sign}76.00", cashflow=1)]
        found = answers([order(1, "714.00")], items)
        assert found["net"].evidence == {"gross": 1}
        assert found["have"].answer == ("negative" if sign else "positive")
        assert found["have"].agrees is True


def test_what_the_records_do_not_tell_is_said_so() -> None:
    found = answers([order(1, "100.00")], [line(1, "100.00", "0"), line(1, "5", "1", status=0)])
    assert found["net"].answer.startswith("cannot be told")
    assert found["rate"].answer == "cannot be told from the sample"
    assert found["have"].answer == "cannot be told: no Passive line in the sample"
    assert [finding.agrees for finding in (found["net"], found["rate"], found["have"])] == [None, None, True]


def test_statuses_without_a_role_are_named() -> None:
    found = answers([order(1, "1"), order(2, "1", "Zurückgestellt"), order(3, "1", "ready")], [])["all"]
    assert found.answer == "ready (2), Zurückgestellt (1); without a role: Zurückgestellt"
    assert (found.agrees, found.evidence["without_role"]) == (False, ["Zurückgestellt"])


@pytest.mark.parametrize("value", [None, "12", True, 1.5, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_exact_number_is_not_counted(value: Any) -> None:
    assert order_answers.number(value) is None


def examine(answer: int, *, needed: bool = True) -> Examination:
    wire = Wire(
        httpx.MockTransport(lambda _: httpx.Response(answer, headers={"Date": DATE, "X-RateLimit-Limit": "60"}))
    )
    examiner = Examiner("atlar", "https://user:secret@atlar.test/v2", wire)
    session = Session("atlar", "https://atlar.test", patience=Patience(attempts=1), clockwork=examiner.clockwork())
    examiner.ask("accounts", lambda: session.send("read", "GET", "/accounts"), needed=needed)
    examiner.ask("documents", lambda: [1, 2])
    session.close()
    return examiner.found


@pytest.mark.parametrize(
    ("status", "outcome", "needed", "code"),
    [
        (200, "answers", True, ExitCode.DONE),
        (403, "no permission", True, ExitCode.FAILED),
        (403, "no permission", False, ExitCode.DONE),
        (404, "not there", False, ExitCode.DONE),
        (503, "fails", False, ExitCode.FAILED),
        (401, "fails", True, ExitCode.USAGE),
    ],
)
def test_each_failure_has_its_name_and_its_exit_code(status: int, outcome: str, needed: bool, code: ExitCode) -> None:
    found = examine(status, needed=needed)
    first, second = found.endpoints
    assert (first.outcome, first.status, first.request) == (outcome, status, "GET /accounts")
    assert second.outcome == ("not asked" if status == 401 else "answers")
    assert verdict([found]) is code
    assert found.rate_headers == {"x-ratelimit-limit": "60"}
    assert "secret" not in found.base_url
    assert found.clock_skew_seconds is not None  # the Date above is long ago, or far ahead


def test_who_cannot_be_reached_is_not_asked_on() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    examiner = Examiner("atlar", "https://atlar.test", Wire(httpx.MockTransport(refuse)))
    session = Session("atlar", "https://atlar.test", patience=Patience(attempts=1), clockwork=examiner.clockwork())
    examiner.ask("accounts", lambda: session.send("read", "GET", "/accounts"))
    examiner.ask("documents", lambda: [1])
    found = examiner.found
    assert (found.reachable, found.credentials, found.is_well) == (False, "unknown", False)
    assert [each.outcome for each in found.endpoints] == ["fails", "not asked"]
    assert found.problem is not None
    session.close()


def test_an_ambiguous_setting_is_no_finding_but_an_error() -> None:
    def ask() -> None:
        raise errors.CompanyNotChosen("atlas_accounting", "sees several companies", [("c1", "One"), ("c2", "Two")])

    with pytest.raises(errors.SettingRefused):
        Examiner("atlas_accounting", "https://books.test").ask("profile", ask)


def test_an_endpoint_nobody_needs_may_be_missing_but_not_broken() -> None:
    assert Endpoint("deals", "POST /d", "not there", is_needed=False).is_well
    assert not Endpoint("deals", "POST /d", "fails", is_needed=False).is_well


def test_only_names_a_system_or_a_table() -> None:
    assert tables_named(()) is None
    accounting = tables_named(["atlas_accounting"])
    assert accounting is not None
    assert {"atlas_accounting.bills", "atlas_accounting.trial_balance"} < accounting
    assert {name.partition(".")[0] for name in accounting} == {"atlas_accounting"}
    both = {"atlar.accounts", "atlas_etrm.orders"}
    for given in (["atlar.accounts", "atlas_etrm.orders"], ["atlar.accounts,atlas_etrm.orders"]):
        assert tables_named(given) == both
    assert tables_named(["atlas_accounting, atlar.accounts"]) == accounting | {"atlar.accounts"}
    for given in ([""], ["atlar.accounts,"], [" , "]):
        with pytest.raises(SettingsError, match="--only: a name is missing"):
            tables_named(given)
    with pytest.raises(SettingsError, match=r"--only atlas_etrm\.order: .* did you mean atlas_etrm\.orders"):
        tables_named(["atlar,atlas_etrm.order"])
    with pytest.raises(SettingsError, match=r"did you mean .*atlas_etrm\.orders"):
        tables_named(["atlas_etrm.order"])
    with pytest.raises(SettingsError, match="no such system or table"):
        tables_named(["quarantine"])


def test_what_atlars_records_say_is_counted() -> None:
    euros = lambda value: {"instructedAmount": {"currency": "EUR", "stringValue": value}}  # noqa: E731
    document = {"id": "d", "etag": "version:1", "amount": euros("1.00"), "provenance": {"vendorId": "v"}}
    applied = {"documentId": "d", "amount": euros("1.00")}
    pages: dict[str, list[dict[str, Any]] | None] = {
        "documents": [document, {**document, "amount": euros("-1.00"), "appliedDocuments": [applied]}],
        "entities": [{"id": "e"}],
        "gl_accounts": [{"type": "BANK", "accountId": "a"}, {"type": "UNSPECIFIED"}],
        "credit_transfers": [{"status": "SENT", "etag": "version:2"}, {"status": "LOST", "etag": "version:1"}],
        "credit_transfer_batches": [{"status": "PARTIALLY_FAILED"}],
        "connections": [{"id": "c", "bank": "x"}],
        "reports": None,
    }
    found = {finding.question.rsplit("(", 1)[-1].rstrip(")"): finding for finding in atlar_answers.of_pages(pages)}
    told = {number: (finding.answer, finding.agrees) for number, finding in found.items()}
    assert told["A12"] == ("1 of 2 are zero or more", False)
    assert told["A4, A13"] == ("entities 0 of 1, documents 2 of 2, credit transfers 2 of 2", False)
    assert told["A19"][0].startswith("there is no organizationId, name")
    assert told["A19"][0].endswith("besides bank")
    assert told["A20"] == ("SENT (1), LOST (1); the contract does not know LOST", False)
    assert told["A21"] == ("PARTIALLY_FAILED (1); the contract does not know PARTIALLY_FAILED", False)
    assert told["A24"] == ("accountId does in 1 of 1", True)
    assert told["A26"] == ("amount, documentId (1)", True)
    assert told["A27"] == ("vendorId (2)", True)
    assert "A25" not in told


def test_every_assumption_of_atlars_contract_is_answered_or_named_as_one_no_read_answers() -> None:
    source = "".join(path.read_text() for path in Path(atlar_answers.__file__).parent.glob("atlar*.py"))
    answered = set(re.findall(r"\bA\d+\b", source))
    assert answered == {f"A{number}" for number in range(1, 36)} - {"A23"}  # ours to send, and taken as sent
