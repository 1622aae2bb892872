"""The general ledger: balanced entries, and what every account holds on any day.

In: postings of one business event, checked for balance and open period. Out: entries that are never changed, only
reversed, and balances per account and day. Every report is computed from here. What does not belong here: which
accounts an event posts to (`documents.py`, `payments.py`, `journal.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import Record, Registry


class Posting(NamedTuple):
    """One line of an entry: debit above zero, credit below."""

    account_id: str
    amount: Decimal


class Source(NamedTuple):
    """The business event an entry comes from."""

    kind: str
    """invoice, bill, payment, payment_discount, payment_made, journal_entry or reversal."""
    record_id: str


class Ledger:
    """Entries in the store, and the sum per account and day kept in memory."""

    def __init__(self, registry: Registry, periods: Periods) -> None:
        self._registry = registry
        self._periods = periods
        self._daily: dict[str, dict[str, Decimal]] = {}
        registry.on_reload(self._reload)

    def _reload(self) -> None:
        self._daily = defaultdict(lambda: defaultdict(lambda: money.ZERO))
        for entry in self._registry.all("ledger_entries"):
            self._add_up(entry)

    def _add_up(self, entry: Record) -> None:
        for line in entry["lines"]:
            self._daily[line["account_id"]][entry["entry_date"]] += Decimal(line["debit"]) - Decimal(line["credit"])

    def post(self, day: str, currency: str, source: Source, postings: Sequence[Posting]) -> str:
        """Writes an entry and returns its id.

        Args:
            day: Posting date, `YYYY-MM-DD`.
            currency: Currency of every account in it (the caller has checked them).
            source: The event it comes from.
            postings: Lines that sum to zero.

        Raises:
            AtlasAccountingError: 409 for a day in a closed period.
            ValueError: when debits and credits differ; a caller's mistake, never a client's.
        """
        self._periods.require_open(day)
        if sum((posting.amount for posting in postings), money.ZERO) != 0 or not postings:
            raise ValueError(f"unbalanced entry for {source.kind} {source.record_id}")
        entry = self._registry.add(
            "ledger_entries",
            {
                "entry_date": day,
                "currency": currency,
                "source_type": source.kind,
                "source_id": source.record_id,
                "lines": [_line(posting, currency) for posting in postings],
            },
        )
        self._add_up(entry)
        return str(entry["id"])

    def reverse(self, entry_id: str, day: str, source: Source) -> str:
        """Writes the opposite of an entry on a day and returns the new entry's id.

        Raises:
            AtlasAccountingError: 409 for a day in a closed period.
        """
        entry = self._registry.get("ledger_entries", entry_id)
        postings = [
            Posting(line["account_id"], Decimal(line["credit"]) - Decimal(line["debit"])) for line in entry["lines"]
        ]
        return self.post(day, entry["currency"], source, postings)

    def balances(self, *, through: str, since: str = "") -> dict[str, Decimal]:
        """Debits minus credits per account over the days from `since` to `through`, both included."""
        return {
            account_id: sum((amount for day, amount in days.items() if since <= day <= through), money.ZERO)
            for account_id, days in self._daily.items()
            if any(since <= day <= through for day in days)
        }

    def entries(self, *, since: str, through: str) -> list[Record]:
        """The entries dated in a span of days, both included, oldest written first."""
        return [entry for entry in self._registry.all("ledger_entries") if since <= entry["entry_date"] <= through]


def _line(posting: Posting, currency: str) -> dict[str, str]:
    debit, credit = max(posting.amount, money.ZERO), max(-posting.amount, money.ZERO)
    return {
        "account_id": posting.account_id,
        "debit": money.text(debit, currency),
        "credit": money.text(credit, currency),
    }
