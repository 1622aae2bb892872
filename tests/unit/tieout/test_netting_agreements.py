"""Netting agreements by setting: all of one, or a line that says what is wrong."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tieout.agreements import parsed
from tieout.errors import SettingsError

ONE: dict[str, Any] = {
    "agreement_id": "EFET-57",
    "counterparty_id": 57,
    "currency_code": "EUR",
    "valid_from_date": "2026-01-01",
}


def test_agreements_are_canonical_whatever_the_order_and_the_file() -> None:
    other = ONE | {"agreement_id": "EFET-12", "valid_to_date": "2026-12-31"}
    by_environment = parsed(json.dumps([ONE, other]))
    by_toml = parsed([other, ONE | {"valid_from_date": date(2026, 1, 1)}])
    assert by_environment == by_toml
    assert [one["agreement_id"] for one in json.loads(by_environment or "")] == ["EFET-12", "EFET-57"]


@pytest.mark.parametrize("nothing", [None, "", []])
def test_no_setting_is_no_agreement(nothing: Any) -> None:
    assert parsed(nothing) is None


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("EFET-57", "no list of netting agreements"),
        (json.dumps(ONE), "Expected `array`"),
        ([ONE | {"counterparty": 57}], "unknown field `counterparty`"),
        ([ONE | {"agreement_id": "EFET 57"}], "agreement_id"),
        ([ONE | {"currency_code": "eur"}], "currency_code"),
        ([ONE | {"valid_from_date": "1.1.2026"}], "valid_from_date"),
        ([ONE, ONE], "EFET-57 twice"),
    ],
)
def test_what_is_wrong_is_named(setting: Any, words: str) -> None:
    with pytest.raises(SettingsError, match="COMPANY__NETTING_AGREEMENTS") as caught:
        parsed(setting)
    assert words in str(caught.value)
