"""Bank transactions, booked and pending, and the Testbank that makes them (contract sections 6 and 13).

In: list filters, patches, Testbank orders. Out: records of `transactions` and `pending_transactions`. Balances and
complete days belong to `entities`, statement files to `statements`, which fixes a file before its day may change.
"""

from collections.abc import Callable
from typing import Any

from sandbox.atlar import amounts
from sandbox.atlar.paging import Page
from sandbox.atlar.patching import ADD_REPLACE, ADD_REPLACE_REMOVE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

BOOKED = "transactions"
PENDING = "pending_transactions"
RECONCILIATION_STATUSES = ("NOT_RECONCILED", "PARTIALLY_RECONCILED", "RECONCILED")
_PATCH = {
    "/reconciliationStatus": ADD_REPLACE,
    "/metadata": ADD_REPLACE_REMOVE,
    "/metadata/*": ADD_REPLACE_REMOVE,
}


def with_defaults(record: Record) -> Record:
    """A transaction with the fields every transaction shows (section 6), where it lacks them."""
    reference = record.get("reference", "")
    return {
        "valueDate": record["date"],
        "reference": reference,
        "references": {},
        "description": reference,
        "reconciliationStatus": "NOT_RECONCILED",
        "attachedTransactables": [],
        "returned": False,
        "metadata": {},
        **record,
    }


class Transactions:
    """What the banks booked.

    Args:
        records: The vendor's tables.
        before_change: Called with account id and day before a transaction of that day appears or vanishes.
    """

    def __init__(self, records: Records, before_change: Callable[[str, str], None]) -> None:
        self._records = records
        self._before_change = before_change

    def page(self, query: Query, table: str = BOOKED) -> Page:
        """One page by `accountId`, `reconciliationStatus` and `date`, newest first (assumption A16)."""
        account, status = query.text("accountId"), query.text("reconciliationStatus")
        in_range = query.days("date")
        return self._records.page(
            table,
            query,
            lambda record: (
                account in (None, record["accountId"])
                and status in (None, record["reconciliationStatus"])
                and in_range(record["date"])
            ),
        )

    def get(self, reference: str, table: str = BOOKED) -> Record:
        """One transaction; 404, or 410 when it was deleted in a clean-up."""
        return self._records.get(table, reference)

    def events(self, reference: str) -> dict[str, Any]:
        """The history of one transaction."""
        return event_list(self._records, BOOKED, reference)

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Sets the reconciliation status or metadata; what the bank said cannot be changed."""

        def finish(old: Record, new: Record) -> Record:
            body = Body(new)
            body.choice("reconciliationStatus", RECONCILIATION_STATUSES, required=True)
            body.strings("metadata")
            body.done()
            return new

        return self._records.patch(BOOKED, reference, operations, _PATCH, if_match, finish)

    def book(self, fields: Record) -> Record:
        """Books a transaction; the statement files of its day stay as they are."""
        self._before_change(fields["accountId"], fields["date"])
        return self._records.create(BOOKED, with_defaults(fields))

    def delete(self, reference: str) -> None:
        """Deletes a booked entry, as a bank's rare clean-up does; there is no such call for clients."""
        record = self.get(reference)
        self._before_change(record["accountId"], record["date"])
        self._records.delete(BOOKED, reference, originator="BANK")

    def from_testbank(self, given: Any) -> Record:
        """A transaction ordered from the Testbank (section 13).

        Args:
            given: `accountId`, `amount` (signed) and optionally `date` (today by default), `valueDate`, `reference`,
                `references`, `description`, `counterparty`, `bankTransactionCode`.

        Returns:
            The booked transaction.
        """
        body = Body(given)
        account = self._records.by_id("accounts", body.text("accountId", required=True))
        amount = body.amount("amount", required=True)
        if body.has("accountId") and account is None:
            body.refuse("accountId", "names no account")
        if account is not None and amount is not None and amount["currency"] != account["currency"]:
            body.refuse("amount.currency", f"the account is held in {account['currency']}")
        if amount is not None and amount["value"] == 0:
            body.refuse("amount", "must not be zero")
        day = body.day("date") or self._records.clock.today().isoformat()
        fields = {
            "date": day,
            "valueDate": body.day("valueDate") or day,
            "reference": body.text("reference", shortest=0) or "",
            "references": body.strings("references") or {},
            "counterparty": body.plain("counterparty"),
            "bankTransactionCode": body.plain("bankTransactionCode"),
        }
        fields["description"] = body.text("description", shortest=0) or fields["reference"]
        body.done()
        return self.book({"accountId": (account or {})["id"], "amount": amount, **fields})

    def of_payment(self, transfer: Record, *, returned: bool) -> Record:
        """Books what a credit transfer did at the bank: the money leaving, or coming back."""
        holder = transfer.get("destinationHolder") or {}
        amount = transfer["amount"] if returned else amounts.negated(transfer["amount"])
        fields: Record = {
            "accountId": transfer["source"]["id"],
            "date": self._records.clock.today().isoformat(),
            "amount": amount,
            "reference": transfer["reference"],
            "references": {"endToEndId": transfer["id"].replace("-", "")},
            "counterparty": {"name": holder.get("legalName", ""), "partyType": "COMPANY"},
            "bankTransactionCode": {
                "domain": "PMNT",
                "family": "ICDT",
                "subfamily": "RRTN" if returned else "ESCT",
            },
            "attachedTransactables": [{"type": "CREDIT_TRANSFER", "id": transfer["id"]}],
            "returned": returned,
        }
        if returned:
            fields["returnReason"] = {"code": "AC04", "description": "Closed account"}
        return self.book(fields)


def event_list(records: Records, table: str, reference: str) -> dict[str, Any]:
    """The event history of a record in the envelope of a list; it always fits one page."""
    return {"items": records.events(table, reference), "nextToken": "", "token": "", "limit": 100}
