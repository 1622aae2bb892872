"""Accepted differences: a second person lets one control's difference pass, at exactly that amount.

In: a red difference, who measured it, who accepts it and why. Out: an acceptance in the operations store, in effect
until it is withdrawn. What does not belong here: which controls are red (`marts.fct_tie_outs`).

The first person is whoever ran the run that measured the difference: who could make a control red, or see it first,
must not be the one who waves it through.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from reverse_etl.identity import Identity
from reverse_etl.operations import Event, OperationsStore, instant_text
from reverse_etl.operations_tables import ACCEPTANCES


class NotAcceptedError(ValueError):
    """The acceptance or withdrawal is refused; the message says why."""


@dataclass(frozen=True)
class Difference:
    """One red row of `marts.fct_tie_outs`, and the run that measured it."""

    control_name: str
    scope: str
    amount: Decimal
    currency_code: str
    run_id: str
    measured_by: str | None
    """The identity the run ran under."""


def accept(store: OperationsStore, difference: Difference, *, by: Identity, reason: str, at: datetime) -> str:
    """Lets a difference pass at exactly its amount and returns the acceptance's id.

    Raises:
        NotAcceptedError: no reason is given, a service or the run's own identity accepts, nobody knows who ran it,
            or the same amount is accepted already.
    """
    where = f"{difference.control_name} {difference.scope}"
    if not reason.strip():
        raise NotAcceptedError(f"{where}: an acceptance needs a reason")
    if not by.is_person:
        raise NotAcceptedError(f"{where}: {by.name} is a service; only a person accepts a difference")
    if difference.measured_by is None:
        raise NotAcceptedError(f"{where}: the run that measured it does not say who ran it; run `tieout run` again")
    if difference.measured_by == by.name:
        raise NotAcceptedError(f"{where}: {by.name} ran the run that measured it; a second person must accept it")
    for row in in_effect(store):
        same = (row["control_name"], row["scope"]) == (difference.control_name, difference.scope)
        if same and Decimal(row["difference"]) == difference.amount:
            raise NotAcceptedError(f"{where}: {row['accepted_by']} accepted this amount on {row['accepted_at']}")
    acceptance_id = f"acceptance-{uuid.uuid4()}"
    body = {
        "acceptance_id": acceptance_id,
        "control_name": difference.control_name,
        "scope": difference.scope,
        "difference": format(difference.amount, "f"),
        "currency_code": difference.currency_code,
        "run_id": difference.run_id,
        "measured_by": difference.measured_by,
        "accepted_by": by.name,
        "reason": reason.strip(),
        "accepted_at": instant_text(at),
    }
    store.append([Event("acceptance", acceptance_id, at, body)])
    return acceptance_id


def withdraw(
    store: OperationsStore, control_name: str, scope: str, *, by: Identity, reason: str, at: datetime
) -> list[dict[str, Any]]:
    """Withdraws what is accepted for a control and scope and returns those acceptances as they were.

    Raises:
        NotAcceptedError: no reason is given, or nothing is accepted there.
    """
    if not reason.strip():
        raise NotAcceptedError(f"{control_name} {scope}: a withdrawal needs a reason")
    found = [row for row in in_effect(store) if (row["control_name"], row["scope"]) == (control_name, scope)]
    if not found:
        raise NotAcceptedError(f"{control_name} {scope}: nothing is accepted there; see `tieout accept --list`")
    body = {"withdrawn_by": by.name, "withdrawal_reason": reason.strip(), "withdrawn_at": instant_text(at)}
    store.append([Event("acceptance", row["acceptance_id"], at, body) for row in found])
    return found


def every(store: OperationsStore) -> list[dict[str, Any]]:
    """Returns all acceptances ever, oldest first, the withdrawn ones among them."""
    return sorted(store.rows(ACCEPTANCES), key=lambda row: (row["accepted_at"], row["acceptance_id"]))


def in_effect(store: OperationsStore) -> list[dict[str, Any]]:
    """Returns the acceptances that nobody has withdrawn, oldest first."""
    return [row for row in every(store) if row["withdrawn_at"] is None]
