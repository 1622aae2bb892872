"""The vendor's refusals: one exception that carries the HTTP status and the general error shape.

In: what was wrong. Out: `AtlarError`, whose `body` is the shape of contract section 3.6 (not RFC 9457). How it gets
onto the wire is the server's affair.
"""

from collections.abc import Sequence


class AtlarError(Exception):
    """A request the vendor refuses.

    Args:
        status: HTTP status of the answer (contract section 3.6).
        message: One sentence for a person.
        details: `{"code", "field", "error"}` objects; nested fields are dotted with indexes.
        headers: Further response headers, e.g. `Retry-After`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        details: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = list(details)
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, object]:
        """The general error shape; `details` is absent when there are none."""
        shape: dict[str, object] = {"status": self.status, "message": self.message}
        if self.details:
            shape["details"] = self.details
        return shape


def detail(field: str, error: str, code: str = "invalid_value") -> dict[str, str]:
    """One entry of `details`."""
    return {"code": code, "field": field, "error": error}


def bad_request(field: str, error: str, code: str = "invalid_value") -> AtlarError:
    """A 400 about one field."""
    return AtlarError(400, "Invalid request", [detail(field, error, code)])


def not_found(what: str, reference: str) -> AtlarError:
    """A 404 for an id, or `external:` key, that names nothing."""
    return AtlarError(404, f"No {what} found for {reference}")


def gone(what: str, reference: str) -> AtlarError:
    """A 410 for something that existed and was deleted."""
    return AtlarError(410, f"The {what} {reference} has been deleted")


def conflict(field: str, error: str) -> AtlarError:
    """A 409, e.g. an `externalId` that is taken (assumption A9: on every resource)."""
    return AtlarError(409, "Conflict", [detail(field, error, "conflict")])


def stale(expected: str, current: str) -> AtlarError:
    """A 412 for an `If-Match` that is not the present etag (assumption A3)."""
    return AtlarError(412, f"If-Match is {expected}, the resource is at {current}")
