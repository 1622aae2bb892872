"""An erpCode for an order of an incumbent comes from a sound row of a file, or from one document and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from reverse_etl.log_state import LogState
from reverse_etl.plan import plan_of_items
from tieout.baseline import from_csv, items
from tieout.baseline.from_documents import AtOrder, Candidate, match
from tieout.baseline.orders import Coded, Order

ORDER = Order(
    order_id=7,
    order_name="2025-11 Alster",
    status_role="processed",
    registration_date=date(2025, 11, 3),
    due_date=date(2025, 12, 3),
    erp_code=None,
    document_reference=None,
    total_amount=Decimal("1190.00"),
    currency_code="EUR",
    gross_receivable=Decimal("1190.00"),
    gross_payable=Decimal("0.00"),
    customer_id="cust-1",
    vendor_id=None,
    own_document=None,
)
ORDERS = {
    7: ORDER,
    8: replace(ORDER, order_id=8),
    9: replace(ORDER, order_id=9, erp_code="RE-9"),
    10: replace(ORDER, order_id=10, own_document="INV-00010"),
}
INVOICE = Candidate("invoice", "RE-7", "cust-1", Decimal("1190.00"), date(2025, 12, 3))


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "codes.csv"
    path.write_text(text, encoding=encoding)
    return path


def told(coded: list[Coded]) -> dict[int, str]:
    return {one.order.order_id: one.erp_code for one in coded}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("order_id,erp_code\n7,RE-7\n8, RE-8 \n9,RE-9\n", "utf-8"),
        ("\ufeffOrder_ID;ERP_Code;note\r\n7;RE-7;x\r\n8;RE-8;\r\n9;RE-9;\r\n", "utf-8"),
    ],
)
def test_sound_rows_are_read_and_what_is_there_already_is_left(tmp_path: Path, text: str, encoding: str) -> None:
    coded, problems = from_csv.read(written(tmp_path, text, encoding), ORDERS)
    assert told(coded) == {7: "RE-7", 8: "RE-8"}
    assert problems == []


def test_each_row_that_is_not_sound_says_why(tmp_path: Path) -> None:
    rows = ["7,RE-7", "7,RE-7b", "x,RE-1", ",RE-2", "8,", "99,RE-99", "9,RE-X", "10,RE-10", f"8,{'9' * 101}"]
    _, problems = from_csv.read(written(tmp_path, "order_id,erp_code\n" + "\n".join(rows)), ORDERS)
    found = [(one.where, one.reason) for one in problems]
    assert found == [
        ("codes.csv, row 2", "order 7 stands in several rows"),
        ("codes.csv, row 3", "order 7 stands in several rows"),
        ("codes.csv, row 4", "order_id 'x' is no whole number"),
        ("codes.csv, row 5", "order_id '' is no whole number"),
        ("codes.csv, row 6", "order 8 stands in several rows"),
        ("codes.csv, row 7", "ATLAS ETRM has no order 99"),
        ("codes.csv, row 8", "order 9: it has the erpCode 'RE-9' already; another value is never written over it"),
        ("codes.csv, row 9", "order 10: Tieout made its document INV-00010; it is no incumbent's"),
        ("codes.csv, row 10", "order 8 stands in several rows"),
    ]


@pytest.mark.parametrize(("row", "why"), [("8,", "has no erp_code"), (f"8,{'9' * 101}", "at most 100 characters")])
def test_a_code_must_be_one(tmp_path: Path, row: str, why: str) -> None:
    [problem] = from_csv.read(written(tmp_path, f"order_id,erp_code\n{row}\n"), ORDERS)[1]
    assert why in problem.reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("order,code\n7,RE-7\n", "lacks the column order_id and erp_code"),
        ("", "is no CSV"),
        ("order_id,erp_code\n1,2,3\n", "is no CSV"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(from_csv.FileRefusedError, match=why):
        from_csv.read(written(tmp_path, text), ORDERS)
    with pytest.raises(from_csv.FileRefusedError, match="cannot be read"):
        from_csv.read(tmp_path / "missing.csv", ORDERS)


@pytest.mark.parametrize(
    ("order", "candidates", "at_order", "evidence"),
    [
        (replace(ORDER, document_reference="RE-7"), [replace(INVOICE, amount=Decimal(5))], [], "document reference"),
        (ORDER, [], [AtOrder(7, "RE-7", Decimal("1190.00"))], "stands at the order"),
        (ORDER, [INVOICE], [], "the only one of that party, amount and due date"),
    ],
)
def test_evidence_finds_the_number(
    order: Order, candidates: list[Candidate], at_order: list[AtOrder], evidence: str
) -> None:
    [coded], problems = match([order], candidates, at_order)
    assert (coded.erp_code, problems) == ("RE-7", [])
    assert evidence in coded.evidence


@pytest.mark.parametrize(
    ("orders", "candidates", "at_order", "why"),
    [
        ([ORDER], [], [], "no invoice of an incumbent was found"),
        ([ORDER], [replace(INVOICE, kind="bill")], [], "no invoice of an incumbent was found"),
        ([ORDER], [replace(INVOICE, amount=Decimal("1190.01"))], [], "no invoice of an incumbent was found"),
        ([ORDER], [INVOICE, replace(INVOICE, number="RE-8")], [], "2 invoices fit 1 orders"),
        ([ORDER, ORDERS[8]], [INVOICE], [], "1 invoices fit 2 orders"),
        ([ORDER], [], [AtOrder(7, "A", None), AtOrder(7, "B", None)], "several invoices stand at the order"),
        ([replace(ORDER, gross_receivable=Decimal(0))], [INVOICE], [], "no amount to book"),
    ],
)
def test_two_candidates_are_none(
    orders: list[Order], candidates: list[Candidate], at_order: list[AtOrder], why: str
) -> None:
    coded, problems = match(orders, candidates, at_order)
    assert coded == []
    assert all(why in one.reason for one in problems)
    assert len(problems) == len(orders)


def test_a_number_is_given_to_one_order_only() -> None:
    named = [replace(ORDER, document_reference="RE-7"), replace(ORDER, order_id=8, document_reference="RE-7")]
    coded, problems = match(named, [INVOICE], [])
    assert coded == []
    assert [one.reason for one in problems] == ["RE-7 fits several orders; name it in a file"] * 2


def test_a_mixed_order_needs_both_and_joins_them() -> None:
    mixed = replace(ORDER, gross_payable=Decimal("500.00"), vendor_id="vend-1")
    bill = Candidate("bill", "ER-3", "vend-1", Decimal("500.00"), date(2025, 12, 3))
    assert told(match([mixed], [INVOICE, bill], [])[0]) == {7: "RE-7+ER-3"}
    assert match([mixed], [INVOICE], [])[0] == []
    at_order = [AtOrder(7, "ER-3", Decimal("500.00")), AtOrder(7, "RE-7", Decimal("1190.00"))]
    assert told(match([mixed], [], at_order)[0]) == {7: "RE-7+ER-3"}


def test_the_plan_holds_erp_codes_and_nothing_else() -> None:
    made = items.items([Coded(ORDER, "RE-7", "a file")])
    plan = plan_of_items(made, LogState(), origin=items.ORIGIN)
    [item] = plan.items
    assert (item.sync_name, item.sync_key, item.operation) == ("sync_atlas_etrm__order_erp_codes", "order:7", "update")
    assert (item.fields, item.destination_id) == ({"erpCode": "RE-7"}, "7")
    assert [(change.field, change.old, change.new) for change in item.changes] == [("erpCode", None, "RE-7")]
    assert plan.origin == "baseline"
