"""The one error of the simulated Atlas Accounting: a status, a sentence and the fields at fault.

In: what a rule found. Out: `AtlasAccountingError`, which `server.py` turns into the vendor's error body
(contract section 4). What does not belong here: the rules, and HTTP.
"""

from __future__ import annotations

from typing import Any


class AtlasAccountingError(Exception):
    """A request the vendor refuses.

    Attributes:
        status: HTTP status code (400, 401, 403, 404, 409, 422 or 429).
        detail: One sentence for a person.
        errors: `{"field", "message"}` per field at fault; filled for 422 (contract section 4).
    """

    def __init__(self, status: int, detail: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors or []

    def body(self) -> dict[str, Any]:
        """The vendor's error body: `detail`, `status_code`, `errors`."""
        return {"detail": self.detail, "status_code": self.status, "errors": self.errors}


def conflict(detail: str) -> AtlasAccountingError:
    """A 409: a duplicate, or an operation the record's state does not allow."""
    return AtlasAccountingError(409, detail)


def not_found(kind: str, record_id: str) -> AtlasAccountingError:
    """A 404 that names the kind of record and the id asked for."""
    return AtlasAccountingError(404, f"{kind} {record_id} not found")


def invalid(field: str, message: str) -> AtlasAccountingError:
    """A 422 about one field; the path of a line's field is `lines.0.unit_price` (contract section 4)."""
    return AtlasAccountingError(422, "Validation failed", [{"field": field, "message": message}])
