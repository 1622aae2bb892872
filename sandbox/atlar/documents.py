"""Accounting documents (contract section 9.3): what the system computes about them, and what it leaves to the caller.

In: checked requests. Out: records of `documents`. Computed: classification, ids of GL entries, system fields. Never
computed: remaining amounts, applied documents, reconciliation, voiding; nor are duplicates recognised.
"""

from typing import Any

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
STATUSES = ("OPEN", "MATCHED", "RECONCILED", "IGNORED")
PARTY_TYPES = ("VENDOR", "CUSTOMER", "EMPLOYEE")
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
            account = self._records.find(ACCOUNTS, entry["glAccountId"]) or {}
            if account.get("type") == BANK:
                return INSTRUCTION
        return SOURCE

    def _checked(self, given: Any, old_entries: Any) -> Record:
        body = Body(given)
        gl_entity = self._gl_entity(body)
        kind = body.choice("type", TYPES, required=True)
        base = (gl_entity or {}).get("currency")
        amount = _multi_currency(body, "amount", base, required=True)
        entries = self._entries(body, base, old_entries)
        classification = self.classification(entries)
        remaining = _multi_currency(body, "remainingAmount", base, required=classification == SOURCE)
        _check_exchange(body, amount)
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
            "counterparty": _counterparty(body, required=kind in _WITH_COUNTERPARTY),
            "currencyExchange": body.plain("currencyExchange"),
            "voided": body.flag("voided", required=True),
            **_reconciliation(body),
            "glEntries": entries,
            "appliedDocuments": _applied(body),
            "provenance": _provenance(body),
            "vendorCreated": body.instant("vendorCreated", required=True),
            "vendorResourceUrl": body.text("vendorResourceUrl", longest=2048),
        }
        body.done()
        return fields

    def _gl_entity(self, body: Body) -> Record | None:
        reference = body.text("glEntityId", required=True)
        found = None if reference is None else self._records.find(ENTITIES, reference)
        if reference is not None and found is None:
            body.refuse("glEntityId", "names no GL entity")
        return found

    def _entries(self, body: Body, base: str | None, old_entries: Any) -> list[Record]:
        known = {entry["id"] for entry in old_entries}
        entries = []
        for element in body.elements("glEntries", 1, required=True):
            reference = element.text("glAccountId", required=True)
            found = None if reference is None else self._records.find(ACCOUNTS, reference)
            if reference is not None and found is None:
                element.refuse("glAccountId", "names no GL account")
            given_id = element.value.get("id")
            entries.append(
                {
                    "id": given_id if given_id in known else None,
                    "glAccountId": "" if found is None else found["id"],
                    "vendorId": element.text("vendorId", required=True),
                    "amount": _multi_currency(element, "amount", base, required=True),
                    "type": element.choice("type", ("DEBIT", "CREDIT"), required=True),
                }
            )
        if not body.problems:
            for entry in entries:
                entry["id"] = entry["id"] or self._records.new_id("gl_entries")
        return entries


def _multi_currency(body: Body, field: str, base: str | None, *, required: bool) -> Record | None:
    """A MultiCurrencyAmount (section 3.8), not negative (assumption A12), in the GL entity's base currency."""
    pair = body.nested(field, required=required)
    if pair is None:
        return None
    instructed = pair.amount("instructedAmount", required=True, least=0)
    in_base = pair.amount("baseAmount", required=True, least=0)
    if in_base is not None and base is not None and in_base["currency"] != base:
        pair.refuse("baseAmount.currency", f"must be the base currency of the GL entity, {base}")
    exchange = pair.nested("currencyExchange")
    shape: Record = {"instructedAmount": instructed, "baseAmount": in_base}
    if exchange is not None:
        shape["currencyExchange"] = _exchange(exchange)
    return shape


def _check_exchange(body: Body, amount: Record | None) -> None:
    """Differing currencies need a `currencyExchange`, inside `amount` or beside it (assumption A25)."""
    beside = body.nested("currencyExchange")
    if beside is not None:
        _exchange(beside)
    if amount is None or not amount["instructedAmount"] or not amount["baseAmount"]:
        return
    differ = amount["instructedAmount"]["currency"] != amount["baseAmount"]["currency"]
    if differ and beside is None and "currencyExchange" not in amount:
        body.refuse("amount.currencyExchange", "is required when document and base currency differ", "required")


def _exchange(body: Body) -> Record:
    rate = body.text("exchangeRate", required=True, longest=64)
    if rate is not None and not _is_positive_decimal(rate):
        body.refuse("exchangeRate", "must be a positive decimal string")
    fields = {"exchangeRate": rate}
    for name in ("sourceCurrency", "targetCurrency", "unitCurrency"):
        fields[name] = body.currency(name, required=True)
    if fields["unitCurrency"] not in (None, fields["sourceCurrency"], fields["targetCurrency"]):
        body.refuse("unitCurrency", "must be the source or the target currency")
    return fields


def _is_positive_decimal(text: str) -> bool:
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    return text.isascii() and digits.isdigit() and whole.isdigit() and any(digit != "0" for digit in digits)


def _counterparty(body: Body, *, required: bool) -> Record | None:
    party = body.nested("counterparty", required=required)
    if party is None:
        return None
    return {
        "name": party.text("name", required=True),
        "type": party.choice("type", PARTY_TYPES, required=True),
        "erpId": party.text("erpId", required=True),
    }


def _reconciliation(body: Body) -> Record:
    """RECONCILED and a match id go together, both ways (rule 4, assumption A29)."""
    status = body.choice("reconciliationStatus", STATUSES, required=True)
    match = body.text("reconciliationMatchId")
    if status == "RECONCILED" and match is None:
        body.refuse("reconciliationMatchId", "is required with RECONCILED", "required")
    if status is not None and status != "RECONCILED" and match is not None:
        body.refuse("reconciliationMatchId", "is only valid with RECONCILED")
    return {"reconciliationStatus": status, "reconciliationMatchId": match}


def _applied(body: Body) -> list[Record]:
    """Links to other documents; neither their existence nor any balance is checked (rule 3, assumption A26)."""
    return [
        {
            "documentId": element.text("documentId", required=True),
            "amount": _multi_currency(element, "amount", None, required=True),
        }
        for element in body.elements("appliedDocuments")
    ]


def _provenance(body: Body) -> Record | None:
    origin = body.nested("provenance", required=True)
    if origin is None:
        return None
    fields = {
        "vendorId": origin.text("vendorId", required=True),
        "connectionId": origin.text("connectionId"),
    }
    return {name: value for name, value in fields.items() if value is not None}
