"""Keeps account numbers out of what is shown: country and last four characters remain (DESIGN section 7).

In: values of records and payloads. Out: the same, masked. What does not belong here: secrets, which no record holds.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.transport.ibans import mask_ibans

_ACCOUNTS = frozenset({"vat", "vat_number", "tax_id"})
"""Members whose values look like an IBAN to a pattern and are none."""

_ACCOUNTS = frozenset({"iban", "counterparty_account"})


def masked(value: Any, name: str = "") -> Any:
    """Returns a value without full account numbers; JSON text is read and masked member by member."""
    if isinstance(value, dict):
        return {key: masked(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [masked(one, name) for one in value]
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        try:
            return masked(json.loads(value), name)
        except ValueError:
            pass
    if name in _ACCOUNTS and value.strip():
        compact = value.replace(" ", "")
        return f"{compact[:2] if compact[:2].isalpha() else ''}…{compact[-4:]}"
    return mask_ibans(value)
