"""General-ledger entities and accounts: the ERP's legal entities and its chart of accounts (contract 9.1 and 9.2).

In: checked requests. Out: records of `gl_entities` and `gl_accounts`. What is posted to them is in `documents`.
"""

from typing import Any

from sandbox.atlar.paging import Page
from sandbox.atlar.patching import ADD_REPLACE, ADD_REPLACE_REMOVE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

ENTITIES = "gl_entities"
ACCOUNTS = "gl_accounts"
BANK = "BANK"
ACCOUNT_TYPES = ("UNSPECIFIED", BANK, "ACCOUNTS_PAYABLE", "ACCOUNTS_RECEIVABLE")
_LONGEST_NAME = 64
_MOST_GL_ENTITIES = 20
# The vendor lists no patch paths for either; these are every field but the external id.
_ENTITY_PATCH = {
    "/name": ADD_REPLACE,
    **dict.fromkeys(("/currency", "/thirdPartyId", "/associatedConnections"), ADD_REPLACE_REMOVE),
}
_ACCOUNT_PATCH = {
    **dict.fromkeys(("/name", "/displayType", "/type", "/glEntityIds", "/associatedConnections"), ADD_REPLACE),
    **dict.fromkeys(("/number", "/currency", "/accountId"), ADD_REPLACE_REMOVE),
}


class GlEntities:
    """Legal entities of the ERP; `currency` is the base currency of their documents."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, query: Query) -> Page:
        """One page by `connectionId`."""
        return self._records.page(ENTITIES, query, _of_connection(query))

    def get(self, reference: str) -> Record:
        """One GL entity by id or `external:` key."""
        return self._records.get(ENTITIES, reference)

    def create(self, given: Any) -> Record:
        """A new GL entity; `externalId` and `name` are required, a taken external id is a 409."""
        return self._records.create(ENTITIES, self._checked(given))

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes anything but the external id."""

        def finish(old: Record, new: Record) -> Record:
            self._checked(new)
            return new

        return self._records.patch(ENTITIES, reference, operations, _ENTITY_PATCH, if_match, finish)

    def _checked(self, given: Any) -> Record:
        body = Body(given)
        fields = {
            "externalId": body.external_id(required=True),
            "name": body.text("name", required=True, longest=_LONGEST_NAME),
            "currency": body.currency("currency"),
            "thirdPartyId": body.text("thirdPartyId"),
            "associatedConnections": _connections(body, required=False),
        }
        body.done()
        return fields


class GlAccounts:
    """The chart of accounts; a document that touches a `BANK` account is an INSTRUCTION."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, query: Query) -> Page:
        """One page by `connectionId`, ascending by `number`."""
        return self._records.page(ACCOUNTS, query, _of_connection(query))

    def get(self, reference: str) -> Record:
        """One GL account by id or `external:` key."""
        return self._records.get(ACCOUNTS, reference)

    def create(self, given: Any) -> Record:
        """A new GL account; a taken external id is a 409."""
        return self._records.create(ACCOUNTS, self._checked(given))

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes anything but the external id; documents are classified anew only when they are patched."""

        def finish(old: Record, new: Record) -> Record:
            self._checked(new)
            return new

        return self._records.patch(ACCOUNTS, reference, operations, _ACCOUNT_PATCH, if_match, finish)

    def _checked(self, given: Any) -> Record:
        body = Body(given)
        kind = body.choice("type", ACCOUNT_TYPES) or "UNSPECIFIED"
        gl_entity_ids = body.texts("glEntityIds", _MOST_GL_ENTITIES, required=True)
        if not gl_entity_ids and body.has("glEntityIds") and kind != BANK:
            body.refuse("glEntityIds", "may be empty only for BANK accounts")
        for gl_entity_id in gl_entity_ids:
            if self._records.by_id(ENTITIES, gl_entity_id) is None:
                body.refuse("glEntityIds", f"{gl_entity_id} names no GL entity")
        bank_account = body.text("accountId")
        if bank_account is not None and self._records.by_id("accounts", bank_account) is None:
            body.refuse("accountId", "names no account")
        fields = {
            "externalId": body.external_id(required=True),
            "name": body.text("name", required=True, longest=_LONGEST_NAME),
            "number": body.text("number"),
            "displayType": body.text("displayType", required=True, longest=_LONGEST_NAME),
            "type": kind,
            "currency": body.currency("currency"),
            "accountId": bank_account,
            "glEntityIds": gl_entity_ids,
            "associatedConnections": _connections(body, required=True),
        }
        body.done()
        return fields


def _connections(body: Body, *, required: bool) -> list[Record]:
    return [
        {"connectionId": element.text("connectionId", required=True)}
        for element in body.elements("associatedConnections", required=required)
    ]


def _of_connection(query: Query) -> Any:
    wanted = query.text("connectionId")
    return lambda record: (
        wanted is None
        or any(connection["connectionId"] == wanted for connection in record.get("associatedConnections", []))
    )
