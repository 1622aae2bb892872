"""The two kinds of document and the two kinds of payment: names of fields, sides, states.

In: nothing. Out: constants that let one machine serve both sides of the books (`documents.py`, `payments.py`). What
does not belong here: behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

METHODS = frozenset({"cash", "check", "credit_card", "ach", "wire", "bank_transfer", "other"})
"""Payment methods (contract section 7: the union of the vendor's two lists for payments received)."""


@dataclass(frozen=True)
class DocumentKind:
    """What tells an invoice from a bill."""

    table: str
    source: str
    party_field: str
    date_field: str
    number_field: str
    number_length: int
    account_field: str
    control_type: str
    control_field: str
    issued: str
    """The status that issuing gives."""
    side: Literal[1, -1]
    """1 where the control account is debited, -1 where it is credited."""
    statuses: frozenset[str]


INVOICE = DocumentKind(
    table="invoices",
    source="invoice",
    party_field="customer_id",
    date_field="invoice_date",
    number_field="invoice_number",
    number_length=50,
    account_field="revenue_account_id",
    control_type="accounts_receivable",
    control_field="ar_account_id",
    issued="sent",
    side=1,
    statuses=frozenset({"draft", "sent", "viewed", "partial", "paid", "overdue", "voided"}),
)

BILL = DocumentKind(
    table="bills",
    source="bill",
    party_field="vendor_id",
    date_field="bill_date",
    number_field="bill_number",
    number_length=30,
    account_field="expense_account_id",
    control_type="accounts_payable",
    control_field="ap_account_id",
    issued="approved",
    side=-1,
    statuses=frozenset({"draft", "pending", "approved", "partial", "paid", "overdue", "voided"}),
)

NOT_ISSUED = frozenset({"draft", "pending"})
NOT_OPEN = NOT_ISSUED | {"paid", "voided"}


@dataclass(frozen=True)
class PaymentKind:
    """What tells a payment received from a payment made."""

    table: str
    source: str
    party_field: str
    bank_field: str
    bank_required: bool
    document_field: str
    methods: frozenset[str]
    side: Literal[1, -1]
    """1 where the bank account is debited."""


RECEIVED = PaymentKind(
    table="payments",
    source="payment",
    party_field="customer_id",
    bank_field="deposit_account_id",
    bank_required=False,
    document_field="invoice_id",
    methods=METHODS,
    side=1,
)

MADE = PaymentKind(
    table="payments_made",
    source="payment_made",
    party_field="vendor_id",
    bank_field="payment_account_id",
    bank_required=True,
    document_field="bill_id",
    methods=METHODS - {"bank_transfer"},
    side=-1,
)
