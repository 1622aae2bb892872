"""Compares what a destination shows after a write with what was sent.

In: a delivery and its outcome with the record as the vendor returned it, or as it was read back. Out: the same
outcome, or a hold that names each field that is not as it was sent.
What does not belong here: asking the vendor (`destinations/`).

A member that the record does not show proves nothing (an account that is told with a request is no part of the
document): the next landing reads the record whole, and what it lacks is due again. What the vendor adds is no matter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.transport import exact
from pipelines.transport.ibans import mask_ibans
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome

_TOTALS = ("total_amount", "totalAmount")
"""Where a vendor's record shows what it comes to, which must be the amount that was planned."""


def verified(delivery: Delivery, outcome: Outcome) -> Outcome:
    """Returns the outcome, held where the record that came back is not what was sent."""
    if outcome.status != "delivered" or outcome.reason is not None or len(outcome.answers) != 1:
        # With a reason nothing was sent: it was there already.
        return outcome
    record = exact.loads(outcome.answers[0].record)
    if not isinstance(record, dict):
        return outcome
    wrong = mismatches(json.loads(delivery.payload), record)
    if delivery.operation == "create" and delivery.amount is not None:
        wrong += [
            f"{name}: {record[name]} instead of {delivery.amount}"
            for name in _TOTALS
            if record.get(name) is not None and not _same(format(delivery.amount, "f"), record[name])
        ]
    if not wrong:
        return outcome
    told = mask_ibans("; ".join(wrong))
    reason = f"{delivery.destination} took it, but shows something else than what was sent: {told}"
    return replace(outcome, status="held", reason=reason[:1000], had_effect=True)


def mismatches(sent: Mapping[str, Any], shown: Mapping[str, Any], path: str = "") -> list[str]:
    """Returns a line for each member that is shown with another value than was sent."""
    wrong: list[str] = []
    for name, value in sent.items():
        if name in shown:
            wrong += _compared(value, shown[name], f"{path}{name}")
    return wrong


def _compared(sent: Any, shown: Any, where: str) -> list[str]:
    # Both are JSON as parsed; the abstract types cost more than all the rest of the comparison.
    if isinstance(sent, dict) and isinstance(shown, dict):
        return mismatches(sent, shown, f"{where}.")
    if isinstance(sent, list) and isinstance(shown, list):
        if len(sent) != len(shown):
            return [f"{where}: {len(shown)} instead of {len(sent)}"]
        return [
            line
            for place, pair in enumerate(zip(sent, shown, strict=True))
            for line in _compared(*pair, f"{where}.{place}")
        ]
    return [] if _same(sent, shown) else [f"{where}: {shown} instead of {sent}"]


def _same(sent: Any, shown: Any) -> bool:
    """Whether two scalars mean the same: numbers by value, instants by their date where only that was sent."""
    if sent == shown or (sent in (None, "", False) and shown in (None, "", False)):
        return True
    if isinstance(sent, bool) or isinstance(shown, bool) or sent is None or shown is None:
        return False
    one, other = str(sent).strip(), str(shown).strip()
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        pass
    # `2026-04-15` and `2026-04-15T00:00:00` are one business date.
    return _date(one) is not None and _date(one) == _date(other)


def _date(text: str) -> str | None:
    day, _, time = text.partition("T")
    is_midnight = not time.rstrip("Z").strip("0:.")
    return day if len(day) == 10 and day[4] == day[7] == "-" and is_midnight else None
