"""What ATLAS ETRM's and Atlas Accounting's records answer to the open assumptions of their contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tieout.doctor import atlas_accounting_answers as books
from tieout.doctor import atlas_etrm_answers as etrm
from tieout.doctor import order_answers
from tieout.doctor.examination import Finding

Record = dict[str, Any]

ORDER = {
    "id": 1,
    "counterpartyId": 5,
    "totalAmount": 1,
    "registrationDate": "2026-04-03T00:00:00",
    "dueDate": "2026-04-17T00:00:00",
    "erpCode": None,
    "status": "Settled",
}
FIELD = {"customFieldId": 7, "type": "Text", "value": "x"}
ETRM: dict[str, list[Record]] = {
    "orders": [ORDER],
    "order_items": [{"id": 1, "net": Decimal(5)}],
    "counterparties": [{"id": 5, "customFieldValues": [FIELD]}],
    "custom_field_definitions": [{"id": 7, "name": "VAT Status", "type": "Text"}],
}


def told(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.question: finding for finding in findings}


def test_spellings_of_the_settlement_desk_are_compared_with_what_is_declared() -> None:
    found = told(etrm.of_records(ETRM))
    orders = found["Which members orders have (assumption 3)"]
    assert (orders.answer, orders.agrees) == ("all that is needed is there", True)
    items = found["Which members order items have (assumption 3)"]
    assert items.agrees is False
    assert items.answer.startswith("there is no orderId, status, cashflow, amount, vat,")
    assert items.answer.endswith("besides net")
    assert "Which members payments have (assumption 3)" not in found  # nothing was seen of them


@pytest.mark.parametrize(
    ("text", "form", "agrees"),
    [
        ("2026-04-03T00:00:00", "a day", True),
        ("2026-04-03", "a day", True),
        ("2026-04-03T00:00:00Z", "a day with a zone", True),
        ("2026-04-03T22:00:00Z", "a time of day with a zone", False),
        ("3.4.2026", "no date", False),
    ],
)
def test_how_dates_are_written(text: str, form: str, agrees: bool) -> None:
    (dates,) = (each for each in etrm.of_records({"payments": [{"paymentDate": text}]}) if "dates" in each.question)
    assert (dates.evidence, dates.agrees) == ({form: 1}, agrees)


def test_custom_fields_need_their_key_and_may_have_types_of_their_own() -> None:
    strange = {"custom_field_definitions": [{"id": 7, "name": "x", "type": "Curve"}]}
    found = told(etrm.of_records(strange))["What custom fields look like (assumption 6)"]
    assert (found.answer, found.agrees) == ("Curve (1); the contract does not know Curve; no value is set", None)
    keyless = {"counterparties": [{"id": 5, "customFieldValues": [{"fieldId": 7}]}]}
    assert told(etrm.of_records(keyless))["What custom fields look like (assumption 6)"].agrees is False


def test_every_assumption_about_the_settlement_desk_is_answered_or_named() -> None:
    given = [
        *order_answers.of_orders([], [], "gross", "amount", ()),
        *etrm.of_records(ETRM),
        *etrm.of_deployment("Bearer opaque", {}, {"deals": False}),
    ]
    for number, question in etrm.ANSWERED.items():
        assert [each for each in given if each.question.startswith(question)], number
    assert etrm.ANSWERED.keys() | etrm.ONLY_OTHERS_TELL.keys() == {str(number) for number in range(1, 17)}
    assert told(given)["Whether deals and custom fields of master agreements are there (assumption 15)"].answer == (
        "there is no read of deals"
    )


def invoice(day: int, **more: Any) -> Record:
    return {"id": f"i{day}", "status": "sent", "currency": "EUR", "updated_at": f"2026-03-{day:02}T08:00:00Z", **more}


@pytest.mark.parametrize(
    ("records", "answer"),
    [
        ([invoice(3), invoice(2)], "yes: only what changed has to be read"),
        ([invoice(2), invoice(3)], "no: the order is ignored, lists are read whole"),
        ([invoice(3), {"id": "i1"}], "no: records do not tell updated_at, lists are read whole"),
        ([invoice(3)], "cannot be told: too few records"),
        ([], "cannot be told: too few records"),
        (None, "no: the order is refused, lists are read whole"),
    ],
)
def test_an_order_that_is_only_accepted_is_not_taken_for_one(records: list[Record] | None, answer: str) -> None:
    assert books.sorting(records).answer == answer


def test_what_the_books_records_say_is_counted() -> None:
    pages: dict[str, list[Record] | None] = {
        "invoices": [invoice(2, status="parked", exchange_rate="1.1"), invoice(3, currency="USD")],
        "customers": [{"id": "c", "name": "Acme"}],
        "vendors": [{"id": "v", "title": "Acme"}],
        "journal_entries": [{"id": "j", "entry_type": "closing", "status": "draft"}],
        "accounts": [{"id": "a", "account_type": "asset"}],
        "bills": None,
    }
    found = told(books.of_pages(pages))
    assert found["Which statuses invoices have"].agrees is False
    assert found["Which currencies documents have"].answer == "EUR (1), USD (1), None (1); rates in exchange_rate"
    assert found["Which members customers have (assumption 5)"].agrees is True  # either name serves
    assert found["Which members vendors have (assumption 5)"].answer == "there is no display_name|name; besides title"
    assert found["Which types journal entries have"].agrees is None  # any type is landed
    assert "Which statuses bills have" not in found
    asked_elsewhere = {"1", "3", "4"}
    for number, question in books.ANSWERED.items():
        assert number in asked_elsewhere or [each for each in found if each.startswith(question)], number
    assert books.ANSWERED.keys() | books.ONLY_OTHERS_TELL.keys() == {str(number) for number in range(1, 16)}
