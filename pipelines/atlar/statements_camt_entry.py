"""One booked entry of a camt document into rows: one per payment of a batch, else one for the entry.

In: an `Ntry` element. Out: members of `bank_statement_entries` (numbering and key are given in `statements_shape.py`).
A batch is split only where its payments' amounts are all there and add up to the entry, else the row would not sum to
what the bank booked: then one row stands for the entry and says why.
What does not belong here: statements and balances (`statements_camt.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from pipelines.atlar.statements_camt_nodes import (
    all_of,
    amount_of,
    day_of,
    first_text,
    joined,
    plain_amount,
    signed,
    text_of,
)
from pipelines.atlar.statements_shape import exact_sum

_ABSENT = "NOTPROVIDED"
_ORIGINAL = ("InstdAmt", "TxAmt")
_GERMAN = re.compile(r"[A-Z][A-Z0-9]{3}\+(?P<gvc>\d{3})(?:\+[^+]*(?:\+(?P<key>\d{3}))?)?")
"""German banks' own code: SWIFT code, business transaction code, primanota and text key extension, joined by `+`
(DFÜ-Abkommen, Anlage 3): `NTRF+116+9002/405`, `NRTI+109++901`."""


def bookings_of(entry: Any, own_number: str) -> list[dict[str, Any]]:
    """The rows of one entry.

    Args:
        entry: The `Ntry` element.
        own_number: The account's number, to tell the other side from ourselves.

    Returns:
        Rows whose amounts add up to the entry's, in the order of the file.
    """
    amount, currency = amount_of(entry)
    details = all_of(entry, "NtryDtls/TxDtls")
    common = _common(entry, amount, currency)
    if len(details) <= 1:
        return [{**common, **_charges(entry, currency), **_of_details(entry, details, common, own_number)}]
    amounts = [_amount_in(detail, entry, currency) for detail in details]
    note = _why_not_split(amounts, amount)
    if note is not None:
        row = {**common, **_charges(entry, currency), **_of_details(entry, details, common, own_number)}
        return [{**row, "batchNote": note}]
    return [
        {
            **common,
            **_of_details(entry, [detail], {**common, "amount": part}, own_number),
            "amount": part,
            "detailNumber": at,
        }
        for at, (detail, part) in enumerate(zip(details, amounts, strict=True), start=1)
    ]


def _common(entry: Any, amount: str, currency: str | None) -> dict[str, Any]:
    count = first_text(entry, "NtryDtls/Btch/NbOfTxs")
    return {
        "bookingDate": day_of(entry, "BookgDt"),
        "valueDate": day_of(entry, "ValDt"),
        "amount": amount,
        "currency": currency,
        "isReversal": text_of(entry, "RvslInd") in ("true", "1"),
        "bankReference": text_of(entry, "AcctSvcrRef") or text_of(entry, "NtryRef"),
        "entryReference": text_of(entry, "NtryRef"),
        "batchMessageId": text_of(entry, "NtryDtls/Btch/MsgId"),
        "batchCount": int(count) if count and count.isdecimal() and len(count) < 16 else None,
        "bankTransactionCode": _bank_code(entry),
        **_german_code(entry),
        "additionalInformation": text_of(entry, "AddtlNtryInf"),
    }


def _of_details(entry: Any, details: Sequence[Any], common: dict[str, Any], own_number: str) -> dict[str, Any]:
    """What the details say: of one, everything; of several, only what they all say."""

    def told(*paths: str) -> str | None:
        texts = {first_text(each, *paths) for each in details}
        return texts.pop() if len(texts) == 1 else None

    reason = told("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")
    is_return = any(all_of(each, "RtrInf") for each in details)
    turned = is_return or common["isReversal"]
    parties = [_party(each, common["amount"], own_number, turned=turned) for each in details]
    party = parties[0] if parties and all(each == parties[0] for each in parties) else {}
    end_to_end = told("Refs/EndToEndId")
    row: dict[str, Any] = {
        "endToEndId": None if end_to_end == _ABSENT else end_to_end,
        "transactionId": told("Refs/TxId", "Refs/UETR"),
        "instructionId": told("Refs/InstrId"),
        "paymentInformationId": told("Refs/PmtInfId") or text_of(entry, "NtryDtls/Btch/PmtInfId"),
        "mandateId": told("Refs/MndtId"),
        "detailReference": told("Refs/AcctSvcrRef"),
        "creditorReference": told("RmtInf/Strd/CdtrRefInf/Ref"),
        "remittance": joined(each for detail in details for each in _remittance(detail))
        or joined([common["additionalInformation"]]),
        "purposeCode": told("Purp/Cd", "Purp/Prtry"),
        "isReturn": is_return,
        "returnReasonCode": reason,
        "returnReason": joined(told_ for each in details for told_ in _texts(each, "RtrInf/AddtlInf")),
        **party,
        **_original(entry, details, common),
    }
    if len(details) == 1 and common["bankTransactionCode"] is None:
        row["bankTransactionCode"] = _bank_code(details[0])
    if len(details) == 1 and common["gvc"] is None:
        row |= _german_code(details[0])
    charges = _charges(details[0], common["currency"]) if len(details) == 1 else {}
    return {**row, **{name: value for name, value in charges.items() if value is not None}}


def _amount_in(detail: Any, entry: Any, currency: str | None) -> str | None:
    """A detail's amount in the entry's currency; signed as the detail, else as the entry, says."""
    indicator = text_of(detail, "CdtDbtInd") or text_of(entry, "CdtDbtInd")
    # Up to version 3 a detail has no amount of its own, only amount details.
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        for element in all_of(detail, path):
            amount, told_in = plain_amount(element)
            if told_in == currency:
                return signed(amount, indicator)
    return None


def _why_not_split(amounts: Sequence[str | None], total: str) -> str | None:
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return (
            f"not split: {len(amounts) - len(known)} of {len(amounts)} details have no amount in the entry's currency"
        )
    found = exact_sum(known)
    if Decimal(found) != Decimal(total):
        return f"not split: {len(amounts)} details add up to {found}, the entry is {total}"
    return None


def _party(detail: Any, amount: str, own_number: str, *, turned: bool) -> dict[str, str | None]:
    """The other side: never ourselves, and in returns and reversals the parties keep the roles they had."""
    incoming = not amount.startswith("-")
    role = "Dbtr" if incoming != turned else "Cdtr"
    other = {"Dbtr": "Cdtr", "Cdtr": "Dbtr"}
    is_us = bool(own_number) and _account(detail, role) == own_number.replace(" ", "")
    if is_us or (turned and _name(detail, role) is None):
        role = other[role]
    bank = f"RltdAgts/{role}Agt/FinInstnId"
    return {
        "counterpartyName": _name(detail, role),
        "counterpartyAccount": _account(detail, role),
        "counterpartyBank": first_text(detail, f"{bank}/BICFI", f"{bank}/BIC", f"{bank}/ClrSysMmbId/MmbId"),
        "ultimateCounterpartyName": first_text(detail, f"RltdPties/Ultmt{role}/Pty/Nm", f"RltdPties/Ultmt{role}/Nm"),
    }


def _name(detail: Any, role: str) -> str | None:
    # Version 8 put a `Pty` between the role and the name.
    return first_text(detail, f"RltdPties/{role}/Pty/Nm", f"RltdPties/{role}/Nm", f"RltdPties/{role}/Agt/FinInstnId/Nm")


def _account(detail: Any, role: str) -> str | None:
    number = first_text(detail, f"RltdPties/{role}Acct/Id/IBAN", f"RltdPties/{role}Acct/Id/Othr/Id")
    return number.replace(" ", "") if number else None


def _original(entry: Any, details: Sequence[Any], common: dict[str, Any]) -> dict[str, str | None]:
    """The amount before conversion, where it is in another currency than the entry, and the rate."""
    nodes = list(details) if len(details) == 1 else [] if details else [entry]
    for node in [*nodes, *([entry] if nodes and nodes[0] is not entry else [])]:
        for kind in _ORIGINAL:
            for element in all_of(node, f"AmtDtls/{kind}/Amt"):
                amount, currency = plain_amount(element)
                if currency != common["currency"]:
                    return {
                        "originalAmount": signed(amount, "DBIT" if common["amount"].startswith("-") else "CRDT"),
                        "originalCurrency": currency,
                        "exchangeRate": first_text(
                            node,
                            f"AmtDtls/{kind}/CcyXchg/XchgRate",
                            "AmtDtls/TxAmt/CcyXchg/XchgRate",
                            "AmtDtls/CntrValAmt/CcyXchg/XchgRate",
                            "AmtDtls/InstdAmt/CcyXchg/XchgRate",
                        ),
                    }
    return {"originalAmount": None, "originalCurrency": None, "exchangeRate": None}


def _charges(node: Any, currency: str | None) -> dict[str, Any]:
    """Charges as the bank lists them, and their sum in the entry's currency: a cost is positive, a refund negative."""
    # Up to version 3 each `Chrgs` is a charge itself, later they are records below it.
    records = all_of(node, "Chrgs/Rcrd") or [each for each in all_of(node, "Chrgs") if all_of(each, "Amt")]
    listed = []
    for record in records:
        amount, charged_in = plain_amount(record.find("{*}Amt"))
        if text_of(record, "CdtDbtInd") == "CRDT":
            amount = signed(amount, "DBIT")
        listed.append(
            {
                "amount": amount,
                "currency": charged_in,
                "included": text_of(record, "ChrgInclInd"),
                "type": first_text(record, "Tp/Cd", "Tp/Prtry/Id", "Tp/Prtry"),
                "bearer": text_of(record, "Br"),
            }
        )
    own = [str(each["amount"]) for each in listed if each["currency"] == currency]
    return {"charges": listed or None, "chargesAmount": exact_sum(own) if own and len(own) == len(listed) else None}


def _remittance(detail: Any) -> Iterator[str | None]:
    yield from _texts(detail, "RmtInf/Ustrd")
    yield from _texts(detail, "RmtInf/Strd/CdtrRefInf/Ref")
    yield from _texts(detail, "RmtInf/Strd/AddtlRmtInf")


def _texts(node: Any, path: str) -> list[str | None]:
    return [each.text for each in all_of(node, path)]


def _bank_code(node: Any) -> str | None:
    parts = [text_of(node, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(part for part in parts if part) or text_of(node, "BkTxCd/Prtry/Cd")


def _german_code(node: Any) -> dict[str, str | None]:
    code = _GERMAN.fullmatch(text_of(node, "BkTxCd/Prtry/Cd") or "")
    return {"gvc": code["gvc"] if code else None, "textKeyExtension": code["key"] if code else None}
