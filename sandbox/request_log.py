"""What clients asked of a simulated vendor, for tests and for the curious.

In: requests as they arrive. Out: `RequestLog`, shown by `GET /_sim/requests`. What does not belong here: the
answers' bodies; what a request changed is in the vendor's records.

Credentials never enter the log; of an IBAN, the country and the last four digits do. The hash is of the body
as sent.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from starlette.types import Scope

LOGGED_REQUESTS = 100_000
LOGGED_BODY_BYTES = 262_144

_SECRET = re.compile(rb'("(?:password|secret|client_secret|access_token|refresh_token|token)"\s*:\s*")[^"]*(")')
_FORM_SECRET = re.compile(rb"((?:client_secret|password)=)[^&]*()")
_IBAN = re.compile(rb"\b([A-Z]{2})\d{2}[A-Z0-9]{7,26}(\d{4})\b")


@dataclass
class LoggedRequest:
    """One request as a client made it.

    Attributes:
        number: Counts from 1 and goes on after the log was emptied.
        time: Sandbox time of its arrival.
        path: Path without the query, which is in `query`.
        status: HTTP status answered; None when the connection was closed without an answer.
        body: The body as text, secrets and IBANs masked; None when it is empty, longer than 256 KiB or not
            UTF-8.
        body_sha256: Of the body as sent.
        fault: Kind of the fault that met it, if any.
    """

    number: int
    time: datetime
    method: str
    path: str
    query: str
    status: int | None = None
    body: str | None = None
    body_sha256: str | None = None
    idempotency_key: str | None = None
    if_match: str | None = None
    fault: str | None = None


class RequestLog:
    """The newest requests to one vendor.

    Args:
        now: Gives the time of a request.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._requests: deque[LoggedRequest] = deque(maxlen=LOGGED_REQUESTS)
        self._count = 0

    def open(self, scope: Scope, body: bytes) -> LoggedRequest:
        """Notes a request on arrival; its status is filled in when it is answered."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self._count += 1
        entry = LoggedRequest(
            number=self._count,
            time=self._now(),
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            body=_masked(body),
            body_sha256=hashlib.sha256(body).hexdigest() if body else None,
            idempotency_key=headers.get("idempotency-key"),
            if_match=headers.get("if-match"),
        )
        self._requests.append(entry)
        return entry

    def since(self, number: int = 0) -> list[dict[str, Any]]:
        """Requests after a number, oldest first."""
        return [asdict(entry) for entry in self._requests if entry.number > number]

    def clear(self) -> None:
        """Forgets all requests; numbers go on."""
        self._requests.clear()


def _masked(body: bytes) -> str | None:
    if not body or len(body) > LOGGED_BODY_BYTES:
        return None
    for secret in (_SECRET, _FORM_SECRET):
        body = secret.sub(rb"\1***\2", body)
    try:
        return _IBAN.sub(rb"\1..\2", body).decode()
    except UnicodeDecodeError:
        return None
