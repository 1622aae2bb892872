"""The sandbox's data directory: who holds it, what company is in it, and where the vendors listen.

In: `SandboxOptions`. Out: `DataDirectory`. What does not belong here: the records themselves
(`sandbox.store`) and making the company (`sandbox.world`).

    sandbox.lock            held while a sandbox runs; the system frees it when the process dies, however it
    dies world.json              seed, scale and as-of date of the stored company; absent until it is complete
    clock.json              the sandbox's time <vendor>.sqlite         the vendor's records sandbox.json
    pid, addresses and credentials of the running sandbox; absent while none runs
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sandbox.options import SandboxOptions

VENDORS = ("atlas_etrm", "atlas_accounting", "atlar")


class SandboxError(Exception):
    """The sandbox cannot start; the message is one line for a person."""


@dataclass(frozen=True)
class DataDirectory:
    """The files of one sandbox."""

    path: Path

    @property
    def clock(self) -> Path:
        """Where the time is kept."""
        return self.path / "clock.json"

    def store(self, vendor: str) -> Path:
        """Where a vendor's records are kept."""
        return self.path / f"{vendor}.sqlite"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the directory; a `sandbox.json` that a killed process left behind goes, and ours goes at the
        end.

        Raises:
            SandboxError: another process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / "sandbox.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise SandboxError(f"another sandbox{self._holder()} runs on {self.path}") from None
        try:
            self._announcement.unlink(missing_ok=True)
            yield
        finally:
            self._announcement.unlink(missing_ok=True)
            lock.release()

    def has_world(self) -> bool:
        """Whether a complete company is stored."""
        return self._world.exists()

    def clear(self) -> None:
        """Forgets the company, the vendors' records and the time."""
        self._world.unlink(missing_ok=True)
        self.clock.unlink(missing_ok=True)
        for vendor in VENDORS:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.store(vendor)}{suffix}").unlink(missing_ok=True)

    def as_stored(self, options: SandboxOptions) -> SandboxOptions:
        """The options with seed, scale and as-of date of the stored company."""
        told = json.loads(self._world.read_text())
        return replace(options, seed=told["seed"], scale=told["scale"], as_of=date.fromisoformat(told["as_of"]))

    def note_world(self, options: SandboxOptions) -> None:
        """Marks the company as complete."""
        _write(
            self._world,
            {"seed": options.seed, "scale": options.scale, "as_of": options.as_of.isoformat()},
        )

    def announce(self, told: dict[str, Any]) -> None:
        """Writes `sandbox.json`, at once or not at all."""
        _write(self._announcement, {"pid": os.getpid(), **told})

    def _holder(self) -> str:
        try:
            return f" (pid {json.loads(self._announcement.read_text())['pid']})"
        except (OSError, ValueError, KeyError):
            return ""

    @property
    def _world(self) -> Path:
        return self.path / "world.json"

    @property
    def _announcement(self) -> Path:
        return self.path / "sandbox.json"


def _write(path: Path, value: dict[str, Any]) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(value, indent=2) + "\n")
    beside.replace(path)
