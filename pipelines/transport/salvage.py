"""An answer that one record makes unreadable: that record is put in quotes, so that the others can be read.

In: bytes that are not quite JSON. Out: bytes that are, with each unreadable element of the answer's list turned into
a text that holds it; landing sets a text among records aside, with its content and reason.
What does not belong here: whether to try (`answer.decode`: only where reading failed), quarantine (`landing.py`).
"""

from __future__ import annotations

import re

import msgspec

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_WORDS = re.compile(_STRING + rb"|-?\b(?:NaN|Infinity)\b", re.DOTALL)
_FLAT = rb'\{(?:[^"{}\[\]]++|' + _STRING + rb")*+\}"
_MARKS = re.compile(_FLAT + rb"|" + _STRING + rb"|[\[\]{},]", re.DOTALL)
"""What divides a list into its elements; an object without others in it is passed over at once."""

_SPACE = b" \t\r\n"
"""What JSON takes for white space; Python takes more."""

_SMALL = 1_000_000
"""Bytes beyond which an answer is mended by its records alone: mending it as a whole takes many times its memory."""


def readable(body: bytes | bytearray) -> bytes | bytearray:
    """The answer with what spoils it in quotes; unchanged where the fault is in no single record.

    A bare NaN or Infinity, which some encoders write for a number, is quoted by itself: its record keeps its key.
    """
    mended = _with_quoted_elements(body)
    return mended if len(mended) > _SMALL or _is_json(mended) else _with_quoted_words(mended)


def _with_quoted_words(text: bytes | bytearray) -> bytes:
    return _WORDS.sub(lambda found: found[0] if found[0][:1] == b'"' else b'"' + found[0] + b'"', bytes(text))


def _with_quoted_elements(body: bytes | bytearray) -> bytes | bytearray:
    """Mends the unreadable elements of a list that is the whole answer, or one of its members."""
    listed_at = 1 if bytes(body[:1024]).lstrip()[:1] == b"[" else 2
    whole = memoryview(body)
    parts: list[bytes | memoryview] = []
    copied = depth = 0
    begins: int | None = None
    for found in _MARKS.finditer(body):
        at = found.start()
        mark = body[at : at + 1]
        if found.end() - at > 1:
            continue
        if mark in (b"[", b"{"):
            depth += 1
            if mark == b"[" and depth == listed_at:
                begins = found.end()
        elif begins is not None and depth == listed_at and mark in (b",", b"]"):
            element = bytes(body[begins:at])
            if element.strip(_SPACE) and not _is_json(element):
                parts += [whole[copied:begins], _mended(element)]
                copied = at
            begins = found.end() if mark == b"," else None
        if mark in (b"]", b"}"):
            depth -= 1
    return b"".join([*parts, whole[copied:]]) if parts else body


def _mended(element: bytes) -> bytes:
    quoted = _with_quoted_words(element)
    return quoted if _is_json(quoted) else _as_text(element)


def _is_json(text: bytes | bytearray) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _as_text(element: bytes) -> bytes:
    return msgspec.json.encode(element.strip(_SPACE).decode(errors="replace"))
