"""The text of an MT940 entry (fields 61 and 86) into references, the other side, charges and the original amount.

In: what the parser found in both fields. Out: members of `bank_statement_entries`.
Field 86 has three dialects: `166?00…?20…` (Germany and around; read by the parser), `/EREF/…/BENM//NAME/…/REMI/…`
(SWIFT's code words, Netherlands and the Nordics), and plain text. Nothing is lost: what no code names is remittance.
What does not belong here: amounts and dates of the entry (`statements_mt940.py`).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.atlar.statements_camt_nodes import joined

_WORDS = (
    "EREF", "KREF", "IREF", "PREF", "MARF", "CSID", "CREF", "REMI", "BENM", "ORDP", "NAME", "IBAN", "BIC", "ACCW",
    "RTRN", "TRTP", "PURP", "CNTP", "ULTC", "ULTD", "OCMT", "CHGS", "EXCH", "INIT", "TRCD", "ADDR", "ID", "SVCL",
)  # fmt: skip
_WORD = re.compile(rf"/({'|'.join(_WORDS)})/")
_MONEY = re.compile(r"([A-Z]{3})\s?(\d+(?:[,.]\d*)?)")
_RETURN = re.compile(r"\b(A[CGM]\d\d|M[DS]\d\d|BE\d\d|R[CR]\d\d|SL\d\d|FOCR|CUST|NARR|DT01|ED05)\b")
_NONE = (None, None, None)
_ABSENT = frozenset({"NOTPROVIDED", "NONREF"})


def details_of(data: dict[str, Any], currency: str | None, *, is_return: bool) -> dict[str, Any]:
    """The members told by the texts.

    Args:
        data: The parser's fields of one entry.
        currency: The entry's currency, for charges.
        is_return: Whether field 61 calls it a returned item.
    """
    text = str(data.get("transaction_details") or "")
    flat = text.replace("\n", "")
    words = _code_words(flat)
    supplement = _code_words(str(data.get("extra_details") or "").replace("\n", ""))
    structured = any(data.get(name) for name in ("purpose", "posting_text", "applicant_name", "transaction_code"))
    remittance = data.get("purpose") if structured else words.get("REMI") if words else None
    remittance = _without_words(remittance) if remittance and "/" in str(remittance) else remittance
    original = _money(supplement.get("OCMT") or words.get("OCMT") or _tagged(data.get("original_amount")))
    charges = _money(supplement.get("CHGS") or words.get("CHGS") or _tagged(data.get("compensation_amount")))
    if original:
        outgoing = data["amount"].amount < 0
        original = (original[0], f"-{original[1]}" if outgoing else original[1])
    # `/CNTP/<account>/<BIC>/<name>/<city>/`
    account_told, bank_told, name_told = [*(part.strip() or None for part in words.get("CNTP", "").split("/")), *_NONE][
        :3
    ]
    reason = words.get("RTRN") or (data.get("return_debit_notes") if is_return else None)
    told = _RETURN.search(f"{reason or ''} {flat if is_return else ''}")
    returned = is_return or "RTRN" in words
    account = data.get("applicant_iban") or data.get("gvc_applicant_iban") or words.get("IBAN") or words.get("ACCW")
    account = account or account_told
    return {
        "endToEndId": _reference(data.get("end_to_end_reference") or words.get("EREF")),
        "instructionId": _reference(words.get("IREF")),
        "mandateId": _reference(data.get("additional_position_reference") or words.get("MARF")),
        "paymentInformationId": _reference(data.get("customer_reference_86") or words.get("PREF")),
        "remittance": joined([str(remittance) if remittance else None])
        or joined([None if structured else _plain(text, words), data.get("posting_text")]),
        "counterpartyName": _text(data.get("applicant_name") or words.get("NAME") or name_told),
        "counterpartyAccount": str(account).split("/")[0].replace(" ", "") if account else None,
        "counterpartyBank": _text(
            data.get("applicant_bin") or data.get("gvc_applicant_bin") or words.get("BIC") or bank_told
        ),
        "ultimateCounterpartyName": _text(data.get("deviate_applicant") or data.get("deviate_recipient")),
        "purposeCode": _text(data.get("purpose_code") or words.get("PURP")),
        "gvc": _text(data.get("transaction_code")),
        "textKeyExtension": _text(data.get("return_debit_notes")),
        "additionalInformation": _text(joined([data.get("posting_text"), data.get("extra_details")])),
        "isReturn": returned,
        "returnReasonCode": told.group() if returned and told else None,
        "returnReason": _text(reason) if returned else None,
        "originalAmount": original[1] if original and original[0] != currency else None,
        "originalCurrency": original[0] if original and original[0] != currency else None,
        "exchangeRate": (words.get("EXCH") or "").replace(",", ".").strip("/ ") or None,
        "charges": [{"amount": charges[1], "currency": charges[0]}] if charges else None,
        "chargesAmount": charges[1] if charges and charges[0] == currency else None,
    }


def _code_words(text: str) -> dict[str, str]:
    """`/EREF/a/REMI/b` as a mapping; an empty word that opens a group (`/BENM//NAME/…`) is left out."""
    parts = _WORD.split(f"{text}")
    found: dict[str, str] = {}
    # An opening slash pair shares its slash with the next word: `/BENM//NAME/` splits cleanly, `/A/B/C/D` does not.
    for word, value in zip(parts[1::2], parts[2::2], strict=True):
        kept = value.strip("/ ")
        if kept:
            found.setdefault(word, kept)
    return found


def _without_words(text: Any) -> str:
    return re.sub(r"^(?:USTD|STRD)/+", "", str(text).strip("/ "))


def _plain(text: str, words: dict[str, str]) -> str | None:
    return None if words.get("REMI") else " ".join(text.split()) or None


def _money(text: Any) -> tuple[str, str] | None:
    found = _MONEY.search(str(text)) if text else None
    if found is None:
        return None
    try:
        return found.group(1), format(Decimal(found.group(2).replace(",", ".")), "f")
    except InvalidOperation:
        return None


def _tagged(text: Any) -> str | None:
    return str(text) if text else None


def _reference(text: Any) -> str | None:
    kept = _text(text)
    return None if kept is None or kept.upper() in _ABSENT else kept


def _text(text: Any) -> str | None:
    return joined([str(text).replace("\n", " ")]) if text else None
