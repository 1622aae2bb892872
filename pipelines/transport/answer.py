"""A vendor's answer, and its JSON as the contract describes it.

In: the bytes of a successful answer. Out: values of declared types, or an error that says what came instead.
What does not belong here: sending and repeating (`session.py`), one record among good ones that nobody can read
(`salvage.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.transport import errors, salvage

LONGEST_KEPT = 10_000_000
"""Bytes of an answer that an error carries along: enough to see what it was."""


@dataclass(frozen=True)
class Answer:
    """A successful answer: its bytes as they came, so that numbers keep their digits."""

    status: int
    body: bytes | bytearray
    """A large one is a bytearray, filled while it arrived: a copy of it would double the memory. Never changed."""
    request_id: str | None
    is_confidential: bool = False
    """A token call's: its bytes are kept nowhere, however odd they are."""


def begins_with(body: bytes | bytearray) -> bytes:
    """The first byte of a body that is no white space; found without copying it."""
    return bytes(body[:1024]).lstrip()[:1]


def decode(system: str, answer: Answer, type_: Any, *, is_write: bool) -> Any:
    """Reads an answer's JSON as a declared type; numbers inside `msgspec.Raw` keep their digits.

    Raises:
        UnexpectedAnswer: it is HTML, or not of that shape. For a write the vendor did accept something, so it is
            `OutcomeUnknown`.
    """
    try:
        return _decoded(answer.body, type_, is_write=is_write)
    except _UNREADABLE as error:
        is_html = begins_with(answer.body) == b"<"
        raise surprise(
            system,
            answer,
            "HTML instead of JSON" if is_html else f"not the answer the contract describes: {error}",
            is_write=is_write,
        ) from error


_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError)


def _decoded(body: bytes | bytearray, type_: Any, *, is_write: bool) -> Any:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # One bad record must not stop the good ones; but of a write nothing is guessed.
        if is_write or begins_with(body) not in (b"{", b"["):
            raise
        return msgspec.json.decode(salvage.readable(body), type=type_)


def surprise(system: str, answer: Answer, message: str, *, is_write: bool) -> errors.VendorError:
    """The error for a 2xx answer that cannot be right."""
    kind = errors.OutcomeUnknown if is_write else errors.UnexpectedAnswer
    error = kind(system, message, status=answer.status, request_id=answer.request_id)
    if not is_write and not answer.is_confidential:
        error.body = bytes(answer.body[:LONGEST_KEPT])
    return error
