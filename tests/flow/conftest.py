"""The whole loop over a running sandbox: one sandbox and one settled profile for all flow tests of a session.

In: nothing but free ports. Out: `Profile`, a data directory with its own vendors, driven by the command line as a
person would. What does not belong here: faults (tests/faults) and the look of the output.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
UNLIMITED = (
    "--atlas-etrm-requests-per-minute",
    "0",
    "--atlar-requests-per-second",
    "0",
    "--accounting-tier",
    "unlimited",
)


@dataclass
class Profile:
    """A data directory, the vendors that belong to it, and the command line over both."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data_dir / "vendors" / "sandbox.json").read_text())
        return found

    def command(self, *arguments: str, sandbox: bool = True) -> subprocess.CompletedProcess[str]:
        option = ["--sandbox"] if sandbox else []
        return subprocess.run(
            [sys.executable, "-m", "tieout", *option, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            cwd=ROOT,
            env={**os.environ, "TIEOUT_DATA_DIR": str(self.data_dir), **self.environment},
        )

    def run(self, *arguments: str) -> dict[str, Any]:
        done = self.command("run", "--json", *arguments)
        assert done.returncode in (0, 3), f"exit {done.returncode}\n{done.stderr[-4000:]}\n{done.stdout[-2000:]}"
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with duckdb.connect(str((self.data_dir / "warehouse.duckdb").resolve()), read_only=True) as connection:
            cursor = connection.execute(sql, list(values))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def at_vendor(self, system: str, table: str) -> list[dict[str, Any]]:
        """The records as the sandbox holds them: the other side's truth, not what Tieout believes."""
        found: list[dict[str, Any]] = _sim(self.told["urls"][system], f"state/{table}")
        return found

    def writes(self) -> list[dict[str, Any]]:
        """Every request that could have changed something, over all three vendors, since the log was cleared."""
        return [
            {"system": system, **request}
            for system, url in self.told["urls"].items()
            for request in _sim(url, "requests")
            if _is_write(system, request)
        ]

    def forget_requests(self) -> None:
        for url in self.told["urls"].values():
            httpx.delete(f"{_origin(url)}/_sim/requests").raise_for_status()


def _origin(url: str) -> str:
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.host}:{parsed.port}"


def _sim(url: str, path: str) -> Any:
    answer = httpx.get(f"{_origin(url)}/_sim/{path}", timeout=30).raise_for_status().json()
    return (
        answer.get("items", answer.get("records", answer.get("requests", answer)))
        if isinstance(answer, dict)
        else answer
    )


def _is_write(system: str, request: dict[str, Any]) -> bool:
    path, method = request["path"], request["method"]
    if path.startswith("/_sim"):
        return False
    if system == "atlas_etrm":
        return path.endswith("/Post")
    return method != "GET" and "/auth/" not in path and "/oauth2/" not in path


def start_sandbox(data_dir: Path, *options: str) -> subprocess.Popen[bytes]:
    """Starts a sandbox that serves `data_dir` and returns when it is ready."""
    vendors = data_dir / "vendors"
    vendors.mkdir(parents=True, exist_ok=True)
    log = (vendors / "sandbox.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--data-dir", str(vendors), "--port-base", "0", *options],
        stdout=log,
        stderr=log,
        cwd=ROOT,
    )
    log.close()
    deadline = time.monotonic() + 120
    while not (vendors / "sandbox.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError("the sandbox did not start: " + (vendors / "sandbox.log").read_text()[-2000:])
        time.sleep(0.1)
    return process


def stop_sandbox(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass
class Settled:
    """A profile whose first run has just ended, what that run said, and what a second one said."""

    profile: Profile
    first: dict[str, Any]
    first_writes: list[dict[str, Any]]
    second: dict[str, Any]
    second_writes: list[dict[str, Any]]


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    """The default world, run twice. Tests read it; one that changes files works on `copied`."""
    profile = Profile(tmp_path_factory.mktemp("settled"))
    process = start_sandbox(profile.data_dir, *UNLIMITED)
    try:
        first = profile.run()
        first_writes = profile.writes()
        profile.forget_requests()
        second = profile.run()
        yield Settled(profile, first, first_writes, second, profile.writes())
    finally:
        stop_sandbox(process)


@pytest.fixture
def copied(settled: Settled, tmp_path: Path) -> Profile:
    """The settled profile's own files, copied: the vendors stay the same, the local state may be broken."""
    data_dir = tmp_path / "copy"
    shutil.copytree(settled.profile.data_dir, data_dir, symlinks=True)
    settled.profile.forget_requests()
    return Profile(data_dir)
