"""What the clerk of a random company does in the accounting beside the orders: documents and entries by hand.

In: the company's random numbers, its simulated accounting and when it is closed. Out: records in that accounting;
`notes` and what is `hidden`, where the simulator lacks what the interface may show. What does not belong here:
documents of orders (`random_orders.py`), payments (`random_payments.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from random_closings import ClosingPlan
from random_orders import PURCHASES, SALES, TERMS
from random_payments import CURRENCY_STEP, Cashier, unless_refused

from sandbox.atlas_accounting.engine import AtlasAccountingEngine

Record = dict[str, Any]


class Clerk(Cashier):
    """Keeps the books of one company; every event is given the day on which it happens."""

    def __init__(
        self,
        numbers: random.Random,
        books: AtlasAccountingEngine,
        accounts: dict[str, Record],
        closings: ClosingPlan,
        money: Callable[..., Decimal],
    ) -> None:
        super().__init__(numbers, books, accounts, closings, money)
        self.notes: list[Record] = []
        """Credit notes: the simulator makes none, so it keeps an entry of the same figures, which is `hidden`."""
        self.hidden: set[str] = set()

    def events(self) -> tuple[tuple[Callable[[date], object], int], ...]:
        """What may happen on a day, and how often beside the rest."""
        return (
            (self.issue_invoice, 9), (self.issue_bill, 7), (self.enter_by_hand, 2), (self.void, 2), (self.draft, 1),
            (self.credit_note, 1), *super().events(),
        )  # fmt: skip

    # ---------------------------------------------------------------------------------------------- documents

    def issue_invoice(self, day: date) -> None:
        """An invoice, some with VAT on its account, all with terms for early payment."""
        customer, currency = self._random.choice(list(self.customers.items()))
        issued = self.back(day)
        account = str(4900 + CURRENCY_STEP[currency]) if currency != "EUR" else self._random.choice(SALES)
        lines = self._lines(account, currency, "revenue_account_id")
        if currency == "EUR" and self._random.random() < 0.8:
            net = sum((Decimal(line["unit_price"]) for line in lines), Decimal(0))
            if vat := (net * Decimal("0.19")).quantize(Decimal("0.01")):
                lines.append(self._line("VAT", vat, "2200", "revenue_account_id"))
        body = {
            "customer_id": customer,
            "invoice_date": issued.isoformat(),
            "due_date": (issued + timedelta(days=self._random.choice(TERMS))).isoformat(),
            "currency": currency,
            "lines": lines,
            "discount_percent": "2",
            "discount_days": 60,
        }
        self._books.send_invoice(self._books.create_invoice(body)["id"])

    def issue_bill(self, day: date) -> None:
        """A supplier's bill without an order."""
        vendor, currency = self._random.choice(list(self.vendors.items()))
        issued = self.back(day)
        account = str(6500 + CURRENCY_STEP[currency]) if currency != "EUR" else self._random.choice(PURCHASES)
        body = {
            "vendor_id": vendor,
            "bill_date": issued.isoformat(),
            "due_date": (issued + timedelta(days=self._random.choice(TERMS))).isoformat(),
            "currency": currency,
            "lines": self._lines(account, currency, "expense_account_id"),
        }
        self._books.approve_bill(self._books.create_bill(body)["id"])

    def credit_note(self, day: date) -> None:
        """An invoice below zero, as another vendor's interface shows one."""
        customer, currency = self._random.choice(list(self.customers.items()))
        issued, amount = self.back(day), self._money(currency)
        revenue = str(4900 + CURRENCY_STEP[currency])
        entry = self.enter(issued, revenue, str(1100 + CURRENCY_STEP[currency]), amount)
        self._books.post_journal_entry(entry["id"])
        self.hidden.add(entry["id"])
        self.notes.append(
            {
                "id": f"note-{len(self.notes) + 1}",
                "invoice_number": f"CN-{len(self.notes) + 1}",
                "customer_id": customer,
                "invoice_date": issued.isoformat(),
                "due_date": issued.isoformat(),
                "currency": currency,
                "status": "sent",
                "notes": None,
                "total_amount": str(-amount),
                "tax_amount": "0",
                "amount_paid": "0",
                "amount_due": str(-amount),
                "lines": [{"id": "1", "amount": str(-amount), "revenue_account_id": self._accounts[revenue]["id"]}],
            }
        )

    def draft(self, day: date) -> None:
        """A draft that stays, or one that is gone again at the next landing."""
        drafts = [one for one in self._books.list("invoices") if one["status"] == "draft"]
        if drafts and self._random.random() < 0.5:
            self._books.delete_invoice(self._random.choice(drafts)["id"])
        else:
            customer, currency = self._random.choice(list(self.customers.items()))
            account = str(4900 + CURRENCY_STEP[currency])
            self._books.create_invoice(
                {
                    "customer_id": customer,
                    "invoice_date": day.isoformat(),
                    "currency": currency,
                    "lines": self._lines(account, currency, "revenue_account_id"),
                }
            )

    def void(self, _: date) -> None:
        """An invoice or a bill without an order is taken back, also where only the vendor has its day open."""
        kind = self._random.choice(("invoices", "invoices", "bills"))
        untouched = [
            one
            for one in self._books.list(kind)
            if one["status"] in ("sent", "approved", "overdue")
            and not Decimal(one["amount_paid"])
            and "atlas_etrm" not in (one["notes"] or "")
        ]
        if untouched:
            void = self._books.void_invoice if kind == "invoices" else self._books.void_bill
            unless_refused(lambda: void(self._random.choice(untouched)["id"], "by mistake"))

    def _lines(self, account: str, currency: str, account_field: str) -> list[Record]:
        return [
            self._line(f"Line {number}", self._money(currency), account, account_field)
            for number in range(self._random.randint(1, 3))
        ]

    def _line(self, text: str, amount: Decimal, account: str, account_field: str) -> Record:
        return {
            "description": text,
            "quantity": 1,
            "unit_price": str(amount),
            account_field: self._accounts[account]["id"],
        }

    # ------------------------------------------------------------------------------------------------ by hand

    def enter_by_hand(self, day: date) -> None:
        """An entry of any two accounts, also straight onto a control account or a bank in another currency."""
        pairs = self._random.choice(
            (("6800", "1000", "4130", "1100", "2000", "3000", "7900"), ("1001", "4901", "6501"))
        )
        debit, credit = self._random.sample(pairs, 2)
        entry = self.enter(self.back(day), debit, credit, self._money())
        if self._random.random() < 0.9:
            self._books.post_journal_entry(entry["id"])

    def enter(self, on: date, debit: str, credit: str, amount: Decimal) -> Record:
        """A draft of an entry of two lines, by the accounts' numbers."""
        return self._books.create_journal_entry(
            {
                "entry_date": on.isoformat(),
                "description": "By hand",
                "entry_type": "manual",
                "lines": [
                    {"account_id": self._accounts[number]["id"], "entry_type": side, "amount": str(amount),
                     "description": "x"}
                    for number, side in ((debit, "debit"), (credit, "credit"))
                ],
            }
        )  # fmt: skip
