"""What a test may change about the simulated vendor while it runs (`POST /_sim/limits`).

In: names and values. Out: how the vendor differs from one deployment to the next: dialects, sorting, headers
(contract section 10). What does not belong here: rate limits and faults.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Switches:
    """Differences between deployments of this vendor; each is at first as the contract has it."""

    documented_routes: bool = True
    """Whether the help page's own paths answer (contract section 0, dialect A)."""
    observed_routes: bool = True
    """Whether what only the vendor's client shows answers (dialect B); false is a 404."""
    updated_at_sortable: bool = True
    """Whether lists sort by `updated_at`; false is a 422."""
    retry_after: bool = True
    """Whether a 429 carries `Retry-After` beside `X-RateLimit-Reset`."""
    second_company: bool = False
    """Whether the user is an employee of a second company, so that one has to be chosen. Its books are not for
    employees: every call about it is a 403."""

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over the switches it knows and returns them.

        Raises:
            ValueError: a value that is not a boolean.
        """
        known = {each.name: values[each.name] for each in fields(self) if each.name in values}
        for name, value in known.items():
            if not isinstance(value, bool):
                raise ValueError(f"{name} must be true or false")  # noqa: TRY004 - the answer is a 400
            setattr(self, name, value)
        return known
