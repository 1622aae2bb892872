"""A year at the company's banks: transactions, balances of every business day, end-of-day reports.

In: the cash movements of the books, and what only the bank knows: charges, a returned payment, transfers between own
accounts, money nobody can place. Out: records of Atlar. What is booked on the ledger's bank accounts is, up to what is
planted here, what the bank says. What does not belong here: how a movement is worded (`bank_lines.py`), and the
accounts (`bank_accounts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.atlar.engine import AtlarEngine
from sandbox.world.bank_accounts import RESERVE, BankAccount, load_organization, load_payees
from sandbox.world.bank_lines import BankLine, lines_of_books
from sandbox.world.books import BANK_ACCOUNTS, Books
from sandbox.world.calendar import add_months, business_days, month_end, on_or_after, on_or_before
from sandbox.world.cast import COMPANY, Counterparty
from sandbox.world.journals import BANK, Journals

Record = dict[str, Any]

_REPORTED_DAYS = 10
"""Business days at the end of the year whose statements are there as files."""
_RESERVE_AMOUNT = Decimal("2000000.00")
_MONTHS = 12
_CHARGE = Decimal("12.50")
_KEPT_BACK = "charge kept back"
_STATEMENT_CHARGE = Decimal("8.40")
_KEPT_BACK_BY_STATEMENT = "charge that only the statement tells"

_OWN_TRANSFERS = ((10, 250000), (7, -400000), (4, 300000), (1, 150000))
"""Months back, and euros moved to the reserve account."""

_UNPLACEABLE = (
    (171, "EUR", "3417.20", "Immobilienverwaltung Kern", "Nebenkosten Abschlag"),
    (96, "EUR", "18940.55", "", "Sammelueberweisung lt. Avis"),
    (52, "GBP", "2150.00", "R J Holloway", "INVOICE"),
    (37, "SEK", "8800.00", "Kund 44871", "Inbetalning"),
    (20, "EUR", "112400.00", "Energie Clearing Pool", "Zahlung gemaess Vereinbarung vom 02.03."),
    (8, "EUR", "-745.00", "Unbekannter Lastschrifteinzug", "Mandat 00042 Beitrag 2026"),
)
"""Days back, account, amount, name and text of money nobody can place."""

_PENDING = (
    ("EUR", "64800.00", "Stadtwerke Alstertal GmbH", "Abschlag PPA"),
    ("EUR", "-9120.33", "Rechenzentrum Elbe GmbH", "Rechnung 03/2026"),
    ("SEK", "151000.00", "Mälaren Kraftförvaltning AB", "Faktura mars"),
)


class Banks:
    """Fills Atlar with what the banks of the company report.

    Attributes:
        planted: Lines with something planted in them: transaction id and what it is.
    """

    def __init__(
        self,
        engine: AtlarEngine,
        books: Books,
        journals: Journals,
        cast: Sequence[Counterparty],
        *,
        seed: int,
        as_of: date,
    ) -> None:
        self.planted: dict[str, str] = {}
        self._engine = engine
        self._books = books
        self._journals = journals
        self._cast = cast
        self._seed = seed
        self._as_of = as_of
        opening_day = on_or_before(month_end(add_months(as_of, -_MONTHS - 1)))
        self._days = list(business_days(opening_day, on_or_before(as_of - timedelta(days=1))))
        self._ids: dict[str, str] = {}

    def load(self) -> None:
        """Loads organization, transactions, balances, summaries, reports and payees."""
        accounts = load_organization(self._engine, self._seed)
        self._ids = {account.key: account.atlar_id for account in accounts}
        received = self._with_charge(lines_of_books(self._books.cash, self._days[0], self._seed))
        lines = self._with_statement_charge(received) + self._lines_of_banks()
        lines.sort(key=lambda line: line.day)
        self._engine.load("transactions", [self._booked(line) for line in lines])
        for account in accounts:
            self._load_balances(account, [line for line in lines if line.account == account.key])
        for day in self._days[-_REPORTED_DAYS:]:
            self._engine.end_of_day(day)
        pending = [
            BankLine(self._as_of, account, Decimal(amount), party, None, text, "")
            for account, amount, party, text in _PENDING
        ]
        self._engine.load(
            "pending_transactions",
            [{"id": self._engine.new_id("pending_transactions"), **self._transaction(line)} for line in pending],
        )
        load_payees(self._engine, self._cast, self._seed)

    def _with_charge(self, lines: list[BankLine]) -> list[BankLine]:
        """One euro receipt from Switzerland arrived short of a correspondent's charge; the books took what was sent."""
        month = month_end(add_months(self._as_of, -1))
        found = [
            line
            for line in lines
            if line.account == "EUR" and line.amount > _CHARGE and (line.iban or "").startswith("CH")
            if (line.day.year, line.day.month) == (month.year, month.month)
        ]
        if not found:
            return lines
        short = max(found, key=lambda line: line.day)
        arrived = replace(short, amount=short.amount - _CHARGE, charge=_CHARGE, what=_KEPT_BACK)
        return [arrived if line is short else line for line in lines]

    def _with_statement_charge(self, lines: list[BankLine]) -> list[BankLine]:
        """The newest euro receipt of the reported days arrived short, and only the bank's statement says of what."""
        found = [
            line
            for line in lines
            if line.account == "EUR" and line.amount > _STATEMENT_CHARGE and line.iban and not line.charge
            if line.day in self._days[-_REPORTED_DAYS:]
        ]
        if not found:
            return lines
        short = max(found, key=lambda line: line.day)
        arrived = replace(
            short,
            amount=short.amount - _STATEMENT_CHARGE,
            charge=_STATEMENT_CHARGE,
            is_charge_listed=False,
            what=_KEPT_BACK_BY_STATEMENT,
        )
        return [arrived if line is short else line for line in lines]

    def _lines_of_banks(self) -> list[BankLine]:
        lines = []
        for month in range(_MONTHS):
            last = month_end(add_months(self._as_of, month - _MONTHS))
            amount = -self._journals.charge_of(last)
            text = "Kontoführung und Zahlungsverkehr"
            lines.append(BankLine(on_or_before(last), "EUR", amount, BANK, None, text, "fee"))
        for back, transferred in _OWN_TRANSFERS:
            day = on_or_after(add_months(self._as_of, -back).replace(day=15))
            text = f"Übertrag eigenes Konto {day:%d.%m.%Y}"
            for account, moved in (("EUR", -transferred), (RESERVE, transferred)):
                lines.append(BankLine(day, account, Decimal(moved), COMPANY.name, None, text, "own transfer"))
        for days, account, unplaced, name, text in _UNPLACEABLE:
            day = on_or_before(self._as_of - timedelta(days=days))
            lines.append(BankLine(day, account, Decimal(unplaced), name, None, text, "nobody can place it"))
        return lines + self._returned()

    def _returned(self) -> list[BankLine]:
        """A payment that left and came back: neither leg is in the books."""
        vendor = next(party for party in self._cast if party.is_vendor and party.is_self_billing)
        left = on_or_before(self._as_of - timedelta(days=26))
        back, amount = on_or_after(left + timedelta(days=2)), Decimal("21375.40")
        text = f"Gutschrift PPA {left:%m/%Y}"
        return [
            BankLine(left, "EUR", -amount, vendor.name, vendor.iban, text, "returned later"),
            BankLine(back, "EUR", amount, vendor.name, vendor.iban, f"RETURN {text}", "return", is_return=True),
        ]

    def _booked(self, line: BankLine) -> Record:
        identifier = self._engine.new_id("transactions")
        if line.what:
            self.planted[identifier] = line.what
        return {"id": identifier, **self._transaction(line)}

    def _transaction(self, line: BankLine) -> Record:
        record = {
            "accountId": self._ids[line.account],
            "date": line.day.isoformat(),
            "valueDate": line.day.isoformat(),
            "amount": _amount(line.account[:3], line.amount),
            "reference": line.text,
            "references": {"endToEndId": line.end_to_end} if line.end_to_end else {},
            "description": line.text or line.party,
            "counterparty": _other_side(line),
            "bankTransactionCode": line.code,
            "reconciliationStatus": "NOT_RECONCILED",
            "attachedTransactables": [],
            "returned": line.is_return,
            "charges": [_charge(line)] if line.charge and line.is_charge_listed else [],
            "metadata": {},
            "created": f"{min(line.day, self._days[-1])}T20:15:00Z",
        }
        if line.charge:
            record["_statementCharges"] = [_charge(line)]
        if line.charge and line.is_charge_listed:
            record["instructedAmount"] = _amount(line.account[:3], line.amount + line.charge)
        if line.is_return:
            record["returnReason"] = {"code": "AC04", "description": "Closed account number"}
        if line.payments > 1:
            record["batchInformation"] = {"numberOfTransactions": line.payments}
        return record

    def _load_balances(self, account: BankAccount, lines: Sequence[BankLine]) -> None:
        """The closing balance of every business day, and the summaries of the days without a report of their own."""
        moved: dict[date, list[Decimal]] = defaultdict(list)
        for line in lines:
            moved[line.day].append(line.amount)
        running = self._opening(account)
        balances, summaries = [], []
        for day in self._days:
            running = sum(moved[day], running)
            balances.append(_balance(account, day, running, "BOOKED"))
            summaries.append(
                {
                    "accountId": account.atlar_id,
                    "date": day.isoformat(),
                    "transactionCount": len(moved[day]),
                    "created": f"{day + timedelta(days=1)}T04:10:00Z",
                }
            )
        balances.append(_balance(account, self._days[-1], running, "AVAILABLE"))
        self._engine.load("balances", balances)
        self._engine.load("end_of_day_summaries", summaries[:-_REPORTED_DAYS])

    def _opening(self, account: BankAccount) -> Decimal:
        if account.key == RESERVE:
            return _RESERVE_AMOUNT
        booked = self._books.balance(BANK_ACCOUNTS[account.currency], self._days[0])
        return booked - _RESERVE_AMOUNT if account.key == "EUR" else booked


def _charge(line: BankLine) -> Record:
    return {"amount": _amount(line.account[:3], line.charge), "description": "Correspondent bank charge"}


def _other_side(line: BankLine) -> Record:
    if not line.party:
        return {}
    other: Record = {"name": line.party, "partyType": "COMPANY"}
    if line.iban:
        other["externalAccount"] = {
            "market": line.iban[:2],
            "identifier": {"type": "IBAN", "number": line.iban},
            "rawIdentifier": line.iban,
        }
    return other


def _balance(account: BankAccount, day: date, amount: Decimal, kind: str) -> Record:
    return {
        "accountId": account.atlar_id,
        "type": kind,
        "reportedType": "CLOSE" if kind == "BOOKED" else "CLAV",
        "amount": _amount(account.currency, amount),
        "localDate": day.isoformat(),
        "timestamp": f"{day}T21:59:59Z",
    }


def _amount(currency: str, amount: Decimal) -> Record:
    return {"currency": currency, "stringValue": f"{amount:.0f}" if currency == "JPY" else f"{amount:.2f}"}
