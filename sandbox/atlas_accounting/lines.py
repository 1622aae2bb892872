"""The lines of an invoice or a bill: amounts, tax and the accounts they post to.

In: the `lines` of a body. Out: the lines as the API shows them, their totals, and their postings. A line's amount is
quantity times unit price, its tax the rate on that amount, each rounded to the currency's minor unit on its own, so
that the lines shown add up to the totals shown. What does not belong here: states and parties.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.accounts import Accounts, account_fault
from sandbox.atlas_accounting.ledger import Posting
from sandbox.atlas_accounting.registry import Record, Registry
from sandbox.atlas_accounting.validation import Fields

_DEFAULT_TAX_ACCOUNT = {"sales": "liability", "purchase": "asset"}
"""Type of the account taken for the tax of a rate that names none; the lowest number in the document's currency."""


class Totals(NamedTuple):
    """Sums over the lines of a document."""

    subtotal: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """What the other party owes, or is owed."""
        return self.subtotal + self.tax


class Lines:
    """Reads the lines of one kind of document.

    Args:
        account_field: `revenue_account_id` or `expense_account_id`; `account_id` is accepted for either (contract
            section 9, 6).
    """

    def __init__(self, registry: Registry, accounts: Accounts, account_field: str) -> None:
        self._registry = registry
        self._accounts = accounts
        self._account_field = account_field

    def read(self, fields: Fields, currency: str) -> list[Record]:
        """The lines as they will be stored, without ids; what is wrong is noted on the fields."""
        return [self._read_line(line, currency) for line in fields.items("lines", minimum=1)]

    def _read_line(self, line: Fields, currency: str) -> Record:
        description = line.text("description", required=True, max_length=1000)
        quantity = line.number("quantity", required=True)
        price = line.number("unit_price", required=True)
        amount = money.product(quantity, price, currency)
        if quantity and price and not amount:
            line.fault("unit_price", f"gives no possible amount in {currency}: zero, or too large")
        amount = amount or money.ZERO
        tax_rate = self._tax_rate(line, currency)
        tax = money.rounded(amount * Decimal(tax_rate["rate"]) / 100, currency) if tax_rate else money.ZERO
        return {
            "description": description,
            "quantity": money.quantity_value(quantity),
            "unit_price": money.price_text(price, currency),
            "amount": money.text(amount, currency),
            self._account_field: self._account(line, currency),
            "tax_rate_id": tax_rate["id"] if tax_rate else None,
            "tax_amount": money.text(tax, currency),
        }

    def _account(self, line: Fields, currency: str) -> str | None:
        alias = "account_id" if line.has("account_id") and not line.has(self._account_field) else self._account_field
        account_id = line.text(alias, required=True)
        if account_id is None:
            return None
        account = self._registry.find("accounts", account_id)
        fault = "account does not exist" if account is None else account_fault(account, currency)
        if fault:
            line.fault(alias, fault)
        return account_id

    def _tax_rate(self, line: Fields, currency: str) -> Record | None:
        tax_rate_id = line.text("tax_rate_id")
        if tax_rate_id is None:
            return None
        tax_rate = self._registry.find("tax_rates", tax_rate_id)
        if tax_rate is None:
            line.fault("tax_rate_id", "tax rate does not exist")
        elif not tax_rate["is_active"]:
            line.fault("tax_rate_id", "tax rate is inactive")
        elif tax_rate["account_id"]:
            fault = account_fault(self._registry.get("accounts", tax_rate["account_id"]), currency)
            if fault:
                line.fault("tax_rate_id", f"its {fault}")
        return tax_rate

    def postings(self, lines: list[Record], currency: str) -> list[Posting]:
        """One posting per line and one per line's tax, amounts above zero.

        Raises:
            AtlasAccountingError: 422 when an account has been deactivated since, or no tax account can be found.
        """
        result = []
        for position, line in enumerate(lines):
            field = f"lines.{position}.{self._account_field}"
            account = self._accounts.usable(line[self._account_field], currency, field)
            result.append(Posting(account["id"], Decimal(line["amount"])))
            if Decimal(line["tax_amount"]):
                tax_account = self._tax_account(line["tax_rate_id"], currency, f"lines.{position}.tax_rate_id")
                result.append(Posting(tax_account["id"], Decimal(line["tax_amount"])))
        return result

    def _tax_account(self, tax_rate_id: str, currency: str, field: str) -> Record:
        tax_rate = self._registry.get("tax_rates", tax_rate_id)
        return self._accounts.chosen(
            tax_rate["account_id"], _DEFAULT_TAX_ACCOUNT[tax_rate["tax_type"]], currency, field
        )


def totals(lines: list[Record]) -> Totals:
    """What the lines add up to."""
    return Totals(
        sum((Decimal(line["amount"]) for line in lines), money.ZERO),
        sum((Decimal(line["tax_amount"]) for line in lines), money.ZERO),
    )
