"""Amounts of the simulated Atlar: minor units and decimal text agree to the last digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.atlar.amounts import completed, of_decimal, of_minor_units, read_amount
from sandbox.atlar.errors import AtlarError

CURRENCIES = st.sampled_from(["EUR", "SEK", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(
    ("currency", "value", "text"),
    [
        ("EUR", 125000, "1250.00"),
        ("EUR", -1, "-0.01"),
        ("EUR", 0, "0.00"),
        ("JPY", -250000, "-250000"),
        ("KWD", 1234, "1.234"),
        ("EUR", 922337203685477580, "9223372036854775.80"),
    ],
)
def test_both_spellings_are_exact(currency: str, value: int, text: str) -> None:
    full = {"currency": currency, "value": value, "stringValue": text}
    assert read_amount({"currency": currency, "value": value}, "amount") == full
    assert read_amount({"currency": currency, "stringValue": text}, "amount") == full
    assert read_amount(full, "amount") == full


@given(CURRENCIES, st.integers(min_value=-(2**62), max_value=2**62))
def test_text_and_minor_units_are_the_same_amount(currency: str, value: int) -> None:
    text = of_minor_units(currency, value)["stringValue"]
    assert read_amount({"currency": currency, "stringValue": text}, "amount")["value"] == value
    assert of_decimal(currency, Decimal(text))["value"] == value


@pytest.mark.parametrize(
    "given_amount",
    [
        {"currency": "EUR", "stringValue": "1250"},
        {"currency": "EUR", "stringValue": "1250.0"},
        {"currency": "EUR", "stringValue": "1250.000"},
        {"currency": "EUR", "stringValue": "1250,00"},
        {"currency": "EUR", "stringValue": "1e3.00"},
        {"currency": "EUR", "stringValue": "+1.00"},
        {"currency": "EUR", "stringValue": "01.00"},
        {"currency": "EUR", "stringValue": "١.٠٠"},
        {"currency": "JPY", "stringValue": "1.00"},
        {"currency": "KWD", "stringValue": "1.00"},
        {"currency": "EUR", "value": 1.5},
        {"currency": "EUR", "value": True},
        {"currency": "EUR", "value": "100"},
        {"currency": "EUR", "value": 2**63},
        {"currency": "EUR"},
        {"currency": "eur", "value": 1},
        {"value": 1},
        {"currency": "EUR", "value": 100, "stringValue": "1.01"},
        "1.00",
        None,
    ],
)
def test_wrong_amounts_are_refused(given_amount: object) -> None:
    with pytest.raises(AtlarError) as refusal:
        read_amount(given_amount, "amount")
    assert refusal.value.status == 400
    assert refusal.value.details[0]["field"].startswith("amount")


def test_a_fraction_of_a_minor_unit_is_no_amount() -> None:
    with pytest.raises(ValueError, match="more decimals"):
        of_decimal("EUR", Decimal("0.001"))


def test_loaded_records_are_completed_at_every_depth() -> None:
    record = completed({"entries": [{"amount": {"currency": "EUR", "stringValue": "1.00"}}], "currency": "EUR"})
    assert record == {
        "entries": [{"amount": {"currency": "EUR", "value": 100, "stringValue": "1.00"}}],
        "currency": "EUR",
    }
