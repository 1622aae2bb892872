"""What came of one delivery, and what a vendor's error says about its effect.

In: errors of `pipelines.transport.errors`. Out: `Outcome`.
What does not belong here: a vendor's payloads or routes.

The one question here: *can the write have had an effect?* A read that failed before it cannot: `pending`. A refusal
is certain: `rejected`. A write whose answer never came, or cannot be read, is `unknown` and never sent again blindly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.raw_table import Answer
from pipelines.transport.errors import (
    Conflict,
    CredentialsRefused,
    PermissionRefused,
    RateLimited,
    RecordNotFound,
    Refused,
    SettingRefused,
    TooEarly,
    Unreachable,
    VendorError,
)

Status = Literal["delivered", "rejected", "unknown", "held", "pending"]

_LONGEST_REASON = 1000

_STOPPING = (CredentialsRefused, RateLimited, Unreachable, SettingRefused)
"""Errors that everything else for the same system would meet. One record's fault is not among them."""

_BARRING = (*_STOPPING, PermissionRefused)
"""The same, and what everything else of the same sync would meet."""


@dataclass(frozen=True)
class Outcome:
    """What came of one delivery."""

    status: Status
    reason: str | None = None
    destination_id: str | None = None
    destination_number: str | None = None
    request_id: str | None = None
    answers: tuple[Answer, ...] = ()
    """Records the vendor returned, to be landed."""
    moved: bool = False
    """The destination's record changed since the plan: it is planned anew from what it is now."""
    had_effect: bool = False
    """The destination took it although it is not `delivered`: it shows something else than what was sent."""
    barred: VendorError | None = None
    """Set where everything else for this system, or this sync, would meet the same error."""


def after_read_error(error: VendorError) -> Outcome:
    """Returns the outcome when a look-up *before* the write failed: nothing was sent."""
    if isinstance(error, RecordNotFound):
        return Outcome("rejected", reason_of(error), request_id=error.request_id)
    barred = error if isinstance(error, _BARRING) else None
    return Outcome("pending", reason_of(error), request_id=error.request_id, barred=barred)


def after_write_error(error: VendorError) -> Outcome:
    """Returns the outcome when the write itself failed (DESIGN section 6.2)."""
    if isinstance(error, TooEarly):
        # The first request with this key is still running: what comes of it is not known yet.
        return Outcome("unknown", reason_of(error), request_id=error.request_id)
    if isinstance(error, _BARRING):
        # 401, 403, 429 and a connection that never came about are refusals before any effect.
        return Outcome("pending", reason_of(error), request_id=error.request_id, barred=error)
    if isinstance(error, Refused | Conflict | RecordNotFound):
        return Outcome("rejected", reason_of(error), request_id=error.request_id)
    return Outcome("unknown", reason_of(error), request_id=error.request_id)


def stops_the_system(error: VendorError) -> bool:
    """Whether nothing else could be asked of the same system either; else the error is of what was asked alone."""
    return isinstance(error, _STOPPING)


def reason_of(error: VendorError) -> str:
    """Returns the vendor's reason in one line with its field messages; the error has masked IBANs already."""
    return " ".join(str(error).split())[:_LONGEST_REASON]
