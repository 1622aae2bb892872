"""The sandbox's three vendors on a virtual clock, reached through a wire that can misbehave.

In: a stored company. Out: `Vendors`, with clients that talk to them. The vendors are the sandbox's own apps over
their own stores, called in process rather than by socket: so their limits count virtual seconds too, and a test can
change a vendor's records between two requests. The crash tests use real sockets (`sandbox.app.running`).
What does not belong here: what is asserted.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx

from pipelines.atlar.client import AtlarClient, AtlarConfig
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.extract import Clients
from pipelines.transport.session import Clockwork
from sandbox import assembly
from sandbox.atlar.server import create_app as create_atlar
from sandbox.atlas_accounting.server import create_app as create_atlas_accounting
from sandbox.atlas_etrm.server import create_app as create_atlas_etrm
from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.engines import Engines
from sandbox.http import DroppedConnection
from sandbox.limits import FixedWindow, TokenBucket
from sandbox.options import SandboxOptions
from sandbox.state import VENDORS, DataDirectory
from sandbox.store import Store

HOSTS = {"atlas_etrm": "etrm.test", "atlas_accounting": "books.test", "atlar": "bank.test"}
TOKEN_PATHS = ("/api/token", "/auth/login", "/auth/refresh", "/oauth2/token")
_SECONDS_A_REQUEST = 0.01


class VirtualClock:
    """Time that passes only when somebody sleeps, or a request is on its way. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 1_000.0

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return 1_775_808_000.0 + self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


@dataclass
class Sent:
    """A request as it arrived at a vendor."""

    number: int
    at: float
    method: str
    path: str
    query: dict[str, str]
    body: bytes
    authorization: str | None
    status: int | None = None

    @property
    def is_token_call(self) -> bool:
        return self.path.endswith(TOKEN_PATHS)


Before = Callable[[Sent], httpx.Response | None]
"""Sees a request before the vendor does; an answer given here is all the client gets."""

After = Callable[[Sent, httpx.Response], httpx.Response | None]
"""Sees the vendor's answer; one given here goes to the client instead."""


class Wire(httpx.BaseTransport):
    """The way to one vendor: notes every request, and lets a test step in before and after it."""

    def __init__(self, app: Any, clock: VirtualClock, loop: asyncio.AbstractEventLoop) -> None:
        self.sent: list[Sent] = []
        self.before: Before = lambda sent: None
        self.after: After = lambda sent, answer: None
        self._transport = httpx.ASGITransport(app)
        self._clock = clock
        self._loop = loop
        self._lock = threading.Lock()

    @property
    def data_calls(self) -> list[Sent]:
        return [sent for sent in self.sent if not sent.is_token_call]

    @property
    def logins(self) -> int:
        return len(self.sent) - len(self.data_calls)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        with self._lock:
            self._clock.sleep(_SECONDS_A_REQUEST)
            sent = Sent(
                len(self.sent) + 1,
                self._clock.monotonic(),
                request.method,
                request.url.path,
                dict(request.url.params),
                body,
                request.headers.get("authorization"),
            )
            self.sent.append(sent)
            answer = self.before(sent) or self._answer(request, body)
            answer = self.after(sent, answer) or answer
            sent.status = answer.status_code
        answer.headers.setdefault("date", format_datetime(datetime.fromtimestamp(self._clock.time(), UTC), usegmt=True))
        return answer

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        async def call() -> httpx.Response:
            copy = httpx.Request(request.method, request.url, headers=request.headers, content=body)
            response = await self._transport.handle_async_request(copy)
            content = b"".join([part async for part in response.stream])  # type: ignore[union-attr]
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        try:
            return asyncio.run_coroutine_threadsafe(call(), self._loop).result(timeout=60)
        except DroppedConnection as dropped:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from dropped


@dataclass
class Vendors:
    """Three vendors that hold the same company, and what passes between them and us."""

    clock: VirtualClock
    stores: dict[str, Store]
    engines: Engines
    wires: dict[str, Wire]
    environment: dict[str, str]
    strangers: list[httpx.Request] = field(default_factory=list)
    """Requests to a host that is none of the three."""

    def clients(
        self,
        *,
        requests_per_minute: int = 0,
        tier: str = "unlimited",
        requests_per_second: float = 0,
        dialect: Any = "documented",
        pace_file: Path | None = None,
    ) -> Clients:
        """New clients, as a new process would have them; unpaced unless told otherwise."""
        told = self.environment
        return Clients(
            AtlasEtrmClient(
                AtlasEtrmConfig(
                    f"http://{HOSTS['atlas_etrm']}",
                    told["SOURCES__ATLAS_ETRM__USERNAME"],
                    told["SOURCES__ATLAS_ETRM__PASSWORD"],
                    requests_per_minute,
                    pace_file,
                ),
                self._clockwork(),
            ),
            AtlasAccountingClient(
                AtlasAccountingConfig(
                    f"http://{HOSTS['atlas_accounting']}/api/v1",
                    told["SOURCES__ATLAS_ACCOUNTING__EMAIL"],
                    told["SOURCES__ATLAS_ACCOUNTING__PASSWORD"],
                    dialect=dialect,
                    tier=tier,
                ),
                self._clockwork(),
            ),
            AtlarClient(
                AtlarConfig(
                    f"http://{HOSTS['atlar']}",
                    told["SOURCES__ATLAR__ACCESS_KEY"],
                    told["SOURCES__ATLAR__SECRET"],
                    requests_per_second=requests_per_second,
                ),
                self._clockwork(),
            ),
        )

    def _clockwork(self) -> Clockwork:
        return Clockwork(self.clock.sleep, self.clock.monotonic, self.clock.time, _Switchboard(self))


class _Switchboard(httpx.BaseTransport):
    """Connects each request with its host's wire."""

    def __init__(self, vendors: Vendors) -> None:
        self._vendors = vendors

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for vendor, host in HOSTS.items():
            if request.url.host == host:
                return self._vendors.wires[vendor].handle_request(request)
        self._vendors.strangers.append(request)
        return httpx.Response(200, json={"success": True, "data": [], "items": []})


@contextmanager
def opened(stored: Path, directory: Path, *, limits: bool = False) -> Iterator[Vendors]:
    """Vendors over a copy of a stored company.

    Args:
        stored: A sandbox's data directory, at rest.
        directory: Where the copy goes.
        limits: Whether they count requests: 100 a minute, tier standard, 5 a second.
    """
    shutil.copytree(stored, directory)
    files = DataDirectory(directory)
    clock = VirtualClock()
    with ExitStack() as stack:
        stores = {vendor: stack.enter_context(closing(Store(files.store(vendor)))) for vendor in VENDORS}
        options = SandboxOptions(data_dir=directory)
        sandbox_clock = SandboxClock(options.as_of, monotonic=clock.monotonic)
        engines = assembly.engines_over(stores, sandbox_clock, options.seed)
        told = assembly.told(options, sandbox_clock, engines, [1, 2, 3])["environment"]
        control = {vendor: Control(store, sandbox_clock) for vendor, store in stores.items()}
        apps = {
            "atlas_etrm": create_atlas_etrm(
                engines.atlas_etrm,
                username=told["SOURCES__ATLAS_ETRM__USERNAME"],
                password=told["SOURCES__ATLAS_ETRM__PASSWORD"],
                limiter=FixedWindow(100 if limits else 0, monotonic=clock.monotonic),
                control=control["atlas_etrm"],
            ),
            "atlas_accounting": create_atlas_accounting(
                engines.atlas_accounting,
                limiter=TokenBucket.of_tier("standard" if limits else "unlimited", monotonic=clock.monotonic),
                control=control["atlas_accounting"],
                wall_clock=clock.time,
            ),
            "atlar": create_atlar(
                engines.atlar,
                access_key=told["SOURCES__ATLAR__ACCESS_KEY"],
                secret=told["SOURCES__ATLAR__SECRET"],
                limiter=TokenBucket(5 * 60 if limits else 0, monotonic=clock.monotonic),
                control=control["atlar"],
            ),
        }
        loop = stack.enter_context(_loop())
        yield Vendors(
            clock, stores, engines, {vendor: Wire(apps[vendor], clock, loop) for vendor in VENDORS}, dict(told)
        )


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="vendors", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
