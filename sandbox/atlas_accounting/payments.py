"""Money received from customers and paid to vendors, and what it settles.

In: bodies of `/payments/` and `/payments-made/`. Out: payment records with their `applications`, the ledger entry of
the cash (received: debit bank, credit receivable; made: debit payable, credit bank), and settled documents. Cash is
posted when it is recorded; applying it moves no account, except for an early-payment discount: debit the sales
discount account, credit receivable, on the payment date. What does not belong here: a document's states.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.accounts import Accounts
from sandbox.atlas_accounting.documents import Documents
from sandbox.atlas_accounting.errors import conflict
from sandbox.atlas_accounting.kinds import MADE, RECEIVED, PaymentKind
from sandbox.atlas_accounting.ledger import Ledger, Posting, Source
from sandbox.atlas_accounting.parties import Parties
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import Record, Registry
from sandbox.atlas_accounting.validation import Fields


class Payments:
    """The payments received, or made, by the company."""

    def __init__(
        self,
        kind: PaymentKind,
        registry: Registry,
        periods: Periods,
        accounts: Accounts,
        ledger: Ledger,
        parties: Parties,
        documents: Documents,
    ) -> None:
        self.kind = kind
        self._registry = registry
        self._periods = periods
        self._accounts = accounts
        self._ledger = ledger
        self._parties = parties
        self._documents = documents

    def create(self, body: object, control_account_id: str | None) -> Record:
        """Records a payment and posts its cash; a payment made settles the bills it names at once.

        Raises:
            AtlasAccountingError: 422 per field; 409 for a date in a closed period, or for more applied than is due.
        """
        kind = self.kind
        fields = Fields(body)
        party_id = fields.text(kind.party_field, required=True)
        party = self._parties.require(party_id, fields, kind.party_field)
        day = fields.day("payment_date", required=True)
        bank_id = fields.text(kind.bank_field, required=kind.bank_required)
        currency = self._currency(fields, bank_id, party)
        amount = fields.amount("amount", currency)
        record: Record = {
            kind.party_field: party_id,
            "payment_date": day,
            "amount": money.text(amount, currency),
            "currency": currency,
            "payment_method": fields.choice("payment_method", kind.methods) or "other",
            kind.bank_field: bank_id,
            "reference_number": fields.text("reference_number", max_length=100),
            **({"notes": fields.text("notes", max_length=4000)} if kind is MADE else {}),
            "status": "unapplied",
            "unapplied_amount": money.text(amount, currency),
            "applications": [],
        }
        applications = self._read_applications(fields, currency, amount)
        fields.finish()
        # `finish` has refused a missing date; the period check is the first that needs one.
        self._periods.require_open(record["payment_date"])
        return self._book(record, control_account_id, applications)

    def _currency(self, fields: Fields, bank_id: str | None, party: Record | None) -> str:
        bank = self._registry.find("accounts", bank_id)
        if bank is not None:
            return fields.currency("currency", bank["currency"])
        return fields.currency("currency", party["currency"] if party else self._periods.base_currency)

    def _read_applications(self, fields: Fields, currency: str, amount: Decimal) -> list[tuple[str, Decimal]]:
        if self.kind is RECEIVED:
            return []
        result = []
        for element in fields.items("applications", minimum=0):
            document_id = element.text(self.kind.document_field, required=True)
            applied = element.amount("amount_applied", currency)
            if document_id is not None:
                result.append((document_id, applied))
        if len({document_id for document_id, _ in result}) < len(result):
            fields.fault("applications", "names a bill twice")
        if sum((applied for _, applied in result), money.ZERO) > amount:
            fields.fault("applications", "apply more than the payment's amount")
        return result

    def _book(self, record: Record, control_account_id: str | None, applied: list[tuple[str, Decimal]]) -> Record:
        kind, currency, amount = self.kind, record["currency"], Decimal(record["amount"])
        bank = self._accounts.chosen(record[kind.bank_field], "bank", currency, kind.bank_field)
        control_kind = self._documents.kind
        control = self._accounts.chosen(
            control_account_id, control_kind.control_type, currency, control_kind.control_field
        )
        # Every application is checked before anything is written, so that a refusal leaves no cash behind.
        for position, (document_id, part) in enumerate(applied):
            field = f"applications.{position}.{kind.document_field}"
            self._documents.require_due(document_id, record[kind.party_field], currency, part, field)
        payment_id = self._registry.new_id(kind.table)
        entry = [Posting(bank["id"], kind.side * amount), Posting(control["id"], -kind.side * amount)]
        self._ledger.post(record["payment_date"], currency, Source(kind.source, payment_id), entry)
        self._parties.adjust(record[kind.party_field], currency, -amount)
        record |= {kind.bank_field: bank["id"], "_control_account_id": control["id"]}
        payment = self._registry.add(kind.table, record, record_id=payment_id)
        for document_id, part in applied:
            payment = self._apply(payment, document_id, part, money.ZERO)
        return payment

    def apply(self, payment_id: str, body: object) -> Record:
        """Applies a part of a payment received to an invoice (contract section 6, `/payments/{id}/apply`).

        `take_discount` takes the invoice's early-payment discount on top of the amount, where it is due.

        Raises:
            AtlasAccountingError: 404; 422 per field; 409 when the invoice is not open, when more is applied than it
                has due or than the payment has left, or when there is no discount to take.
        """
        payment = self._registry.get(self.kind.table, payment_id)
        fields = Fields(body)
        document_id = fields.text(self.kind.document_field, required=True)
        amount = fields.amount("amount", payment["currency"])
        take_discount = fields.flag("take_discount", default=False)
        fields.finish()
        currency, field = payment["currency"], self.kind.document_field
        party_id = payment[self.kind.party_field]
        document = self._documents.require_due(str(document_id), party_id, currency, amount, field)
        discount = self._discount(payment, document) if take_discount else money.ZERO
        if amount > Decimal(payment["unapplied_amount"]):
            raise conflict(f"The payment has {payment['unapplied_amount']} {currency} left to apply")
        if discount:
            self._documents.require_due(str(document_id), party_id, currency, amount + discount, field)
            self._post_discount(payment, discount)
        return self._apply(payment, document["id"], amount, discount)

    def void(self, payment_id: str) -> Record:
        """Takes a payment back, as a clerk does on the vendor's screens: its entries are reversed on its own date, and
        what it had settled is open again. No source documents a call for it.

        Raises:
            AtlasAccountingError: 404; 409 when it is voided already, or its date is in a closed period.
        """
        kind, payment = self.kind, self._registry.get(self.kind.table, payment_id)
        if payment["status"] == "voided":
            raise conflict("The payment is voided already")
        currency, taken = payment["currency"], Decimal(payment["amount"])
        for entry in list(self._registry.all("ledger_entries")):
            if entry["source_id"] == payment_id and entry["source_type"] in (kind.source, "payment_discount"):
                self._ledger.reverse(entry["id"], payment["payment_date"], Source("reversal", payment_id))
        for row in payment["applications"]:
            discount = Decimal(row.get("discount_taken", "0"))
            self._documents.settle(row[kind.document_field], -Decimal(row["amount_applied"]) - discount)
            taken += discount
        self._parties.adjust(payment[kind.party_field], currency, taken)
        nothing = money.text(money.ZERO, currency)
        return self._registry.change(kind.table, payment, status="voided", unapplied_amount=nothing, applications=[])

    def take_off(self, payment_id: str, document_id: str) -> Record:
        """Takes a payment off a document, as a clerk does on the vendor's screens: the document is open again by what
        the payment had settled, the money is left to apply, and a discount is taken back on the payment's date. No
        source documents a call for it.

        Raises:
            AtlasAccountingError: 404; 409 when it is not applied to that document, or a discount's date is in a closed
                period.
        """
        payment, field = self._registry.get(self.kind.table, payment_id), self.kind.document_field
        row = next((row for row in payment["applications"] if row[field] == document_id), None)
        if row is None:
            raise conflict("The payment is not applied to that document")
        amount, discount = Decimal(row["amount_applied"]), Decimal(row.get("discount_taken", "0"))
        if discount:
            self._post_discount(payment, -discount)
        self._documents.settle(document_id, -amount - discount)
        rest = [dict(other) for other in payment["applications"] if other[field] != document_id]
        left = money.text(Decimal(payment["unapplied_amount"]) + amount, payment["currency"])
        status = "partial" if rest else "unapplied"
        return self._registry.change(self.kind.table, payment, unapplied_amount=left, status=status, applications=rest)

    def _apply(self, payment: Record, document_id: str, amount: Decimal, discount: Decimal) -> Record:
        currency = payment["currency"]
        left = Decimal(payment["unapplied_amount"]) - amount
        self._documents.settle(document_id, amount + discount)
        return self._registry.change(
            self.kind.table,
            payment,
            unapplied_amount=money.text(left, currency),
            status="partial" if left else "applied",
            applications=self._with_application(payment, document_id, amount, discount),
        )

    def _with_application(
        self, payment: Record, document_id: str, amount: Decimal, discount: Decimal
    ) -> list[dict[str, str]]:
        """The payment's applications with one more; a document applied to before keeps its one row."""
        currency, field = payment["currency"], self.kind.document_field
        rows = [dict(row) for row in payment["applications"]]
        row = next((row for row in rows if row[field] == document_id), None)
        if row is None:
            row = {field: document_id, "amount_applied": "0"}
            rows.append(row)
        row["amount_applied"] = money.text(Decimal(row["amount_applied"]) + amount, currency)
        if self.kind is RECEIVED:
            row["discount_taken"] = money.text(Decimal(row.get("discount_taken", "0")) + discount, currency)
        return rows

    def _discount(self, payment: Record, invoice: Record) -> Decimal:
        percent, days = invoice["discount_percent"], invoice["discount_days"]
        customer = self._registry.get("customers", invoice["customer_id"])
        percent = percent if percent is not None else customer["discount_percent"]
        days = days if days is not None else customer["discount_days"]
        if percent is None or days is None:
            raise conflict("The invoice has no early-payment discount")
        last_day = date.fromisoformat(invoice["invoice_date"]) + timedelta(days=days)
        if date.fromisoformat(payment["payment_date"]) > last_day:
            raise conflict(f"The early-payment discount ended on {last_day.isoformat()}")
        if any(self._took_discount(other, invoice["id"]) for other in self._registry.all(self.kind.table)):
            raise conflict("The early-payment discount has been taken already")
        return money.rounded(Decimal(invoice["total_amount"]) * Decimal(percent) / 100, invoice["currency"])

    def _took_discount(self, payment: Record, invoice_id: str) -> bool:
        return any(
            row[self.kind.document_field] == invoice_id and Decimal(row["discount_taken"])
            for row in payment["applications"]
        )

    def _post_discount(self, payment: Record, discount: Decimal) -> None:
        currency = payment["currency"]
        number = self._periods.settings.sales_discount_accounts.get(currency)
        account = self._registry.by_unique("accounts", "account_number", number) if number else None
        if account is None or account["currency"] != currency:
            account = self._accounts.default("revenue", currency, "take_discount")
        entry = [Posting(account["id"], discount), Posting(payment["_control_account_id"], -discount)]
        self._ledger.post(payment["payment_date"], currency, Source("payment_discount", payment["id"]), entry)
        self._parties.adjust(payment[self.kind.party_field], currency, -discount)


def bill_payments(registry: Registry) -> list[Record]:
    """`/bill-payments/`: one row per payment made and bill it was applied to, oldest first."""
    return [
        {
            "id": registry.derived_id("bill_payment", payment["id"], application["bill_id"]),
            "company_id": payment["company_id"],
            "payment_id": payment["id"],
            "bill_id": application["bill_id"],
            "vendor_id": payment["vendor_id"],
            "payment_date": payment["payment_date"],
            "amount": application["amount_applied"],
            "currency": payment["currency"],
            "payment_method": payment["payment_method"],
            "reference_number": payment["reference_number"],
            "created_at": payment["created_at"],
            "updated_at": payment["updated_at"],
        }
        for payment in registry.all("payments_made")
        for application in payment["applications"]
    ]
