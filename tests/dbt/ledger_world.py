"""Books in which every kind of item stands once, kept by the simulated Atlas Accounting so that its reports follow.

In: a `RawFixture` and an empty folder. Out: landed records of all three systems that agree with each other; the
comment beside each step says what it shows. What does not belong here: what the models should make of them
(`test_control_totals.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from raw_fixture import TABLES, RawFixture

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.clock import SandboxClock
from sandbox.store import Store

AS_OF = date(2026, 4, 10)
ORDER = 210
Record = dict[str, Any]


class LedgerWorld:
    """The books as of `AS_OF`, and the records the models are asked about, by a name of their own."""

    def __init__(self, folder: Path) -> None:
        self._clock = SandboxClock(date(2025, 10, 1), monotonic=lambda: 0.0)
        self._books = AtlasAccountingEngine(Store(folder / "atlas_accounting.sqlite"), self._clock)
        self._accounts = self._books.load_chart()
        self.ids: dict[str, str] = {}
        self._parties()
        self._invoices()
        self._bills()
        self._manual_entry()

    def land(self, raw: RawFixture) -> None:
        """Lands everything, the reports as of `AS_OF` included."""
        company = {name: self._books.company.get(name) for name in ("id", "name", "base_currency", "closed_through")}
        raw.insert("atlas_accounting.companies", [company | {"country": "DE"}])
        for table in ("accounts", "customers", "vendors", "invoices", "bills", "payments", "payments_made"):
            _insert(raw, f"atlas_accounting.{table}", self._books.list(table))
        _insert(raw, "atlas_accounting.journal_entries", self._books.list("journal_entries"))
        _insert(raw, "atlas_accounting.trial_balance", [self._books.trial_balance(AS_OF)])
        _insert(raw, "atlas_accounting.balance_sheet", [self._books.balance_sheet(AS_OF)])
        periods = [(date(2026, 1, 1), AS_OF), (date(2026, 3, 1), date(2026, 3, 31))]
        _insert(raw, "atlas_accounting.profit_loss", [self._books.profit_loss(*period) for period in periods])
        self._land_atlas_etrm(raw)
        self._land_atlar(raw)

    def number(self, name: str) -> str:
        """The issued number of an invoice or a bill."""
        if name == "bill":
            return str(self._books.get("bills", self.ids[name])["bill_number"])
        return str(self._books.get("invoices", self.ids[name])["invoice_number"])

    def _parties(self) -> None:
        for name, body in {
            "acme": {"display_name": "Acme Energy GmbH", "external_id": "C-1001", "currency": "EUR"},
            "fjord": {"display_name": "Fjord Kraft AB", "currency": "SEK"},  # no code: its id is its code
            "quiet": {"display_name": "Quiet Ltd", "external_id": "C-1003", "currency": "EUR"},  # no document at all
        }.items():
            self.ids[name] = self._books.create_customer(body)["id"]
        self.ids["wind"] = self._books.create_vendor(
            {"display_name": "Wind Park KG", "external_id": "V-2001", "currency": "EUR"}
        )["id"]

    def _invoice(self, name: str, customer: str, on: str, due: str, amount: str, **body: Any) -> str:
        account = self._accounts["4901" if body.get("currency") == "SEK" else "4110"]["id"]
        lines = [{"description": name, "quantity": 1, "unit_price": amount, "revenue_account_id": account}]
        record = self._books.create_invoice(
            {"customer_id": self.ids[customer], "invoice_date": on, "due_date": due, "lines": lines, **body}
        )
        self.ids[name] = record["id"]
        return str(record["id"])

    def _receipt(self, name: str, customer: str, on: str, amount: str, currency: str = "EUR") -> str:
        bank = self._accounts["1001" if currency == "SEK" else "1000"]["id"]
        record = self._books.create_payment(
            {
                "customer_id": self.ids[customer],
                "payment_date": on,
                "amount": amount,
                "currency": currency,
                "deposit_account_id": bank,
            }
        )
        self.ids[name] = record["id"]
        return str(record["id"])

    def _invoices(self) -> None:
        books, send = self._books, self._books.send_invoice
        self._clock.set(date(2025, 11, 1))
        # 130 days past due on the business date, partly paid: 600.00 open, over 120 days.
        old = send(self._invoice("old", "acme", "2025-11-01", "2025-12-01", "1000.00"))["id"]
        # Early-payment discount: 490.00 of money settle 500.00.
        terms = {"discount_percent": "2", "discount_days": 10}
        quick = send(self._invoice("quick", "acme", "2025-11-01", "2025-12-01", "500.00", **terms))["id"]
        self._clock.set(date(2025, 11, 5))
        payment = self._receipt("quick payment", "acme", "2025-11-05", "490.00")
        books.apply_payment(payment, {"invoice_id": quick, "amount": "490.00", "take_discount": True})
        part = self._receipt("part payment", "acme", "2025-11-05", "400.00")
        books.apply_payment(part, {"invoice_id": old, "amount": "400.00"})
        self._clock.set(date(2026, 3, 1))
        # One day past due, in kronor.
        send(self._invoice("kronor", "fjord", "2026-03-01", "2026-04-09", "2500.50", currency="SEK"))
        # Never issued, and issued by mistake: neither counts anywhere.
        self._invoice("draft", "acme", "2026-03-01", "2026-03-31", "77.00")
        books.void_invoice(send(self._invoice("void", "acme", "2026-03-01", "2026-03-31", "88.00"))["id"], "mistake")
        # An order's invoice, paid in full: the one that goes through all three systems.
        key = {"notes": f"atlas_etrm:order:{ORDER}"}
        order = send(self._invoice("order", "acme", "2026-03-31", "2026-04-14", "1200.00", **key))["id"]
        self._clock.set(date(2026, 4, 2))
        paid = self._receipt("order payment", "acme", "2026-04-02", "1200.00")
        books.apply_payment(paid, {"invoice_id": order, "amount": "1200.00"})
        # Money nobody has placed yet.
        self._receipt("unapplied", "acme", "2026-04-02", "75.00")
        # After the business date: an invoice, a payment of an older one, and a prepayment of the later invoice.
        late = send(self._invoice("late", "acme", "2026-02-01", "2026-04-10", "300.00"))["id"]
        self._clock.set(date(2026, 4, 20))
        later = send(self._invoice("later", "acme", "2026-04-20", "2026-05-20", "60.00"))["id"]
        early = self._receipt("early", "acme", "2026-04-03", "60.00")
        books.apply_payment(early, {"invoice_id": later, "amount": "60.00"})
        future = self._receipt("future", "acme", "2026-04-20", "300.00")
        books.apply_payment(future, {"invoice_id": late, "amount": "300.00"})

    def _bills(self) -> None:
        books = self._books
        self._clock.set(date(2026, 4, 20))
        bills = {}
        for name, due, amount in (("bill", "2026-03-10", "900.00"), ("pending", "2026-03-10", "11.00")):
            lines = [
                {
                    "description": name,
                    "quantity": 1,
                    "unit_price": amount,
                    "expense_account_id": self._accounts["6420"]["id"],
                }
            ]
            body = {"vendor_id": self.ids["wind"], "bill_date": "2026-02-10", "due_date": due, "lines": lines}
            bills[name] = self.ids[name] = books.create_bill(body)["id"]
        books.approve_bill(bills["bill"])
        books.submit_bill(bills["pending"])
        # 250.00 settle a part of the bill, 50.00 are paid ahead.
        made = {
            "vendor_id": self.ids["wind"],
            "payment_date": "2026-03-12",
            "amount": "300.00",
            "payment_account_id": self._accounts["1000"]["id"],
            "applications": [{"bill_id": bills["bill"], "amount_applied": "250.00"}],
        }
        self.ids["made"] = books.create_payment_made(made)["id"]

    def _manual_entry(self) -> None:
        # Straight onto the control account: belongs to no customer, and is named as reconciling.
        lines = [
            {"account_id": self._accounts["1100"]["id"], "entry_type": "debit", "amount": "12.34", "description": "x"},
            {"account_id": self._accounts["4900"]["id"], "entry_type": "credit", "amount": "12.34", "description": "x"},
        ]
        entry = self._books.create_journal_entry(
            {"entry_date": "2026-04-01", "description": "Correction", "entry_type": "manual", "lines": lines}
        )
        self._books.post_journal_entry(entry["id"])

    def _land_atlas_etrm(self, raw: RawFixture) -> None:
        raw.insert(
            "atlas_etrm.counterparties",
            [{"id": 1, "externalId": "C-1001", "legalName": "Acme Energy GmbH", "country": "DE"}],
        )
        order = {
            "id": ORDER,
            "name": "Order 210",
            "counterpartyId": 1,
            "status": "Approved order by ETRM",
            "documentType": 0,
            "registrationDate": "2026-03-31T00:00:00",
            "dueDate": "2026-04-14T00:00:00",
            "totalAmount": "1200.00",
            "erpCode": self.number("order"),
        }
        items = [
            {"id": 1, "orderId": ORDER, "counterpartyId": 1, "status": 2, "cashflow": 0, "amount": "1000.00"},
            {"id": 2, "orderId": ORDER, "counterpartyId": 1, "status": 2, "cashflow": 0, "amount": "200.00"},
        ]
        raw.insert("atlas_etrm.orders", [order])
        raw.insert("atlas_etrm.order_items", [item | {"vat": "0", "glAccount": "4110"} for item in items])
        raw.insert("atlas_etrm.invoices", [self.atlas_etrm_invoice(1)])
        payment_key = f"{self.ids['order payment']}:{self.ids['order']}"
        raw.insert(
            "atlas_etrm.payments",
            [{"id": 1, "invoiceId": 1, "orderId": ORDER, "externalId": payment_key, "amount": "1200.00"}],
        )

    def atlas_etrm_invoice(self, id_: int) -> Record:
        """The order's invoice as ATLAS ETRM has it; landed again under another id it is a double."""
        number = self.number("order")
        return {
            "id": id_,
            "externalId": number,
            "invoiceNumber": number,
            "orderId": ORDER,
            "amount": "1200.00",
            "isPaid": True,
        }

    def _land_atlar(self, raw: RawFixture) -> None:
        raw.insert("atlar.accounts", [{"id": "acc-1", "name": "Operating EUR", "currency": "EUR"}])
        raw.insert(
            "atlar.balances",
            [_balance("2026-04-01", "1000.00"), _balance("2026-04-02", "2200.00"), _balance("2026-04-03", "2190.50")],
        )
        raw.insert("atlar.transactions", [bank_line("tx-1", "2026-04-02", "1200.00")])
        raw.insert("atlar.transactions", [bank_line("tx-2", "2026-04-03", "-9.50")])
        summaries = [{"accountId": "acc-1", "date": f"2026-04-0{day}", "transactionCount": 1} for day in (2, 3)]
        raw.insert("atlar.end_of_day_summaries", summaries)
        statement = {"id": "stm-1", "connectionId": "con-1", "accountId": "acc-1", "localDate": "2026-04-03"}
        balances = {"currency": "EUR", "openingBalance": "2200.00", "closingBalance": "2190.50"}
        raw.insert("atlar.bank_statements", [statement | balances])
        entry = {"connectionId": "con-1", "bankStatementId": "stm-1", "entryNumber": 1, "accountId": "acc-1"}
        raw.insert("atlar.bank_statement_entries", [entry | {"amount": "-9.50", "currency": "EUR"}])
        # Sent and in step; sent, but the payment of the business date is still to be told.
        raw.insert("atlar.documents", [self._document("order", "1200.00", "0.00")])
        raw.insert("atlar.documents", [self._document("old", "1000.00", "1000.00")])
        payment = {"id": "doc-payment", "type": "PAYMENT"}
        payment |= {"provenance": {"vendorId": f"PAYMENT/{self.ids['order payment']}"}}
        raw.insert("atlar.documents", [self._document("order", "1200.00", "0.00") | payment])

    def _document(self, name: str, amount: str, remaining: str) -> Record:
        money = {"instructedAmount": _amount(amount), "baseAmount": _amount(amount)}
        rest = {"instructedAmount": _amount(remaining), "baseAmount": _amount(remaining)}
        return {
            "id": f"doc-{name}",
            "glEntityId": "gle-1",
            "type": "INVOICE",
            "amount": money,
            "remainingAmount": rest,
            "voided": False,
            "provenance": {"vendorId": f"INVOICE/{self.ids[name]}"},
            "glEntries": [],
        }


def bank_line(id_: str, on: str, amount: str, **fields: Any) -> Record:
    """A booked line on the one bank account."""
    return {"id": id_, "accountId": "acc-1", "date": on, "amount": _amount(amount), "returned": False} | fields


def _balance(on: str, amount: str) -> Record:
    key = {"accountId": "acc-1", "type": "BOOKED", "localDate": on, "timestamp": f"{on}T21:59:59Z"}
    return key | {"id": f"bal-{on}", "amount": _amount(amount)}


def _amount(text: str) -> Record:
    return {"currency": "EUR", "value": int(text.replace(".", "")), "stringValue": text}


def _insert(raw: RawFixture, table: str, records: list[Record]) -> None:
    """Lands records of the simulator: fields that the raw table does not declare stay behind."""
    declared = {column.field for column in TABLES[table].columns}
    raw.insert(table, [{name: record[name] for name in record if name in declared} for record in records])
