"""What is made of an answer that is not quite JSON."""

from __future__ import annotations

import msgspec
import pytest

from pipelines.transport import salvage


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"data": [{"a": NaN}, {"b": -Infinity}]}', [{"a": "NaN"}, {"b": "-Infinity"}]),
        (b'{"data": [{"a": "NaN \\" Infinity"}, {"b": NaN}]}', [{"a": 'NaN " Infinity'}, {"b": "NaN"}]),
        (b'{"data": [{"a": 1}, {"a": "\\ud800"}, {"a": [1, 2]}]}', [{"a": 1}, '{"a": "\\ud800"}', {"a": [1, 2]}]),
        (b'{"more": {"x": [1, 2]}, "data": [ {"a": 01} , {"a": "],["} ]}', ['{"a": 01}', {"a": "],["}]),
        (b'{"data": [], "items": [1, tru]}', []),
    ],
)
def test_what_spoils_an_answer_is_quoted_and_all_else_is_as_it_was(body: bytes, expected: list[object]) -> None:
    assert msgspec.json.decode(salvage.readable(body))["data"] == expected


def test_a_bare_list_is_an_answer_too() -> None:
    assert msgspec.json.decode(salvage.readable(b'[{"a": 1}, {"a" 2}, [3]]')) == [{"a": 1}, '{"a" 2}', [3]]


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": [{"a": 1}', b"{'data': []}", b"[" * 2_000])
def test_what_is_no_answer_does_not_become_one(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        msgspec.json.decode(salvage.readable(body))
