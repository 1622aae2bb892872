"""camt.053, camt.052 and camt.054 (ISO 20022) of any version into statements.

In: XML bytes. Out: a `Statement` per `Stmt`, `Rpt` or `Ntfctn`, booked entries only.
The namespace is ignored, so that every version and every bank's dialect of one reads alike. A document with a DTD is
refused: no bank sends one, and entities are how XML attacks its reader.
What does not belong here: one entry's details (`statements_camt_entry.py`), other formats.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from pipelines.atlar.statements_camt_entry import bookings_of
from pipelines.atlar.statements_camt_nodes import all_of, amount_of, day_of, text_of
from pipelines.atlar.statements_shape import (
    Statement,
    UnreadableStatementError,
    closes,
    exact_sum,
    mask_account,
    numbered,
)

_KINDS = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_VERSION = re.compile(r"camt\.05[234]\.\d{3}\.\d{2}")

_BOOKED = (None, "BOOK")


def parse_camt(content: bytes) -> list[Statement]:
    """Parses an XML statement file.

    Raises:
        UnreadableStatementError: not XML, a DTD, no statement in it, or an amount or date that is none.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content.lstrip(b" \t\r\n"), parser)  # some banks begin with an empty line
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableStatementError(f"neither XML nor MT940: {_line_of(error)}") from error
    if root.getroottree().docinfo.internalDTD is not None or root.getroottree().docinfo.doctype:
        raise UnreadableStatementError("the file has a document type declaration")
    nodes = [(kind, node) for name, kind in _KINDS.items() for node in root.iter(f"{{*}}{name}")]
    if not nodes:
        raise UnreadableStatementError(f"no statement in a {etree.QName(root).localname} document")
    return [_statement(kind, node) for kind, node in nodes]


def _line_of(error: Exception) -> str:
    # libxml2's own message may quote the file, account numbers included.
    line = getattr(error, "lineno", None)
    return f"not well-formed at line {line}" if line else "not well-formed"


def _statement(kind: str, node: Any) -> Statement:
    number = text_of(node, "Acct/Id/IBAN") or text_of(node, "Acct/Id/Othr/Id") or ""
    balances = _Balances(node, is_final=kind == "camt.053")
    entries = all_of(node, "Ntry")
    booked = [entry for entry in entries if _status(entry) in _BOOKED]
    rows = [bookings_of(entry, number) for entry in booked]
    moved = exact_sum([row["amount"] for each in rows for row in each])
    named = _VERSION.search(etree.QName(node).namespace or "")
    period = [text_of(node, f"FrToDt/{side}DtTm") or text_of(node, f"FrToDt/{side}Dt") for side in ("Fr", "To")]
    members = {
        "messageType": named.group() if named else kind,
        "statementIdentifier": _without(text_of(node, "Id"), number),
        "statementNumber": text_of(node, "ElctrncSeqNb") or text_of(node, "LglSeqNb"),
        "accountIdentifier": mask_account(number) if number else None,
        "currency": text_of(node, "Acct/Ccy") or balances.currency or (rows[0][0]["currency"] if rows else None),
        "openingBalance": balances.opening,
        "openingDate": balances.opening_date,
        "closingBalance": balances.closing,
        "closingDate": balances.closing_date,
        "periodFrom": period[0],
        "periodTo": period[1],
        "entryCount": len(booked),
        "pendingEntryCount": len(entries) - len(booked),
        "entriesAmount": moved,
        "closes": closes(balances.opening, moved, balances.closing),
    }
    day = balances.closing_date or (period[1][:10] if period[1] else None)
    return Statement(number, day, members, numbered(rows))


class _Balances:
    """The opening and closing booked balance of a statement.

    `PRCD`, the previous day's closing, stands for the opening balance at banks that give no `OPBD`. A statement split
    over pages carries interim balances (`ITBD`) at the seams: its first is the opening one, its last the closing one.
    An intraday report's interim balance is no closing: what it lists may be only what came since the last report.
    """

    def __init__(self, node: Any, *, is_final: bool) -> None:
        currency = text_of(node, "Acct/Ccy")
        balances = all_of(node, "Bal")
        own = [each for each in balances if currency and each.find("{*}Amt") is not None]
        own = [each for each in own if each.find("{*}Amt").get("Ccy") == currency] or balances
        self._by_code: dict[str, list[Any]] = {}
        for balance in own:
            self._by_code.setdefault(text_of(balance, "Tp/CdOrPrtry/Cd") or "", []).append(balance)
        interim = self._by_code.get("ITBD", []) if is_final else []
        opening = self._first("OPBD", "PRCD")
        closing = self._first("CLBD")
        if opening is None and interim and (closing is not None or len(interim) > 1):
            opening = interim[0]
        if closing is None and interim and opening is not interim[-1]:
            closing = interim[-1]
        self.opening, opened_in = _amount_or_none(opening)
        self.closing, closed_in = _amount_or_none(closing)
        self.opening_date = day_of(opening, "Dt") if opening is not None else None
        self.closing_date = day_of(closing, "Dt") if closing is not None else None
        self.currency: str | None = opened_in or closed_in

    def _first(self, *codes: str) -> Any:
        return next((self._by_code[code][0] for code in codes if code in self._by_code), None)


def _without(identifier: str | None, number: str) -> str | None:
    # Some banks name a statement after its account.
    return identifier.replace(number, mask_account(number)) if identifier and number else identifier


def _amount_or_none(balance: Any) -> tuple[str | None, str | None]:
    return (None, None) if balance is None else amount_of(balance)


def _status(entry: Any) -> str | None:
    # Up to version 7 the status is the element's own text, from version 8 a code below it.
    return text_of(entry, "Sts/Cd") or text_of(entry, "Sts")
