"""The small service: answers EvolutionX's live balance call from the published snapshot.

In: HTTP requests, the newest snapshot, the settings `SERVICE__…`. Out: the answers of contract evolutionx,
sections 2.2 and 2.4. What does not belong here: computing a balance (dbt does) or reading the work file.
"""

from __future__ import annotations

import base64
import binascii
import hmac
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
            currency_code=settings.value("service.currency", settings.order_currency) or "EUR",
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
    return Starlette(routes=[Route(BALANCE_PATH, balance, methods=methods), Route("/health", health)])


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
        except (binascii.Error, UnicodeDecodeError):
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
