"""The books of a small company, built once by dbt: who is held and why, and what the journal holds of each event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import books_world
import pytest
from built_books import build_books, rules
from raw_fixture import RawFixture, query

Query = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """The built company; data tests of the books ran over it."""
    folder = tmp_path_factory.mktemp("books")
    path = folder / "work.duckdb"
    with RawFixture(path) as raw:
        books_world.load(raw)
    build_books(path, rules)
    return lambda sql: query(path, sql)


def _entry(books: Query, journal_entry_id: str) -> list[tuple[str, str, str, Decimal]]:
    rows = books(
        "select gl_account, line_type, entry_side, amount from marts.fct_journal_entry_lines "
        f"where journal_entry_id = '{journal_entry_id}' order by line_number"
    )
    return [(row["gl_account"], row["line_type"], row["entry_side"], row["amount"]) for row in rows]


def _euros(amount: str) -> Decimal:
    return Decimal(amount)


def test_every_table_and_column_of_the_marts_says_in_the_file_what_it_means(books: Query) -> None:
    tables = books("select table_name, comment from duckdb_tables() where schema_name = 'marts'")
    columns = books("select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'")
    assert len(tables) > 30
    assert [row for row in (*tables, *columns) if not row["comment"]] == []
    [bucket] = [
        row for row in columns if (row["table_name"], row["column_name"]) == ("fct_receivables", "aging_bucket")
    ]
    assert "`over_120`" in bucket["comment"]


@pytest.mark.parametrize(
    ("order_id", "code"),
    [
        (215, "missing_gl_account"),
        (216, "sign_conflict"),
        (217, "order_total_mismatch"),
        (218, "sign_conflict"),
        (219, "sign_conflict"),
        (222, "unknown_status"),
        (223, "unknown_counterparty"),
        (224, "order_without_items"),
        (225, "ambiguous_counterparty"),
        (232, "document_voided"),
        (236, "unknown_gl_account"),
        (238, "amount_out_of_range"),
    ],
)
def test_a_held_order_stops_alone_and_has_no_entry(books: Query, order_id: int, code: str) -> None:
    held = books(f"select became, hold_code, is_journalled from marts.fct_orders where order_id = {order_id}")
    assert held == [{"became": "held", "hold_code": code, "is_journalled": False}]
    assert _entry(books, f"atlas_etrm:order:{order_id}") == []


def test_every_other_order_goes_on(books: Query) -> None:
    rows = books("select order_id, became from marts.fct_orders where not is_held order by order_id")
    assert {row["order_id"]: row["became"] for row in rows} == {
        210: "to_be_invoiced",
        211: "to_be_invoiced",
        212: "to_be_invoiced",
        213: "to_be_invoiced",
        214: "to_be_invoiced",
        220: "draft",
        221: "rejected",
        226: "posted_elsewhere",
        227: "posted_elsewhere",
        228: "invoiced",
        229: "document_draft",
        230: "invoiced",
        231: "to_be_corrected",
        233: "to_be_invoiced",
        234: "to_be_invoiced",
        235: "to_be_invoiced",
        237: "ignored",
    }


def test_negative_passive_lines_are_a_debit_to_expense(books: Query) -> None:
    assert _entry(books, "atlas_etrm:order:210") == [
        ("2000", "payables", "credit", _euros("74400.0000")),
        ("6410", "expense", "debit", _euros("60000.0000")),
        ("1200", "input_vat", "debit", _euros("14400.0000")),
    ]


def test_a_mixed_order_is_one_entry_with_both_sides(books: Query) -> None:
    assert _entry(books, "atlas_etrm:order:212") == [
        ("1100", "receivables", "debit", _euros("500.0000")),
        ("4100", "revenue", "credit", _euros("500.0000")),
        ("2000", "payables", "credit", _euros("200.0000")),
        ("6410", "expense", "debit", _euros("200.0000")),
    ]


def test_a_cent_that_rounding_leaves_over_is_booked(books: Query) -> None:
    assert _entry(books, "atlas_etrm:order:213")[-1] == ("7900", "rounding", "debit", _euros("0.0100"))
    assert [line[3] for line in _entry(books, "atlas_etrm:order:214")] == [
        _euros("66.6700"),
        _euros("33.3300"),
        _euros("33.3400"),
    ]


def test_a_closed_period_moves_the_entry_to_the_first_open_day(books: Query) -> None:
    rows = books("select entry_date from marts.fct_journal_entries where order_id = 233")
    assert rows == [{"entry_date": date(2026, 3, 1)}]


def test_what_was_booked_elsewhere_is_journalled_as_the_books_hold_it(books: Query) -> None:
    assert _entry(books, "atlas_etrm:order:226") == [
        ("2000", "payables", "credit", _euros("500.0000")),
        ("6410", "expense", "debit", _euros("400.0000")),
        ("1200", "input_vat", "debit", _euros("100.0000")),
    ]
    assert _entry(books, "atlas_accounting:bill:bill-old") == []


def test_an_issued_document_is_the_orders_entry_and_no_second_one(books: Query) -> None:
    entries = books(
        "select journal_entry_id, posting_status, total_debit from marts.fct_journal_entries where order_id = 228"
        " order by journal_entry_id"
    )
    assert [tuple(entry.values()) for entry in entries] == [
        ("atlas_accounting:discount_vat:pay-1:inv-228", "pending", _euros("4.8000")),  # 24.80 of 1,240.00, 240.00 VAT
        ("atlas_etrm:order:228", "posted", _euros("1240.0000")),
    ]
    assert _entry(books, "atlas_accounting:invoice:inv-228") == []


def test_a_change_after_issue_leaves_the_entry_as_the_document_says(books: Query) -> None:
    assert _entry(books, "atlas_etrm:order:230") == [
        ("2000", "payables", "credit", _euros("30.0000")),
        ("6500", "expense", "debit", _euros("30.0000")),
    ]
    assert _entry(books, "atlas_etrm:order:231")[0] == ("2000", "payables", "credit", _euros("44.0000"))
    assert _entry(books, "atlas_etrm:order:231:bill:reversal")[0] == ("2000", "payables", "debit", _euros("44.0000"))
    assert _entry(books, "atlas_etrm:order:231:r2")[0] == ("2000", "payables", "credit", _euros("45.0000"))


def test_warnings_stop_nothing(books: Query) -> None:
    rows = books(
        "select exception_code, record_id from intermediate.int_settlement__exceptions "
        "where severity = 'warn' and exception_code <> 'vat_treatment_mismatch' "
        "union all select exception_code, record_id from intermediate.int_posting__exceptions "
        "order by exception_code, record_id"
    )
    assert [(row["exception_code"], row["record_id"]) for row in rows] == [
        ("correction_due", "231"),
        ("deal_mismatch", "2351"),
        ("entry_follows_document", "230"),
        ("missing_iban", "215"),
        ("missing_iban", "223"),
        ("missing_iban", "234"),
        ("nothing_to_post", "237"),
        ("posted_elsewhere_unmatched", "227"),
    ]


def test_every_finding_names_its_remedy_and_no_bank_account(books: Query) -> None:
    rows = books("select message, remedy from intermediate.int_settlement__exceptions")
    assert len(rows) > 15
    assert all(row["message"] and row["remedy"] for row in rows)
    assert not any("GR16" in row["message"] or "DE89" in row["message"] for row in rows)


def test_accounting_events_without_an_order_are_posted_once(books: Query) -> None:
    assert _entry(books, "atlas_accounting:payment:pay-1") == [
        ("1000", "bank", "debit", _euros("1215.2000")),
        ("4900", "sales_discount", "debit", _euros("24.8000")),
        ("1100", "receivables", "credit", _euros("1240.0000")),
    ]
    ids = books("select journal_entry_id from marts.fct_journal_entries where source_system = 'atlas_accounting'")
    assert sorted(row["journal_entry_id"] for row in ids) == [
        "atlas_accounting:discount_vat:pay-1:inv-228",
        "atlas_accounting:invoice:inv-s",
        "atlas_accounting:invoice:inv-t",
        "atlas_accounting:journal_entry:je-1",
        "atlas_accounting:payment:pay-1",
        "atlas_accounting:payment_made:pm-1",
    ]


def test_foreign_currency_balances_in_base_currency_too(books: Query) -> None:
    rows = books(
        "select currency_code, total_debit, total_credit, total_debit_base, total_credit_base, base_rate_date "
        "from marts.fct_journal_entries where journal_entry_id = 'atlas_accounting:invoice:inv-s'"
    )
    assert rows == [
        {
            "currency_code": "SEK",
            "total_debit": _euros("300.1500"),
            "total_credit": _euros("300.1500"),
            "total_debit_base": _euros("27.4300"),
            "total_credit_base": _euros("27.4300"),
            "base_rate_date": date(2026, 3, 31),
        }
    ]


def test_the_trial_balance_sums_to_zero_and_keeps_pending_apart(books: Query) -> None:
    rows = books(
        "select currency_code, sum(balance) as balance, sum(pending_debit - pending_credit) as pending "
        "from marts.fct_trial_balance where period = '2026-04' group by all order by 1"
    )
    assert rows == [
        {"currency_code": "EUR", "balance": Decimal(0), "pending": Decimal(0)},
        {"currency_code": "SEK", "balance": Decimal(0), "pending": Decimal(0)},
    ]
    payables = books(
        "select balance, pending_credit from marts.fct_trial_balance where gl_account = '2000' and period = '2026-03'"
    )
    assert payables == [{"balance": _euros("-574.0000"), "pending_credit": _euros("75011.6700")}]


def test_parties_are_one_row_each_with_customer_and_vendor(books: Query) -> None:
    rows = books(
        "select counterparty_id, erp_code, customer_code, vendor_code, custom_fields::varchar as custom_fields "
        "from marts.dim_counterparties where counterparty_id_atlas_etrm in (1, 2, 5) order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("atlas_etrm:1", "C-1001", "C-1001", "V-2001", '{"ERP Cost Centre":"CC-310"}'),
        ("atlas_etrm:2", "cus-2", "cus-2", None, None),
        ("atlas_etrm:5", "V-2005", None, "V-2005", None),
    ]


def test_dimensions_are_those_valid_on_the_entrys_day(books: Query) -> None:
    rows = books(
        "select order_id, dimensions ->> 'cost_centre' as cost_centre from marts.fct_journal_entry_lines "
        "where order_id in (210, 233) group by all order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [(210, "CC-310"), (233, "CC-200")]
