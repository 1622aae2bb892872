"""Invoices and bills: one machine on two sides of the books.

In: bodies and ids. Out: records, their states, and the ledger entries that issuing and voiding make:
draft (no ledger effect) → sent or approved (invoice: debit receivable, credit the lines; bill: debit the lines, credit
payable) → partial → paid; overdue once the due date has passed with a balance; voided reverses the entry on the
document's own date, so that a voided document is in no report of any day. What does not belong here: payments, which
only call `settle`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.accounts import Accounts
from sandbox.atlas_accounting.due_dates import DueDates
from sandbox.atlas_accounting.errors import conflict, invalid
from sandbox.atlas_accounting.kinds import BILL, INVOICE, NOT_ISSUED, NOT_OPEN, DocumentKind
from sandbox.atlas_accounting.ledger import Ledger, Posting, Source
from sandbox.atlas_accounting.lines import Lines, totals
from sandbox.atlas_accounting.parties import Parties
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import TABLES, Record, Registry
from sandbox.atlas_accounting.validation import Fields


class Documents:
    """The invoices, or the bills, of the company."""

    def __init__(
        self,
        kind: DocumentKind,
        registry: Registry,
        periods: Periods,
        accounts: Accounts,
        ledger: Ledger,
        parties: Parties,
    ) -> None:
        self.kind = kind
        self._registry = registry
        self._periods = periods
        self._accounts = accounts
        self._ledger = ledger
        self._parties = parties
        self._lines = Lines(registry, accounts, kind.account_field)
        self._due_dates = DueDates()
        registry.on_reload(self._reload)

    def _reload(self) -> None:
        self._due_dates.clear()
        for document in self._registry.all(self.kind.table):
            if document["status"] not in NOT_OPEN | {"overdue"}:
                self._due_dates.watch(document["due_date"], document["id"])

    def create(self, body: object) -> Record:
        """A draft (contract section 7, Invoice and Bill). A number the caller gives is kept; else one is issued.

        Raises:
            AtlasAccountingError: 422 per field; 409 for a number already taken or a date in a closed period.
        """
        kind = self.kind
        fields = Fields(body)
        party = self._parties.require(fields.text(kind.party_field, required=True), fields, kind.party_field)
        currency = fields.currency("currency", party["currency"] if party else self._periods.base_currency)
        record = self._read_header(fields, currency)
        lines = self._lines.read(fields, currency)
        fields.finish()
        # `finish` has refused a missing party or date; only then are they safe to use.
        self._periods.require_open(record[kind.date_field])
        number = record[kind.number_field]
        if number is None:
            number = self._registry.next_number(kind.table, kind.number_field, self._prefix())
        self._registry.require_free(kind.table, kind.number_field, number)
        record[kind.number_field] = number
        if record["due_date"] is None and party is not None:
            record["due_date"] = self._parties.due_date(party, record[kind.date_field])
        return self._store_draft(record, lines, currency)

    def _read_header(self, fields: Fields, currency: str) -> Record:
        kind = self.kind
        record: Record = {
            kind.number_field: fields.text(kind.number_field, max_length=kind.number_length),
            kind.party_field: fields.raw(kind.party_field),
            kind.date_field: fields.day(kind.date_field, required=True),
            "due_date": fields.day("due_date"),
            "currency": currency,
            "status": "draft",
            "notes": fields.text("notes", max_length=4000),
        }
        if kind is BILL:
            record["vendor_bill_number"] = fields.text("vendor_bill_number", max_length=50)
        else:
            percent = fields.number("discount_percent", zero=True)
            record["discount_percent"] = f"{percent:f}" if fields.raw("discount_percent") is not None else None
            record["discount_days"] = fields.whole("discount_days")
        return record

    def _prefix(self) -> str:
        settings = self._periods.settings
        return settings.invoice_prefix if self.kind is INVOICE else settings.bill_prefix

    def _store_draft(self, record: Record, lines: list[Record], currency: str) -> Record:
        document_id = self._registry.new_id(self.kind.table)
        sums = totals(lines)
        record |= {
            "subtotal": money.text(sums.subtotal, currency),
            "tax_amount": money.text(sums.tax, currency),
            "total_amount": money.text(sums.total, currency),
            "amount_paid": money.text(money.ZERO, currency),
            "amount_due": money.text(sums.total, currency),
            "lines": [
                {"id": self._registry.derived_id("line", document_id, position), **line}
                for position, line in enumerate(lines)
            ],
            "_control_account_id": None,
            "_entry_id": None,
        }
        return self._registry.add(self.kind.table, record, record_id=document_id)

    def submit(self, document_id: str) -> Record:
        """Draft → pending: waiting for somebody's approval (bills; contract section 7).

        Raises:
            AtlasAccountingError: 404; 409 when it is no draft.
        """
        document = self._registry.get(self.kind.table, document_id)
        self._require(document, {"draft"}, "submitted")
        return self._registry.change(self.kind.table, document, status="pending")

    def issue(self, document_id: str, control_account_id: str | None) -> Record:
        """Sends an invoice or approves a bill: the ledger entry is made, the document is owed from here.

        Raises:
            AtlasAccountingError: 404; 409 when it was issued or voided before, or its date is in a closed period;
                422 for a control account that does not exist or is of another currency.
        """
        kind = self.kind
        document = self._registry.get(kind.table, document_id)
        self._require(document, NOT_ISSUED, kind.issued)
        day, currency, total = document[kind.date_field], document["currency"], Decimal(document["total_amount"])
        control = self._accounts.chosen(control_account_id, kind.control_type, currency, kind.control_field)
        lines = self._lines.postings(document["lines"], currency)
        entry = [Posting(control["id"], kind.side * total)]
        entry += [Posting(line.account_id, -kind.side * line.amount) for line in lines]
        entry_id = self._ledger.post(day, currency, Source(kind.source, document_id), entry)
        self._parties.adjust(document[kind.party_field], currency, total)
        self._due_dates.watch(document["due_date"], document_id)
        return self._registry.change(
            kind.table,
            document,
            status=self._status(document, kind.issued),
            _control_account_id=control["id"],
            _entry_id=entry_id,
        )

    def view(self, document_id: str) -> Record:
        """Sent → viewed: the customer opened the invoice. Nothing else follows from it.

        Raises:
            AtlasAccountingError: 404; 409 when it is not merely sent.
        """
        document = self._registry.get(self.kind.table, document_id)
        self._require(document, {"sent"}, "viewed")
        return self._registry.change(self.kind.table, document, status="viewed")

    def void(self, document_id: str, reason: str | None) -> Record:
        """Takes a document back: its entry is reversed on its own date and nothing is owed.

        Raises:
            AtlasAccountingError: 404; 409 when it is voided or paid, has payments, or its date is in a closed period.
        """
        kind = self.kind
        document = self._registry.get(kind.table, document_id)
        self._require(document, kind.statuses - {"voided", "paid"}, "voided")
        if Decimal(document["amount_paid"]):
            raise conflict(f"{self._label(document)} has payments applied and cannot be voided")
        self._periods.require_open(document[kind.date_field])
        if document["_entry_id"] is not None:
            source = Source("reversal", document_id)
            self._ledger.reverse(document["_entry_id"], document[kind.date_field], source)
            self._parties.adjust(document[kind.party_field], document["currency"], -Decimal(document["amount_due"]))
        nothing = money.text(money.ZERO, document["currency"])
        return self._registry.change(kind.table, document, status="voided", amount_due=nothing, _void_reason=reason)

    def delete(self, document_id: str) -> None:
        """Deletes a draft (contract section 6: drafts only).

        Raises:
            AtlasAccountingError: 404; 409 when it is no draft.
        """
        document = self._registry.get(self.kind.table, document_id)
        self._require(document, {"draft"}, "deleted")
        self._registry.remove(self.kind.table, document)

    def require_due(self, document_id: str, party_id: str, currency: str, amount: Decimal, field: str) -> Record:
        """The document, when a payment of that party and currency may settle so much of it.

        Raises:
            AtlasAccountingError: 422 on the field, for a document unknown, of another party or currency; 409 when it
                is not open, or has less due.
        """
        kind = self.kind
        document = self._registry.find(kind.table, document_id)
        if document is None:
            raise invalid(field, f"{kind.source} does not exist")
        if document[kind.party_field] != party_id:
            raise invalid(field, f"belongs to another {kind.party_field.removesuffix('_id')}")
        if document["currency"] != currency:
            raise invalid(field, f"is in {document['currency']}, the payment in {currency}")
        self._require(document, kind.statuses - NOT_OPEN, "paid")
        if amount > Decimal(document["amount_due"]):
            raise conflict(
                f"{self._label(document)} has {document['amount_due']} {currency} due; "
                f"{money.text(amount, currency)} cannot be applied"
            )
        return document

    def settle(self, document_id: str, amount: Decimal) -> Record:
        """Counts an amount as paid, cash and discount alike (`require_due` has allowed it); below zero opens it."""
        document = self._registry.get(self.kind.table, document_id)
        due, paid = Decimal(document["amount_due"]) - amount, Decimal(document["amount_paid"]) + amount
        settled: dict[str, Any] = {
            "amount_paid": money.text(paid, document["currency"]),
            "amount_due": money.text(due, document["currency"]),
        }
        status = self._status({**document, **settled}, ("partial" if paid else self.kind.issued) if due else "paid")
        return self._registry.change(self.kind.table, document, status=status, **settled)

    def any_fell_due(self) -> bool:
        """Whether `roll` has something to do."""
        return self._due_dates.any_passed(self._registry.today().isoformat())

    def roll(self) -> None:
        """Marks as overdue what has fallen due since the last look."""
        for document_id in self._due_dates.passed(self._registry.today().isoformat()):
            document = self._registry.find(self.kind.table, document_id)
            if document is not None and document["status"] not in NOT_OPEN | {"overdue"}:
                self._registry.change(self.kind.table, document, status="overdue")

    def _status(self, document: Record, otherwise: str) -> str:
        overdue = document["due_date"] < self._registry.today().isoformat() and Decimal(document["amount_due"])
        return "overdue" if overdue else otherwise

    def _require(self, document: Record, statuses: frozenset[str] | set[str], verb: str) -> None:
        if document["status"] not in statuses:
            raise conflict(f"{self._label(document)} is {document['status']} and cannot be {verb}")

    def _label(self, document: Record) -> str:
        return f"{TABLES[self.kind.table]} {document[self.kind.number_field]}"
