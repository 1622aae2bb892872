"""What an extraction did: counts, seconds and findings.

In: nothing. Out: `ExtractResult`. What does not belong here: extracting (`extract.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ExtractResult:
    """What an extraction did."""

    rows: dict[str, int]
    """New versions and tombstones landed, by `<system>.<table>`; tables without any are left out."""
    requests: dict[str, int]
    """Requests this extraction sent, by system."""
    quarantined: int
    """Records received that did not fit, new ones and ones refused before."""
    changed: frozenset[str]
    """Tables with rows the work file did not have: landed now, or left over from a run that was killed."""
    seconds: dict[str, float]
    """Seconds by system (reading and landing) and for `load`."""
    findings: list[str] = field(default_factory=list)
    """What a person should know: endpoints that did not answer and what that means, fields nobody declared."""
    quarantined_by_system: dict[str, int] = field(default_factory=dict)
    """`quarantined`, by system; systems without any are left out."""
