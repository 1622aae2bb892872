"""Finds what a person means by a number, an id or a code.

In: `order:210`, `INV-00118`, a bank line's id, a journal entry's. Out: the subjects it can mean; several are a
question back. What does not belong here: telling anything about them.

An invoice or bill that an order became stands for that order, so that a document number which is also the order's
erpCode means one thing and not two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tieout.amounts import with_currency
from tieout.commands.opened import Warehouse
from tieout.explain.explanation import Subject

PREFIXES = ("order", "item", "invoice", "bill", "erp", "payment", "bank", "entry", "delivery")


def find(warehouse: Warehouse, wanted: str) -> list[Subject]:
    """Returns what a reference can mean, each once, in a stable order; none where nothing goes by it.

    Args:
        warehouse: The snapshot.
        wanted: With one of `PREFIXES` and a colon it means that kind alone.
    """
    text = wanted.strip()
    if text.startswith("atlas_etrm:order:"):
        text = text.removeprefix("atlas_etrm:").split("#")[0].split(":r")[0]
    prefix, _, rest = (part.strip() for part in text.partition(":"))
    if prefix.lower() in PREFIXES and rest:
        finders: Iterable[Finder] = (_FINDERS[prefix.lower()],)
        text = rest
    elif text.isdecimal():
        # A bare number is an order's id: items, ATLAS invoices and payments count from 1 as well.
        finders = (_orders,) if _orders(warehouse, text) else _FINDERS.values()
    else:
        finders = _FINDERS.values()
    found = {subject for finder in finders for subject in finder(warehouse, text)}
    # What bears the number is meant, not the bank lines that mention it; its own story shows those.
    bearers = {subject for subject in found if subject.kind != "bank_transaction"}
    return sorted(bearers or found)


def near(warehouse: Warehouse, wanted: str) -> list[str]:
    """Returns up to five numbers that contain what was wanted, for a hint."""
    rows = warehouse.rows(
        """
        select distinct number
        from (
            select invoice_number as number from staging.stg_atlas_accounting__invoices
            union all
            select bill_number from staging.stg_atlas_accounting__bills
            union all
            select erp_code from marts.fct_orders
        )
        where contains(lower(number), lower(?))
        order by number
        limit 5
        """,
        [wanted],
    )
    return [row["number"] for row in rows]


Finder = Callable[[Warehouse, str], list[Subject]]


def _orders(warehouse: Warehouse, text: str) -> list[Subject]:
    rows = warehouse.rows(
        "select order_id, order_name from marts.fct_orders where order_id::varchar = ? order by order_id", [text]
    )
    return [_order(row["order_id"], row["order_name"]) for row in rows]


def _items(warehouse: Warehouse, text: str) -> list[Subject]:
    rows = warehouse.rows(
        "select orders.order_id, orders.order_name from marts.fct_order_items as items"
        " inner join marts.fct_orders as orders using (order_id) where items.order_item_id::varchar = ?",
        [text],
    )
    return [_order(row["order_id"], row["order_name"]) for row in rows]


def _erp_codes(warehouse: Warehouse, text: str) -> list[Subject]:
    rows = warehouse.rows(
        "select order_id, order_name from marts.fct_orders"
        " where erp_code = ? or list_contains(list_transform(string_split(erp_code, '+'), x -> trim(x)), ?)",
        [text, text],
    )
    return [_order(row["order_id"], row["order_name"]) for row in rows]


def _invoices(warehouse: Warehouse, text: str) -> list[Subject]:
    return _documents(warehouse, text, "invoice")


def _bills(warehouse: Warehouse, text: str) -> list[Subject]:
    return _documents(warehouse, text, "bill")


def _documents(warehouse: Warehouse, text: str, kind: str) -> list[Subject]:
    number = f"{kind}_number"
    supplier = " or documents.vendor_bill_number = $wanted" if kind == "bill" else ""
    rows = warehouse.rows(
        f"""
        select
            documents.{kind}_id as document_id,
            documents.{number} as document_number,
            coalesce(documents.order_id, orders.order_id) as order_id,
            coalesce(keyed.order_name, orders.order_name) as order_name
        from staging.stg_atlas_accounting__{kind}s as documents
        left join marts.fct_orders as keyed on documents.order_id = keyed.order_id
        left join marts.fct_orders as orders on documents.{kind}_id = orders.{kind}_id
        where documents.{kind}_id = $wanted or documents.{number} = $wanted{supplier}
        """.replace("$wanted", "?"),  # noqa: S608 - our own names
        [text] * (3 if supplier else 2),
    )
    return [
        _order(row["order_id"], row["order_name"])
        if row["order_id"] is not None
        else Subject("invoice" if kind == "invoice" else "bill", row["document_id"], f"{kind} {row['document_number']}")
        for row in rows
    ]


def _payments(warehouse: Warehouse, text: str) -> list[Subject]:
    rows = warehouse.rows(
        """
        select 'payment' as kind, payment_id as id, reference_number, amount, currency_code, payment_date
        from staging.stg_atlas_accounting__payments
        where payment_id = ? or reference_number = ?
        union all
        select 'payment_made', payment_made_id, reference_number, amount, currency_code, payment_date
        from staging.stg_atlas_accounting__payments_made
        where payment_made_id = ? or reference_number = ?
        order by payment_date, id
        """,
        [text] * 4,
    )
    return [
        Subject(
            "payment" if row["kind"] == "payment" else "payment_made",
            row["id"],
            f"payment {'received' if row['kind'] == 'payment' else 'made'} {row['reference_number'] or ''}"
            f" of {row['payment_date']}: {with_currency(row['amount'], row['currency_code'])}".replace("  ", " "),
        )
        for row in rows
    ]


def _bank_lines(warehouse: Warehouse, text: str) -> list[Subject]:
    rows = warehouse.rows(
        "select bank_transaction_id, booking_date, amount, currency_code, counterparty_name"
        " from marts.fct_bank_transactions where bank_transaction_id = ? or reference = ? or end_to_end_id = ?"
        " order by booking_date, bank_transaction_id",
        [text] * 3,
    )
    return [
        Subject(
            "bank_transaction",
            row["bank_transaction_id"],
            f"bank line of {row['booking_date']}: {with_currency(row['amount'], row['currency_code'])},"
            f" {row['counterparty_name'] or 'no name'}",
        )
        for row in rows
    ]


def _entries(warehouse: Warehouse, text: str) -> list[Subject]:
    """A line's id is its entry's, `#` and its number."""
    rows = warehouse.rows(
        "select journal_entry_id, source_document_type, source_document_id, order_id, entry_date"
        " from marts.fct_journal_entries where journal_entry_id = ?",
        [text.rpartition("#")[0] or text],
    )
    found = []
    for row in rows:
        if row["order_id"] is not None:
            found += _orders(warehouse, str(row["order_id"]))
            continue
        finder = {"invoice": _invoices, "bill": _bills, "payment": _payments, "payment_made": _payments}.get(
            row["source_document_type"]
        )
        behind = finder(warehouse, row["source_document_id"]) if finder else []
        entry = Subject("journal_entry", row["journal_entry_id"], f"journal entry of {row['entry_date']}")
        found += behind or [entry]
    return found


def _deliveries(warehouse: Warehouse, text: str) -> list[Subject]:
    rows = warehouse.rows(
        "select distinct order_id from marts.fct_deliveries where delivery_id = ? and order_id is not null", [text]
    )
    return [subject for row in rows for subject in _orders(warehouse, str(row["order_id"]))]


def _order(order_id: int, name: str | None) -> Subject:
    return Subject("order", str(order_id), f"order {order_id} {name or ''}".strip())


_FINDERS: dict[str, Finder] = {
    "order": _orders,
    "item": _items,
    "erp": _erp_codes,
    "invoice": _invoices,
    "bill": _bills,
    "payment": _payments,
    "bank": _bank_lines,
    "entry": _entries,
    "delivery": _deliveries,
}
