"""Atlas Accounting on HTTP: both dialects below `/api/v1`, tokens, limits, the vendor's error bodies.

In: an engine, a rate limiter and the sandbox's control side. Out: a Starlette app. What does not belong here: what a
route does (`routes.py`), who may call it (`access.py`), and any rule of accounting.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.atlas_accounting.access import Access, Session
from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError
from sandbox.atlas_accounting.routes import OPERATIONS, Call, Operation, require_offered
from sandbox.atlas_accounting.switches import Switches
from sandbox.control import Control
from sandbox.http import ExactJSON, parse_exact
from sandbox.limits import Limiter, TokenBucket, Verdict

BASE = "/api/v1"
"""The path the contract's base URL ends with (section 1)."""

_UNLIMITED = 1_000_000
"""What the headers show where there is no limit: a client that paces itself by them must not stand still."""


def create_app(
    engine: AtlasAccountingEngine,
    *,
    limiter: Limiter | None = None,
    control: Control | None = None,
    wall_clock: Callable[[], float] = time.time,
) -> Starlette:
    """The vendor as an ASGI app.

    Args:
        engine: The books.
        limiter: Requests per organization (contract section 3); None is unlimited.
        control: Log, faults and the routes below `/_sim`; None leaves them out.
        wall_clock: Real time for `X-RateLimit-Reset`: limits count real minutes, whatever the sandbox's date.
    """
    switches = Switches()
    access = Access(engine, switches)
    desk = _Desk(engine, access, switches)
    app = Starlette(
        routes=[*_sign_in(access), *(desk.route(operation) for operation in OPERATIONS)],
        exception_handlers={
            AtlasAccountingError: _refused,
            HTTPException: _not_routed,
            Exception: _failed,
        },
    )
    # A redirect to the other spelling would hide which dialect a client speaks.
    app.router.redirect_slashes = False
    organization_id = engine.registry.organization_id()
    app.add_middleware(
        _RateLimited,
        limiter=limiter or TokenBucket(0),
        client=organization_id,
        switches=switches,
        wall_clock=wall_clock,
    )
    if control is not None:
        control.install(app, limiter, switches)
    return app


class _Desk:
    """Takes a request through the checks every route shares."""

    def __init__(self, engine: AtlasAccountingEngine, access: Access, switches: Switches) -> None:
        self._engine = engine
        self._access = access
        self._switches = switches

    def route(self, operation: Operation) -> Route:
        """The route of an operation."""
        endpoint = partial(self._answer, operation)
        return Route(f"{BASE}{operation.path}", endpoint, methods=[operation.method])

    async def _answer(self, operation: Operation, request: Request) -> Response:
        require_offered(operation, self._switches)
        session = self._access.session(request.headers.get("authorization"))
        if operation.company:
            observed = operation.dialect == "observed"
            self._access.require_company(request.query_params.get("company_id"), required=observed)
        if operation.method != "GET" and operation.company:
            session.require_writing()
        content = operation.answer(await self._call(request, session))
        if operation.status == 204:
            return Response(status_code=204)
        return ExactJSON(content, status_code=operation.status)

    async def _call(self, request: Request, session: Session) -> Call:
        return Call(
            engine=self._engine,
            access=self._access,
            switches=self._switches,
            session=session,
            path=request.path_params,
            query=request.query_params,
            body=await _body(request),
        )


def _sign_in(access: Access) -> list[Route]:
    async def login(request: Request) -> Response:
        return ExactJSON(access.login(await _body(request)))

    async def refresh(request: Request) -> Response:
        return ExactJSON(access.refresh(await _body(request)))

    return [
        Route(f"{BASE}/auth/login", login, methods=["POST"]),
        Route(f"{BASE}/auth/refresh", refresh, methods=["POST"]),
    ]


async def _body(request: Request) -> Any:
    """The decoded body, None without one; numbers keep their digits."""
    raw = await request.body()
    if not raw:
        return None
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise AtlasAccountingError(400, "Content-Type must be application/json")
    try:
        return parse_exact(raw)
    except ValueError as error:
        raise AtlasAccountingError(400, "The body is not valid JSON") from error


class _RateLimited:
    """Counts every request and puts `X-RateLimit-*` on every answer; over the limit the answer is a 429."""

    def __init__(
        self, app: ASGIApp, *, limiter: Limiter, client: str, switches: Switches, wall_clock: Callable[[], float]
    ) -> None:
        self._app = app
        self._limiter = limiter
        self._client = client
        self._switches = switches
        self._wall_clock = wall_clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        verdict = self._limiter.take(self._client)
        send = _with_headers(send, self._headers(verdict))
        if verdict.allowed:
            await self._app(scope, receive, send)
            return
        error = AtlasAccountingError(429, "Too many requests")
        await ExactJSON(error.body(), status_code=429)(scope, receive, send)

    def _headers(self, verdict: Verdict) -> dict[str, str]:
        headers = {
            "X-RateLimit-Limit": str(verdict.limit or _UNLIMITED),
            "X-RateLimit-Remaining": str(verdict.remaining if verdict.limit else _UNLIMITED),
            # Rounded up: a client that waits until then must not come a moment too early.
            "X-RateLimit-Reset": str(int(self._wall_clock() + verdict.reset_seconds) + 1),
        }
        if not verdict.allowed and self._switches.retry_after:
            headers["Retry-After"] = str(verdict.retry_after)
        return headers


def _with_headers(send: Send, headers: dict[str, str]) -> Callable[[Message], Awaitable[None]]:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return wrapped


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AtlasAccountingError)  # noqa: S101 - Starlette registers handlers by this very type
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return ExactJSON(error.body(), status_code=error.status, headers=headers)


def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - see above
    body = AtlasAccountingError(error.status_code, error.detail).body()
    return ExactJSON(body, status_code=error.status_code, headers=error.headers)


def _failed(request: Request, error: Exception) -> Response:
    return ExactJSON(AtlasAccountingError(500, "Internal server error").body(), status_code=500)
