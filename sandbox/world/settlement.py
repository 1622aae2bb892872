"""What a contract settles in a month: lines of volume times price, with their VAT.

In: a contract, a month, the deals. Out: `Line`s, unsigned, each with its cashflow. German counterparties are charged
19 % VAT, and charge it; deliveries within the Union are reverse charge, all others exports: no VAT. What does not
belong here: orders and their fate (`orders.py`), signs as the vendor writes them (`etrm_records.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sandbox.world import prices
from sandbox.world.calendar import Month
from sandbox.world.contracts import Contract
from sandbox.world.deals import Deal, DealBook
from sandbox.world.seeding import seeded

ACTIVE, PASSIVE = 0, 1
"""Cashflow of a line (contract section 4.5): money in, money out."""

VAT_RATE = Decimal("0.19")


@dataclass(frozen=True)
class Line:
    """One settlement line.

    Attributes:
        cashflow: `ACTIVE` or `PASSIVE`.
        description: What was delivered, in words.
        price: EUR/MWh.
        net: Volume times price, to the cent, above zero.
        vat: VAT on it, to the cent.
        account: GL account it belongs on.
        gl_account: GL account it names itself; None where the counterparty's counts.
        iban: Bank account it names itself; None where the counterparty's counts.
    """

    deal: Deal
    cashflow: int
    description: str
    volume: Decimal
    price: Decimal
    net: Decimal
    vat: Decimal
    account: str
    gl_account: str | None = None
    iban: str | None = None

    @property
    def gross(self) -> Decimal:
        """Net and VAT."""
        return self.net + self.vat


class Settlement:
    """Makes the lines of every contract and month of one world."""

    def __init__(self, seed: int, months: Sequence[Month]) -> None:
        self.deals = DealBook()
        self._seed = seed
        self._months = months

    def lines(self, contract: Contract, month: Month) -> tuple[Line, ...]:
        """The lines of one month, money in before money out."""
        random = seeded(f"{self._seed}:settle:{contract.number}:{month.label}")
        name = contract.kind_name
        if name.startswith("ppa"):
            return self._power_purchase(contract, month, random)
        if name.startswith(("forward", "gas")):
            return self._forward(contract, month, random)
        return self._traded(contract, month, random)

    def _power_purchase(self, contract: Contract, month: Month, random: Random) -> tuple[Line, ...]:
        buys = contract.kind.buys
        price = prices.fixed_price(seeded(f"{self._seed}:price:{contract.number}"), buys=buys)
        began = self._months[contract.first_month].first
        deal = self.deals.power_purchase(contract, "Buy" if buys else "Sell", price, began)
        if buys:
            volume, what = prices.produced(contract.megawatts * 2, month, random), "PPA production"
        else:
            volume, what = prices.baseload(contract.megawatts, month) * Decimal("0.8"), "PPA supply"
        lines = [self._line(contract, deal, what, volume, deal.price)]
        if random.random() < 0.45:
            certificates = prices.money(random.uniform(0.6, 3.4))
            lines.append(self._line(contract, deal, "Guarantees of origin", volume, certificates))
        if random.random() < 0.2:
            fee = (volume * Decimal("0.04")).quantize(Decimal("0.001"))
            lines.append(self._line(contract, deal, "Curtailed volume", fee, prices.money(deal.price * Decimal("0.9"))))
        return tuple(lines)

    def _forward(self, contract: Contract, month: Month, random: Random) -> tuple[Line, ...]:
        lines = []
        product = "Gas TTF" if contract.kind.commodity == "Gas" else "Power DE Base"
        for direction, trades in (("Sell", contract.kind.sells), ("Buy", contract.kind.buys)):
            if trades:
                price = prices.market_price(contract.kind.commodity, month, random)
                deal = self.deals.quarterly(contract, direction, month, price)
                volume = prices.baseload(contract.megawatts, month)
                if contract.kind.buys and contract.kind.sells:
                    volume = (volume * Decimal(random.choice(("0.5", "0.75", "1")))).quantize(Decimal("0.001"))
                lines.append(self._line(contract, deal, f"{product} {month.quarter}", volume, deal.price))
        return tuple(lines)

    def _traded(self, contract: Contract, month: Month, random: Random) -> tuple[Line, ...]:
        lines = []
        is_spot = contract.kind_name == "spot"
        for direction in ("Sell", "Buy"):
            price = prices.market_price("Power", month, random)
            if is_spot:
                volume, what = prices.spot_volume(contract.megawatts, month, random), "Spot day-ahead"
            else:
                volume, what = prices.imbalance_volume(random), "Imbalance"
                # One of four months has deviations to one side only.
                if direction == "Sell" and random.random() < 0.25:
                    continue
            deal = self.deals.monthly(contract, direction, month, volume, price)
            verb = "sales" if direction == "Sell" else "purchases"
            lines.append(self._line(contract, deal, f"{what} {verb}", volume, price))
        return tuple(lines)

    def _line(self, contract: Contract, deal: Deal, what: str, volume: Decimal, price: Decimal) -> Line:
        cashflow = ACTIVE if deal.direction == "Sell" else PASSIVE
        account = contract.kind.sell_account if cashflow == ACTIVE else contract.kind.buy_account
        return make_line(contract, deal, what, volume, price, str(account))


def make_line(contract: Contract, deal: Deal, what: str, volume: Decimal, price: Decimal, account: str) -> Line:
    """A line with its net amount and VAT; the cashflow follows from the deal's direction."""
    net = (volume * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
    vat = (net * VAT_RATE).quantize(Decimal("0.01"), ROUND_HALF_UP) if contract.party.carries_vat else Decimal("0.00")
    cashflow = ACTIVE if deal.direction == "Sell" else PASSIVE
    return Line(deal, cashflow, what, volume.quantize(Decimal("0.001")), price, net, vat, account)
