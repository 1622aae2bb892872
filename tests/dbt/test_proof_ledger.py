"""The models against an independent ledger: random companies, every line, item, bucket and balance equal."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from built_books import build_books
from drawn_events import WANTED, drawn
from landed_versions import AS_OF
from python_ledger import Ledger
from random_company import REPORTED, RandomCompany
from raw_fixture import RawFixture, query

SEEDS = tuple(range(1, 41)) if os.environ.get("TIEOUT_FAULTS") == "full" else (13, 45)
"""The two of every build hold all of `drawn_events.WANTED` between them (`python tests/dbt/drawn_events.py 100`)."""


DRAWN: Counter[str] = Counter()
"""What the companies tested so far hold, all together."""


class Books:
    """One random company, built by dbt and kept by the independent ledger."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.company = RandomCompany(seed, folder)
        self.path = folder / "work.duckdb"
        with RawFixture(self.path, as_of_date=AS_OF) as raw:
            self.company.land(raw)
        build_books(self.path)
        self.ledger = Ledger(self.company.versions, closings=self.company.closings)
        DRAWN.update(drawn(self.company, self.ledger))
        self._known: dict[date | None, Ledger] = {None: self.ledger}

    def known_on(self, day: date | None) -> Ledger:
        """The ledger as it was known on a day; None is at present."""
        return self._known.setdefault(day, Ledger(self.company.versions, day))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in query(self.path, sql)]


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed}")
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    yield Books(request.param, tmp_path_factory.mktemp(f"company{request.param}"))


def test_every_journal_line_is_the_same(books: Books) -> None:
    found = books.rows(
        "select journal_entry_id, entry_date, gl_account, line_type, entry_side, amount, currency_code, amount_base,"
        " posting_status = 'posted', order_item_id from marts.fct_journal_entry_lines"
    )
    assert _differences(Counter(found), Counter(line.facts() for line in books.ledger.lines)) == ({}, {})


def _differences(found: Counter[Any], expected: Counter[Any]) -> tuple[dict[Any, int], dict[Any, int]]:
    """What only the models have, and what only the ledger has."""
    return dict(found - expected), dict(expected - found)


def test_every_open_item_is_the_same(books: Books) -> None:
    found = set()
    for side, party in (("receivable", "customer"), ("payable", "vendor")):
        found |= set(
            books.rows(
                f"select '{side}', document_id, {party}_code, currency_code, due_date, amount_total, amount_applied,"
                f" amount_open, case aging_bucket when 'not_due' then 'not_due' else 'days_' || aging_bucket end"
                f" from marts.fct_{side}s"
            )
        )
    assert found == {tuple(item) for item in books.ledger.open_items(AS_OF)}


DAYS = (date(2025, 12, 31), date(2026, 2, 28), AS_OF)
KNOWN_ON = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 28), None)


@pytest.mark.parametrize(("side", "party"), [("receivable", "customer"), ("payable", "vendor")])
@pytest.mark.parametrize("known_on", KNOWN_ON, ids=lambda day: f"known on {day}")
@pytest.mark.parametrize("as_of", DAYS, ids=lambda day: f"as of {day}")
def test_aging_of_any_day_as_known_on_any_day_is_the_same(
    books: Books, side: Any, party: str, as_of: date, known_on: date | None
) -> None:
    called = f"'{as_of}'" if known_on is None else f"'{as_of}', '{known_on}'"
    rows = books.rows(
        f"select {party}_code, currency_code, not_due, days_1_30, days_31_60, days_61_90, days_91_120, days_over_120,"
        f" total_open, open_credits, balance from {side}s_aging_as_of({called})"
    )
    assert {row[:2]: row[2:] for row in rows} == books.known_on(known_on).aging(side, as_of)


@pytest.mark.parametrize(("side", "party"), [("receivable", "customer"), ("payable", "vendor")])
def test_aging_of_the_business_date_is_the_same(books: Books, side: Any, party: str) -> None:
    rows = books.rows(
        f"select {party}_code, currency_code, not_due, days_1_30, days_31_60, days_61_90, days_91_120, days_over_120,"
        f" total_open, open_credits, balance from marts.fct_{side}s_aging"
    )
    assert {row[:2]: row[2:] for row in rows} == books.ledger.aging(side, AS_OF)


def test_the_trial_balance_of_every_month_is_the_same(books: Books) -> None:
    rows = books.rows("select period, gl_account, currency_code, debit, credit, balance from marts.fct_trial_balance")
    assert {row[:3]: row[3:] for row in rows} == books.ledger.trial_balance(AS_OF)


def test_every_control_ties(books: Books) -> None:
    """But for results that moved to another period: a person voided at the vendor what was closed for us alone."""
    red = books.rows("select control_name, scope, difference from marts.fct_tie_outs where not is_tied")
    moved = {
        ("profit_and_loss_equals_vendor", scope): difference
        for period in REPORTED
        for scope, difference in books.ledger.moved_results(*period).items()
    }
    assert {row[:2]: row[2] for row in red} == moved


@pytest.mark.parametrize("name", sorted(WANTED))
def test_what_is_proved_was_drawn(name: str) -> None:
    """Last of all: an event that no company held would be proved by nothing."""
    assert DRAWN[name] > 0
