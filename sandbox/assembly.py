"""The three vendors over their stores: engines, apps, credentials, and what a client must know of them.

In: open stores, a clock and the options. Out: `engines_over`, `apps_of` and `told`. What does not belong
here: the life of the process (`sandbox.app`) and the files (`sandbox.state`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.types import ASGIApp

from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.engines import Engines
from sandbox.limits import FixedWindow, TokenBucket
from sandbox.options import SandboxOptions
from sandbox.state import VENDORS
from sandbox.store import Store
from sandbox.world.netting import netting_agreement

_ETRM_USER = "tieout-integration"


def engines_over(stores: dict[str, Store], clock: SandboxClock, seed: int) -> Engines:
    """One engine per vendor on a common clock; the seed makes Atlas Accounting's company and user."""
    # Imported here, so that one vendor's tests need not load the others.
    from sandbox.atlar.engine import AtlarEngine
    from sandbox.atlas_accounting.engine import AtlasAccountingEngine
    from sandbox.atlas_etrm.engine import AtlasEtrmEngine

    return Engines(
        atlas_etrm=AtlasEtrmEngine(stores["atlas_etrm"], clock),
        atlas_accounting=AtlasAccountingEngine(stores["atlas_accounting"], clock, seed=seed),
        atlar=AtlarEngine(stores["atlar"], clock),
    )


def apps_of(engines: Engines, stores: dict[str, Store], clock: SandboxClock, options: SandboxOptions) -> list[ASGIApp]:
    """The vendors' apps in the order of `sandbox.state.VENDORS`, each with its own limit and control side."""
    from sandbox.atlar.server import create_app as create_atlar
    from sandbox.atlas_accounting.server import create_app as create_atlas_accounting
    from sandbox.atlas_etrm.server import create_app as create_atlas_etrm

    controls = {vendor: Control(store, clock, latency_ms=options.latency_ms) for vendor, store in stores.items()}
    return [
        create_atlas_etrm(
            engines.atlas_etrm,
            username=_ETRM_USER,
            password=_credential(options.seed, "atlas_etrm"),
            limiter=FixedWindow(options.atlas_etrm_requests_per_minute),
            control=controls["atlas_etrm"],
        ),
        create_atlas_accounting(
            engines.atlas_accounting,
            limiter=TokenBucket.of_tier(options.accounting_tier),
            control=controls["atlas_accounting"],
        ),
        create_atlar(
            engines.atlar,
            access_key=_credential(options.seed, "atlar access key"),
            secret=_credential(options.seed, "atlar"),
            limiter=TokenBucket(options.atlar_requests_per_second * 60),
            control=controls["atlar"],
            seed_routes=options.atlar_seed_routes,
        ),
    ]


def told(options: SandboxOptions, clock: SandboxClock, engines: Engines, ports: list[int]) -> dict[str, Any]:
    """What `sandbox.json` says but for the pid: as-of date, company, addresses, and settings as environment
    variables.

    Args:
        options: How the sandbox was started.
        clock: Its time.
        engines: Atlas Accounting's names its user and company.
        ports: One per vendor, in the order of `sandbox.state.VENDORS`.
    """
    urls = {vendor: f"http://{options.host}:{port}" for vendor, port in zip(VENDORS, ports, strict=True)}
    urls["atlas_accounting"] += "/api/v1"
    accounting = engines.atlas_accounting
    return {
        # The clock's own date: it is later than the company's where somebody has moved it.
        "as_of": clock.today().isoformat(),
        "seed": options.seed,
        "scale": options.scale,
        "urls": urls,
        "environment": {
            "SOURCES__ATLAS_ETRM__BASE_URL": urls["atlas_etrm"],
            "SOURCES__ATLAS_ETRM__USERNAME": _ETRM_USER,
            "SOURCES__ATLAS_ETRM__PASSWORD": _credential(options.seed, "atlas_etrm"),
            "SOURCES__ATLAS_ETRM__REQUESTS_PER_MINUTE": str(options.atlas_etrm_requests_per_minute),
            "SOURCES__ATLAS_ACCOUNTING__BASE_URL": urls["atlas_accounting"],
            "SOURCES__ATLAS_ACCOUNTING__EMAIL": accounting.email,
            "SOURCES__ATLAS_ACCOUNTING__PASSWORD": accounting.password,
            "SOURCES__ATLAS_ACCOUNTING__COMPANY_ID": accounting.company_id,
            "SOURCES__ATLAS_ACCOUNTING__TIER": options.accounting_tier,
            "SOURCES__ATLAR__BASE_URL": urls["atlar"],
            "SOURCES__ATLAR__ACCESS_KEY": _credential(options.seed, "atlar access key"),
            "SOURCES__ATLAR__SECRET": _credential(options.seed, "atlar"),
            "SOURCES__ATLAR__REQUESTS_PER_SECOND": str(options.atlar_requests_per_second),
            "COMPANY__NETTING_AGREEMENTS": json.dumps([netting_agreement(options.as_of)]),
        },
    }


def _credential(seed: int, purpose: str) -> str:
    # No secret: it opens invented data on this machine, and is the same in every run so that tests can be written.
    return hashlib.sha256(f"{seed}:{purpose}".encode()).hexdigest()[:24]
