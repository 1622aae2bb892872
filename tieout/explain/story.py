"""Puts an explanation together from its parts.

In: a subject, the snapshot, the operations store. Out: an `Explanation`. What does not belong here: finding the
subject (`reference.py`), the look (`tieout/report/explain_*.py`).
"""

from __future__ import annotations

from typing import Any

from reverse_etl.operations import OperationsStore
from tieout.amounts import with_currency
from tieout.commands.opened import Warehouse
from tieout.explain import records, rules, writes
from tieout.explain.explanation import Explanation, Record, Subject
from tieout.explain.masking import masked
from tieout.explain.trail import Trail, follow


def explain(warehouse: Warehouse, store: OperationsStore, subject: Subject, *, as_of: str) -> Explanation:
    """Returns everything there is to tell about a subject."""
    trail = follow(warehouse, subject)
    told = Explanation(subject, warehouse.number, as_of)
    if trail.order is not None:
        told.records = _settled(warehouse, trail.order)
        told.rules = rules.of_order(warehouse, trail.order)
    told.exceptions = _exceptions(warehouse, trail)
    told.entries = _entries(warehouse, trail)
    told.documents = _documents(warehouse, trail)
    told.deliveries = writes.of_trail(warehouse, store, trail)
    told.payments = _payments(warehouse, trail)
    told.settlements = trail.settlements
    told.bank_lines = [_bank_line(row) for row in trail.bank_lines]
    lines = sorted({row["bank_transaction_id"] for row in trail.bank_lines})
    told.bank_records = records.read(warehouse, "atlar.transactions", lines)
    told.summary = _summary(told, trail)
    return told


def _settled(warehouse: Warehouse, order: dict[str, Any]) -> list[Record]:
    found = records.read(warehouse, "atlas_etrm.orders", [order["order_id"]])
    found += records.read(warehouse, "atlas_etrm.order_items", [order["order_id"]], column="order_id")
    return found + records.read(warehouse, "atlas_etrm.counterparties", [order["counterparty_id_atlas_etrm"]])


def _documents(warehouse: Warehouse, trail: Trail) -> list[Record]:
    found = records.read(warehouse, "atlas_accounting.invoices", trail.invoice_ids)
    found += records.read(warehouse, "atlas_accounting.bills", trail.bill_ids)
    # What was posted instead of a document goes by the entry's id and its side (`order_entry_document_id`).
    entries = {one.rpartition(".")[0] for one in trail.document_ids if one.endswith((".AR", ".AP"))}
    found += records.read(warehouse, "atlas_accounting.journal_entries", sorted(entries))
    if trail.order is not None:
        found += records.read(warehouse, "atlas_etrm.invoices", [trail.order["order_id"]], column="order_id")
    vendor_ids = [f"INVOICE/{one}" for one in trail.invoice_ids] + [f"BILL/{one}" for one in trail.bill_ids]
    vendor_ids += [f"PAYMENT/{one}" for one in trail.payment_ids]
    vendor_ids += [f"PAYMENT_MADE/{one}" for one in trail.payment_made_ids]
    found += records.read(warehouse, "atlar.documents", _atlar_documents(warehouse, vendor_ids))
    for table, mark, ids in (("receivables", "AR", trail.invoice_ids), ("payables", "AP", trail.bill_ids)):
        keys = [f"{mark}.{one}" for one in ids]
        found += records.read(warehouse, f"atlar.accounts_{table}", keys, column="external_id")
    if trail.subject.kind == "journal_entry":
        entry_id = trail.subject.record_id.rpartition(":")[2]
        found += records.read(warehouse, "atlas_accounting.journal_entries", [entry_id])
    return found


def _atlar_documents(warehouse: Warehouse, vendor_ids: list[str]) -> list[str]:
    rows = warehouse.rows(
        "select document_id from staging.stg_atlar__documents"
        " where list_contains(?::varchar[], provenance_vendor_id) order by provenance_vendor_id, document_id",
        [vendor_ids],
    )
    return [row["document_id"] for row in rows]


def _payments(warehouse: Warehouse, trail: Trail) -> list[Record]:
    found = records.read(warehouse, "atlas_accounting.payments", trail.payment_ids)
    found += records.read(warehouse, "atlas_accounting.payments_made", trail.payment_made_ids)
    keys = [f"{row['payment_id']}:{row['document_id']}" for row in trail.settlements]
    return found + records.read(warehouse, "atlas_etrm.payments", keys, column="external_id")


def _exceptions(warehouse: Warehouse, trail: Trail) -> list[dict[str, Any]]:
    ids = [trail.subject.record_id, *trail.document_ids, *trail.payment_ids, *trail.payment_made_ids]
    ids += [str(row["bank_transaction_id"]) for row in trail.bank_lines]
    order_id = trail.order["order_id"] if trail.order else None
    rows = warehouse.rows(
        "select severity, exception_code, source_system, record_type, record_id, message, remedy"
        " from marts.fct_exceptions where order_id = ?"
        " or (record_type not in ('order', 'order_item', 'counterparty') and list_contains(?::varchar[], record_id))"
        " order by severity, exception_code, record_id",
        [order_id, ids],
    )
    return [masked(row) for row in rows]


def _entries(warehouse: Warehouse, trail: Trail) -> list[dict[str, Any]]:
    entries = warehouse.rows(
        "select * from marts.fct_journal_entries where list_contains(?::varchar[], journal_entry_id)"
        " order by entry_date, journal_entry_id",
        [trail.entry_ids],
    )
    lines = warehouse.rows(
        "select journal_entry_id, line_number, gl_account, account_name, line_type, entry_side, amount, currency_code,"
        " amount_base, base_currency_code, posting_status, order_item_id, description"
        " from marts.fct_journal_entry_lines where list_contains(?::varchar[], journal_entry_id)"
        " order by journal_entry_id, line_number",
        [trail.entry_ids],
    )
    return [
        {**entry, "lines": [line for line in lines if line["journal_entry_id"] == entry["journal_entry_id"]]}
        for entry in entries
    ]


def _bank_line(row: dict[str, Any]) -> dict[str, Any]:
    evidence = row["evidence"]
    # The number only orders them: the surest first.
    told = {**masked(row), "evidence": None if evidence is None else evidence[2:]}
    return {**told, "reconciliation": _reconciliation(row["reconciliation_status"]), "told": _told(told)}


def _reconciliation(status: str | None) -> str:
    """What the books rest on is a reconciliation, never a likeness: whether there is one, in a word or two."""
    return {"RECONCILED": "reconciled at Atlar", "PARTIALLY_RECONCILED": "partly reconciled at Atlar"}.get(
        status or "", NOT_RECONCILED
    )


NOT_RECONCILED = "not reconciled"


def _told(row: dict[str, Any]) -> str:
    state = _reconciliation(row["reconciliation_status"])
    if row["evidence"] is None:
        return f"{state}; no payment like it is booked"
    return f"{state}; it looks like payment {row['payment_id']}: {row['evidence']}"


def _summary(told: Explanation, trail: Trail) -> list[str]:
    """Says in a few sentences what a person asks first."""
    lines = []
    if (order := trail.order) is not None:
        sides = [
            f"{with_currency(order[f'gross_{side}'], order['currency_code'])} {side}"
            for side in ("receivable", "payable")
            if order[f"has_{side}"]
        ]
        lines.append(
            f"{told.subject.label}: {' and '.join(sides) or 'nothing to book'}, status {order['status']},"
            f" {'held: ' + order['hold_codes'] if order['is_held'] else order['became']}"
        )
        lines += [
            f"{kind} {order[f'{kind}_number']}, {order[f'{kind}_status']}"
            for kind in ("invoice", "bill")
            if order[f"{kind}_number"] is not None
        ]
        lines.append(f"erpCode {order['erp_code']}" if order["erp_code"] else "no erpCode yet")
    else:
        lines.append(told.subject.label)
    counts: dict[str, int] = {}
    for one in told.deliveries:
        counts[one["answer"]["status"]] = counts.get(one["answer"]["status"], 0) + 1
    written = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    lines.append(f"writes: {written}" if written else "nothing was written for it by Tieout")
    lines += [
        f"{with_currency(row['amount_applied'], row['currency_code'])} of payment {row['payment_id']}"
        f" on {row['payment_date']} settled {row['document_number']}"
        for row in trail.settlements
    ]
    if not trail.settlements and trail.document_ids:
        lines.append("nothing was paid on it")
    if told.payments or told.bank_lines:
        states = sorted({row["reconciliation"] for row in told.bank_lines} or {NOT_RECONCILED})
        near = len({row["bank_transaction_id"] for row in told.bank_lines})
        seen = (
            f", {near:,} bank line{'s look' if near > 1 else ' looks'} like it" if near else ", no bank line is like it"
        )
        lines.append(f"at the bank: {' and '.join(states)}{seen}")
    return lines
