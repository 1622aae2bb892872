"""One vendor's HTTP session: paced, patient with reads, careful with writes.

In: requests, each declared `read` or `write` (ATLAS ETRM reads by POST, so the method does not tell).
Out: an `Answer` of status 2xx, or an error of `errors.py`.

Reads are repeated, with bounds, after 429, 5xx, and lost connections. A write is sent again only where the vendor
certainly did nothing: no connection, 401 (after renewing the token), 425 and 429. A write that was sent and not
answered, or answered 5xx, raises `OutcomeUnknown`. Redirects are never followed: they could carry a credential
to another host.
What does not belong here: what an answer says (`answer.py`), paths, envelopes and paging (each system's `client.py`).
"""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

from pipelines.transport import errors
from pipelines.transport.answer import LONGEST_KEPT, Answer
from pipelines.transport.auth import Auth
from pipelines.transport.pacing import Limit, Pacer, Unlimited, retry_after

Kind = Literal["read", "write"]

_Told = TypeVar("_Told")

_KEEP_ALIVE_SECONDS = 4.0
"""Shorter than any server's own (uvicorn: 5 s): a write on a connection the server just closed has no known outcome."""

_LARGE = 1_000_000

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Patience:
    """How long a session bears with a vendor. Times in seconds."""

    attempts: int = 5
    refusals: int = 120
    """429s in a row, apart from other failures: they cost nothing but time, and a storm outlasts five of them."""
    first_wait: float = 0.5
    longest_wait: float = 30.0
    least_wait_after_429: float = 0.0
    wait_after_429: float = 60.0
    """Where a 429 does not say how long; doubled with each that follows on it, up to `longest_wait_after_429`."""
    longest_wait_after_429: float = 60.0
    """Of those that double."""
    timeout: float = 60.0
    connect_timeout: float = 10.0


@dataclass(frozen=True)
class Clockwork:
    """The times and the wire a session runs on; tests pass their own."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    time: Callable[[], float] = time.time
    transport: httpx.BaseTransport | None = None


class Session:
    """Requests to one vendor. Thread-safe: no two requests under way share an HTTP client (STACK.md: far quicker)."""

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        limit: Limit | None = None,
        patience: Patience | None = None,
        clockwork: Clockwork | None = None,
    ) -> None:
        """Args: system names the vendor in errors; base_url as the contract says, without a trailing slash."""
        self.system = system
        self.requests = 0
        self.clockwork = clockwork or Clockwork()
        self.auth: Auth | None = None
        self.secrets: tuple[str, ...] = ()
        self._spoken: deque[str] = deque(maxlen=4)
        self._base_url = base_url.rstrip("/")
        self._patience = patience or Patience()
        self._pacer = Pacer(limit or Unlimited(), sleep=self.clockwork.sleep, monotonic=self.clockwork.monotonic)
        self._lock = threading.Lock()
        self._idle: list[httpx.Client] = []
        self._refused_in_a_row = 0

    def send(
        self,
        kind: Kind,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        authorization: str | None = None,
    ) -> Answer:
        """Sends one request and returns its 2xx answer.

        Args:
            kind: `read` may be repeated after a failure; `write` only where it certainly had no effect.
            method: HTTP method.
            path: Path under the base URL, beginning with a slash.
            params: Query; None values are left out.
            body: The body's bytes.
            content_type: Of the body.
            headers: Further headers.
            authorization: Instead of the session's own (token calls).

        Raises:
            VendorError: one of `errors.py`; `OutcomeUnknown` only for writes.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = content_type
        query = {name: value for name, value in (params or {}).items() if value is not None}
        attempt = _Attempt(kind == "write", method, self._base_url + path, query, body, sent, authorization)
        endurance = _Endurance(self._patience)
        retrying = Retrying(
            stop=endurance.is_over,
            wait=endurance.wait,
            retry=retry_if_exception(lambda error: _may_go_again(error, kind)),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._authorized, attempt)
        except _NoTokenError as none:
            raise none.reason from none

    def close(self) -> None:
        """Closes the connections; the session may be used again."""
        with self._lock:
            clients, self._idle = self._idle, []
        for client in clients:
            client.close()

    def blotted(self, text: str) -> str:
        """A text of the vendor's without our secrets and the tokens last used, should it repeat them."""
        return errors.without_secrets(text, (*self.secrets, *self._spoken))

    def _authorized(self, attempt: _Attempt) -> Answer:
        if attempt.authorization is not None or self.auth is None:
            self._pacer.acquire()
            return self._once(attempt, attempt.authorization)
        authorization = self._let_through(self.auth)
        try:
            answer = self._once(attempt, authorization)
        except errors.CredentialsRefused:
            if not _token(functools.partial(self.auth.renew, authorization)):
                raise
            authorization = self._let_through(self.auth)
            answer = self._once(attempt, authorization)
        self.auth.accepted(authorization)
        return answer

    def _let_through(self, auth: Auth) -> str:
        """The header of a request that may go now: a token of minutes may end while the pace holds the request back."""
        authorization = _token(auth.header)
        while True:
            self._pacer.acquire()
            present = _token(auth.header)
            if present == authorization:
                return authorization
            authorization = present  # it took requests of its own: whether this one may go has to be asked again

    def _once(self, attempt: _Attempt, authorization: str | None) -> Answer:
        headers = dict(attempt.headers)
        if authorization is not None:
            headers["Authorization"] = authorization
            if (spoken := authorization.partition(" ")[2]) not in self._spoken:
                self._spoken.append(spoken)
        client = self._borrow()
        try:
            request = client.build_request(
                attempt.method, attempt.url, params=attempt.params, content=attempt.body, headers=headers
            )
            response = client.send(request, stream=True)
            body = _received(response)
        except _NEVER_SENT as error:
            raise errors.Unreachable(self.system, f"no connection to {self._base_url}: {_reason(error)}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            lost = errors.OutcomeUnknown if attempt.is_write else errors.VendorFault
            raise lost(self.system, f"no answer to {attempt.label}: {_reason(error)}") from error
        finally:
            with self._lock:
                self._idle.append(client)
        self._pacer.observe(response.headers)
        return self._checked(attempt, response, body, authorization)

    def _checked(
        self, attempt: _Attempt, response: httpx.Response, body: bytes | bytearray, authorization: str | None
    ) -> Answer:
        request_id = response.headers.get("request-id") or response.headers.get("x-request-id")
        if response.is_success:
            is_token = attempt.authorization is not None
            self._refused_in_a_row = 0
            return Answer(response.status_code, body, request_id, is_confidential=is_token)
        error = errors.error_for(
            self.system,
            response.status_code,
            bytes(body[:LONGEST_KEPT]),
            request_id=request_id,
            is_write=attempt.is_write,
            secrets=(*self.secrets, (authorization or "").partition(" ")[2]),
        )
        error.add_note(attempt.label)
        error.retry_after = retry_after(response.headers)
        if isinstance(error, errors.RateLimited) and not isinstance(error, errors.TooEarly):
            wait = self._growing_wait() if error.retry_after is None else error.retry_after
            error.retry_after = max(wait, self._patience.least_wait_after_429)
            self._pacer.hold(error.retry_after)
        raise error

    def _growing_wait(self) -> float:
        with self._lock:
            doubled = self._patience.wait_after_429 * 2.0**self._refused_in_a_row
            self._refused_in_a_row = min(self._refused_in_a_row + 1, 30)
        return min(doubled, self._patience.longest_wait_after_429)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.clockwork.sleep(seconds)

    def _borrow(self) -> httpx.Client:
        with self._lock:
            self.requests += 1
            if self._idle:
                return self._idle.pop()
        return httpx.Client(
            transport=self.clockwork.transport,
            verify=_trusted(),
            timeout=httpx.Timeout(self._patience.timeout, connect=self._patience.connect_timeout),
            limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS),
            follow_redirects=False,
        )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The trusted certificates, read once: reading them takes longer than a request."""
    return httpx.create_ssl_context()


@dataclass(frozen=True)
class _Attempt:
    is_write: bool
    method: str
    url: str
    params: Mapping[str, Any]
    body: bytes | None
    headers: Mapping[str, str]
    authorization: str | None

    @property
    def label(self) -> str:
        return f"{self.method} {httpx.URL(self.url).path}"


class _NoTokenError(Exception):
    """A token call failed for good: it has been repeated as often as it may, and the request that needs it has not."""

    def __init__(self, reason: errors.VendorError) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _token(ask: Callable[[], _Told]) -> _Told:
    try:
        return ask()
    except errors.VendorError as error:
        raise _NoTokenError(error) from error


class _Endurance:
    """How much of the patience one request has used up: refusals for its pace and failures are counted apart."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._refused = 0
        self._failed = 0

    def is_over(self, state: RetryCallState) -> bool:
        """Whether the attempt that just ended was the last; called once after each."""
        if _is_refused_for_pace(_error_of(state)):
            self._refused += 1
            return self._refused >= self._patience.refusals
        self._failed += 1
        return self._failed >= self._patience.attempts

    def wait(self, state: RetryCallState) -> float:
        """Seconds to the next attempt; tenacity asks for it before `is_over`, so failures do not count this one."""
        error = _error_of(state)
        if _is_refused_for_pace(error):
            return 0.0  # it already holds the pacer for everybody, this thread included: twice would double it
        if isinstance(error, errors.VendorError) and error.retry_after is not None:
            return error.retry_after
        return float(min(self._patience.longest_wait, self._patience.first_wait * 2**self._failed))


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _is_refused_for_pace(error: BaseException | None) -> bool:
    return isinstance(error, errors.RateLimited) and error.status == 429


def _may_go_again(error: BaseException, kind: Kind) -> bool:
    if not isinstance(error, errors.VendorError):
        return False
    return error.may_write_again or (kind == "read" and isinstance(error, errors.VendorFault))


def _received(response: httpx.Response) -> bytes | bytearray:
    """The body; httpx itself would hold a large one twice, as its parts and joined."""
    body = bytearray()
    try:
        for part in response.iter_bytes():
            body += part
    finally:
        response.close()
    return bytes(body) if len(body) < _LARGE else body


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
