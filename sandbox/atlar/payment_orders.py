"""What a credit transfer must hold when it is ordered, alone or in a batch (contract section 8.1).

In: the object under examination. Out: checked fields with snapshots of both accounts and their holders; problems are
noted on the object. What becomes of an order is in `payments`.
"""

import re

from sandbox.atlar.counterparties import identifier, route
from sandbox.atlar.records import Records
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

# The list of schemes is long, per country and open: only the form is checked.
_SCHEME = re.compile(r"[A-Z]{2,}(_[A-Z0-9]+)*")
_EURO_SCHEMES = ("SCT", "SCT_INST")


class PaymentOrders:
    """Checks orders against the organisation's accounts and counterparties."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def checked(self, body: Body) -> Record:
        """The fields of an order; problems are noted on `body`."""
        amount = body.amount("amount", required=True, least=1)
        source, source_holder = self._own_account(body.nested("source", required=True))
        destination, holder = self._destination(body.nested("destination", required=True))
        scheme = body.text("scheme", required=True, longest=64)
        if scheme is not None and _SCHEME.fullmatch(scheme) is None:
            body.refuse("scheme", "is not a payment scheme")
        if scheme in _EURO_SCHEMES and source is not None and source["currency"] != "EUR":
            body.refuse("scheme", "not enabled for the source account")
        if scheme in _EURO_SCHEMES and amount is not None and amount["currency"] != "EUR":
            body.refuse("amount.currency", f"{scheme} carries EUR only")
        return {
            "amount": amount,
            "scheme": scheme,
            "date": body.day("date", required=True),
            "source": None if source is None else _snapshot("ACCOUNT", source),
            "sourceHolder": source_holder,
            "destination": destination,
            "destinationHolder": holder,
            "reference": body.text("reference", required=True, longest=140),
            "categoryPurpose": body.text("categoryPurpose", longest=64),
            "chargeBearer": body.choice("chargeBearer", ("SHARED", "DEBTOR", "CREDITOR")),
            "regulatoryReporting": body.plain("regulatoryReporting"),
            "schemeDetails": body.plain("schemeDetails"),
            "externalId": body.external_id(),
            "metadata": body.strings("metadata") or {},
        }

    def _own_account(self, body: Body | None) -> tuple[Record | None, Record | None]:
        if body is None:
            return None, None
        body.choice("type", ("ACCOUNT",), required=True)
        account = self._records.find("accounts", body.text("id", required=True) or "")
        if account is None:
            if body.has("id"):
                body.refuse("id", "names no account")
            return None, None
        entity = self._records.find("entities", account.get("entityId", "")) or {}
        return account, {"legalName": entity.get("legalName", account.get("name", ""))}

    def _destination(self, body: Body | None) -> tuple[Record | None, Record | None]:
        if body is None:
            return None, None
        kind = body.choice("type", ("ACCOUNT", "EXTERNAL_ACCOUNT", "INLINE"), required=True)
        if kind == "INLINE":
            return _inline(body)
        if kind == "ACCOUNT":
            own, own_holder = self._own_account(body)
            return (None if own is None else _snapshot("ACCOUNT", own)), own_holder
        external = self._records.find("external_accounts", body.text("id", required=True) or "")
        if external is None:
            if kind is not None and body.has("id"):
                body.refuse("id", "names no external account")
            return None, None
        party = self._records.find("counterparties", external["counterpartyId"]) or {}
        return _snapshot("EXTERNAL_ACCOUNT", external), {"legalName": party.get("legalName", "")}


def _snapshot(kind: str, account: Record) -> Record:
    kept = {name: account[name] for name in ("market", "identifiers", "routing") if account.get(name)}
    return {"type": kind, "id": account["id"], **kept}


def _inline(body: Body) -> tuple[Record, Record]:
    market = body.market("market", required=True)
    identifiers = [identifier(element) for element in body.elements("identifiers", 1, 1, required=True)]
    routing = [route(element) for element in body.elements("routing", 0, 2)]
    holder = body.nested("holder", required=True)
    name = None if holder is None else holder.text("legalName", required=True, longest=140)
    return (
        {"type": "INLINE", "market": market, "identifiers": identifiers, "routing": routing},
        {"legalName": name or ""},
    )
