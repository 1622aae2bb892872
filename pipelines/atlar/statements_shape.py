"""What every statement file becomes, whatever its format: a `Statement` with its entries, and the check that it closes.

In: what a format's reader found. Out: `Statement`, `Entry`, `UnreadableStatementError`, masking, keys, arithmetic.
Amounts are exact decimal text, money out is negative. An entry's key tells the same booking told twice from two
bookings that merely look alike (promise 17): where the bank gave it a reference of its own, by that reference.
What does not belong here: any file format (`statements_camt.py`, `statements_mt940.py`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

NO_REFERENCE = frozenset({"NONREF", "NOTPROVIDED", "NOREF", "0"})
"""What banks write where they have no reference."""

_DIGITS = 60
"""Precision of sums: more than any DECIMAL(38,10) column can hold, so adding never rounds."""


class UnreadableStatementError(ValueError):
    """The file is not a statement we understand; the message says why, without an account number."""


@dataclass(frozen=True)
class Entry:
    """One row of `bank_statement_entries`, ready to land (members named as its columns' fields).

    The rows of one booking, when a batch is split into its payments, share `statementLine` and `entryKey`.
    """

    members: dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """One statement of one account: what it says of itself, and its entries in order."""

    account_number: str
    """IBAN or other number, in full: for matching only."""
    date: str | None
    """Closing day, `YYYY-MM-DD`."""
    members: dict[str, Any]
    entries: list[Entry] = field(default_factory=list)


def mask_account(number: str) -> str:
    """Country and last four of an IBAN; only the last four of any other number."""
    compact = number.replace(" ", "")
    country = compact[:2] if compact[:2].isalpha() else ""
    return f"{country}…{compact[-4:]}"


def exact_sum(amounts: Sequence[str]) -> str:
    """The sum of decimal texts, not rounded."""
    with localcontext() as context:
        context.prec = _DIGITS
        return format(sum((Decimal(amount) for amount in amounts), Decimal(0)), "f")


def closes(opening: str | None, moved: str, closing: str | None) -> bool | None:
    """Whether opening + entries = closing; None where a balance is missing, so that there is nothing to prove."""
    if opening is None or closing is None:
        return None
    return Decimal(exact_sum([opening, moved])) == Decimal(closing)


def numbered(bookings: Sequence[Sequence[dict[str, Any]]]) -> list[Entry]:
    """Numbers the rows of a statement and gives each booking its key.

    Args:
        bookings: Per booking in the file its rows: one, or one per payment of a batch.

    Returns:
        The rows in order; `entryNumber` runs over all of them, `statementLine` over the bookings. `entryKey` is the
        same for the same booking in another file; the second of two equal bookings in this file has another one.
    """
    seen: Counter[str] = Counter()
    entries: list[Entry] = []
    for line, rows in enumerate(bookings, start=1):
        content = _booking(rows)
        seen[content] += 1
        key = _digest(content, str(seen[content]))
        entries += [
            Entry({"entryNumber": len(entries) + at, "statementLine": line, "entryKey": key, **row})
            for at, row in enumerate(rows, start=1)
        ]
    return entries


def statement_key(account: str, day: str | None, statement: Statement) -> str:
    """What two deliveries of the same statement share: account, day, number, balances and bookings."""
    told = statement.members
    figures = [
        str(told.get(name))
        for name in (
            "messageType",
            "statementNumber",
            "openingBalance",
            "openingDate",
            "closingBalance",
            "closingDate",
            "periodFrom",
            "periodTo",
        )
    ]
    return _digest(account, str(day), *figures, *(each.members["entryKey"] for each in statement.entries))


def _booking(rows: Sequence[dict[str, Any]]) -> str:
    first = rows[0]
    total = format(Decimal(exact_sum([row["amount"] for row in rows])).normalize(), "f")
    told = [first.get("bookingDate"), first.get("valueDate"), total, first.get("currency")]
    reference = first.get("bankReference")
    if reference and reference.upper() not in NO_REFERENCE:
        return "|".join(map(str, [*told, "ref", reference]))
    texts = [
        "".join(str(row.get(name) or "") for row in rows)
        for name in ("entryReference", "endToEndId", "remittance", "counterpartyName", "bankTransactionCode")
    ]
    # Banks break texts into lines differently from one report to the next.
    return "|".join(map(str, [*told, "text", *("".join(text.split()).upper() for text in texts)]))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
