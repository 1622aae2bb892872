"""What a run did: the one value that the summary, the JSON document and the exit code are made from.

In: nothing. Out: `RunOutcome`. What does not belong here: doing any of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.errors import ExitCode

if TYPE_CHECKING:
    from tieout.report.figures import Figures


@dataclass
class RunOutcome:
    """Grows while the run goes on."""

    run_id: str
    profile: str
    as_of: date
    rounds: int = 0
    landed: Counter[str] = field(default_factory=Counter)
    """New versions by "system.table"."""
    requests: Counter[str] = field(default_factory=Counter)
    planned: int = 0
    sent: int = 0
    rejected: int = 0
    unknown: int = 0
    awaiting_approval: int = 0
    refused_before: int = 0
    """Still due, and refused by the vendor with this very content: not sent again until it changes."""
    unresolved: int = 0
    """Still due, and what an earlier attempt did is not known yet."""
    sent_by_sync: Counter[str] = field(default_factory=Counter)
    rejections: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Approved, but not sent because something moved since; one line each."""
    findings: list[str] = field(default_factory=list)
    figures: Figures | None = None
    was_built: bool = False
    """Whether any model was built: if none was, the published snapshot still holds."""
    withheld: bool = False
    settled: bool = True
    failure: str | None = None
    warehouse: Path | None = None
    snapshot: Path | None = None
    snapshot_number: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        """Returns the exit code of DESIGN section 4: where several hold, 1 goes before 5 before 3."""
        if self.failure is not None or not self.settled:
            return ExitCode.FAILED
        if self.withheld:
            return ExitCode.WITHHELD
        waiting = self.rejected or self.unknown or self.refused_before or self.unresolved or self.refused
        if waiting or (self.figures is not None and self.figures.held):
            return ExitCode.HELD
        return ExitCode.DONE

    def add_seconds(self, step: str, spent: float) -> None:
        """Adds to the time a step has taken over all rounds."""
        self.seconds[step] = self.seconds.get(step, 0.0) + spent
