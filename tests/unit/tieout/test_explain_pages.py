"""An explanation says the same as text and as a page, and nothing in a record can become markup."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

from rich.console import Console

from tieout.explain.explanation import Change, Explanation, Record, Rule, Subject
from tieout.report import explain_html, explain_text

LANDED = datetime(2026, 4, 10, 8, 1, 7, tzinfo=UTC)
EVIL = '<script>alert("x")</script> & [bold]not markup[/]'
DELIVERY = {
    "delivery_id": "d-1",
    "sync": "sync_atlas_etrm__order_erp_codes",
    "record": "order:7",
    "label": EVIL,
    "operation": "update",
    "destination": "atlas_etrm",
    "intended_at": "2026-04-10T08:00:00.000000Z",
    "finished_at": None,
    "attempt": 1,
    "request": {"target_id": "7", "expected_version": None, "payload": {"erpCode": EVIL}, "payload_hash": "h"},
    "answer": {
        "status": "rejected",
        "reason": EVIL,
        "destination_id": None,
        "destination_number": None,
        "request_id": "r-1",
    },
    "run": {"run_id": "run-1", "run_by": "clerk"},
    "plan": {"plan_id": "plan-1", "made_by": "clerk", "made_at": None},
    "went_by": "approval-1",
    "approvals": [{"approved_by": "treasurer", "reason": EVIL, "approved_at": None, "withdrawn_by": None}],
}
LINE = {
    "line_number": 1,
    "gl_account": "1100",
    "account_name": EVIL,
    "line_type": "receivables",
    "entry_side": "debit",
    "amount": Decimal("1190.0000"),
    "currency_code": "EUR",
}
ENTRY = {
    "journal_entry_id": "atlas_etrm:order:7",
    "entry_date": date(2026, 4, 1),
    "posting_status": "posted",
    "total_debit": Decimal("1190.0000"),
    "total_credit": Decimal("1190.0000"),
    "currency_code": "EUR",
    "lines": [LINE, LINE | {"line_number": 2, "entry_side": "credit"}],
}
TOLD = Explanation(
    subject=Subject("order", "7", f"order 7 {EVIL}"),
    snapshot=3,
    as_of="2026-04-10",
    summary=[f"order 7: {EVIL}"],
    records=[
        Record(
            "raw_atlas_etrm.orders",
            "7",
            {"name": EVIL, "total_amount": Decimal("1190.0000000000")},
            LANDED,
            "atlas_etrm/orders/1.parquet",
            "load-1",
            is_deleted=True,
            first_landed_at=LANDED,
            changes=[Change(LANDED, "atlas_etrm/orders/2.parquet", False, {"erp_code": (None, EVIL)})],
        )
    ],
    rules=[Rule("order 7", "direction", EVIL, "cashflow active")],
    exceptions=[
        {
            "severity": "hold",
            "exception_code": "sign_conflict",
            "record_type": "order",
            "record_id": "7",
            "message": EVIL,
            "remedy": None,
        }
    ],
    entries=[ENTRY],
    deliveries=[DELIVERY],
    bank_lines=[
        {
            "booking_date": date(2026, 4, 9),
            "amount": Decimal("1190.0000"),
            "currency_code": "EUR",
            "direction": "in",
            "account_name": None,
            "counterparty_name": EVIL,
            "description": None,
            "payment_id": "p-1",
            "evidence": "same amount, and it names the payment",
            "reconciliation": "not reconciled",
            "told": "not reconciled; it looks like payment p-1: same amount, and it names the payment",
        }
    ],
)


def text() -> str:
    console = Console(width=400, file=StringIO())
    explain_text.show(TOLD, console)
    shown = console.file
    assert isinstance(shown, StringIO)
    return shown.getvalue()


def test_nothing_in_a_record_becomes_markup() -> None:
    page = explain_html.page(TOLD)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8
    # rich would swallow the brackets of its own markup.
    assert text().count("[bold]not markup[/]") == text().count("not markup") >= 10


def test_both_tell_the_same() -> None:
    told, page = text(), explain_html.page(TOLD)
    for words in ("1,190.00", "gone at the vendor", "atlas_etrm/orders/1.parquet", "treasurer", "2026-04-10 08:01:07"):
        assert words in told
        assert words in page


def test_by_whose_word_a_write_went_is_said() -> None:
    assert "approved by treasurer: " in explain_text.approved(DELIVERY)
    assert "AUTO_APPLY" in explain_text.approved({**DELIVERY, "approvals": [], "went_by": "auto_apply"})
    assert "no approval on record" in explain_text.approved({**DELIVERY, "approvals": [], "went_by": None})


def test_json_has_every_part_and_says_how_to_ask_again() -> None:
    document = json.loads(json.dumps(TOLD.as_json(), default=str))
    assert document["subject"]["reference"] == "order:7"
    assert document["entries"][0]["lines"][0]["amount"] == "1190.0000"
    assert document["deliveries"][0]["answer"]["status"] == "rejected"


def test_what_was_empty_before_is_called_nothing_and_not_by_pythons_word() -> None:
    assert explain_text.shown(None) == "nothing"
    assert "None" not in explain_html.page(TOLD)
