"""Processes that may be killed: a zygote (`crashing.py`, `pushing.py`) that forks one for each task.

In: a task, a stored company, a folder, maybe a kill. Out: how the process ended, and what it said.
What does not belong here: what must hold afterwards.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    said: str

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Zygote:
    """One process that has imported everything, and forks."""

    def __init__(self, folder: Path, script: str = "crashing.py") -> None:
        """Args: folder for its own files; script says what the processes do."""
        folder.mkdir(parents=True, exist_ok=True)
        self._errors = folder / "zygote.txt"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name(script)), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def run(self, task: str, company: Path, folder: Path, **kill: Any) -> Ended:
        """Runs a task in a process of its own to its end, whichever that is."""
        return self.send({"task": task, "company": str(company), "folder": str(folder), "kill": kill or None})

    def send(self, told: dict[str, Any]) -> Ended:
        """Hands a task to a process of its own and waits for its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the zygote died:\n{self._errors.read_text()[-4000:]}"
        return Ended(**json.loads(answer))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
