"""Bank statements: camt.053 files of any version and bank into statements and entries.

In: a file's bytes. Out: a `Statement` per `Stmt`, amounts as exact decimal text, debit negative.
The namespace is ignored, so that every `camt.053.001.xx` reads alike (contracts/atlar.md, section 7). Account numbers
leave this module masked (DESIGN section 7).
What does not belong here: fetching (`client.py`), which account a statement is of (`source.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)


class UnreadableStatementError(ValueError):
    """The file is not a statement we understand; the message says why."""


@dataclass(frozen=True)
class Entry:
    """One booked entry of a statement, ready to land (members named as in `tables.BANK_STATEMENT_ENTRIES`)."""

    members: dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """One `Stmt`: what it says of itself, and its entries in order."""

    account_number: str
    """IBAN or other number, in full: for matching only."""
    date: str | None
    members: dict[str, Any]
    entries: list[Entry]


def parse_statements(content: bytes) -> list[Statement]:
    """Parses a camt.053 file.

    Args:
        content: XML; external entities and DTDs are never followed.

    Raises:
        UnreadableStatementError: not XML, not a bank statement, or an amount that is none.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableStatementError(f"not XML: {error}") from error
    statements = [_statement(node) for node in root.iter("{*}Stmt")]
    if not statements:
        raise UnreadableStatementError(f"no statement in a {etree.QName(root).localname} document")
    return statements


def mask_account(number: str) -> str:
    """Country and last four of an IBAN; only the last four of any other number."""
    compact = number.replace(" ", "")
    country = compact[:2] if compact[:2].isalpha() else ""
    return f"{country}…{compact[-4:]}"


def _statement(node: Any) -> Statement:
    number = _text(node, "Acct/Id/IBAN") or _text(node, "Acct/Id/Othr/Id") or ""
    opening, opening_date, currency = _balance(node, _OPENING)
    closing, closing_date, closing_currency = _balance(node, _CLOSING)
    entries = [
        Entry(_entry(entry, at)) for at, entry in enumerate((e for e in _all(node, "Ntry") if _is_booked(e)), start=1)
    ]
    members = {
        "statementNumber": _text(node, "ElctrncSeqNb") or _text(node, "LglSeqNb"),
        "accountIdentifier": mask_account(number) if number else None,
        "currency": _text(node, "Acct/Ccy") or currency or closing_currency,
        "openingBalance": opening,
        "openingDate": opening_date,
        "closingBalance": closing,
        "closingDate": closing_date,
        "entryCount": len(entries),
    }
    period = _text(node, "FrToDt/ToDtTm") or _text(node, "FrToDt/ToDt")
    return Statement(number, closing_date or (period[:10] if period else None), members, entries)


def _balance(node: Any, codes: tuple[str, ...]) -> tuple[str | None, str | None, str | None]:
    # PRCD, the previous day's closing, stands for the opening balance at banks that give no OPBD.
    for code in codes:
        for balance in _all(node, "Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") == code:
                amount, currency = _amount(balance)
                return amount, _day(balance, "Dt"), currency
    return None, None, None


def _entry(node: Any, number: int) -> dict[str, Any]:
    amount, currency = _amount(node)
    details = list(node.iterfind("{*}NtryDtls/{*}TxDtls"))
    incoming = not amount.startswith("-")
    return {
        "entryNumber": number,
        "bookingDate": _day(node, "BookgDt"),
        "valueDate": _day(node, "ValDt"),
        "amount": amount,
        "currency": currency,
        "isReversal": _text(node, "RvslInd") == "true",
        "bankReference": _text(node, "AcctSvcrRef") or _text(node, "NtryRef"),
        "endToEndId": _first(_text(each, "Refs/EndToEndId") for each in details),
        "remittance": _joined(each for detail in details for each in _remittance(detail))
        or _text(node, "AddtlNtryInf"),
        "counterpartyName": _first(_counterparty(each, incoming=incoming) for each in details),
        "bankTransactionCode": _bank_code(node),
    }


def _is_booked(entry: Any) -> bool:
    # Up to version 7 the status is the element's own text, from version 8 a code below it.
    status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
    return status in (None, "BOOK")


def _amount(node: Any) -> tuple[str, str | None]:
    element = node.find("{*}Amt")
    text = (element.text or "").strip() if element is not None else ""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UnreadableStatementError(f"not an amount: {text!r}") from None
    if not amount.is_finite():
        raise UnreadableStatementError(f"not an amount: {text!r}")
    if _text(node, "CdtDbtInd") == "DBIT":
        amount = amount.copy_negate()
    return format(amount, "f"), element.get("Ccy")


def _day(node: Any, name: str) -> str | None:
    text = _text(node, f"{name}/Dt") or _text(node, f"{name}/DtTm")
    return text[:10] if text else None


def _remittance(detail: Any) -> Iterator[str]:
    yield from (each.text or "" for each in detail.iterfind("{*}RmtInf/{*}Ustrd"))
    yield from (each.text or "" for each in detail.iterfind("{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref"))


def _counterparty(detail: Any, *, incoming: bool) -> str | None:
    role = "Dbtr" if incoming else "Cdtr"
    # Version 8 put a `Pty` between the role and the name.
    return _text(detail, f"RltdPties/{role}/Pty/Nm") or _text(detail, f"RltdPties/{role}/Nm")


def _bank_code(node: Any) -> str | None:
    parts = [_text(node, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in parts if part) or _text(node, "BkTxCd/Prtry/Cd")


def _all(node: Any, path: str) -> list[Any]:
    found: list[Any] = node.findall("/".join(f"{{*}}{step}" for step in path.split("/")))
    return found


def _text(node: Any, path: str) -> str | None:
    found = _all(node, path)
    text = (found[0].text or "").strip() if found else ""
    return text or None


def _first(texts: Iterator[str | None]) -> str | None:
    return next((text for text in texts if text), None)


def _joined(texts: Iterator[str]) -> str | None:
    return " ".join(text.strip() for text in texts if text.strip()) or None
