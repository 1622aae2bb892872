"""The small service: answers EvolutionX's live balance call from the published snapshot.

In: HTTP requests, the newest snapshot, the settings `SERVICE__…`. Out: the answers of contract evolutionx,
sections 2.2 and 2.4. What does not belong here: computing a balance (dbt does) or reading the work file.
"""

from __future__ import annotations

import base64
import hmac
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reverse_etl.live_balance import BalanceBook, load
from tieout import publish
from tieout.errors import SettingsError
from tieout.settings import SANDBOX, Paths, Settings

BALANCE_PATH = "/evolutionx/ar-customer-balance"
LARGEST_BODY = 64 * 1024
"""Bytes. A balance request is below one kilobyte."""

SANDBOX_TOKEN = "sandbox-store-token"  # noqa: S105 - the sandbox's invented store, nobody's secret


@dataclass(frozen=True)
class ServiceConfig:
    """Who may ask, in which currency, and how old an answer may be."""

    paths: Paths
    bearer_tokens: tuple[str, ...]
    basic_credentials: tuple[str, ...]
    currency_code: str
    max_staleness_seconds: int

    @classmethod
    def of(cls, settings: Settings) -> ServiceConfig:
        """Reads the service's settings.

        Raises:
            SettingsError: no credential is configured; an open balance service is never started.
        """
        tokens = settings.strings("service.bearer_tokens")
        credentials = settings.strings("service.basic_credentials")
        if not tokens and not credentials and settings.profile == SANDBOX:
            tokens = (SANDBOX_TOKEN,)
        if not tokens and not credentials:
            raise SettingsError(
                'missing setting SERVICE__BEARER_TOKENS (a JSON list: ["token"]) or SERVICE__BASIC_CREDENTIALS '
                '(["user:password"]): the service answers nobody without one'
            )
        if any(":" not in pair for pair in credentials):
            raise SettingsError('SERVICE__BASIC_CREDENTIALS must be a JSON list of "user:password"')
        return cls(
            paths=settings.paths,
            bearer_tokens=tokens,
            basic_credentials=credentials,
            currency_code=settings.currency("service.currency", settings.order_currency),
            max_staleness_seconds=settings.integer("service.max_staleness", 26 * 3600),
        )


class SnapshotBook:
    """The balances of the newest snapshot; a new one is taken up when the warehouse's name is switched."""

    def __init__(self, config: ServiceConfig) -> None:
        self._config = config
        self._guard = threading.Lock()
        self._path: Path | None = None
        self._book: BalanceBook | None = None

    def newest(self) -> tuple[BalanceBook, publish.Published] | None:
        """Returns the balances and the snapshot they come from, or None when nothing can be served."""
        published = publish.current(self._config.paths)
        if published is None:
            return None
        with self._guard:
            if self._path != published.path or self._book is None:
                try:
                    self._book = load(published.path, self._config.currency_code)
                except duckdb.Error:
                    return None
                self._path = published.path
            return self._book, published


def create_app(config: ServiceConfig, *, now: Callable[[], datetime]) -> Starlette:
    """Returns the service as an ASGI application.

    Args:
        config: credentials, currency and staleness.
        now: the present instant, UTC; staleness is measured against it.
    """
    book = SnapshotBook(config)

    async def balance(request: Request) -> Response:
        if request.method != "POST":
            return _error(405, "method_not_allowed", "use POST", {"Allow": "POST"})
        if not _is_known(request.headers.get("authorization"), config):
            return _error(401, "unauthorized", "missing or wrong credential", {"WWW-Authenticate": "Bearer"})
        if not request.headers.get("content-type", "").lower().startswith("application/json"):
            return _error(415, "unsupported_media_type", "send application/json")
        code = _customer_code(await _body(request))
        if code is None:
            return _error(400, "invalid_request", "the body must be a JSON object with a customer_code")
        found = await run_in_threadpool(book.newest)
        if found is None:
            return _error(503, "unavailable", "no balances have been published yet")
        balances, published = found
        headers = {
            "X-Tieout-As-Of": published.as_of,
            "X-Tieout-Snapshot": str(published.number),
            "X-Tieout-Verified-At": published.verified_at.isoformat(),
        }
        if (now() - published.verified_at).total_seconds() > config.max_staleness_seconds:
            return _error(503, "stale", "the balances are older than this store accepts", headers)
        answer = balances.answer(code)
        if answer is None:
            return _error(404, "customer_not_found", "unknown customer_code", headers)
        return Response(answer, media_type="application/json", headers=headers)

    async def health(_: Request) -> Response:
        found = await run_in_threadpool(book.newest)
        snapshot = found[1].number if found else None
        return Response(msgspec.json.encode({"status": "ok", "snapshot": snapshot}), media_type="application/json")

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    routes = [
        # With and without a slash at the end: a redirect would lose the credential at some callers.
        *(Route(path, balance, methods=methods) for path in (BALANCE_PATH, f"{BALANCE_PATH}/")),
        Route("/health", health),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _of_the_framework, Exception: _unforeseen})


async def _of_the_framework(_: Request, problem: Exception) -> Response:
    """A path or method nobody answers, in the form of every other error."""
    status, headers = getattr(problem, "status_code", 500), getattr(problem, "headers", None)
    code, message = {
        404: ("not_found", f"there is POST {BALANCE_PATH} and GET /health"),
        405: ("method_not_allowed", f"use {(headers or {}).get('Allow', 'POST')}"),
    }.get(status, ("invalid_request", "the request cannot be answered"))
    return _error(status, code, message, dict(headers or {}))


async def _unforeseen(_: Request, __: Exception) -> Response:
    return _error(500, "internal_error", "the service failed; its log says why")


def listening(host: str, port: int) -> socket.socket:
    """Returns a socket that listens there; before the service starts, so that a port in use is one clear line.

    Raises:
        SettingsError: the address is none of this machine's, or another program has the port.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as problem:
        number = problem.errno or 0  # below zero where the name was not found
        why = os.strerror(number) if number > 0 else problem.strerror
        raise SettingsError(f"cannot listen on {host}:{port}: {why}; --host and --port say where") from None


async def _body(request: Request) -> bytes:
    """The body, or nothing when it is larger than any balance request can be."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST_BODY:
            return b""
    return bytes(received)


def _customer_code(body: bytes) -> str | None:
    """The trimmed code; ids may come as numbers (section 2.1), unknown members are ignored."""
    try:
        asked: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    code = asked.get("customer_code") if isinstance(asked, dict) else None
    if isinstance(code, bool) or not isinstance(code, str | int):
        return None
    return str(code).strip() or None


def _is_known(header: str | None, config: ServiceConfig) -> bool:
    scheme, _, credential = (header or "").partition(" ")
    credential = credential.strip()
    if scheme.lower() == "bearer":
        return _is_one_of(credential, config.bearer_tokens)
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credential, validate=True).decode()
        except ValueError:  # not base64, not ASCII, or no text inside
            return False
        return _is_one_of(pair, config.basic_credentials)
    return False


def _is_one_of(given: str, known: Sequence[str]) -> bool:
    # Every known value is compared, each in constant time, so that timing tells nothing about any of them.
    matches = [hmac.compare_digest(given.encode(), value.encode()) for value in known]
    return any(matches)


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = msgspec.json.encode({"error": {"code": code, "message": message}})
    return Response(body, status_code=status, media_type="application/json", headers=headers)
