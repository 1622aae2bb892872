"""Amounts as the vendor writes and reads them: minor units and exact decimal text side by side.

In: `{currency, value}` or `{currency, stringValue}`. Out: `{currency, value, stringValue}`, always all three (contract
section 3.8). Nothing here is ever a float. The sign rules of a resource belong to that resource.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

from sandbox.atlar.errors import bad_request

# ISO 4217 currencies whose minor unit is not two places; all others have two.
_OTHER_MINOR_UNITS: dict[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_INT64 = 2**63

Amount = dict[str, Any]


def minor_units(currency: str) -> int:
    """Decimal places of a currency by ISO 4217 (JPY 0, KWD 3, most 2)."""
    return _OTHER_MINOR_UNITS.get(currency, 2)


def is_currency(value: object) -> TypeGuard[str]:
    """Whether a value has the form of a currency code (three capitals)."""
    return isinstance(value, str) and _CURRENCY.fullmatch(value) is not None


def of_minor_units(currency: str, value: int) -> Amount:
    """The full amount of an integer count of minor units."""
    places = minor_units(currency)
    digits = str(abs(value)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return {"currency": currency, "value": value, "stringValue": f"-{text}" if value < 0 else text}


def of_decimal(currency: str, amount: Decimal) -> Amount:
    """The full amount of a decimal that has no more places than its currency.

    Raises:
        ValueError: The decimal has a fraction of a minor unit.
    """
    scaled = amount.scaleb(minor_units(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency}")
    return of_minor_units(currency, int(scaled))


def to_decimal(amount: Mapping[str, Any]) -> Decimal:
    """The exact value of a full amount."""
    return Decimal(amount["stringValue"])


def negated(amount: Mapping[str, Any]) -> Amount:
    """The same amount with the other sign."""
    return of_minor_units(amount["currency"], -amount["value"])


def read_amount(given: object, field: str) -> Amount:
    """Checks an AmountInput and completes it.

    Args:
        given: `{currency, value}` or `{currency, stringValue}`; both only when they agree (assumption A11).
        field: Dotted name for the error.

    Returns:
        All three keys.

    Raises:
        AtlarError: 400, naming the part that is wrong.
    """
    if not isinstance(given, Mapping):
        raise bad_request(field, "must be an object with currency and value or stringValue")
    currency = given.get("currency")
    if not is_currency(currency):
        raise bad_request(f"{field}.currency", "must be three capital letters")
    value, text = given.get("value"), given.get("stringValue")
    if value is None and text is None:
        raise bad_request(field, "value or stringValue is required", "required")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _INT64):
        raise bad_request(f"{field}.value", "must be an integer count of minor units")
    if text is None and value is not None:
        return of_minor_units(currency, value)
    units = _minor_units_of_text(currency, text, f"{field}.stringValue")
    if value is not None and value != units:
        raise bad_request(field, "value and stringValue disagree")
    return of_minor_units(currency, units)


def _minor_units_of_text(currency: str, text: object, field: str) -> int:
    places = minor_units(currency)
    pattern = rf"-?(0|[1-9]\d{{0,18}})\.\d{{{places}}}" if places else r"-?(0|[1-9]\d{0,18})"
    if not isinstance(text, str) or re.fullmatch(pattern, text, re.ASCII) is None:
        raise bad_request(field, f"must be a decimal string with exactly {places} decimals for {currency}")
    units = int(text.replace(".", ""))
    if abs(units) >= _INT64:
        raise bad_request(field, "is out of range")
    return units


def completed(value: Any) -> Any:
    """The same JSON value with every amount inside it completed; for records that are loaded, not requested."""
    if isinstance(value, list):
        return [completed(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "currency" in value and ("value" in value or "stringValue" in value):
        return read_amount(value, "amount")
    return {key: completed(item) for key, item in value.items()}
