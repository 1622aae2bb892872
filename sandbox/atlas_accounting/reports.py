"""Trial balance, profit and loss, balance sheet and cash flow, computed from the ledger for the dates asked.

In: the ledger's balances. Out: report bodies (contract section 7, Reports), money as decimal strings. Rows carry their
currency; there are no exchange rates at this vendor, so a total over several currencies is a plain sum over the rows,
good for checking that sides agree, and `totals_by_currency` says what it is made of. What does not belong here:
ageing, which reads documents (`aging.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.chart import DEBIT_TYPES, FIVE_TYPES
from sandbox.atlas_accounting.ledger import Ledger
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import Record, Registry


class Reports:
    """The company's reports over its own ledger."""

    def __init__(self, registry: Registry, periods: Periods, ledger: Ledger) -> None:
        self._registry = registry
        self._periods = periods
        self._ledger = ledger

    def trial_balance(self, as_of: date) -> Record:
        """Every account posted to through a day, cumulative; `balance` is debits minus credits.

        Nothing is closed into equity at a year's end, so revenue and expense accounts carry all years.
        """
        rows = []
        for account, balance in self._accounts(self._ledger.balances(through=as_of.isoformat())):
            currency = account["currency"]
            rows.append(
                _account_row(account)
                | {
                    "debit": money.text(max(balance, money.ZERO), currency),
                    "credit": money.text(max(-balance, money.ZERO), currency),
                    "balance": money.text(balance, currency),
                }
            )
        sums = {"total_debits": (rows, "debit"), "total_credits": (rows, "credit")}
        return {"as_of_date": as_of.isoformat(), **_totals(sums), "accounts": rows}

    def profit_loss(self, start: date, end: date) -> Record:
        """Revenue and expenses posted from a day through another."""
        balances = self._ledger.balances(since=start.isoformat(), through=end.isoformat())
        sections = self._sections(balances)
        revenue, expenses = sections["revenue"], sections["expense"]
        report = {
            "period_start": start.isoformat(),
            "period_end": end.isoformat(),
            **_totals({"total_revenue": (revenue, "amount"), "total_expenses": (expenses, "amount")}),
            "revenue": revenue,
            "expenses": expenses,
        }
        for totals in (report, *report["totals_by_currency"]):
            difference = Decimal(totals["total_revenue"]) - Decimal(totals["total_expenses"])
            totals["net_income"] = f"{difference:f}"
        return report

    def balance_sheet(self, as_of: date) -> Record:
        """Assets, liabilities and equity on a day; equity holds the results, so that the identity holds exactly.

        The result of the current fiscal year and that of the years before it are rows without an account, because
        nothing has been closed into retained earnings.
        """
        through, year_start = as_of.isoformat(), self.fiscal_year_start(as_of)
        sections = self._sections(self._ledger.balances(through=through))
        before = (year_start - timedelta(days=1)).isoformat()
        equity = [
            *sections["equity"],
            *self._results("Result of prior years", self._ledger.balances(through=before)),
            *self._results(
                "Result of the current year", self._ledger.balances(since=year_start.isoformat(), through=through)
            ),
        ]
        assets, liabilities = sections["asset"], sections["liability"]
        sums = {"total_assets": assets, "total_liabilities": liabilities, "total_equity": equity}
        return {
            "as_of_date": through,
            **_totals({name: (rows, "amount") for name, rows in sums.items()}),
            "assets": assets,
            "liabilities": liabilities,
            "equity": equity,
        }

    def cash_flow(self, start: date, end: date) -> Record:
        """What moved the bank accounts from a day through another, by the accounts on the other side.

        Documents, customers and vendors are operating; equity accounts are financing; other assets and liabilities
        that a manual entry set against the bank are investing and financing. Transfers between banks cancel out.
        """
        since, through = start.isoformat(), end.isoformat()
        flows: dict[tuple[str, str, str], Decimal] = {}
        for entry in self._ledger.entries(since=since, through=through):
            for key, amount in self._flows(entry):
                flows[key] = flows.get(key, money.ZERO) + amount
        sections: dict[str, list[Record]] = {"operating": [], "investing": [], "financing": []}
        for (section, name, currency), amount in sorted(flows.items()):
            sections[section].append({"name": name, "currency": currency, "amount": money.text(amount, currency)})
        opening = self._cash((start - timedelta(days=1)).isoformat())
        closing = self._cash(through)
        every = [row for rows in sections.values() for row in rows]
        sums = {
            "cash_at_beginning": (opening, "amount"),
            **{f"net_cash_{name}": (rows, "amount") for name, rows in sections.items()},
            "net_change": (every, "amount"),
            "cash_at_end": (closing, "amount"),
        }
        return {"period_start": since, "period_end": through, **_totals(sums), **sections}

    def fiscal_year_start(self, day: date) -> date:
        """First day of the fiscal year a day lies in."""
        month = self._periods.settings.fiscal_year_start
        return date(day.year if day.month >= month else day.year - 1, month, 1)

    def account_balance(self, account: Record, as_of: date) -> Record:
        """One account's balance, debits minus credits, with its currency (contract section 6)."""
        balance = self._ledger.balances(through=as_of.isoformat()).get(account["id"], money.ZERO)
        return {
            "account_id": account["id"],
            "as_of_date": as_of.isoformat(),
            "currency": account["currency"],
            "balance": money.text(balance, account["currency"]),
        }

    def _accounts(self, balances: dict[str, Decimal]) -> list[tuple[Record, Decimal]]:
        found = [(self._registry.get("accounts", account_id), balance) for account_id, balance in balances.items()]
        return sorted(found, key=lambda pair: (pair[0]["account_number"] or "~", pair[0]["id"]))

    def _sections(self, balances: dict[str, Decimal]) -> dict[str, list[Record]]:
        """Rows by the five types, amounts on the natural side of each."""
        sections: dict[str, list[Record]] = {name: [] for name in FIVE_TYPES.values()}
        for account, balance in self._accounts(balances):
            section = FIVE_TYPES[account["account_type"]]
            amount = balance if section in DEBIT_TYPES else -balance
            sections[section].append(_account_row(account) | {"amount": money.text(amount, account["currency"])})
        return sections

    def _results(self, name: str, balances: dict[str, Decimal]) -> list[Record]:
        """Revenue less expenses per currency, as equity rows without an account."""
        sums: dict[str, Decimal] = {}
        for account, balance in self._accounts(balances):
            if FIVE_TYPES[account["account_type"]] in ("revenue", "expense"):
                currency = account["currency"]
                sums[currency] = sums.get(currency, money.ZERO) - balance
        return [
            {
                "account_id": None,
                "account_number": None,
                "name": name,
                "account_type": "equity",
                "currency": currency,
                "amount": money.text(result, currency),
            }
            for currency, result in sorted(sums.items())
        ]

    def _cash(self, through: str) -> list[Record]:
        return [
            {"currency": account["currency"], "amount": money.text(balance, account["currency"])}
            for account, balance in self._accounts(self._ledger.balances(through=through))
            if account["account_type"] == "bank"
        ]

    def _flows(self, entry: Record) -> Iterable[tuple[tuple[str, str, str], Decimal]]:
        """The sides of an entry that stand against a bank account, as flows into the bank."""
        lines = [(self._registry.get("accounts", line["account_id"]), line) for line in entry["lines"]]
        if not any(account["account_type"] == "bank" for account, _ in lines):
            return
        for account, line in lines:
            if account["account_type"] != "bank":
                key = (_section(account["account_type"]), account["name"], account["currency"])
                yield key, Decimal(line["credit"]) - Decimal(line["debit"])


def _section(account_type: str) -> str:
    if account_type in ("equity", "liability"):
        return "financing"
    return "investing" if account_type == "asset" else "operating"


def _account_row(account: Record) -> Record:
    names = ("account_number", "name", "account_type", "currency")
    return {"account_id": account["id"], **{name: account[name] for name in names}}


def _totals(sums: dict[str, tuple[list[Record], str]]) -> Record:
    """Sums of row members over all rows and per currency, under the names given."""
    currencies = sorted({row["currency"] for rows, _ in sums.values() for row in rows})
    by_currency = [
        {
            "currency": currency,
            **{
                name: money.text(
                    sum((Decimal(row[member]) for row in rows if row["currency"] == currency), money.ZERO), currency
                )
                for name, (rows, member) in sums.items()
            },
        }
        for currency in currencies
    ]
    overall = {
        # Two decimals even where nothing has been posted yet; more only where a currency has more.
        name: f"{sum((Decimal(row[member]) for row in rows), Decimal('0.00')):f}"
        for name, (rows, member) in sums.items()
    }
    return {**overall, "totals_by_currency": by_currency}
