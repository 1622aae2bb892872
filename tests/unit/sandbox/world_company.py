"""A built world for tests: three engines in memory, filled once.

In: seed, scale, business date. Out: `World`, with the engines, the summary, and every stored record by table.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sandbox.atlar.engine import AtlarEngine
from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_etrm.engine import AtlasEtrmEngine
from sandbox.clock import SandboxClock
from sandbox.engines import Engines
from sandbox.store import Store
from sandbox.world.build import WorldSummary, build_world

AS_OF = date(2026, 4, 10)


@dataclass
class World:
    """The engines, what was built, and their stores."""

    engines: Engines
    summary: WorldSummary
    stores: dict[str, Store]

    def all(self, system: str, table: str) -> list[dict[str, Any]]:
        """Every stored record of a table."""
        return self.stores[system].all(table)

    def everything(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """All records of all vendors."""
        return {system: {name: store.all(name) for name in store.tables()} for system, store in self.stores.items()}


def make_world(seed: int = 210, scale: float = 1.0, as_of: date = AS_OF) -> World:
    """Builds a world in memory."""
    clock = SandboxClock(as_of)
    stores = {system: Store(":memory:") for system in ("atlas_etrm", "atlas_accounting", "atlar")}
    engines = Engines(
        AtlasEtrmEngine(stores["atlas_etrm"], clock),
        AtlasAccountingEngine(stores["atlas_accounting"], clock, seed=seed),
        AtlarEngine(stores["atlar"], clock),
    )
    with clock.held():
        summary = build_world(engines, seed=seed, scale=scale, as_of=as_of, clock=clock)
    return World(engines, summary, stores)


@cache
def default_world() -> World:
    """The world of the defaults, made once per process; tests only read it."""
    return make_world()
