"""The company's books: its parties, its documents and its cash, kept through the accounting vendor's own operations.

In: counterparties, lines, amounts; the clock stands where the timeline has set it. Out: the vendor's records, and
every movement of cash as the bank will see it. What does not belong here: which order is booked when
(`order_documents.py`), other documents (`services.py`), manual entries (`journals.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.world.cast import Counterparty
from sandbox.world.settlement import Line

Record = dict[str, Any]

BANK_ACCOUNTS = {"EUR": "1000", "SEK": "1001", "GBP": "1002", "JPY": "1003"}
"""Ledger account of the bank accounts of each currency."""

OUTPUT_VAT, INPUT_VAT = "2200", "1200"


@dataclass(frozen=True)
class Cash:
    """One movement of cash in the books, as the bank will see it.

    Attributes:
        amount: Signed, money in above zero.
        party: Name of the other side.
        iban: Its account, where it is known.
        references: Numbers of the documents paid; the text of a manual entry.
        kind: `received`, `made` or `entry`.
    """

    day: date
    currency: str
    amount: Decimal
    party: str
    iban: str | None
    references: tuple[str, ...]
    kind: str


class Books:
    """Writes into Atlas Accounting and remembers what moved cash."""

    def __init__(self, engine: AtlasAccountingEngine) -> None:
        self.engine = engine
        self.cash: list[Cash] = []
        self.account_ids: dict[str, str] = {}
        self._parties: dict[tuple[str, str], Record] = {}
        self._ibans: dict[str, str | None] = {}

    def open(self) -> None:
        """The chart of accounts and the bank accounts."""
        for number, account in self.engine.load_chart().items():
            self.account_ids[number] = account["id"]
        for currency, number in BANK_ACCOUNTS.items():
            self.engine.create_bank_account(
                {
                    "gl_account_id": self.account_ids[number],
                    "account_name": f"Operating {currency}",
                    "currency": currency,
                }
            )

    def add_counterparty(self, party: Counterparty) -> None:
        """A counterparty of the settlement desk as customer, vendor or both, known the way its identity says."""
        shown, tax_id = party.name, party.vat_number
        if party.entry.identity == "vat":
            # Entered under its short name years ago; only the VAT number tells who it is.
            shown = party.name.rsplit(" ", 1)[0]
        elif party.entry.identity == "name":
            shown, tax_id = party.name.upper().replace(" ", "  ", 1), ""
        entry = party.entry
        address = {
            "line1": entry.street,
            "city": entry.city,
            "postal_code": entry.postal_code,
            "country": entry.country,
        }
        body = {"display_name": shown, "tax_id": tax_id or None, "currency": "EUR", "payment_terms": "net_30"}
        if party.is_customer:
            self.add_party(
                "customer",
                party.key,
                {**body, "external_id": party.customer_code, "billing_address": address},
                party.iban,
            )
        if party.is_vendor:
            self.add_party("vendor", party.key, {**body, "external_id": party.vendor_code}, party.iban)

    def add_party(self, side: str, key: str, body: Record, iban: str | None) -> Record:
        """A customer or vendor under a key by which the other calls here name it."""
        create = self.engine.create_customer if side == "customer" else self.engine.create_vendor
        party = self._parties[side, key] = create(body)
        self._ibans[key] = iban
        return party

    def invoice(self, key: str, day: date, due: date, lines: Iterable[Record], **more: Any) -> Record:
        """A draft invoice; `lines` name accounts by number under `account`."""
        return self.engine.create_invoice(
            {
                "customer_id": self._parties["customer", key]["id"],
                "invoice_date": day,
                "due_date": due,
                "lines": [self._line(line, "revenue_account_id") for line in lines],
                **more,
            }
        )

    def bill(self, key: str, day: date, due: date, lines: Iterable[Record], **more: Any) -> Record:
        """A draft bill; `lines` name accounts by number under `account`."""
        return self.engine.create_bill(
            {
                "vendor_id": self._parties["vendor", key]["id"],
                "bill_date": day,
                "due_date": due,
                "lines": [self._line(line, "expense_account_id") for line in lines],
                **more,
            }
        )

    def _line(self, line: Record, field: str) -> Record:
        kept = {name: value for name, value in line.items() if name != "account"}
        return {"quantity": 1, **kept, field: self.account_ids[line["account"]]}

    def receive(
        self, key: str, day: date, amount: Decimal, applied: Sequence[tuple[Record, Decimal]], reference: str
    ) -> Record:
        """Money from a customer, applied to invoices.

        Args:
            key: The customer.
            day: Value date.
            amount: What arrived; what is not applied stays as a credit.
            applied: Invoices and the part of the money each gets.
            reference: The bank's reference.
        """
        customer = self._parties["customer", key]
        payment = self.engine.create_payment(
            {
                "customer_id": customer["id"],
                "payment_date": day,
                "amount": amount,
                "payment_method": "bank_transfer",
                "deposit_account_id": self.account_ids[BANK_ACCOUNTS[customer["currency"]]],
                "reference_number": reference,
            }
        )
        for invoice, part in applied:
            payment = self.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": part})
        numbers = tuple(invoice["invoice_number"] for invoice, _ in applied)
        name = customer["display_name"]
        self.cash.append(Cash(day, customer["currency"], amount, name, self._ibans[key], numbers, "received"))
        return payment

    def pay(
        self, key: str, day: date, amount: Decimal, applied: Sequence[tuple[Record, Decimal]], reference: str
    ) -> Record:
        """Money to a vendor, applied to bills; what is not applied is an advance."""
        vendor = self._parties["vendor", key]
        payment = self.engine.create_payment_made(
            {
                "vendor_id": vendor["id"],
                "payment_date": day,
                "amount": amount,
                "payment_method": "wire",
                "payment_account_id": self.account_ids[BANK_ACCOUNTS[vendor["currency"]]],
                "applications": [{"bill_id": bill["id"], "amount_applied": part} for bill, part in applied],
                "reference_number": reference,
            }
        )
        numbers = tuple(bill["vendor_bill_number"] or bill["bill_number"] for bill, _ in applied)
        self.cash.append(
            Cash(day, vendor["currency"], -amount, vendor["display_name"], self._ibans[key], numbers, "made")
        )
        return payment

    def entry(self, day: date, description: str, sides: Sequence[tuple[str, Decimal]], *, post: bool = True) -> Record:
        """A manual journal entry; debits above zero, credits below, zeros left out."""
        record = self.engine.create_journal_entry(
            {
                "entry_date": day,
                "description": description,
                "lines": [
                    {
                        "account_id": self.account_ids[number],
                        "entry_type": "debit" if amount > 0 else "credit",
                        "amount": abs(amount),
                        "description": description,
                    }
                    for number, amount in sides
                    if amount
                ],
            }
        )
        return self.engine.post_journal_entry(record["id"]) if post else record

    def balance(self, number: str, through: date) -> Decimal:
        """Debits minus credits of an account through a day."""
        report = self.engine.trial_balance(through)
        balances = {row["account_number"]: Decimal(row["balance"]) for row in report["accounts"]}
        return balances.get(number, Decimal())


def document_lines(lines: Sequence[Line], vat_account: str) -> list[Record]:
    """Settlement lines as lines of a document: net amounts on their accounts, VAT as one more line (DESIGN 5.7)."""
    shown = [
        {"description": f"{line.description}, {line.volume} MWh", "unit_price": line.net, "account": line.account}
        for line in lines
    ]
    vat = sum((line.vat for line in lines), Decimal())
    if vat:
        shown.append({"description": "VAT 19 %", "unit_price": vat, "account": vat_account})
    return shown
