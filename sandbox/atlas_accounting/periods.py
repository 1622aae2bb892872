"""The company's record and its closed periods.

In: the settings of the company, and the day up to which somebody closes the books. Out: the stored company record
(`closed_through`), and the check every dated write passes: a document dated in a closed period is a 409 (contract
section 7, Periods). What does not belong here: the fiscal year's result (`reports.py`).
"""

from __future__ import annotations

from datetime import date

from sandbox.atlas_accounting.company import Company
from sandbox.atlas_accounting.errors import conflict, invalid
from sandbox.atlas_accounting.registry import Record, Registry
from sandbox.atlas_accounting.validation import as_day


class Periods:
    """Which days of the company's books may still be written."""

    def __init__(self, registry: Registry, company: Company) -> None:
        self._registry = registry
        self.settings = company

    def found(self) -> Record:
        """The company's record; made when the store has none.

        Not by the constructor: the world is made at historic instants, and a store must look empty until then.
        """
        company = self._registry.find("companies", self._registry.company_id)
        return company or self._make()

    def _make(self) -> Record:
        settings = self.settings
        fields = {
            "name": settings.name,
            "base_currency": settings.base_currency,
            "fiscal_year_start": settings.fiscal_year_start,
            "tax_id": settings.tax_id,
            "country": settings.country,
            "address": {
                "line1": settings.street,
                "city": settings.city,
                "postal_code": settings.postal_code,
                "country": settings.country,
            },
            "closed_through": None,
            # Nobody declares it on the reading side: vendors add fields, and the first landing has one to tell of.
            "locale": "en-IE",
        }
        with self._registry.operation():
            return self._registry.add("companies", fields, record_id=self._registry.company_id)

    @property
    def company(self) -> Record:
        """The company's record as stored."""
        return self.found()

    @property
    def base_currency(self) -> str:
        """The currency of what names none."""
        return self.settings.base_currency

    def require_open(self, day: str) -> None:
        """Refuses a write dated in a closed period.

        Raises:
            AtlasAccountingError: 409.
        """
        closed_through = self.company["closed_through"]
        if closed_through is not None and day <= closed_through:
            raise conflict(f"{day} is in a closed period: the books are closed through {closed_through}")

    def close(self, through: date | str) -> Record:
        """Closes every period through a day.

        Raises:
            AtlasAccountingError: 422 for something that is no date; 409 when it is closed already.
        """
        day = _day(through)
        closed_through = self.company["closed_through"]
        if closed_through is not None and day <= closed_through:
            raise conflict(f"The books are already closed through {closed_through}")
        return self._registry.change("companies", self.company, closed_through=day)

    def reopen(self, through: date | str | None) -> Record:
        """Moves the last closed day back; None opens everything.

        Raises:
            AtlasAccountingError: 422 for something that is no date; 409 when that is not earlier than now.
        """
        day = None if through is None else _day(through)
        closed_through = self.company["closed_through"]
        if closed_through is None or (day is not None and day >= closed_through):
            raise conflict("That period is not closed")
        return self._registry.change("companies", self.company, closed_through=day)


def _day(value: date | str) -> str:
    day = as_day(value)
    if day is None:
        raise invalid("through", "must be a date, YYYY-MM-DD")
    return day.isoformat()
