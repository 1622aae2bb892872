"""Reading elements of a camt document without regard to their namespace: texts, signed amounts, days.

In: lxml elements and paths. Out: exact texts. What does not belong here: what the elements mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from pipelines.atlar.statements_shape import UnreadableStatementError


def all_of(node: Any, path: str) -> list[Any]:
    """The elements at a path such as `Acct/Id/IBAN`, in any namespace."""
    found: list[Any] = node.findall("/".join(f"{{*}}{step}" for step in path.split("/")))
    return found


def text_of(node: Any, path: str) -> str | None:
    """The stripped text of the first element at a path; None where it is missing or empty."""
    found = all_of(node, path)
    text = (found[0].text or "").strip() if found else ""
    return text or None


def first_text(node: Any, *paths: str) -> str | None:
    """The first path's text that is there."""
    return next((text for path in paths if (text := text_of(node, path))), None)


def plain_amount(element: Any) -> tuple[str, str | None]:
    """An amount element's digits and its currency.

    Raises:
        UnreadableStatementError: it is no finite decimal number.
    """
    text = (element.text or "").strip() if element is not None else ""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UnreadableStatementError(f"not an amount: {text[:40]!r}") from None
    if not amount.is_finite():
        raise UnreadableStatementError(f"not an amount: {text[:40]!r}")
    return format(amount, "f"), element.get("Ccy")


def amount_of(node: Any) -> tuple[str, str | None]:
    """A node's `Amt`, negative where its `CdtDbtInd` says debit, and its currency.

    Raises:
        UnreadableStatementError: no amount, or nothing says which way the money went.
    """
    amount, currency = plain_amount(node.find("{*}Amt"))
    indicator = text_of(node, "CdtDbtInd")
    if indicator is None:
        raise UnreadableStatementError(f"{etree.QName(node).localname} without CdtDbtInd: neither credit nor debit")
    return signed(amount, indicator), currency


def signed(amount: str, indicator: str | None) -> str:
    """An amount's text with the sign of its credit or debit indicator."""
    if indicator is not None and indicator not in ("CRDT", "DBIT"):
        raise UnreadableStatementError(f"neither credit nor debit: {indicator[:10]!r}")
    return format(Decimal(amount).copy_negate(), "f") if indicator == "DBIT" else amount


def day_of(node: Any, name: str) -> str | None:
    """The calendar day of a date or date-time choice, as the bank wrote it: a bank's day is already local.

    Raises:
        UnreadableStatementError: it is no day of any calendar.
    """
    text = text_of(node, f"{name}/Dt") or text_of(node, f"{name}/DtTm")
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise UnreadableStatementError(f"not a date: {text[:20]!r}") from None


def joined(texts: Iterable[str | None]) -> str | None:
    """Texts in order, each once, separated by a space; None where there are none."""
    kept = dict.fromkeys(text.strip() for text in texts if text and text.strip())
    return " ".join(kept) or None
