"""What a sample of orders and their lines answers to the contract's open assumptions (atlas-etrm, section 10).

In: orders and lines as the vendor wrote them, numbers exact, and what our settings presume. Out: findings.
Everything is counted, nothing guessed: where the records do not tell, the answer says so.
What does not belong here: asking for the records (`atlas_etrm.py`), the rules the books follow (dbt).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from tieout.doctor.examination import Finding

Record = dict[str, Any]

IN_ORDER, ACTIVE, PASSIVE = 2, 0, 1
_CENT = Decimal("0.01")
_DOCUMENT_TYPES = {"0": "invoice", "1": "self-invoice"}
_HIGHEST_RATE = 30
"""Per cent: no VAT in Europe is above it."""


def of_orders(
    orders: Sequence[Record], items: Sequence[Record], order_total: str, item_vat: str, known_statuses: Collection[str]
) -> list[Finding]:
    """Returns the answers that orders and lines give.

    Args:
        orders: all orders.
        items: every line of some of them.
        order_total: our setting, gross or net.
        item_vat: our setting, amount or rate.
        known_statuses: statuses that have a role with us.
    """
    counted = [item for item in items if item.get("status") == IN_ORDER]
    meanings = _vat_meanings(counted)
    meaning = meanings.most_common(1)[0][0] if meanings else "neither"
    # What VAT turns out to be decides how it is added up, whatever the setting says.
    added_as = meaning if meaning != "neither" else item_vat
    return [
        _statuses(orders, known_statuses),
        _document_types(orders),
        _passive_sign(counted),
        _vat_meaning(meaning, meanings, item_vat),
        _total_meaning(orders, counted, order_total, added_as),
    ]


def _statuses(orders: Sequence[Record], known: Collection[str]) -> Finding:
    counts = Counter(str(order.get("status")) for order in orders)
    unknown = sorted(status for status in counts if status not in known)
    told = ", ".join(f"{status} ({count})" for status, count in counts.most_common())
    lacking = f"; without a role: {', '.join(unknown)}" if unknown else ""
    return Finding(
        "Which order statuses are in use",
        (told or "there are no orders") + lacking,
        {"counts": dict(counts.most_common()), "without_role": unknown},
        "seed order_statuses, SOURCES__ATLAS_ETRM__READY_STATUSES",
        None,
        not unknown if counts else None,
    )


def _document_types(orders: Sequence[Record]) -> Finding:
    counts = Counter(str(order.get("documentType")) for order in orders)
    told = ", ".join(f"{kind} = {_DOCUMENT_TYPES.get(kind, 'unknown')} ({count})" for kind, count in counts.items())
    unknown = set(counts) - set(_DOCUMENT_TYPES) - {"None"}
    return Finding(
        "Which document types are in use", told or "there are no orders", dict(counts), agrees=not unknown or None
    )


def _passive_sign(items: Sequence[Record]) -> Finding:
    signs: Counter[str] = Counter()
    for item in items:
        amount = number(item.get("amount"))
        if amount is not None and amount != 0 and item.get("cashflow") in (ACTIVE, PASSIVE):
            side = "passive" if item["cashflow"] == PASSIVE else "active"
            signs[f"{side}_{'negative' if amount < 0 else 'positive'}"] += 1
    negative, positive = signs["passive_negative"], signs["passive_positive"]
    if not negative + positive:
        answer = "cannot be told: no Passive line in the sample"
    elif negative and positive:
        answer = f"both: {negative} negative, {positive} positive; an order with both is held"
    else:
        answer = "negative" if negative else "positive"
    odd = f"; {signs['active_negative']} Active lines are below zero and held" if signs["active_negative"] else ""
    # Either sign is understood: direction comes from cashflow. Only a mixture needs a person.
    return Finding(
        "Which sign Passive amounts have", answer + odd, dict(signs), agrees=not (negative and positive) or None
    )


def _vat_meanings(items: Sequence[Record]) -> Counter[str]:
    """Lines by what their VAT can only be: a plausible share of the net is an amount, a small number a rate."""
    meanings: Counter[str] = Counter()
    for item in items:
        amount, vat = number(item.get("amount")), number(item.get("vat"))
        if not amount or not vat:
            continue
        share = abs(vat) * 100 / abs(amount)
        if 1 <= share <= _HIGHEST_RATE:
            meanings["amount"] += 1
        elif abs(vat) <= _HIGHEST_RATE and share < 1:
            meanings["rate"] += 1
        else:
            meanings["neither"] += 1
    return meanings


def _vat_meaning(meaning: str, meanings: Counter[str], configured: str) -> Finding:
    answer = {"amount": "an amount", "rate": "a rate in per cent"}.get(meaning, "cannot be told from the sample")
    return Finding(
        "Whether a line's VAT is an amount or a rate",
        answer,
        dict(meanings),
        "SOURCES__ATLAS_ETRM__ITEM_VAT",
        configured,
        meaning == configured if meaning != "neither" else None,
    )


def _total_meaning(orders: Sequence[Record], items: Sequence[Record], configured: str, item_vat: str) -> Finding:
    lines: dict[Any, list[Record]] = defaultdict(list)
    for item in items:
        lines[item.get("orderId")].append(item)
    fits: Counter[str] = Counter()
    for order in orders:
        total = number(order.get("totalAmount"))
        sums = _sums(lines[order["id"]], item_vat) if order.get("id") in lines and total is not None else None
        if sums is None or total is None:
            continue
        net, vat = sums
        if vat == 0:
            fits["without_vat"] += 1
            continue
        is_net, is_gross = _equal(net, total), _equal(net + vat, total)
        fits["gross" if is_gross else "net" if is_net else "neither"] += 1
    gross, net_count = fits["gross"], fits["net"]
    best = None if gross == net_count else "gross" if gross > net_count else "net"
    told = f"{gross} orders add up gross, {net_count} net, {fits['neither']} neither"
    return Finding(
        "Whether an order's total is gross or net",
        f"{best}: {told}" if best else f"cannot be told: {told}",
        dict(fits),
        "SOURCES__ATLAS_ETRM__ORDER_TOTAL",
        configured,
        best == configured if best else None,
    )


def _sums(items: Sequence[Record], item_vat: str) -> tuple[Decimal, Decimal] | None:
    """Net and VAT of an order's lines, Active minus Passive; None where a line cannot be counted."""
    net = vat = Decimal(0)
    for item in items:
        amount, told = number(item.get("amount")), number(item.get("vat")) or Decimal(0)
        if amount is None or item.get("cashflow") not in (ACTIVE, PASSIVE):
            return None
        side = 1 if item["cashflow"] == ACTIVE else -1
        net += side * abs(amount)
        vat += side * (abs(told) if item_vat == "amount" else abs(amount) * abs(told) / 100)
    return net, vat


def _equal(sum_of_lines: Decimal, total: Decimal) -> bool:
    return abs(abs(sum_of_lines) - abs(total)) < _CENT


def number(value: Any) -> Decimal | None:
    """A finite amount, or None."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    return found if found.is_finite() else None
