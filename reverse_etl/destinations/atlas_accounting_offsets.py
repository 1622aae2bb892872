"""Offsets by agreement in Atlas Accounting: applying the receivable side to its invoices.

In: deliveries of `sync_atlas_accounting__netting_applications`. Out: their outcomes, with the payment as it is now.
What does not belong here: which documents are offset (dbt), and the payments themselves (`atlas_accounting.py`).

An application has no key of its own. The payment is ours alone and is applied to each invoice once, so the payment's
own list of applications says whether it was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from pipelines.atlas_accounting import tables
from pipelines.transport import exact
from pipelines.transport.errors import VendorError
from pipelines.transport.reply import Reply
from reverse_etl.destinations.base import Record, answer, done, payload, written
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome, after_read_error, after_write_error

APPLICATIONS = "sync_atlas_accounting__netting_applications"
"""The sync whose deliveries are applied here."""


class PaymentCalls(Protocol):
    """The calls of `AtlasAccountingClient` that applying needs."""

    def apply_payment(self, payment_id: str, body: Record) -> Reply: ...  # noqa: D102
    def payment(self, payment_id: str) -> Record: ...  # noqa: D102


def split(body: Record, account: str) -> tuple[Record, str | None]:
    """Returns a payment without its control account, which goes beside the body, and that account."""
    return {name: value for name, value in body.items() if name != account}, body.get(account)


def apply(client: PaymentCalls, one: Delivery) -> Outcome:
    """Applies a payment to one invoice, unless it is applied to it already."""
    target, body = str(one.target_id), payload(one)
    try:
        present = client.payment(target)
    except VendorError as error:
        return after_read_error(error)
    if _is_applied(present, body):
        return _done(present, reason="it was applied already")
    left = Decimal(str(present.get("unapplied_amount") or 0))
    if left < Decimal(body["amount"]):
        reason = f"atlas_accounting: the payment has {left} left to apply, not {body['amount']}"
        return Outcome("pending", reason, answers=(answer(tables.PAYMENTS, present),), moved=True)
    try:
        outcome = written(
            tables.PAYMENTS,
            lambda: client.apply_payment(target, body),
            lambda: client.payment(target),
            number="reference_number",
        )
    except VendorError as error:
        return after_write_error(error)
    if any(_is_applied(exact.loads(shown.record), body) for shown in outcome.answers):
        # The payment's own amount is another than the one applied: what was sent is compared here.
        return replace(outcome, reason="shown among the applications of the payment")
    return outcome


def found(client: PaymentCalls, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
    """Returns the outcomes of the deliveries that the payments show to have happened."""
    outcomes = {}
    for one in unknown:
        present = client.payment(str(one.target_id))
        if _is_applied(present, payload(one)):
            outcomes[one.delivery_id] = _done(present, reason="looked up")
    return outcomes


def _is_applied(payment: Record, body: Record) -> bool:
    """Whether the payment shows the application, of at least the amount."""
    return any(
        row.get("invoice_id") == body["invoice_id"]
        and Decimal(str(row.get("amount_applied") or 0)) >= Decimal(body["amount"])
        for row in payment.get("applications") or ()
    )


def _done(payment: Record, *, reason: str) -> Outcome:
    return done((answer(tables.PAYMENTS, payment),), payment, number="reference_number", reason=reason)
