"""The orders as the newest snapshot has them, and what keeps one from getting an erpCode of an incumbent.

In: the snapshot. Out: `Order`s by id. What does not belong here: where a code comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieout.commands.opened import Warehouse


@dataclass(frozen=True)
class Order:
    """What a baseline must know of an order."""

    order_id: int
    order_name: str | None
    status_role: str | None
    registration_date: date | None
    due_date: date | None
    erp_code: str | None
    document_reference: str | None
    total_amount: Decimal | None
    currency_code: str
    gross_receivable: Decimal
    gross_payable: Decimal
    customer_id: str | None
    vendor_id: str | None
    own_document: str | None
    """The number, else the id, of a document that carries Tieout's key."""


@dataclass(frozen=True)
class Coded:
    """An order and the code an incumbent booked it under."""

    order: Order
    erp_code: str
    evidence: str
    """Where the code was found, in words."""


@dataclass(frozen=True)
class Problem:
    """Why an order, or a row of a file, gets no code."""

    where: str
    reason: str


def read(warehouse: Warehouse) -> dict[int, Order]:
    """Returns every order by its id."""
    rows = warehouse.rows(_ORDERS)
    return {row["order_id"]: Order(**row) for row in rows}


def why_not(order: Order, erp_code: str) -> str | None:
    """Says why an order must not get a code; None where it may, or has that very code."""
    if order.own_document is not None:
        return f"Tieout made its document {order.own_document}; it is no incumbent's"
    if order.erp_code is not None and order.erp_code != erp_code:
        return f"it has the erpCode {order.erp_code!r} already; another value is never written over it"
    return None


_ORDERS = """
    select
        orders.order_id,
        orders.order_name,
        orders.status_role,
        orders.registration_date,
        orders.due_date,
        orders.erp_code,
        orders.document_reference,
        orders.total_amount,
        orders.currency_code,
        orders.gross_receivable,
        orders.gross_payable,
        parties.customer_id_atlas_accounting as customer_id,
        parties.vendor_id_atlas_accounting as vendor_id,
        (
            select min(coalesce(own.number, own.id))
            from (
                select order_id, invoice_number as number, invoice_id as id
                from staging.stg_atlas_accounting__invoices
                union all
                select order_id, bill_number, bill_id from staging.stg_atlas_accounting__bills
            ) as own
            where own.order_id = orders.order_id
        ) as own_document
    from marts.fct_orders as orders
    left join marts.dim_counterparties as parties
        on orders.counterparty_id_atlas_etrm = parties.counterparty_id_atlas_etrm
    order by orders.order_id
"""
