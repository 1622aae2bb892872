"""Gathers what belongs to a subject: which orders, documents, payments, entries and bank lines it led to.

In: a subject and the snapshot. Out: a `Trail` of ids. What does not belong here: reading the records themselves.

From an order everything downstream is followed. From a payment the documents it settled are named but not followed:
one payment may settle thirty invoices, and whoever asks for it asks for the money.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tieout.commands.opened import Warehouse
from tieout.explain.explanation import Subject

DAYS_APART = 5
"""How far the bank's day and the accountant's day of one payment may lie apart to be proposed as one."""


@dataclass
class Trail:
    """Ids by what they are; each list in a stable order."""

    subject: Subject
    order: dict[str, Any] | None = None
    """The row of `fct_orders`."""
    invoice_ids: list[str] = field(default_factory=list)
    bill_ids: list[str] = field(default_factory=list)
    payment_ids: list[str] = field(default_factory=list)
    payment_made_ids: list[str] = field(default_factory=list)
    entry_ids: list[str] = field(default_factory=list)
    settlements: list[dict[str, Any]] = field(default_factory=list)
    bank_lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def document_ids(self) -> list[str]:
        """Invoices and bills."""
        return self.invoice_ids + self.bill_ids


def follow(warehouse: Warehouse, subject: Subject) -> Trail:
    """Returns what belongs to a subject."""
    trail = Trail(subject)
    if subject.kind == "order":
        _from_order(warehouse, trail)
    elif subject.kind == "invoice":
        trail.invoice_ids = [subject.record_id]
    elif subject.kind == "bill":
        trail.bill_ids = [subject.record_id]
    elif subject.kind == "payment":
        trail.payment_ids = [subject.record_id]
    elif subject.kind == "payment_made":
        trail.payment_made_ids = [subject.record_id]
    elif subject.kind == "journal_entry":
        trail.entry_ids = [subject.record_id]
    elif subject.kind == "bank_transaction":
        _from_bank_line(warehouse, trail)
    trail.settlements = _settlements(warehouse, trail)
    if trail.document_ids:
        trail.payment_ids = sorted({row["payment_id"] for row in trail.settlements if row["side"] == "receivable"})
        trail.payment_made_ids = sorted({row["payment_id"] for row in trail.settlements if row["side"] == "payable"})
    if subject.kind != "bank_transaction":
        trail.bank_lines = _bank_lines(warehouse, trail)
    trail.entry_ids = trail.entry_ids or _entries(warehouse, trail)
    return trail


def _from_order(warehouse: Warehouse, trail: Trail) -> None:
    order_id = int(trail.subject.record_id)
    [trail.order] = warehouse.rows("select * from marts.fct_orders where order_id = ?", [order_id])
    for kind, ids in (("invoice", trail.invoice_ids), ("bill", trail.bill_ids)):
        rows = warehouse.rows(
            f"select {kind}_id as id from staging.stg_atlas_accounting__{kind}s where order_id = ? order by 1",  # noqa: S608
            [order_id],
        )
        ids += [row["id"] for row in rows]
        # Booked elsewhere: no document carries our key, the order's erpCode names one.
        if trail.order[f"{kind}_id"] is not None and trail.order[f"{kind}_id"] not in ids:
            ids.append(trail.order[f"{kind}_id"])


def _from_bank_line(warehouse: Warehouse, trail: Trail) -> None:
    """The payments that the line may be: same money, same direction, near in time."""
    trail.bank_lines = warehouse.rows(
        f"""
        select lines.*, payments.side, payments.payment_id, {_EVIDENCE} as evidence
        from marts.fct_bank_transactions as lines
        left join ({_PAYMENTS}) as payments on {_MAY_BE}
        where lines.bank_transaction_id = ?
        order by evidence nulls last, payments.payment_date, payments.payment_id
        """,  # noqa: S608 - our own words
        [trail.subject.record_id],
    )
    sure = [row for row in trail.bank_lines if row["evidence"] not in (None, _BY_AMOUNT)] or trail.bank_lines
    trail.bank_lines = sure
    trail.payment_ids = sorted({row["payment_id"] for row in sure if row["side"] == "receivable"})
    trail.payment_made_ids = sorted({row["payment_id"] for row in sure if row["side"] == "payable"})


def _settlements(warehouse: Warehouse, trail: Trail) -> list[dict[str, Any]]:
    return warehouse.rows(
        f"""
        select * from ({_SETTLEMENTS}) as settlements
        where list_contains(?::varchar[], document_id) or list_contains(?::varchar[], payment_id)
        order by payment_date, payment_id, document_number
        """,  # noqa: S608 - our own words
        [trail.document_ids, trail.payment_ids + trail.payment_made_ids],
    )


def _bank_lines(warehouse: Warehouse, trail: Trail) -> list[dict[str, Any]]:
    found = warehouse.rows(
        f"""
        select lines.*, payments.side, payments.payment_id, {_EVIDENCE} as evidence
        from ({_PAYMENTS}) as payments
        inner join marts.fct_bank_transactions as lines on {_MAY_BE}
        where list_contains(?::varchar[], payments.payment_id)
        order by payments.payment_date, payments.payment_id, evidence, lines.booking_date, lines.bank_transaction_id
        """,  # noqa: S608 - our own words
        [trail.payment_ids + trail.payment_made_ids],
    )
    named = {row["payment_id"] for row in found if row["evidence"] != _BY_AMOUNT}
    return [row for row in found if row["evidence"] != _BY_AMOUNT or row["payment_id"] not in named]


def _entries(warehouse: Warehouse, trail: Trail) -> list[str]:
    order_id = trail.order["order_id"] if trail.order else None
    # A payment's entry is told with its payment; of an order with many payments each is one more event.
    rows = warehouse.rows(
        "select journal_entry_id from marts.fct_journal_entries where order_id = ?"
        " or (source_system = 'atlas_accounting' and list_contains(?::varchar[], source_document_id))"
        " order by entry_date, journal_entry_id",
        [order_id, trail.document_ids + trail.payment_ids + trail.payment_made_ids],
    )
    return [row["journal_entry_id"] for row in rows]


_BY_AMOUNT = "2 same amount and direction, a day near it"

_FOLDED = "regexp_replace(upper({}), '[^A-Z0-9]', '', 'g')"

_SETTLEMENTS = """
    select
        'receivable' as side,
        applications.payment_id,
        applications.payment_date,
        applications.invoice_id as document_id,
        documents.invoice_number as document_number,
        null as supplier_number,
        documents.order_id,
        applications.amount_applied,
        applications.amount_discount,
        applications.currency_code
    from staging.stg_atlas_accounting__payment_applications as applications
    left join staging.stg_atlas_accounting__invoices as documents on applications.invoice_id = documents.invoice_id
    union all
    select
        'payable',
        applications.payment_made_id,
        applications.payment_date,
        applications.bill_id,
        documents.bill_number,
        documents.vendor_bill_number,
        documents.order_id,
        applications.amount_applied,
        applications.amount_discount,
        applications.currency_code
    from staging.stg_atlas_accounting__payment_made_applications as applications
    left join staging.stg_atlas_accounting__bills as documents on applications.bill_id = documents.bill_id
"""

_NUMBERS = " || '|' || ".join(
    f"coalesce({_FOLDED.format(f'settlements.{name}')}, '-')" for name in ("document_number", "supplier_number")
)
"""What a bank line may call a document paid; a hyphen is in no folded text."""

_PAYMENTS = f"""
    select
        'receivable' as side,
        'in' as direction,
        payments.payment_id,
        payments.payment_date,
        payments.amount,
        payments.currency_code,
        payments.reference_number,
        (
            select string_agg({_NUMBERS}, '|')
            from ({_SETTLEMENTS}) as settlements where settlements.payment_id = payments.payment_id
        ) as document_numbers
    from staging.stg_atlas_accounting__payments as payments
    union all
    select
        'payable',
        'out',
        payments.payment_made_id,
        payments.payment_date,
        payments.amount,
        payments.currency_code,
        payments.reference_number,
        (
            select string_agg({_NUMBERS}, '|')
            from ({_SETTLEMENTS}) as settlements where settlements.payment_id = payments.payment_made_id
        )
    from staging.stg_atlas_accounting__payments_made as payments
"""  # noqa: S608 - our own words

_MAY_BE = f"""
    lines.currency_code = payments.currency_code
    and lines.direction = payments.direction
    and abs(lines.amount) = payments.amount
    and abs(date_diff('day', lines.booking_date, payments.payment_date)) <= {DAYS_APART}
"""

_TEXT = _FOLDED.format("concat_ws(' ', lines.reference, lines.end_to_end_id, lines.description)")

_EVIDENCE = f"""
    case
        when payments.payment_id is null then null
        when contains({_TEXT}, {_FOLDED.format("payments.reference_number")})
            then '0 same amount, and it names the payment'
        when payments.document_numbers is not null
            and regexp_matches({_TEXT}, '(' || payments.document_numbers || ')([^0-9]|$)')
            then '1 same amount, and it names the document paid'
        else '{_BY_AMOUNT}'
    end
"""
