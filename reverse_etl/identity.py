"""Who does something: a name, and whether it stands for a person.

In: nothing. Out: `Identity`. What does not belong here: finding out who it is (the front door does, from settings).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "service"]


@dataclass(frozen=True)
class Identity:
    """Somebody who makes, approves or applies a plan."""

    name: str
    kind: Kind = "person"

    @property
    def is_person(self) -> bool:
        """Whether it may approve: a service, or a user of an API, never may."""
        return self.kind == "person"
