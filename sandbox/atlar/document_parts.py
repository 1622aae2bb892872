"""The parts of an accounting document and what each may hold (contract sections 3.8 and 9.3).

In: the object under examination. Out: checked parts; problems are noted on it. How the parts hang together with GL
accounts and classification is in `documents`.
"""

from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

STATUSES = ("OPEN", "MATCHED", "RECONCILED", "IGNORED")
PARTY_TYPES = ("VENDOR", "CUSTOMER", "EMPLOYEE")


def multi_currency(body: Body, field: str, base: str | None, *, required: bool) -> Record | None:
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


def check_exchange(body: Body, amount: Record | None) -> None:
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


def counterparty(body: Body, *, required: bool) -> Record | None:
    """The party of the document: name, kind, and its id in the ERP."""
    party = body.nested("counterparty", required=required)
    if party is None:
        return None
    return {
        "name": party.text("name", required=True),
        "type": party.choice("type", PARTY_TYPES, required=True),
        "erpId": party.text("erpId", required=True),
    }


def reconciliation(body: Body) -> Record:
    """RECONCILED and a match id go together, both ways (rule 4, assumption A29)."""
    status = body.choice("reconciliationStatus", STATUSES, required=True)
    match = body.text("reconciliationMatchId")
    if status == "RECONCILED" and match is None:
        body.refuse("reconciliationMatchId", "is required with RECONCILED", "required")
    if status is not None and status != "RECONCILED" and match is not None:
        body.refuse("reconciliationMatchId", "is only valid with RECONCILED")
    return {"reconciliationStatus": status, "reconciliationMatchId": match}


def applied(body: Body) -> list[Record]:
    """Links to other documents; neither their existence nor any balance is checked (rule 3, assumption A26)."""
    return [
        {
            "documentId": element.text("documentId", required=True),
            "amount": multi_currency(element, "amount", None, required=True),
        }
        for element in body.elements("appliedDocuments")
    ]


def provenance(body: Body) -> Record | None:
    """Where the document comes from: its id in the source system, and perhaps the connection (assumption A27)."""
    origin = body.nested("provenance", required=True)
    if origin is None:
        return None
    fields = {
        "vendorId": origin.text("vendorId", required=True),
        "connectionId": origin.text("connectionId"),
    }
    return {name: value for name, value in fields.items() if value is not None}
