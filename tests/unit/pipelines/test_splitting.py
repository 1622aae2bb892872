"""An answer is split into its records, also where one of them is no JSON."""

from __future__ import annotations

import pytest

from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.splitting import split
from pipelines.versioning import EVERYTHING


def texts(data: bytes) -> list[bytes]:
    return [bytes(record) for record in split(data)]


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b"[]", []),
        (b" [ ] ", []),
        (b'[{"a": 1}, {"a": [2, 3]}]', [b'{"a": 1}', b'{"a": [2, 3]}']),
        (b'[{"a": NaN}, {"a": 2}]', [b'{"a": NaN}', b'{"a": 2}']),
        (b'[{"a": "},{\\"["}, {"a": -Infinity}]', [b'{"a": "},{\\"["}', b'{"a": -Infinity}']),
        (b"[NaN]", [b"NaN"]),
    ],
)
def test_a_list_is_cut_at_its_own_commas(data: bytes, records: list[bytes]) -> None:
    assert texts(data) == records


def test_nesting_without_end_costs_no_other_record() -> None:
    deep = b'{"id": 2, "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    assert texts(b'[{"id": 1}, ' + deep + b', {"id": 3}]') == [b'{"id": 1}', deep, b'{"id": 3}']


@pytest.mark.parametrize(
    "data", [b'[{"a": 1}', b'{"a": NaN}', b"<html>NaN</html>", b"[NaN] trailing,", b"", b"[NaN][1]"]
)
def test_what_is_no_whole_list_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="JSON list"):
        split(data)


def test_a_bare_nan_is_quarantined_with_its_own_bytes(landing: Landing) -> None:
    answer = b'[{"id": 1, "amount": 5}, {"id": 2, "amount": NaN}, {"id": 3, "amount": Infinity}, {"id": 4}]'
    landed = landing.land(etrm.ORDER_ITEMS, split(answer), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (2, 2)
