"""Several ASGI apps on several ports in one event loop, and a protocol that can hang up.

In: apps with listening sockets. Out: `listen` and `serve_all`. What does not belong here: what the apps do.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.state import SandboxError

if TYPE_CHECKING:
    from asyncio import Transport

KEEP_ALIVE_SECONDS = 75
"""Longer than a client keeps an idle connection: a server that hangs up first makes an innocent write
fail."""


class HangingUpProtocol(H11Protocol):
    """HTTP/1.1 whose requests carry their transport, for faults that close a connection without an answer."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Hands the transport over in the request's `state`."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def listen(host: str, port_base: int, count: int) -> list[socket.socket]:
    """Opens sockets on consecutive ports, or on any free ones when the base is 0.

    Raises:
        SandboxError: a port is taken.
    """
    sockets: list[socket.socket] = []
    for offset in range(count):
        port = port_base + offset if port_base else 0
        # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer waits 40 ms for an acknowledgement.
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # Without it a port stays taken for a minute after the last sandbox went.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sockets.append(opened)
        try:
            opened.bind((host, port))
        except OSError as error:
            for each in sockets:
                each.close()
            raise SandboxError(f"port {port} on {host} is not free: {error.strerror}") from error
    return sockets


async def serve_all(
    apps: list[tuple[ASGIApp, socket.socket]],
    *,
    stop: asyncio.Event,
    ready: Callable[[], None],
    each_second: Callable[[], None],
) -> None:
    """Serves until `stop` is set, then ends the requests under way and returns.

    Args:
        apps: Each app with its socket.
        stop: Ends the servers.
        ready: Called once, when all of them answer.
        each_second: Called about once a second meanwhile.
    """
    servers = [_Server(_config(app)) for app, _ in apps]
    running = [
        asyncio.create_task(server.serve(sockets=[opened])) for server, (_, opened) in zip(servers, apps, strict=True)
    ]
    try:
        while not all(server.started for server in servers):
            await asyncio.sleep(0.01)
            _raise_if_ended(running)
        ready()
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1)
            each_second()
            _raise_if_ended(running)
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)


def _raise_if_ended(running: list[asyncio.Task[None]]) -> None:
    for task in running:
        if task.done():
            task.result()
            raise SandboxError("a server ended by itself")


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HangingUpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=3,
    )
