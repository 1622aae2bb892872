"""Market prices of the settled months, and what a contract pays relative to them.

In: a month, a kind of contract, a random source. Out: prices in EUR/MWh with two decimals, volumes in MWh with three.
What does not belong here: who trades (`contracts.py`).
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from sandbox.world.calendar import Month

_POWER = (128, 95, 78, 68, 65, 88, 77, 84, 85, 102, 94, 110, 101, 91)
_GAS = (50, 42, 36, 35, 37, 34, 32, 32, 31, 30, 28, 33, 31, 30)
"""Monthly averages of the settled months, oldest first: the right order of magnitude for Germany and the TTF."""

_SUN = (0.35, 0.55, 0.8, 1.0, 1.1, 1.1, 1.0, 0.75, 0.5, 0.3, 0.2, 0.25)
"""Output of a park by month, February first."""

_CENT = Decimal("0.01")
_KILOWATT_HOUR = Decimal("0.001")


def money(value: Decimal | float) -> Decimal:
    """A price or an amount to the cent."""
    return Decimal(value).quantize(_CENT)


def market_price(commodity: str, month: Month, random: Random) -> Decimal:
    """The month's market price, some per cent around its average."""
    average = (_GAS if commodity == "Gas" else _POWER)[month.number]
    return money(average * (1 + random.uniform(-0.06, 0.06)))


def fixed_price(random: Random, *, buys: bool) -> Decimal:
    """A price agreed for years, as PPAs have it; what is sold on is sold with a margin."""
    return money(random.uniform(42, 58) if buys else random.uniform(64, 82))


def baseload(megawatts: int, month: Month) -> Decimal:
    """MWh of a constant delivery over a month."""
    return Decimal(megawatts * month.hours).quantize(_KILOWATT_HOUR)


def produced(megawatts: int, month: Month, random: Random) -> Decimal:
    """MWh a park produced in a month: its capacity at a load factor of the season."""
    season = _SUN[(month.first.month - 2) % 12]
    factor = 0.22 * season + random.uniform(0.04, 0.1)
    return Decimal(megawatts * month.hours * factor).quantize(_KILOWATT_HOUR)


def imbalance_volume(random: Random) -> Decimal:
    """MWh of deviation settled with a grid operator."""
    return Decimal(random.uniform(60, 900)).quantize(_KILOWATT_HOUR)


def spot_volume(megawatts: int, month: Month, random: Random) -> Decimal:
    """MWh traded on an exchange in a month."""
    return Decimal(megawatts * month.hours * random.uniform(0.5, 1.2)).quantize(_KILOWATT_HOUR)
