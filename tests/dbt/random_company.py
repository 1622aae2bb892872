"""A company whose records are drawn from a seed: six months of orders, documents, payments and entries by hand.

In: a seed and an empty folder. Out: `versions`, what each landing found, in the vendors' own shape, for the models
(`land`) and for the independent ledger (`python_ledger.py`) alike. What does not belong here: what either makes of it.

Atlas Accounting is played by the simulated vendor, so that its own reports agree with its records; nothing is
computed for the books under test. Landings happen on several days; documents and payments are also dated back, so
what was known on a day differs from what is known of that day.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from random_orders import PURCHASES, SALES, TERMS, Orders
from raw_fixture import TABLES, RawFixture

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError
from sandbox.clock import SandboxClock
from sandbox.store import Store

Record = dict[str, Any]

FIRST_DAY = date(2025, 10, 1)
AS_OF = date(2026, 4, 10)
LANDINGS = (
    datetime(2025, 11, 14, 5, tzinfo=UTC),
    # Already the new year in the company's zone: known on 1 January, not on 31 December.
    datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2026, 1, 31, 22, 30, tzinfo=UTC),
    datetime(2026, 2, 28, 20, tzinfo=UTC),
    # Still March in the company's zone: the last that is known at its end.
    datetime(2026, 3, 31, 21, 30, tzinfo=UTC),
    datetime(2026, 4, 10, 5, tzinfo=UTC),
)
_CONTROL = {"EUR": 0, "SEK": 1, "GBP": 2, "JPY": 3}
_CENTS = {"EUR": 2, "SEK": 2, "GBP": 2, "JPY": 0}


@dataclass(frozen=True)
class Version:
    """One record as one landing found it."""

    table: str
    record: Record
    landed_at: datetime
    is_deleted: bool = False


@dataclass
class RandomCompany:
    """The company of one seed; see the module's text."""

    seed: int
    folder: Path
    order_count: int = 60
    steps: int = 45
    """Events in the accounting between two landings."""
    versions: list[Version] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._clock = SandboxClock(FIRST_DAY, monotonic=lambda: 0.0)
        self._books = AtlasAccountingEngine(Store(self.folder / "atlas_accounting.sqlite"), self._clock, seed=self.seed)
        self._accounts = self._books.load_chart()
        self._customers: dict[str, str] = {}
        self._vendors: dict[str, str] = {}
        self._orders = Orders(self._random, self._books, self._accounts, self._money)
        self._landed: dict[tuple[str, Any], Record] = {}
        self._taken_out: set[str] = set()
        self._make_parties()
        self._orders.counterparties = self._counterparties
        self._orders.parties = {"invoice": list(self._customers), "bill": list(self._vendors)}
        begin = FIRST_DAY
        for number, landed_at in enumerate(LANDINGS):
            end = landed_at.date()
            self._live(begin, end, number)
            self._land(landed_at)
            begin = end

    def land(self, raw: RawFixture) -> None:
        """Lands every version of every landing, oldest first, and the vendor's reports of the business date."""
        for landed_at in LANDINGS:
            for table in TABLES:
                found = [v for v in self.versions if v.table == table and v.landed_at == landed_at]
                raw.insert(table, [v.record for v in found if not v.is_deleted], landed_at=landed_at)
                raw.delete(table, [v.record for v in found if v.is_deleted], landed_at=landed_at)
        reports = [
            ("trial_balance", self._books.trial_balance(AS_OF)),
            ("balance_sheet", self._books.balance_sheet(AS_OF)),
            ("profit_loss", self._books.profit_loss(date(2026, 1, 1), AS_OF)),
            ("profit_loss", self._books.profit_loss(date(2026, 3, 1), date(2026, 3, 31))),
        ]
        for name, report in reports:
            raw.insert(
                f"atlas_accounting.{name}", [_declared(f"atlas_accounting.{name}", report)], landed_at=LANDINGS[-1]
            )

    # ------------------------------------------------------------------------------------------------ parties

    def _make_parties(self) -> None:
        """Six customers and vendors each; the first four of either side are one ATLAS counterparty."""
        for number, currency in enumerate(("EUR", "EUR", "EUR", "EUR", "SEK", "JPY"), start=1):
            code = {"external_id": f"C-{number}"} if number != 3 else {}
            customer = {"display_name": f"Customer {number}", "currency": currency, "tax_id": f"DE10000000{number}"}
            self._customers[self._books.create_customer(customer | code)["id"]] = currency
        for number, currency in enumerate(("EUR", "EUR", "EUR", "EUR", "SEK", "GBP"), start=1):
            code = {"external_id": f"V-{number}"} if number != 3 else {}
            vendor = {"display_name": f"Vendor {number}", "currency": currency, "tax_id": f"DE10000000{number}"}
            self._vendors[self._books.create_vendor(vendor | code)["id"]] = currency
        self._counterparties = [
            {
                "id": number,
                "legalName": f"Counterparty {number}",
                "vat": f"DE 10000000{number}",
                "country": "DE",
                "glAccount": "6410" if number % 2 else None,
                "iban": f"DE8937040044053201300{number}",
            }
            for number in range(1, 5)
        ]

    # ------------------------------------------------------------------------------------------------- events

    def _live(self, begin: date, end: date, number: int) -> None:
        days = sorted(self._day(begin, end) for _ in range(self.steps))
        events = (
            (self._issue_invoice, 9),
            (self._issue_bill, 7),
            (self._receive, 8),
            (self._pay, 6),
            (self._enter_by_hand, 2),
            (self._void, 1),
            (self._draft, 1),
            (self._void_payment, 2),
            (self._net, 1),
        )
        kinds, weights = zip(*events, strict=True)
        orders = range(self.order_count * number // len(LANDINGS), self.order_count * (number + 1) // len(LANDINGS))
        for order_id in orders:
            self._orders.make(1000 + order_id, self._day(begin, end))
        for day in days:
            self._clock.set(day)
            self._random.choices(kinds, weights)[0](day)
        self._clock.set(end)
        self._orders.settle(begin, end)

    def _day(self, begin: date, end: date) -> date:
        return begin + timedelta(days=self._random.randint(0, (end - begin).days))

    def _back(self, day: date) -> date:
        """The day itself, or one up to forty days before: what is dated back."""
        moved = self._random.choice((0, 0, 0, 1, 7, 40))
        return max(FIRST_DAY, day - timedelta(days=moved))

    def _money(self, currency: str = "EUR") -> Decimal:
        digits = self._random.choice((1, 3, 4, 5, 5, 6, 6, 7, 14))
        cents = self._random.randint(1, 10**digits)
        return Decimal(cents).scaleb(-_CENTS[currency])

    def _issue_invoice(self, day: date) -> str:
        customer, currency = self._random.choice(list(self._customers.items()))
        issued = self._back(day)
        account = str(4900 + _CONTROL[currency]) if currency != "EUR" else self._random.choice(SALES)
        body = {
            "customer_id": customer,
            "invoice_date": issued.isoformat(),
            "due_date": (issued + timedelta(days=self._random.choice(TERMS))).isoformat(),
            "currency": currency,
            "lines": self._lines(account, currency, "revenue_account_id"),
            "discount_percent": "2",
            "discount_days": 60,
        }
        record = self._books.create_invoice(body)
        self._books.send_invoice(record["id"])
        return str(record["id"])

    def _issue_bill(self, day: date) -> str:
        vendor, currency = self._random.choice(list(self._vendors.items()))
        issued = self._back(day)
        account = str(6500 + _CONTROL[currency]) if currency != "EUR" else self._random.choice(PURCHASES)
        body = {
            "vendor_id": vendor,
            "bill_date": issued.isoformat(),
            "due_date": (issued + timedelta(days=self._random.choice(TERMS))).isoformat(),
            "currency": currency,
            "lines": self._lines(account, currency, "expense_account_id"),
        }
        record = self._books.create_bill(body)
        self._books.approve_bill(record["id"])
        return str(record["id"])

    def _lines(self, account: str, currency: str, account_field: str) -> list[Record]:
        return [
            {
                "description": f"Line {number}",
                "quantity": 1,
                "unit_price": str(self._money(currency)),
                account_field: self._accounts[account]["id"],
            }
            for number in range(self._random.randint(1, 3))
        ]

    def _receive(self, day: date) -> None:
        customer, currency = self._random.choice(list(self._customers.items()))
        on = self._back(day)
        open_invoices = self._open("invoices", "customer_id", customer, currency)
        chosen = self._random.sample(open_invoices, min(len(open_invoices), self._random.randint(0, 2)))
        parts = [(invoice, self._part(Decimal(invoice["amount_due"]), currency)) for invoice in chosen]
        amount = sum((part for _, part in parts), Decimal(0)) + self._random.choice((Decimal(0), self._money(currency)))
        if not amount:
            return
        body = {
            "customer_id": customer,
            "payment_date": on.isoformat(),
            "amount": str(amount),
            "currency": currency,
            "deposit_account_id": self._accounts[str(1000 + _CONTROL[currency])]["id"],
        }
        payment = self._books.create_payment(body)
        for invoice, part in parts:
            self._apply(payment["id"], invoice, part)

    def _apply(self, payment_id: str, invoice: Record, part: Decimal) -> None:
        discount = part < Decimal(invoice["amount_due"]) and self._random.random() < 0.3
        application = {"invoice_id": invoice["id"], "amount": str(part)}
        try:
            self._books.apply_payment(payment_id, application | {"take_discount": True} if discount else application)
        except AtlasAccountingError:
            # Too late for the discount, or more than is due with it: without one the part always fits.
            self._books.apply_payment(payment_id, application)

    def _pay(self, day: date) -> None:
        vendor, currency = self._random.choice(list(self._vendors.items()))
        open_bills = self._open("bills", "vendor_id", vendor, currency)
        chosen = self._random.sample(open_bills, min(len(open_bills), self._random.randint(0, 2)))
        parts = [(bill["id"], self._part(Decimal(bill["amount_due"]), currency)) for bill in chosen]
        amount = sum((part for _, part in parts), Decimal(0)) + self._random.choice((Decimal(0), self._money(currency)))
        if amount:
            self._books.create_payment_made(
                {
                    "vendor_id": vendor,
                    "payment_date": self._back(day).isoformat(),
                    "amount": str(amount),
                    "currency": currency,
                    "payment_account_id": self._accounts[str(1000 + _CONTROL[currency])]["id"],
                    "applications": [{"bill_id": bill, "amount_applied": str(part)} for bill, part in parts],
                }
            )

    def _part(self, due: Decimal, currency: str) -> Decimal:
        """All of it, all but the smallest unit, the smallest unit, or something between."""
        unit = Decimal(1).scaleb(-_CENTS[currency])
        choice = self._random.choice(("all", "all", "all but one", "one", "some"))
        if choice == "all" or due <= unit:
            return due
        if choice == "all but one":
            return due - unit
        if choice == "one":
            return unit
        return unit * self._random.randint(1, int(due / unit))

    def _open(self, table: str, party_field: str, party: str, currency: str) -> list[Record]:
        return [
            record
            for record in self._books.list(table)
            if record[party_field] == party
            and record["currency"] == currency
            and record["status"] not in ("draft", "pending", "voided", "paid")
        ]

    def _enter_by_hand(self, day: date) -> None:
        amount = str(self._money())
        debit, credit = self._random.sample(("6800", "1000", "4130", "1100", "2000", "3000", "7900"), 2)
        entry = self._books.create_journal_entry(
            {
                "entry_date": self._back(day).isoformat(),
                "description": "By hand",
                "entry_type": "manual",
                "lines": [
                    {"account_id": self._accounts[debit]["id"], "entry_type": "debit", "amount": amount,
                     "description": "x"},
                    {"account_id": self._accounts[credit]["id"], "entry_type": "credit", "amount": amount,
                     "description": "x"},
                ],
            }
        )  # fmt: skip
        if self._random.random() < 0.9:
            self._books.post_journal_entry(entry["id"])

    def _net(self, day: date) -> None:
        """Offsets what one counterparty owes with what it is owed, through the clearing account, as Tieout does."""
        number = self._random.randrange(4)
        customer, vendor = list(self._customers)[number], list(self._vendors)[number]
        invoices = self._open("invoices", "customer_id", customer, "EUR")
        bills = self._open("bills", "vendor_id", vendor, "EUR")
        if not invoices or not bills:
            return
        invoice, bill = self._random.choice(invoices), self._random.choice(bills)
        amount = str(min(Decimal(invoice["amount_due"]), Decimal(bill["amount_due"])))
        payment = {
            "payment_date": day.isoformat(),
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

    def _void(self, _: date) -> None:
        untouched = [
            invoice
            for invoice in self._books.list("invoices")
            if invoice["status"] in ("sent", "overdue")
            and not Decimal(invoice["amount_paid"])
            and "atlas_etrm" not in (invoice["notes"] or "")
        ]
        if untouched:
            self._books.void_invoice(self._random.choice(untouched)["id"], "by mistake")

    def _void_payment(self, _: date) -> None:
        """Money that came back: voided, or taken out of the books altogether."""
        kind = self._random.choice(("payments", "payments_made"))
        living = [one for one in self._books.list(kind) if one["status"] != "voided"]
        if living:
            payment_id = self._random.choice(living)["id"]
            (self._books.void_payment if kind == "payments" else self._books.void_payment_made)(payment_id)
            if self._random.random() < 0.5:
                self._taken_out.add(payment_id)

    def _draft(self, day: date) -> None:
        """A draft that stays, or one that is gone again at the next landing."""
        drafts = [one for one in self._books.list("invoices") if one["status"] == "draft"]
        if drafts and self._random.random() < 0.5:
            self._books.delete_invoice(self._random.choice(drafts)["id"])
        else:
            customer, currency = self._random.choice(list(self._customers.items()))
            account = str(4900 + _CONTROL[currency])
            self._books.create_invoice(
                {
                    "customer_id": customer,
                    "invoice_date": day.isoformat(),
                    "currency": currency,
                    "lines": self._lines(account, currency, "revenue_account_id"),
                }
            )

    # ------------------------------------------------------------------------------------------------ landing

    def _land(self, landed_at: datetime) -> None:
        """Notes what this landing would find anew: changed records as versions, vanished ones as tombstones."""
        found: dict[tuple[str, Any], Record] = {}
        company = {name: self._books.company.get(name) for name in ("id", "name", "base_currency", "country")}
        listed: dict[str, list[Record]] = {
            "atlas_accounting.companies": [company | {"country": "DE"}],
            "atlas_etrm.counterparties": self._counterparties,
            "atlas_etrm.orders": list(self._orders.orders.values()),
            "atlas_etrm.order_items": self._orders.all_items(),
        }
        for name in (
            "accounts",
            "customers",
            "vendors",
            "invoices",
            "bills",
            "payments",
            "payments_made",
            "journal_entries",
        ):
            listed[f"atlas_accounting.{name}"] = [r for r in self._books.list(name) if r["id"] not in self._taken_out]
        for table, records in listed.items():
            for record in records:
                found[table, record["id"]] = _declared(table, record)
        for (table, key), record in found.items():
            if self._landed.get((table, key)) != record:
                self.versions.append(Version(table, record, landed_at))
        for table, key in self._landed.keys() - found.keys():
            self.versions.append(Version(table, {"id": key}, landed_at, is_deleted=True))
        self._landed = found


def _declared(table: str, record: Record) -> Record:
    """The record with the fields that the raw table declares, as a value of its own."""
    declared = {column.field for column in TABLES[table].columns}
    return {name: value for name, value in record.items() if name in declared}
