"""Deals: what was agreed with whom, for which delivery, at which price.

In: a contract, a direction, a period. Out: `Deal`s with ids in the order of their first use, and the records of ATLAS
ETRM's deal layer. What does not belong here: what was delivered (`settlement.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.world.calendar import Month, add_months, at, month_end, on_or_before
from sandbox.world.contracts import Contract
from sandbox.world.prices import money

_FIRST_ID = 501
_DEAL_TYPES = {"PPA": "OTC", "FWD": "Forward", "SPOT": "Spot", "IMB": "Imbalance", "GAS": "Forward"}


@dataclass(frozen=True)
class Deal:
    """One deal of ATLAS ETRM (contract section 4.8)."""

    number: int
    name: str
    contract: Contract
    direction: str
    """Buy or Sell, from the company's side."""
    start: date
    end: date
    volume: Decimal
    price: Decimal

    def record(self) -> dict[str, Any]:
        """The vendor's record; money as decimal text."""
        agreed = on_or_before(self.start - timedelta(days=45))
        return {
            "id": self.number,
            "name": self.name,
            "dealType": _DEAL_TYPES[self.contract.kind.prefix],
            "direction": self.direction,
            "commodity": self.contract.kind.commodity,
            "counterpartyId": self.contract.party.number,
            "masterAgreementId": self.contract.number,
            "status": "Active",
            "transactionTime": f"{at(agreed, 10, 12):%Y-%m-%dT%H:%M:%S}",
            "deliveryStart": f"{self.start}T00:00:00",
            "deliveryEnd": f"{self.end}T00:00:00",
            "volume": f"{self.volume}",
            "price": f"{self.price}",
            "notional": f"{money(self.volume * self.price)}",
        }


class DealBook:
    """All deals of a world; asking twice for the same deal gives the same one."""

    def __init__(self) -> None:
        self._deals: dict[tuple[int, str, date], Deal] = {}

    def all(self) -> list[Deal]:
        """Every deal, by id."""
        return list(self._deals.values())

    def power_purchase(self, contract: Contract, direction: str, price: Decimal, began: date) -> Deal:
        """The long deal behind a PPA: ten calendar years from the one in which settlement began."""
        start, end = date(began.year, 1, 1), date(began.year + 9, 12, 31)
        days = (end - start).days + 1
        volume = Decimal(contract.megawatts * days * 6).quantize(Decimal("0.001"))
        name = f"PPA {_short(contract)} {start.year}-{end.year}"
        return self._deal(contract, direction, name, (start, end), volume, price)

    def quarterly(self, contract: Contract, direction: str, month: Month, price: Decimal) -> Deal:
        """A forward delivered over the quarter of a month; its price is that of the first month asked for."""
        start = add_months(month.first, -((month.first.month - 1) % 3))
        end = month_end(add_months(start, 2))
        hours = 24 * ((end - start).days + 1)
        volume = Decimal(contract.megawatts * hours).quantize(Decimal("0.001"))
        product = "TTF" if contract.kind.commodity == "Gas" else "DE Base"
        name = (
            f"{contract.kind.prefix} {product} {month.quarter} {contract.megawatts} MW {direction} {_short(contract)}"
        )
        return self._deal(contract, direction, name, (start, end), volume, price)

    def monthly(self, contract: Contract, direction: str, month: Month, volume: Decimal, price: Decimal) -> Deal:
        """A month of spot trades or of imbalance, one deal per direction."""
        name = f"{contract.kind.prefix} {_short(contract)} {month.first:%b-%y} {direction}"
        return self._deal(contract, direction, name, (month.first, month.last), volume, price)

    def _deal(
        self,
        contract: Contract,
        direction: str,
        name: str,
        period: tuple[date, date],
        volume: Decimal,
        price: Decimal,
    ) -> Deal:
        key = (contract.number, direction, period[0])
        if key not in self._deals:
            number = _FIRST_ID + len(self._deals)
            self._deals[key] = Deal(number, name, contract, direction, *period, volume, price)
        return self._deals[key]


def _short(contract: Contract) -> str:
    return contract.party.name.split(" ")[0]
