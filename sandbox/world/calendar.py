"""Months of settlement and days on which banks work.

In: the business date at which the history ends. Out: the 14 settlement months before it, business days, the last
closed day. What does not belong here: what happens on a day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cache
from typing import NamedTuple

SETTLED_MONTHS = 14
"""Months of settlement; the last one is the month before the business date's."""

_CLOSED_BEFORE_AS_OF = 4
"""The books are closed through the end of the month that lies this many months before the business date's."""


class Month(NamedTuple):
    """One month of settlement."""

    number: int
    """0 is the oldest."""
    first: date
    last: date

    @property
    def hours(self) -> int:
        """Hours of delivery, the clock changes left aside."""
        return 24 * (self.last - self.first).days + 24

    @property
    def label(self) -> str:
        """`2026-03`."""
        return f"{self.first:%Y-%m}"

    @property
    def quarter(self) -> str:
        """`Q1-26`."""
        return f"Q{(self.first.month + 2) // 3}-{self.first:%y}"


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The first day of the month so many months later (or earlier)."""
    serial = day.year * 12 + day.month - 1 + months
    return date(serial // 12, serial % 12 + 1, 1)


def settlement_months(as_of: date) -> tuple[Month, ...]:
    """The months settled up to a business date, oldest first."""
    firsts = [add_months(as_of, index - SETTLED_MONTHS) for index in range(SETTLED_MONTHS)]
    return tuple(Month(number, first, month_end(first)) for number, first in enumerate(firsts))


def closed_through(as_of: date) -> date:
    """The last day of the closed periods (2025-12-31 for 2026-04-10)."""
    return month_end(add_months(as_of, -_CLOSED_BEFORE_AS_OF))


@cache
def _easter(year: int) -> date:
    # Gauss's rule in the form of Oudin; Good Friday and Easter Monday are TARGET holidays.
    golden, century = year % 19, year // 100
    epact = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    epact -= epact // 28 * (1 - epact // 28 * (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    offset = epact - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def is_business_day(day: date) -> bool:
    """Whether TARGET works: no weekend, no TARGET holiday."""
    if day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (5, 1), (12, 25), (12, 26)}:
        return False
    easter = _easter(day.year)
    return day not in (easter - timedelta(days=2), easter + timedelta(days=1))


def on_or_after(day: date) -> date:
    """The first business day from a day on."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def on_or_before(day: date) -> date:
    """The last business day up to a day."""
    while not is_business_day(day):
        day -= timedelta(days=1)
    return day


def business_day_of(month_first: date, number: int) -> date:
    """The business day number `number` (from 1) of a month."""
    day = on_or_after(month_first)
    for _ in range(number - 1):
        day = on_or_after(day + timedelta(days=1))
    return day


def business_days(first: date, last: date) -> Iterator[date]:
    """The business days from `first` to `last`, both included."""
    day = on_or_after(first)
    while day <= last:
        yield day
        day = on_or_after(day + timedelta(days=1))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant of a day, UTC."""
    return datetime.combine(day, time_of_day(hour, minute), tzinfo=UTC)
