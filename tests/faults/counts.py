"""How often each fault is injected: a handful per build, the full count with `TIEOUT_FAULTS=full` (`make faults`).

In: the environment. Out: `seeds`, for `pytest.mark.parametrize`; a failing test's name holds its seed, and
`TIEOUT_FAULTS_SEED=<seed>` replays that one alone. What does not belong here: what a seed means.
"""

from __future__ import annotations

import os

import pytest

FULL = os.environ.get("TIEOUT_FAULTS") == "full"
_REPLAYED = os.environ.get("TIEOUT_FAULTS_SEED")


def seeds(build: int, full: int) -> list[object]:
    """Seeds of a test: `build` of them per build, `full` of them on request, or the one that is to be replayed."""
    chosen = [int(_REPLAYED)] if _REPLAYED else range(full if FULL else build)
    return [pytest.param(seed, id=f"seed={seed}") for seed in chosen]


def some(total: int, build: int) -> list[int]:
    """Numbers from 0 to `total` - 1: all of them on request, else `build` spread evenly, first and last included."""
    if FULL or total <= build:
        return list(range(total))
    return sorted({round(step * (total - 1) / (build - 1)) for step in range(build)})
