"""The three vendors' engines side by side, as the invented company is written into them.

In: engines made by `sandbox.app` (or by a test). Out: `Engines`, the argument of
`sandbox.world.build.build_world`. What does not belong here: how a vendor behaves, and how it is served.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.atlar.engine import AtlarEngine
    from sandbox.atlas_accounting.engine import AtlasAccountingEngine
    from sandbox.atlas_etrm.engine import AtlasEtrmEngine


@dataclass(frozen=True)
class Engines:
    """One engine per vendor, all on the same clock."""

    atlas_etrm: AtlasEtrmEngine
    atlas_accounting: AtlasAccountingEngine
    atlar: AtlarEngine
