"""The company's one netting agreement: with a trader from whom it buys and to whom it sells, month by month.

In: the business date. Out: the agreement, as Tieout's setting takes it. What does not belong here: offsetting. The
agreement is a paper of the company's own, which none of its vendors knows, so the sandbox tells it beside the
credentials.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.world.calendar import add_months

COUNTERPARTY_ID = 122
"""Wisła Energia Obrót, of which every order has Active and Passive lines; smaller companies do not have it."""


def netting_agreement(as_of: date) -> dict[str, Any]:
    """The agreement, in force for due dates from the first day of the month before the business date.

    Returns:
        `agreement_id`, `counterparty_id` (ATLAS ETRM's), `currency_code`, `valid_from_date` (ISO).
    """
    return {
        "agreement_id": f"EFET-{COUNTERPARTY_ID}",
        "counterparty_id": COUNTERPARTY_ID,
        "currency_code": "EUR",
        "valid_from_date": add_months(as_of.replace(day=1), -1).isoformat(),
    }
