"""Receivables and payables of any past day, and as they were known on any day, from the versions that were landed.

One small company whose records change after the fact: a receipt dated back, an invoice repriced, voided, deleted, a
customer renamed, a bill approved late. Company time is Berlin's; what was landed at 22:30 UTC on 31 March is known on
1 April.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from built_books import build_books, selected
from raw_fixture import RawFixture, query

Rows = Callable[[str], list[dict[str, Any]]]
D = Decimal
MARCH_5 = datetime(2026, 3, 5, 8, tzinfo=UTC)
AS_OF = date(2026, 4, 10)


def _at(month: int, day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def _invoice(id_: str, total: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "invoice_number": id_.upper(),
        "customer_id": "c-1",
        "invoice_date": "2026-03-01",
        "due_date": "2026-03-20",
        "currency": "EUR",
        "status": "sent",
        "total_amount": total,
        "amount_due": total,
    } | fields


def _receipt(id_: str, on: str, amount: str, *applied: tuple[str, str], **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "customer_id": "c-1",
        "payment_date": on,
        "amount": amount,
        "currency": "EUR",
        "status": "completed",
        "applications": [{"invoice_id": invoice, "amount_applied": part} for invoice, part in applied],
    } | fields


def _load(raw: RawFixture) -> None:
    raw.insert("atlas_accounting.accounts", [{"id": "a-sek", "account_number": "1001", "currency": "SEK"}])
    customers = [
        {"id": "c-1", "display_name": "Acme", "currency": "EUR"},
        {"id": "c-2", "display_name": "Fjord", "external_id": "C-2", "currency": "SEK"},
    ]
    raw.insert("atlas_accounting.customers", customers, landed_at=MARCH_5)
    raw.insert("atlas_accounting.customers", [customers[0] | {"external_id": "C-1"}], landed_at=_at(4, 8))
    raw.insert(
        "atlas_accounting.vendors", [{"id": "v-1", "display_name": "Wind", "external_id": "V-1"}], landed_at=MARCH_5
    )
    documents = [
        _invoice("backdated", "1000.00"),
        _invoice("repriced", "500.00"),
        _invoice("voided", "70.00"),
        _invoice("deleted", "8.00"),
        _invoice("draft", "9999.00", status="draft"),
        # The currency is the customer's, the vendor left it out.
        _invoice("kronor", "2500.50", customer_id="c-2", currency=None),
    ]
    raw.insert("atlas_accounting.invoices", documents, landed_at=MARCH_5)
    # Known on 1 April in Berlin, though it is still 31 March in UTC.
    raw.insert("atlas_accounting.invoices", [_invoice("repriced", "450.00")], landed_at=_at(3, 31, 22, 30))
    raw.insert("atlas_accounting.invoices", [_invoice("voided", "70.00", status="voided")], landed_at=_at(4, 2))
    raw.delete("atlas_accounting.invoices", [{"id": "deleted"}], landed_at=_at(4, 3))
    # Changed twice within one day: the first of them was no day's last word.
    raw.insert("atlas_accounting.invoices", [_invoice("repriced", "1.00")], landed_at=_at(4, 4, 9))
    raw.insert("atlas_accounting.invoices", [_invoice("repriced", "440.00")], landed_at=_at(4, 4, 17))
    # Entered on 9 April, dated 20 March.
    raw.insert("atlas_accounting.invoices", [_invoice("backdated", "1000.00", status="partial")], landed_at=_at(4, 9))
    raw.insert(
        "atlas_accounting.payments",
        [_receipt("late entry", "2026-03-20", "900.00", ("backdated", "900.00"))],
        landed_at=_at(4, 9),
    )
    # Received unapplied, applied later, then taken back.
    unapplied = _receipt("wandering", "2026-03-10", "30.00")
    raw.insert("atlas_accounting.payments", [unapplied], landed_at=MARCH_5)
    applied = _receipt("wandering", "2026-03-10", "30.00", ("repriced", "30.00"))
    raw.insert("atlas_accounting.payments", [applied], landed_at=_at(4, 6))
    # A credit note: a document below zero.
    raw.insert("atlas_accounting.invoices", [_invoice("note", "-25.00")], landed_at=_at(4, 7))
    bill = {
        "id": "b-1",
        "bill_number": "B-1",
        "vendor_id": "v-1",
        "bill_date": "2026-02-10",
        "due_date": "2026-03-10",
        "currency": "EUR",
        "status": "pending",
        "total_amount": "900.00",
        "amount_due": "900.00",
    }
    raw.insert("atlas_accounting.bills", [bill], landed_at=MARCH_5)
    raw.insert("atlas_accounting.bills", [bill | {"status": "approved"}], landed_at=_at(4, 5))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    path = tmp_path_factory.mktemp("as_of") / "work.duckdb"
    with RawFixture(path, as_of_date=AS_OF) as raw:
        _load(raw)
    # The agreement of functions and marts on the business date is a test of the books, and runs here.
    build_books(path, selected("marts/functions", "marts/receivables_payables", "fct_balance_sheet"))
    return lambda sql: query(path, sql)


def _open(books: Rows, *days: str) -> dict[str, Decimal]:
    marks = ", ".join(f"'{day}'" for day in days)
    rows = books(f"select document_id, amount_open from receivables_as_of({marks}) where customer_id = 'c-1'")
    return {row["document_id"]: row["amount_open"] for row in rows}


def test_a_receipt_dated_back_changes_the_past_and_not_what_was_known_of_it(books: Rows) -> None:
    assert _open(books, "2026-03-31")["backdated"] == D("100")
    assert _open(books, "2026-03-31", "2026-04-08")["backdated"] == D("1000")
    assert _open(books, "2026-03-31", "2026-04-09")["backdated"] == D("100")
    # Before the day it is dated it counts nowhere.
    assert _open(books, "2026-03-19")["backdated"] == D("1000")


def test_known_on_is_the_end_of_a_day_in_company_time(books: Rows) -> None:
    assert _open(books, "2026-03-31", "2026-03-31")["repriced"] == D("500")
    assert _open(books, "2026-03-31", "2026-04-01")["repriced"] == D("450")
    assert _open(books, "2026-03-31", "2026-04-04")["repriced"] == D("440")


def test_voided_and_deleted_documents_were_there_until_they_were_not(books: Rows) -> None:
    assert {"voided", "deleted"} <= set(_open(books, "2026-03-31", "2026-04-01"))
    assert _open(books, "2026-03-31", "2026-04-02").keys() & {"voided", "deleted"} == {"deleted"}
    assert _open(books, "2026-03-31").keys() & {"voided", "deleted", "draft"} == set()


def test_nothing_is_known_before_the_first_landing(books: Rows) -> None:
    assert books("from receivables_aging_as_of('2026-03-04', '2026-03-04')") == []
    assert books("from payables_aging_as_of('2026-04-10', '2026-03-04')") == []


def test_aging_by_party_currency_and_base_currency(books: Rows) -> None:
    [acme, fjord] = books("from receivables_aging_as_of('2026-03-31', '2026-04-04') order by currency_code")
    assert (acme["customer_code"], acme["days_1_30"], acme["not_due"]) == ("c-1", D("1440"), D(0))
    # The receipt of 10 March was applied on 6 April only.
    assert (acme["open_credits"], acme["balance"], acme["balance_base"]) == (D("30"), D("1410"), D("1410"))
    assert (fjord["customer_code"], fjord["currency_code"], fjord["total_open"]) == ("C-2", "SEK", D("2500.50"))
    [rate] = books(
        "select rate_date, units_per_eur from reference.ecb_reference_rates"
        " where currency_code = 'SEK' and rate_date <= '2026-03-31' order by rate_date desc limit 1"
    )
    assert fjord["base_rate_date"] == rate["rate_date"]
    assert fjord["days_1_30_base"] == (D("2500.50") / rate["units_per_eur"]).quantize(D("0.01"))
    assert fjord["total_open_base"] == fjord["days_1_30_base"] == fjord["balance_base"]


def test_a_party_is_named_as_it_was_known(books: Rows) -> None:
    codes = "select distinct customer_code from receivables_as_of('2026-03-31'{}) where customer_id = 'c-1'"
    assert books(codes.format("")) == [{"customer_code": "C-1"}]
    assert books(codes.format(", '2026-04-07'")) == [{"customer_code": "c-1"}]


def test_a_credit_note_is_a_credit_and_has_no_age(books: Rows) -> None:
    [acme] = books("from receivables_aging_as_of('2026-04-10') where customer_id = 'c-1'")
    # 100 of `backdated`, 440 - 30 of `repriced`; the note takes 25 off.
    assert (acme["total_open"], acme["open_credits"], acme["balance"]) == (D("510"), D("25"), D("485"))
    rows = books("select credit_type, payment_id, amount_open from marts.fct_open_credits")
    assert [tuple(row.values()) for row in rows] == [("credit_note", "note", D("25"))]


def test_a_bill_counts_once_it_is_approved(books: Rows) -> None:
    assert books("from payables_aging_as_of('2026-04-10', '2026-04-04')") == []
    [row] = books("from payables_aging_as_of('2026-04-10', '2026-04-05')")
    assert (row["vendor_code"], row["days_31_60"], row["balance"]) == ("V-1", D("900"), D("900"))
    [item] = books("select amount_open, days_past_due from payables_as_of('2026-04-10')")
    assert tuple(item.values()) == (D("900"), 31)


@pytest.mark.parametrize("side", ["receivables", "payables"])
def test_on_the_business_date_the_functions_and_the_marts_agree_in_every_column(books: Rows, side: str) -> None:
    for mart in (f"fct_{side}", f"fct_{side}_aging"):
        function = mart.removeprefix("fct_") + "_as_of"
        there = books(f"select * from marts.{mart}")
        assert there
        for call in (f"{function}('{AS_OF}')", f"{function}('{AS_OF}', '{AS_OF}')"):
            assert books(f"(from {call}) except all (from marts.{mart})") == []
            assert books(f"(from marts.{mart}) except all (from {call})") == []


def test_a_date_may_be_text_a_date_or_a_subquery(books: Rows) -> None:
    [told] = books(
        "select (select count(*) from receivables_as_of('2026-03-31')) as by_text,"
        " (select count(*) from receivables_as_of(date '2026-03-31')) as by_date,"
        " (select count(*) from receivables_as_of((select max(d) from (values (date '2026-03-31')) t (d)))) as by_query"
    )
    assert told["by_text"] == told["by_date"] == told["by_query"] > 0


def test_the_month_end_history_is_the_function_of_each_month_end(books: Rows) -> None:
    history = books(
        "select month_end_date, customer_code, currency_code, days_1_30, total_open, open_credits, balance_base"
        " from marts.fct_receivables_aging_history order by all"
    )
    days = sorted({row["month_end_date"] for row in history})
    assert days == [date(2026, 3, 31)]
    [vendor] = books(
        "select month_end_date, days_1_30, balance from marts.fct_payables_aging_history where days_1_30 > 0"
    )
    assert tuple(vendor.values()) == (date(2026, 3, 31), D("900"), D("900"))
    for day in days:
        there = books(
            f"select as_of_date as month_end_date, customer_code, currency_code, days_1_30, total_open, open_credits,"
            f" balance_base from receivables_aging_as_of('{day}') where total_open <> 0 or open_credits <> 0"
            " order by all"
        )
        assert [row for row in history if row["month_end_date"] == day] == there


def test_days_sales_outstanding_and_days_late(books: Rows) -> None:
    rows = books("select * from marts.fct_customer_payment_behaviour order by currency_code")
    acme, fjord = rows
    # 485.00 owed, 1,415.00 billed in the 90 days: 485 x 90 / 1,415 = 30.8 days.
    assert (acme["balance"], acme["amount_billed_90_days"], acme["days_sales_outstanding"]) == (
        D("485"),
        D("1415"),
        D("30.8"),
    )
    # 900.00 on the due date, 30.00 ten days before it: -300 / 930 = -0.3; from the issue date 19 and 9 days.
    assert (acme["amount_settled_365_days"], acme["amount_settled_late_365_days"]) == (D("930"), D(0))
    assert (acme["average_days_late"], acme["average_days_to_pay"]) == (D("-0.3"), D("18.7"))
    assert (fjord["days_sales_outstanding"], fjord["average_days_late"]) == (D("90.0"), None)
