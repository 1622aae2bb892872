"""Amounts of which each fits what money is kept in and which together do not: thousands of one party and account.

In: landed records of `extreme_world`. Out: more of them, copied by DuckDB from one each. What does not belong here:
what the models should make of them (`test_extreme_records.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
from raw_fixture import RawFixture

COPIES = 2_000
"""Of each record: together two thousand times what DECIMAL(20, 4) keeps."""

LARGEST = "9999999999999999.99"
ACCRUED = "999999999999999.99"
"""The largest amount of a line that is accrued."""
FIRST_ID = 1_000
"""The ids of ATLAS ETRM's copies begin above."""


def land(raw: RawFixture) -> None:
    """Lands one record of each kind; `copy` makes the thousands."""
    raw.insert(
        "atlas_etrm.counterparties",
        [{"id": 2, "legalName": "Many AG", "vat": "DE100000002", "glAccount": "6410", "country": "DE",
          "externalId": "C-2", "iban": "DE89370400440532013000"}],
    )  # fmt: skip
    raw.insert(
        "atlas_etrm.orders",
        [
            {"id": FIRST_ID, "name": "Many", "counterpartyId": 2, "status": "Approved order by ETRM", "documentType": 0,
             "registrationDate": "2026-03-31T00:00:00", "dueDate": "2026-04-14T00:00:00", "totalAmount": LARGEST},
        ],
    )  # fmt: skip
    item = {"counterpartyId": 2, "amount": LARGEST, "vat": "0", "cashflow": 1, "glAccount": "6410"}
    delivered = {"dealName": "PPA", "volume": "1", "startCompensation": "2026-02-01", "endCompensation": "2026-02-28"}
    raw.insert(
        "atlas_etrm.order_items",
        [item | {"id": 2_000_000, "orderId": FIRST_ID, "status": 2}],
    )
    # Nothing is accrued for a month that ended before the first landing.
    before = item | delivered | {"id": 3_000_000, "status": 0, "amount": ACCRUED}
    raw.insert("atlas_etrm.order_items", [before], landed_at=datetime(2026, 3, 20, tzinfo=UTC))
    raw.insert("atlas_accounting.customers", [{"id": "cus-2", "external_id": "C-2", "display_name": "Many AG"}])
    raw.insert("atlas_accounting.vendors", [{"id": "ven-2", "external_id": "C-2", "display_name": "Many AG"}])
    raw.insert(
        "atlas_accounting.invoices",
        [
            _document("invoice", "many", "EUR", LARGEST, "4100"),
            _document("invoice", "kronor", "SEK", LARGEST, "4904"),
        ],
    )
    raw.insert("atlas_accounting.bills", [_document("bill", "many", "EUR", LARGEST, "6410")])
    raw.insert(
        "atlas_accounting.payments",
        [
            _payment("customer_id", "cus-2", "settling", "deposit_account_id", {"invoice_id": "many"}),
            _payment("customer_id", "cus-2", "unapplied", "deposit_account_id"),
        ],
    )
    raw.insert(
        "atlas_accounting.payments_made",
        [_payment("vendor_id", "ven-2", "unapplied", "payment_account_id")],
    )
    sides = [{"account_id": "acc-6410", "entry_type": "debit", "amount": LARGEST},
             {"account_id": "acc-1000", "entry_type": "credit", "amount": LARGEST}]  # fmt: skip
    entry = {"entry_date": "2026-03-15", "description": "x", "status": "posted"}
    raw.insert(
        "atlas_accounting.journal_entries",
        [entry | {"id": "many", "lines": sides}, entry | {"id": "long", "lines": sides * COPIES}],
    )
    raw.insert("atlar.gl_entities", [{"id": "entity", "externalId": "com-1"}])
    raw.insert("atlar.gl_accounts", [{"id": f"gl-{n}", "externalId": f"acc-{n}"} for n in (1000, 6410)])
    raw.insert(
        "atlar.transactions",
        [{"id": "many", "accountId": "acc-1", "date": "2026-04-03",
          "amount": {"currency": "EUR", "stringValue": LARGEST}}],
    )  # fmt: skip


def _document(kind: str, id_: str, currency: str, amount: str, account: str) -> dict[str, Any]:
    lines = [{"description": "x", "quantity": 1, "unit_price": amount, "amount": amount,
              f"{'revenue' if kind == 'invoice' else 'expense'}_account_id": f"acc-{account}"}]  # fmt: skip
    party = {"customer_id": "cus-2"} if kind == "invoice" else {"vendor_id": "ven-2"}
    return party | {"id": id_, f"{kind}_number": id_.upper(), f"{kind}_date": "2026-01-15", "due_date": "2026-02-15",
                    "currency": currency, "status": "sent" if kind == "invoice" else "approved",
                    "total_amount": amount, "tax_amount": "0", "amount_paid": "0", "amount_due": amount,
                    "lines": lines}  # fmt: skip


def _payment(side: str, party: str, id_: str, account: str, applied: dict[str, str] | None = None) -> dict[str, Any]:
    applications = [applied | {"amount_applied": LARGEST}] if applied else []
    return {side: party, "id": id_, "payment_date": "2026-03-15", "amount": LARGEST, "currency": "EUR",
            account: "acc-1000", "status": "applied", "applications": applications}  # fmt: skip


def copy(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the thousands of the records landed."""
    many = f"range(1, {COPIES}) as t (n)"
    for select in (
        f"raw_atlas_etrm.orders select r.* replace (id + n as id) from raw_atlas_etrm.orders as r, {many} "
        f"where id = {FIRST_ID}",
        "raw_atlas_etrm.order_items select r.* replace (id + n as id, order_id + n as order_id) "
        f"from raw_atlas_etrm.order_items as r, {many} where id in (2000000, 3000000)",
        *(
            f"{table} select r.* replace (id || '-' || n as id) from {table} as r, {many} where id in ({ids})"
            for table, ids in (
                ("raw_atlas_accounting.invoices", "'many', 'kronor'"),
                ("raw_atlas_accounting.bills", "'many'"),
                ("raw_atlas_accounting.payments", "'unapplied'"),
                ("raw_atlas_accounting.payments_made", "'unapplied'"),
                ("raw_atlas_accounting.journal_entries", "'many'"),
                ("raw_atlar.transactions", "'many'"),
            )
        ),
        "raw_atlas_accounting.payments select r.* replace (id || '-' || n as id, "
        "replace(applications, '\"many\"', '\"many-' || n || '\"') as applications) "
        f"from raw_atlas_accounting.payments as r, {many} where id = 'settling' and n % 2 = 0",
    ):
        connection.execute(f"insert into {select}")
