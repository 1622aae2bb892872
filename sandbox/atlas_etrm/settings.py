"""What the contract leaves open about ATLAS ETRM, as switches.

In: the JSON body of `POST /_sim/limits`. Out: the values the engine and the server look at on each request.
What does not belong here: rate limits and faults, which all vendors share.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class AtlasEtrmSettings:
    """Switches; the defaults are the contract's choices, or the worst case for a client.

    Attributes:
        unique_external_ids: Refuse an invoice whose externalId exists (section 4.6; off: duplicates are
            taken).
        status_moves: erpCode and first invoice move the order's status (section 5).
        status_numbers: Statuses are answered as their numbers 1 to 9 instead of their names (section 5).
        refusals_under_200: A refused write answers HTTP 200 with `success: false` (section 1).
        token_seconds: Lifetime of a token (section 1: one hour).
        denied_paths: Paths for which the service account lacks permission: 403.
    """

    unique_external_ids: bool = False
    status_moves: bool = True
    status_numbers: bool = False
    refusals_under_200: bool = False
    token_seconds: int = 3600
    denied_paths: tuple[str, ...] = ()

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over the switches it knows and returns them; others are left to those who share the request.

        Raises:
            ValueError: a known switch with a value of another kind.
        """
        taken: dict[str, Any] = {}
        for field in fields(self):
            if field.name in values:
                taken[field.name] = _like(field.name, values[field.name], getattr(self, field.name))
        for name, value in taken.items():
            setattr(self, name, value)
        return taken


def _like(name: str, value: Any, present: Any) -> Any:
    if isinstance(present, bool):
        if isinstance(value, bool):
            return value
        raise ValueError(f"{name} must be true or false")
    if isinstance(present, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ValueError(f"{name} must be a list of strings")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number ≥ 0")
    return value
