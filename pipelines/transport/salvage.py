"""An answer that one record makes unreadable: that record is put in quotes, so that the others can be read.

In: bytes that are not quite JSON. Out: bytes that are, with each unreadable element of the answer's list turned into
a text that holds it; landing sets a text among records aside, with its content and reason.
What does not belong here: whether to try (`session.decode`: only where reading failed), quarantine (`landing.py`).
"""

from __future__ import annotations

import re

import msgspec

_STRING = rb'"(?:[^"\\]|\\.)*"'
_WORDS = re.compile(_STRING + rb"|-?\b(?:NaN|Infinity)\b", re.DOTALL)
_MARKS = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)


def readable(body: bytes) -> bytes:
    """The answer with what spoils it in quotes; unchanged where the fault is in no single record.

    A bare NaN or Infinity, which some encoders write for a number, is quoted by itself: its record keeps its key.
    """
    quoted = _WORDS.sub(lambda found: found[0] if found[0][:1] == b'"' else b'"' + found[0] + b'"', body)
    return quoted if _is_json(quoted) else _with_quoted_elements(quoted)


def _with_quoted_elements(body: bytes) -> bytes:
    """Quotes the unreadable elements of a list that is the whole answer, or one of its members."""
    listed_at = 1 if body.lstrip()[:1] == b"[" else 2
    parts: list[bytes] = []
    copied = depth = 0
    begins: int | None = None
    for found in _MARKS.finditer(body):
        mark = found[0]
        if mark in (b"[", b"{"):
            depth += 1
            if mark == b"[" and depth == listed_at:
                begins = found.end()
        elif begins is not None and depth == listed_at and mark in (b",", b"]"):
            element = body[begins : found.start()]
            if element.strip() and not _is_json(element):
                parts += [body[copied:begins], _as_text(element)]
                copied = found.start()
            begins = found.end() if mark == b"," else None
        if mark in (b"]", b"}"):
            depth -= 1
    return b"".join([*parts, body[copied:]])


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _as_text(element: bytes) -> bytes:
    return msgspec.json.encode(element.strip().decode(errors="replace"))
