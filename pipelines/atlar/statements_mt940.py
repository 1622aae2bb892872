"""MT940 (and MT942) into statements, read by the `mt-940` parser and checked against the file.

In: a file's bytes. Out: a `Statement` per statement; messages that continue one (`:62M:` to `:60M:`) are put together.
The parser forgives much: it drops what it does not know, lets one line overwrite another, and appends text after the
closing balance to the last entry. So each message is cut to what is the statement's own first, and the entries found
must be as many as the file has `:61:` lines: a file is read whole or not at all.
What does not belong here: the texts of field 86 (`statements_mt940_text.py`), other formats.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mt940
from mt940.models import Transaction, Transactions

from pipelines.atlar.statements_mt940_text import details_of
from pipelines.atlar.statements_shape import (
    Statement,
    UnreadableStatementError,
    closes,
    exact_sum,
    mask_account,
    numbered,
)

# The parser logs the lines it cannot read, account numbers and names in them (DESIGN section 7).
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)

_MESSAGE = re.compile(r"^:20:", re.MULTILINE)
_FIELD = re.compile(r"^:(\d{2}[A-Z]?|NS):", re.MULTILINE)
_BLOCK_END = re.compile(r"^-\}?.*$", re.MULTILINE)
_ENTRY = re.compile(r"^:61:", re.MULTILINE)
_MONEY_FIELDS = re.compile(r"^:(?:6[0245][FM]?|61):", re.MULTILINE)
_CLOSING_TEXT = re.compile(r"(^:62[FM]?:.*?)(^:86:.*?)(?=^:|\Z)", re.MULTILINE | re.DOTALL)


@dataclass
class _Message:
    """One message as parsed."""

    number: str
    statement_number: str | None
    sequence: str | None
    data: dict[str, Any]
    transactions: list[Transaction]
    is_interim: bool
    reference: str | None


def looks_like_mt940(content: bytes) -> bool:
    """Whether a file is MT940 rather than XML: it begins with a field or a SWIFT block."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n\x01\x02\x03")[:4096]
    return not start.startswith(b"<") and re.search(rb"(^|\n)\s*(:20:|\{1:)", start) is not None


def parse_mt940(content: bytes) -> list[Statement]:
    """Parses an MT940 file.

    Raises:
        UnreadableStatementError: a field that cannot be read, an entry the parser lost, or no account.
    """
    text = _decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    parts = _MESSAGE.split(_unwrapped(text))[1:]
    if not parts:
        raise UnreadableStatementError("neither XML nor MT940: no field :20:")
    messages = [_message(f":20:{part}") for part in parts]
    return [_statement(group) for group in _grouped(messages)]


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _unwrapped(text: str) -> str:
    """Without SWIFT's blocks around the message: `{1:…}{2:…}{4:` before the first field, `-}` after the last."""
    lines = []
    for line in text.split("\n"):
        kept = line.strip("\x01\x02\x03\ufeff").rstrip()
        if kept.startswith("{") and ":20:" in kept and "{4:" in kept:
            kept = kept[kept.index(":20:") :]
        elif kept.startswith(("{1:", "{2:", "{4:", "{5:", "-}")) or kept == "-":
            continue
        lines.append(kept)
    return "\n".join(lines)


def _message(text: str) -> _Message:
    text = _CLOSING_TEXT.sub(r"\1", text)  # what is said of the statement is not said of its last entry
    fields = _FIELD.findall(text)
    if "25" not in fields and not any(name.startswith("25") for name in fields):
        raise UnreadableStatementError("a message without an account (:25:)")
    # `:25P:` is the account with the holder's bank on a second line, which the parser does not know.
    text = re.sub(r"^:25P:([^\n]*)\n[^:\n][^\n]*", r":25:\1", text, flags=re.MULTILINE)
    text = re.sub(r"^:28C?:", ":28C:", text, flags=re.MULTILINE)
    parsed = Transactions(options=mt940.Options.all())
    try:
        parsed.parse(text)
    except Exception as error:
        # Whatever the parser stumbles over, the file is not read; its message quotes the file.
        name = type(error.args[1]).__name__ if len(error.args) > 1 else type(error).__name__
        raise UnreadableStatementError(f"a field cannot be read as {name}") from None
    entries = [each for each in parsed.transactions if "amount" in each.data]
    if len(entries) != len(_ENTRY.findall(text)):
        raise UnreadableStatementError(f"{len(entries)} entries read of {len(_ENTRY.findall(text))} in the file")
    number = parsed.data.get("account_identification") or ""
    return _Message(
        number.split("\n")[0].strip(),
        parsed.data.get("statement_number"),
        parsed.data.get("sequence_number"),
        parsed.data,
        entries,
        any(name.startswith(("34", "90")) for name in fields) and not any(name.startswith("62") for name in fields),
        parsed.data.get("transaction_reference"),
    )


def _grouped(messages: list[_Message]) -> Iterator[list[_Message]]:
    group: list[_Message] = []
    for message in messages:
        continues = (
            bool(group)
            and "intermediate_opening_balance" in message.data
            and "intermediate_closing_balance" in group[-1].data
            and (message.number, message.statement_number) == (group[-1].number, group[-1].statement_number)
        )
        if group and not continues:
            yield group
            group = []
        group.append(message)
    if group:
        yield group


def _statement(messages: list[_Message]) -> Statement:
    first, last = messages[0], messages[-1]
    opening = _balance(first.data, "opening_balance")
    closing = _balance(last.data, "closing_balance")
    currency = opening[2] or closing[2] or _floor_currency(first.data)
    rows = [[_entry(each, currency)] for message in messages for each in message.transactions]
    moved = exact_sum([row["amount"] for each in rows for row in each])
    # `<BIC>/<account>`, or the account with its currency behind it.
    number = first.number.split("/")[-1]
    number = re.sub(r"(?<=\d)[A-Z]{3}$", "", number.replace(" ", "")) if currency else number
    sequence = f"/{first.sequence}" if first.sequence else ""
    members = {
        "messageType": "MT942" if first.is_interim else "MT940",
        "statementIdentifier": first.reference,
        "statementNumber": f"{first.statement_number}{sequence}" if first.statement_number else None,
        "accountIdentifier": mask_account(number) if number else None,
        "currency": currency,
        "openingBalance": opening[0],
        "openingDate": opening[1],
        "closingBalance": closing[0],
        "closingDate": closing[1],
        "periodFrom": None,
        "periodTo": None,
        "entryCount": len(rows),
        "pendingEntryCount": 0,
        "entriesAmount": moved,
        "closes": closes(opening[0], moved, closing[0]),
    }
    return Statement(number, closing[1], members, numbered(rows))


def _balance(data: dict[str, Any], name: str) -> tuple[str | None, str | None, str | None]:
    for kind in ("final", "intermediate"):
        balance = data.get(f"{kind}_{name}")
        if balance is not None:
            return format(balance.amount.amount, "f"), balance.date.isoformat(), balance.amount.currency
    return None, None, None


def _floor_currency(data: dict[str, Any]) -> str | None:
    limit = data.get("d_floor_limit") or data.get("c_floor_limit")
    return limit.currency if limit is not None else None


def _entry(transaction: Transaction, currency: str | None) -> dict[str, Any]:
    data = transaction.data
    mark = str(data.get("status") or "").upper()
    kind = str(data.get("id") or "")
    customer = str(data.get("customer_reference") or "").strip() or None
    value_date = data["date"]
    return {
        "bookingDate": (data.get("entry_date") or value_date).isoformat(),
        "valueDate": value_date.isoformat(),
        "amount": format(data["amount"].amount, "f"),
        "currency": currency,
        "isReversal": mark.startswith("R"),
        "bankReference": str(data.get("bank_reference") or "").strip() or None,
        "entryReference": None if customer == "NONREF" else customer,
        "bankTransactionCode": kind or None,
        # `RTI` is SWIFT's code for a returned item.
        **details_of(data, currency, is_return=kind[1:] == "RTI"),
    }
