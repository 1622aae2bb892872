"""Money received and paid: cash postings, applications, discounts, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_a_payment_received_posts_its_cash_and_waits(books: Any) -> None:
    invoice = books.sent("1240.00")
    payment = books.payment("600.00")
    assert (payment["status"], payment["unapplied_amount"], payment["applications"]) == ("unapplied", "600.00", [])
    assert payment["deposit_account_id"] == books.accounts["1000"]
    assert books.balances() == {"1000": "600.00", "1100": "640.00", "4100": "-1240.00"}
    assert books.engine.get("invoices", invoice["id"])["status"] == "sent"
    assert books.engine.get("customers", books.customer)["balance"] == "640.00"


def test_applying_moves_the_invoice_through_partial_to_paid(books: Any) -> None:
    invoice = books.sent("1240.00")
    first, second = books.payment("600.00"), books.payment("700.00")
    cash = books.balances()
    applied = books.engine.apply_payment(first["id"], {"invoice_id": invoice["id"], "amount": "600.00"})
    assert (applied["status"], applied["unapplied_amount"]) == ("applied", "0.00")
    partial = books.engine.get("invoices", invoice["id"])
    assert (partial["status"], partial["amount_paid"], partial["amount_due"]) == ("partial", "600.00", "640.00")
    applied = books.engine.apply_payment(second["id"], {"invoice_id": invoice["id"], "amount": "640.00"})
    assert applied["applications"] == [
        {"invoice_id": invoice["id"], "amount_applied": "640.00", "discount_taken": "0.00"}
    ]
    assert (applied["status"], applied["unapplied_amount"]) == ("partial", "60.00")
    assert books.engine.get("invoices", invoice["id"])["status"] == "paid"
    # The cash was posted when it came in; applying it moves no account.
    assert books.balances() == cash
    assert books.engine.get("customers", books.customer)["balance"] == "-60.00"


def test_one_payment_keeps_one_row_per_invoice(books: Any) -> None:
    invoice, payment = books.sent("100.00"), books.payment("100.00")
    for part in ("30.00", "70.00"):
        payment = books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": part})
    assert [row["amount_applied"] for row in payment["applications"]] == ["100.00"]


def test_applying_more_than_is_due_or_left_is_a_conflict(books: Any, refused: Any) -> None:
    invoice, payment = books.sent("100.00"), books.payment("150.00")
    apply = books.engine.apply_payment
    error = refused(apply, payment["id"], {"invoice_id": invoice["id"], "amount": "100.01"})
    assert (error.status, error.detail) == (
        409,
        "Invoice INV-00001 has 100.00 EUR due; 100.01 cannot be applied",
    )
    large = books.sent("1000.00")
    assert refused(apply, payment["id"], {"invoice_id": large["id"], "amount": "150.01"}).status == 409
    assert books.engine.get("payments", payment["id"]) == payment


@pytest.mark.parametrize("state", ["draft", "voided", "paid"])
def test_nothing_is_applied_to_what_is_not_open(books: Any, refused: Any, state: str) -> None:
    invoice = books.invoice("100.00") if state == "draft" else books.sent("100.00")
    payment = books.payment("300.00")
    if state == "voided":
        books.engine.void_invoice(invoice["id"])
    if state == "paid":
        books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "100.00"})
    error = refused(books.engine.apply_payment, payment["id"], {"invoice_id": invoice["id"], "amount": "1.00"})
    assert error.status == 409


def test_a_payment_settles_its_own_customers_invoices_in_its_own_currency(books: Any, refused: Any) -> None:
    other = books.engine.create_customer({"display_name": "Helen Oy"})
    foreign = books.sent("100.00", customer_id=other["id"])
    sek = books.sent(currency="SEK", lines=[books.line("100.00", "4901")])
    payment = books.payment("100.00")
    for invoice in (foreign, sek):
        error = refused(books.engine.apply_payment, payment["id"], {"invoice_id": invoice["id"], "amount": "1.00"})
        assert (error.status, error.errors[0]["field"]) == (422, "invoice_id")


def test_a_discount_in_time_settles_the_rest(books: Any) -> None:
    invoice = books.sent("1000.00", discount_percent="2", discount_days=10, day="2026-03-02")
    payment = books.payment("980.00", day="2026-03-12")
    body = {"invoice_id": invoice["id"], "amount": "980.00", "take_discount": True}
    applied = books.engine.apply_payment(payment["id"], body)
    assert applied["applications"] == [
        {"invoice_id": invoice["id"], "amount_applied": "980.00", "discount_taken": "20.00"}
    ]
    paid = books.engine.get("invoices", invoice["id"])
    assert (paid["status"], paid["amount_paid"], paid["amount_due"]) == ("paid", "1000.00", "0.00")
    assert books.balances() == {"1000": "980.00", "4100": "-1000.00", "4900": "20.00"}
    assert books.balance("4900", "2026-03-11") == 0
    assert books.engine.get("customers", books.customer)["balance"] == "0.00"


def test_a_discount_is_refused_late_twice_without_terms_or_beyond_what_is_due(books: Any, refused: Any) -> None:
    apply = books.engine.apply_payment
    terms = {"discount_percent": "2", "discount_days": 10}
    invoice = books.sent("1000.00", **terms)
    late = books.payment("980.00", day="2026-03-13")
    body = {"invoice_id": invoice["id"], "amount": "100.00", "take_discount": True}
    assert refused(apply, late["id"], body).status == 409
    timely = books.payment("2000.00", day="2026-03-12")
    assert refused(apply, timely["id"], {**body, "amount": "990.00"}).status == 409
    apply(timely["id"], body)
    assert refused(apply, timely["id"], body).status == 409
    plain = books.sent("1000.00")
    assert refused(apply, timely["id"], {**body, "invoice_id": plain["id"]}).status == 409


def test_a_payment_made_settles_the_bills_it_names(books: Any) -> None:
    one, two = books.approved("500.00"), books.approved("300.00")
    made = books.paid("700.00", [(one["id"], "500.00"), (two["id"], "150.00")])
    assert (made["status"], made["unapplied_amount"]) == ("partial", "50.00")
    assert made["applications"] == [
        {"bill_id": one["id"], "amount_applied": "500.00"},
        {"bill_id": two["id"], "amount_applied": "150.00"},
    ]
    assert books.engine.get("bills", one["id"])["status"] == "paid"
    assert books.engine.get("bills", two["id"])["amount_due"] == "150.00"
    assert books.balances() == {"1000": "-700.00", "2000": "-100.00", "6410": "800.00"}
    assert books.engine.get("vendors", books.vendor)["balance"] == "100.00"
    rows = books.engine.list("bill_payments")
    assert [(row["payment_id"], row["bill_id"], row["amount"]) for row in rows] == [
        (made["id"], one["id"], "500.00"),
        (made["id"], two["id"], "150.00"),
    ]


def test_a_payment_made_that_is_refused_leaves_no_cash_behind(books: Any, refused: Any) -> None:
    one, two = books.approved("500.00"), books.approved("300.00")
    before = books.balances()
    assert refused(books.paid, "900.00", [(one["id"], "500.00"), (two["id"], "300.01")]).status == 409
    assert refused(books.paid, "100.00", [(one["id"], "100.01")]).status == 422
    assert refused(books.paid, "100.00", [(one["id"], "10.00"), (one["id"], "10.00")]).status == 422
    draft = books.bill()
    assert refused(books.paid, "100.00", [(draft["id"], "10.00")]).status == 409
    assert refused(books.paid, "100.00", [("nothing", "10.00")]).errors[0]["field"] == "applications.0.bill_id"
    assert books.balances() == before
    assert books.engine.list("payments_made") == []
    assert books.engine.get("bills", one["id"])["amount_due"] == "500.00"


def test_payments_are_validated_field_by_field(books: Any, refused: Any) -> None:
    error = refused(books.engine.create_payment, {"amount": "-1", "payment_method": "cheque"})
    assert {each["field"] for each in error.errors} == {"customer_id", "payment_date", "amount", "payment_method"}
    error = refused(books.engine.create_payment_made, {"payment_method": "bank_transfer"})
    assert {each["field"] for each in error.errors} == {
        "vendor_id",
        "payment_date",
        "amount",
        "payment_account_id",
        "payment_method",
    }
    assert refused(books.payment, "1.00", reference_number="x" * 101).errors[0]["field"] == "reference_number"
    assert books.payment("1.00", reference_number="x" * 100)["reference_number"] == "x" * 100


def test_yen_have_no_decimals(books: Any, refused: Any) -> None:
    customer = books.engine.create_customer({"display_name": "JERA", "currency": "JPY"})
    assert refused(books.payment, "100.5", customer_id=customer["id"]).errors == [
        {"field": "amount", "message": "must have at most 0 decimals in JPY"}
    ]
    payment = books.payment("100000", customer_id=customer["id"])
    assert (payment["amount"], payment["deposit_account_id"]) == ("100000", books.accounts["1003"])


def test_the_bank_account_decides_the_currency(books: Any, refused: Any) -> None:
    payment = books.payment("50.00", deposit_account_id=books.accounts["1001"])
    assert payment["currency"] == "SEK"
    assert books.balances() == {"1001": "50.00", "1101": "-50.00"}
    error = refused(books.payment, "50.00", deposit_account_id=books.accounts["1001"], currency="EUR")
    assert error.errors[0]["field"] == "deposit_account_id"


def test_a_voided_payment_opens_what_it_had_settled(books: Any, refused: Any) -> None:
    invoice = books.sent("1000.00", discount_percent="2", discount_days=10, day="2026-03-02")
    before, payment = books.balances(), books.payment("980.00", day="2026-03-05")
    body = {"invoice_id": invoice["id"], "amount": "980.00", "take_discount": True}
    books.engine.apply_payment(payment["id"], body)
    voided = books.engine.void_payment(payment["id"])
    assert (voided["status"], voided["unapplied_amount"], voided["applications"]) == ("voided", "0.00", [])
    opened = books.engine.get("invoices", invoice["id"])
    assert (opened["amount_paid"], opened["amount_due"]) == ("0.00", "1000.00")
    assert opened["status"] in ("sent", "overdue")
    assert {account: amount for account, amount in books.balances().items() if Decimal(amount)} == before
    assert books.engine.get("customers", books.customer)["balance"] == "1000.00"
    assert refused(books.engine.void_payment, payment["id"]).status == 409


def test_a_payment_taken_off_leaves_its_money_and_takes_its_discount_back(books: Any, refused: Any) -> None:
    invoice = books.sent("1000.00", discount_percent="2", discount_days=10, day="2026-03-02")
    other = books.sent("300.00", day="2026-03-02")
    payment = books.payment("1280.00", day="2026-03-05")
    books.engine.apply_payment(payment["id"], {"invoice_id": other["id"], "amount": "300.00"})
    before = books.balances()
    body = {"invoice_id": invoice["id"], "amount": "980.00", "take_discount": True}
    books.engine.apply_payment(payment["id"], body)
    off = books.engine.take_payment_off(payment["id"], invoice["id"])
    assert (off["status"], off["unapplied_amount"]) == ("partial", "980.00")
    assert [row["invoice_id"] for row in off["applications"]] == [other["id"]]
    opened = books.engine.get("invoices", invoice["id"])
    assert (opened["amount_paid"], opened["amount_due"]) == ("0.00", "1000.00")
    settled = {account: amount for account, amount in books.balances().items() if Decimal(amount)}
    assert settled == before
    assert refused(books.engine.take_payment_off, payment["id"], invoice["id"]).status == 409
    assert books.engine.void_payment(payment["id"])["status"] == "voided"
    assert books.engine.get("customers", books.customer)["balance"] == "1300.00"
