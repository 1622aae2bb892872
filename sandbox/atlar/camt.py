"""Bank statements as camt.053.001.08 (ISO 20022), written element by element in the order of the schema.

In: accounts, their opening and closing balances, their transactions. Out: the bytes of a file. Which transactions
belong to a statement is `statements`' affair.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from sandbox.atlar import amounts
from sandbox.atlar.tables import Record

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
NOT_PROVIDED = "NOTPROVIDED"
# Remittance texts may hold characters that XML 1.0 does not allow, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One booked entry: the transaction and the end-to-end id to show with it."""

    transaction: Record
    end_to_end_id: str


@dataclass(frozen=True)
class Statement:
    """One account's day.

    Attributes:
        record: The bank-statement record (`id`, `localDate`, `created`).
        account: The account record.
        number: Electronic sequence number of the account's statements.
        opening: Booked balance when the day began.
        closing: Booked balance when it ended.
        entries: The day's transactions in booking order.
    """

    record: Record
    account: Record
    number: int
    opening: Decimal
    closing: Decimal
    entries: Sequence[Entry]


def camt053(message_id: str, created: str, statements: Sequence[Statement]) -> bytes:
    """Renders one file.

    Args:
        message_id: `GrpHdr/MsgId`, at most 35 characters are kept.
        created: RFC 3339 timestamp of the file.
        statements: One `Stmt` each.

    Returns:
        UTF-8 XML with declaration and namespace.
    """
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    message = _add(document, "BkToCstmrStmt")
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", message_id.replace("-", "")[:35])
    _add(header, "CreDtTm", created)
    for statement in statements:
        _statement(_add(message, "Stmt"), statement)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _statement(node: Any, statement: Statement) -> None:
    day, currency = statement.record["localDate"], statement.account["currency"]
    _add(node, "Id", statement.record["id"].replace("-", "")[:35])
    _add(node, "ElctrncSeqNb", str(statement.number))
    _add(node, "CreDtTm", statement.record["created"])
    period = _add(node, "FrToDt")
    _add(period, "FrDtTm", f"{day}T00:00:00")
    _add(period, "ToDtTm", f"{day}T23:59:59")
    _account(_add(node, "Acct"), statement.account)
    _balance(_add(node, "Bal"), "OPBD", currency, statement.opening, day)
    _balance(_add(node, "Bal"), "CLBD", currency, statement.closing, day)
    for entry in statement.entries:
        _entry(_add(node, "Ntry"), entry)


def _account(node: Any, account: Record) -> None:
    identification = _add(node, "Id")
    numbers = {identifier["type"]: identifier["number"] for identifier in account.get("identifiers", [])}
    if "IBAN" in numbers:
        _add(identification, "IBAN", numbers["IBAN"])
    else:
        _add(_add(identification, "Othr"), "Id", next(iter(numbers.values()), account["id"]))
    _add(node, "Ccy", account["currency"])
    if account.get("name"):
        _add(node, "Nm", account["name"][:70])
    bic = next((route["number"] for route in account.get("routing", []) if route["type"] == "BIC"), None)
    if bic is not None:
        _add(_add(_add(node, "Svcr"), "FinInstnId"), "BICFI", bic)


def _balance(node: Any, code: str, currency: str, amount: Decimal, day: str) -> None:
    _add(_add(_add(node, "Tp"), "CdOrPrtry"), "Cd", code)
    _amount(node, amounts.of_decimal(currency, amount))
    _add(_add(node, "Dt"), "Dt", day)


def _entry(node: Any, entry: Entry) -> None:
    record = entry.transaction
    incoming = record["amount"]["value"] >= 0
    _add(node, "NtryRef", record["id"].replace("-", "")[:35])
    _amount(node, record["amount"])
    if record.get("returned"):
        _add(node, "RvslInd", "true")
    _add(_add(node, "Sts"), "Cd", "BOOK")
    _add(_add(node, "BookgDt"), "Dt", record["date"])
    _add(_add(node, "ValDt"), "Dt", record.get("valueDate", record["date"]))
    _add(node, "AcctSvcrRef", record["id"].replace("-", "")[:35])
    _bank_code(_add(node, "BkTxCd"), record.get("bankTransactionCode") or {})
    _charges(node, record.get("_statementCharges") or [])
    details = _add(_add(node, "NtryDtls"), "TxDtls")
    _add(_add(details, "Refs"), "EndToEndId", entry.end_to_end_id[:35])
    _amount(details, record["amount"])
    _party(details, record.get("counterparty") or {}, incoming=incoming)
    if record.get("reference"):
        _add(_add(details, "RmtInf"), "Ustrd", record["reference"][:140])
    if record.get("returned") and record.get("returnReason"):
        _add(_add(_add(details, "RtrInf"), "Rsn"), "Cd", record["returnReason"].get("code", "NARR"))
    if record.get("description"):
        _add(node, "AddtlNtryInf", record["description"][:500])


def _bank_code(node: Any, code: Record) -> None:
    if code.get("domain"):
        domain = _add(node, "Domn")
        _add(domain, "Cd", code["domain"])
        family = _add(domain, "Fmly")
        _add(family, "Cd", code.get("family", "OTHR"))
        _add(family, "SubFmlyCd", code.get("subfamily", "OTHR"))
        return
    _add(_add(node, "Prtry"), "Cd", (code.get("proprietary") or {}).get("code", NOT_PROVIDED))


def _charges(node: Any, charges: list[Record]) -> None:
    """What was kept back of the entry, a record each."""
    if not charges:
        return
    listed = _add(node, "Chrgs")
    for charge in charges:
        record = _add(listed, "Rcrd")
        _amount(record, amounts.negated(charge["amount"]))
        _add(record, "ChrgInclInd", "true")
        _add(record, "Br", "SHAR")


def _party(details: Any, counterparty: Record, *, incoming: bool) -> None:
    name = counterparty.get("name")
    identifier = ((counterparty.get("externalAccount") or {}).get("identifier")) or {}
    if not name and not identifier:
        return
    role = "Dbtr" if incoming else "Cdtr"
    parties = _add(details, "RltdPties")
    if name:
        _add(_add(_add(parties, role), "Pty"), "Nm", name[:140])
    if identifier.get("number"):
        identification = _add(_add(parties, f"{role}Acct"), "Id")
        if identifier.get("type") == "IBAN":
            _add(identification, "IBAN", identifier["number"])
        else:
            _add(_add(identification, "Othr"), "Id", identifier["number"])


def _amount(node: Any, amount: amounts.Amount) -> None:
    unsigned = amounts.of_minor_units(amount["currency"], abs(amount["value"]))
    _add(node, "Amt", unsigned["stringValue"]).set("Ccy", amount["currency"])
    _add(node, "CdtDbtInd", "DBIT" if amount["value"] < 0 else "CRDT")


def _add(parent: Any, name: str, text: str | None = None) -> Any:
    node = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text is not None:
        node.text = _NOT_XML.sub("", text)
    return node
