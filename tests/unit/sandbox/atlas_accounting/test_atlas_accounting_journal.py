"""Manual entries and closed periods."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest


def test_a_draft_entry_is_posted_once(books: Any, refused: Any) -> None:
    draft = books.entry()
    assert (draft["status"], draft["entry_number"], draft["entry_type"]) == ("draft", "JE-00001", "manual")
    assert (draft["source_type"], draft["currency"]) == ("manual", "EUR")
    assert books.balances() == {}
    posted = books.engine.post_journal_entry(draft["id"])
    assert posted["status"] == "posted"
    assert posted["lines"] == draft["lines"]
    assert books.balances() == {"3000": "-320.00", "6500": "320.00"}
    assert refused(books.engine.post_journal_entry, draft["id"]).status == 409
    assert refused(books.engine.delete_journal_entry, draft["id"]).status == 409


def test_an_entry_that_does_not_balance_is_refused(books: Any, refused: Any) -> None:
    lines = [
        {"account_id": books.accounts["6500"], "entry_type": "debit", "amount": "320.00"},
        {"account_id": books.accounts["3000"], "entry_type": "credit", "amount": "319.99"},
    ]
    error = refused(books.entry, lines=lines)
    assert error.status == 422
    assert error.errors == [{"field": "lines", "message": "debits must equal credits: 320.00 against 319.99"}]
    assert books.engine.list("journal_entries") == []


def test_an_entry_needs_two_lines_of_one_currency(books: Any, refused: Any) -> None:
    one = [{"account_id": books.accounts["6500"], "entry_type": "debit", "amount": "1.00"}]
    assert refused(books.entry, lines=one).status == 422
    mixed = [*one, {"account_id": books.accounts["1001"], "entry_type": "credit", "amount": "1.00"}]
    assert refused(books.entry, lines=mixed).errors == [
        {"field": "lines.1.account_id", "message": "account is in SEK, the document in EUR"}
    ]


def test_lines_are_validated_field_by_field(books: Any, refused: Any) -> None:
    error = refused(books.entry, lines=[{"entry_type": "dr"}, {"account_id": "none", "amount": "0"}])
    assert {each["field"] for each in error.errors} == {
        "lines.0.account_id",
        "lines.0.entry_type",
        "lines.0.amount",
        "lines.1.account_id",
        "lines.1.entry_type",
        "lines.1.amount",
    }


def test_a_reversal_is_a_second_entry(books: Any, refused: Any) -> None:
    posted = books.engine.post_journal_entry(books.entry(day="2026-03-31", entry_type="adjustment")["id"])
    reversal = books.engine.reverse_journal_entry(posted["id"], "2026-04-01")
    assert (reversal["status"], reversal["source_type"], reversal["entry_date"]) == ("posted", "reversal", "2026-04-01")
    assert [line["entry_type"] for line in reversal["lines"]] == ["credit", "debit"]
    assert books.engine.get("journal_entries", posted["id"])["status"] == "reversed"
    assert books.balances("2026-03-31") == {"3000": "-320.00", "6500": "320.00"}
    assert books.balances("2026-04-01") == {}
    assert refused(books.engine.reverse_journal_entry, posted["id"]).status == 409


def test_a_closed_period_takes_no_document(books: Any, refused: Any) -> None:
    sent, draft, entry = books.sent(day="2026-03-31"), books.invoice(day="2026-03-31"), books.entry(day="2026-03-31")
    bill, payment = books.bill(day="2026-03-31"), books.payment("100.00", day="2026-03-31")
    books.go_to("2026-04-05")
    before = books.balances()
    assert books.engine.close_period(date(2026, 3, 31))["closed_through"] == "2026-03-31"
    engine = books.engine
    refusals = [
        refused(books.invoice, day="2026-03-31"),
        refused(books.bill, day="2026-01-15"),
        refused(books.payment, "1.00", day="2026-03-31"),
        refused(books.paid, "1.00", [], day="2026-03-31"),
        refused(books.entry, day="2026-03-31"),
        refused(engine.send_invoice, draft["id"]),
        refused(engine.approve_bill, bill["id"]),
        refused(engine.void_invoice, sent["id"]),
        refused(engine.post_journal_entry, entry["id"]),
    ]
    assert [error.status for error in refusals] == [409] * len(refusals)
    assert refusals[0].detail == "2026-03-31 is in a closed period: the books are closed through 2026-03-31"
    assert books.balances() == before
    # The first open day takes everything, and an old invoice may be paid.
    books.sent(day="2026-04-01")
    assert engine.apply_payment(payment["id"], {"invoice_id": sent["id"], "amount": "100.00"})["status"] == "applied"


def test_a_reversal_is_not_dated_in_a_closed_period(books: Any, refused: Any) -> None:
    posted = books.engine.post_journal_entry(books.entry(day="2026-03-31")["id"])
    books.engine.close_period("2026-03-31")
    assert refused(books.engine.reverse_journal_entry, posted["id"], "2026-03-31").status == 409
    assert refused(books.engine.reverse_journal_entry, posted["id"], "31.3.2026").status == 422
    books.go_to("2026-04-02")
    assert books.engine.reverse_journal_entry(posted["id"])["entry_date"] == "2026-04-02"


def test_periods_close_forward_and_reopen_backward(books: Any, refused: Any) -> None:
    engine = books.engine
    assert engine.company["closed_through"] is None
    assert refused(engine.reopen_period, None).status == 409
    engine.close_period("2026-02-28")
    before = engine.company["updated_at"]
    assert refused(engine.close_period, "2026-02-28").status == 409
    assert engine.close_period("2026-03-31")["updated_at"] > before
    assert refused(engine.reopen_period, "2026-04-30").status == 409
    assert engine.reopen_period("2026-02-28")["closed_through"] == "2026-02-28"
    assert engine.reopen_period(None)["closed_through"] is None


@pytest.mark.parametrize("through", ["", "March", "2026-02-30"])
def test_a_period_ends_on_a_day(books: Any, refused: Any, through: str) -> None:
    assert refused(books.engine.close_period, through).errors[0]["field"] == "through"
