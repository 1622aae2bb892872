"""ATLAS ETRM on the wire: POST for everything, the envelope, tokens, the rate limit, numbers with exact
digits.

In: HTTP requests. Out: `create_app`. What does not belong here: what a record may hold and what follows from
a write (`engine.py`). Contract sections 1 to 3.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.atlas_etrm import statuses, tokens
from sandbox.atlas_etrm.engine import AtlasEtrmEngine, Record
from sandbox.atlas_etrm.entities import ENTITIES
from sandbox.atlas_etrm.errors import AtlasEtrmError, malformed
from sandbox.control import Control
from sandbox.http import ExactJSON, exact_json, number, parse_exact
from sandbox.limits import Limiter

RETRY_AFTER_SECONDS = 60
"""Sent with every 429; the vendor asks for at least 60 seconds (section 1)."""

TOKEN_PATH = "/api/token"  # noqa: S105 - a path

ENDPOINTS: dict[str, tuple[str, str]] = {
    "/api/Counterparty/GetByIds": ("counterparties", "counterparties_by_ids"),
    "/api/Counterparty/Post": ("counterparties", "post_counterparties"),
    "/api/CustomFields/GetTypes": ("custom_field_types", "custom_field_types"),
    "/api/CustomFields/Counterparties/GetByCounterpartyTypeIds": (
        "counterparty_custom_field_definitions",
        "counterparty_custom_fields",
    ),
    "/api/CustomFields/MasterAgreements/GetByMasterAgreementTypeIds": (
        "master_agreement_custom_field_definitions",
        "master_agreement_custom_fields",
    ),
    "/api/Order/GetByIds": ("orders", "orders_by_ids"),
    "/api/Order/Post": ("orders", "post_orders"),
    "/api/OrderItem/GetByOrderIds": ("order_items", "order_items_by_order_ids"),
    "/api/OrderItem/GetByIds": ("order_items", "order_items_by_ids"),
    "/api/Invoice/GetByIds": ("invoices", "invoices_by_ids"),
    "/api/Invoice/GetByExternalIds": ("invoices", "invoices_by_external_ids"),
    "/api/Invoice/GetByOrderId": ("invoices", "invoices_by_order_id"),
    "/api/Invoice/Post": ("invoices", "post_invoices"),
    "/api/Payment/GetByInvoiceIds": ("payments", "payments_by_invoice_ids"),
    "/api/Payment/GetByOrderIds": ("payments", "payments_by_order_ids"),
    "/api/Payment/Post": ("payments", "post_payments"),
    "/api/Deal/GetByIds": ("deals", "deals_by_ids"),
}
"""Path → the table its answer is made of, and the engine's method (section 3)."""


def create_app(
    engine: AtlasEtrmEngine,
    *,
    username: str,
    password: str,
    limiter: Limiter | None = None,
    control: Control | None = None,
) -> Starlette:
    """The vendor as an ASGI app.

    Args:
        engine: Its state and rules.
        username: The one service account.
        password: Its password.
        limiter: Counts the account's requests; None takes any number.
        control: Puts the log, the faults and the routes below `/_sim` around it.
    """
    server = _Server(engine, username, password, limiter)
    routes = [Route(TOKEN_PATH, server.guarded(server.token), methods=["POST"])]
    routes += [
        Route(path, server.guarded(server.endpoint(table, method)), methods=["POST"])
        for path, (table, method) in ENDPOINTS.items()
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _no_such_route, Exception: _fault})
    if control is not None:
        control.install(app, limiter, engine.settings)
    return app


Handler = Callable[[Request], Awaitable[Response]]


class _Server:
    """The account, its limit, and the rendering of records."""

    def __init__(self, engine: AtlasEtrmEngine, username: str, password: str, limiter: Limiter | None) -> None:
        self._engine = engine
        self._username = username
        self._password = password
        self._limiter = limiter
        self._rendered: dict[tuple[str, int, bool], tuple[Record, msgspec.Raw]] = {}

    def guarded(self, handler: Handler) -> Handler:
        """Counts the request against the limit, and words what the handler refuses."""

        async def handle(request: Request) -> Response:
            if self._limiter is not None and not self._limiter.take(self._username).allowed:
                headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
                return _failure(429, "Rate limit exceeded", headers=headers)
            try:
                return await handler(request)
            except AtlasEtrmError as refused:
                under_200 = self._engine.settings.refusals_under_200 and refused.status == 400
                return _failure(200 if under_200 else refused.status, refused.message, refused.errors)

        return handle

    async def token(self, request: Request) -> Response:
        """`/api/token`: the one call whose body is not wrapped in `data` (section 2)."""
        given = _object(await request.body())
        name, password = given.get("username"), given.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise malformed("username and password are required")
        if not (_same(name, self._username) and _same(password, self._password)):
            raise AtlasEtrmError(401, "Invalid credentials")
        seconds = self._engine.settings.token_seconds
        token = tokens.issue(name, self._password, now=self._engine.clock.now(), seconds=seconds)
        return _success({"token": token, "expiresIn": seconds}, 1)

    def endpoint(self, table: str, method: str) -> Handler:
        """A handler that checks the token and hands `data` to one of the engine's methods."""
        call: Callable[[Any], list[Record]] = getattr(self._engine, method)

        async def handle(request: Request) -> Response:
            self._authorise(request)
            given = _object(await request.body())
            if "data" not in given:
                raise malformed("data is required")
            records = call(given["data"])
            return _success([self._render(table, record) for record in records], len(records))

        return handle

    def _authorise(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        now = self._engine.clock.now()
        if scheme.lower() != "bearer" or not tokens.holds(token, self._username, self._password, now=now):
            raise AtlasEtrmError(401, "The token is missing, invalid or expired")
        if request.url.path in self._engine.settings.denied_paths:
            raise AtlasEtrmError(403, "The service account lacks permission")

    def _render(self, table: str, record: Record) -> msgspec.Raw:
        # The store replaces a changed record by another dict, so identity tells whether the rendering still holds.
        numbered = self._engine.settings.status_numbers and table == "orders"
        key = (table, record["id"], numbered)
        known = self._rendered.get(key)
        if known is not None and known[0] is record:
            return known[1]
        decimals = ENTITIES[table].decimals
        shown = {
            name: number(value) if value is not None and name in decimals else value for name, value in record.items()
        }
        if numbered:
            shown["status"] = statuses.number_of(record["status"])
        raw = msgspec.Raw(exact_json(shown))
        self._rendered[key] = (record, raw)
        return raw


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = parse_exact(body)
    except ValueError:
        raise malformed("The body is not JSON") from None
    if not isinstance(given, dict):
        raise malformed("The body must be a JSON object")
    return given


def _success(data: Any, count: int) -> Response:
    return ExactJSON({"success": True, "recordCount": count, "data": data, "message": None, "errors": None})


def _failure(
    status: int,
    message: str,
    errors: list[dict[str, str]] | None = None,
    *,
    headers: dict[str, str] | None = None,
) -> Response:
    body = {"success": False, "recordCount": 0, "data": [], "message": message, "errors": errors or None}
    return ExactJSON(body, status_code=status, headers=headers)


async def _no_such_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return _failure(status, "Method not allowed" if status == 405 else "Not found", headers=headers)


async def _fault(request: Request, error: Exception) -> Response:
    return _failure(500, "Internal server error")
