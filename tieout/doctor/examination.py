"""One vendor's examination: which endpoints answered, what its headers say, what its records answer.

In: reads, one by one. Out: `Examination`, plain data that the report and the JSON document are made from.
A vendor that cannot be reached or refuses the credentials is not asked on.
What does not belong here: which endpoints there are (`atlas_etrm.py`, `atlas_accounting.py`, `atlar.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar

import httpx

from pipelines.transport import errors
from pipelines.transport.session import Clockwork

Found = TypeVar("Found")
Outcome = Literal["answers", "no permission", "not there", "fails", "not asked"]

_RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "ratelimit-limit")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint and how it answered."""

    name: str
    request: str
    """Method and path."""
    outcome: Outcome
    is_needed: bool
    """Whether Tieout, as it is set, cannot do without it."""
    status: int | None = None
    records: int | None = None
    milliseconds: int | None = None
    note: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done about it."""
        return self.outcome in ("answers", "not asked") or (
            not self.is_needed and self.outcome in ("no permission", "not there")
        )


@dataclass(frozen=True)
class Finding:
    """What this deployment answers to one open assumption of a contract."""

    question: str
    answer: str
    evidence: dict[str, Any] = field(default_factory=dict)
    setting: str | None = None
    """The setting that this answer should decide, and its value now."""
    configured: str | None = None
    agrees: bool | None = None
    """Whether the answer and our side agree; None where that cannot be told."""


@dataclass
class Examination:
    """What was found at one vendor."""

    system: str
    base_url: str
    endpoints: list[Endpoint] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reachable: bool = False
    credentials: Literal["accepted", "refused", "unknown"] = "unknown"
    clock_skew_seconds: int | None = None
    """Vendor's clock minus ours, by the Date header; its grain is a second."""
    rate_headers: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    problem: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether the vendor answers everything Tieout needs."""
        return self.problem is None and self.reachable and all(each.is_well for each in self.endpoints)


class Wire(httpx.BaseTransport):
    """The connection, which remembers what the last answer's header said."""

    def __init__(self, inner: httpx.BaseTransport | None = None) -> None:
        self._inner = inner or httpx.HTTPTransport()
        self.status: int | None = None
        self.headers = httpx.Headers()
        self.label = ""
        self.skew: int | None = None
        self.milliseconds = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request and notes the answer's status, headers and time."""
        asked, began = time.time(), time.perf_counter()
        self.status = None
        self.label = f"{request.method} {request.url.path}"
        response = self._inner.handle_request(request)
        self.milliseconds = round((time.perf_counter() - began) * 1000)
        self.status, self.headers = response.status_code, response.headers
        self._note_date(asked, time.time())
        return response

    def close(self) -> None:
        """Closes the connections."""
        self._inner.close()

    def _note_date(self, asked: float, answered: float) -> None:
        try:
            told = parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except ValueError:
            return
        # The header is cut to the second: whatever lies between the two moments is no difference.
        self.skew = round(told - answered) if told > answered else min(0, round(told + 1 - asked))


class Examiner:
    """Asks one vendor, one read after the other, and notes how each went."""

    def __init__(self, system: str, base_url: str, wire: Wire | None = None) -> None:
        url = httpx.URL(base_url)
        self.found = Examination(system, str(url.copy_with(userinfo=b"")))
        self.wire = wire or Wire()
        self._stopped = False

    def clockwork(self) -> Clockwork:
        """What the vendor's client must run on, for its answers to be noted."""
        return Clockwork(transport=self.wire)

    def ask(
        self, name: str, read: Callable[[], Found], *, needed: bool = True, path: str = "", note: str = ""
    ) -> Found | None:
        """Reads once; a failure is an outcome, not an error.

        Args:
            name: What people call it.
            read: The read.
            needed: Whether Tieout, as it is set, cannot do without it.
            path: Shown where nothing was sent.
            note: Said beside the outcome when it does not answer.

        Returns:
            What was read, or None.

        Raises:
            SettingRefused: what we were told to use is ambiguous; the message names the setting.
        """
        if self._stopped:
            self.skip(name, path, "")
            return None
        try:
            found = read()
        except errors.SettingRefused:
            raise
        except errors.VendorError as error:
            self._failed(name, error, needed=needed, note=note)
            return None
        self.found.reachable, self.found.credentials = True, "accepted"
        self._note(name, "answers", needed=needed, records=len(found) if isinstance(found, list) else None)
        return found

    def skip(self, name: str, path: str, why: str) -> None:
        """Notes an endpoint that was not asked."""
        self.found.endpoints.append(Endpoint(name, path, "not asked", is_needed=False, note=why))

    def tell(self, finding: Finding) -> None:
        """Notes an answer to an open assumption."""
        self.found.findings.append(finding)

    def _failed(self, name: str, error: errors.VendorError, *, needed: bool, note: str) -> None:
        outcome: Outcome = "fails"
        if isinstance(error, errors.PermissionRefused):
            outcome = "no permission"
        elif isinstance(error, errors.RecordNotFound):
            outcome = "not there"
        self.found.reachable = self.found.reachable or error.status is not None
        if isinstance(error, errors.CredentialsRefused):
            self.found.credentials = "refused"
            self._stopped = True
        elif isinstance(error, errors.Unreachable):
            self._stopped = True
        if self._stopped:
            self.found.problem = str(error)
        told = str(error) if outcome == "fails" else note
        self._note(name, outcome, needed=needed, note=told, status=error.status)

    def _note(
        self,
        name: str,
        outcome: Outcome,
        *,
        needed: bool,
        records: int | None = None,
        note: str = "",
        status: Any = None,
    ) -> None:
        wire = self.wire
        told = status if status is not None else wire.status
        label, spent = wire.label, wire.milliseconds
        self.found.endpoints.append(Endpoint(name, label, outcome, needed, told, records, spent, note))
        if wire.skew is not None:
            self.found.clock_skew_seconds = wire.skew
        self.found.rate_headers |= {key: wire.headers[key] for key in _RATE_HEADERS if key in wire.headers}
