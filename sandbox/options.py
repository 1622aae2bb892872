"""What a sandbox is started with.

In: nothing. Out: `SandboxOptions`, read by `sandbox.app` and filled by `sandbox.__main__`.
What does not belong here: parsing a command line, and anything that may change while the sandbox runs
(limits, faults and the clock are changed on the control routes).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sandbox.limits import ACCOUNTING_TIERS


@dataclass(frozen=True)
class SandboxOptions:
    """Where the sandbox keeps its state, which company it invents, and how the vendors behave.

    Attributes:
        data_dir: Directory of the vendors' state; made when absent.
        seed: Seed of the invented company: the same seed gives the same records, ids included.
        scale: Size of the invented company; 1.0 has about 40 counterparties and 14 months of settlement.
        as_of: Business date at which the company's history ends and the sandbox clock starts (08:00 UTC).
        host: Address to listen on; loopback, because the vendors' credentials are no secret.
        port_base: First of three consecutive ports; 0 takes any three free ones.
        reset: Throw the stored state away first.
        atlas_etrm_requests_per_minute: Limit of ATLAS ETRM's fixed window (contract section 1); 0 is
            unlimited.
        accounting_tier: Atlas Accounting's rate tier (contract section 3), or `unlimited`.
        atlar_requests_per_second: Limit of Atlar's token bucket (contract section 3.7); 0 is unlimited.
        atlar_seed_routes: Whether the seed's spellings of Atlar's paths answer too.
        latency_ms: Milliseconds every answer is held back.

    seed, scale and as_of count when the world is made; later starts go on with the stored state.
    """

    data_dir: Path
    seed: int = 210
    scale: float = 1.0
    as_of: date = date(2026, 4, 10)
    host: str = "127.0.0.1"
    port_base: int = 8701
    reset: bool = False
    atlas_etrm_requests_per_minute: int = 100
    accounting_tier: str = "enterprise"
    atlar_requests_per_second: int = 50
    atlar_seed_routes: bool = False
    latency_ms: int = 0

    def __post_init__(self) -> None:
        """Refuses settings no sandbox can be started with."""
        if self.accounting_tier not in ACCOUNTING_TIERS:
            raise ValueError(f"accounting tier must be one of {', '.join(ACCOUNTING_TIERS)}")
        if self.scale <= 0:
            raise ValueError("scale must be above 0")
        if not (self.port_base == 0 or 1 <= self.port_base <= 65533):
            raise ValueError("port base must be 0 (any free ports) or between 1 and 65533")
        if min(self.atlas_etrm_requests_per_minute, self.atlar_requests_per_second, self.latency_ms) < 0:
            raise ValueError("rates and latency must not be negative")
