"""Accounts, tax rates and bank accounts: what documents post to.

In: bodies of the vendor's routes. Out: records, and the checks a document's accounts must pass: known, active, of the
document's currency. What does not belong here: balances (`ledger.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.chart import FIVE_TYPES, TEMPLATES, ChartRow
from sandbox.atlas_accounting.errors import conflict, invalid
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import Record, Registry
from sandbox.atlas_accounting.validation import Fields

TAX_TYPES = frozenset({"sales", "purchase"})


class Accounts:
    """The chart of accounts as stored."""

    def __init__(self, registry: Registry, periods: Periods) -> None:
        self._registry = registry
        self._periods = periods

    def create(self, body: object) -> Record:
        """An account (contract section 7, Account).

        Raises:
            AtlasAccountingError: 422 per field; 409 for a number already taken.
        """
        fields = Fields(body)
        record = {
            "account_number": fields.text("account_number", max_length=20),
            "name": fields.text("name", required=True, max_length=200),
            "account_type": fields.choice("account_type", FIVE_TYPES, required=True),
            "parent_id": fields.text("parent_id"),
            "currency": fields.currency("currency", self._periods.base_currency),
            "is_active": fields.flag("is_active", default=True),
            "description": fields.text("description"),
        }
        if record["parent_id"] and self._registry.find("accounts", record["parent_id"]) is None:
            fields.fault("parent_id", "does not exist")
        fields.finish()
        if record["account_number"]:
            self._registry.require_free("accounts", "account_number", str(record["account_number"]))
        return self._registry.add("accounts", record)

    def load(self, chart: Iterable[ChartRow]) -> list[Record]:
        """Creates every account of a chart, in order."""
        return [
            self.create(
                {"account_number": row.number, "name": row.name, "account_type": row.account_type}
                | ({"currency": row.currency} if row.currency else {})
            )
            for row in chart
        ]

    def set_up(self, body: object) -> list[Record]:
        """Creates the accounts of a template in a company that has none (contract section 6, setup-coa).

        Raises:
            AtlasAccountingError: 422 for an unknown template; 409 when accounts exist already.
        """
        fields = Fields(body)
        template = (fields.text("template_name", required=True), fields.text("industry") or "general")
        if not fields.errors and template not in TEMPLATES:
            fields.fault("template_name", "unknown template or industry")
        fields.finish()
        if self._registry.all("accounts"):
            raise conflict("The company already has a chart of accounts")
        return self.load(TEMPLATES[str(template[0]), template[1]])

    def usable(self, account_id: object, currency: str, field: str) -> Record:
        """An account a document in this currency may post to.

        Raises:
            AtlasAccountingError: 422 on the field: unknown, inactive, or of another currency.
        """
        account = self._registry.find("accounts", account_id)
        if account is None:
            raise invalid(field, "account does not exist")
        fault = account_fault(account, currency)
        if fault:
            raise invalid(field, fault)
        return account

    def default(self, account_type: str, currency: str, field: str) -> Record:
        """The account taken when the caller names none: the lowest number of that type and currency.

        Raises:
            AtlasAccountingError: 422 on the field, when the chart has none.
        """
        candidates = [
            account
            for account in self._registry.all("accounts")
            if account["account_type"] == account_type and account["currency"] == currency and account["is_active"]
        ]
        if not candidates:
            raise invalid(field, f"required: the chart has no {account_type} account in {currency}")
        return min(candidates, key=lambda account: account["account_number"] or "~")

    def chosen(self, account_id: str | None, account_type: str, currency: str, field: str) -> Record:
        """The account given, checked, or else the default of the type."""
        if account_id is None:
            return self.default(account_type, currency, field)
        return self.usable(account_id, currency, field)


class TaxRates:
    """Tax rates a line may name; the tax they give is posted to their account."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create(self, body: object) -> Record:
        """A tax rate: `name`, `rate` in percent, `tax_type` (sales or purchase), optionally the
        `account_id` its tax is posted to.

        Raises:
            AtlasAccountingError: 422 per field.
        """
        fields = Fields(body)
        rate = fields.number("rate", required=True, zero=True)
        if rate > 100:
            fields.fault("rate", "must be a percentage, at most 100")
        record = {
            "name": fields.text("name", required=True, max_length=100),
            "rate": f"{rate:f}",
            "tax_type": fields.choice("tax_type", TAX_TYPES) or "sales",
            "account_id": fields.text("account_id"),
            "is_active": fields.flag("is_active", default=True),
        }
        if record["account_id"] and self._registry.find("accounts", record["account_id"]) is None:
            fields.fault("account_id", "account does not exist")
        fields.finish()
        return self._registry.add("tax_rates", record)


class BankAccounts:
    """Bank accounts as the books know them: a name and digits on top of a ledger account."""

    def __init__(self, registry: Registry, accounts: Accounts) -> None:
        self._registry = registry
        self._accounts = accounts

    def create(self, body: object) -> Record:
        """A bank account (contract section 7, Bank). Its opening balance is information; it posts nothing.

        Raises:
            AtlasAccountingError: 422 per field.
        """
        fields = Fields(body)
        ledger_account = self._registry.find("accounts", fields.text("gl_account_id", required=True))
        if ledger_account is None and not fields.errors:
            fields.fault("gl_account_id", "account does not exist")
        currency = fields.currency("currency", ledger_account["currency"] if ledger_account else "EUR")
        opening = fields.number("opening_balance", zero=True)
        record = {
            "gl_account_id": fields.raw("gl_account_id"),
            "account_name": fields.text("account_name", required=True),
            "bank_name": fields.text("bank_name"),
            "account_number_last4": fields.text("account_number_last4", max_length=4),
            "account_type": fields.text("account_type") or "checking",
            "opening_balance": money.text(opening, currency),
            "currency": currency,
            "is_active": fields.flag("is_active", default=True),
        }
        fields.finish()
        self._accounts.usable(record["gl_account_id"], currency, "gl_account_id")
        return self._registry.add("bank_accounts", record)


def account_fault(account: Record, currency: str) -> str | None:
    """Why a document in this currency may not post to the account, or None."""
    if not account["is_active"]:
        return "account is inactive"
    if account["currency"] != currency:
        return f"account is in {account['currency']}, the document in {currency}"
    return None
