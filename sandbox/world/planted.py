"""The planted cases: orders that must be held, orders that deserve a warning, and the order everybody looks at.

In: the contracts of the last two months. Out: which order is which case, and the change each case makes to the lines
or the total. All of them are listed, with their order ids, in this room's README. What does not belong here: ordinary
orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from sandbox.world import identifiers
from sandbox.world.contracts import Contract
from sandbox.world.deals import Deal
from sandbox.world.fates import Fate, Slot
from sandbox.world.seeding import seeded
from sandbox.world.settlement import Line, make_line

SHOWCASE_ID = 210
"""Id of the order that the documentation follows through the whole loop."""


class Case(Enum):
    """A planted case: the code of the hold or warning it must lead to, and what is wrong."""

    TOTAL_OFF_BY_A_CENT = ("order_total_mismatch", "totalAmount is one cent above its lines")
    TOTAL_NET = ("order_total_mismatch", "totalAmount is net although this instance writes gross totals")
    ACTIVE_BELOW_ZERO = ("sign_conflict", "an Active line is below zero")
    VAT_AGAINST_NET = ("sign_conflict", "a line's VAT has the other sign than its net amount")
    PASSIVE_OF_BOTH_SIGNS = ("sign_conflict", "Passive lines of both signs in one order")
    NO_GL_ACCOUNT = ("missing_gl_account", "no line and not the counterparty (blank) names a GL account")
    NO_GL_ACCOUNT_ON_ONE_LINE = ("missing_gl_account", "one line of two names no GL account, nor the counterparty")
    AMBIGUOUS = ("ambiguous_counterparty", "two customers have the counterparty's VAT number")
    VOIDED = ("document_voided", "a person voided the invoice made from it")
    UNKNOWN_DEAL = ("deal_mismatch", "a line names a deal that does not exist")
    DEAL_OF_ANOTHER = ("deal_mismatch", "a line's deal is with another counterparty")
    OUTSIDE_DELIVERY = ("deal_mismatch", "a line's period lies outside its deal's delivery")
    POSITIVE_PASSIVE = (
        "",
        "Passive lines above zero, as the seed writes them: no finding, direction is the cashflow's",
    )
    NEGATIVE_TOTAL = ("", "totalAmount below zero: no finding, totals are compared in absolute terms")
    LINE_IBAN = ("", "the line names another IBAN than the counterparty: the line's counts")
    SHOWCASE = ("", "the order that the documentation follows")

    @property
    def code(self) -> str:
        """Exception code it must lead to; empty for none."""
        return self.value[0]

    @property
    def text(self) -> str:
        """What is planted, in words."""
        return self.value[1]


class _Plan(NamedTuple):
    case: Case
    months_back: int
    """0 is the last month."""
    fits: Callable[[Contract], bool]
    fate: Fate


def _kind(*names: str) -> Callable[[Contract], bool]:
    return lambda contract: contract.kind_name in names and not contract.party.is_domestic


def _party(key: str) -> Callable[[Contract], bool]:
    return lambda contract: contract.party.key == key


_SELLS = ("forward_sell", "gas_sell", "ppa_sell")
_PLANS = (
    _Plan(Case.AMBIGUOUS, 0, _party("donau"), Fate.HELD),
    _Plan(Case.TOTAL_OFF_BY_A_CENT, 1, _kind(*_SELLS), Fate.HELD),
    _Plan(Case.ACTIVE_BELOW_ZERO, 1, _kind(*_SELLS), Fate.HELD),
    _Plan(Case.PASSIVE_OF_BOTH_SIGNS, 1, _kind("ppa_buy"), Fate.HELD),
    _Plan(Case.NO_GL_ACCOUNT, 0, _party("gotlandsol"), Fate.HELD),
    _Plan(
        Case.TOTAL_NET, 0, lambda contract: contract.party.is_domestic and contract.kind_name == "ppa_sell", Fate.HELD
    ),
    _Plan(
        Case.VAT_AGAINST_NET,
        0,
        lambda contract: contract.party.is_domestic and contract.kind_name in ("forward_sell", "gas_sell"),
        Fate.HELD,
    ),
    _Plan(Case.NO_GL_ACCOUNT_ON_ONE_LINE, 1, _kind("forward_both"), Fate.HELD),
    _Plan(Case.VOIDED, 1, _kind(*_SELLS), Fate.VOIDED),
    _Plan(Case.UNKNOWN_DEAL, 0, _kind("forward_both"), Fate.READY),
    _Plan(Case.DEAL_OF_ANOTHER, 0, _kind("forward_both"), Fate.READY),
    _Plan(Case.OUTSIDE_DELIVERY, 0, _kind(*_SELLS), Fate.READY),
    _Plan(Case.POSITIVE_PASSIVE, 0, _kind("ppa_buy"), Fate.READY),
    _Plan(Case.NEGATIVE_TOTAL, 0, _kind("forward_buy", "gas_buy"), Fate.READY),
    _Plan(Case.LINE_IBAN, 0, _kind("ppa_buy"), Fate.READY),
)


def plant(contracts: Sequence[Contract], last_month: int) -> dict[Slot, tuple[Case | None, Fate]]:
    """Chooses an order for each case, and fixes the fate of those that could have no other.

    Args:
        contracts: All contracts, oldest first.
        last_month: Index of the last settled month.

    Returns:
        Case and fate by month index and contract number; a case no contract fits (in a very small world) is left out.
    """
    chosen: dict[Slot, tuple[Case | None, Fate]] = {
        (0, contracts[0].number): (None, Fate.SETTLED),
        (last_month - 1, contracts[0].number): (Case.SHOWCASE, Fate.READY),
    }
    for plan in _PLANS:
        month = last_month - plan.months_back
        for contract in contracts:
            slot = (month, contract.number)
            if plan.fits(contract) and contract.first_month <= month and slot not in chosen:
                chosen[slot] = (plan.case, plan.fate)
                break
    for contract in contracts:
        if contract.party.entry.identity == "unknown":
            # Whom accounting does not know must be created by the loop, so their orders wait.
            chosen.setdefault((last_month, contract.number), (None, Fate.READY))
    return chosen


def showcase_lines(contract: Contract, deal: Deal) -> tuple[Line, ...]:
    """The lines of the showcase order: round volumes, two GL accounts, one of them left to the counterparty."""
    supply = make_line(contract, deal, "PPA supply, base", Decimal("800"), Decimal("64.50"), "4100")
    peak = make_line(contract, deal, "PPA supply, peak", Decimal("200"), Decimal("82.00"), "4100")
    balancing = make_line(contract, deal, "Balancing service", Decimal("125"), Decimal("31.20"), "4130")
    return (supply, replace(peak, gl_account="4100"), replace(balancing, gl_account="4130"))


def change_lines(case: Case, lines: tuple[Line, ...], contract: Contract) -> tuple[Line, ...]:
    """Lines as a case needs them before signs are written: two lines where one is not enough, GL accounts left out,
    another bank account.
    """
    if case is Case.PASSIVE_OF_BOTH_SIGNS and len(lines) == 1:
        half = replace(lines[0], description="PPA production, correction", net=Decimal("1250.00"), vat=Decimal("0.00"))
        return (*lines, half)
    if case is Case.NO_GL_ACCOUNT:
        return tuple(replace(line, gl_account=None) for line in lines)
    if case is Case.NO_GL_ACCOUNT_ON_ONE_LINE:
        return (*lines[:-1], replace(lines[-1], gl_account=None))
    if case is Case.LINE_IBAN:
        factoring = identifiers.iban(contract.party.entry.country, seeded(f"factoring:{contract.party.key}"))
        return tuple(replace(line, iban=factoring) for line in lines)
    return lines
