"""Journal entries: drafts found again by the first word of their description, posted once, never what has moved."""

from __future__ import annotations

from decimal import Decimal

import pytest
from write_back_desk import Desk
from write_back_fakes import Killed, dropped_after, killed_after, killed_before, row

from reverse_etl.due import SyncRow

ENTRIES = "sync_atlas_accounting__journal_entries"
POSTS = "sync_atlas_accounting__journal_entry_posts"
KEY = "atlas_etrm:accrual:2026-03:57:payable"


def entry_row(key: str = KEY, amount: str = "320.00") -> SyncRow:
    """A journal entry that is due."""
    lines = [
        {"account_id": "a-6410", "entry_type": "debit", "amount": amount},
        {"account_id": "a-2300", "entry_type": "credit", "amount": amount},
    ]
    body = {"entry_date": "2026-03-31", "description": f"{key} Delivered in 2026-03", "lines": lines}
    return row(f"entry:{key}", body, amount=Decimal(amount))


def post_row(entry_id: str, amount: str = "320.00") -> SyncRow:
    """A draft that is to be posted."""
    return row(
        f"entry:{KEY}:{entry_id}",
        {"status": "posted"},
        operation="post",
        now={"status": "draft"},
        destination_id=entry_id,
        amount=Decimal(amount),
    )


@pytest.mark.parametrize(("fault", "made"), [(killed_before, 0), (killed_after, 1)])
def test_a_crash_while_creating_leaves_one_entry(desk: Desk, fault: object, made: int) -> None:
    books = desk.clients.atlas_accounting
    books.faults = [fault]
    with pytest.raises(Killed):
        desk.apply({ENTRIES: [entry_row()]})
    desk.new_run()
    assert desk.resolve().delivered == made
    if not made:
        assert desk.apply({ENTRIES: [entry_row()]}).sent == 1
    assert len(books.tables["journal_entries"]) == 1


def test_the_vendors_own_reversal_of_an_entry_is_not_taken_for_it(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    books.create_journal_entry({"description": f"Reversal of JE-7: {KEY} Delivered in 2026-03", "lines": []})
    books.faults = [dropped_after]
    desk.apply({ENTRIES: [entry_row()]})
    desk.new_run()
    found = desk.resolve()
    assert len(found.answers) == 1
    assert b"JE-2" in bytes(found.answers[0].record)


def test_a_crash_while_posting_posts_once(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    desk.apply({ENTRIES: [entry_row()]})
    books.faults = [killed_after]
    with pytest.raises(Killed):
        desk.apply({POSTS: [post_row("journal_entries-1")]})
    desk.new_run()
    assert desk.resolve().delivered == 1
    assert books.tables["journal_entries"][0]["status"] == "posted"
    assert len(books.names("issue journal_entries")) == 1


def test_a_draft_that_somebody_changed_is_not_posted(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    desk.apply({ENTRIES: [entry_row()]})
    books.tables["journal_entries"][0]["lines"][0]["amount"] = "321.00"
    result = desk.apply({POSTS: [post_row("journal_entries-1")]})
    assert (result.sent, result.moved) == (0, 1)
    assert books.tables["journal_entries"][0]["status"] == "draft"


def test_an_entry_posted_by_somebody_else_is_done(desk: Desk) -> None:
    books = desk.clients.atlas_accounting
    desk.apply({ENTRIES: [entry_row()]})
    books.tables["journal_entries"][0]["status"] = "posted"
    assert desk.apply({POSTS: [post_row("journal_entries-1")]}).sent == 1
    assert books.names("issue journal_entries") == []
