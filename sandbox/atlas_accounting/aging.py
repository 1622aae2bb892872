"""How old the open items are: receivables and payables by days past due on a day.

In: issued documents and payments with their applications. Out: the ageing report (contract section 7, Reports): one
row per party and currency. A payment counts from the later of its own date and the document's; what it leaves
unapplied lowers `current`, so that `total` equals the control account as far as documents and payments move it. What
does not belong here: manual entries on a control account, which have no party.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.kinds import NOT_ISSUED, DocumentKind, PaymentKind
from sandbox.atlas_accounting.registry import Record, Registry

BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90")


def bucket(due_date: str, as_of: date) -> str:
    """The column of a document due on a day: `current` until that day has passed."""
    days = (as_of - date.fromisoformat(due_date)).days
    if days <= 0:
        return "current"
    if days <= 30:
        return "days_1_30"
    if days <= 60:
        return "days_31_60"
    return "days_61_90" if days <= 90 else "over_90"


def aging(
    registry: Registry, party_table: str, document_kind: DocumentKind, payment_kind: PaymentKind, as_of: date
) -> Record:
    """The ageing report of one side of the books on a day.

    Args:
        registry: Where the records are.
        party_table: `customers` or `vendors`.
        document_kind: Invoices or bills.
        payment_kind: Payments received or made.
        as_of: The day; what was dated later is left out.
    """
    day = as_of.isoformat()
    open_amounts, unapplied = _open_amounts(registry, document_kind, payment_kind, day)
    sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(BUCKETS, money.ZERO))
    for document, amount in open_amounts:
        key = (document[document_kind.party_field], document["currency"])
        sums[key][bucket(document["due_date"], as_of)] += amount
    for key, amount in unapplied.items():
        sums[key]["current"] -= amount
    items = [
        _row(registry.get(party_table, party_id), document_kind.party_field, currency, parts, unapplied)
        for (party_id, currency), parts in sums.items()
        if any(parts.values())
    ]
    items.sort(key=lambda row: (row["name"].casefold(), row["currency"]))
    totals = {name: f"{sum((Decimal(row[name]) for row in items), Decimal('0.00')):f}" for name in (*BUCKETS, "total")}
    return {"as_of_date": day, "items": items, "totals": totals}


def _open_amounts(
    registry: Registry, document_kind: DocumentKind, payment_kind: PaymentKind, day: str
) -> tuple[list[tuple[Record, Decimal]], dict[tuple[str, str], Decimal]]:
    """What was open on each document that day, and per party and currency what payments had left unapplied."""
    issued = {
        document["id"]: document
        for document in registry.all(document_kind.table)
        if document["status"] not in NOT_ISSUED | {"voided"} and document[document_kind.date_field] <= day
    }
    applied: dict[str, Decimal] = defaultdict(lambda: money.ZERO)
    unapplied: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
    for payment in registry.all(payment_kind.table):
        if payment["payment_date"] > day:
            continue
        left = Decimal(payment["amount"])
        for application in payment["applications"]:
            document_id = application[payment_kind.document_field]
            if document_id in issued:
                cash = Decimal(application["amount_applied"])
                applied[document_id] += cash + Decimal(application.get("discount_taken", "0"))
                left -= cash
        unapplied[payment[payment_kind.party_field], payment["currency"]] += left
    opened = [
        (document, Decimal(document["total_amount"]) - applied[document_id]) for document_id, document in issued.items()
    ]
    return opened, {key: amount for key, amount in unapplied.items() if amount}


def _row(
    party: Record,
    party_field: str,
    currency: str,
    parts: dict[str, Decimal],
    unapplied: dict[tuple[str, str], Decimal],
) -> Record:
    return {
        party_field: party["id"],
        "name": party["display_name"],
        "currency": currency,
        **{name: money.text(amount, currency) for name, amount in parts.items()},
        "total": money.text(sum(parts.values(), money.ZERO), currency),
        "unapplied": money.text(unapplied.get((party["id"], currency), money.ZERO), currency),
    }
