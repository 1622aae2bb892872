"""What Tieout, or somebody in its name, has posted in a random company's books without a document.

In: what the independent ledger says is due, and the simulated accounting. Out: journal entries whose description begins
with our journal id: posted as they are due, posted with another figure, left as drafts, or taken back by hand. What
does not belong here: what is due (`ledger_adjustments.py`).
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from ledger_rules import BASE, Line

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError

Record = dict[str, Any]


class Poster:
    """Posts a part of what is due."""

    def __init__(self, numbers: random.Random, books: AtlasAccountingEngine, accounts: dict[str, Record]) -> None:
        self._random, self._books, self._accounts = numbers, books, accounts
        self._known: set[str] = set()

    def post(self, due: list[Line], first_open: date, today: date) -> None:
        """Posts six in ten of the entries due before today, on open days, in base currency, and nobody's yet."""
        entries: dict[str, list[Line]] = defaultdict(list)
        for line in due:
            entries[line.journal_entry_id].append(line)
        for key, lines in sorted(entries.items()):
            sendable = all(line.currency == BASE for line in lines) and first_open <= lines[0].entry_date < today
            if sendable and key not in self._known and self._random.random() < 0.6:
                self._known.add(key)
                self._post(key, lines)

    def _post(self, key: str, lines: list[Line]) -> None:
        fate = self._random.choices(("posted", "altered", "draft", "taken back"), (14, 2, 1, 1))[0]
        more = Decimal("0.01") if fate == "altered" else Decimal(0)
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for line in lines:
            sums[line.gl_account, line.entry_side] += line.amount
        if fate == "altered" and len(sums) > 2:
            fate, more = "posted", Decimal(0)
        body = {
            "entry_date": lines[0].entry_date.isoformat(),
            "description": f"{key} as due",
            "entry_type": "adjustment",
            "lines": [
                {"account_id": self._accounts[account]["id"], "entry_type": side, "amount": str(amount + more),
                 "description": "x"}
                for (account, side), amount in sums.items()
            ],
        }  # fmt: skip
        try:
            entry = self._books.create_journal_entry(body)
            if fate != "draft":
                self._books.post_journal_entry(entry["id"])
            if fate == "taken back":
                self._books.reverse_journal_entry(entry["id"], lines[0].entry_date)
        except AtlasAccountingError:
            # An account of another currency: a person must mend the chart first.
            return
