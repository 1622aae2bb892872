"""What the three vendors' servers share on the wire: exact JSON, and the middleware that watches and breaks.

In: ASGI messages. Out: `exact_json`, `number` and `ExactJSON` (answers), `parse_exact` (requests), and
`Watched`, which logs each request, holds it back and lets it meet its fault. What does not belong here:
routes; those of the control side are in `sandbox.control`, a vendor's own in its `server.py`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Fault, FaultQueue
from sandbox.request_log import RequestLog

CONTROL_PREFIX = "/_sim"

_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?\Z")


class DroppedConnection(Exception):  # noqa: N818 - it is an event the caller sees, not a mistake of the server
    """Raised instead of an answer where no real connection exists to be closed (an in-process test
    transport).
    """


def number(digits: str | int | Decimal) -> msgspec.Raw:
    """A JSON number with exactly these digits, e.g. `74400.00`; it never passes through a float.

    Raises:
        ValueError: not a plain decimal number.
    """
    text = format(digits, "f") if isinstance(digits, Decimal) else str(digits)
    if not _NUMBER.match(text):
        raise ValueError(f"not a decimal number: {text}")
    return msgspec.Raw(text.encode())


def exact_json(value: Any) -> bytes:
    """Encodes a value as JSON; `number(...)` anywhere inside is written digit by digit, a Decimal as a
    string.
    """
    return msgspec.json.encode(value)


def parse_exact(body: bytes) -> Any:
    """Decodes JSON; whole numbers become int, all others Decimal with the digits as sent.

    Raises:
        ValueError: not JSON (`msgspec.DecodeError` is one).
    """
    return _EXACT.decode(body)


class ExactJSON(Response):
    """A JSON answer with exact digits."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encodes with `exact_json`."""
        return exact_json(content)


class Watched:
    """Middleware around a vendor: logs each request, holds it back, and lets it meet its fault.

    Requests below `/_sim` go to the control app instead and are neither logged nor delayed.

    Args:
        app: The vendor.
        log: Where requests are noted.
        faults: What may befall them.
        latency_ms: Gives the milliseconds every answer is held back, asked anew for each request.
        control: The app behind `/_sim`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: RequestLog,
        faults: FaultQueue,
        latency_ms: Callable[[], int],
        control: ASGIApp,
    ) -> None:
        self._app = app
        self._log = log
        self._faults = faults
        self._latency_ms = latency_ms
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(CONTROL_PREFIX + "/") or scope["path"] == CONTROL_PREFIX:
            await self._control(scope, receive, send)
            return
        body = await _read(receive)
        entry = self._log.open(scope, body)
        fault = self._faults.take(scope["method"], scope["path"], body)
        entry.fault = fault.kind if fault else None
        latency = self._latency_ms() / 1000 + (fault.seconds if fault else 0)
        if latency:
            await asyncio.sleep(latency)
        if fault is not None and fault.kind == "drop_before":
            await _drop(scope, receive)
            return
        answer = await self._answer(scope, body, receive, fault)
        if fault is not None and fault.kind == "drop_after":
            await _drop(scope, receive)
            return
        entry.status = answer[0]["status"]
        for message in answer:
            await send(message)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, fault: Fault | None) -> list[Message]:
        instead = _response(fault) if fault is not None and fault.kind in ("status", "body") else None
        if fault is not None and instead is not None and fault.kind == "status" and not fault.after_commit:
            return await _collect(instead, scope, receive)
        messages = await _collect(self._app, scope, _replay(body, receive))
        if fault is None or instead is None:
            return messages
        if fault.status is None:
            instead.status_code = messages[0]["status"]
        return await _collect(instead, scope, receive)


def _response(fault: Fault) -> Response:
    content = (
        fault.body.encode()
        if isinstance(fault.body, str)
        else b""
        if fault.body is None
        else exact_json(_numbers(fault.body))
    )
    headers = {
        "content-type": "application/json",
        **{name.lower(): value for name, value in fault.headers.items()},
    }
    return Response(content, status_code=fault.status or (500 if fault.kind == "status" else 200), headers=headers)


def _numbers(value: Any) -> Any:
    # The fault was read by `parse_exact`; its numbers go out as numbers again, with the digits they came with.
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, dict):
        return {name: _numbers(one) for name, one in value.items()}
    return [_numbers(one) for one in value] if isinstance(value, list) else value


async def _read(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages


async def _drop(scope: Scope, receive: Receive) -> None:
    # The sandbox's protocol class (sandbox.app) hands its transport over: ASGI has no word for hanging up.
    transport = scope.get("state", {}).get("transport")
    if transport is None:
        raise DroppedConnection(scope["path"])
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
