"""Names every difference between what Tieout would write for an order and what an incumbent has written. Pure.

In: `OrderPair`s, both sides of one order as plain values. Out: `Difference`s in a stable order.
What does not belong here: reading (`gather.py`), the look.

Numbers are the incumbent's to give, so no number is compared with one of ours; what is compared is whether the
numbers fit each other: erpCode with the documents, ATLAS invoices with the documents, payments with what was applied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Expected:
    """The invoice or bill that our rules make of one side of an order."""

    kind: str
    """`invoice` or `bill`."""
    amount: Decimal
    currency_code: str
    document_date: date | None
    due_date: date | None
    party_id: str | None
    by_account: Mapping[str, Decimal]
    """Net per GL account, VAT left out."""


@dataclass(frozen=True)
class Settled:
    """Money that settled a document: what ATLAS ETRM must know as a payment."""

    amount: Decimal
    paid_on: date | None


@dataclass(frozen=True)
class AtlasInvoice:
    """An invoice that stands at the order in ATLAS ETRM."""

    invoice_id: int
    external_id: str | None
    amount: Decimal | None
    due_date: date | None
    is_paid: bool
    payments: tuple[Settled, ...] = ()


@dataclass(frozen=True)
class Document:
    """An invoice or bill that the incumbent has made in Atlas Accounting."""

    kind: str
    number: str
    amount: Decimal
    amount_due: Decimal
    currency_code: str | None
    document_date: date | None
    due_date: date | None
    party_id: str | None
    is_issued: bool
    is_voided: bool
    by_account: Mapping[str, Decimal]
    settled: tuple[Settled, ...] = ()


@dataclass(frozen=True)
class OrderPair:
    """One order: what we would write, and what is there."""

    order_id: int
    order_name: str | None
    would: str
    """`book`, or why not: `draft`, `rejected`, `held (<codes>)`, `unknown status`."""
    erp_code: str | None
    expected: tuple[Expected, ...]
    documents: tuple[Document, ...]
    invoices: tuple[AtlasInvoice, ...]
    order_total: Decimal | None = None


@dataclass(frozen=True)
class Difference:
    """One way in which the two sides disagree about one record."""

    order_id: int
    order_name: str | None
    record: str
    """What it is about: `erpCode`, `invoice RE-751`, `atlas_etrm invoice 12`, `payment`."""
    difference: str
    """Its code, such as `amount_differs`."""
    here: str | None
    """What Tieout would write."""
    there: str | None
    """What the incumbent has written."""
    amount: Decimal | None = field(default=None)
    """There less here, where both are amounts."""
    currency_code: str | None = None


def compare(pairs: Iterable[OrderPair]) -> list[Difference]:
    """Returns every difference, by order."""
    return [difference for pair in sorted(pairs, key=lambda pair: pair.order_id) for difference in _order(pair)]


def _order(pair: OrderPair) -> Iterator[Difference]:
    says = _Says(pair)
    if pair.erp_code is None and not pair.documents:
        if pair.would == "book":
            for side in pair.expected:
                here = f"{_money(side.amount)} {side.currency_code}"
                yield says(side.kind, "missing_there", here, None, -side.amount, side.currency_code)
        return
    if pair.would != "book":
        booked = pair.erp_code or ", ".join(document.number for document in pair.documents)
        yield says("order", "missing_here", pair.would, f"booked as {booked}")
    yield from _erp_code(pair, says)
    for kind in ("invoice", "bill"):
        yield from _side(pair, kind, says)
    yield from _atlas_invoices(pair, says)


class _Says:
    def __init__(self, pair: OrderPair) -> None:
        self._pair = pair

    def __call__(
        self,
        record: str,
        difference: str,
        here: Any,
        there: Any,
        amount: Decimal | None = None,
        currency_code: str | None = None,
    ) -> Difference:
        ours, theirs = (_money(one) if isinstance(one, Decimal) else one for one in (here, there))
        ours, theirs = (None if one is None else str(one) for one in (ours, theirs))
        return Difference(
            self._pair.order_id, self._pair.order_name, record, difference, ours, theirs, amount, currency_code
        )


def _erp_code(pair: OrderPair, says: _Says) -> Iterator[Difference]:
    """By our rule it is the invoice's number, the bill's, or both joined by `+`."""
    live = [document for document in pair.documents if not document.is_voided]
    wanted = "+".join(document.number for kind in ("invoice", "bill") for document in live if document.kind == kind)
    if pair.erp_code is None:
        yield says("erpCode", "erp_code_missing", wanted or None, None)
        return
    named = [part.strip() for part in pair.erp_code.split("+") if part.strip()]
    known = {document.number for document in pair.documents}
    for number in named:
        if number not in known:
            yield says("erpCode", "document_not_found", "an invoice or bill of that number", number)
    if wanted and set(named) <= known and named != wanted.split("+"):
        yield says("erpCode", "number_differs", wanted, pair.erp_code)


def _side(pair: OrderPair, kind: str, says: _Says) -> Iterator[Difference]:
    expected = next((side for side in pair.expected if side.kind == kind), None)
    found = [document for document in pair.documents if document.kind == kind]
    live = [document for document in found if not document.is_voided]
    for document in found:
        if document.is_voided:
            yield says(_name(document), "voided", "standing", "voided")
        elif not document.is_issued:
            yield says(_name(document), "not_issued", "issued", "draft")
    if expected is None:
        for document in live:
            there = f"{_money(document.amount)} {document.currency_code}"
            yield says(_name(document), "missing_here", None, there, document.amount, document.currency_code)
        return
    if not live:
        # Where no document of the erpCode was found at all, that is said once, by `_erp_code`.
        if pair.documents:
            here = f"{_money(expected.amount)} {expected.currency_code}"
            yield says(kind, "missing_there", here, None, -expected.amount, expected.currency_code)
        return
    yield from _figures(expected, live, says)


def _figures(expected: Expected, live: list[Document], says: _Says) -> Iterator[Difference]:
    total, first = sum((document.amount for document in live), Decimal(0)), live[0]
    name = " + ".join(_name(document) for document in live)
    if len(live) > 1:
        yield says(name, "several_documents", "one", len(live))
    if first.currency_code not in (None, expected.currency_code):
        yield says(name, "currency_differs", expected.currency_code, first.currency_code)
    elif total != expected.amount:
        difference = total - expected.amount
        yield says(name, "amount_differs", expected.amount, total, difference, expected.currency_code)
    else:
        yield from _accounts(name, expected, live, says)
    fields = (
        ("due_date_differs", expected.due_date, first.due_date),
        ("document_date_differs", expected.document_date, first.document_date),
        ("party_differs", expected.party_id, first.party_id),
    )
    for code, here, there in fields:
        if here is not None and here != there:
            yield says(name, code, here, there)


def _accounts(name: str, expected: Expected, live: list[Document], says: _Says) -> Iterator[Difference]:
    """Compared only where the totals agree: else every account differs, and the amount says it."""
    there: Counter[str] = Counter()
    for document in live:
        for account, amount in document.by_account.items():
            there[account] += amount  # type: ignore[assignment]  # a Counter adds Decimals as well
    for account in sorted(expected.by_account):
        mine, theirs = expected.by_account[account], Decimal(there.get(account, 0))
        if mine != theirs:
            record = f"{name}, account {account}"
            yield says(record, "account_differs", mine, theirs, theirs - mine, expected.currency_code)


def _atlas_invoices(pair: OrderPair, says: _Says) -> Iterator[Difference]:
    """Each issued document is one ATLAS invoice, its number the externalId."""
    left = list(pair.invoices)
    for document in pair.documents:
        if document.is_voided or not document.is_issued:
            continue
        invoice = next((one for one in left if one.external_id == document.number), None)
        if invoice is None:
            # A number written another way: the only one of that amount is meant.
            same = [one for one in left if one.amount == document.amount]
            invoice = same[0] if len(same) == 1 else None
        if invoice is None:
            here = f"{document.number}: {_money(document.amount)}"
            yield says("atlas_etrm invoice", "missing_there", here, None, -document.amount, document.currency_code)
            continue
        left.remove(invoice)
        yield from _atlas_invoice(document, invoice, says)
    for invoice in left:
        name = f"atlas_etrm invoice {invoice.invoice_id}"
        there = f"{invoice.external_id}: {_money(invoice.amount)}"
        yield says(name, "missing_here", None, there, invoice.amount)


def _atlas_invoice(document: Document, invoice: AtlasInvoice, says: _Says) -> Iterator[Difference]:
    name = f"atlas_etrm invoice {invoice.invoice_id}"
    if invoice.external_id != document.number:
        yield says(name, "number_differs", document.number, invoice.external_id)
    if invoice.amount != document.amount:
        difference = None if invoice.amount is None else invoice.amount - document.amount
        yield says(name, "amount_differs", document.amount, invoice.amount, difference, document.currency_code)
    if document.due_date is not None and invoice.due_date != document.due_date:
        yield says(name, "due_date_differs", document.due_date, invoice.due_date)
    is_paid = document.amount_due == 0
    if invoice.is_paid != is_paid:
        yield says(name, "is_paid_differs", is_paid, invoice.is_paid)
    here, there = Counter(document.settled), Counter(invoice.payments)
    for count, code, side in ((here - there, "missing_there", 0), (there - here, "missing_here", 1)):
        for payment in sorted(count.elements(), key=lambda one: (one.paid_on or date.min, one.amount)):
            told = f"{_money(payment.amount)} on {payment.paid_on}"
            amount = -payment.amount if side == 0 else payment.amount
            mine, theirs = (told, None) if side == 0 else (None, told)
            yield says(f"payment of {document.number}", code, mine, theirs, amount, document.currency_code)


def _name(document: Document) -> str:
    return f"{document.kind} {document.number}"


def _money(amount: Decimal | None) -> str:
    """Returns an amount with two places at least, and no digit lost."""
    if amount is None:
        return "no amount"
    whole, _, places = format(amount, "f").partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"
