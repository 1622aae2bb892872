"""Each way in which an incumbent's work can differ from ours has its own name, and what agrees is silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tieout.shadow.compare import AtlasInvoice, Document, Expected, OrderPair, Settled, compare

D = Decimal
PAID = Settled(D("400.00"), date(2026, 3, 20))
EXPECTED = Expected(
    "invoice", D("1190.00"), "EUR", date(2026, 3, 2), date(2026, 4, 1), "cust-1", {"4100": D("800"), "4130": D("200")}
)
DOCUMENT = Document(
    kind="invoice",
    number="RE-751",
    amount=D("1190.00"),
    amount_due=D("790.00"),
    currency_code="EUR",
    document_date=date(2026, 3, 2),
    due_date=date(2026, 4, 1),
    party_id="cust-1",
    is_issued=True,
    is_voided=False,
    by_account={"4100": D("800.0000"), "4130": D("200"), "2200": D("190")},
    settled=(PAID,),
)
ATLAS = AtlasInvoice(12, "RE-751", D("1190.0000"), date(2026, 4, 1), is_paid=False, payments=(PAID,))
PAIR = OrderPair(210, "2026-02 Alster", "book", "RE-751", (EXPECTED,), (DOCUMENT,), (ATLAS,))


def told(pair: OrderPair) -> list[tuple[str, str, str | None, str | None, Decimal | None]]:
    return [(one.record, one.difference, one.here, one.there, one.amount) for one in compare([pair])]


def with_document(**changes: object) -> OrderPair:
    return replace(PAIR, documents=(replace(DOCUMENT, **changes),))  # type: ignore[arg-type]


def with_atlas(**changes: object) -> OrderPair:
    return replace(PAIR, invoices=(replace(ATLAS, **changes),))  # type: ignore[arg-type]


def test_what_agrees_is_silent_also_where_digits_differ() -> None:
    assert told(PAIR) == []


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (
            replace(PAIR, erp_code=None, documents=(), invoices=()),
            [("invoice", "missing_there", "1190.00 EUR", None, D("-1190.00"))],
        ),
        (
            replace(PAIR, would="held (missing_gl_account)"),
            [("order", "missing_here", "held (missing_gl_account)", "booked as RE-751", None)],
        ),
        (
            replace(PAIR, erp_code="RE-999", documents=(), invoices=()),
            [("erpCode", "document_not_found", "an invoice or bill of that number", "RE-999", None)],
        ),
        (replace(PAIR, erp_code=None), [("erpCode", "erp_code_missing", "RE-751", None, None)]),
        (
            with_document(amount=D("1200.00")),
            [
                ("invoice RE-751", "amount_differs", "1190.00", "1200.00", D("10.00")),
                ("atlas_etrm invoice 12", "amount_differs", "1200.00", "1190.00", D("-10.0000")),
            ],
        ),
        (with_document(currency_code="SEK"), [("invoice RE-751", "currency_differs", "EUR", "SEK", None)]),
        (
            with_document(by_account={"4100": D("1000"), "2200": D("190")}),
            [
                ("invoice RE-751, account 4100", "account_differs", "800.00", "1000.00", D("200")),
                ("invoice RE-751, account 4130", "account_differs", "200.00", "0.00", D("-200")),
            ],
        ),
        (
            with_document(document_date=date(2026, 3, 3)),
            [("invoice RE-751", "document_date_differs", "2026-03-02", "2026-03-03", None)],
        ),
        (with_document(party_id="cust-2"), [("invoice RE-751", "party_differs", "cust-1", "cust-2", None)]),
        (
            with_document(is_voided=True),
            [
                ("invoice RE-751", "voided", "standing", "voided", None),
                ("invoice", "missing_there", "1190.00 EUR", None, D("-1190.00")),
                ("atlas_etrm invoice 12", "missing_here", None, "RE-751: 1190.00", D("1190.0000")),
            ],
        ),
        (
            replace(PAIR, expected=(replace(EXPECTED, kind="bill"),), invoices=()),
            [
                ("invoice RE-751", "missing_here", None, "1190.00 EUR", D("1190.00")),
                ("bill", "missing_there", "1190.00 EUR", None, D("-1190.00")),
                ("atlas_etrm invoice", "missing_there", "RE-751: 1190.00", None, D("-1190.00")),
            ],
        ),
        (
            replace(PAIR, invoices=()),
            [("atlas_etrm invoice", "missing_there", "RE-751: 1190.00", None, D("-1190.00"))],
        ),
        (with_atlas(external_id="751"), [("atlas_etrm invoice 12", "number_differs", "RE-751", "751", None)]),
        (with_atlas(is_paid=True), [("atlas_etrm invoice 12", "is_paid_differs", "False", "True", None)]),
        (
            with_atlas(payments=(replace(PAID, amount=D("390.00")),)),
            [
                ("payment of RE-751", "missing_there", "400.00 on 2026-03-20", None, D("-400.00")),
                ("payment of RE-751", "missing_here", None, "390.00 on 2026-03-20", D("390.00")),
            ],
        ),
        (
            with_atlas(payments=(PAID, PAID)),
            [("payment of RE-751", "missing_here", None, "400.00 on 2026-03-20", D("400.00"))],
        ),
    ],
)
def test_each_difference_has_its_name(
    pair: OrderPair, expected: list[tuple[str, str, str | None, str | None, Decimal | None]]
) -> None:
    assert told(pair) == expected


def test_what_neither_side_books_is_silent() -> None:
    assert told(replace(PAIR, would="draft", erp_code=None, documents=(), invoices=())) == []


def test_the_codes_of_a_mixed_order_are_joined_invoice_first() -> None:
    bill = replace(DOCUMENT, kind="bill", number="ER-9", settled=(), amount_due=D("1190.00"))
    mixed = replace(
        PAIR,
        expected=(EXPECTED, replace(EXPECTED, kind="bill")),
        documents=(DOCUMENT, bill),
        invoices=(ATLAS, replace(ATLAS, invoice_id=13, external_id="ER-9", payments=())),
        erp_code="ER-9+RE-751",
    )
    assert told(mixed) == [("erpCode", "number_differs", "RE-751+ER-9", "ER-9+RE-751", None)]
    assert told(replace(mixed, erp_code="RE-751+ER-9")) == []
