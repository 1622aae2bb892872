"""What the models may depend on beside the records themselves.

In: settings and the business date. Out: one row, `raw_operations.run_parameters`.
What does not belong here: anything a vendor says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from tieout import agreements
from tieout.settings import Settings


@dataclass(frozen=True)
class Parameters:
    """What the models may depend on beside the records themselves; one row of `raw_operations.run_parameters`.

    A table and not dbt variables: a changed variable makes dbt parse the whole project again, and a table stays in
    the published file, where an auditor can read which date the figures stand for.
    """

    as_of_date: date
    currency_code: str
    base_currency_code: str
    order_total: str
    item_vat: str
    ready_statuses: str | None
    posting_mode: str
    ap_ar_mode: str
    time_zone: str
    books_closed_through: date | None = None
    netting_agreements: str | None = None

    @classmethod
    def of(cls, settings: Settings, as_of: date) -> Parameters:
        """Returns the parameters of a run."""
        return cls(
            as_of_date=as_of,
            currency_code=settings.order_currency,
            base_currency_code=settings.base_currency,
            order_total=settings.order_total,
            item_vat=settings.item_vat,
            ready_statuses=json.dumps(settings.ready_statuses) if settings.ready_statuses else None,
            posting_mode=settings.posting_mode,
            ap_ar_mode=settings.ap_ar_mode,
            time_zone=str(settings.time_zone),
            books_closed_through=settings.books_closed_through,
            netting_agreements=agreements.parsed(settings.lookup("company.netting_agreements")),
        )

    def table(self) -> pa.Table:
        """Returns the one row, as Arrow."""
        kinds = {"as_of_date": pa.date32(), "books_closed_through": pa.date32()}
        return pa.table({name: pa.array([value], kinds.get(name, pa.string())) for name, value in vars(self).items()})
