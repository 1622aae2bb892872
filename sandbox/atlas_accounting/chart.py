"""The chart of accounts of the invented company, and the vendor's small template.

In: nothing. Out: `CHART` and `TEMPLATES`: rows of number, name, type and currency. Every account is of one currency;
control and bank accounts exist once per currency. What does not belong here: accounts as stored (`accounts.py`).
"""

from __future__ import annotations

from typing import NamedTuple

FIVE_TYPES = {
    "asset": "asset",
    "bank": "asset",
    "accounts_receivable": "asset",
    "liability": "liability",
    "accounts_payable": "liability",
    "equity": "equity",
    "revenue": "revenue",
    "expense": "expense",
}
"""Every account type emitted, and which of the five it belongs to (contract section 7, Account)."""

DEBIT_TYPES = frozenset({"asset", "expense"})
"""Types whose natural side is debit."""


class ChartRow(NamedTuple):
    """One account of a chart."""

    number: str
    name: str
    account_type: str
    currency: str | None
    """None is the company's base currency."""


def _each(start: int, name: str, account_type: str) -> tuple[ChartRow, ...]:
    currencies = ("EUR", "SEK", "GBP", "JPY")
    return tuple(
        ChartRow(str(start + step), f"{name} {currency}", account_type, currency)
        for step, currency in enumerate(currencies)
    )


CHART: tuple[ChartRow, ...] = (
    *_each(1000, "Bank", "bank"),
    *_each(1100, "Trade receivables", "accounts_receivable"),
    ChartRow("1200", "Input VAT", "asset", "EUR"),
    ChartRow("1500", "Netting clearing", "asset", "EUR"),
    *_each(2000, "Trade payables", "accounts_payable"),
    ChartRow("2200", "Output VAT", "liability", "EUR"),
    ChartRow("3000", "Share capital", "equity", "EUR"),
    ChartRow("3100", "Retained earnings", "equity", "EUR"),
    ChartRow("4100", "PPA power sales", "revenue", "EUR"),
    ChartRow("4110", "Forward sales", "revenue", "EUR"),
    ChartRow("4120", "Spot sales", "revenue", "EUR"),
    ChartRow("4130", "Imbalance income", "revenue", "EUR"),
    ChartRow("4200", "Gas sales", "revenue", "EUR"),
    *_each(4900, "Services", "revenue"),
    ChartRow("6410", "PPA power purchases", "expense", "EUR"),
    ChartRow("6420", "Forward purchases", "expense", "EUR"),
    ChartRow("6430", "Spot purchases", "expense", "EUR"),
    ChartRow("6440", "Imbalance cost", "expense", "EUR"),
    ChartRow("6450", "Gas purchases", "expense", "EUR"),
    *_each(6500, "Software and data", "expense"),
    ChartRow("6800", "Bank charges", "expense", "EUR"),
    ChartRow("7900", "Rounding differences", "expense", "EUR"),
    ChartRow("1250", "Revaluation of receivables", "asset", "EUR"),
    ChartRow("1210", "Input VAT, reverse charge", "asset", "EUR"),
    ChartRow("1300", "Accrued revenue", "asset", "EUR"),
    ChartRow("2250", "Revaluation of payables", "liability", "EUR"),
    ChartRow("2210", "Output VAT, reverse charge", "liability", "EUR"),
    ChartRow("2300", "Accrued cost", "liability", "EUR"),
    ChartRow("7800", "Realised exchange differences", "expense", "EUR"),
    ChartRow("7810", "Unrealised exchange differences", "expense", "EUR"),
    ChartRow("1260", "Revaluation of bank balances", "asset", "EUR"),
    ChartRow("1270", "Exchange clearing", "asset", "EUR"),
)

TEMPLATES: dict[tuple[str, str], tuple[ChartRow, ...]] = {
    ("us_gaap", "general"): (
        ChartRow("1000", "Checking", "bank", None),
        ChartRow("1100", "Accounts Receivable", "accounts_receivable", None),
        ChartRow("2000", "Accounts Payable", "accounts_payable", None),
        ChartRow("2200", "Sales Tax Payable", "liability", None),
        ChartRow("3000", "Owner's Equity", "equity", None),
        ChartRow("3100", "Retained Earnings", "equity", None),
        ChartRow("4000", "Service Revenue", "revenue", None),
        ChartRow("6000", "Operating Expenses", "expense", None),
        ChartRow("6100", "Hosting", "expense", None),
        ChartRow("6200", "Utilities", "expense", None),
    ),
}
"""What `POST /accounts/setup-coa` creates, by `template_name` and `industry` (contract section 6)."""
