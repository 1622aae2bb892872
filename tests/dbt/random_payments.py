"""Payments of a random company: received, made, netted, taken off their documents, and those that came back.

In: the company's random numbers, its simulated accounting and when it is closed. Out: payments in that accounting;
`taken_out`. What does not belong here: documents (`random_clerk.py`), the bank's own lines (`random_bank.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from random_closings import ClosingPlan

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError

Record = dict[str, Any]

CURRENCY_STEP = {"EUR": 0, "SEK": 1, "GBP": 2, "JPY": 3}
"""How far behind the euro's a currency's account stands in the chart."""
CENTS = {"EUR": 2, "SEK": 2, "GBP": 2, "JPY": 0}
FIRST_DAY = date(2025, 10, 1)


class Cashier:
    """Takes and pays the money of one company; every event is given the day on which it happens."""

    def __init__(
        self,
        numbers: random.Random,
        books: AtlasAccountingEngine,
        accounts: dict[str, Record],
        closings: ClosingPlan,
        money: Callable[..., Decimal],
    ) -> None:
        self._random, self._books, self._accounts = numbers, books, accounts
        self._closings, self._money = closings, money
        self.customers: dict[str, str] = {}
        self.vendors: dict[str, str] = {}
        """Ids of the parties with their currency."""
        self.taken_out: set[str] = set()
        """Payments that were taken out of the books altogether."""

    def events(self) -> tuple[tuple[Callable[[date], object], int], ...]:
        """What may happen on a day, and how often beside the rest."""
        return (
            (self.receive, 7), (self.pay, 7), (self.receive_early, 8), (self.void_payment, 8), (self.net, 1),
            (self.take_off, 5),
        )  # fmt: skip

    def back(self, day: date) -> date:
        """The day itself, or one up to forty days before, as far as the vendor takes it: what is dated back."""
        moved = self._random.choice((0, 0, 0, 1, 7, 40))
        return max(FIRST_DAY, self._closings.first_open(day, of_vendor=True), day - timedelta(days=moved))

    def receive(self, day: date) -> None:
        """Money received: for up to two open invoices, or for none yet, or more than they come to."""
        customer, currency = self._random.choice(list(self.customers.items()))
        open_invoices = self._open("invoices", "customer_id", customer)
        if self._random.random() < 0.3:
            currency = next((one["currency"] for one in open_invoices if one["currency"] != currency), currency)
        fitting = [one for one in open_invoices if one["currency"] == currency]
        chosen = self._random.sample(fitting, min(len(fitting), self._random.randint(0, 2)))
        parts = [(invoice, self._part(Decimal(invoice["amount_due"]), currency)) for invoice in chosen]
        amount = sum((part for _, part in parts), Decimal(0)) + self._random.choice((Decimal(0), self._money(currency)))
        if not amount:
            return
        body = {
            "customer_id": customer,
            "payment_date": self.back(day).isoformat(),
            "amount": str(amount),
            "currency": currency,
            "deposit_account_id": self._accounts[str(1000 + CURRENCY_STEP[currency])]["id"],
        }
        payment = self._books.create_payment(body)
        for invoice, part in parts:
            self._apply(payment["id"], invoice, part)

    def _apply(self, payment_id: str, invoice: Record, part: Decimal) -> None:
        discount = part < Decimal(invoice["amount_due"]) and self._random.random() < 0.7
        application = {"invoice_id": invoice["id"], "amount": str(part)}
        with_discount = application | {"take_discount": True}
        # Too late for the discount, or more than is due with it: without one the part always fits.
        if not discount or not unless_refused(lambda: self._books.apply_payment(payment_id, with_discount)):
            self._books.apply_payment(payment_id, application)

    def receive_early(self, day: date) -> None:
        """The whole of an invoice less its discount, in time for it."""
        fitting = [
            one
            for one in self._books.list("invoices")
            if one["status"] in ("sent", "overdue")
            and one["discount_percent"]
            and not Decimal(one["amount_paid"])
            and 0 <= (day - date.fromisoformat(one["invoice_date"])).days <= 60
        ]
        if not fitting:
            return
        invoice = self._random.choice(fitting)
        total, currency = Decimal(invoice["total_amount"]), invoice["currency"]
        unit = Decimal(1).scaleb(-CENTS[currency])
        amount = total - (total * Decimal("0.02")).quantize(unit, rounding="ROUND_HALF_UP")
        if not amount:
            return
        payment = self._books.create_payment(
            {
                "customer_id": invoice["customer_id"],
                "payment_date": day.isoformat(),
                "amount": str(amount),
                "currency": currency,
                "deposit_account_id": self._accounts[str(1000 + CURRENCY_STEP[currency])]["id"],
            }
        )
        application = {"invoice_id": invoice["id"], "amount": str(amount)}
        with_discount = application | {"take_discount": True}
        if not unless_refused(lambda: self._books.apply_payment(payment["id"], with_discount)):
            self._books.apply_payment(payment["id"], application)

    def pay(self, day: date) -> None:
        """Money paid, as money received."""
        vendor, currency = self._random.choice(list(self.vendors.items()))
        open_bills = self._open("bills", "vendor_id", vendor)
        if self._random.random() < 0.3:
            currency = next((one["currency"] for one in open_bills if one["currency"] != currency), currency)
        fitting = [one for one in open_bills if one["currency"] == currency]
        chosen = self._random.sample(fitting, min(len(fitting), self._random.randint(0, 2)))
        parts = [(bill["id"], self._part(Decimal(bill["amount_due"]), currency)) for bill in chosen]
        amount = sum((part for _, part in parts), Decimal(0)) + self._random.choice((Decimal(0), self._money(currency)))
        if amount:
            self._books.create_payment_made(
                {
                    "vendor_id": vendor,
                    "payment_date": self.back(day).isoformat(),
                    "amount": str(amount),
                    "currency": currency,
                    "payment_account_id": self._accounts[str(1000 + CURRENCY_STEP[currency])]["id"],
                    "applications": [{"bill_id": bill, "amount_applied": str(part)} for bill, part in parts],
                }
            )

    def _part(self, due: Decimal, currency: str) -> Decimal:
        """All of it, all but the smallest unit, the smallest unit, nearly all, or something between."""
        unit = Decimal(1).scaleb(-CENTS[currency])
        choice = self._random.choice(("all", "all", "all but one", "one", "some", "less a discount"))
        if choice == "all" or due <= unit:
            return due
        if choice == "all but one":
            return due - unit
        if choice == "one":
            return unit
        if choice == "less a discount":
            return max(unit, (due * Decimal("0.97")).quantize(unit))
        return unit * self._random.randint(1, int(due / unit))

    def _open(self, table: str, party_field: str, party: str) -> list[Record]:
        return [
            record
            for record in self._books.list(table)
            if record[party_field] == party and record["status"] not in ("draft", "pending", "voided", "paid")
        ]

    def void_payment(self, _: date) -> None:
        """Money that came back: voided, or taken out of the books altogether."""
        kind = self._random.choice(("payments", "payments_made"))
        living = [one for one in self._books.list(kind) if one["status"] != "voided"]
        # Mostly one on which more hangs than its own entry, and a late one: what hangs on it may be posted.
        discounted = [one for one in living if any(Decimal(a.get("discount_taken") or 0) for a in one["applications"])]
        foreign = [one for one in living if one["currency"] != "EUR" and one["applications"]]
        some = self._random.choice((discounted[-14:], discounted[-14:], foreign[-8:], foreign[-8:], living)) or living
        if some:
            payment = self._random.choice(some)
            payment_id, settled = payment["id"], [dict(row) for row in payment["applications"]]
            void = self._books.void_payment if kind == "payments" else self._books.void_payment_made
            if unless_refused(lambda: void(payment_id)):
                if self._random.random() < 0.5:
                    self.taken_out.add(payment_id)
                if payment["currency"] != "EUR" and self._random.random() < 0.5:
                    self._void_what_was_settled(settled)

    def take_off(self, _: date) -> None:
        """A payment is taken off a document; its money waits, or settles another one."""
        kind = self._random.choice(("payments", "payments", "payments_made"))
        applied = [
            one
            for one in self._books.list(kind)
            if one["applications"] and not (one["reference_number"] or "").startswith("atlas_etrm:netting:")
        ]
        # Mostly one on which more hangs than its own entry.
        discounted = [one for one in applied if any(Decimal(a.get("discount_taken") or 0) for a in one["applications"])]
        foreign = [one for one in applied if one["currency"] != "EUR"]
        some = self._random.choice((discounted[-14:], foreign[-8:], applied)) or applied
        if not some:
            return
        payment = self._random.choice(some)
        row = self._random.choice(payment["applications"])
        if kind == "payments_made":
            self._books.take_payment_made_off(payment["id"], row["bill_id"])
        elif unless_refused(lambda: self._books.take_payment_off(payment["id"], row["invoice_id"])):
            amount = Decimal(row["amount_applied"])
            others = [
                one
                for one in self._open("invoices", "customer_id", payment["customer_id"])
                if one["currency"] == payment["currency"] and one["id"] != row["invoice_id"]
            ]
            if others and self._random.random() < 0.6:
                other = self._random.choice(others)
                part = min(amount, Decimal(other["amount_due"]))
                self._books.apply_payment(payment["id"], {"invoice_id": other["id"], "amount": str(part)})

    def _void_what_was_settled(self, applications: list[Record]) -> None:
        """The documents too, where nothing else has paid them."""
        for row in applications:
            if "invoice_id" in row:
                unless_refused(lambda settled=row["invoice_id"]: self._books.void_invoice(settled, "returned"))
            else:
                unless_refused(lambda settled=row["bill_id"]: self._books.void_bill(settled, "returned"))

    def net(self, day: date) -> None:
        """Offsets what one counterparty owes with what it is owed, through the clearing account, as Tieout does."""
        number = self._random.randrange(4)
        customer, vendor = list(self.customers)[number], list(self.vendors)[number]
        invoices = [one for one in self._open("invoices", "customer_id", customer) if one["currency"] == "EUR"]
        bills = [one for one in self._open("bills", "vendor_id", vendor) if one["currency"] == "EUR"]
        if not invoices or not bills:
            return
        invoice, bill = self._random.choice(invoices), self._random.choice(bills)
        amount = str(min(Decimal(invoice["amount_due"]), Decimal(bill["amount_due"])))
        payment = {
            "payment_date": max(day, self._closings.first_open(day)).isoformat(),
            "amount": amount,
            "currency": "EUR",
            "reference_number": f"atlas_etrm:netting:A-{number}:{day}:{len(self._books.list('payments_made')) + 1}",
        }
        clearing = self._accounts["1500"]["id"]
        self._books.create_payment_made(
            payment
            | {"vendor_id": vendor, "payment_account_id": clearing}
            | {"applications": [{"bill_id": bill["id"], "amount_applied": amount}]}
        )
        receipt = self._books.create_payment(payment | {"customer_id": customer, "deposit_account_id": clearing})
        self._books.apply_payment(receipt["id"], {"invoice_id": invoice["id"], "amount": amount})


def unless_refused(act: Callable[[], object]) -> bool:
    """Whether the vendor did it: it refuses, among others, what is dated in a period it has closed."""
    try:
        act()
    except AtlasAccountingError:
        return False
    return True
