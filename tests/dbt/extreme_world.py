"""Records at the edges of what money is kept in, and beyond: one company that holds them all at once.

In: the path of a work file. Out: landed records; the comment beside each says which edge it is. What does not belong
here: what the models should make of them (`test_extreme_records.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sums_world
from raw_fixture import RawFixture

AS_OF = date(2026, 4, 10)
ITEMS = 10_000
"""Lines of the longest order."""

EIGHTEEN_DIGITS = "1234567890123456.78"
MOST = "9999999999999999.99"
"""The largest amount of two places that DECIMAL(20, 4) keeps."""
TOO_MUCH = "12345678901234567.89"

ACCOUNTS = {
    "1000": ("bank", "EUR"), "1100": ("accounts_receivable", "EUR"), "1102": ("accounts_receivable", "GBP"),
    "1103": ("accounts_receivable", "JPY"), "1109": ("accounts_receivable", "KWD"), "2000": ("accounts_payable", "EUR"),
    "4100": ("revenue", "EUR"), "4902": ("revenue", "GBP"), "4903": ("revenue", "JPY"), "4909": ("revenue", "KWD"),
    "1104": ("accounts_receivable", "SEK"), "4904": ("revenue", "SEK"), "6410": ("expense", "EUR"),
    "7900": ("expense", "EUR"),
}  # fmt: skip


def land(path: Path) -> None:
    """Creates the work file with everything in it."""
    with RawFixture(path, as_of_date=AS_OF) as raw:
        _land_settlement(raw)
        _land_accounting(raw)
        _land_bank(raw)
        sums_world.land(raw)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "insert into raw_atlas_etrm.order_items select items.* replace (items.id + n as id) "
            f"from raw_atlas_etrm.order_items as items, range(1, {ITEMS}) as t (n) where items.id = 1000000"
        )
        sums_world.copy(connection)


def _land_settlement(raw: RawFixture) -> None:
    raw.insert(
        "atlas_etrm.counterparties",
        [{"id": 1, "legalName": "Helios GmbH", "vat": "DE100000001", "glAccount": "6410", "country": "DE",
          "externalId": "C-1", "iban": "DE89370400440532013000"}],
    )  # fmt: skip
    raw.insert(
        "atlas_etrm.orders",
        [
            _order(1, "100.00"),  # 10,000 lines of a cent
            _order(2, EIGHTEEN_DIGITS),
            _order(3, "0.01", registrationDate="2024-02-29T00:00:00", dueDate="2024-02-29T00:00:00"),  # leap day
            _order(4, TOO_MUCH),
        ],
    )
    raw.insert(
        "atlas_etrm.order_items",
        [
            _item(1_000_000, 1, "0.01", cashflow=0, glAccount="4100"),
            _item(2, 2, EIGHTEEN_DIGITS),
            _item(3, 3, "0.01", cashflow=0, glAccount="4100"),
            _item(4, 4, TOO_MUCH),
        ],
    )
    raw.insert("atlas_etrm.invoices", [{"id": 9, "orderId": 1, "externalId": "INV-X", "amount": TOO_MUCH}])


def _order(id_: int, total: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": f"Order {id_}",
        "counterpartyId": 1,
        "status": "Approved order by ETRM",
        "documentType": 0,
        "registrationDate": "2026-03-31T00:00:00",
        "dueDate": "2026-04-14T00:00:00",
        "totalAmount": total,
    } | fields


def _item(id_: int, order_id: int, amount: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "orderId": order_id, "counterpartyId": 1, "status": 2, "cashflow": 1, "amount": amount,
            "vat": "0"} | fields  # fmt: skip


def _land_accounting(raw: RawFixture) -> None:
    raw.insert("atlas_accounting.companies", [{"id": "com-1", "base_currency": "EUR", "country": "DE"}])
    raw.insert(
        "atlas_accounting.accounts",
        [
            {"id": f"acc-{number}", "account_number": number, "name": number, "account_type": type_,
             "currency": currency, "is_active": True}
            for number, (type_, currency) in ACCOUNTS.items()
        ],
    )  # fmt: skip
    raw.insert("atlas_accounting.customers", [{"id": "cus-1", "external_id": "C-1", "display_name": "Helios GmbH"}])
    raw.insert("atlas_accounting.vendors", [{"id": "ven-1", "external_id": "C-1", "display_name": "Helios GmbH"}])
    raw.insert(
        "atlas_accounting.invoices",
        [
            _invoice("euros", EIGHTEEN_DIGITS, "EUR", "4100"),
            _invoice("yen", "10001", "JPY", "4903"),  # no decimal places
            _invoice("dinars", "1.005", "KWD", "4909"),  # three
            _invoice("pounds", MOST, "GBP", "4902"),  # more than money is kept in once it is euros
            _invoice("typo", "100.00", "EUR", "4100"),
        ],
    )
    # Somebody mistyped it since: what was known before goes on counting.
    raw.insert("atlas_accounting.invoices", [_invoice("typo", TOO_MUCH, "EUR", "4100")])
    line = {"description": "x", "quantity": "1", "unit_price": "1.00", "expense_account_id": "acc-6410"}
    raw.insert(
        "atlas_accounting.bills",
        [
            _bill("line", "10.00", [line | {"amount": TOO_MUCH}]),
            # A product that no decimal has room for; the total is what counts.
            _bill("product", "10.00", [line | {"quantity": "123456789012345", "unit_price": "123456789012345.00"}]),
        ],
    )
    raw.insert(
        "atlas_accounting.payments",
        [{"id": "huge", "customer_id": "cus-1", "payment_date": "2026-04-02", "amount": TOO_MUCH, "currency": "EUR",
          "deposit_account_id": "acc-1000", "status": "applied", "applications": []}],
    )  # fmt: skip
    sides = [
        {"account_id": "acc-6410", "entry_type": "debit", "amount": TOO_MUCH},
        {"account_id": "acc-1000", "entry_type": "credit", "amount": TOO_MUCH},
    ]
    raw.insert(
        "atlas_accounting.journal_entries",
        [{"id": "by hand", "entry_date": "2026-04-01", "description": "x", "status": "posted", "lines": sides}],
    )


def _invoice(id_: str, amount: str, currency: str, account: str) -> dict[str, Any]:
    lines = [{"description": "x", "quantity": 1, "unit_price": amount, "amount": amount,
              "revenue_account_id": f"acc-{account}"}]  # fmt: skip
    return {"id": id_, "invoice_number": id_.upper(), "customer_id": "cus-1", "invoice_date": "2026-03-31",
            "due_date": "2026-03-31", "currency": currency, "status": "sent", "total_amount": amount,
            "tax_amount": "0", "amount_paid": "0", "amount_due": amount, "lines": lines}  # fmt: skip


def _bill(id_: str, amount: str, lines: list[dict[str, str]]) -> dict[str, Any]:
    return {"id": id_, "bill_number": id_.upper(), "vendor_id": "ven-1", "bill_date": "2026-03-31",
            "due_date": "2026-03-31", "currency": "EUR", "status": "approved", "total_amount": amount,
            "tax_amount": "0", "amount_paid": "0", "amount_due": amount, "lines": lines}  # fmt: skip


def _land_bank(raw: RawFixture) -> None:
    raw.insert("atlar.accounts", [{"id": "acc-1", "currency": "EUR"}])
    raw.insert(
        "atlar.transactions",
        [
            {"id": id_, "accountId": "acc-1", "date": "2026-04-02", "amount": _amount(value)}
            for id_, value in (("tx-1", "1.00"), ("tx-huge", f"-{TOO_MUCH}"))
        ],
    )
    raw.insert(
        "atlar.balances",
        [{"accountId": "acc-1", "type": "BOOKED", "localDate": "2026-04-02", "timestamp": "2026-04-02T20:00:00Z",
          "amount": _amount(TOO_MUCH)}],
    )  # fmt: skip


def _amount(value: str) -> dict[str, str]:
    return {"currency": "EUR", "stringValue": value}
