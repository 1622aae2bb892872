"""The live balance the EvolutionX web store asks for: one published snapshot, held as ready answers.

In: a published DuckDB file with `marts.fct_customer_balances`. Out: `BalanceBook`, one JSON body per customer code
(contract evolutionx, section 2.2). What does not belong here: HTTP, credentials, choosing the snapshot
(`tieout/service.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec

MONEY_FIELDS = (
    "balance",
    "total_due",
    "last_payment_amount",
    "due_30_days",
    "due_60_days",
    "due_90_days",
    "due_120_days",
    "due_over_120_days",
    "open_credits",
    "credit_available",
)
DATE_FIELDS = ("last_charge_date", "last_sale_date", "last_payment_date")
FIELDS = (
    "customer_code",
    "balance",
    "total_due",
    *DATE_FIELDS,
    "last_payment_amount",
    "due_30_days",
    "due_60_days",
    "due_90_days",
    "due_120_days",
    "due_over_120_days",
    "open_credits",
    "credit_available",
)
"""The answer's members, in the order of the contract's example."""

_CENT = Decimal("0.01")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class BalanceBook:
    """Every customer's answer, as of one snapshot."""

    answers: Mapping[str, bytes]
    as_of: date | None
    currency_code: str

    def answer(self, customer_code: str) -> bytes | None:
        """Returns the JSON body for a customer code, matched exactly, or None when it is unknown."""
        return self.answers.get(customer_code)


def load(snapshot: Path, currency_code: str) -> BalanceBook:
    """Reads all balances of one currency (a store has one: contract evolutionx, section 2.2).

    Args:
        snapshot: the resolved path of a published file. Not the name analysts open: DuckDB hands out the old
            database when a path that is still open is opened again.
        currency_code: the store's currency.

    Raises:
        duckdb.Error: the file cannot be read or holds no balances.
    """
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        cursor = connection.execute(
            "select * from marts.fct_customer_balances where currency_code = ?", [currency_code]
        )
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    return BalanceBook(
        answers={row["customer_code"]: _ENCODER.encode(_body(row)) for row in rows},
        as_of=max((row["as_of_date"] for row in rows), default=None),
        currency_code=currency_code,
    )


def _body(row: Mapping[str, Any]) -> dict[str, Any]:
    """A member without a value is left out rather than sent as null (section 2.2, formats)."""
    return {name: _rendered(name, row[name]) for name in FIELDS if row.get(name) is not None}


def _rendered(name: str, value: Any) -> Any:
    if name in MONEY_FIELDS:
        return Decimal(value).quantize(_CENT, ROUND_HALF_UP)
    if name in DATE_FIELDS:
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return value
