# ruff: noqa: N818  (the names say what happened; they are this project's vocabulary, see the tree below)
"""What can go wrong between us and a vendor, as a tree that callers can act on.

    VendorError
    ├── SettingRefused        what we were told to use is missing or ambiguous (exit 2)
    │   └── CompanyNotChosen  several companies, none chosen
    ├── CredentialsRefused    401, also after one renewal
    ├── PermissionRefused     403
    ├── RecordNotFound        404, 410
    ├── Conflict              409, 412
    ├── Refused               400, 405, 422 and `success: false`: the vendor read it and said no
    ├── RateLimited           429 beyond our patience
    │   └── TooEarly          425: the same idempotency key is still in flight
    ├── VendorFault           a read that kept failing (5xx, no answer in time)
    ├── Unreachable           no connection: certainly not sent
    ├── OutcomeUnknown        a write that may or may not have happened: look it up, never resend it blindly
    └── UnexpectedAnswer      HTML, a wrong envelope, a count that does not match, a redirect

In: status codes and bodies. Out: exceptions whose text is safe to show: no token, no full IBAN.
What does not belong here: deciding whether to try again (`session.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from pipelines.transport.ibans import mask_ibans

_LONGEST_MESSAGE = 500
_SHORTEST_SECRET = 5
"""Blotting out less would eat ordinary words."""


class VendorError(Exception):
    """Anything a vendor, or the way to it, did to a request."""

    may_write_again: ClassVar[bool] = False
    """Whether the vendor certainly had no effect, so that the very same write may go again."""

    def __init__(
        self,
        system: str,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        details: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.system = system
        self.message = mask_ibans(message)[:_LONGEST_MESSAGE]
        self.status = status
        self.request_id = request_id
        self.details = tuple((mask_ibans(field), mask_ibans(text)) for field, text in details)
        self.retry_after: float | None = None
        self.body: bytes | None = None
        """The answer that was refused as a whole, for quarantine only: it is never shown or logged."""
        super().__init__(self.message)

    def __str__(self) -> str:
        parts = [f"{self.system}: {self.message}"]
        if self.details:
            parts.append("; ".join(f"{field}: {text}" if field else text for field, text in self.details))
        if self.status:
            parts.append(f"(HTTP {self.status}{f', request {self.request_id}' if self.request_id else ''})")
        return " ".join(parts)


class SettingRefused(VendorError):
    """A setting is missing or ambiguous; the message names it."""


class CompanyNotChosen(SettingRefused):
    """The Atlas Accounting user sees several companies and none was chosen; `companies` lists them."""

    def __init__(self, system: str, message: str, companies: Sequence[tuple[str, str]]) -> None:
        super().__init__(system, message, details=companies)
        self.companies = tuple(companies)


class CredentialsRefused(VendorError):
    """The vendor does not accept our credentials."""


class PermissionRefused(VendorError):
    """Our role lacks the right."""


class RecordNotFound(VendorError):
    """There is no such record or endpoint."""


class Conflict(VendorError):
    """The record is not in the state, or of the version, that the request presumed."""


class Refused(VendorError):
    """The vendor read the request and refused it."""

    @property
    def field_errors(self) -> tuple[tuple[str, str], ...]:
        """Pairs of field and message, as the vendor gave them."""
        return self.details


class RateLimited(VendorError):
    """Over the limit for longer than we are willing to wait. Refused before any effect."""

    may_write_again = True


class TooEarly(RateLimited):
    """425: a request with this idempotency key is still running."""


class VendorFault(VendorError):
    """A read that failed on the vendor's side every time we tried."""


class Unreachable(VendorError):
    """No connection was made, so nothing was sent."""

    may_write_again = True


class OutcomeUnknown(VendorError):
    """A write was sent and its effect is unknown."""


class UnexpectedAnswer(VendorError):
    """The answer is not what the contract says; nothing of it is used."""


_BY_STATUS: dict[int, type[VendorError]] = {
    400: Refused,
    401: CredentialsRefused,
    403: PermissionRefused,
    404: RecordNotFound,
    405: Refused,
    409: Conflict,
    410: RecordNotFound,
    412: Conflict,
    413: Refused,
    415: Refused,
    422: Refused,
    425: TooEarly,
    429: RateLimited,
}


def error_for(
    system: str,
    status: int,
    body: bytes,
    *,
    request_id: str | None,
    is_write: bool,
    secrets: Sequence[str] = (),
) -> VendorError:
    """The error that a failing answer stands for.

    Args:
        system: Who answered.
        status: HTTP status of 300 or above.
        body: The answer's body, in any of the three vendors' error shapes.
        request_id: What the vendor calls this exchange.
        is_write: A 5xx to a write leaves its outcome unknown.
        secrets: What must not be shown, should the vendor repeat it.
    """
    message, details = explain(body)
    message = without_secrets(message, secrets)
    details = [(without_secrets(field, secrets), without_secrets(text, secrets)) for field, text in details]
    kind = _BY_STATUS.get(status)
    if 300 <= status < 400:
        # 302 and 303 are what a server says after it has done something; 307 and 308 before.
        kind = OutcomeUnknown if is_write and status in (302, 303) else UnexpectedAnswer
        message = "answered with a redirect, which is never followed; check the base URL"
    elif kind is None:
        kind = (OutcomeUnknown if is_write else VendorFault) if status >= 500 else Refused
    return kind(system, message or f"answered {status}", status=status, request_id=request_id, details=details)


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """A text in which the secrets that a vendor repeats (a token, a password) are blotted out."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


def explain(body: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Message and (field, text) pairs of an error body, whichever of the vendors' shapes it has.

    Shapes (contracts atlas-etrm section 1, atlas-accounting section 4, atlar section 3.6): `message` or `detail`;
    `errors` or `details`, or a `detail` list, of `{field|loc, message|error|msg}`.
    """
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", []
    if not isinstance(answer, dict):
        return "", []
    details: list[tuple[str, str]] = []
    for member in ("errors", "details", "detail"):
        listed = answer.get(member)
        if isinstance(listed, list):
            details += [_detail(entry) for entry in listed]
    message = next((answer[m] for m in ("message", "detail", "error") if isinstance(answer.get(m), str)), "")
    return message, details


def _detail(entry: Any) -> tuple[str, str]:
    if not isinstance(entry, dict):
        return "", str(entry)
    field = entry.get("field") or entry.get("loc") or ""
    if isinstance(field, list):
        field = ".".join(str(part) for part in field)
    text = entry.get("message") or entry.get("error") or entry.get("msg") or entry.get("code") or "refused"
    return str(field), str(text)
