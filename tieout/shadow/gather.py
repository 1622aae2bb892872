"""Reads both sides of every order that an incumbent may have booked from the published snapshot.

In: the snapshot. Out: `OrderPair`s. What does not belong here: judging them (`compare.py`), any client.

An order whose document carries Tieout's key is Tieout's own and is left out; the control totals watch those.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tieout.commands.opened import Warehouse
from tieout.shadow.compare import AtlasInvoice, Document, Expected, OrderPair, Settled

Rows = list[dict[str, Any]]

BOOKABLE = ("ready", "processed", "settled")


def pairs(warehouse: Warehouse) -> list[OrderPair]:
    """Returns every order that is not Tieout's own, drafts included: an incumbent may have booked one."""
    orders = warehouse.rows(_ORDERS)
    items = _by(warehouse.rows(_ITEMS), "order_id")
    documents = _documents(warehouse)
    invoices = _by(warehouse.rows(_ATLAS_INVOICES), "order_id")
    payments = _by(warehouse.rows(_ATLAS_PAYMENTS), "invoice_id")
    order_total = warehouse.rows("select order_total from raw_operations.run_parameters")[0]["order_total"]
    return [
        _pair(row, items[row["order_id"]], documents, invoices[row["order_id"]], payments, order_total)
        for row in orders
    ]


def _pair(
    row: dict[str, Any],
    items: Rows,
    documents: dict[str, list[Document]],
    invoices: Rows,
    payments: dict[Any, Rows],
    order_total: str,
) -> OrderPair:
    numbers = [part.strip() for part in (row["erp_code"] or "").split("+") if part.strip()]
    return OrderPair(
        order_id=row["order_id"],
        order_name=row["order_name"],
        would=_would(row, items, order_total),
        erp_code=row["erp_code"],
        expected=tuple(_expected(row, items)),
        documents=tuple(document for number in dict.fromkeys(numbers) for document in documents.get(number, [])),
        invoices=tuple(
            AtlasInvoice(
                one["invoice_id"],
                one["external_id"],
                one["amount"],
                one["due_date"],
                bool(one["is_paid"]),
                tuple(Settled(each["amount"], each["payment_date"]) for each in payments[one["invoice_id"]]),
            )
            for one in invoices
        ),
        order_total=row["total_amount"],
    )


def _would(row: dict[str, Any], items: Rows, order_total: str) -> str:
    """Says what our rules make of an order; those booked elsewhere are not held by the models, so it is asked here."""
    if row["status_role"] not in BOOKABLE:
        return str(row["status_role"] or "unknown status")
    if row["is_held"]:
        return f"held ({row['hold_codes']})"
    if not items:
        return "held (order_without_items)"
    if any(item["gl_account"] is None for item in items):
        return "held (missing_gl_account)"
    measure = "gross" if order_total == "gross" else "net"
    mine = row[f"{measure}_receivable"] - row[f"{measure}_payable"]
    if row["total_amount"] is not None and abs(mine) != abs(row["total_amount"]):
        return f"held (order_total_mismatch: lines {mine}, order {row['total_amount']})"
    return "book"


def _expected(row: dict[str, Any], items: Rows) -> list[Expected]:
    sides = []
    for kind, direction, party in (("invoice", "receivable", "customer"), ("bill", "payable", "vendor")):
        if not (amount := row[f"gross_{direction}"]):
            continue
        by_account: dict[str, Decimal] = defaultdict(Decimal)
        for item in items:
            if item["direction"] == direction and item["gl_account"] is not None:
                by_account[item["gl_account"]] += item["net_amount"]
        sides.append(
            Expected(
                kind,
                amount,
                row["currency_code"],
                row["registration_date"],
                row["due_date"],
                row[f"{party}_id_atlas_accounting"],
                dict(by_account),
            )
        )
    return sides


def _documents(warehouse: Warehouse) -> dict[str, list[Document]]:
    settled = _by(warehouse.rows(_SETTLED), "document_id")
    lines = _by(warehouse.rows(_LINES), "document_id")
    found: dict[str, list[Document]] = defaultdict(list)
    for row in warehouse.rows(_DOCUMENTS):
        found[row["document_number"]].append(
            Document(
                kind=row["kind"],
                number=row["document_number"],
                amount=row["amount_total"],
                amount_due=row["amount_due"],
                currency_code=row["currency_code"],
                document_date=row["document_date"],
                due_date=row["due_date"],
                party_id=row["party_id"],
                is_issued=row["is_issued"],
                is_voided=row["is_voided"],
                by_account={line["account_number"]: line["amount"] for line in lines[row["document_id"]]},
                settled=tuple(Settled(one["amount"], one["payment_date"]) for one in settled[row["document_id"]]),
            )
        )
    return found


def _by(rows: Rows, name: str) -> dict[Any, Rows]:
    grouped: dict[Any, Rows] = defaultdict(list)
    for row in rows:
        grouped[row[name]].append(row)
    return grouped


_ORDERS = """
    select
        orders.*,
        parties.customer_id_atlas_accounting,
        parties.vendor_id_atlas_accounting
    from marts.fct_orders as orders
    left join marts.dim_counterparties as parties
        on orders.counterparty_id_atlas_etrm = parties.counterparty_id_atlas_etrm
    where
        not exists (
            select 1 from staging.stg_atlas_accounting__invoices as own where own.order_id = orders.order_id
        )
        and not exists (
            select 1 from staging.stg_atlas_accounting__bills as own where own.order_id = orders.order_id
        )
    order by orders.order_id
"""

_ITEMS = """
    select order_id, order_item_id, direction, gl_account, net_amount
    from marts.fct_order_items
    where is_in_order
    order by order_id, order_item_id
"""

_DOCUMENTS = """
    select
        'invoice' as kind, invoice_id as document_id, invoice_number as document_number, customer_id as party_id,
        invoice_date as document_date, due_date, currency_code, amount_total::decimal(20, 4) as amount_total,
        amount_due::decimal(20, 4) as amount_due, is_issued, is_voided
    from staging.stg_atlas_accounting__invoices
    where order_id is null and invoice_number is not null
    union all
    select
        'bill', bill_id, bill_number, vendor_id, bill_date, due_date, currency_code, amount_total::decimal(20, 4),
        amount_due::decimal(20, 4), is_issued, is_voided
    from staging.stg_atlas_accounting__bills
    where order_id is null and bill_number is not null
    order by kind, document_number, document_id
"""

_LINES = """
    select document_id, account_number, sum(amount)::decimal(20, 4) as amount
    from (
        select invoice_id as document_id, account_id, amount from staging.stg_atlas_accounting__invoice_lines
        union all
        select bill_id, account_id, amount from staging.stg_atlas_accounting__bill_lines
    ) as lines
    inner join staging.stg_atlas_accounting__accounts as accounts using (account_id)
    where account_number is not null
    group by document_id, account_number
    order by document_id, account_number
"""

_SETTLED = """
    select invoice_id as document_id, payment_date, amount_applied::decimal(20, 4) as amount
    from staging.stg_atlas_accounting__payment_applications
    union all
    select bill_id, payment_date, amount_applied::decimal(20, 4)
    from staging.stg_atlas_accounting__payment_made_applications
    order by document_id, payment_date, amount
"""

_ATLAS_INVOICES = """
    select order_id, invoice_id, external_id, amount::decimal(20, 4) as amount, due_date, is_paid
    from staging.stg_atlas_etrm__invoices
    where order_id is not null
    order by order_id, invoice_id
"""

_ATLAS_PAYMENTS = """
    select invoice_id, payment_date, amount::decimal(20, 4) as amount
    from staging.stg_atlas_etrm__payments
    where invoice_id is not null
    order by invoice_id, payment_date, payment_id
"""
