"""Saves a plan that a command made itself, with the destinations' present values as old values.

In: items. Out: a saved plan, to be approved and applied like any other. What does not belong here: making the items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tieout import identity
from tieout.commands.opened import operations_store
from tieout.run import open_clients

if TYPE_CHECKING:
    from reverse_etl.plan import HeldRow, Plan, PlanItem, SkippedRow
    from tieout.settings import Settings


@dataclass(frozen=True)
class OwnPlan:
    """A plan of a command."""

    plan: Plan
    plan_id: str | None
    """None where there was nothing to save."""

    @property
    def set_aside(self) -> list[HeldRow | SkippedRow]:
        """What is meant and not in the plan, each with its reason."""
        return [*self.plan.held, *self.plan.waiting, *self.plan.rejected]


def save(settings: Settings, items: Sequence[PlanItem], *, origin: str) -> OwnPlan:
    """Reads what the destinations hold now, and saves the plan; the profile's lock is held by the caller.

    Raises:
        pipelines.transport.errors.VendorError: a vendor does not let us in.
    """
    from reverse_etl import audit
    from reverse_etl.apply import destinations_of
    from reverse_etl.delivery_log import DeliveryLog
    from reverse_etl.plan import plan_of_items
    from reverse_etl.present import read_present
    from tieout.planning import plan_store

    at = datetime.now(UTC)
    with operations_store(settings) as store:
        clients = open_clients(settings)
        try:
            plan = plan_of_items(items, DeliveryLog(store).state(), origin=origin)
            plan = read_present(plan, destinations_of(clients))
        finally:
            clients.close()
        if not plan.items:
            return OwnPlan(plan, None)
        made_by = identity.current(settings)
        plan_id = plan_store(settings, store).save(plan, run_id=None, made_by=made_by, at=at)
        audit.note_head(store, settings.audit_heads, at=at)
    return OwnPlan(plan, plan_id)
