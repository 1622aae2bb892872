"""Orders: the lines of a contract and month, put together, numbered, dated and given their fate.

In: contracts, months, settlement, fates, planted cases. Out: `Order`s by id, and the lines of the last month that are
still under review and in no order. What does not belong here: the vendor's record shapes (`etrm_records.py`) and what
the books made of an order (`order_documents.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.world.calendar import Month, add_months, business_day_of, on_or_after, on_or_before, settlement_months
from sandbox.world.cast import Counterparty
from sandbox.world.contracts import Contract, build_contracts
from sandbox.world.fates import Fate, Slot, deal_fates
from sandbox.world.planted import SHOWCASE_ID, Case, change_lines, plant, showcase_lines
from sandbox.world.seeding import seeded
from sandbox.world.settlement import ACTIVE, PASSIVE, Line, Settlement

WAITING = frozenset({Fate.READY, Fate.HELD, Fate.DOCUMENT_DRAFT, Fate.DOCUMENT_ISSUED})
"""Fates of orders that ETRM operations approved only lately."""

_UNDER_REVIEW_SHARE = 3
"""One of so many contracts has lines of the last month that are in no order yet."""


@dataclass(frozen=True)
class Order:
    """One order of ATLAS ETRM.

    Attributes:
        number: Its id.
        registration: Day of registration, by which it is booked.
        due: Due date by the contract's terms.
        document_reference: The supplier's own invoice number, where ATLAS ETRM knows it.
        case: The planted case it is, if any.
    """

    number: int
    contract: Contract
    month: Month
    lines: tuple[Line, ...]
    registration: date
    due: date
    fate: Fate
    case: Case | None
    document_reference: str | None

    @property
    def party(self) -> Counterparty:
        """Whom it is settled with."""
        return self.contract.party

    @property
    def receivable(self) -> tuple[Line, ...]:
        """Its Active lines."""
        return tuple(line for line in self.lines if line.cashflow == ACTIVE)

    @property
    def payable(self) -> tuple[Line, ...]:
        """Its Passive lines."""
        return tuple(line for line in self.lines if line.cashflow == PASSIVE)

    @property
    def total(self) -> Decimal:
        """Gross money in minus gross money out."""
        return sum((line.gross for line in self.receivable), Decimal()) - sum(
            (line.gross for line in self.payable), Decimal()
        )


@dataclass(frozen=True)
class Desk:
    """Everything the settlement desk holds."""

    contracts: tuple[Contract, ...]
    settlement: Settlement
    orders: tuple[Order, ...]
    """By id."""
    under_review: tuple[Line, ...]
    """Lines in no order yet, of the last month."""
    last_month: Month


def build_desk(cast: Sequence[Counterparty], *, seed: int, scale: float, as_of: date) -> Desk:
    """Settles every contract over every month.

    Args:
        cast: The counterparties.
        seed: Amounts, dates and fates follow from it.
        scale: Multiplies the counts of fates.
        as_of: The business date; the last settled month is the one before.
    """
    months = settlement_months(as_of)
    contracts = build_contracts(cast, seed)
    settlement = Settlement(seed, months)
    slots = [(month, contract) for month in months for contract in contracts if contract.first_month <= month.number]
    planted = plant(contracts, months[-1].number)
    fates = deal_fates(slots, {slot: fate for slot, (_, fate) in planted.items()}, scale=scale, seed=seed)
    showcase = next(slot for slot, (case, _) in planted.items() if case is Case.SHOWCASE)
    maker = _OrderMaker(settlement, seed, as_of)
    orders = []
    free = iter(range(1, len(slots) + 2))
    for month, contract in slots:
        slot: Slot = (month.number, contract.number)
        number = SHOWCASE_ID if slot == showcase else next(number for number in free if number != SHOWCASE_ID)
        case = planted[slot][0] if slot in planted else None
        orders.append(maker.make(number, month, contract, fates[slot], case))
    orders.sort(key=lambda order: order.number)
    review = [contract for contract in contracts if contract.number % _UNDER_REVIEW_SHARE == 0]
    return Desk(
        contracts,
        settlement,
        tuple(orders),
        tuple(line for contract in review for line in settlement.lines(contract, months[-1])),
        months[-1],
    )


class _OrderMaker:
    def __init__(self, settlement: Settlement, seed: int, as_of: date) -> None:
        self._settlement = settlement
        self._seed = seed
        self._as_of = as_of

    def make(self, number: int, month: Month, contract: Contract, fate: Fate, case: Case | None) -> Order:
        random = seeded(f"{self._seed}:order:{contract.number}:{month.label}")
        lines = self._settlement.lines(contract, month)
        lines = tuple(self._with_accounts(line, contract, random) for line in lines)
        if case is Case.SHOWCASE:
            lines = showcase_lines(contract, lines[0].deal)
        elif case is not None:
            lines = change_lines(case, lines, contract)
        registration = self._registration(month, fate, random)
        has_supplier_number = any(line.cashflow == PASSIVE for line in lines) and not contract.party.is_self_billing
        return Order(
            number=number,
            contract=contract,
            month=month,
            lines=lines,
            registration=registration,
            due=registration + timedelta(days=contract.terms),
            fate=fate,
            case=case,
            document_reference=f"{contract.party.entry.country}{registration:%y%m}-{random.randrange(1000, 9999)}"
            if has_supplier_number and random.random() < 0.6
            else None,
        )

    def _with_accounts(self, line: Line, contract: Contract, random: Random) -> Line:
        party = contract.party
        # The counterparty's account may stand in only where it is the right one.
        falls_back = party.gl_account == line.account and random.random() < 0.5
        return replace(line, gl_account=None if falls_back else line.account)

    def _registration(self, month: Month, fate: Fate, random: Random) -> date:
        following = add_months(month.first, 1)
        usual = business_day_of(following, random.randrange(2, 6))
        latest = on_or_before(self._as_of - timedelta(days=1))
        if fate in WAITING and (self._as_of - month.last).days in range(32, 100):
            # Approved late: meter data or a signature was missing.
            usual = on_or_after(latest - timedelta(days=random.randrange(7, 25)))
        return min(usual, latest)
