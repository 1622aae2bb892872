"""Every call of Atlar that Tieout makes (contracts/atlar.md, sections 2 to 11).

In: ids, bodies, JSON Patch operations; money as `{"currency", "stringValue"}`. Out: records as bytes for landing,
dicts with exact numbers for look-ups, `Reply` for writes.
A list ends where `nextToken` is empty, never where a page is short (section 3.1). Each write carries the
idempotency key it is given, each change the version it presumes; a 425 or 429 is repeated with the same key.
What does not belong here: which records to write (`reverse_etl`), statement files (`statements.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from pipelines.atlar.routes import ROUTES
from pipelines.transport import errors, exact
from pipelines.transport.answer import Answer, decode, surprise
from pipelines.transport.auth import Auth, BasicAuth, Token, TokenAuth
from pipelines.transport.pacing import TokenBucket, Unlimited
from pipelines.transport.reply import Reply
from pipelines.transport.session import Clockwork, Patience, Session

SYSTEM = "atlar"

PAGE_SIZE = 500
_MOST_PAGES = 1_000_000
_PACE = 0.95
_TOKEN_LIFETIME = 300.0
_JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class AtlarConfig:
    """Settings `SOURCES__ATLAR__*` that concern the connection."""

    base_url: str
    access_key: str = field(repr=False)
    secret: str = field(repr=False)
    auth: Literal["oauth2", "basic"] = "oauth2"
    routes: Literal["versioned", "seed"] = "versioned"
    requests_per_second: float = 5
    """No limit is documented (contract section 3.7); 0 is no pacing."""
    overlap_days: int = 60
    """How far back transactions are read again: their reconciliation moves, and some are deleted."""
    statement_format: str | None = "CAMT_053"
    """The literal of Atlar's own camt.053 (assumption A17); None asks for the bank's raw file."""
    route_overrides: Mapping[str, str] = field(default_factory=dict)


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]
    nextToken: str | None = ""  # noqa: N815  (the vendor's spelling)


class AtlarClient:
    """Atlar over HTTP. Thread-safe."""

    def __init__(self, config: AtlarConfig, clockwork: Clockwork | None = None) -> None:
        """Args: config from the settings; clockwork for tests."""
        if config.routes not in ROUTES:
            raise errors.SettingRefused(
                SYSTEM, f"SOURCES__ATLAR__ROUTES is neither versioned nor seed: {config.routes}"
            )
        if config.auth not in ("oauth2", "basic"):
            raise errors.SettingRefused(SYSTEM, f"SOURCES__ATLAR__AUTH is neither oauth2 nor basic: {config.auth}")
        self.config = config
        self._routes = {**ROUTES[config.routes], **config.route_overrides}
        rate = config.requests_per_second * _PACE
        limit = TokenBucket(rate, rate) if rate else Unlimited()
        # Contract section 3.7: a 429 without Retry-After means growing pauses: 2, 4, 8 … 30 seconds.
        patience = Patience(wait_after_429=2.0, longest_wait_after_429=30.0, attempts=6)
        self.session = Session(SYSTEM, config.base_url, limit=limit, patience=patience, clockwork=clockwork)
        self.session.secrets = (config.access_key, config.secret)
        basic = BasicAuth(config.access_key, config.secret)
        auth: Auth = basic
        if config.auth == "oauth2":
            auth = TokenAuth(self._fetch_token, monotonic=self.session.clockwork.monotonic)
        self.session.auth = auth

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self.session.requests

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    # Reads for landing.

    def records(self, resource: str, *, params: Mapping[str, Any] | None = None, **ids: str) -> list[msgspec.Raw]:
        """Every record of a list, by the name of its route (`routes.py`) and the ids in it."""
        return [record for page in self.pages(resource, params=params, **ids) for record in page]

    def pages(
        self, resource: str, *, params: Mapping[str, Any] | None = None, **ids: str
    ) -> Iterator[list[msgspec.Raw]]:
        """A list page by page, to the empty `nextToken`; filters stay the same throughout.

        Raises:
            UnexpectedAnswer: the vendor hands out a token it gave before (the list would never end).
        """
        path = self._path(resource, **ids)
        token: str | None = None
        given: set[str] = set()
        for _ in range(_MOST_PAGES):
            query = {**(params or {}), "limit": PAGE_SIZE, "token": token}
            answer = self.session.send("read", "GET", path, params=query)
            page: _Page = decode(SYSTEM, answer, _Page, is_write=False)
            yield page.items
            if not page.nextToken:
                return
            if page.nextToken in given:
                break
            token = page.nextToken
            given.add(token)
        raise errors.UnexpectedAnswer(SYSTEM, f"{path} never comes to an end")

    def has_route(self, resource: str) -> bool:
        """Whether the routes in use know a resource."""
        return resource in self._routes

    def transactions(self, since: date | None, account_ids: Sequence[str]) -> list[msgspec.Raw]:
        """Booked transactions dated on or after a day; all of them where it is None.

        Args:
            since: First booking date.
            account_ids: Used by the seed's routes, which list transactions per account.
        """
        params = {"date[gte]": since.isoformat()} if since is not None else {}
        if not self.has_route("account_transactions"):
            return self.records("transactions", params=params)
        return [
            record
            for account_id in account_ids
            for record in self.records("account_transactions", params=params, id=account_id)
        ]

    def report_content(self, connection_id: str, report_id: str) -> bytes:
        """A whole report as a file: camt.053 with a `Stmt` per statement, or the bank's raw file."""
        return self._content("report_content", id=connection_id, report_id=report_id)

    def bank_statement_content(self, connection_id: str, report_id: str, statement_id: str) -> bytes:
        """One statement as a file."""
        return self._content("bank_statement_content", id=connection_id, report_id=report_id, statement_id=statement_id)

    # Look-ups: dicts with exact numbers.

    def one(self, resource: str, record_id: str) -> dict[str, Any]:
        """One record by id. RecordNotFound where there is none."""
        answer = self.session.send("read", "GET", f"{self._path(resource)}/{quote(record_id, safe=':')}")
        record: dict[str, Any] = exact.loads(decode(SYSTEM, answer, msgspec.Raw, is_write=False))
        return record

    def by_external_id(self, resource: str, external_id: str) -> dict[str, Any] | None:
        """One record by our own id for it; None where there is none (contract section 3.2)."""
        try:
            return self.one(resource, f"external:{external_id}")
        except errors.RecordNotFound:
            return None

    def listed(self, resource: str, **params: str) -> list[dict[str, Any]]:
        """A whole list as dicts."""
        return [exact.loads(record) for record in self.records(resource, params=params)]

    # Writes.

    def create(self, resource: str, body: Mapping[str, Any], idempotency_key: str) -> Reply:
        """POST of one record; the key makes a repetition within 24 h harmless (contract section 3.5)."""
        return self._write("POST", self._path(resource), exact.dumps(body), {"Idempotency-Key": idempotency_key})

    def patch(
        self, resource: str, record_id: str, ops: Sequence[Mapping[str, Any]], if_match: str, idempotency_key: str
    ) -> Reply:
        """JSON Patch of one record, refused (Conflict) unless it is still of the version `if_match`."""
        return self._write(
            "PATCH",
            f"{self._path(resource)}/{quote(record_id, safe=':')}",
            exact.dumps(list(ops)),
            {"Idempotency-Key": idempotency_key, "If-Match": if_match},
            content_type=_JSON_PATCH,
        )

    def _path(self, resource: str, **ids: str) -> str:
        return self._routes[resource].format(**{name: quote(value, safe="") for name, value in ids.items()})

    def _content(self, resource: str, **ids: str) -> bytes:
        # The end-to-end id then carries the payment's externalId, by which an ERP finds it (contract section 7).
        params = {"format": self.config.statement_format, "externalIdAsEndToEndId": "true"}
        headers = {"Accept": "application/xml, text/plain, application/octet-stream"}
        path = self._path(resource, **ids)
        try:
            answer = self.session.send("read", "GET", path, params=params, headers=headers)
        except errors.Refused:
            if params["format"] is None:
                raise
            # How the format is called is an assumption (A17); without one comes the bank's own file, which reads too.
            answer = self.session.send("read", "GET", path, params={**params, "format": None}, headers=headers)
        if bytes(answer.body[:1024]).lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
            raise surprise(SYSTEM, answer, "HTML instead of a statement file", is_write=False)
        return bytes(answer.body)

    def _write(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        content_type: str = "application/json",
    ) -> Reply:
        answer = self.session.send("write", method, path, body=body, headers=headers, content_type=content_type)
        if not answer.body.strip():
            return Reply([], answer.request_id, answer.status)
        record: msgspec.Raw = decode(SYSTEM, answer, msgspec.Raw, is_write=True)
        decode(SYSTEM, answer, dict[str, msgspec.Raw], is_write=True)
        return Reply([record], answer.request_id, answer.status)

    def _fetch_token(self) -> Token:
        try:
            answer = self._ask_token("token")
        except errors.RecordNotFound:
            answer = self._ask_token("token_of_before")  # contract section 2: the older name is still seen
        told = decode(SYSTEM, answer, dict[str, Any], is_write=False)
        value = told.get("access_token")
        if not isinstance(value, str):
            raise errors.UnexpectedAnswer(SYSTEM, "the token call answered without a token", status=answer.status)
        return Token.told(value, told.get("expires_in"), _TOKEN_LIFETIME)

    def _ask_token(self, route: str) -> Answer:
        pair = base64.b64encode(f"{self.config.access_key}:{self.config.secret}".encode()).decode()
        return self.session.send(
            "read",
            "POST",
            self._path(route),
            body=b"grant_type=client_credentials",
            content_type="application/x-www-form-urlencoded",
            authorization=f"Basic {pair}",
        )
