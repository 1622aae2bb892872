"""Forecasted transactions (contract section 11.1), made by callers or derived from payables and receivables.

In: checked requests; from `open_items`, what a payable or receivable is expected to move. Out: records of
`forecasted_transactions` and `forecasted_transaction_batches`.
"""

from typing import Any

from sandbox.atlar import amounts
from sandbox.atlar.errors import AtlarError, bad_request
from sandbox.atlar.paging import Page
from sandbox.atlar.patching import REPLACE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

TABLE = "forecasted_transactions"
BATCHES = "forecasted_transaction_batches"
USER = "USER"
MOST_PER_BATCH = 15_000
_PARENT_TABLES = {"ACCOUNT": "accounts", "ENTITY": "entities"}
_PATCH = {"/amount/value": REPLACE, "/amount/stringValue": REPLACE, "/date": REPLACE, "/description": REPLACE}


class Forecasts:
    """Expected movements of money."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, query: Query) -> Page:
        """One page by `accountId`, `batchId`, `scenarioId`, `correctionType` and `date`."""
        account, batch, scenario = (query.text(name) for name in ("accountId", "batchId", "scenarioId"))
        corrections = query.members("correctionType")
        in_range = query.days("date")
        return self._records.page(
            TABLE,
            query,
            lambda record: (
                (account is None or record["parent"] == {"type": "ACCOUNT", "id": account})
                and batch in (None, record.get("batchId"))
                and scenario in (None, record.get("scenarioId"))
                and (not corrections or record.get("correctionType", "") in corrections)
                and in_range(record["date"])
            ),
        )

    def get(self, reference: str) -> Record:
        """One forecast by id or `external:` key."""
        return self._records.get(TABLE, reference)

    def create(self, given: Any) -> Record:
        """A new forecast; 409 when its `externalId` is taken."""
        body = Body(given)
        fields = self._checked(body)
        body.done()
        return self._records.create(TABLE, fields)

    def create_batch(self, given: Any) -> Record:
        """Up to 15,000 forecasts, all of them or none."""
        body = Body(given)
        requests = [self._checked(element) for element in body.elements("requests", 1, MOST_PER_BATCH, required=True)]
        external_id, metadata = body.external_id(), body.strings("metadata")
        body.done()
        keys = [fields["externalId"] for fields in requests if fields["externalId"] is not None]
        if len(set(keys)) != len(keys):
            raise bad_request("requests", "an externalId occurs twice")
        for key in keys:
            self._records.refuse_taken(TABLE, key)
        batch = self._records.create(
            BATCHES, {"externalId": external_id, "metadata": metadata, "requestCount": len(requests)}
        )
        for fields in requests:
            self._records.create(TABLE, {**fields, "batchId": batch["id"]})
        return batch

    def _checked(self, body: Body) -> Record:
        parent = body.nested("parent", required=True)
        parent_fields: Record | None = None
        if parent is not None:
            kind = parent.choice("type", tuple(_PARENT_TABLES), required=True)
            identity = parent.text("id", required=True)
            found = self._records.by_id(_PARENT_TABLES[kind], identity) if kind else None
            if kind and identity and found is None:
                parent.refuse("id", f"names no {kind.lower()}")
            parent_fields = None if found is None else {"type": kind, "id": found["id"]}
        origin = body.nested("origin")
        origin_fields = {"type": USER, "id": self._records.user_id}
        if origin is not None:
            origin_fields = {
                "type": origin.text("type", required=True, longest=64) or "",
                "id": origin.text("id", required=True) or "",
            }
        return {
            "parent": parent_fields,
            "amount": body.amount("amount", required=True),
            "date": body.day("date", required=True),
            "description": body.text("description", required=True),
            "origin": origin_fields,
            "counterparty": body.plain("counterparty"),
            "correctionType": body.choice("correctionType", ("", "INFLOW", "OUTFLOW")) or "",
            "scenarioId": body.text("scenarioId"),
            "externalId": body.external_id(),
            "metadata": body.strings("metadata") or {},
        }

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes amount, date or description; amount and date only of forecasts a user made."""
        touched = (
            {str(operation.get("path")) for operation in operations if isinstance(operation, dict)}
            if isinstance(operations, list)
            else set()
        )

        def finish(old: Record, new: Record) -> Record:
            if old["origin"]["type"] != USER and touched - {"/description"}:
                raise AtlarError(400, "Only the description of a forecast derived from accounting data can be changed")
            given: Record = {"currency": new["amount"]["currency"]}
            # The two spellings of an amount follow each other; whichever was patched leads.
            for name in ("value", "stringValue"):
                if f"/amount/{name}" in touched:
                    given[name] = new["amount"][name]
            body = Body(new)
            body.day("date", required=True)
            body.text("description", required=True)
            body.done()
            return {**new, "amount": amounts.read_amount(given, "amount") if len(given) > 1 else old["amount"]}

        return self._records.patch(TABLE, reference, operations, _PATCH, if_match, finish)

    def delete(self, reference: str) -> None:
        """Removes a forecast a user made; those of accounting data go with their origin."""
        if self.get(reference)["origin"]["type"] != USER:
            raise AtlarError(400, "A forecast derived from accounting data is removed with its origin")
        self._records.delete(TABLE, reference)

    def derive(self, present_id: str | None, fields: Record | None) -> str | None:
        """Makes the forecast of a payable or receivable follow it (section 10).

        Args:
            present_id: The forecast it has now.
            fields: What is expected to move, or None when nothing is any more.

        Returns:
            The id of the forecast it has from now on.
        """
        present = self._records.by_id(TABLE, present_id)
        if fields is None:
            if present is not None:
                self._records.delete(TABLE, present["id"], originator="SYSTEM")
            return None
        if present is None:
            return self._records.create(TABLE, fields)["id"]
        if any(present.get(name) != value for name, value in fields.items()):
            self._records.put(TABLE, {**present, **fields}, originator="SYSTEM")
        return present["id"]
