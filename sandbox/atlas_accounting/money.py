"""Money as this vendor writes it: decimal strings with the currency's own decimals.

In: decimals, decimal strings, integers. Out: exact `Decimal`s and their text. Never a float: one that arrives is
refused. Minor units follow ISO 4217. What does not belong here: what an amount means.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)

_MAX_DIGITS = 15
_MAX_DECIMALS = 10
"""Digits before and after the point that are accepted; more is refused here instead of overflowing later."""

_WIDE = Context(prec=60)
"""Room for the product of two accepted numbers, so that it is rounded once, at the currency's minor unit."""

_UNUSUAL_CURRENCIES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_UNITS = {code: units for units, codes in _UNUSUAL_CURRENCIES.items() for code in codes.split()}


def minor_units(currency: str) -> int:
    """How many decimals a currency has (ISO 4217; two unless it is one of the exceptions)."""
    return _MINOR_UNITS.get(currency, 2)


def parse(value: Any) -> Decimal | None:
    """A decimal from a decimal string, an integer or a Decimal; None for anything else, float and NaN included."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= _MAX_DIGITS or decimals(number) > _MAX_DECIMALS:
        return None
    return number


def decimals(number: Decimal) -> int:
    """How many decimals a number needs, trailing zeros not counted."""
    exponent = number.normalize(_WIDE).as_tuple().exponent
    return max(0, -int(exponent))


def rounded(number: Decimal, currency: str) -> Decimal:
    """The number at the currency's minor unit, halves away from zero."""
    return number.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_UP, context=_WIDE)


def product(one: Decimal, other: Decimal, currency: str) -> Decimal | None:
    """Two numbers multiplied and rounded once to the minor unit; None when that is more than an amount can be."""
    amount = rounded(_WIDE.multiply(one, other), currency)
    return amount if amount.adjusted() < _MAX_DIGITS else None


def text(number: Decimal, currency: str) -> str:
    """An amount as the API writes it: `"1240.00"`, for yen `"1240"`. No exponent, no negative zero."""
    amount = rounded(number, currency)
    return f"{amount if amount else abs(amount):f}"


def price_text(number: Decimal, currency: str) -> str:
    """A unit price: at least the currency's decimals, and all the digits that were given."""
    places = max(minor_units(currency), decimals(number))
    return f"{number.quantize(Decimal(1).scaleb(-places), context=_WIDE):f}"


def quantity_value(number: Decimal) -> int | str:
    """A quantity as the API writes it: an integer where it is whole (contract section 7), else a decimal string."""
    return int(number) if number == number.to_integral_value() else f"{number:f}"
