"""Records of ATLAS ETRM: the settlement desk in the vendor's own shape.

In: counterparties, orders, lines, deals, and what the books have given back to each order. Out: camelCase dicts with
ids, money as decimal text, Passive lines negative as the vendor documents them. What does not belong here: deciding
anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.world.cast import Counterparty
from sandbox.world.custom_fields import values_of
from sandbox.world.fates import Fate
from sandbox.world.orders import Desk, Order
from sandbox.world.planted import Case
from sandbox.world.seeding import seeded
from sandbox.world.settlement import ACTIVE, Line

Record = dict[str, Any]

_STATUS = {
    Fate.DRAFT: "Draft order by ETRM",
    Fate.REJECTED: "Rejected by accounting",
    Fate.ELSEWHERE: "Received code by accounting",
    Fate.ELSEWHERE_UNKNOWN: "Received code by accounting",
    Fate.CODE_ONLY: "Received code by accounting",
    Fate.OPEN: "Received invoice by accounting",
    Fate.RELEASED: "Approved Payment by ETRM",
    Fate.PART_PAID: "Partially Settled",
    Fate.PART_PAID_UNREPORTED: "Received invoice by accounting",
    Fate.PAID_UNREPORTED: "Received invoice by accounting",
    Fate.PAID_UNMARKED: "Approved Payment by ETRM",
    Fate.SETTLED: "Settled",
}
"""Status of the orders of each fate; all others wait as approved or forwarded."""

_UNKNOWN_DEAL = 99001


@dataclass
class WrittenBack:
    """What the books have given back to ATLAS ETRM, collected while they are kept."""

    erp_codes: dict[int, str] = field(default_factory=dict)
    invoices: list[Record] = field(default_factory=list)
    payments: list[Record] = field(default_factory=list)


def day(value: date) -> str:
    """A business date as the vendor writes it: without a zone."""
    return f"{value}T00:00:00"


def counterparty(party: Counterparty, as_of: date, seed: int) -> Record:
    """One counterparty (contract section 4.1)."""
    entry = party.entry
    return {
        "id": party.number,
        "externalId": party.external_id,
        "legalName": party.name,
        "commercialName": None,
        "vat": party.vat_as_typed,
        "glAccount": party.gl_account,
        "iban": party.atlas_iban,
        "swiftBic": party.bic if party.atlas_iban else None,
        "isSelfBilling": party.is_self_billing,
        "counterpartyTypeId": party.type_id,
        "isActive": True,
        "address": entry.street,
        "city": entry.city,
        "postalCode": entry.postal_code,
        "country": entry.country,
        "taxOffice": f"Finanzamt {entry.city}" if party.is_domestic else None,
        "creditRating": seeded(f"{seed}:rating:{party.key}").choice(("A", "A", "B", "B", "C")),
        "customFieldValues": values_of(party, as_of, seed),
    }


def orders(desk: Desk, written: WrittenBack) -> Iterator[Record]:
    """The orders (contract section 4.4), by id."""
    for order in desk.orders:
        yield {
            "id": order.number,
            "name": f"{order.month.label} {order.party.name} {order.contract.code}",
            "description": None,
            "counterpartyId": order.party.number,
            "orderType": "Settlement",
            "documentType": 1 if order.party.is_self_billing else 0,
            "documentReference": order.document_reference,
            "registrationDate": day(order.registration),
            "dueDate": day(order.due),
            "periodFrom": day(order.month.first),
            "periodTo": day(order.month.last),
            "totalAmount": f"{_total(order)}",
            "status": _status(order),
            "erpCode": written.erp_codes.get(order.number),
            "contractCode": order.contract.code,
            "masterAgreementId": order.contract.number,
        }


def _status(order: Order) -> str:
    waiting = "Approved order by ETRM" if order.case or order.number % 3 else "Forwarded to accounting"
    return _STATUS.get(order.fate, waiting)


def _total(order: Order) -> Decimal:
    total = abs(order.total)
    if order.case is Case.TOTAL_OFF_BY_A_CENT:
        return total + Decimal("0.01")
    if order.case is Case.TOTAL_NET:
        return abs(sum((line.net for line in order.lines), Decimal()))
    if order.case is Case.NEGATIVE_TOTAL:
        return -total
    if order.case in (Case.ACTIVE_BELOW_ZERO, Case.VAT_AGAINST_NET, Case.PASSIVE_OF_BOTH_SIGNS):
        # ATLAS sums up what stands on the lines, whatever their signs mean.
        parts = [part for place, line in enumerate(order.lines) for part in _signed(order, place, line)]
        return abs(sum(parts, Decimal()))
    return total


def _signed(order: Order, place: int, line: Line) -> tuple[Decimal, Decimal]:
    sign = 1 if line.cashflow == ACTIVE else -1
    if order.case is Case.ACTIVE_BELOW_ZERO or order.case is Case.POSITIVE_PASSIVE:
        sign = -sign
    if order.case is Case.PASSIVE_OF_BOTH_SIGNS and place == len(order.lines) - 1:
        sign = -sign
    vat_sign = -sign if order.case is Case.VAT_AGAINST_NET and place == 0 else sign
    return sign * line.net, vat_sign * line.vat


def order_items(desk: Desk, seed: int) -> Iterator[Record]:
    """The lines of all orders, then those under review (contract section 4.5)."""
    number = 9000
    for order in desk.orders:
        for place, line in enumerate(order.lines):
            number += 1
            amount, vat = _signed(order, place, line)
            item = _item(number, line, order.party, amount, vat, seeded(f"{seed}:item:{number}"))
            item |= {
                "orderId": order.number,
                "status": 2,
                "startCompensation": day(order.month.first),
                "endCompensation": day(order.month.last),
                "dueDate": day(order.due),
            }
            yield item | _deal_fault(order, place)
    for place, line in enumerate(desk.under_review):
        number += 1
        sign = 1 if line.cashflow == ACTIVE else -1
        random = seeded(f"{seed}:item:{number}")
        item = _item(number, line, line.deal.contract.party, sign * line.net, sign * line.vat, random)
        period = {"startCompensation": day(desk.last_month.first), "endCompensation": day(desk.last_month.last)}
        yield item | period | {"orderId": None, "status": place % 2, "dueDate": None}


def _item(number: int, line: Line, party: Counterparty, amount: Decimal, vat: Decimal, random: Random) -> Record:
    market = (amount * Decimal(f"{random.uniform(0.96, 1.05):.4f}")).quantize(Decimal("0.01"))
    return {
        "id": number,
        "dealId": line.deal.number,
        "dealName": line.deal.name,
        "counterpartyId": party.number,
        "cashflow": line.cashflow,
        "amount": f"{amount}",
        # Zero has no sign on the wire.
        "vat": f"{vat + 0}",
        "volume": f"{line.volume}",
        "mtm": f"{market}",
        "pnl": f"{market - amount}",
        "glAccount": line.gl_account,
        "iban": line.iban,
    }


def _deal_fault(order: Order, place: int) -> Record:
    if place != 0:
        return {}
    if order.case is Case.UNKNOWN_DEAL:
        return {"dealId": _UNKNOWN_DEAL, "dealName": f"FWD cancelled {order.month.quarter}"}
    if order.case is Case.DEAL_OF_ANOTHER:
        return {"dealId": 501}
    if order.case is Case.OUTSIDE_DELIVERY:
        return {"startCompensation": day(order.month.first.replace(year=order.month.first.year - 1))}
    return {}
