"""The answer to a write: the records as the vendor now has them, byte for byte.

In: nothing. Out: `Reply`. What does not belong here: landing it (`pipelines/extract.py: land_answers`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.transport import exact


@dataclass(frozen=True)
class Reply:
    """Records a write returned, ready to be landed; empty where the vendor returned none."""

    records: list[msgspec.Raw]
    request_id: str | None
    status: int

    def one(self) -> dict[str, Any]:
        """The only record, its numbers exact.

        Raises:
            ValueError: there is none, or more than one.
        """
        if len(self.records) != 1:
            raise ValueError(f"expected one record, the answer has {len(self.records)}")
        record: dict[str, Any] = exact.loads(self.records[0])
        return record
