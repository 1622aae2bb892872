"""Documents that are not born from orders: services the company sells, software and data it buys.

In: the books, the timeline. Out: invoices and bills in EUR, SEK, GBP and JPY in every state, overdue in every aging
bucket and on its edges, paid early, late, in parts; open credits. What does not belong here: documents of orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from random import Random

from sandbox.world import identifiers
from sandbox.world.books import INPUT_VAT, OUTPUT_VAT, Books, Record
from sandbox.world.calendar import at, business_day_of, on_or_after, on_or_before, settlement_months
from sandbox.world.roster import SERVICE_CUSTOMERS, SUPPLIERS
from sandbox.world.seeding import seeded
from sandbox.world.settlement import VAT_RATE
from sandbox.world.timeline import Timeline

_REVENUE = {"EUR": "4900", "SEK": "4901", "GBP": "4902", "JPY": "4903"}
_EXPENSE = {"EUR": "6500", "SEK": "6501", "GBP": "6502", "JPY": "6503"}
_PER_EURO = {"EUR": Decimal(1), "SEK": Decimal(11), "GBP": Decimal("0.86"), "JPY": Decimal(160)}
_MARKET = {"EUR": "DE", "SEK": "SE", "GBP": "GB"}

RECEIVABLE_EDGES = (0, 1, 30, 31, 60, 61, 90, 91, 120, 121)
"""Days past due of planted invoices: both sides of every edge of the aging buckets."""
PAYABLE_EDGES = (0, 30, 31, 75, 100, 150)
"""Days past due of planted bills."""


@dataclass(frozen=True)
class _Party:
    side: str
    key: str
    name: str
    currency: str
    iban: str | None

    @property
    def is_german(self) -> bool:
        return self.currency == "EUR" and self.name.rsplit(" ", 1)[-1] in ("GmbH", "eG", "mbB")


class Services:
    """Plans the documents that belong to no order.

    Attributes:
        planted: What each planted document is, by its number, for this room's README.
    """

    def __init__(self, books: Books, timeline: Timeline, *, seed: int, as_of: date) -> None:
        self.planted: dict[str, str] = {}
        self._books = books
        self._timeline = timeline
        self._seed = seed
        self._as_of = as_of
        self._last_day = on_or_before(as_of - timedelta(days=1))
        self._customers = [
            _Party("customer", f"service-{place}", name, currency, self._iban(currency, name))
            for place, (name, currency) in enumerate(SERVICE_CUSTOMERS)
        ]
        self._suppliers = [
            _Party("vendor", f"supplier-{place}", name, currency, self._iban(currency, name))
            for place, (name, currency) in enumerate(SUPPLIERS)
        ]

    def _iban(self, currency: str, name: str) -> str | None:
        market = _MARKET.get(currency)
        return identifiers.iban(market, seeded(f"{self._seed}:{name}")) if market else None

    def add_parties(self) -> None:
        """The customers and suppliers; every third has no code of its own."""
        for side, prefix, first, parties in (
            ("customer", "C-", 1901, self._customers),
            ("vendor", "V-", 2901, self._suppliers),
        ):
            for place, party in enumerate(parties):
                code = None if place % 3 == 2 else f"{prefix}{first + place}"
                body = {
                    "display_name": party.name,
                    "external_id": code,
                    "currency": party.currency,
                    "payment_terms": "net_30",
                    "email": f"{'ap' if side == 'customer' else 'billing'}@{party.key}.test",
                }
                self._books.add_party(side, party.key, body, party.iban)

    def plan(self) -> None:
        """Adds all documents and payments to the timeline."""
        for month in settlement_months(self._as_of):
            for place, customer in enumerate(self._customers):
                # Foreign customers are invoiced monthly: their money is what the foreign suppliers are paid from.
                if customer.currency != "EUR" or (month.number + place) % 2 == 0:
                    self._plan_usual(customer, business_day_of(month.first, 3 + place % 4), 4000, 16000)
            for place, supplier in enumerate(self._suppliers):
                if month.number and (month.number + place) % 2 == 0:
                    self._plan_usual(supplier, business_day_of(month.first, 8 + place % 4), 800, 5200)
        self._plan_edges()
        self._plan_states()
        self._plan_credits()

    def _lines(self, party: _Party, net: Decimal) -> list[Record]:
        sells = party.side == "customer"
        account = (_REVENUE if sells else _EXPENSE)[party.currency]
        what = "Portfolio management" if sells else "Licence and data feed"
        lines: list[Record] = [{"description": what, "unit_price": net, "account": account}]
        if party.is_german:
            vat = (net * VAT_RATE).quantize(Decimal("0.01"))
            lines.append({"description": "VAT 19 %", "unit_price": vat, "account": OUTPUT_VAT if sells else INPUT_VAT})
        return lines

    def _amount(self, party: _Party, random: Random, low: int, high: int) -> Decimal:
        value = Decimal(random.randrange(low, high)) * _PER_EURO[party.currency]
        # Round prices, as price lists have them; the yen has no cents.
        return value.quantize(Decimal(10) if party.currency in ("JPY", "SEK") else Decimal(1)).quantize(
            Decimal(1) if party.currency == "JPY" else Decimal("0.01")
        )

    def _draft(self, party: _Party, day: date, due: date, random: Random, low: int, high: int) -> Record:
        lines = self._lines(party, self._amount(party, random, low, high))
        if party.side == "customer":
            return self._books.invoice(party.key, day, due, lines)
        number = f"{party.currency}{day:%y%m}{random.randrange(100, 999)}"
        return self._books.bill(party.key, day, due, lines, vendor_bill_number=number)

    def _issue(self, party: _Party, document: Record) -> Record:
        engine = self._books.engine
        return engine.send_invoice(document["id"]) if party.side == "customer" else engine.approve_bill(document["id"])

    def _settle(self, party: _Party, document_id: str, paid: date, share: Decimal | None, extra: Decimal) -> None:
        table = "invoices" if party.side == "customer" else "bills"
        document = self._books.engine.get(table, document_id)
        unit = Decimal(1) if party.currency == "JPY" else Decimal("0.01")
        due = Decimal(document["amount_due"])
        part = due if share is None else (due * share).quantize(unit)
        move = self._books.receive if party.side == "customer" else self._books.pay
        number = document.get("invoice_number") or document.get("bill_number")
        move(party.key, paid, part + extra, [(document, part)], f"{party.currency}-{paid:%y%m%d}-{str(number)[-4:]}")

    def _plan_usual(self, party: _Party, issued: date, low: int, high: int) -> None:
        random = seeded(f"{self._seed}:{party.key}:{issued}")
        due = issued + timedelta(days=30)
        paid = on_or_after(due + timedelta(days=random.choice((-12, -6, -1, 0, 0, 0, 1, 2, 4, 8, 19))))
        is_late_payer = random.random() < 0.04

        def issue() -> None:
            document = self._issue(party, self._draft(party, issued, due, random, low, high))
            if paid <= self._last_day and not is_late_payer:
                action = partial(self._settle, party, document["id"], paid, None, Decimal())
                self._timeline.add(at(paid, 14, random.randrange(60)), action)

        if issued <= self._last_day:
            self._timeline.add(at(issued, 10, random.randrange(60)), issue)

    def _plan_one(self, party: _Party, what: str, issued: date, due: date, state: str) -> None:
        random = seeded(f"{self._seed}:{party.key}:{what}:{issued}")

        def issue() -> None:
            document = self._draft(party, issued, due, random, 1500, 6000)
            self.planted[str(document.get("invoice_number") or document.get("bill_number"))] = what
            engine = self._books.engine
            if state == "draft":
                return
            if state == "pending":
                engine.submit_bill(document["id"])
                return
            self._issue(party, document)
            if state == "viewed":
                engine.view_invoice(document["id"])
            elif state == "voided":
                void = engine.void_invoice if party.side == "customer" else engine.void_bill
                void(document["id"], "Issued twice")
            elif state in ("partial", "overpaid"):
                paid = min(on_or_after(issued + timedelta(days=3)), self._last_day)
                share, extra = (Decimal("0.4"), Decimal()) if state == "partial" else (None, Decimal("12.50"))
                self._timeline.add(at(paid, 15), lambda: self._settle(party, document["id"], paid, share, extra))

        self._timeline.add(at(issued, 11, random.randrange(60)), issue)

    def _plan_edges(self) -> None:
        for place, days in enumerate(RECEIVABLE_EDGES):
            due = self._as_of - timedelta(days=days)
            customer = self._customers[place % len(self._customers)]
            issued = min(on_or_before(due - timedelta(days=30)), self._last_day)
            self._plan_one(customer, f"open, due {days} days before the business date", issued, due, "open")
        for place, days in enumerate(PAYABLE_EDGES):
            due = self._as_of - timedelta(days=days)
            supplier = self._suppliers[place % len(self._suppliers)]
            issued = on_or_before(due - timedelta(days=30))
            self._plan_one(supplier, f"open, due {days} days before the business date", issued, due, "open")

    def _plan_states(self) -> None:
        recent = on_or_before(self._as_of - timedelta(days=10))
        later = self._as_of + timedelta(days=20)
        for customer, states in (
            (self._customers[0], ("draft", "viewed", "partial")),
            (self._customers[1], ("voided", "overpaid")),
            (self._customers[3], ("draft", "partial")),
            (self._customers[5], ("viewed",)),
            (self._customers[7], ("partial", "voided")),
        ):
            for state in states:
                self._plan_one(customer, state, recent, later, state)
        for supplier, states in (
            (self._suppliers[0], ("draft", "pending", "partial")),
            (self._suppliers[1], ("voided", "open")),
            (self._suppliers[3], ("pending", "open")),
            (self._suppliers[5], ("draft", "partial")),
            (self._suppliers[7], ("open",)),
        ):
            for state in states:
                self._plan_one(supplier, state, recent, later, state)

    def _plan_credits(self) -> None:
        """Money that belongs to no document yet: open credits on both sides."""
        day = on_or_before(self._as_of - timedelta(days=18))
        for party, amount in (
            (self._customers[0], Decimal("5000.00")),
            (self._customers[4], Decimal("42000.00")),
        ):
            self._timeline.add(
                at(day, 13),
                partial(self._books.receive, party.key, day, amount, [], "ADVANCE"),
            )
        supplier = self._suppliers[6]
        self._timeline.add(at(day, 13), lambda: self._books.pay(supplier.key, day, Decimal("900.00"), [], "ADVANCE"))
