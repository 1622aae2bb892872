"""Standing contracts: with whom what is settled every month, since when, and on which terms.

In: the counterparties. Out: `Contract`s; each gives one order a month from its first month on. What does not belong
here: deals (`deals.py`) and amounts (`settlement.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sandbox.world.seeding import seeded

if TYPE_CHECKING:
    from sandbox.world.cast import Counterparty


class Kind(NamedTuple):
    """What a contract settles.

    Attributes:
        prefix: Head of the contract code and the deals' names.
        commodity: Power or Gas.
        sell_account: GL account of what the company sells; None where it only buys.
        buy_account: GL account of what it buys; None where it only sells.
        terms: Days from registration to the due date, one of which a contract has.
    """

    prefix: str
    commodity: str
    sell_account: str | None
    buy_account: str | None
    terms: tuple[int, ...]

    @property
    def sells(self) -> bool:
        """Whether money comes in (Active lines)."""
        return self.sell_account is not None

    @property
    def buys(self) -> bool:
        """Whether money goes out (Passive lines)."""
        return self.buy_account is not None


KINDS: dict[str, Kind] = {
    "ppa_buy": Kind("PPA", "Power", None, "6410", (14, 20, 30)),
    "ppa_sell": Kind("PPA", "Power", "4100", None, (20, 30)),
    "forward_buy": Kind("FWD", "Power", None, "6420", (14, 20)),
    "forward_sell": Kind("FWD", "Power", "4110", None, (14, 20)),
    "forward_both": Kind("FWD", "Power", "4110", "6420", (14, 20)),
    "spot": Kind("SPOT", "Power", "4120", "6430", (7,)),
    "imbalance": Kind("IMB", "Power", "4130", "6440", (14, 30)),
    "gas_buy": Kind("GAS", "Gas", None, "6450", (20,)),
    "gas_sell": Kind("GAS", "Gas", "4200", None, (20,)),
}

ACTIVE_BY_MONTH = (8, 9, 10, 11, 12, 13, 15, 17, 19, 21, 23, 44, 54, 60)
"""Contracts settled in each month at the default size: a young company whose books filled up with the calendar
contracts of the new year. Together 316 orders."""

_NOTHING_BEFORE_LAST = ("unknown", "ambiguous")
_SHOWCASE_TERMS = 30


@dataclass(frozen=True)
class Contract:
    """One standing contract.

    Attributes:
        code: What the orders carry as `contractCode`.
        first_month: Index of the month it began in.
        terms: Days from registration to due date.
        megawatts: Capacity delivered or produced.
    """

    number: int
    party: Counterparty
    kind_name: str
    code: str
    first_month: int
    terms: int
    megawatts: int

    @property
    def kind(self) -> Kind:
        """What it settles."""
        return KINDS[self.kind_name]


def build_contracts(cast: Sequence[Counterparty], seed: int) -> tuple[Contract, ...]:
    """The contracts in the order in which they began: everybody's first one, then the second ones, then those of
    counterparties that the books do not know yet, which all begin in the last month.
    """
    usual = [party for party in cast if party.entry.identity not in _NOTHING_BEFORE_LAST]
    late = [party for party in cast if party.entry.identity in _NOTHING_BEFORE_LAST]
    wanted = [(party, party.entry.kinds[0]) for party in usual]
    wanted += [(party, kind) for party in usual for kind in party.entry.kinds[1:]]
    wanted += [(party, party.entry.kinds[0]) for party in late]
    total = len(wanted)
    contracts = []
    for index, (party, kind_name) in enumerate(wanted):
        random = seeded(f"{seed}:contract:{party.key}:{kind_name}")
        kind = KINDS[kind_name]
        is_late = party.entry.identity in _NOTHING_BEFORE_LAST
        contracts.append(
            Contract(
                number=index + 1,
                party=party,
                kind_name=kind_name,
                code=f"{kind.prefix}-{index + 1:02d}",
                first_month=len(ACTIVE_BY_MONTH) - 1 if is_late else _first_month(index, total),
                terms=_SHOWCASE_TERMS if index == 0 else random.choice(kind.terms),
                megawatts=random.randrange(2, 9),
            )
        )
    return tuple(contracts)


def _first_month(index: int, total: int) -> int:
    for month, active in enumerate(ACTIVE_BY_MONTH):
        if index < active * total / ACTIVE_BY_MONTH[-1]:
            return month
    return len(ACTIVE_BY_MONTH) - 1
