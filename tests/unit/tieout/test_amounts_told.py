"""Amounts in sentences: the currency's decimals, and every digit beyond them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tieout.amounts import with_currency


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        ("653440.0000", "JPY", "653,440 JPY"),
        ("1234.5000", "EUR", "1,234.50 EUR"),
        ("150138.2450", "EUR", "150,138.245 EUR"),
        ("0.0000", "KWD", "0.000 KWD"),
        ("-0.01", None, "-0.01"),
    ],
)
def test_an_amount_has_its_currencys_decimals_and_loses_none(amount: str, currency: str | None, told: str) -> None:
    assert with_currency(Decimal(amount), currency) == told


def test_no_amount_is_none_and_not_zero() -> None:
    assert with_currency(None, "EUR") == "none"
