"""The European Central Bank's CSV in its wide form into one record per day and currency.

In: the text, `Date,USD,JPY,…` with a line per day. Out: records as landed, rates with the digits published, and what
had to be refused. `N/A` (not quoted that day) is no record.
What does not belong here: HTTP (`client.py`).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from pipelines.records.typed import Misfit
from pipelines.transport.errors import UnexpectedAnswer

_CURRENCY = re.compile(r"[A-Z]{3}")
_NOT_QUOTED = frozenset({"", "N/A", "NA", "N.A.", "-"})
_DATES = ("%Y-%m-%d", "%d %B %Y")
"""As in the history, and as in the daily file."""


@dataclass
class Rates:
    """What the file holds from a day on."""

    records: list[msgspec.Raw] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)


def parse_rates(text: str, since: date | None = None, until: date = date.max) -> Rates:
    """Reads the wide CSV.

    Args:
        text: The file.
        since: Days before it are passed over; None reads all.
        until: A later day has not come yet, so its line is a misfit.

    Returns:
        Records `{rate_date, currency_code, units_per_eur}`, units as published; a rate that is no positive number is
        a misfit, and a line whose date is none, too.

    Raises:
        UnexpectedAnswer: the first line is not the header of reference rates.
    """
    lines = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(lines, [])]
    if not header or header[0].lower() != "date" or not any(_CURRENCY.fullmatch(name) for name in header[1:]):
        raise UnexpectedAnswer("ecb", "the file does not begin with the header Date,USD,… of reference rates")
    found = Rates()
    for line in lines:
        values = [value.strip() for value in line]
        if not any(values):
            continue
        day = _day(values[0])
        if day is None:
            found.misfits.append(Misfit(values[0], "not a date", ",".join(line).encode()))
        elif day > until:
            found.misfits.append(Misfit(values[0], "a day that has not come yet", ",".join(line).encode()))
        elif since is None or day >= since:
            _add(found, day, dict(zip(header[1:], values[1:], strict=False)))
    return found


def _add(found: Rates, day: date, values: dict[str, str]) -> None:
    for currency, value in values.items():
        if not _CURRENCY.fullmatch(currency) or value.upper() in _NOT_QUOTED:
            continue
        record = msgspec.json.encode({"rate_date": day.isoformat(), "currency_code": currency, "units_per_eur": value})
        if _is_rate(value):
            found.records.append(msgspec.Raw(record))
        else:
            found.misfits.append(Misfit(f"{day}|{currency}", "not a positive rate", record))


def _is_rate(value: str) -> bool:
    try:
        rate = Decimal(value)
    except InvalidOperation:
        return False
    return rate.is_finite() and rate > 0


def _day(text: str) -> date | None:
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  (a day of the bank's calendar, no instant)
        except ValueError:
            continue
    return None
