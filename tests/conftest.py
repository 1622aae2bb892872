"""Shared by all tests: nothing leaves this machine, and no setting of the developer's own leaks in."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

OWN_SANDBOX = ("_approval.py", "_cash_forecast_modes.py", "_corrected_orders.py", "_cutover.py", "_past_days.py")
"""Flow tests that change their vendors, each over a sandbox of its own: any worker may have them."""
LONG_FIRST = (
    "tests/flow/",
    # Keeps the second worker busy while the first lets dbt build the project, which the next ones would wait for.
    "tests/faults/test_fault_crashes.py",
    "tests/flow/test_corrected_orders.py",
    "tests/flow/test_approval.py",
    "tests/flow/test_cutover.py",
    "tests/flow/test_cash_forecast_modes.py",
    "tests/flow/test_past_days.py",
    "tests/dbt/",
    "tests/faults/",
)
"""Where what takes minutes comes in the order: a long file that starts last leaves the other worker idle."""
LOOPBACK = ("127.", "localhost", "::1")

os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keeps on one worker what shares a sandbox or a build worth minutes: a file's tests, and most flow tests.

    (xdist's own `loadgroup` marks a group in a private attribute that pytest 9.2 no longer reads.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _scope(nodeid)

    config.option.loadscopereorder = False  # else the files with most tests come first, which are the quickest
    return ByRoom(config, log)


def _scope(nodeid: str) -> str:
    file = nodeid.split("::", 1)[0]
    shares = file.startswith("tests/flow/") and not file.endswith(OWN_SANDBOX)
    return "tests/flow/" if shares else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what takes longest first; the rest stays in the order it was collected in."""

    def place(item: pytest.Item) -> int:
        scope = _scope(item.nodeid)
        exactly = LONG_FIRST.index(scope) if scope in LONG_FIRST else None
        among = next((n for n, name in enumerate(LONG_FIRST) if n and scope.startswith(name)), len(LONG_FIRST))
        return among if exactly is None else exactly

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that reaches for another machine fails at once instead of hanging or, worse, succeeding."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise OSError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if (
            name.startswith(("SOURCES__", "SERVICE__", "REVERSE_ETL__", "COMPANY__", "TIEOUT_"))
            and name != "TIEOUT_WORK_DB"
        ):
            monkeypatch.delenv(name)
