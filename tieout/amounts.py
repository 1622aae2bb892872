"""Amounts as people read them, one way everywhere: thousands separated, the currency's decimals, no digit lost."""

from __future__ import annotations

from decimal import Decimal

from pipelines.records import currencies


def money(amount: Decimal | None, minor_units: int = 2) -> str:
    """Returns an amount for reading: thousands separated, the currency's decimals, exact digits beyond them kept."""
    if amount is None:
        return ""
    places = max(minor_units, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{places}f}"


def with_currency(amount: Decimal | None, currency_code: str | None) -> str:
    """Returns an amount and its currency: `1,234.50 EUR`, `653,440 JPY`; `none` where there is no amount."""
    if amount is None:
        return "none"
    return f"{money(amount, currencies.minor_units(currency_code))} {currency_code or ''}".rstrip()
