"""Account numbers never reach an explanation; what merely looks like one stays readable."""

from __future__ import annotations

import json

import pytest

from tieout.explain.masking import masked
from tieout.report.explain_text import shown


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("iban", "DE41370400442321091176", "DE…1176"),
        ("iban", "de41 3704 0044 2321 0911 76", "de…1176"),
        ("iban", "00123456", "…3456"),
        ("description", "Rechnung an DE41 3704 0044 2321 0911 76, danke", "Rechnung an DE…1176, danke"),
        ("vat", "FR12345678901", "FR12345678901"),
        ("iban", "", ""),
        ("amount", 5, 5),
        ("note", None, None),
    ],
)
def test_a_value_is_masked_by_what_it_is(name: str, value: object, told: object) -> None:
    assert masked(value, name) == told


def test_json_text_is_masked_member_by_member() -> None:
    text = json.dumps({"identifiers": [{"type": "IBAN", "number": "SE4550000000058398257466"}], "vat": "IT12345670151"})
    assert masked(text) == {"identifiers": [{"type": "IBAN", "number": "SE…7466"}], "vat": "IT12345670151"}
    assert masked("{not json, IBAN SE4550000000058398257466}") == "{not json, IBAN SE…7466}"


def test_long_values_are_cut_for_people() -> None:
    assert len(shown("x" * 500)) == 160
    assert shown({"a": "ä"}) == '{"a": "ä"}'
