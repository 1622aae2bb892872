"""What becomes of an order up to the business date: how far the loop, or somebody else, has taken it.

In: the orders of each month as contracts. Out: a `Fate` for each of them, dealt out by fixed counts, so that every
case is there in every world. What does not belong here: the cases themselves (`planted.py`) and their bookkeeping.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from random import Random

from sandbox.world.calendar import Month
from sandbox.world.contracts import Contract
from sandbox.world.seeding import seeded


class Fate(Enum):
    """How far an order has come. Each member's text says what stands where."""

    DRAFT = "under construction in ATLAS ETRM"
    READY = "approved or forwarded, not booked: work for the loop"
    HELD = "approved, but one of the planted cases: must be held"
    REJECTED = "rejected by accounting"
    ELSEWHERE = "erpCode set by an incumbent, accounting document with that number and without a key"
    ELSEWHERE_UNKNOWN = "erpCode set by an incumbent, no accounting document at all"
    DOCUMENT_DRAFT = "accounting document made but still a draft, erpCode not written"
    DOCUMENT_ISSUED = "accounting document issued, erpCode not written"
    VOIDED = "accounting document made, then voided by a person: must be held"
    CODE_ONLY = "erpCode written, ATLAS invoice not yet"
    OPEN = "booked and invoiced, nothing paid"
    RELEASED = "booked and invoiced, payment approved by the ETRM, nothing paid"
    PART_PAID = "part of it paid, the payment known to ATLAS ETRM"
    PART_PAID_UNREPORTED = "part of it paid, the payment not yet in ATLAS ETRM"
    PAID_UNREPORTED = "paid in accounting, ATLAS ETRM knows nothing of it"
    PAID_UNMARKED = "paid, the payment known to ATLAS ETRM, isPaid not yet set"
    SETTLED = "booked, invoiced, paid, and all of it known to ATLAS ETRM"


_PAST = {
    Fate.REJECTED: 5,
    Fate.ELSEWHERE: 3,
    Fate.ELSEWHERE_UNKNOWN: 2,
    Fate.DRAFT: 3,
    Fate.OPEN: 7,
    Fate.PART_PAID: 4,
    Fate.PAID_UNREPORTED: 6,
    Fate.PAID_UNMARKED: 3,
}
_THIRD_LAST = {
    Fate.READY: 3,
    Fate.DRAFT: 2,
    Fate.REJECTED: 1,
    Fate.CODE_ONLY: 1,
    Fate.PART_PAID: 3,
    Fate.PART_PAID_UNREPORTED: 2,
    Fate.OPEN: 4,
    Fate.RELEASED: 2,
    Fate.PAID_UNREPORTED: 8,
    Fate.PAID_UNMARKED: 2,
}
_SECOND_LAST = {
    Fate.READY: 21,
    Fate.DRAFT: 4,
    Fate.REJECTED: 1,
    Fate.DOCUMENT_DRAFT: 1,
    Fate.DOCUMENT_ISSUED: 2,
    Fate.CODE_ONLY: 3,
    Fate.RELEASED: 1,
    Fate.PAID_UNREPORTED: 3,
    Fate.SETTLED: 4,
}
_LAST = {
    Fate.READY: 33,
    Fate.DRAFT: 17,
    Fate.REJECTED: 1,
    Fate.CODE_ONLY: 1,
}
_LATE_READY = 3
"""Orders of autumn that were approved late: their registration date lies in a closed period."""
_LATE_READY_MONTH = 9
"""November 2025 by default, registered in early December."""

Slot = tuple[int, int]
"""Month index and contract number: one order."""


def deal_fates(
    slots: Sequence[tuple[Month, Contract]], planted: dict[Slot, Fate], *, scale: float, seed: int
) -> dict[Slot, Fate]:
    """Decides every order's fate.

    Args:
        slots: All orders, as month and contract.
        planted: Fates that are fixed beforehand.
        scale: Multiplies the counts.
        seed: Decides who gets which.

    Returns:
        A fate per order. What the counts leave over is settled in the past, open in the last two months.
    """
    fates = dict(planted)
    last = max(month.number for month, _ in slots)
    groups: dict[str, list[Slot]] = {"past": [], "third_last": [], "second_last": [], "last": []}
    names = {last: "last", last - 1: "second_last", last - 2: "third_last"}
    for month, contract in slots:
        groups[names.get(month.number, "past")].append((month.number, contract.number))
    late = [slot for slot in groups["past"] if slot[0] == _LATE_READY_MONTH and slot not in fates]
    for slot in seeded(f"{seed}:late").sample(late, min(_LATE_READY, len(late))):
        fates[slot] = Fate.READY
    profiles = {"past": _PAST, "third_last": _THIRD_LAST, "second_last": _SECOND_LAST, "last": _LAST}
    for name, members in groups.items():
        rest = Fate.SETTLED if name in ("past", "third_last") else Fate.OPEN
        _deal(members, profiles[name], rest, fates, scale, seeded(f"{seed}:fates:{name}"))
    return fates


def _deal(
    members: list[Slot],
    profile: dict[Fate, int],
    rest: Fate,
    fates: dict[Slot, Fate],
    scale: float,
    random: Random,
) -> None:
    free = [slot for slot in members if slot not in fates]
    random.shuffle(free)
    for fate, count in profile.items():
        # Orders planted as ready are some of those that wait; the profile's number includes them.
        wanted = max(round(count * scale), 1) - sum(1 for slot in members if fates.get(slot) is fate)
        for _ in range(min(wanted, len(free))):
            fates[free.pop()] = fate
    for slot in free:
        fates[slot] = rest
