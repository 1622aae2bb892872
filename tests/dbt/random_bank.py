"""The lines a random company's bank shows: charges by their code, and charges kept back from money received.

In: the company's random numbers, its simulated accounting and when it is closed. Out: Atlar's accounts, transactions
and days in the vendor's own shape, and entries of statements; entries by hand where somebody booked a charge. What does
not belong here: what follows from a charge (`ledger_bank_fees.py`, `ledger_statement_fees.py`).
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
_CODES: tuple[Record, ...] = ({"subfamily": "CHRG"}, {"subfamily": "COMM"}, {"proprietary": {"code": "NCHG"}})
_BANKS = {"EUR": "1000", "SEK": "1001"}
_FILES = "bank-files"
"""An account whose lines only statements tell."""
_STATEMENT_CODES: tuple[Record, ...] = (
    {"bankTransactionCode": "ACMT/MDOP/CHRG"},
    {"bankTransactionCode": "NCHG"},
    {"bankTransactionCode": "NMSC", "gvc": "808"},
    {"bankTransactionCode": "NMSC", "gvc": "808", "textKeyExtension": "000"},
    # A closing of the account: interest and fees in one sum, which nobody but a person can take apart.
    {"bankTransactionCode": "NMSC", "gvc": "805"},
)


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
        self.accounts.append({"id": _FILES, "name": "Statements only", "currency": "EUR"})
        self.transactions: list[Record] = []
        self.summaries: list[Record] = []
        self.entries: list[Record] = []
        self._untold: list[Record] = []
        """Entries of statements that Atlar has not told yet."""

    def events(self) -> tuple[tuple[Callable[[date], object], int], ...]:
        """What may happen on a day, and how often beside the rest."""
        return (
            (self.charge, 4), (self.keep_back, 3), (self.charge_by_statement, 5), (self.charge_twice, 2),
            (self.keep_back_silently, 2), (self.tell_late, 2),
        )  # fmt: skip

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
            self._receive(entered, currency, figure)
        self._book(day, currency, amount - charge, charges=[{"amount": _amount(charge, currency)}])

    def _receive(self, on: date, currency: str, amount: Decimal) -> None:
        customer = next(one for one in self._books.list("customers") if one["currency"] == currency)
        self._books.create_payment(
            {
                "customer_id": customer["id"],
                "payment_date": on.isoformat(),
                "amount": str(amount),
                "currency": currency,
                "deposit_account_id": self._books.account_by_number(_BANKS[currency])["id"],
            }
        )

    def charge_by_statement(self, day: date) -> None:
        """A charge that only a statement tells, on an account that Atlar lists, wholly or in part, or does not."""
        on = day - timedelta(days=self._random.choice((0, 0, 3, 9)))
        if on < FIRST_FEE:
            return
        account, amount = self._random.choice((_FILES, _FILES, "bank-EUR", "bank-SEK")), self._random.choice(_CHARGES)
        is_refund = self._random.random() < 0.15
        entry = self._tell(on, account, amount if is_refund else -amount, **self._random.choice(_STATEMENT_CODES))
        if account != _FILES:
            self._untold.append(entry)
            if self._random.random() < 0.7:
                self._list_day(account, on)
        elif self._random.random() < 0.25:
            entered = on + timedelta(days=self._random.choice((0, 1, 6)))
            if entered >= self._closings.first_open(day, of_vendor=True):
                self._books.post_journal_entry(self._enter(entered, "6800", "1000", amount)["id"])

    def charge_twice(self, day: date) -> None:
        """A charge that Atlar and a statement both tell; some are one by the statement's code alone."""
        if day < FIRST_FEE:
            return
        currency, amount = self._random.choice(("EUR", "SEK")), -self._random.choice(_CHARGES)
        self._book(day, currency, amount, bankTransactionCode=self._random.choice((*_CODES, {"subfamily": "OTHR"})))
        self._tell(day, f"bank-{currency}", amount, **self._random.choice(_STATEMENT_CODES))

    def keep_back_silently(self, day: date) -> None:
        """A receipt booked with what was sent, less a charge that the statement names; Atlar rarely does as well."""
        if day < FIRST_FEE:
            return
        amount, charge = Decimal(self._random.randint(100, 10**6)), self._random.choice(_CHARGES)
        self._receive(max(day, self._closings.first_open(day, of_vendor=True)), "EUR", amount)
        told = self._random.choice((None, None, charge, charge + 1))
        fields = {} if told is None else {"charges": [{"amount": _amount(told, "EUR")}]}
        self._book(day, "EUR", amount - charge, **fields)
        charges = [{"amount": f"{charge:.2f}", "currency": "EUR"}]
        self._tell(day, "bank-EUR", amount - charge, bankTransactionCode="NTRF", charges=charges)

    def tell_late(self, _: date) -> None:
        """Atlar tells what only a statement told so far, on its day or two days later; mostly what is posted by now."""
        if not self._untold:
            return
        posted = " ".join(entry["description"] or "" for entry in self._books.list("journal_entries"))
        known = [entry for entry in self._untold if f"{entry['accountId']}:{entry['entryKey']}" in posted]
        entry = self._random.choice(known or self._untold)
        self._untold.remove(entry)
        on = date.fromisoformat(entry["bookingDate"]) + timedelta(days=self._random.choice((0, 0, 2)))
        codes = (self._random.choice(_CODES), {"subfamily": "OTHR"})
        self._book(on, entry["currency"], Decimal(entry["amount"]), bankTransactionCode=self._random.choice(codes))

    def _tell(self, on: date, account: str, amount: Decimal, **fields: Any) -> Record:
        number = len(self.entries) + 1
        self.entries.append(
            {
                "id": f"entry-{number}",
                "connectionId": "con-1",
                "bankStatementId": f"st-{number}",
                "entryNumber": 1,
                "statementLine": 1,
                "entryKey": f"{self._random.randrange(16**8):08x}",
                "accountId": account,
                "bookingDate": on.isoformat(),
                "amount": f"{amount:.2f}",
                "currency": "EUR" if account == _FILES else account.removeprefix("bank-"),
                **fields,
            }
        )
        return self.entries[-1]

    def _list_day(self, account: str, on: date) -> None:
        """Atlar says that it has every line of a day."""
        key = f"{account}/{on}"
        if key not in {summary["id"] for summary in self.summaries}:
            count = sum((t["accountId"], t["date"]) == (account, on.isoformat()) for t in self.transactions)
            self.summaries.append({"id": key, "accountId": account, "date": on.isoformat(), "transactionCount": count})

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
