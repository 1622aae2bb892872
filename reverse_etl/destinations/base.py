"""What every destination offers to `apply`, and the little they share.

In: nothing. Out: `Destination` and helpers to turn a vendor's records into answers.
What does not belong here: anything that only one vendor does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from pipelines.raw_table import Answer, RawTable
from pipelines.transport import exact
from pipelines.transport.errors import VendorError
from pipelines.transport.reply import Reply
from reverse_etl.catalog import Sync
from reverse_etl.log_state import Delivery
from reverse_etl.outcome import Outcome
from reverse_etl.plan import PlanItem

Record = dict[str, Any]


@dataclass(frozen=True)
class Present:
    """A record as its destination shows it now, in the words of a payload."""

    values: Mapping[str, Any]
    """What the payload would change: old values by the payload's own members, as JSON values, money as text."""
    watched: Mapping[str, Any] = field(default_factory=dict)
    """What else must not have moved when the item is sent, such as status or total."""
    version: str | None = None
    """The record's version, where the vendor has them: another one alone is no other content."""


class Destination(Protocol):
    """One vendor to write to. `deliver` is called from several threads at once."""

    def prepare(self, sync: Sync, items: Sequence[PlanItem]) -> str | None:
        """Called once before a sync's first intent: gathers what its deliveries need.

        Returns the vendor's own clock where a later look-up is bounded by it, else None.
        """

    def deliver(self, sync: Sync, batch: Sequence[Delivery]) -> list[Outcome]:
        """Sends one batch and returns an outcome for each delivery, in order. Raises no `VendorError`."""

    def look_up(self, sync: Sync, unknown: Sequence[Delivery]) -> dict[str, Outcome]:
        """Returns the outcome of every delivery that is found to have happened, by its id; the others did not.

        Raises:
            VendorError: the look-up failed, so nothing is known.
        """

    def present(self, sync: Sync, items: Sequence[PlanItem]) -> dict[str, Present]:
        """Reads the records that items would change, as they are now, and returns them by sync key.

        Called with up to `sync.batch_size` items that all name a `destination_id`, from several threads at once. A
        record that is not there any more is missing in the answer.

        Raises:
            VendorError: it could not be read.
        """

    def endpoint_missing(self, sync: Sync, error: VendorError) -> str | None:
        """Returns the one finding to show when a whole sync's endpoint is missing, or None."""


def payload(delivery: Delivery) -> Record:
    """Returns the fields to write; a fresh object each time."""
    fields: Record = json.loads(delivery.payload)
    return fields


def answer(table: RawTable, record: Mapping[str, Any], numbers: Collection[str] = ()) -> Answer:
    """Returns a record that was read back as an answer to land; `numbers` are the vendor's JSON-number members."""
    return Answer(table, exact.dumps(dict(record), numbers=numbers))


def answers_of(table: RawTable, reply: Reply) -> tuple[Answer, ...]:
    """Returns a reply's records as answers, byte for byte."""
    return tuple(Answer(table, bytes(record)) for record in reply.records)


def is_blank(value: object) -> bool:
    """Whether a field of a vendor's record holds nothing: null and blank are the same (DESIGN section 5.3)."""
    return value is None or (isinstance(value, str) and not value.strip())


def done(
    answers: tuple[Answer, ...],
    record: Mapping[str, Any],
    *,
    number: str | None = None,
    request_id: str | None = None,
    reason: str | None = None,
) -> Outcome:
    """Returns the outcome of a write whose effect is certain; `reason` tells where nothing had to be sent."""
    shown = record.get(number) if number else None
    return Outcome(
        "delivered",
        reason,
        str(record["id"]) if record.get("id") is not None else None,
        str(shown) if shown is not None else None,
        request_id,
        answers,
    )


def written(
    table: RawTable,
    write: Callable[[], Reply],
    read_back: Callable[[], Record | None],
    *,
    number: str | None = None,
) -> Outcome:
    """Writes one record and returns the outcome with the record as the vendor now has it.

    Where the answer lacks the record it is read back (DESIGN section 1). Errors of the write pass through.
    """
    reply = write()
    if len(reply.records) == 1 and isinstance(record := reply.one(), dict) and record.get("id") is not None:
        return done(answers_of(table, reply), record, number=number, request_id=reply.request_id)
    try:
        found = read_back()
    except VendorError:
        found = None
    if found is None:
        # The vendor said yes; which record it was will be seen when the table is landed again.
        return Outcome("delivered", "the answer held no record", request_id=reply.request_id)
    return done((answer(table, found),), found, number=number, request_id=reply.request_id)


def shown(record: Mapping[str, Any], members: Collection[str]) -> dict[str, Any]:
    """Returns some members of a vendor's record as JSON values; a number with a fraction as text, blank as None."""
    return {name: _plain(record.get(name)) for name in members}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return None if is_blank(value) else value
