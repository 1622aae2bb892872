"""The simulated vendor on HTTP: credentials, limits, idempotency keys, envelopes, errors.

In: ASGI requests for the routes of `routes`. Out: `create_app`. The rules of the vendor are the engine's. What a test
or a demo may do to it is behind `/_sim`: `sandbox.control` for every vendor, `bank_desk` for this one.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atlar.access import METADATA_PATH, TOKEN_PATHS, Access
from sandbox.atlar.bank_desk import BankDesk
from sandbox.atlar.batch_files import read_payments
from sandbox.atlar.engine import AtlarEngine
from sandbox.atlar.errors import AtlarError, bad_request
from sandbox.atlar.idempotency import Remembered
from sandbox.atlar.paging import Page
from sandbox.atlar.query import Query
from sandbox.atlar.records import public
from sandbox.atlar.routes import ENDPOINTS, Call, Endpoint
from sandbox.atlar.statements import CONTENT_TYPE
from sandbox.control import Control
from sandbox.http import exact_json, parse_exact
from sandbox.limits import Limiter

_JSON = "application/json"
_LONGEST_SLEEP = 30.0
_IDEMPOTENCY_TEST = "/v1/idempotency-test"


def create_app(
    engine: AtlarEngine,
    *,
    access_key: str,
    secret: str,
    limiter: Limiter | None = None,
    control: Control | None = None,
    seed_routes: bool = False,
) -> Starlette:
    """Serves an engine.

    Args:
        engine: The vendor's state.
        access_key: ACCESS_KEY of the one programmatic user.
        secret: Its SECRET.
        limiter: Takes or refuses each request; None takes all.
        control: Adds the routes under `/_sim`, the request log and the faults.
        seed_routes: Whether the seed's short paths answer from the start.

    Returns:
        The ASGI application.
    """
    engine.settings.seed_routes = seed_routes
    server = _Server(engine, Access(access_key, secret, engine.clock, engine.settings), limiter, access_key)
    routes = [Route(path, server.token, methods=["POST"]) for path in TOKEN_PATHS]
    routes.append(Route(METADATA_PATH, server.metadata, methods=["GET"]))
    routes += [Route(endpoint.path, server.handler(endpoint), methods=[endpoint.method]) for endpoint in ENDPOINTS]
    app = Starlette(
        routes=routes,
        exception_handlers={AtlarError: _refused, HTTPException: _not_routed, Exception: _failed},
    )
    app.router.redirect_slashes = False
    if control is not None:
        control.install(app, limiter, engine.settings)
        # Added last, so it stands before the control side, which answers everything else below /_sim.
        app.add_middleware(BankDesk, engine=engine)
    return app


class _Server:
    def __init__(self, engine: AtlarEngine, access: Access, limiter: Limiter | None, client: str) -> None:
        self._engine = engine
        self._access = access
        self._limiter = limiter
        self._client = client

    async def token(self, request: Request) -> Response:
        self._count_request()
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        granted = self._access.token(form, request.headers.get("authorization"))
        response = _json(200, exact_json(granted))
        response.headers["cache-control"] = "no-store"
        return response

    async def metadata(self, request: Request) -> Response:
        return _json(200, exact_json(self._access.metadata(str(request.base_url).rstrip("/"))))

    def handler(self, endpoint: Endpoint) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            if endpoint.switch is not None and not getattr(self._engine.settings, endpoint.switch):
                raise AtlarError(404, "Not found")
            self._count_request()
            self._access.check(request.headers.get("authorization"))
            for permission in (endpoint.permission, *endpoint.also):
                if permission in self._engine.settings.denied_permissions:
                    raise AtlarError(403, f"The role lacks {permission}")
            key = request.headers.get("idempotency-key")
            if endpoint.method in ("POST", "PATCH"):
                return await self._write(endpoint, request, key)
            return self._act(endpoint, await _call_of(request))

        return handle

    def _count_request(self) -> None:
        if self._limiter is None:
            return
        verdict = self._limiter.take(self._client)
        if not verdict.allowed:
            raise AtlarError(429, "Rate limit exceeded", headers={"retry-after": str(verdict.retry_after)})

    async def _write(self, endpoint: Endpoint, request: Request, key: str | None) -> Response:
        call = await _call_of(request)
        if not key:
            await self._take_time(endpoint, call)
            with self._engine.records.transaction():
                return self._act(endpoint, call)
        keys = self._engine.idempotency
        scope = keys.scope(request.method, request.url.path, key)
        with keys.running(scope):
            remembered = keys.recall(scope)
            if remembered is None:
                await self._take_time(endpoint, call)
                remembered = self._first_answer(endpoint, call, scope)
        return _json(remembered.status, remembered.body.encode())

    def _first_answer(self, endpoint: Endpoint, call: Call, scope: str) -> Remembered:
        keys = self._engine.idempotency
        try:
            # One commit for the effect and the memory of it: a process killed between them would act twice.
            with self._engine.records.transaction():
                response = self._act(endpoint, call)
                answer = Remembered(response.status_code, bytes(response.body).decode())
                keys.remember(scope, answer.status, answer.body)
        except AtlarError as refusal:
            answer = Remembered(refusal.status, exact_json(refusal.body).decode())
            keys.remember(scope, answer.status, answer.body)
        return answer

    async def _take_time(self, endpoint: Endpoint, call: Call) -> None:
        seconds = self._engine.settings.write_seconds
        if endpoint.path == _IDEMPOTENCY_TEST:
            seconds += _number_of(call.query, "sleep", _LONGEST_SLEEP)
            _number_of(call.query, "status", 599)
        if seconds:
            await asyncio.sleep(seconds)

    def _act(self, endpoint: Endpoint, call: Call) -> Response:
        result = endpoint.run(self._engine, call)
        if isinstance(result, bytes):
            return Response(result, media_type=CONTENT_TYPE)
        if result is None:
            return Response(status_code=204)
        if isinstance(result, Page):
            envelope = {
                "items": [public(record) for record in result.items],
                "nextToken": result.next_token,
                "token": result.token,
                "limit": result.limit,
            }
            return _json(endpoint.status, exact_json(envelope))
        status = result["status"] if endpoint.path == _IDEMPOTENCY_TEST else endpoint.status
        if status >= 400:
            raise AtlarError(status, "The status that was asked for")
        return _json(status, exact_json(public(result)))


def _number_of(query: Query, name: str, most: float) -> float:
    text = query.text(name) or "0"
    if not text.replace(".", "", 1).isdigit() or float(text) > most:
        raise bad_request(name, f"must be a number up to {most:g}")
    return float(text)


async def _call_of(request: Request) -> Call:
    return Call(
        path=dict(request.path_params),
        query=Query(request.query_params.multi_items()),
        body=await _body_of(request),
        if_match=request.headers.get("if-match"),
    )


async def _body_of(request: Request) -> Any:
    if request.method not in ("POST", "PATCH"):
        return None
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _batch_form(request)
    content = await request.body()
    if not content:
        return None
    try:
        return parse_exact(content)
    except ValueError as error:
        raise AtlarError(400, "Request body is not valid JSON") from error


async def _batch_form(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """A batch sent as a file: the body as JSON would have it, and what is known of the file."""
    async with request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise bad_request("file", "is required", "required")
        content = await file.read()
        kind = str(form.get("fileContentType") or "")
        body: dict[str, Any] = {"payments": read_payments(content, kind)}
        for name in ("treatment", "externalId"):
            if form.get(name):
                body[name] = str(form[name])
        if form.get("skipValidationErrors"):
            body["skipValidationErrors"] = form["skipValidationErrors"] == "true"
        description = {
            "contentType": kind,
            "filename": file.filename or "",
            "size": len(content),
            "checksum": hashlib.sha256(content).hexdigest(),
        }
        return body, description


def _json(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    # Quoted to support by clients, so it is there on every answer and never twice the same.
    identified = {"request-id": str(uuid.uuid4()), **(headers or {})}
    return Response(body, status_code=status, media_type=_JSON, headers=identified)


async def _refused(request: Request, error: Any) -> Response:
    refusal: AtlarError = error
    return _json(refusal.status, exact_json(refusal.body), refusal.headers)


async def _failed(request: Request, error: Exception) -> Response:
    return _json(500, exact_json({"status": 500, "message": "Internal server error"}))


async def _not_routed(request: Request, error: Any) -> Response:
    refusal: HTTPException = error
    message = {404: "Not found", 405: "Method not allowed"}.get(refusal.status_code, refusal.detail)
    return _json(refusal.status_code, exact_json({"status": refusal.status_code, "message": message}))
