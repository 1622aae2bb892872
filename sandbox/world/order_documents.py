"""What the books made of the orders of the past: documents, payments, and what was written back to ATLAS ETRM.

In: orders with their fates. Out: invoices and bills with the key in `notes`, payments with applications, and
`WrittenBack`: erpCodes, ATLAS invoices, ATLAS payments. The rules of DESIGN 5.7 are followed to the letter, because an
earlier run of the loop is supposed to have made all this. What does not belong here: documents without an order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from sandbox.world.books import INPUT_VAT, OUTPUT_VAT, Books, Record, document_lines
from sandbox.world.calendar import at, on_or_after, on_or_before
from sandbox.world.etrm_records import WrittenBack, day
from sandbox.world.fates import Fate
from sandbox.world.orders import Desk, Order
from sandbox.world.seeding import seeded
from sandbox.world.timeline import Timeline

_NOT_BOOKED = {Fate.DRAFT, Fate.READY, Fate.HELD, Fate.REJECTED, Fate.ELSEWHERE_UNKNOWN}
_WITHOUT_CODE = {Fate.DOCUMENT_DRAFT, Fate.DOCUMENT_ISSUED, Fate.VOIDED}
_WITHOUT_INVOICE = _WITHOUT_CODE | {Fate.CODE_ONLY, Fate.ELSEWHERE}
_PAID = {Fate.SETTLED, Fate.PAID_UNREPORTED, Fate.PAID_UNMARKED, Fate.ELSEWHERE}
_PART_PAID = {Fate.PART_PAID, Fate.PART_PAID_UNREPORTED}
_REPORTED = {Fate.SETTLED, Fate.PAID_UNMARKED, Fate.PART_PAID}
_FIRST_INVOICE_ID = 601
_FIRST_PAYMENT_ID = 1


@dataclass
class _Booked:
    """One document of an order."""

    order: Order
    side: str
    record: Record
    atlas_invoice: Record | None = None


class OrderDocuments:
    """Plans the bookkeeping of every order on the timeline."""

    def __init__(self, books: Books, desk: Desk, timeline: Timeline, *, seed: int, as_of: date) -> None:
        self.written = WrittenBack()
        self._books = books
        self._desk = desk
        self._timeline = timeline
        self._seed = seed
        self._last_day = on_or_before(as_of - timedelta(days=1))
        self._booked: dict[tuple[int, str], _Booked] = {}

    def plan(self) -> None:
        """Adds the bookings and payments of all orders."""
        transfers: dict[tuple[str, int, str], list[Order]] = defaultdict(list)
        elsewhere = 0
        for order in self._desk.orders:
            if order.fate is Fate.ELSEWHERE_UNKNOWN:
                elsewhere += 1
                self.written.erp_codes[order.number] = f"SAP-{order.month.first:%y%m}-{4700 + elsewhere}"
            if order.fate in _NOT_BOOKED:
                continue
            self._timeline.add(
                at(order.registration, 8 + order.number % 8, order.number % 60), partial(self._book, order)
            )
            for side, lines in (("invoice", order.receivable), ("bill", order.payable)):
                if lines and order.fate in _PAID:
                    transfers[order.party.key, order.month.number, side].append(order)
                elif lines and order.fate in _PART_PAID:
                    self._plan_transfer([order], side, part=True)
        for (_, _, side), orders in transfers.items():
            self._plan_transfer(orders, side, part=False)

    def _book(self, order: Order) -> None:
        if order.receivable:
            self._issue(order, "invoice")
        if order.payable:
            self._issue(order, "bill")
        if order.fate not in _WITHOUT_CODE:
            numbers = [
                self._number(order, side) for side in ("invoice", "bill") if (order.number, side) in self._booked
            ]
            self.written.erp_codes[order.number] = "+".join(numbers)
        if order.fate is Fate.VOIDED:
            self._timeline.add(at(on_or_after(order.registration + timedelta(days=2)), 15), partial(self._void, order))

    def _issue(self, order: Order, side: str) -> None:
        books, is_draft = self._books, order.fate is Fate.DOCUMENT_DRAFT
        more: Record = {"notes": f"atlas_etrm:order:{order.number}"}
        if order.fate is Fate.ELSEWHERE:
            more = {"notes": "Taken over from the previous system"}
            prefix = "RE" if side == "invoice" else "ER"
            more[f"{side}_number"] = f"{prefix}-{order.month.first:%Y}-{700 + order.number:05d}"
        if side == "invoice":
            lines = document_lines(order.receivable, OUTPUT_VAT)
            record = books.invoice(order.party.key, order.registration, order.due, lines, **more)
            record = record if is_draft else books.engine.send_invoice(record["id"])
        else:
            lines = document_lines(order.payable, INPUT_VAT)
            own = f"SB-{order.number}" if order.party.is_self_billing else None
            more["vendor_bill_number"] = own or order.document_reference
            record = books.bill(order.party.key, order.registration, order.due, lines, **more)
            record = record if is_draft else books.engine.approve_bill(record["id"])
        booked = self._booked[order.number, side] = _Booked(order, side, record)
        if order.fate not in _WITHOUT_INVOICE:
            booked.atlas_invoice = self._atlas_invoice(booked)

    def _number(self, order: Order, side: str) -> str:
        return str(self._booked[order.number, side].record[f"{side}_number"])

    def _void(self, order: Order) -> None:
        for side, void in (("invoice", self._books.engine.void_invoice), ("bill", self._books.engine.void_bill)):
            if (order.number, side) in self._booked:
                void(self._booked[order.number, side].record["id"], "Counterparty disputes the volumes")

    def _atlas_invoice(self, booked: _Booked) -> Record:
        order, record = booked.order, booked.record
        number = record[f"{booked.side}_number"]
        invoice = {
            "id": _FIRST_INVOICE_ID + len(self.written.invoices),
            "orderId": order.number,
            "externalId": number,
            "invoiceNumber": record.get("vendor_bill_number") or number,
            "amount": record["total_amount"],
            "invoiceDate": day(order.registration),
            "dueDate": day(order.due),
            "isPaid": False,
        }
        self.written.invoices.append(invoice)
        return invoice

    def _plan_transfer(self, orders: list[Order], side: str, *, part: bool) -> None:
        random = seeded(f"{self._seed}:transfer:{orders[0].number}:{side}")
        due = max(order.due for order in orders)
        booked = max(order.registration for order in orders)
        days_off = random.choice((-4, -2, 0, 0, 0, 0, 1, 1, 2, 3, 9, 24))
        paid = on_or_after(max(due + timedelta(days=days_off), booked + timedelta(days=1)))
        paid = min(paid, self._last_day)
        share = Decimal(random.choice(("0.4", "0.5", "0.65"))) if part else Decimal(1)
        in_two = not part and len(orders) == 1 and random.random() < 0.12
        first = share / 2 if in_two else share
        instant = at(paid, 16, orders[0].number % 60)
        self._timeline.add(instant, partial(self._transfer, orders, side, paid, first))
        if in_two:
            later = min(on_or_after(paid + timedelta(days=5)), self._last_day)
            self._timeline.add(at(later, 17, orders[0].number % 60), partial(self._transfer, orders, side, later, None))

    def _transfer(self, orders: list[Order], side: str, paid: date, share: Decimal | None) -> None:
        """One bank transfer: the share of every document's total, or what is left of it."""
        applied = []
        for order in orders:
            record = self._books.engine.get(f"{side}s", self._booked[order.number, side].record["id"])
            due = Decimal(record["amount_due"])
            total = Decimal(record["total_amount"])
            applied.append((record, due if share is None else min((total * share).quantize(Decimal("0.01")), due)))
        amount = sum((part for _, part in applied), Decimal())
        move = self._books.receive if side == "invoice" else self._books.pay
        letter = "R" if side == "invoice" else "P"
        payment = move(orders[0].party.key, paid, amount, applied, f"BT{letter}-{paid:%y%m%d}-{orders[0].number:04d}")
        for order, (record, part) in zip(orders, applied, strict=True):
            self._report(order, side, payment["id"], record["id"], part, paid)

    def _report(self, order: Order, side: str, payment_id: str, document_id: str, part: Decimal, paid: date) -> None:
        invoice = self._booked[order.number, side].atlas_invoice
        if invoice is None or order.fate not in _REPORTED:
            return
        self.written.payments.append(
            {
                "id": _FIRST_PAYMENT_ID + len(self.written.payments),
                "invoiceId": invoice["id"],
                "orderId": order.number,
                "externalId": f"{payment_id}:{document_id}",
                "amount": f"{part}",
                "paymentDate": day(paid),
            }
        )
        document = self._books.engine.get(f"{side}s", document_id)
        if order.fate is Fate.SETTLED and not Decimal(document["amount_due"]):
            invoice["isPaid"] = True
