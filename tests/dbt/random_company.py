"""A company whose records are drawn from a seed: six months of orders, documents, payments, bank lines and entries.

In: a seed and an empty folder. Out: `versions`, what each landing found, in the vendors' own shape, for the models
(`land`) and for the independent ledger (`python_ledger.py`) alike, and `closings`, when the books were closed. What
does not belong here: what either makes of it.

Atlas Accounting is played by the simulated vendor, so that its own reports agree with its records; nothing is
computed for the books under test. Landings happen on several days; documents and payments are also dated back, so
what was known on a day differs from what is known of that day.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from landed_versions import AS_OF, LANDINGS, Version
from python_ledger import Ledger
from random_adjustments import Poster
from random_bank import Bank
from random_clerk import Clerk
from random_closings import Closing, ClosingPlan
from random_orders import Orders
from random_payments import CENTS, FIRST_DAY
from raw_fixture import TABLES, RawFixture

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.clock import SandboxClock
from sandbox.store import Store

Record = dict[str, Any]

REPORTED = ((date(2026, 1, 1), AS_OF), (date(2026, 3, 1), date(2026, 3, 31)))
"""Periods of the vendor's profit and loss statements."""
_DOCUMENTS = ("invoices", "bills", "payments", "payments_made", "journal_entries")


@dataclass
class RandomCompany:
    """The company of one seed; see the module's text."""

    seed: int
    folder: Path
    orders: tuple[int, ...] = (8, 8, 8, 8, 12, 12, 10, 8)
    """How many orders are registered before each landing."""
    purchases: tuple[int, ...] = (0, 0, 0, 0, 0, 9, 5, 0)
    """How many more there are under reverse charge for sure: it is posted from April on."""
    steps: tuple[int, ...] = (26, 45, 38, 38, 70, 58, 58, 45)
    """How many events there are before each landing."""
    versions: list[Version] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._clock = SandboxClock(FIRST_DAY, monotonic=lambda: 0.0)
        self._books = AtlasAccountingEngine(Store(self.folder / "atlas_accounting.sqlite"), self._clock, seed=self.seed)
        self._accounts = self._books.load_chart()
        self._plan = ClosingPlan(self._random, self.seed)
        self._clerk = Clerk(self._random, self._books, self._accounts, self._plan, self._money)
        self._bank = Bank(self._random, self._books, self._plan, self._clerk.enter)
        self._orders = Orders(self._random, self._books, self._accounts, self._plan, self._money)
        self._poster = Poster(self._random, self._books, self._accounts)
        self._landed: dict[tuple[str, Any], Record] = {}
        self._make_parties()
        self._orders.counterparties = self._counterparties
        self._orders.parties = {"invoice": list(self._clerk.customers), "bill": list(self._clerk.vendors)}
        begin = FIRST_DAY
        for number, landed_at in enumerate(LANDINGS):
            end = landed_at.date()
            self._live(begin, end, number)
            self._land(landed_at)
            if landed_at != LANDINGS[-1]:
                self._post_what_is_due(landed_at, end)
            begin = end

    @property
    def closings(self) -> list[Closing]:
        """The closings that the operations store knows; the vendor's own is in its company record."""
        return self._plan.notes

    def land(self, raw: RawFixture) -> None:
        """Lands every version of every landing, oldest first, the closings, and the reports of the business date."""
        for landed_at in LANDINGS:
            for table in TABLES:
                found = [v for v in self.versions if v.table == table and v.landed_at == landed_at]
                raw.insert(table, [_declared(table, v.record) for v in found if not v.is_deleted], landed_at=landed_at)
                raw.delete(table, [v.record for v in found if v.is_deleted], landed_at=landed_at)
        raw.insert_operations(
            "closed_periods",
            [{"source": c.source, "period_end": c.through, "closed_at": c.known_at} for c in self.closings],
        )
        reports = [
            ("trial_balance", self._books.trial_balance(AS_OF)),
            ("balance_sheet", self._books.balance_sheet(AS_OF)),
            *(("profit_loss", self._books.profit_loss(*period)) for period in REPORTED),
        ]
        for name, report in reports:
            raw.insert(
                f"atlas_accounting.{name}", [_declared(f"atlas_accounting.{name}", report)], landed_at=LANDINGS[-1]
            )

    # ------------------------------------------------------------------------------------------------ parties

    def _make_parties(self) -> None:
        """Six customers and vendors each; the first four of either side are one ATLAS counterparty.

        For VAT: one of our country, a reseller of our country, one of the Union, one from outside.
        """
        numbers = [f"{country}10000000{n}" for n, country in enumerate(("DE", "DE", "IT", "NO", "DE", "DE"), start=1)]
        for number, currency in enumerate(("EUR", "EUR", "EUR", "EUR", "SEK", "JPY"), start=1):
            code = {"external_id": f"C-{number}"} if number != 3 else {}
            customer = {"display_name": f"Customer {number}", "currency": currency, "tax_id": numbers[number - 1]}
            self._clerk.customers[self._books.create_customer(customer | code)["id"]] = currency
        for number, currency in enumerate(("EUR", "EUR", "EUR", "EUR", "SEK", "GBP"), start=1):
            code = {"external_id": f"V-{number}"} if number != 3 else {}
            vendor = {"display_name": f"Vendor {number}", "currency": currency, "tax_id": numbers[number - 1]}
            self._clerk.vendors[self._books.create_vendor(vendor | code)["id"]] = currency
        exempt = {"customFieldId": 7, "customFieldName": "VAT Status", "value": "Exempt", "validFrom": "2026-04-05"}
        reseller = {"customFieldId": 7, "customFieldName": "VAT Status", "value": "reseller", "validFrom": "2020-01-01"}
        self._counterparties = [
            {
                "id": number,
                "legalName": f"Counterparty {number}",
                "vat": f"{country} 10000000{number}",
                "country": country,
                "glAccount": "6410" if number % 2 else None,
                "iban": f"DE8937040044053201300{number}",
                "customFieldValues": statuses,
            }
            for number, country, statuses in (
                (1, "DE", [exempt]), (2, "DE", [reseller]), (3, "IT", []), (4, "NO", []),
            )
        ]  # fmt: skip
        self._deals = [
            {"id": 501, "name": "PPA", "commodity": "Power"},
            {"id": 502, "name": "Storage", "commodity": "gas"},
            {"id": 503, "name": "Origin", "commodity": "certificates"},
        ]

    # ------------------------------------------------------------------------------------------------- events

    def _live(self, begin: date, end: date, number: int) -> None:
        kinds, weights = zip(*self._clerk.events(), *self._bank.events(), strict=True)
        for order_id in range(sum(self.orders[:number]), sum(self.orders[: number + 1])):
            self._orders.make(1000 + order_id, self._day(begin, end))
        for order_id in range(sum(self.purchases[:number]), sum(self.purchases[: number + 1])):
            self._orders.buy_from_abroad(3000 + order_id, self._day(max(begin, date(2026, 4, 1)), end))
        todo: list[tuple[date, Callable[[date], object]]] = [
            (self._day(begin, end), self._random.choices(kinds, weights)[0]) for _ in range(self.steps[number])
        ]
        todo += [
            (day, lambda _, to=through: self._books.close_period(to)) for day, through in self._closing(begin, end)
        ]
        for day, act in sorted(todo, key=lambda event: event[0]):
            self._clock.set(day)
            act(day)
        self._clock.set(end)
        self._orders.settle(begin, end)

    def _closing(self, begin: date, end: date) -> list[tuple[date, date]]:
        return self._plan.by_vendor(begin, end)

    def _day(self, begin: date, end: date) -> date:
        return begin + timedelta(days=self._random.randint(0, (end - begin).days))

    def _money(self, currency: str = "EUR") -> Decimal:
        digits = self._random.choice((1, 3, 4, 5, 5, 6, 6, 7, 14))
        cents = self._random.randint(1, 10**digits)
        return Decimal(cents).scaleb(-CENTS[currency])

    def _post_what_is_due(self, landed_at: datetime, end: date) -> None:
        ledger = Ledger(self.versions, closings=[c for c in self.closings if c.known_at <= landed_at], as_of=end)
        self._poster.post(ledger.due, self._plan.first_open(end), end)

    # ------------------------------------------------------------------------------------------------ landing

    def _land(self, landed_at: datetime) -> None:
        """Notes what this landing would find anew: changed records as versions, vanished ones as tombstones."""
        found: dict[tuple[str, Any], Record] = {}
        names = ("id", "name", "base_currency", "country", "closed_through")
        company = {name: self._books.company.get(name) for name in names}
        listed: dict[str, list[Record]] = {
            "atlas_accounting.companies": [company | {"country": "DE"}],
            "atlas_etrm.counterparties": self._counterparties,
            "atlas_etrm.deals": self._deals,
            "atlas_etrm.orders": list(self._orders.orders.values()),
            "atlas_etrm.order_items": self._orders.all_items(),
            "atlar.accounts": self._bank.accounts,
            "atlar.transactions": self._bank.transactions,
            "atlar.end_of_day_summaries": self._bank.summaries,
            "atlar.bank_statement_entries": self._bank.entries,
        }
        unseen = self._clerk.taken_out | self._clerk.hidden
        for name in ("accounts", "customers", "vendors", *_DOCUMENTS):
            listed[f"atlas_accounting.{name}"] = [r for r in self._books.list(name) if r["id"] not in unseen]
        listed["atlas_accounting.invoices"] += self._clerk.notes
        for table, records in listed.items():
            for record in records:
                found[table, record["id"]] = _declared(table, record) | {"id": record["id"]}
        for (table, key), record in found.items():
            if self._landed.get((table, key)) != record:
                self.versions.append(Version(table, record, landed_at))
        for table, key in sorted(self._landed.keys() - found.keys(), key=str):
            self.versions.append(Version(table, {"id": key}, landed_at, is_deleted=True))
        self._landed = found


def _declared(table: str, record: Record) -> Record:
    """The record with the fields that the raw table declares, as a value of its own."""
    declared = {column.field for column in TABLES[table].columns}
    return {name: value for name, value in record.items() if name in declared}
