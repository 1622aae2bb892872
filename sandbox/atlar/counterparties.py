"""Counterparties to be paid and their external accounts (contract sections 8.3 and 8.4).

In: checked requests. Out: records of `counterparties` and `external_accounts`. Payments to them are in `payments`.
"""

from typing import Any

from sandbox.atlar.errors import AtlarError, bad_request, not_found
from sandbox.atlar.paging import Page
from sandbox.atlar.patching import ADD, REPLACE, REPLACE_REMOVE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

PARTY_TYPES = ("INDIVIDUAL", "COMPANY")
MOST_ACCOUNTS = 25
_PATCH = {
    "/legalName": REPLACE,
    "/address": REPLACE,
    "/alias": REPLACE_REMOVE,
    "/nationalIdentifier": REPLACE_REMOVE,
    "/email": REPLACE_REMOVE,
    "/phone": REPLACE_REMOVE,
    "/partyType": REPLACE_REMOVE,
    "/entityIds": REPLACE_REMOVE,
}
_ACCOUNT_PATCH = {"/alias": REPLACE_REMOVE, "/identifiers/-": ADD, "/routing/-": ADD}


class Counterparties:
    """Parties, with accounts embedded on creation."""

    def __init__(self, records: Records, external_accounts: "ExternalAccounts") -> None:
        self._records = records
        self._external_accounts = external_accounts

    def page(self, query: Query) -> Page:
        """One page by free text `query` (3 to 255 characters) and `entityIdsIn[]`."""
        wanted = _free_text(query)
        entities = query.many("entityIdsIn")
        return self._records.page(
            "counterparties",
            query,
            lambda record: (
                (not wanted or wanted in f"{record['legalName']} {record.get('alias', '')}".casefold())
                and (not entities or bool(entities & set(record.get("entityIds", []))))
            ),
        )

    def get(self, reference: str) -> Record:
        """One counterparty by id or `external:` key."""
        return self._records.get("counterparties", reference)

    def create(self, given: Any) -> Record:
        """A new counterparty and the accounts embedded in it; all of it or nothing."""
        body = Body(given)
        fields = self._checked(body)
        fields["externalId"] = body.external_id()
        fields["metadata"] = body.strings("metadata")
        accounts = [self._external_accounts.checked(element) for element in body.elements("accounts", 0, MOST_ACCOUNTS)]
        body.done()
        for account in accounts:
            self._records.refuse_taken("external_accounts", account["externalId"])
        counterparty = self._records.create("counterparties", fields)
        for account in accounts:
            self._records.create("external_accounts", {"counterpartyId": counterparty["id"], **account})
        return counterparty

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes master data; neither `externalId` nor `metadata` can be patched here."""

        def finish(old: Record, new: Record) -> Record:
            body = Body(new)
            self._checked(body)
            body.done()
            return new

        return self._records.patch("counterparties", reference, operations, _PATCH, if_match, finish)

    def delete(self, reference: str) -> None:
        """Removes a counterparty and its accounts."""
        counterparty = self._records.delete("counterparties", reference)
        owned = self._records.grouped("external_accounts", "counterpartyId").get((counterparty["id"],), [])
        for account in owned:
            self._records.delete("external_accounts", account["id"])

    def _checked(self, body: Body) -> Record:
        entity_ids = body.texts("entityIds", 100)
        for entity_id in entity_ids:
            if self._records.by_id("entities", entity_id) is None:
                body.refuse("entityIds", f"{entity_id} names no entity")
        return {
            "legalName": body.text("legalName", required=True, longest=96),
            "alias": body.text("alias"),
            "partyType": body.choice("partyType", PARTY_TYPES),
            "address": body.plain("address"),
            "email": body.text("email", longest=256),
            "phone": body.text("phone", longest=64),
            "nationalIdentifier": body.plain("nationalIdentifier"),
            "entityIds": entity_ids,
        }


class ExternalAccounts:
    """Bank accounts of counterparties."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, query: Query) -> Page:
        """One page by `query`, `counterpartyId` and `entityIdsIn[]` (the entities of the counterparty)."""
        wanted, owner = _free_text(query), query.text("counterpartyId")
        entities = query.many("entityIdsIn")

        def of_entities(record: Record) -> bool:
            party = self._records.find("counterparties", record["counterpartyId"]) or {}
            return bool(entities & set(party.get("entityIds", [])))

        return self._records.page(
            "external_accounts",
            query,
            lambda record: (
                owner in (None, record["counterpartyId"])
                and (not wanted or wanted in f"{record.get('alias', '')} {_numbers(record)}".casefold())
                and (not entities or of_entities(record))
            ),
        )

    def get(self, reference: str) -> Record:
        """One external account by id or `external:` key."""
        return self._records.get("external_accounts", reference)

    def create(self, given: Any) -> Record:
        """A further account of a counterparty, at most 25."""
        body = Body(given)
        owner = self._records.by_id("counterparties", body.text("counterpartyId", required=True))
        if body.has("counterpartyId") and owner is None:
            body.refuse("counterpartyId", "names no counterparty")
        fields = self.checked(body)
        body.done()
        if owner is None:
            raise not_found("counterparty", "")
        owned = self._records.grouped("external_accounts", "counterpartyId").get((owner["id"],), [])
        if len(owned) >= MOST_ACCOUNTS:
            raise AtlarError(400, f"A counterparty has at most {MOST_ACCOUNTS} external accounts")
        return self._records.create("external_accounts", {"counterpartyId": owner["id"], **fields})

    def checked(self, body: Body) -> Record:
        """The fields of an external account: a market, exactly one identifier, at most five routings."""
        market = body.market("market", required=True)
        identifiers = [identifier(element) for element in body.elements("identifiers", 1, 1, required=True)]
        routing = [route(element) for element in body.elements("routing", 0, 5)]
        return {
            "market": market,
            "identifiers": identifiers,
            "routing": routing,
            "alias": body.text("alias"),
            "externalId": body.external_id(),
            "metadata": body.strings("metadata"),
        }

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Sets the alias, or appends an identifier or a routing."""

        def finish(old: Record, new: Record) -> Record:
            if len(new.get("routing", [])) > 5:
                raise bad_request("routing", "must be a list of 0 to 5 elements")
            body = Body(new)
            body.text("alias")
            for element in body.elements("identifiers", 1):
                identifier(element)
            for element in body.elements("routing"):
                route(element)
            body.done()
            return new

        return self._records.patch("external_accounts", reference, operations, _ACCOUNT_PATCH, if_match, finish)

    def delete(self, reference: str) -> None:
        """Removes an external account."""
        self._records.delete("external_accounts", reference)


def identifier(body: Body) -> Record:
    """`{type, market, number}` of an account; an IBAN must have right check digits."""
    kind = body.text("type", required=True, longest=64)
    number = body.text("number", required=True, longest=64)
    if kind == "IBAN" and number is not None and not has_valid_check_digits(number):
        body.refuse("number", "is not a valid IBAN")
    return _present({"type": kind, "market": body.market("market"), "number": number})


def route(body: Body) -> Record:
    """`{type, number}` of a bank."""
    kind = body.text("type", required=True, longest=64)
    return {"type": kind, "number": body.text("number", required=True, longest=64)}


def has_valid_check_digits(iban: str) -> bool:
    """ISO 13616 modulus 97 over the rearranged IBAN."""
    if not 15 <= len(iban) <= 34 or not iban.isascii() or not iban.isalnum() or not iban[:2].isalpha():
        return False
    rearranged = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in rearranged)) % 97 == 1


def _present(fields: Record) -> Record:
    return {key: value for key, value in fields.items() if value is not None}


def _numbers(record: Record) -> str:
    return " ".join(entry["number"] for entry in record.get("identifiers", []))


def _free_text(query: Query) -> str:
    wanted = query.text("query")
    if wanted is not None and not 3 <= len(wanted) <= 255:
        raise bad_request("query", "must have 3 to 255 characters")
    return (wanted or "").casefold()
