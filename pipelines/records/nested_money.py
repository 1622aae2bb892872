"""Amounts and currencies inside a JSON column: read in dbt only, so they have to be readable when they are landed.

In: JSON texts such as Atlar's amounts or a document's lines. Out: whether every amount and currency in them can be
read exactly, and if not, why. One amount that is none would stop the build of all books, and DuckDB would round one
that has too many digits without a word.
What does not belong here: which columns hold money (each system's `tables.py`: type `money`), quarantine.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.records import currencies
from pipelines.transport import exact

CURRENCIES = ("currency", "sourceCurrency", "targetCurrency", "unitCurrency")
AMOUNTS = (
    *("stringValue", "exchangeRate", "quantity", "unit_price", "amount", "amount_applied", "discount_taken"),
    *("debit", "credit", "balance"),
)
"""Members with these names are money wherever they stand in the column, unless they are objects or lists themselves."""

_DECIMAL = r"-?[0-9]{1,18}(?:\.[0-9]{1,10})?"
"""18 digits before the point: a quantity times a price then still fits into DECIMAL(38, 20)."""

_MOST_DIGITS = 15
"""Of a number that is no text: DuckDB reads it through a double, which keeps so many."""

_ODD = r'^\s*[^\s{\[]|"stringValue"\s*:\s*null'
"""A scalar where an amount or a list of lines belongs, and an amount without its exact text."""

_IS_DECIMAL = re.compile(_DECIMAL)


def are_fit(texts: pa.Array) -> bool:
    """Whether all amounts and currencies are certainly readable; False where one has to be looked at (`why_unfit`)."""
    rest = pc.replace_substring_regex(texts, _good(), "")
    if (
        pc.any(pc.match_substring_regex(rest, _doubtful())).as_py()
        or pc.any(pc.match_substring_regex(texts, _ODD)).as_py()
    ):
        return False
    minor, exact_texts = (pc.count_substring(texts, name) for name in ('"value"', '"stringValue"'))
    return not pc.any(pc.greater(minor, exact_texts)).as_py()


@functools.cache
def _good() -> str:
    names = "|".join(CURRENCIES)
    codes = "|".join(sorted(currencies.codes()))
    # A number in 15 digits at most, or a whole one in 18, up to what follows it.
    number = r"-?(?:[0-9]{1,18}|[0-9]{1,10}\.[0-9]{1,5})\s*[,}\]]"
    amounts = "|".join(AMOUNTS)
    return (
        rf'"(?:{names})"\s*:\s*(?:null|[{{\[]|"(?:{codes})?")'
        rf'|"(?:{amounts})"\s*:\s*(?:null|[{{\[]|"{_DECIMAL}"|{number})'
    )


@functools.cache
def _doubtful() -> str:
    names = "|".join((*CURRENCIES, *AMOUNTS))
    return rf'"(?:{names})"\s*:|\\u[0-9a-fA-F]{{4}}[^"]*"\s*:'  # the second: a name may be written in escapes


def why_unfit(text: str) -> str | None:
    """Why a JSON text holds money that cannot be read exactly; None where all of it can."""
    value = exact.loads(text.encode())
    if not isinstance(value, dict | list) and value not in (None, ""):
        return f"neither an object nor a list: {text[:60]}"
    return _why(value)


def _why(value: Any) -> str | None:
    if isinstance(value, list):
        return next((why for entry in value if (why := _why(entry)) is not None), None)
    if not isinstance(value, dict):
        return None
    if "currency" in value and value.get("value") is not None and value.get("stringValue") is None:
        return "an amount has a value in minor units but no stringValue, its exact text"
    for name, entry in value.items():
        if isinstance(entry, dict | list):
            why = _why(entry)
        elif name in AMOUNTS:
            why = _why_no_amount(name, entry)
        else:
            why = _why_no_currency(entry) if name in CURRENCIES else None
        if why is not None:
            return why
    return None


def _why_no_currency(value: Any) -> str | None:
    if value is None or value == "" or value in currencies.codes():
        return None
    return currencies.why_unknown(str(value))


def _why_no_amount(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return None if _IS_DECIMAL.fullmatch(value) else f"{name} is no amount: {value[:60]!r}"
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return f"{name} is no amount: {value!r}"
    number = Decimal(value)
    if isinstance(value, int) and abs(value) < 10**18:
        return None
    if len(number.normalize().as_tuple().digits) > _MOST_DIGITS or not Decimal("1e-10") <= abs(number) < Decimal(
        "1e18"
    ):
        return f"{name} has more digits than a JSON number keeps: {str(value)[:60]}" if number else None
    return None
