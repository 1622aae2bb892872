"""What there is to tell about one document, as plain values.

In: nothing. Out: `Subject`, `Explanation` and their parts. What does not belong here: finding any of it, or its look.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["order", "invoice", "bill", "payment", "payment_made", "bank_transaction", "journal_entry"]


@dataclass(frozen=True, order=True)
class Subject:
    """One thing that can be explained."""

    kind: Kind
    record_id: str
    label: str = field(compare=False)

    @property
    def reference(self) -> str:
        """What a person types to mean this one and no other."""
        return f"{_PREFIXES[self.kind]}:{self.record_id}"


_PREFIXES: dict[Kind, str] = {
    "order": "order",
    "invoice": "invoice",
    "bill": "bill",
    "payment": "payment",
    "payment_made": "payment",
    "bank_transaction": "bank",
    "journal_entry": "entry",
}


@dataclass(frozen=True)
class Change:
    """What a later version of a record said otherwise."""

    landed_at: datetime
    landing_file: str
    is_deleted: bool
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Record:
    """One record as a vendor said it last, with where that answer lies and what it said before."""

    table: str
    """`raw_<system>.<table>`."""
    record_id: str
    fields: dict[str, Any]
    """Without those that are empty; account numbers masked."""
    landed_at: datetime
    landing_file: str
    load_id: str | None
    is_deleted: bool
    first_landed_at: datetime
    changes: list[Change]


@dataclass(frozen=True)
class Rule:
    """One rule that applied, what came of it and where that was taken from."""

    about: str
    rule: str
    outcome: str
    taken_from: str


@dataclass
class Explanation:
    """Everything about one document, in the order in which it happened."""

    subject: Subject
    snapshot: int
    as_of: str
    summary: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    """As the desk settled it."""
    rules: list[Rule] = field(default_factory=list)
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    """Journal entries, each with its `lines`."""
    documents: list[Record] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    payments: list[Record] = field(default_factory=list)
    settlements: list[dict[str, Any]] = field(default_factory=list)
    """Which payment settled which document, by how much."""
    bank_lines: list[dict[str, Any]] = field(default_factory=list)
    """Each with its `reconciliation`, and with its `evidence`: why it looks like the payment's."""
    bank_records: list[Record] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Returns everything as one document."""
        document = asdict(self)
        document["subject"]["reference"] = self.subject.reference
        return document
