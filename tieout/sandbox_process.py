"""Starts the sandbox when none is up, and tells the settings where it is.

In: the sandbox profile's data directory. Out: the environment-style overlay the running sandbox publishes about
itself (`sandbox.json`). What does not belong here: anything about the vendors; the sandbox is a separate process
that shares nothing with the product but HTTP.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tieout.errors import TieoutError

STARTS_WITHIN_SECONDS = 120
"""The first start generates the world; a later one only opens its state."""


@dataclass(frozen=True)
class RunningSandbox:
    """What a running sandbox says about itself."""

    pid: int
    as_of: str
    urls: dict[str, str]
    overlay: dict[str, str]
    started_here: bool


def vendors_dir(data_dir: Path) -> Path:
    """Returns where the sandbox keeps the vendors' state below the profile's data directory."""
    return data_dir / "vendors"


def running(data_dir: Path) -> RunningSandbox | None:
    """Returns the sandbox that serves this data directory, or None when none is alive."""
    try:
        told = json.loads((vendors_dir(data_dir) / "sandbox.json").read_text())
        os.kill(told["pid"], 0)
        # A number lives on after its process: after a restart of the machine it may be somebody else's.
        address = urlsplit(told["urls"]["atlas_etrm"])
        socket.create_connection((address.hostname or "", address.port or 0), timeout=5).close()
    except (OSError, ValueError, KeyError):
        return None
    overlay = {
        "TIEOUT_AS_OF": told["as_of"],
        "COMPANY__TIME_ZONE": "Europe/Berlin",
        **told["environment"],
    }
    return RunningSandbox(told["pid"], told["as_of"], told["urls"], overlay, started_here=False)


@contextmanager
def ensured(data_dir: Path) -> Iterator[RunningSandbox]:
    """Yields the sandbox of a data directory; one that had to be started is stopped again at the end.

    Its state stays in the directory, so the next run meets what this one wrote.

    Raises:
        TieoutError: it did not come up; the message ends with what it printed.
    """
    found = running(data_dir)
    if found is not None:
        yield found
        return
    vendors_dir(data_dir).mkdir(parents=True, exist_ok=True)
    log_path = vendors_dir(data_dir) / "sandbox.log"
    command = [sys.executable, "-m", "sandbox", "--data-dir", str(vendors_dir(data_dir)), "--port-base", "0"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603
    try:
        started = _wait_for(process, data_dir, log_path)
        yield RunningSandbox(started.pid, started.as_of, started.urls, started.overlay, started_here=True)
    finally:
        _stop(process)


def _wait_for(process: subprocess.Popen[bytes], data_dir: Path, log_path: Path) -> RunningSandbox:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        found = running(data_dir)
        if found is not None and found.pid == process.pid:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.1)
    said = log_path.read_text(errors="replace").strip().splitlines()[-3:]
    raise TieoutError("the sandbox did not start: " + " / ".join(said or ["it printed nothing"]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
