"""The currencies the books know: the seed `currencies`, the one list landing and the models share.

In: `dbt_project/seeds/currencies.csv`. Out: `codes()`. A currency lands only where the models know how to round it; a
row added to the seed (a withdrawn currency of old documents, say) is known here at once.
What does not belong here: what becomes of another currency (`careful.py`: quarantine).
"""

from __future__ import annotations

import csv
import functools
from pathlib import Path

import pyarrow as pa

SEED = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "currencies.csv"


@functools.cache
def _seed() -> dict[str, int]:
    with SEED.open(newline="") as file:
        return {row["currency_code"]: int(row["minor_units"]) for row in csv.DictReader(file)}


@functools.cache
def codes() -> frozenset[str]:
    """ISO 4217 codes in capitals, of currencies that have a minor unit."""
    return frozenset(_seed())


def minor_units(code: str | None) -> int:
    """Decimal places of a currency; 2 for one that is not known."""
    return _seed().get(code or "", 2)


@functools.cache
def array() -> pa.Array:
    """The same for Arrow, with the empty text, which is no currency, and null."""
    return pa.array(["", None, *sorted(codes())], pa.string())


def why_unknown(text: str) -> str:
    """What is wrong with a code that is not among `codes()`, and what helps."""
    if text.strip().upper() in codes():
        return f"the currency {text[:10]!r} is not written as ISO 4217 writes it: {text.strip().upper()}"
    return f"the currency {text[:10]!r} is unknown: not in dbt_project/seeds/currencies.csv"
