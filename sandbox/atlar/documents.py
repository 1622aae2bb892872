"""Accounting documents (contract section 9.3): what the system computes about them, and what it leaves to the caller.

In: checked requests. Out: records of `documents`. Computed: classification, ids of GL entries, system fields. Never
computed: remaining amounts, applied documents, reconciliation, voiding; nor are duplicates recognised.
"""

from typing import Any

from sandbox.atlar.document_parts import (
    applied,
    check_exchange,
    counterparty,
    multi_currency,
    provenance,
    reconciliation,
)
from sandbox.atlar.errors import bad_request
from sandbox.atlar.gl import ACCOUNTS, BANK, ENTITIES
from sandbox.atlar.paging import Page
from sandbox.atlar.patching import ADD, ADD_REPLACE, ADD_REPLACE_REMOVE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

TABLE = "documents"
TYPES = ("INVOICE", "CREDIT_MEMO", "PURCHASE_ORDER", "PAYMENT", "TRANSFER", "JOURNAL_ENTRY")
SOURCE = "SOURCE"
INSTRUCTION = "INSTRUCTION"
_WITH_COUNTERPARTY = ("INVOICE", "CREDIT_MEMO", "PURCHASE_ORDER")
_MOST_BY_ID = 500
# Assumption A32. glEntityId, type, provenance and vendorCreated are fixed.
_PATCH = {
    **dict.fromkeys(
        ("/amount", "/date", "/description", "/references", "/voided", "/reconciliationStatus", "/glEntries"),
        ADD_REPLACE,
    ),
    **dict.fromkeys(
        (
            "/remainingAmount",
            "/issueDate",
            "/reference",
            "/references/*",
            "/counterparty",
            "/reconciliationMatchId",
            "/appliedDocuments",
            "/vendorResourceUrl",
        ),
        ADD_REPLACE_REMOVE,
    ),
    "/currencyExchange": ADD_REPLACE_REMOVE,
    "/appliedDocuments/-": ADD,
}


class Documents:
    """Documents of the ERP as Atlar keeps them."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, query: Query) -> Page:
        """One page by `glEntityId` (32 to 64 characters) and `reconciliationMatchId`."""
        entity, match = query.text("glEntityId"), query.text("reconciliationMatchId")
        if entity is not None and not 32 <= len(entity) <= 64:
            raise bad_request("glEntityId", "must have 32 to 64 characters")
        return self._records.page(
            TABLE,
            query,
            lambda record: (
                entity in (None, record["glEntityId"]) and match in (None, record.get("reconciliationMatchId"))
            ),
        )

    def by_ids(self, query: Query) -> dict[str, Any]:
        """The documents with the given `ids[]`; ids that name nothing are left out."""
        wanted = [value for key, value in query.pairs if key in ("ids", "ids[]")]
        if not 1 <= len(wanted) <= _MOST_BY_ID:
            raise bad_request("ids", f"must name 1 to {_MOST_BY_ID} documents")
        found = [self._records.find(TABLE, reference) for reference in wanted]
        return {
            "items": [record for record in found if record is not None],
            "nextToken": "",
            "token": "",
            "limit": _MOST_BY_ID,
        }

    def get(self, reference: str) -> Record:
        """One document; documents have no external id."""
        return self._records.get(TABLE, reference)

    def create(self, given: Any) -> Record:
        """A new document, always: two equal requests make two documents (rule 8)."""
        return self._records.create(TABLE, self._checked(given, ()))

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes a document; the whole is checked again and its classification recomputed."""

        def finish(old: Record, new: Record) -> Record:
            checked = self._checked(new, old["glEntries"])
            system = {name: old[name] for name in ("id", "organizationId", "created", "updated", "version", "etag")}
            return {**{name: value for name, value in checked.items() if value is not None}, **system}

        return self._records.patch(TABLE, reference, operations, _PATCH, if_match, finish)

    def delete(self, reference: str) -> None:
        """Removes a document; later reads answer 404."""
        self._records.delete(TABLE, reference, leaves_trace=False)

    def loaded(self, record: Record) -> Record:
        """A record of the world with what the system computes, where it lacks it."""
        entries = [
            entry if entry.get("id") else {"id": self._records.new_id("gl_entries"), **entry}
            for entry in record["glEntries"]
        ]
        return {"classification": self.classification(entries), **record, "glEntries": entries}

    def classification(self, entries: list[Record]) -> str:
        """INSTRUCTION when any entry is on a BANK account, else SOURCE (rule 1)."""
        for entry in entries:
            account = self._records.by_id(ACCOUNTS, entry["glAccountId"]) or {}
            if account.get("type") == BANK:
                return INSTRUCTION
        return SOURCE

    def _checked(self, given: Any, old_entries: Any) -> Record:
        body = Body(given)
        gl_entity = self._gl_entity(body)
        kind = body.choice("type", TYPES, required=True)
        base = (gl_entity or {}).get("currency")
        amount = multi_currency(body, "amount", base, required=True)
        entries = self._entries(body, base, old_entries)
        classification = self.classification(entries)
        remaining = multi_currency(body, "remainingAmount", base, required=classification == SOURCE)
        check_exchange(body, amount)
        fields = {
            "glEntityId": None if gl_entity is None else gl_entity["id"],
            "type": kind,
            "classification": classification,
            "amount": amount,
            "remainingAmount": remaining,
            "date": body.day("date", required=True),
            "issueDate": body.day("issueDate"),
            "description": body.text("description", required=True),
            "reference": body.text("reference"),
            "references": body.strings("references", required=True, most=100),
            "counterparty": counterparty(body, required=kind in _WITH_COUNTERPARTY),
            "currencyExchange": body.plain("currencyExchange"),
            "voided": body.flag("voided", required=True),
            **reconciliation(body),
            "glEntries": entries,
            "appliedDocuments": applied(body),
            "provenance": provenance(body),
            "vendorCreated": body.instant("vendorCreated", required=True),
            "vendorResourceUrl": body.text("vendorResourceUrl", longest=2048),
        }
        body.done()
        return fields

    def _gl_entity(self, body: Body) -> Record | None:
        reference = body.text("glEntityId", required=True)
        found = self._records.by_id(ENTITIES, reference)
        if reference is not None and found is None:
            body.refuse("glEntityId", "names no GL entity")
        return found

    def _entries(self, body: Body, base: str | None, old_entries: Any) -> list[Record]:
        known = {entry["id"] for entry in old_entries}
        entries = []
        for element in body.elements("glEntries", 1, required=True):
            reference = element.text("glAccountId", required=True)
            found = self._records.by_id(ACCOUNTS, reference)
            if reference is not None and found is None:
                element.refuse("glAccountId", "names no GL account")
            given_id = element.value.get("id")
            entries.append(
                {
                    "id": given_id if given_id in known else None,
                    "glAccountId": "" if found is None else found["id"],
                    "vendorId": element.text("vendorId", required=True),
                    "amount": multi_currency(element, "amount", base, required=True),
                    "type": element.choice("type", ("DEBIT", "CREDIT"), required=True),
                }
            )
        if not body.problems:
            for entry in entries:
                entry["id"] = entry["id"] or self._records.new_id("gl_entries")
        return entries
