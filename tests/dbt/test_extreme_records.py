"""A whole build over records at the edges of money and beyond: exact where they fit, held by name where they do not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import extreme_world
import pytest
from built_books import build_books, rules
from extreme_world import EIGHTEEN_DIGITS, ITEMS, MOST
from raw_fixture import query
from sums_world import COPIES, LARGEST

Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Queries the company, built as a run builds it: every model, every test of the books."""
    folder = tmp_path_factory.mktemp("extremes")
    path = folder / "work.duckdb"
    extreme_world.land(path)
    build_books(path, rules)
    return lambda sql: [tuple(row.values()) for row in query(path, sql)]


def test_what_no_money_can_keep_is_held_by_name(rows: Rows) -> None:
    held = rows(
        "select exception_code, source_system, record_type, record_id from marts.fct_exceptions "
        "where exception_code like '%out_of_range' order by all"
    )
    assert held == [
        (
            "amount_out_of_range",
            "atlas_accounting",
            "journal_entry",
            "atlas_accounting:revaluation:2026-03:receivable:SEK",
        ),
        ("amount_out_of_range", "atlas_accounting", "journal_entry", "long"),
        ("amount_out_of_range", "atlas_etrm", "journal_entry", "atlas_etrm:accrual:2026-03:2:payable"),
        ("amount_out_of_range", "atlas_etrm", "order_item", "4"),
        ("base_amount_out_of_range", "atlas_accounting", "invoice", "pounds"),
        ("record_out_of_range", "atlar", "balance", "acc-1/BOOKED/2026-04-02/2026-04-02 20:00:00+00"),
        ("record_out_of_range", "atlar", "transaction", "tx-huge"),
        ("record_out_of_range", "atlas_accounting", "bill", "line"),
        ("record_out_of_range", "atlas_accounting", "invoice", "typo"),
        ("record_out_of_range", "atlas_accounting", "journal_entry", "by hand"),
        ("record_out_of_range", "atlas_accounting", "payment", "huge"),
        ("record_out_of_range", "atlas_etrm", "invoice", "9"),
    ]


def test_everything_else_goes_on(rows: Rows) -> None:
    assert rows(
        "select document_id, amount_open from marts.fct_receivables where customer_code = 'C-1' order by 1"
    ) == [
        ("dinars", Decimal("1.005")),
        ("euros", Decimal(EIGHTEEN_DIGITS)),
        ("pounds", Decimal(MOST)),
        ("typo", Decimal("100.00")),
        ("yen", Decimal(10001)),
    ]
    assert rows("select document_id, amount_open from marts.fct_payables where vendor_code = 'C-1'") == [
        ("product", Decimal("10.00"))
    ]
    assert rows("select bank_transaction_id from marts.fct_bank_transactions where amount <= 1") == [("tx-1",)]
    assert rows(
        "select order_id from marts.fct_orders where not is_held and counterparty_id_atlas_etrm = 1 order by 1"
    ) == [(1,), (2,), (3,)]


def test_an_entry_of_ten_thousand_lines_balances(rows: Rows) -> None:
    entry = "journal_entry_id = 'atlas_etrm:order:1'"
    totals = rows(f"select total_debit, total_credit from marts.fct_journal_entries where {entry}")
    assert totals == [(Decimal("100.00"), Decimal("100.00"))]
    lines = rows(
        "select count(*), count(distinct line_number), min(line_number), max(line_number), min(amount), max(amount) "
        f"from marts.fct_journal_entry_lines where {entry}"
    )
    assert lines == [(ITEMS + 1, ITEMS + 1, 1, ITEMS + 1, Decimal("0.01"), Decimal("100.00"))]


def test_eighteen_digits_are_kept_to_the_cent(rows: Rows) -> None:
    found = rows(
        "select journal_entry_id, entry_side, amount, amount_base from marts.fct_journal_entry_lines "
        f"where amount > 1000000000000 and amount <> {LARGEST} or currency_code = 'GBP' order by all"
    )
    amount, most = Decimal(EIGHTEEN_DIGITS), Decimal(MOST)
    assert found == [
        ("atlas_accounting:invoice:euros", "credit", amount, amount),
        ("atlas_accounting:invoice:euros", "debit", amount, amount),
        ("atlas_accounting:invoice:pounds", "credit", most, None),
        ("atlas_accounting:invoice:pounds", "debit", most, None),
        ("atlas_etrm:order:2", "credit", amount, amount),
        ("atlas_etrm:order:2", "debit", amount, amount),
    ]


def test_the_leap_day_is_a_day_like_others(rows: Rows) -> None:
    lines = rows(
        "select entry_date::varchar, amount from marts.fct_journal_entry_lines "
        "where journal_entry_id = 'atlas_etrm:order:3'"
    )
    assert lines == [("2024-02-29", Decimal("0.01"))] * 2


def test_amounts_that_fit_add_up_to_what_does_not(rows: Rows) -> None:
    """Two thousand of the largest amount, of one party and account: each sum is there, to the cent."""
    each = Decimal(LARGEST)
    total = COPIES * each
    aged = rows(
        "select currency_code, days_31_60, total_open, open_credits, balance from marts.fct_receivables_aging "
        "where customer_code = 'C-2' order by 1"
    )
    half = COPIES // 2 * each  # of the invoices in euros half are paid, and as much again as all lies unplaced
    assert aged == [("EUR", half, half, total, half - total), ("SEK", total, total, Decimal(0), total)]
    assert rows(
        "select as_of_date::varchar, balance from receivables_aging_as_of('2026-04-10') where currency_code = 'SEK'"
    ) == [("2026-04-10", total)]
    owed = rows("select days_31_60, balance, balance_base from marts.fct_payables_aging where vendor_code = 'C-2'")
    assert owed == [(total, Decimal(0), Decimal(0))]
    assert rows(
        "select balance, total_due from marts.fct_customer_balances where customer_code = 'C-2' and balance < 0"
    ) == [(half - total, half)]
    entry = "journal_entry_id = 'atlas_accounting:journal_entry:long'"
    assert rows(f"select total_debit, total_credit from marts.fct_journal_entries where {entry}") == [(total, total)]
    revenue = "select {} from marts.{} where currency_code = 'SEK' and {} = '{}'"
    found = [
        rows(revenue.format("min(balance)", "fct_general_ledger", "gl_account", "4904")),
        rows(revenue.format("-amount", "fct_profit_and_loss", "period", "2026-01")),
        rows(revenue.format("max(balance)", "fct_trial_balance", "gl_account", "4904")),
    ]
    assert found == [[(-total,)], [(-total,)], [(-total,)]]


def test_controls_over_such_sums_tie(rows: Rows) -> None:
    sums = rows(
        "select control_name, is_tied, left_amount from marts.fct_tie_outs where left_amount > 1e17 order by all"
    )
    assert ("approved_items_are_journalled", True) in [row[:2] for row in sums]
    assert all(is_tied for name, is_tied, _ in sums if name != "open_items_equal_amount_due"), sums
