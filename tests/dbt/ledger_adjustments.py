"""Entries without a document once the books hold them: as our rules give them, or as they were posted.

In: `Records`, and the entries that the rules give. Out: the same with what the books say of them. The rules: DESIGN
5.6, DECISIONS.md ("What was posted as a journal entry is recognised by the first word of its description"). What does
not belong here: what is due (`ledger_accruals.py`, `ledger_exchange.py`, `ledger_vat.py`, `ledger_bank_fees.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ledger_records import Records
from ledger_rules import Line, balances, reversed_lines


def as_booked(records: Records, derived: Iterable[Line]) -> Iterator[Line]:
    """What is posted never changes: where the rules give other figures by now, the posted lines stay, and they are
    what a reversal takes back.
    """
    entries: dict[str, list[Line]] = defaultdict(list)
    for line in derived:
        entries[line.journal_entry_id].append(line)
    for key in sorted(entries.keys() | records.own_entries.keys()):
        lines, posted = entries[key], records.books_lines(key)
        taken_back = key.removesuffix(":reversal")
        if lines and key != taken_back and _differ(entries[taken_back], records.books_lines(taken_back)):
            stood = _in_their_roles(records.books_lines(taken_back), entries[taken_back])
            lines = reversed_lines(stood, key, entry_date=lines[0].entry_date, is_posted=False)
        if not posted:
            if key == taken_back or not records.is_taken_back(taken_back):
                yield from lines
        elif lines and not _differ(lines, posted):
            for line in lines:
                yield replace(line, entry_date=posted[0].entry_date, is_posted=True)
        else:
            yield from _in_their_roles(posted, lines)


def _differ(lines: list[Line], posted: list[Line]) -> bool:
    return bool(posted) and balances(lines) != balances(posted)


def _in_their_roles(posted: list[Line], lines: list[Line]) -> list[Line]:
    """Posted lines, called what the rules call a line on that account."""
    roles = {line.gl_account: line.line_type for line in sorted(lines, key=lambda x: x.line_type, reverse=True)}
    return [replace(line, line_type=roles.get(line.gl_account, "adjustment")) for line in posted]
