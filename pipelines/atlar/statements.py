"""Bank statements of any bank: camt.052, camt.053 and camt.054 of any version, and MT940, into one shape.

In: a file's bytes. Out: a `Statement` per statement in it, amounts as exact decimal text, money out negative.
The format is told by the content, not by the name or the media type (contracts/atlar.md, section 7). Our own account
numbers leave this module masked (DESIGN section 7).
What does not belong here: fetching (`client.py`), which account a statement is of (`reports.py`).
"""

from __future__ import annotations

from pipelines.atlar.statements_camt import parse_camt
from pipelines.atlar.statements_mt940 import looks_like_mt940, parse_mt940
from pipelines.atlar.statements_shape import Entry, Statement, UnreadableStatementError, mask_account

__all__ = ["Entry", "Statement", "UnreadableStatementError", "mask_account", "parse_statements"]

_MOST_BYTES = 64 * 1024 * 1024
"""A day of the busiest account is a few megabytes; a file beyond this is not read into memory as a tree."""


def parse_statements(content: bytes) -> list[Statement]:
    """Parses a statement file, whole or not at all.

    Args:
        content: The file as the bank or Atlar wrote it.

    Returns:
        At least one statement.

    Raises:
        UnreadableStatementError: it is none of the formats, or anything in it cannot be read with certainty.
    """
    if len(content) > _MOST_BYTES:
        raise UnreadableStatementError(f"{len(content)} bytes, more than the {_MOST_BYTES} a statement file may have")
    return parse_mt940(content) if looks_like_mt940(content) else parse_camt(content)
