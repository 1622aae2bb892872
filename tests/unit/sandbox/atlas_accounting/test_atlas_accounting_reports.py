"""Reports follow from the ledger on the dates asked for, and tie to each other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.atlas_accounting.aging import bucket


def _story(books: Any) -> None:
    """Two years in two currencies: capital, sales, purchases, part payments, an accrual."""
    engine = books.engine
    capital = [
        {"account_id": books.accounts["1000"], "entry_type": "debit", "amount": "5000.00"},
        {"account_id": books.accounts["3000"], "entry_type": "credit", "amount": "5000.00"},
    ]
    engine.post_journal_entry(books.entry(day="2025-01-02", lines=capital)["id"])
    books.sent("700.00", day="2025-11-10")
    books.approved("200.00", day="2025-12-01")
    invoice = books.sent("1000.00", day="2026-02-10")
    payment = books.payment("600.00", day="2026-03-01")
    engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "600.00"})
    bill = books.approved("300.00", day="2026-02-20")
    books.paid("300.00", [(bill["id"], "300.00")], day="2026-03-05")
    books.sent(currency="JPY", day="2026-02-15", lines=[books.line("90000", "4903")])
    books.payment("40000", deposit_account_id=books.accounts["1003"], day="2026-03-10")


def test_the_trial_balance_has_a_row_per_account_and_equal_sides(books: Any) -> None:
    _story(books)
    report = books.engine.trial_balance("2026-03-31")
    row = next(row for row in report["accounts"] if row["account_number"] == "2000")
    assert row == {
        "account_id": books.accounts["2000"],
        "account_number": "2000",
        "name": "Trade payables EUR",
        "account_type": "accounts_payable",
        "currency": "EUR",
        "debit": "0.00",
        "credit": "200.00",
        "balance": "-200.00",
    }
    assert report["as_of_date"] == "2026-03-31"
    assert report["totals_by_currency"] == [
        {"currency": "EUR", "total_debits": "6900.00", "total_credits": "6900.00"},
        {"currency": "JPY", "total_debits": "90000", "total_credits": "90000"},
    ]
    assert report["total_debits"] == report["total_credits"] == "96900.00"
    assert [row["account_number"] for row in report["accounts"]] == sorted(
        row["account_number"] for row in report["accounts"]
    )


def test_the_trial_balance_knows_every_day(books: Any) -> None:
    _story(books)
    assert books.balances("2025-11-09") == {"1000": "5000.00", "3000": "-5000.00"}
    assert books.balances("2025-11-10")["1100"] == "700.00"
    assert books.balances("2026-02-28")["1100"] == "1700.00"
    assert books.balances("2026-03-01")["1100"] == "1100.00"


def test_profit_and_loss_is_of_its_period_alone(books: Any) -> None:
    _story(books)
    report = books.engine.profit_loss("2026-01-01", "2026-02-28")
    assert [(row["account_number"], row["currency"], row["amount"]) for row in report["revenue"]] == [
        ("4100", "EUR", "1000.00"),
        ("4903", "JPY", "90000"),
    ]
    assert [(row["account_number"], row["amount"]) for row in report["expenses"]] == [("6410", "300.00")]
    assert report["totals_by_currency"] == [
        {"currency": "EUR", "total_revenue": "1000.00", "total_expenses": "300.00", "net_income": "700.00"},
        {"currency": "JPY", "total_revenue": "90000", "total_expenses": "0", "net_income": "90000"},
    ]
    both_years = books.engine.profit_loss("2025-01-01", "2026-12-31")
    assert both_years["totals_by_currency"][0]["net_income"] == "1200.00"


def test_profit_and_loss_defaults_to_the_fiscal_year_to_date(books: Any, refused: Any) -> None:
    books.go_to("2026-04-10")
    report = books.engine.profit_loss()
    assert (report["period_start"], report["period_end"]) == ("2026-01-01", "2026-04-10")
    assert (report["total_revenue"], report["net_income"]) == ("0.00", "0.00")
    assert refused(books.engine.profit_loss, "2026-05-01", "2026-04-10").errors[0]["field"] == "period_start"
    assert refused(books.engine.profit_loss, "1.5.2026", None).errors[0]["field"] == "period_start"


@pytest.mark.parametrize("as_of", ["2024-12-31", "2025-06-30", "2025-12-31", "2026-01-01", "2026-02-28", "2026-04-10"])
def test_the_balance_sheet_identity_holds_every_day_in_every_currency(books: Any, as_of: str) -> None:
    _story(books)
    report = books.engine.balance_sheet(as_of)
    for totals in (report, *report["totals_by_currency"]):
        assert Decimal(totals["total_assets"]) == Decimal(totals["total_liabilities"]) + Decimal(totals["total_equity"])
    for section in ("assets", "liabilities", "equity"):
        assert sum(Decimal(row["amount"]) for row in report[section]) == Decimal(report[f"total_{section}"])


def test_equity_tells_this_years_result_from_the_years_before(books: Any) -> None:
    _story(books)
    rows = books.engine.balance_sheet("2026-03-31")["equity"]
    assert [(row["name"], row["currency"], row["amount"]) for row in rows] == [
        ("Share capital", "EUR", "5000.00"),
        ("Result of prior years", "EUR", "500.00"),
        ("Result of the current year", "EUR", "700.00"),
        ("Result of the current year", "JPY", "90000"),
    ]
    assert rows[1]["account_id"] is None


def test_reports_tie_to_each_other(books: Any) -> None:
    _story(books)
    trial = {row["account_id"]: Decimal(row["balance"]) for row in books.engine.trial_balance("2026-03-31")["accounts"]}
    sheet = books.engine.balance_sheet("2026-03-31")
    for row in sheet["assets"]:
        assert Decimal(row["amount"]) == trial[row["account_id"]]
    for row in sheet["liabilities"]:
        assert Decimal(row["amount"]) == -trial[row["account_id"]]
    for account_id, balance in trial.items():
        answer = books.engine.account_balance(account_id, "2026-03-31")
        assert Decimal(answer["balance"]) == balance


def test_cash_flow_explains_the_change_of_cash(books: Any) -> None:
    _story(books)
    report = books.engine.cash_flow("2025-01-01", "2025-12-31")
    assert [(row["name"], row["amount"]) for row in report["financing"]] == [("Share capital", "5000.00")]
    report = books.engine.cash_flow("2026-01-01", "2026-12-31")
    euro, yen = report["totals_by_currency"]
    assert (euro["cash_at_beginning"], euro["net_cash_operating"], euro["cash_at_end"]) == (
        "5000.00",
        "300.00",
        "5300.00",
    )
    assert (yen["cash_at_beginning"], yen["net_change"], yen["cash_at_end"]) == ("0", "40000", "40000")
    assert [(row["name"], row["amount"]) for row in report["operating"]] == [
        ("Trade payables EUR", "-300.00"),
        ("Trade receivables EUR", "600.00"),
        ("Trade receivables JPY", "40000"),
    ]


@pytest.mark.parametrize(
    ("due_date", "column"),
    [
        ("2026-04-11", "current"),
        ("2026-04-10", "current"),
        ("2026-04-09", "days_1_30"),
        ("2026-03-11", "days_1_30"),
        ("2026-03-10", "days_31_60"),
        ("2026-02-09", "days_31_60"),
        ("2026-02-08", "days_61_90"),
        ("2026-01-10", "days_61_90"),
        ("2026-01-09", "over_90"),
    ],
)
def test_every_edge_of_the_ageing_columns(due_date: str, column: str) -> None:
    assert bucket(due_date, date(2026, 4, 10)) == column


def test_ageing_ties_to_the_control_account_on_every_day(books: Any) -> None:
    _story(books)
    books.engine.void_invoice(books.sent("55.00", day="2026-01-05")["id"])
    for as_of in ("2025-12-31", "2026-02-28", "2026-03-01", "2026-03-31", "2026-12-31"):
        receivable = [row for row in books.engine.ar_aging(as_of)["items"] if row["currency"] == "EUR"]
        assert sum(Decimal(row["total"]) for row in receivable) == books.balance("1100", as_of)
        payable = books.engine.ap_aging(as_of)["items"]
        assert sum(Decimal(row["total"]) for row in payable) == -books.balance("2000", as_of)


def test_a_payment_before_its_invoice_counts_from_the_invoice(books: Any) -> None:
    payment = books.payment("100.00", day="2026-03-01")
    invoice = books.sent("250.00", day="2026-03-10", due_date="2026-03-20")
    books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "100.00"})
    early = books.engine.ar_aging("2026-03-05")["items"][0]
    assert (early["current"], early["unapplied"], early["total"]) == ("-100.00", "100.00", "-100.00")
    later = books.engine.ar_aging("2026-03-25")["items"][0]
    assert (later["customer_id"], later["name"]) == (books.customer, "Fortum Oyj")
    assert (later["days_1_30"], later["current"], later["total"]) == ("150.00", "0.00", "150.00")
    assert books.engine.ar_aging("2026-03-25")["totals"]["days_1_30"] == "150.00"
