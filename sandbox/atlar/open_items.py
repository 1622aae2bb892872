"""Payables and receivables (contract section 10, mode 3), each with the one forecasted transaction derived from it.

In: checked requests. Out: records of `accounts_payables` and `accounts_receivables`; their forecasts are kept by
`forecasts`. Everything here is the contract's assumption A34: the vendor's own reference lists no such endpoint.
"""

from typing import Any

from sandbox.atlar import amounts
from sandbox.atlar.forecasts import Forecasts
from sandbox.atlar.paging import Page
from sandbox.atlar.patching import ADD_REPLACE, ADD_REPLACE_REMOVE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

STATUSES = ("OPEN", "PARTIALLY_PAID", "PAID", "VOIDED")
_SETTLED = ("PAID", "VOIDED")
_PATCH = {
    **dict.fromkeys(("/amount", "/dueDate", "/description", "/counterparty", "/status"), ADD_REPLACE),
    **dict.fromkeys(
        ("/remainingAmount", "/issueDate", "/reference", "/metadata", "/metadata/*"),
        ADD_REPLACE_REMOVE,
    ),
}


class OpenItems:
    """One side: payables (money out, forecast negative) or receivables (money in, forecast positive).

    Args:
        records: The vendor's tables.
        forecasts: Where the derived forecasts are kept.
        table: `accounts_payables` or `accounts_receivables`.
    """

    def __init__(self, records: Records, forecasts: Forecasts, table: str) -> None:
        self._records = records
        self._forecasts = forecasts
        self._table = table
        self._is_payable = table == "accounts_payables"

    def page(self, query: Query) -> Page:
        """One page."""
        return self._records.page(self._table, query)

    def get(self, reference: str) -> Record:
        """One item by id or `external:` key."""
        return self._records.get(self._table, reference)

    def create(self, given: Any) -> Record:
        """A new item and its forecast; 409 when its `externalId` is taken."""
        fields = self._checked(given)
        self._records.refuse_taken(self._table, fields["externalId"])
        return self._records.create(
            self._table, self.with_forecast({"id": self._records.new_id(self._table), **fields})
        )

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes an item; its forecast follows, and goes when the item is PAID or VOIDED."""

        def finish(old: Record, new: Record) -> Record:
            checked = {key: value for key, value in self._checked(new).items() if value is not None}
            kept = {key: value for key, value in new.items() if value is not None}
            return self.with_forecast({**kept, **checked})

        return self._records.patch(self._table, reference, operations, _PATCH, if_match, finish)

    def with_forecast(self, item: Record) -> Record:
        """The item with the id of its forecast, which is made, changed or removed to match."""
        forecast_id = self._forecasts.derive(item.get("forecastedTransactionId"), self._expected(item))
        return {**item, "forecastedTransactionId": forecast_id}

    def _expected(self, item: Record) -> Record | None:
        if item.get("status", "OPEN") in _SETTLED:
            return None
        remaining = item["remainingAmount"]
        parent = (
            {"type": "ACCOUNT", "id": item["accountId"]}
            if item.get("accountId")
            else {"type": "ENTITY", "id": item["entityId"]}
        )
        side = "ACCOUNTS_PAYABLE" if self._is_payable else "ACCOUNTS_RECEIVABLE"
        return {
            "parent": parent,
            "amount": amounts.negated(remaining) if self._is_payable else remaining,
            "date": item["dueDate"],
            "description": item["description"],
            "origin": {"type": side, "id": item["id"]},
            "counterparty": item["counterparty"],
            "correctionType": "",
            "metadata": item.get("metadata") or {},
        }

    def _checked(self, given: Any) -> Record:
        body = Body(given)
        parents = {"entityId": self._parent(body, "entityId", "entities")}
        parents["accountId"] = self._parent(body, "accountId", "accounts")
        if not body.has("entityId") and not body.has("accountId"):
            body.refuse("entityId", "entityId or accountId is required", "required")
        amount = body.amount("amount", required=True, least=1)
        remaining = body.amount("remainingAmount", least=0)
        if amount is not None and remaining is not None and remaining["currency"] != amount["currency"]:
            body.refuse("remainingAmount.currency", "must be the currency of the amount")
        party = body.nested("counterparty", required=True)
        fields = {
            "externalId": body.external_id(required=True),
            **parents,
            "amount": amount,
            # Filled in, so that a client may `replace` what it never sent: RFC 6902 wants the member to be there.
            "remainingAmount": remaining or amount,
            "dueDate": body.day("dueDate", required=True),
            "issueDate": body.day("issueDate"),
            "description": body.text("description", required=True),
            "reference": body.text("reference"),
            "counterparty": None if party is None else _party(party),
            "status": body.choice("status", STATUSES) or "OPEN",
            "metadata": body.strings("metadata"),
        }
        body.done()
        return fields

    def _parent(self, body: Body, field: str, table: str) -> str | None:
        reference = body.text(field)
        if reference is None:
            return None
        found = self._records.by_id(table, reference)
        if found is None:
            body.refuse(field, f"names no {field.removesuffix('Id')}")
            return None
        return found["id"]


def _party(body: Body) -> Record:
    fields = {"name": body.text("name", required=True), "erpId": body.text("erpId", required=True)}
    return {key: value for key, value in fields.items() if value is not None}
