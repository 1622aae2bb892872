"""A small company in vendor shape whose orders show one posting rule or hold each.

In: a `RawFixture`. Out: landed records; the comment beside each order is the rule it shows. What does not belong
here: what the models should make of them (`test_dbt_books.py`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from raw_fixture import RawFixture

READY = "Approved order by ETRM"

ACCOUNTS = {
    "1000": ("bank", "EUR"),
    "1001": ("bank", "SEK"),
    "1100": ("accounts_receivable", "EUR"),
    "1101": ("accounts_receivable", "SEK"),
    "1200": ("asset", "EUR"),
    "2000": ("accounts_payable", "EUR"),
    "2200": ("liability", "EUR"),
    "4100": ("revenue", "EUR"),
    "4110": ("revenue", "EUR"),
    "4901": ("revenue", "SEK"),
    "6410": ("expense", "EUR"),
    "6500": ("expense", "EUR"),
    "6800": ("expense", "EUR"),
    "7900": ("expense", "EUR"),
}


def load(raw: RawFixture) -> None:
    """Lands the whole company."""
    _load_parties(raw)
    _load_orders(raw)
    _load_accounting(raw)


def _order(id_: int, total: str | None, **fields: Any) -> dict[str, Any]:
    """An approved order of counterparty 1, registered on the last of March 2026."""
    return {
        "id": id_,
        "name": f"Order {id_}",
        "counterpartyId": 1,
        "status": READY,
        "documentType": 0,
        "registrationDate": "2026-03-31T00:00:00",
        "dueDate": "2026-04-14T00:00:00",
        "totalAmount": total,
    } | fields


def _item(id_: int, amount: str, vat: str = "0", **fields: Any) -> dict[str, Any]:
    """A Passive line In Order; its order is its id without the last digit."""
    return {
        "id": id_,
        "orderId": id_ // 10,
        "counterpartyId": 1,
        "status": 2,
        "cashflow": 1,
        "amount": amount,
        "vat": vat,
    } | fields


def _document(kind: str, id_: str, party: str, lines: list[tuple[str, str]], **fields: Any) -> dict[str, Any]:
    """An issued invoice or bill numbered by its id; lines are (account number, amount)."""
    account_field = "revenue_account_id" if kind == "invoice" else "expense_account_id"
    total = str(sum((Decimal(amount) for _, amount in lines), Decimal(0)))
    return {
        "id": id_,
        f"{kind}_number": id_.upper(),
        ("customer_id" if kind == "invoice" else "vendor_id"): party,
        f"{kind}_date": "2026-03-31",
        "due_date": "2026-04-14",
        "currency": "EUR",
        "status": "sent" if kind == "invoice" else "approved",
        "total_amount": total,
        "tax_amount": "0.00",
        "amount_paid": "0.00",
        "amount_due": total,
        "lines": [
            {
                "description": account,
                "quantity": 1,
                "unit_price": amount,
                "amount": amount,
                account_field: f"acc-{account}",
            }
            for account, amount in lines
        ],
    } | fields


def _load_parties(raw: RawFixture) -> None:
    changed = "2026-03-31T00:00:00"
    cost_centres = [
        {"customFieldId": 7, "customFieldName": "?", "value": "CC-310", "validFrom": changed, "validTo": None},
        {"customFieldId": 7, "customFieldName": "?", "value": "CC-200", "validFrom": None, "validTo": changed},
    ]
    raw.insert(
        "atlas_etrm.custom_field_definitions",
        [{"entityKind": "counterparty", "id": 7, "name": "ERP Cost Centre", "type": "Text"}],
    )
    raw.insert(
        "atlas_etrm.counterparties",
        [
            {
                "id": 1,
                "legalName": "Helios PV Park SA",
                "vat": "EL099887766",
                "glAccount": "6410",
                "iban": "GR16 0110 1250 0000 0001 2300 695",
                "country": "GR",
                "customFieldValues": cost_centres,
            },
            {"id": 2, "legalName": "Nordwind  Energi AB", "glAccount": " ", "iban": "", "country": "SE"},
            {"id": 3, "legalName": "Twin North", "vat": "DE111", "glAccount": "6410", "iban": "DE1"},
            {"id": 4, "legalName": "Twin South", "vat": "de 111", "glAccount": "6410", "iban": "DE2"},
            {"id": 5, "legalName": "Sol Trading", "externalId": "V-2005", "glAccount": "6410", "iban": "ES1"},
        ],
    )
    raw.insert(
        "atlas_accounting.customers",
        [
            {"id": "cus-1", "external_id": "C-1001", "display_name": "Helios", "tax_id": "GR 099 887 766"},
            {"id": "cus-2", "display_name": "NORDWIND energi ab "},
            {"id": "cus-3", "external_id": "C-1003", "display_name": "Twin", "tax_id": "DE111"},
            {"id": "cus-9", "external_id": "C-1009", "display_name": "Services only", "currency": "SEK"},
        ],
    )
    raw.insert(
        "atlas_accounting.vendors",
        [
            {"id": "ven-1", "external_id": "V-2001", "display_name": "helios pv park sa"},
            {"id": "ven-5", "external_id": "V-2005", "display_name": "Sol"},
            {"id": "ven-9", "display_name": "Office supplies"},
        ],
    )


def _load_orders(raw: RawFixture) -> None:
    active = {"cashflow": 0, "glAccount": "4100"}
    raw.insert(
        "atlas_etrm.orders",
        [
            _order(210, "74400.00"),  # Passive, negative as in the vendor's documents
            _order(211, "1240.00"),  # Active, the line's own account, VAT
            _order(212, "300.00"),  # both directions
            _order(213, "100.00"),  # the rounded lines lack a cent
            _order(214, "66.67"),  # the rounded lines exceed by a cent
            _order(215, "10.00", counterpartyId=2),  # no GL account anywhere
            _order(216, "10.00"),  # Active below zero
            _order(217, "99.99"),  # total differs
            _order(218, "10.00"),  # Passive of both signs
            _order(219, "8.00"),  # VAT against its net
            _order(220, "10.00", status="Draft order by ETRM"),
            _order(221, "10.00", status="Rejected by accounting"),
            _order(222, "10.00", status="Waiting for Godot"),
            _order(223, "10.00", counterpartyId=99),
            _order(224, "10.00"),  # its only line is still under review
            _order(225, "10.00", counterpartyId=3),  # two counterparties fit one customer
            _order(226, "500.00", erpCode="BILL-OLD", status="Received code by accounting"),  # booked elsewhere
            _order(227, "500.00", erpCode="SAP-4711", status="Received code by accounting"),  # found nowhere
            _order(228, "1240.00", status="3"),  # issued, the figures agree
            _order(229, "20.00"),  # its bill is a draft
            _order(230, "30.00"),  # issued on another account than the lines name now
            _order(231, "45.00"),  # changed after its bill was issued
            _order(232, "40.00"),  # its bill was voided
            _order(233, "50.00", registrationDate="2026-01-15"),  # registered in a closed period
            _order(234, "60.00", counterpartyId=2),  # no IBAN where we pay
            _order(235, "70.00"),  # contradicts its deal
            _order(236, "10.00"),  # an account that is not in the chart
            _order(237, "0.00"),  # nothing to post
            _order(238, "12345678901234567.89"),  # more than money is kept in: it must not stop the others
        ],
    )
    raw.insert(
        "atlas_etrm.order_items",
        [
            _item(2101, "-60000.00", "-14400.00", dealId=501, dealName="PPA Helios Mar-26"),
            _item(2111, "1000.00", "240.00", **active),
            _item(2121, "500.00", **active),
            _item(2122, "200.00"),
            _item(2131, "33.333"),
            _item(2132, "33.333"),
            _item(2133, "33.333"),
            _item(2141, "-33.336"),
            _item(2142, "-33.336"),
            _item(2151, "10.00", counterpartyId=2, glAccount=""),
            _item(2161, "-10.00", **active),
            _item(2171, "100.00"),
            _item(2181, "20.00"),
            _item(2182, "-10.00"),
            _item(2191, "10.00", "-2.00"),
            _item(2201, "10.00"),
            _item(2211, "10.00"),
            _item(2221, "10.00"),
            _item(2231, "10.00", counterpartyId=99, glAccount="6410"),
            _item(2241, "10.00", status=1),
            _item(2251, "10.00", counterpartyId=3, **active),
            _item(2261, "400.00"),
            _item(2271, "500.00"),
            _item(2281, "1000.00", "240.00", **active),
            _item(2291, "20.00"),
            _item(2301, "30.00"),
            _item(2311, "45.00"),
            _item(2321, "40.00"),
            _item(2331, "50.00"),
            _item(2341, "60.00", counterpartyId=2, glAccount="6410"),
            _item(2351, "70.00", dealId=502, startCompensation="2026-03-01", endCompensation="2026-03-31"),
            _item(2361, "10.00", glAccount="9999"),
            _item(2371, "0.00"),
            _item(2381, "12345678901234567.89", "-9999999999999999999.00"),
        ],
    )
    raw.insert(
        "atlas_etrm.deals",
        [
            {"id": 501, "counterpartyId": 1, "deliveryStart": "2026-01-01", "deliveryEnd": "2026-12-31"},
            {"id": 502, "counterpartyId": 1, "deliveryStart": "2026-01-01", "deliveryEnd": "2026-03-15"},
        ],
    )


def _load_accounting(raw: RawFixture) -> None:
    def key(order_id: int) -> dict[str, str]:
        return {"notes": f"PPA settlement atlas_etrm:order:{order_id}"}

    paid = {"status": "paid", "amount_due": "0.00"}
    raw.insert(
        "atlas_accounting.companies",
        [{"id": "com-1", "name": "Acme", "base_currency": "EUR", "country": "DE", "closed_through": "2026-02-28"}],
    )
    raw.insert(
        "atlas_accounting.accounts",
        [
            {"id": f"acc-{number}", "account_number": number, "name": f"Account {number}", "account_type": type_,
             "currency": currency, "is_active": True}
            for number, (type_, currency) in ACCOUNTS.items()
        ],
    )  # fmt: skip
    raw.insert(
        "atlas_accounting.invoices",
        [
            _document(
                "invoice",
                "inv-228",
                "cus-1",
                [("4100", "1000.00"), ("2200", "240.00")],
                **paid,
                **key(228),
                discount_percent="2",
                discount_days=60,
            ),
            _document("invoice", "inv-s", "cus-9", [("4901", "100.05")] * 3, currency="SEK"),
            _document("invoice", "inv-d", "cus-1", [("4110", "5.00")], status="draft"),
            _document("invoice", "inv-t", "cus-1", [("4110", "100.00")], tax_amount="19.00", total_amount="119.00"),
        ],
    )
    raw.insert(
        "atlas_accounting.bills",
        [
            _document("bill", "bill-old", "ven-1", [("6410", "400.00"), ("1200", "100.00")]),
            _document("bill", "bill-229", "ven-1", [("6410", "20.00")], status="draft", **key(229)),
            _document("bill", "bill-230", "ven-1", [("6500", "30.00")], **paid, **key(230)),
            _document("bill", "bill-231", "ven-1", [("6410", "44.00")], **key(231)),
            _document("bill", "bill-232", "ven-1", [("6410", "40.00")], status="voided", **key(232)),
        ],
    )
    raw.insert(
        "atlas_accounting.payments",
        [
            {"id": "pay-1", "customer_id": "cus-1", "payment_date": "2026-04-02", "amount": "1215.20",
             "currency": "EUR", "deposit_account_id": "acc-1000", "status": "applied",
             "applications": [{"invoice_id": "inv-228", "amount_applied": "1215.20", "discount_taken": "24.80"}]},
        ],
    )  # fmt: skip
    raw.insert(
        "atlas_accounting.payments_made",
        [
            {"id": "pm-1", "vendor_id": "ven-1", "payment_date": "2026-04-03", "amount": "30.00", "currency": "EUR",
             "payment_account_id": "acc-1000", "status": "applied",
             "applications": [{"bill_id": "bill-230", "amount_applied": "30.00"}]},
        ],
    )  # fmt: skip
    fee = [
        {"account_id": "acc-6800", "entry_type": "debit", "amount": "3.50"},
        {"account_id": "acc-1000", "entry_type": "credit", "amount": "3.50"},
    ]
    raw.insert(
        "atlas_accounting.journal_entries",
        [
            {"id": "je-1", "entry_date": "2026-04-01", "description": "Bank fee", "status": "posted", "lines": fee},
            {"id": "je-2", "entry_date": "2026-04-01", "description": "Not yet", "status": "draft", "lines": fee},
        ],
    )
