"""What a test or a demo may change about the simulated vendor while it runs.

In: the JSON body of `POST /_sim/limits`. Out: the values the engine and the server look at on each request. Rate limits
and faults are not here: they are the same for every vendor and belong to `sandbox.limits` and `sandbox.control`.
"""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any


@dataclass
class AtlarSettings:
    """Behaviours the contract leaves open, or that a test needs to provoke.

    Attributes:
        ap_ar_endpoints: Whether payables and receivables answer; False gives 404 (contract section 10).
        seed_routes: Whether the seed's short paths answer as aliases (contract section 1.1).
        short_pages: Whether long lists contain short and empty pages before their end (section 3.1).
        token_seconds: Lifetime of an access token (section 2).
        write_seconds: Real seconds a POST or PATCH takes before it acts; long enough, a repeated key meets 425.
        batch_seconds: Clock seconds after which a credit-transfer batch has been processed.
        batch_polls: Reads after which a batch has been processed, whichever comes first; 0 leaves it to the clock.
        payment_seconds: Clock seconds between two statuses of an approved payment.
        payment_polls: Reads between two statuses, whichever comes first; 0 leaves it to the clock.
        programmatic_approver: Whether the programmatic user may approve payments (else 403, section 8.1).
        denied_permissions: Permissions its role lacks; calls that need one answer 403 (section 2).
    """

    ap_ar_endpoints: bool = True
    seed_routes: bool = False
    short_pages: bool = True
    token_seconds: int = 300
    write_seconds: float = 0.0
    batch_seconds: int = 30
    batch_polls: int = 3
    payment_seconds: int = 60
    payment_polls: int = 0
    programmatic_approver: bool = False
    denied_permissions: tuple[str, ...] = ()

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over the values it knows.

        Args:
            values: Names and new values; unknown names are left to others who read the same body.

        Returns:
            The settings taken over.

        Raises:
            ValueError: A known name with a value of another kind.
        """
        taken: dict[str, Any] = {}
        for field in fields(self):
            if field.name not in values:
                continue
            taken[field.name] = _cast(field.name, values[field.name], getattr(self, field.name))
        for name, value in taken.items():
            setattr(self, name, value)
        return taken


def _cast(name: str, value: Any, present: Any) -> Any:
    if isinstance(present, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ValueError(f"{name} must be a list of strings")
    if isinstance(present, bool):
        if isinstance(value, bool):
            return value
        raise ValueError(f"{name} must be true or false")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value < 0:
        raise ValueError(f"{name} must be a number that is not negative")
    return type(present)(value)
