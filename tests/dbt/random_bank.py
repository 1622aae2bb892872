"""The lines a random company's bank shows: charges by their code, and charges kept back from money received.

In: the company's random numbers, its simulated accounting and when it is closed. Out: Atlar's accounts and
transactions in the vendor's own shape; entries by hand where somebody booked a charge. What does not belong here: what
follows from a charge (`ledger_bank_fees.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from random_closings import ClosingPlan

from sandbox.atlas_accounting.engine import AtlasAccountingEngine

Record = dict[str, Any]

FIRST_FEE = date(2026, 2, 20)
"""Some days before the policy begins: what lies before it is nobody's."""
_CHARGES = (Decimal("2.50"), Decimal("5.00"), Decimal("12.50"))
"""Few, so that equal charges of one month must be told apart."""
_CODES = ({"subfamily": "CHRG"}, {"subfamily": "COMM"}, {"proprietary": {"code": "NCHG"}})
_BANKS = {"EUR": "1000", "SEK": "1001"}


class Bank:
    """Two accounts and what is booked on them."""

    def __init__(
        self,
        numbers: random.Random,
        books: AtlasAccountingEngine,
        closings: ClosingPlan,
        enter: Callable[[date, str, str, Decimal], Record],
    ) -> None:
        self._random, self._books, self._closings, self._enter = numbers, books, closings, enter
        self.accounts: list[Record] = [
            {"id": f"bank-{currency}", "name": f"Operating {currency}", "currency": currency} for currency in _BANKS
        ]
        self.transactions: list[Record] = []

    def events(self) -> tuple[tuple[Callable[[date], object], int], ...]:
        """What may happen on a day, and how often beside the rest."""
        return ((self.charge, 4), (self.keep_back, 3))

    def charge(self, day: date) -> None:
        """A charge, now and then refunded; some are entered by hand, of these some weeks or months later."""
        on = day - timedelta(days=self._random.choice((0, 0, 3, 9)))
        if on < FIRST_FEE:
            return
        currency, amount = self._random.choice(("EUR", "EUR", "EUR", "SEK")), self._random.choice(_CHARGES)
        is_refund = self._random.random() < 0.15
        self._book(on, currency, amount if is_refund else -amount, bankTransactionCode=self._random.choice(_CODES))
        if currency == "EUR" and self._random.random() < 0.35:
            entered = on + timedelta(days=self._random.choice((0, 0, 1, 6, 12)))
            if entered >= self._closings.first_open(day, of_vendor=True):
                sides = ("1000", "6800") if is_refund else ("6800", "1000")
                self._books.post_journal_entry(self._enter(entered, *sides, amount)["id"])

    def keep_back(self, day: date) -> None:
        """A receipt that arrived less a charge: booked with what was sent, with what arrived, twice, or not at all."""
        if day < FIRST_FEE:
            return
        amount, charge = Decimal(self._random.randint(100, 10**6)), self._random.choice(_CHARGES)
        currency = self._random.choice(("EUR", "EUR", "SEK"))
        booked = self._random.choice(((amount,), (amount,), (amount,), (amount - charge,), (amount, amount), ()))
        for figure in booked:
            entered = max(
                day + timedelta(days=self._random.choice((-2, 0, 4))), self._closings.first_open(day, of_vendor=True)
            )
            number = next(n for n, one in enumerate(self._books.list("customers")) if one["currency"] == currency)
            self._books.create_payment(
                {
                    "customer_id": self._books.list("customers")[number]["id"],
                    "payment_date": entered.isoformat(),
                    "amount": str(figure),
                    "currency": currency,
                    "deposit_account_id": self._books.account_by_number(_BANKS[currency])["id"],
                }
            )
        self._book(day, currency, amount - charge, charges=[{"amount": _amount(charge, currency)}])

    def _book(self, on: date, currency: str, amount: Decimal, **fields: Any) -> None:
        self.transactions.append(
            {
                "id": f"tx-{len(self.transactions) + 1}",
                "accountId": f"bank-{currency}",
                "date": on.isoformat(),
                "amount": _amount(amount, currency),
                "returned": False,
                **fields,
            }
        )


def _amount(amount: Decimal, currency: str) -> Record:
    return {"currency": currency, "value": int(amount * 100), "stringValue": f"{amount:.2f}"}
