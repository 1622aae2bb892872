"""Parses the dbt project once per test session and hands out its manifest.

In: `dbt_project/`. Out: the manifest as plain JSON. What does not belong here: building anything.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"


@functools.cache
def manifest() -> dict[str, Any]:
    """Returns dbt's manifest (a process of its own: dbt leaves warnings filters and loggers behind)."""
    with tempfile.TemporaryDirectory() as target:
        subprocess.run(
            [
                sys.executable, "-m", "dbt.cli.main", "parse", "--quiet",
                "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
                "--target-path", target, "--log-path", target,
                "--no-send-anonymous-usage-stats", "--no-version-check",
            ],
            check=True,
            env={**os.environ, "TIEOUT_WORK_DB": f"{target}/work.duckdb"},
        )  # fmt: skip
        found: dict[str, Any] = json.loads((Path(target) / "manifest.json").read_text())
    return found
