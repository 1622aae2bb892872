"""Invoices and bills: states, numbers, amounts, and the ledger that follows each step."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_draft_has_no_ledger_effect(books: Any) -> None:
    invoice = books.invoice()
    bill = books.bill()
    assert (invoice["status"], bill["status"]) == ("draft", "draft")
    assert books.balances() == {}
    assert books.engine.get("customers", books.customer)["balance"] == "0.00"


def test_sending_debits_receivables_and_credits_each_line(books: Any) -> None:
    lines = [
        books.line("1000.00"),
        {"description": "VAT 24 %", "quantity": 1, "unit_price": "240.00", "account_id": books.accounts["2200"]},
    ]
    sent = books.engine.send_invoice(books.invoice(lines=lines)["id"], books.accounts["1100"])
    assert sent["status"] == "sent"
    assert (sent["total_amount"], sent["amount_paid"], sent["amount_due"]) == ("1240.00", "0.00", "1240.00")
    assert sent["lines"][1]["revenue_account_id"] == books.accounts["2200"]
    assert books.balances() == {"1100": "1240.00", "2200": "-240.00", "4100": "-1000.00"}
    assert books.engine.get("customers", books.customer)["balance"] == "1240.00"


def test_approving_debits_each_line_and_credits_payables(books: Any) -> None:
    approved = books.approved("500.00")
    assert approved["status"] == "approved"
    assert books.balances() == {"2000": "-500.00", "6410": "500.00"}
    assert books.engine.get("vendors", books.vendor)["balance"] == "500.00"


def test_a_pending_bill_is_approved_too(books: Any, refused: Any) -> None:
    bill = books.engine.submit_bill(books.bill()["id"])
    assert bill["status"] == "pending"
    assert books.balances() == {}
    assert refused(books.engine.submit_bill, bill["id"]).status == 409
    assert books.engine.approve_bill(bill["id"])["status"] == "approved"


def test_issuing_twice_is_a_conflict_that_changes_nothing(books: Any, refused: Any) -> None:
    invoice, bill = books.sent(), books.approved()
    before = books.balances()
    assert refused(books.engine.send_invoice, invoice["id"]).status == 409
    assert refused(books.engine.approve_bill, bill["id"]).status == 409
    assert books.balances() == before
    assert books.engine.get("invoices", invoice["id"]) == invoice


def test_a_viewed_invoice_is_still_owed(books: Any) -> None:
    viewed = books.engine.view_invoice(books.sent()["id"])
    assert (viewed["status"], viewed["amount_due"]) == ("viewed", "1000.00")


def test_numbers_are_issued_and_step_over_the_callers_own(books: Any) -> None:
    assert books.invoice()["invoice_number"] == "INV-00001"
    assert books.invoice(invoice_number="inv-00002")["invoice_number"] == "inv-00002"
    assert books.invoice()["invoice_number"] == "INV-00003"
    assert books.bill()["bill_number"] == "BILL-00001"


def test_a_number_already_taken_is_a_conflict(books: Any, refused: Any) -> None:
    books.invoice(invoice_number="A-1")
    assert refused(books.invoice, invoice_number="A-1").status == 409
    books.bill(bill_number="B-1")
    assert refused(books.bill, bill_number="B-1").status == 409
    assert len(books.engine.list("invoices")) == 1


def test_the_number_of_a_deleted_draft_is_free_again(books: Any) -> None:
    books.engine.delete_invoice(books.invoice(invoice_number="A-1")["id"])
    assert books.invoice(invoice_number="A-1")["invoice_number"] == "A-1"


def test_only_drafts_are_deleted(books: Any, refused: Any) -> None:
    invoice, bill = books.sent(), books.approved()
    assert refused(books.engine.delete_invoice, invoice["id"]).status == 409
    assert refused(books.engine.delete_bill, bill["id"]).status == 409
    assert refused(books.engine.delete_bill, books.engine.submit_bill(books.bill()["id"])["id"]).status == 409
    draft = books.bill()
    books.engine.delete_bill(draft["id"])
    assert refused(books.engine.get, "bills", draft["id"]).status == 404


def test_voiding_leaves_no_trace_on_any_day(books: Any) -> None:
    invoice = books.sent("1000.00", day="2026-03-02")
    books.go_to("2026-03-25")
    voided = books.engine.void_invoice(invoice["id"], "wrong customer")
    assert (voided["status"], voided["amount_due"]) == ("voided", "0.00")
    for as_of in ("2026-03-02", "2026-03-24", "2026-03-25"):
        assert books.balances(as_of) == {}
    assert books.engine.get("customers", books.customer)["balance"] == "0.00"
    assert len(books.engine.list("ledger_entries")) == 2


def test_a_void_bill_reverses_its_entry(books: Any) -> None:
    bill = books.approved()
    assert books.engine.void_bill(bill["id"])["status"] == "voided"
    assert books.balances() == {}


def test_what_is_paid_in_part_or_whole_cannot_be_voided(books: Any, refused: Any) -> None:
    invoice = books.sent("1000.00")
    payment = books.payment("1000.00")
    books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "400.00"})
    assert refused(books.engine.void_invoice, invoice["id"]).status == 409
    books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "600.00"})
    assert books.engine.get("invoices", invoice["id"])["status"] == "paid"
    assert refused(books.engine.void_invoice, invoice["id"]).status == 409
    assert refused(books.engine.void_bill, books.engine.void_bill(books.bill()["id"])["id"]).status == 409


def test_the_clock_makes_open_documents_overdue_once(books: Any) -> None:
    invoice = books.sent(due_date="2026-03-10")
    bill = books.approved(due_date="2026-03-10")
    draft = books.invoice(due_date="2026-03-10")
    books.go_to("2026-03-10")
    assert books.engine.get("invoices", invoice["id"])["status"] == "sent"
    books.go_to("2026-03-11")
    late = books.engine.get("invoices", invoice["id"])
    assert late["status"] == "overdue"
    assert late["updated_at"] > invoice["updated_at"]
    assert books.engine.get("bills", bill["id"])["status"] == "overdue"
    assert books.engine.get("invoices", draft["id"])["status"] == "draft"
    books.go_to("2026-03-12")
    assert books.engine.get("invoices", invoice["id"]) == late


def test_an_overdue_invoice_stays_overdue_until_it_is_paid(books: Any) -> None:
    invoice = books.sent("1000.00", due_date="2026-03-10")
    books.go_to("2026-03-20")
    payment = books.payment("1000.00")
    books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "300.00"})
    assert books.engine.get("invoices", invoice["id"])["status"] == "overdue"
    books.engine.apply_payment(payment["id"], {"invoice_id": invoice["id"], "amount": "700.00"})
    assert books.engine.get("invoices", invoice["id"])["status"] == "paid"


def test_a_document_sent_after_its_due_date_is_overdue_at_once(books: Any) -> None:
    assert books.sent(day="2026-01-02", due_date="2026-01-31")["status"] == "overdue"


def test_the_due_date_comes_from_terms_but_any_date_given_is_kept(books: Any) -> None:
    assert books.invoice(day="2026-03-02")["due_date"] == "2026-04-01"
    customer = books.engine.create_customer({"display_name": "Prompt Oy", "payment_terms": "due_on_receipt"})
    assert books.invoice(customer_id=customer["id"])["due_date"] == "2026-03-02"
    fast = books.engine.create_customer({"display_name": "Fast Oy", "payment_terms": "net_60", "net_days": 7})
    assert books.invoice(customer_id=fast["id"])["due_date"] == "2026-03-09"
    # An order's due date may lie before the document's date when its period is closed already.
    assert books.invoice(due_date="2026-02-20")["due_date"] == "2026-02-20"


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "account", "amount", "shown"),
    [
        ("10", "100", "EUR", "4100", "1000.00", "100.00"),
        ("12.5", "74.123", "EUR", "4100", "926.54", "74.123"),
        ("0.5", "0.01", "EUR", "4100", "0.01", "0.01"),
        (3, "333.5", "JPY", "4903", "1001", "333.5"),
        ("1", "12345678901234.56", "EUR", "4100", "12345678901234.56", "12345678901234.56"),
    ],
)
def test_a_line_rounds_once_to_its_currency(
    books: Any, quantity: Any, price: str, currency: str, account: str, amount: str, shown: str
) -> None:
    line = {**books.line(price, account), "quantity": quantity}
    invoice = books.invoice(currency=currency, lines=[line])
    assert invoice["lines"][0]["amount"] == amount
    assert invoice["lines"][0]["unit_price"] == shown
    assert invoice["total_amount"] == amount


def test_tax_of_a_rate_is_posted_to_its_account(books: Any) -> None:
    rate = books.engine.create_tax_rate({"name": "VAT 25.5", "rate": "25.5", "account_id": books.accounts["2200"]})
    lines = [books.line("10.01", tax_rate_id=rate["id"]), books.line("10.01", tax_rate_id=rate["id"])]
    sent = books.engine.send_invoice(books.invoice(lines=lines)["id"])
    # 2.55255 is rounded on each line, so that the lines shown add up to the totals shown.
    assert (sent["subtotal"], sent["tax_amount"], sent["total_amount"]) == ("20.02", "5.10", "25.12")
    assert books.balances() == {"1100": "25.12", "2200": "-5.10", "4100": "-20.02"}


def test_a_tax_rate_is_a_percentage(books: Any, refused: Any) -> None:
    assert refused(books.engine.create_tax_rate, {"name": "x", "rate": "100.01"}).errors[0]["field"] == "rate"
    error = refused(books.invoice, lines=[books.line("1.00", tax_rate_id="none")])
    assert error.errors == [{"field": "lines.0.tax_rate_id", "message": "tax rate does not exist"}]


def test_a_tax_rate_without_account_takes_the_first_of_its_side(books: Any) -> None:
    rate = books.engine.create_tax_rate({"name": "Input VAT", "rate": "10", "tax_type": "purchase"})
    approved = books.engine.approve_bill(books.bill(lines=[books.line("100.00", "6410", tax_rate_id=rate["id"])])["id"])
    assert approved["total_amount"] == "110.00"
    assert books.balances() == {"1200": "10.00", "2000": "-110.00", "6410": "100.00"}


def test_currencies_do_not_mix(books: Any, refused: Any) -> None:
    error = refused(books.invoice, currency="SEK")
    assert error.status == 422
    assert error.errors == [
        {"field": "lines.0.revenue_account_id", "message": "account is in EUR, the document in SEK"}
    ]
    sek = books.invoice(currency="SEK", lines=[books.line("100.00", "4901")])
    assert refused(books.engine.send_invoice, sek["id"], books.accounts["1100"]).errors[0]["field"] == "ar_account_id"
    books.engine.send_invoice(sek["id"])
    assert books.balances() == {"1101": "100.00", "4901": "-100.00"}


def test_every_field_at_fault_is_named(books: Any, refused: Any) -> None:
    body = {
        "customer_id": "nobody",
        "invoice_date": "2.3.2026",
        "lines": [{"description": " ", "quantity": 0, "unit_price": "-1", "account_id": "none"}],
    }
    error = refused(books.engine.create_invoice, body)
    assert (error.status, error.detail) == (422, "Validation failed")
    assert {each["field"]: each["message"] for each in error.errors} == {
        "customer_id": "customer does not exist",
        "invoice_date": "must be a date, YYYY-MM-DD",
        "lines.0.description": "field required",
        "lines.0.quantity": "must be greater than zero",
        "lines.0.unit_price": "must be greater than zero",
        "lines.0.account_id": "account does not exist",
    }


@pytest.mark.parametrize("price", ["abc", "NaN", "1e400", 1.5, True, "0.00000000001", "9999999999999999"])
def test_prices_that_are_no_exact_decimals_are_refused(books: Any, refused: Any, price: Any) -> None:
    error = refused(books.invoice, price)
    assert [each["field"] for each in error.errors] == ["lines.0.unit_price"]


@pytest.mark.parametrize("field", ["bill_number", "vendor_bill_number"])
def test_texts_have_a_longest_length(books: Any, refused: Any, field: str) -> None:
    longest = 30 if field == "bill_number" else 50
    assert books.bill(**{field: "x" * longest})[field] == "x" * longest
    error = refused(books.bill, **{field: "y" * (longest + 1)})
    assert error.errors == [{"field": field, "message": f"must have at most {longest} characters"}]


@pytest.mark.parametrize("lines", [None, [], "x", [None]])
def test_a_document_needs_lines(books: Any, refused: Any, lines: Any) -> None:
    assert refused(books.invoice, lines=lines).status == 422


def test_an_inactive_account_is_refused(books: Any, refused: Any) -> None:
    account = books.engine.create_account(
        {"account_number": "4999", "name": "Old", "account_type": "revenue", "is_active": False}
    )
    line = {**books.line("1.00"), "revenue_account_id": account["id"]}
    assert refused(books.invoice, lines=[line]).errors[0]["message"] == "account is inactive"


def test_notes_keep_the_key_that_the_client_wrote(books: Any) -> None:
    assert books.invoice(notes="atlas_etrm:order:210")["notes"] == "atlas_etrm:order:210"


def test_a_record_handed_out_is_a_copy(books: Any) -> None:
    invoice = books.sent()
    invoice["lines"][0]["amount"] = "0.00"
    invoice["status"] = "paid"
    kept = books.engine.get("invoices", invoice["id"])
    assert (kept["status"], kept["lines"][0]["amount"]) == ("sent", "1000.00")
    assert not [name for name in kept if name.startswith("_")]
