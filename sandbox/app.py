"""Puts the sandbox together: three vendors over one data directory, one clock and one event loop.

In: `SandboxOptions`. Out: `serve`, which runs until it is told to stop, and `running`, the same in a thread
for tests. What does not belong here: what a vendor answers, and the invented company.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from sandbox import assembly
from sandbox.clock import SandboxClock
from sandbox.engines import Engines
from sandbox.options import SandboxOptions
from sandbox.servers import listen, serve_all
from sandbox.state import VENDORS, DataDirectory, SandboxError
from sandbox.store import Store

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Sandbox:
    """Everything that is open while a sandbox runs."""

    options: SandboxOptions
    directory: DataDirectory
    clock: SandboxClock
    engines: Engines
    apps: list[tuple[ASGIApp, socket.socket]]
    told: dict[str, Any]

    async def run(self, stop: asyncio.Event, ready: Callable[[dict[str, Any]], None]) -> None:
        def announce() -> None:
            self.directory.announce(self.told)
            ready(self.told)

        await serve_all(self.apps, stop=stop, ready=announce, each_second=self.clock.save)


def serve(options: SandboxOptions, say: Say | None = None) -> None:
    """Runs the sandbox until SIGINT or SIGTERM.

    Args:
        options: How; seed, scale and as-of date of a stored company go before those given here.
        say: Takes each line of progress; by default it goes to stdout.

    Raises:
        SandboxError: the directory is held by another sandbox, or a port is taken.
    """
    tell = say or _to_stdout
    with _opened(options, tell) as sandbox:
        asyncio.run(_until_signalled(sandbox, tell))
    tell("the sandbox has stopped; its state stays")


@contextmanager
def running(options: SandboxOptions) -> Iterator[dict[str, Any]]:
    """Runs the sandbox in a thread while the block lasts.

    Yields:
        What `sandbox.json` says: `as_of`, `seed`, `scale`, `urls` and `environment`.

    Raises:
        SandboxError: as `serve`.
    """
    with _opened(options, lambda line: None) as sandbox:
        started: threading.Event = threading.Event()
        stop = asyncio.Event()
        loop = asyncio.new_event_loop()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                loop.run_until_complete(sandbox.run(stop, lambda told: started.set()))
            except BaseException as error:
                failures.append(error)
            finally:
                loop.close()
                started.set()

        thread = threading.Thread(target=work, name="sandbox", daemon=True)
        thread.start()
        started.wait()
        try:
            if not failures:
                yield sandbox.told
        finally:
            if not failures:
                loop.call_soon_threadsafe(stop.set)
            thread.join()
        if failures:
            raise SandboxError("the sandbox failed") from failures[0]


async def _until_signalled(sandbox: _Sandbox, say: Say) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def ready(told: dict[str, Any]) -> None:
        for line in _welcome(told):
            say(line)

    await sandbox.run(stop, ready)


@contextmanager
def _opened(options: SandboxOptions, say: Say) -> Iterator[_Sandbox]:
    directory = DataDirectory(options.data_dir)
    with ExitStack() as stack:
        stack.enter_context(directory.held())
        sockets = [
            stack.enter_context(contextlib.closing(opened))
            for opened in listen(options.host, options.port_base, len(VENDORS))
        ]
        if options.reset or not directory.has_world():
            directory.clear()
        else:
            options = _as_stored(directory, options, say)
        stores = {vendor: stack.enter_context(contextlib.closing(Store(directory.store(vendor)))) for vendor in VENDORS}
        clock = SandboxClock(options.as_of, path=directory.clock if directory.has_world() else None)
        stack.callback(clock.save)
        engines = assembly.engines_over(stores, clock, options.seed)
        if not directory.has_world():
            _make_world(directory, engines, stores, clock, options, say)
        ports = [opened.getsockname()[1] for opened in sockets]
        told = assembly.told(options, clock, engines, ports)
        apps = assembly.apps_of(engines, stores, clock, options)
        yield _Sandbox(options, directory, clock, engines, list(zip(apps, sockets, strict=True)), told)


def _as_stored(directory: DataDirectory, options: SandboxOptions, say: Say) -> SandboxOptions:
    stored = directory.as_stored(options)
    if stored != options:
        say(
            f"going on with the stored company (seed {stored.seed}, scale {stored.scale:g}, as of {stored.as_of}); "
            "--reset makes a new one"
        )
    return stored


def _make_world(
    directory: DataDirectory,
    engines: Engines,
    stores: dict[str, Store],
    clock: SandboxClock,
    options: SandboxOptions,
    say: Say,
) -> None:
    from sandbox.world.build import build_world

    say(f"making the company: seed {options.seed}, scale {options.scale:g}, as of {options.as_of}")
    started = time.monotonic()
    # One transaction per vendor: killed in the middle, nothing is there and the next start begins anew.
    with ExitStack() as stack:
        for store in stores.values():
            stack.enter_context(store.transaction())
        with clock.held():
            build_world(engines, seed=options.seed, scale=options.scale, as_of=options.as_of, clock=clock)
    clock.set(options.as_of)
    clock.keep_in(directory.clock)
    directory.note_world(options)
    records = sum(sum(store.tables().values()) for store in stores.values())
    say(f"made {records:,} records in {time.monotonic() - started:.1f} s")


def _welcome(told: dict[str, Any]) -> Iterator[str]:
    yield f"the vendors are up, their date is {told['as_of']}:"
    for vendor, url in told["urls"].items():
        yield f"  {vendor:<17} {url}"
    yield "credentials (the same in sandbox.json):"
    for name, value in told["environment"].items():
        yield f"  {name}={value}"


def _to_stdout(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
