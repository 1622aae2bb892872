"""What must never be shown: the sandbox's credentials, the tokens it gave out, the IBANs it holds.

In: vendors and texts. Out: the canaries, and which of them a text gives away. What does not belong here: the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from vendors import Vendors

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b")
_SECRETS = ("PASSWORD", "SECRET", "ACCESS_KEY")


def credentials(vendors: Vendors, system: str = "") -> set[str]:
    """Every password, key and secret there is, or those of one vendor."""
    begins = f"SOURCES__{system.upper()}"
    return {value for name, value in vendors.environment.items() if name.startswith(begins) and name.endswith(_SECRETS)}


def tokens(vendors: Vendors) -> set[str]:
    """Every token that went over a wire."""
    sent = [each for wire in vendors.wires.values() for each in wire.sent]
    return {each.authorization.partition(" ")[2] for each in sent if each.authorization}


def ibans(vendors: Vendors) -> set[str]:
    """Every full IBAN the vendors hold."""

    def texts(value: Any) -> Iterable[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from texts(each)

    tables = (store.all(name) for store in vendors.stores.values() for name in store.tables())
    return {found for table in tables for record in table for text in texts(record) for found in _IBAN.findall(text)}


def found_in(text: str, canaries: set[str]) -> set[str]:
    """The canaries a text gives away, each cut short lest this test give them away itself."""
    return {f"{canary[:2]}…" for canary in canaries if canary and canary in text}
