"""VAT that is booked beside the documents: owed by us under reverse charge, and no longer owed for discounts.

In: `Records`. Out: journal lines. The rules: DECISIONS.md ("How a supply is taxed is a table", "VAT under reverse
charge is an entry of its own", "An early-payment discount is debited to its own account") and the seeds they
name. What does not belong here: VAT on the documents themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from ledger_records import Records
from ledger_rules import BASE, KINDS, ZERO, Line, Record, day, policy_day, reversed_lines, rounded, seed, share

OUR_COUNTRY = "DE"
_OWED = ("reverse_charge_input_vat", "reverse_charge_output_vat")
_ORDER = re.compile(r"atlas_etrm:order:(\d+)")


def reverse_charge_lines(records: Records) -> Iterator[Line]:
    """VAT on the bills of orders that we owe ourselves and deduct; a voided bill takes back what was posted."""
    for bill in records.table("atlas_accounting.bills"):
        order = order_of(records, bill)
        if order is None:
            continue
        key = f"atlas_etrm:reverse_charge:{order['id']}:{bill['bill_number']}"
        on = records.closings.open_day(day(bill["bill_date"]))
        if bill["status"] == "voided":
            roles = {records.control(control): control for control in _OWED}
            posted = [replace(line, line_type=roles[line.gl_account]) for line in records.books_lines(key)]
            yield from posted
            yield from reversed_lines(posted, f"{key}:reversal", entry_date=on, is_posted=False)
        elif bill["status"] not in ("draft", "pending") and day(bill["bill_date"]) >= policy_day("reverse_charge"):
            vat = rounded(_owed_net(records, order, bill) * _standard_rate(day(bill["bill_date"])) / 100)
            yield from _pair(records, key, on, vat, _OWED)


def order_of(records: Records, document: Record) -> Record | None:
    """The order whose key a document carries."""
    found = _ORDER.search(document["notes"] or "")
    return found and next((o for o in records.table("atlas_etrm.orders") if o["id"] == int(found[1])), None)


def _owed_net(records: Records, order: Record, bill: Record) -> Decimal:
    """The net under reverse charge without VAT on it; all of the bill where that is all of its lines."""
    items = [
        item
        for item in records.table("atlas_etrm.order_items")
        if item["orderId"] == order["id"] and item["status"] == 2 and item["cashflow"] == KINDS["payable"].cashflow
    ]
    owed = [i for i in items if treatment(records, order, i).endswith("reverse_charge") and not Decimal(i["vat"])]
    if not owed:
        return ZERO
    if len(owed) == len(items):
        return Decimal(bill["total_amount"])
    return sum((rounded(abs(Decimal(item["amount"]))) for item in owed), ZERO)


def treatment(records: Records, order: Record, item: Record) -> str:
    """How a line is taxed: of the rules of the seed that fit, the one that names most."""
    on = day(order["registrationDate"])
    counterparty = records.counterparties[order["counterpartyId"]]
    theirs = counterparty["country"]
    place = "same" if theirs == OUR_COUNTRY else "territory" if _in_union(theirs, on) else "elsewhere"
    deals = {deal["id"]: deal["commodity"].lower() for deal in records.table("atlas_etrm.deals")}
    said = {
        "counterparty_country": (theirs, place),
        "counterparty_vat_status": (_vat_status(counterparty, on),),
        "commodity": (deals.get(item.get("dealId")),),
        "direction": ("payable" if item["cashflow"] else "receivable",),
        "company_country": (OUR_COUNTRY,),
    }
    fitting = [
        row
        for row in seed("vat_treatments")
        if day(row["valid_from_date"]) <= on <= (day(row["valid_to_date"]) if row["valid_to_date"] else date.max)
        and all(row[name] == "*" or row[name] in values for name, values in said.items())
    ]
    return max(fitting, key=lambda row: [row[name] != "*" for name in said])["vat_treatment"]


def _in_union(country: str, on: date) -> bool:
    return any(
        row["country_code"] == country
        and day(row["valid_from_date"]) <= on <= (day(row["valid_to_date"]) if row["valid_to_date"] else date.max)
        for row in seed("vat_territories")
    )


def _vat_status(counterparty: Record, on: date) -> str | None:
    told = [(f["validFrom"], f["value"]) for f in counterparty["customFieldValues"] if day(f["validFrom"]) <= on]
    return max(told)[1].lower() if told else None


def _standard_rate(on: date) -> Decimal:
    return next(
        Decimal(row["rate_percent"])
        for row in seed("vat_rates")
        if row["country_code"] == OUR_COUNTRY
        and day(row["valid_from_date"]) <= on <= (day(row["valid_to_date"]) if row["valid_to_date"] else date.max)
    )


def discount_vat_lines(records: Records) -> Iterator[Line]:
    """The VAT in each discount taken; where the payment was voided since, or taken off the invoice, only what was
    posted, and taken back.
    """
    # Also an invoice voided after its payment was: what was posted for it is taken back with the payment.
    standing_or_void = [*records.issued["receivable"], *records.taken_back("receivable")]
    invoices = {invoice["id"]: invoice for invoice in standing_or_void}
    for payment, invoice_id, taken, back_on in _discounts(records):
        invoice, paid_on = invoices.get(invoice_id), day(payment["payment_date"])
        if invoice is None or taken <= 0 or paid_on < policy_day("discount_vat"):
            continue
        vat = share(taken, _vat_of(records, invoice), Decimal(invoice["total_amount"]))
        key = f"atlas_accounting:discount_vat:{payment['id']}:{invoice['id']}"
        on = records.closings.open_day(paid_on)
        entry = list(_pair(records, key, on, vat, ("output_vat", "sales_discount")))
        if back_on is None:
            yield from entry
        elif records.books_lines(key):
            yield from entry
            yield from reversed_lines(entry, f"{key}:reversal", entry_date=records.closings.open_day(back_on))


def _discounts(records: Records) -> Iterator[tuple[Record, str, Decimal, date | None]]:
    """Payment, invoice, discount, and the day on which it is taken back."""
    for payment in records.payments("receivable"):
        for row in payment["applications"]:
            yield payment, row["invoice_id"], Decimal(row.get("discount_taken") or 0), None
    for payment in records.voided_payments("receivable"):
        for row in payment["applications"]:
            taken = Decimal(row.get("discount_taken") or 0)
            yield payment, row["invoice_id"], taken, records.taken_back_on("receivable", payment)
    for off in records.taken_off("receivable"):
        yield off.payment, off.document_id, off.discount, off.on


def _vat_of(records: Records, invoice: Record) -> Decimal:
    lines = (Decimal(x["amount"]) for x in invoice["lines"] if _is_vat(records, x["revenue_account_id"]))
    return sum(lines, Decimal(invoice["tax_amount"]))


def _is_vat(records: Records, account_id: str) -> bool:
    return records.numbers[account_id] == records.control("output_vat")


def _pair(records: Records, key: str, on: date, amount: Decimal, controls: tuple[str, str]) -> Iterator[Line]:
    """Debit the first control, credit the second, in base currency and not posted."""
    for control, entry_side in zip(controls, ("debit", "credit"), strict=True):
        if amount:
            yield Line(key, on, records.control(control), control, entry_side, amount, BASE, amount, is_posted=False)
