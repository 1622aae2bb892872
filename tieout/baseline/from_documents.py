"""Finds the number an incumbent booked an order under, by what stands in ATLAS ETRM and Atlas Accounting.

In: orders registered before a day, documents and ATLAS invoices of the snapshot. Out: codes with their evidence, and
orders without one, with the reason. What does not belong here: guessing; two candidates are none.

Evidence, in this order, for each side of an order that has an amount: a document whose number is the order's
document reference; an invoice that stands at the order in ATLAS ETRM, by its external id; the only free document of
that party with that amount and due date, if no other order could claim it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieout.baseline.orders import Coded, Order, Problem, why_not
from tieout.commands.opened import Warehouse

BOOKABLE = frozenset({"ready", "processed", "settled"})


@dataclass(frozen=True)
class Candidate:
    """An invoice or bill without Tieout's key, not voided."""

    kind: str
    number: str
    party_id: str | None
    amount: Decimal
    due_date: date | None


@dataclass(frozen=True)
class AtOrder:
    """An invoice that stands at an order in ATLAS ETRM."""

    order_id: int
    external_id: str
    amount: Decimal | None


def find(warehouse: Warehouse, orders: Mapping[int, Order], before: date) -> tuple[list[Coded], list[Problem]]:
    """Returns the codes of orders registered before a day, by order, and why others have none."""
    candidates = [Candidate(**row) for row in warehouse.rows(_CANDIDATES)]
    at_order = [AtOrder(**row) for row in warehouse.rows(_AT_ORDER)]
    chosen = [order for order in orders.values() if _is_meant(order, before)]
    taken = {part.strip() for order in orders.values() for part in (order.erp_code or "").split("+")}
    return match(chosen, [one for one in candidates if one.number not in taken], at_order)


def match(
    orders: Iterable[Order], candidates: Iterable[Candidate], at_order: Iterable[AtOrder]
) -> tuple[list[Coded], list[Problem]]:
    """Matches orders with numbers; pure. Orders come back in the order of their ids."""
    free, stands = list(candidates), list(at_order)
    wanted = sorted(orders, key=lambda order: order.order_id)
    claims = Counter(_key(order, kind) for order in wanted for kind in _kinds(order))
    coded, problems = [], []
    for order in wanted:
        found = [_side(order, kind, free, stands, claims) for kind in _kinds(order)]
        numbers = [number for number, _ in found if number is not None]
        if not found or len(numbers) < len(found):
            reasons = "; ".join(why for number, why in found if number is None) or "it has no amount to book"
            problems.append(Problem(f"order {order.order_id}", reasons))
            continue
        code = "+".join(dict.fromkeys(numbers))
        if (reason := why_not(order, code)) is not None:
            problems.append(Problem(f"order {order.order_id}", reason))
            continue
        coded.append(Coded(order, code, "; ".join(why for _, why in found)))
    return _unshared(coded, problems)


def _unshared(coded: list[Coded], problems: list[Problem]) -> tuple[list[Coded], list[Problem]]:
    """A number that two orders would get is nobody's until a person says whose."""
    counts = Counter(part for one in coded for part in one.erp_code.split("+"))
    shared = [one for one in coded if any(counts[part] > 1 for part in one.erp_code.split("+"))]
    problems += [
        Problem(f"order {one.order.order_id}", f"{one.erp_code} fits several orders; name it in a file")
        for one in shared
    ]
    return [one for one in coded if one not in shared], problems


def _is_meant(order: Order, before: date) -> bool:
    return (
        order.erp_code is None
        and order.own_document is None
        and order.status_role in BOOKABLE
        and order.registration_date is not None
        and order.registration_date < before
    )


def _kinds(order: Order) -> list[str]:
    sides = (("invoice", order.gross_receivable), ("bill", order.gross_payable))
    return [kind for kind, amount in sides if amount]


def _amount(order: Order, kind: str) -> Decimal:
    return order.gross_receivable if kind == "invoice" else order.gross_payable


def _key(order: Order, kind: str) -> tuple[object, ...]:
    party = order.customer_id if kind == "invoice" else order.vendor_id
    return kind, party, _amount(order, kind), order.due_date


def _side(
    order: Order, kind: str, free: list[Candidate], stands: list[AtOrder], claims: Counter[tuple[object, ...]]
) -> tuple[str | None, str]:
    named = [one for one in free if one.kind == kind and one.number == (order.document_reference or "").strip()]
    if len(named) == 1:
        return named[0].number, f"{kind} {named[0].number} is the order's document reference"
    mine = [one for one in stands if one.order_id == order.order_id]
    # Both sides of a mixed order have an invoice there; the amount tells which is which.
    fitting = [one for one in mine if one.amount == _amount(order, kind)] if len(_kinds(order)) > 1 else mine
    if len(fitting) == 1:
        return fitting[0].external_id, f"invoice {fitting[0].external_id} stands at the order in ATLAS ETRM"
    if len(fitting) > 1:
        return (
            None,
            f"several invoices stand at the order in ATLAS ETRM: {', '.join(one.external_id for one in fitting)}",
        )
    key = _key(order, kind)
    alike = [one for one in free if (one.kind, one.party_id, one.amount, one.due_date) == key and one.party_id]
    if len(alike) == 1 and claims[key] == 1:
        return alike[0].number, f"{kind} {alike[0].number} is the only one of that party, amount and due date"
    if alike:
        fits = f"{len(alike)} {kind}s fit {claims[key]} orders by party, amount and due date"
        return None, f"{fits} ({', '.join(one.number for one in alike[:3])})"
    return None, f"no {kind} of an incumbent was found"


_CANDIDATES = """
    select
        'invoice' as kind, invoice_number as number, customer_id as party_id,
        amount_total::decimal(20, 4) as amount, due_date
    from staging.stg_atlas_accounting__invoices
    where order_id is null and invoice_number is not null and is_issued and not is_voided
    union all
    select 'bill', bill_number, vendor_id, amount_total::decimal(20, 4), due_date
    from staging.stg_atlas_accounting__bills
    where order_id is null and bill_number is not null and is_issued and not is_voided
    order by kind, number
"""

_AT_ORDER = """
    select order_id, external_id, amount::decimal(20, 4) as amount
    from staging.stg_atlas_etrm__invoices
    where order_id is not null and external_id is not null
    order by order_id, external_id
"""
