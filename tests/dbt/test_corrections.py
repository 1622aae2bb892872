"""Corrections over the table of cases in DECISIONS.md.

In: orders changed or taken back after their document was made, and documents that were voided, landed version by
version. Out: what the books, the syncs and the exceptions must make of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import books_world
import order_entry_cases
import pytest
from built_books import build_books, rules
from raw_fixture import RawFixture, query

Query = Callable[[str], list[dict[str, Any]]]

MADE = datetime(2026, 4, 1, 6, tzinfo=UTC)
LATER = MADE + timedelta(days=3)

EDITED, REJECTED = "edited", "rejected"
STATES = ("draft", "issued", "partly_paid", "paid", "closed_period")
CASES = {
    (state, event): 301 + 2 * position + offset
    for position, state in enumerate(STATES)
    for offset, event in enumerate((EDITED, REJECTED))
}
"""The order of each document state and event; its invoice was made over 100.00."""

VOIDED_BY_US, VOIDED_BY_A_PERSON, REVISED, REAPPROVED, REPRICED, ONE_SIDE = 321, 322, 323, 324, 325, 326


def _invoice(order_id: int, status: str, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = books_world._document(
        "invoice",
        f"inv-{order_id}",
        "cus-1",
        [("4100", "100.00")],
        status=status,
        notes=f"atlas_etrm:order:{order_id}",
        created_at="2026-04-01T05:00:00Z",
    )
    return found | fields


def _load_orders(raw: RawFixture) -> None:
    orders, items = [], []
    for (_, event), order_id in CASES.items():
        amount = "110.00" if event == EDITED else "100.00"
        status = "Rejected by accounting" if event == REJECTED else books_world.READY
        orders.append(books_world._order(order_id, amount, status=status, erpCode=f"INV-{order_id}"))
        items.append(books_world._item(order_id * 10, amount, cashflow=0, glAccount="4100"))
    for order_id, amount in (
        (VOIDED_BY_US, "110.00"),
        (VOIDED_BY_A_PERSON, "100.00"),
        (REVISED, "110.00"),
        (REAPPROVED, "100.00"),
    ):
        orders.append(books_world._order(order_id, amount, erpCode=f"INV-{order_id}"))
        items.append(books_world._item(order_id * 10, amount, cashflow=0, glAccount="4100"))
    # Re-priced: the same total, another account named on one of two lines.
    orders.append(books_world._order(REPRICED, "100.00", erpCode=f"INV-{REPRICED}"))
    items.append(books_world._item(REPRICED * 10, "60.00", cashflow=0, glAccount="4100"))
    items.append(books_world._item(REPRICED * 10 + 1, "40.00", cashflow=0, glAccount="4110"))
    # A Passive line came beside the Active one after its invoice was issued.
    orders.append(books_world._order(ONE_SIDE, "70.00", erpCode=f"INV-{ONE_SIDE}"))
    items.append(books_world._item(ONE_SIDE * 10, "100.00", cashflow=0, glAccount="4100"))
    items.append(books_world._item(ONE_SIDE * 10 + 1, "30.00"))
    raw.insert("atlas_etrm.orders", orders)
    raw.insert("atlas_etrm.order_items", items)


def _load_documents(raw: RawFixture) -> None:
    issued = {
        "draft": {"status": "draft"},
        "issued": {"status": "sent"},
        "partly_paid": {"status": "partial", "amount_paid": "40.00", "amount_due": "60.00"},
        "paid": {"status": "paid", "amount_paid": "100.00", "amount_due": "0.00"},
        "closed_period": {"status": "sent", "invoice_date": "2026-02-15"},
    }
    drafts = [_invoice(order_id, "draft") for order_id in (*CASES.values(), *range(321, 327))]
    raw.insert("atlas_accounting.invoices", drafts, landed_at=MADE)
    raw.insert(
        "atlas_accounting.invoices",
        [_invoice(order_id, "draft") | issued[state] for (state, _), order_id in CASES.items()]
        + [_invoice(order_id, "sent") for order_id in range(321, 327)],
        landed_at=MADE + timedelta(hours=1),
    )
    raw.insert(
        "atlas_accounting.invoices",
        [
            _invoice(order_id, "voided", amount_due="0.00")
            for order_id in (VOIDED_BY_US, VOIDED_BY_A_PERSON, REVISED, REAPPROVED)
        ]
        + [
            _invoice(REVISED, "sent")
            | {
                "id": "inv-323-r2",
                "invoice_number": "INV-323-R2",
                "notes": f"atlas_etrm:order:{REVISED}:r2",
                "total_amount": "110.00",
                "amount_due": "110.00",
                "lines": books_world._document("invoice", "x", "cus-1", [("4100", "110.00")])["lines"],
            }
        ],
        landed_at=LATER,
    )
    raw.insert_operations(
        "document_voids",
        [
            {"document_type": "invoice", "document_id": f"inv-{order_id}", "delivery_status": "delivered"}
            for order_id in (VOIDED_BY_US, REVISED, REAPPROVED)
        ],
    )
    raw.insert(
        "atlas_etrm.invoices",
        [
            {"id": 900, "orderId": REVISED, "externalId": "INV-323", "invoiceNumber": "INV-323", "amount": "100.00",
             "invoiceDate": "2026-03-31T00:00:00", "dueDate": "2026-04-14T00:00:00", "isPaid": False},
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    folder = tmp_path_factory.mktemp("corrections")
    path = folder / "work.duckdb"
    with RawFixture(path) as raw:
        # The company's own books say that they are closed through February, before anything else was known.
        books_world.load(raw)
        _load_orders(raw)
        _load_documents(raw)
        order_entry_cases.load(raw, MADE, LATER)
    build_books(path, rules)
    yield lambda sql: query(path, sql)


def _entries(books: Query, order_id: int) -> dict[str, tuple[str, Decimal]]:
    """Each entry of an order: whether it is posted, and what it puts on trade receivables."""
    rows = books(
        "select journal_entry_id, any_value(posting_status) as status,"
        " sum(case entry_side when 'debit' then amount else -amount end) as amount"
        f" from marts.fct_journal_entry_lines where order_id = {order_id} and gl_account = '1100'"
        " group by journal_entry_id"
    )
    key = f"atlas_etrm:order:{order_id}"
    return {row["journal_entry_id"].removeprefix(key): (row["status"], row["amount"]) for row in rows}


def _due(books: Query, sync: str, order_id: int) -> list[str]:
    return [row["sync_key"] for row in books(f"select sync_key from sync.{sync} where order_id = {order_id}")]


def _codes(books: Query, order_id: int) -> set[str]:
    found = books(
        f"select exception_code as code from intermediate.int_settlement__exceptions where order_id = {order_id}"
        " and exception_code not in ('vat_treatment_mismatch', 'missing_iban')"
    )
    return {row["code"] for row in found}


POSTED = ("posted", Decimal("100.0000"))
REVERSAL = ("pending", Decimal("-100.0000"))
REVISION = ("pending", Decimal("110.0000"))


@pytest.mark.parametrize(
    ("state", "event", "code", "entries"),
    [
        # Nothing was posted yet: the entry simply follows the lines, under the key of the document to come.
        ("draft", EDITED, "correction_due", {":r2": REVISION}),
        ("draft", REJECTED, "correction_due", {}),
        ("issued", EDITED, "correction_due", {"": POSTED, ":invoice:reversal": REVERSAL, ":r2": REVISION}),
        ("issued", REJECTED, "correction_due", {"": POSTED, ":invoice:reversal": REVERSAL}),
        ("partly_paid", EDITED, "correction_of_paid_document", {"": POSTED}),
        ("partly_paid", REJECTED, "correction_of_paid_document", {"": POSTED}),
        ("paid", EDITED, "correction_of_paid_document", {"": POSTED}),
        ("paid", REJECTED, "correction_of_paid_document", {"": POSTED}),
        ("closed_period", EDITED, "correction_in_closed_period", {"": POSTED}),
        ("closed_period", REJECTED, "correction_in_closed_period", {"": POSTED}),
    ],
)
def test_each_case_of_the_table(
    books: Query, state: str, event: str, code: str, entries: dict[str, tuple[str, Decimal]]
) -> None:
    order_id = CASES[state, event]
    assert _codes(books, order_id) == {code}
    assert _entries(books, order_id) == entries
    is_corrected = code == "correction_due"
    void = [f"order:{order_id}:inv-{order_id}"]
    assert _due(books, "sync_atlas_accounting__invoice_voids", order_id) == (void if is_corrected else [])
    # The revision waits until the void is seen.
    assert _due(books, "sync_atlas_accounting__invoices", order_id) == []
    assert books(f"select is_held from marts.fct_orders where order_id = {order_id}") == [{"is_held": not is_corrected}]


def test_after_our_void_the_revision_is_due_and_the_books_keep_what_was_posted(books: Query) -> None:
    assert _entries(books, VOIDED_BY_US) == {
        "": POSTED,
        ":invoice:reversal": ("posted", Decimal("-100.0000")),
        ":r2": REVISION,
    }
    assert _codes(books, VOIDED_BY_US) == set()
    payload = books(f"select payload from sync.sync_atlas_accounting__invoices where order_id = {VOIDED_BY_US}")
    assert len(payload) == 1
    assert f'"notes":"atlas_etrm:order:{VOIDED_BY_US}:r2"' in payload[0]["payload"].replace(": ", ":")


def test_what_a_person_voided_is_reversed_and_held_and_never_made_again(books: Query) -> None:
    assert _entries(books, VOIDED_BY_A_PERSON) == {
        "": POSTED,
        ":invoice:reversal": ("posted", Decimal("-100.0000")),
    }
    assert _codes(books, VOIDED_BY_A_PERSON) == {"document_voided"}
    assert _due(books, "sync_atlas_accounting__invoices", VOIDED_BY_A_PERSON) == []


def test_a_revision_takes_over_the_erp_code_and_then_the_invoice_of_atlas_etrm(books: Query) -> None:
    assert _entries(books, REVISED) == {
        "": POSTED,
        ":invoice:reversal": ("posted", Decimal("-100.0000")),
        ":r2": ("posted", Decimal("110.0000")),
    }
    code = books(f"select * from sync.sync_atlas_etrm__order_erp_codes where order_id = {REVISED}")
    assert [(row["expected_version"], row["payload"]) for row in code] == [("INV-323", '{"erpCode":"INV-323-R2"}')]
    # Only once the order names it.
    assert _due(books, "sync_atlas_etrm__invoice_revisions", REVISED) == []
    superseded = books(f"select * from intermediate.int_write_back__superseded_invoices where order_id = {REVISED}")
    assert [(row["invoice_id"], row["external_id"], row["document_id"]) for row in superseded] == [
        (900, "INV-323", "inv-323-r2")
    ]


def test_an_order_approved_again_after_our_void_gets_its_revision(books: Query) -> None:
    assert _entries(books, REAPPROVED)[":r2"] == ("pending", Decimal("100.0000"))
    assert _due(books, "sync_atlas_accounting__invoices", REAPPROVED) == [f"order:{REAPPROVED}:r2"]


def test_an_account_named_on_a_line_is_a_correction(books: Query) -> None:
    assert _codes(books, REPRICED) == {"correction_due"}
    assert _due(books, "sync_atlas_accounting__invoice_voids", REPRICED) == [f"order:{REPRICED}:inv-{REPRICED}"]


def test_a_side_that_came_later_is_a_revision_and_leaves_the_posted_entry_alone(books: Query) -> None:
    lines = books(
        "select journal_entry_id, direction from marts.fct_journal_entry_lines"
        f" where order_id = {ONE_SIDE} group by all order by all"
    )
    assert [(row["journal_entry_id"], row["direction"]) for row in lines] == [
        (f"atlas_etrm:order:{ONE_SIDE}", "receivable"),
        (f"atlas_etrm:order:{ONE_SIDE}:r2", "payable"),
    ]
    assert _due(books, "sync_atlas_accounting__bills", ONE_SIDE) == [f"order:{ONE_SIDE}:r2"]


def test_a_reversal_says_what_it_reverses_on_the_documents_own_day(books: Query) -> None:
    rows = books(
        "select entry_date, posting_rule, reverses_journal_entry_id, revision from marts.fct_journal_entries"
        f" where journal_entry_id = 'atlas_etrm:order:{VOIDED_BY_US}:invoice:reversal'"
    )
    assert rows == [
        {
            "entry_date": date(2026, 3, 31),
            "posting_rule": "order_reversal",
            "reverses_journal_entry_id": f"atlas_etrm:order:{VOIDED_BY_US}",
            "revision": 1,
        }
    ]


BACK = ":invoice:reversal"


@pytest.mark.parametrize(
    ("order_id", "codes", "entries", "due"),
    [
        # An entry is taken back by another, of an open day, and the revision waits until that is posted.
        (order_entry_cases.EDITED, {"correction_due"}, {"": POSTED, BACK: REVERSAL, ":r2": REVISION}, [BACK]),
        (order_entry_cases.CLOSED, {"correction_due"}, {"": POSTED, BACK: REVERSAL, ":r2": REVISION}, [BACK]),
        (
            order_entry_cases.REVERSED_BY_US,
            set(),
            {"": POSTED, BACK: ("posted", REVERSAL[1]), ":r2": REVISION},
            [],
        ),
        (
            order_entry_cases.REVERSED_BY_A_PERSON,
            {"document_voided"},
            {"": POSTED, BACK: ("posted", REVERSAL[1])},
            [],
        ),
        (order_entry_cases.DRAFT, {"stale_draft_of_order"}, {}, []),
        (order_entry_cases.UNREADABLE, {"unreadable_order_entry"}, {}, []),
    ],
)
def test_an_entry_is_corrected_by_entries(
    books: Query, order_id: int, codes: set[str], entries: dict[str, tuple[str, Decimal]], due: list[str]
) -> None:
    key = f"atlas_etrm:order:{order_id}"
    assert _codes(books, order_id) == codes
    assert _entries(books, order_id) == entries
    assert _due(books, "sync_atlas_accounting__journal_entries", order_id) == [f"entry:{key}{end}" for end in due]
    assert _due(books, "sync_atlas_accounting__journal_entry_posts", order_id) == []
    assert _due(books, "sync_atlas_accounting__invoice_voids", order_id) == []


def test_the_revision_of_an_entry_follows_the_mode_of_the_day(books: Query) -> None:
    """The books are in documents mode by now: what was an entry is an invoice as its revision."""
    order_id = order_entry_cases.REVERSED_BY_US
    assert _due(books, "sync_atlas_accounting__invoices", order_id) == [f"order:{order_id}:r2"]


def test_an_entry_and_an_invoice_of_one_order_are_one_too_many(books: Query) -> None:
    assert "duplicate_document" in _codes(books, order_entry_cases.DOUBLE)


def test_a_correction_in_a_closed_period_is_dated_on_the_first_open_day(books: Query) -> None:
    key = f"atlas_etrm:order:{order_entry_cases.CLOSED}"
    days = books(
        "select journal_entry_id, entry_date from marts.fct_journal_entries"
        f" where order_id = {order_entry_cases.CLOSED} order by entry_date, journal_entry_id"
    )
    assert [(row["journal_entry_id"].removeprefix(key), row["entry_date"]) for row in days] == [
        ("", date(2026, 2, 15)),
        (BACK, date(2026, 3, 1)),
        (":r2", date(2026, 3, 31)),
    ]
