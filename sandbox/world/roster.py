"""Whom the invented company deals with, by name: plain data.

In: `counterparties.csv` beside this file. Out: `ROSTER`, the counterparties of the default size, in the order in which
dealing with them began; `SERVICE_CUSTOMERS` and `SUPPLIERS`, parties that only the books know; further counterparties
for a larger world. Every name is invented. What does not belong here: numbers derived from the seed (`cast.py`) and
what is settled with whom (`contracts.py`).
"""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from typing import NamedTuple


class Entry(NamedTuple):
    """One counterparty of the settlement desk.

    Attributes:
        key: Short name by which the other modules find it; never written to a vendor.
        kinds: What is settled with it, one order a month each (`contracts.KINDS`).
        identity: How the books know it: `code` (its externalId), `vat`, `name`, `unknown` (not at all), `ambiguous`.
    """

    key: str
    legal_name: str
    country: str
    city: str
    postal_code: str
    street: str
    kinds: tuple[str, ...]
    identity: str


def _read() -> tuple[Entry, ...]:
    text = Path(__file__).with_name("counterparties.csv").read_text(encoding="utf-8")
    return tuple(
        Entry(**{**row, "kinds": tuple(row["kinds"].split())})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )


ROSTER: tuple[Entry, ...] = _read()

SERVICE_CUSTOMERS: tuple[tuple[str, str], ...] = (
    ("Hanse Risk Advisory GmbH", "EUR"),
    ("Küstenwärme eG", "EUR"),
    ("Bergen Portfolio Services AS", "EUR"),
    ("Mälaren Kraftförvaltning AB", "SEK"),
    ("Östersjön Balans AB", "SEK"),
    ("Pennine Flexibility Ltd", "GBP"),
    ("Severn Storage Ltd", "GBP"),
    ("Sakura Denryoku K.K.", "JPY"),
)
"""Customers of portfolio services, unknown to the settlement desk, with the currency they are invoiced in."""

SUPPLIERS: tuple[tuple[str, str], ...] = (
    ("Wetterkarte Datendienst GmbH", "EUR"),
    ("Rechenzentrum Elbe GmbH", "EUR"),
    ("Kanzlei Brandt & Partner mbB", "EUR"),
    ("Nordisk Väderdata AB", "SEK"),
    ("Stockholm Systemkonsult AB", "SEK"),
    ("Curve Analytics Ltd", "GBP"),
    ("Brackenfield Software Ltd", "GBP"),
    ("Kaze Forecast K.K.", "JPY"),
)
"""Suppliers of software and data, with the currency they bill in."""

_FORMS = {
    "DE": "GmbH", "NL": "B.V.", "BE": "NV", "FR": "SAS", "AT": "GmbH", "SE": "AB", "NO": "AS", "DK": "A/S",
    "FI": "Oy", "GB": "Ltd", "CH": "AG", "GR": "S.A.", "ES": "S.L.", "IT": "S.r.l.", "PL": "Sp. z o.o.",
}  # fmt: skip
_FRONTS = ("Nord", "Süd", "West", "Ost", "Mittel", "Ober", "Unter", "Hoch", "Tief", "Neu", "Alt", "Klar")
_MIDDLES = ("wind", "sol", "kraft", "strom", "gas", "netz", "fluss", "berg", "tal", "see", "feld", "wald")


def further(number: int, random: Random) -> Entry:
    """The counterparty number `number` (from 1) beyond the roster; its kinds follow those of a roster entry."""
    pattern = ROSTER[number % len(ROSTER)]
    name = f"{random.choice(_FRONTS)}{random.choice(_MIDDLES)} {pattern.city} {number} {_FORMS[pattern.country]}"
    identity = "code" if pattern.identity in ("unknown", "ambiguous") else pattern.identity
    return Entry(
        f"further-{number}",
        name,
        pattern.country,
        pattern.city,
        pattern.postal_code,
        f"{pattern.street} {random.randrange(2, 90)}",
        pattern.kinds,
        identity,
    )
