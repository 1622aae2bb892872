"""The vendor's refusals.

In: what was wrong. Out: `AtlasEtrmError`, worded as the failure envelope of contract section 1 by the server.
What does not belong here: HTTP.
"""

from __future__ import annotations


class AtlasEtrmError(Exception):
    """A request the vendor refuses.

    Attributes:
        status: HTTP status (contract section 1, status codes).
        message: One sentence for a person.
        errors: `{"field", "message"}` per member at fault.
    """

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors or []


def invalid(errors: list[dict[str, str]]) -> AtlasEtrmError:
    """A 400 about the members named."""
    return AtlasEtrmError(400, "Validation failed", errors)


def malformed(message: str) -> AtlasEtrmError:
    """A 400 about the shape of the whole body."""
    return AtlasEtrmError(400, message)
