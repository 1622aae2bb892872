"""Keeps plans, who approved them, and what was refused when they were applied.

In: plans, identities, times. Out: events in the operations store, and `SavedPlan`s read back from it, proven.
What does not belong here: making a plan (`plan.py`), deciding what of it may be sent now (`release.py`), sending.

What is stored is what is approved: a plan's body is saved as bytes with its SHA-256, an approval names that hash, and
both are read back through the chained events they were written as. A body, a hash or an approval that somebody
changed in the file since is refused, and nothing of that plan is sent.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reverse_etl.identity import Identity
from reverse_etl.operations import Event, OperationsStore, TamperedError, instant_text
from reverse_etl.operations_tables import APPROVALS, DELIVERIES, PLANS, REFUSALS
from reverse_etl.plan_items import Plan, PlanItem, plan_id_of

VALID_FOR = timedelta(hours=72)
"""How long a plan may be approved, and an approval used, unless a setting says otherwise."""


class PlanNotFoundError(Exception):
    """No saved plan goes by that name, or several do."""


class ApprovalRefusedError(Exception):
    """The approval, or its withdrawal, is not possible; the message says why."""


@dataclass(frozen=True)
class Approval:
    """A person's word that a plan, or some syncs of it, may be sent."""

    approval_id: str
    plan_id: str
    plan_hash: str
    syncs: frozenset[str] | None
    """None means the whole plan."""
    approved_by: str
    reason: str
    approved_at: datetime
    expires_at: datetime
    withdrawn_by: str | None

    def covers(self, sync_name: str) -> bool:
        """Whether it speaks for a sync of its plan."""
        return self.syncs is None or sync_name in self.syncs


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was saved, proven unaltered."""

    plan: Plan
    plan_id: str
    plan_hash: str
    run_id: str | None
    made_by: Identity
    made_at: datetime
    set_aside: list[dict[str, Any]] = field(default_factory=list)
    """What was due beside it: `state` (held, waiting, rejected), `sync`, `record`, `label`, `reason`."""
    approvals: tuple[Approval, ...] = ()
    """All of this plan's, as given; `PlanStore.valid` says which still count."""


class PlanStore:
    """Plans and approvals over an operations store."""

    def __init__(self, store: OperationsStore, *, valid_for: timedelta = VALID_FOR) -> None:
        self._store = store
        self._valid_for = valid_for

    def save(self, plan: Plan, *, run_id: str | None, made_by: Identity, at: datetime) -> str:
        """Saves a plan with all it would send, and returns its id.

        The same plan once more stays as it was made, by whom it was made; only one that is too old to be approved
        is made anew, by whoever asks for it now.
        """
        known = self._store.proven("plan", plan.plan_id)
        if known is not None and at < _instant(known["made_at"]) + self._valid_for:
            return plan.plan_id
        body = {
            "plan_id": plan.plan_id,
            "run_id": run_id,
            "plan_hash": plan.hash,
            "origin": plan.origin,
            "made_by": made_by.name,
            "made_by_kind": made_by.kind,
            "made_at": instant_text(at),
            "item_count": len(plan.items),
            "follow_up_count": len(plan.follow_ups),
            "items": plan.body.decode(),
            "set_aside": json.dumps(set_aside_of(plan), separators=(",", ":"), ensure_ascii=False),
        }
        self._store.append([Event("plan", plan.plan_id, at, body)])
        return plan.plan_id

    def listed(self) -> list[dict[str, Any]]:
        """Returns the plans' rows without their bodies, newest first."""
        rows = self._store.rows(PLANS, without=("items", "set_aside"))
        return sorted(rows, key=lambda row: (row["made_at"], row["plan_id"]), reverse=True)

    def load(self, name: str) -> SavedPlan:
        """Returns a plan by its id, the beginning of it, or `latest`.

        Raises:
            PlanNotFoundError: none or several go by that name.
            TamperedError: it is not as it was saved.
        """
        row = self._store.proven("plan", plan_id := self._plan_id(name))
        if row is None:
            raise PlanNotFoundError(f"there is no plan {name!r}; `tieout plan --list` shows those that are saved")
        body = row["items"].encode()
        found = hashlib.sha256(body).hexdigest()
        if found != row["plan_hash"] or plan_id_of(found) != plan_id:
            raise TamperedError(f"{plan_id} is not what was saved: its content has another hash ({found[:16]})")
        return SavedPlan(
            plan=Plan.of_body(body),
            plan_id=plan_id,
            plan_hash=found,
            run_id=row["run_id"],
            made_by=Identity(row["made_by"], row["made_by_kind"] or "person"),
            made_at=_instant(row["made_at"]),
            set_aside=json.loads(row["set_aside"] or "[]"),
            approvals=tuple(self._approvals(plan_id)),
        )

    def valid(self, saved: SavedPlan, at: datetime) -> list[Approval]:
        """Returns the approvals of a plan that count: of these very bytes, not withdrawn, not expired, since made."""
        return [
            one
            for one in saved.approvals
            if one.plan_hash == saved.plan_hash
            and one.withdrawn_by is None
            and one.approved_by != saved.made_by.name
            and saved.made_at <= one.approved_at <= at < one.expires_at
        ]

    def has_valid_approval(self, row: Mapping[str, Any], at: datetime) -> bool:
        """Whether a listed plan has an approval that seems to count; `valid` proves it."""
        made_at = _instant(row["made_at"])
        approvals = (_approval(one) for one in self._store.rows(APPROVALS, plan_id=row["plan_id"]))
        return any(one.withdrawn_by is None and made_at <= one.approved_at and at < one.expires_at for one in approvals)

    def is_too_old(self, row: Mapping[str, Any], at: datetime) -> bool:
        """Whether a listed plan can no longer be approved."""
        return at >= _instant(row["made_at"]) + self._valid_for

    def is_done(self, row: Mapping[str, Any]) -> bool:
        """Whether everything of a listed plan, and what follows from it, was delivered."""
        delivered = self._store.rows(DELIVERIES, without=("payload",), plan_id=row["plan_id"], status="delivered")
        return len(delivered) >= row["item_count"] + (row["follow_up_count"] or 0)

    def approve(
        self, saved: SavedPlan, *, by: Identity, reason: str, only: Iterable[str] | None, at: datetime
    ) -> Approval:
        """Records that a person other than its maker approves a plan, or some syncs of it.

        Raises:
            ApprovalRefusedError: by its maker, by a service, without a reason, twice, too late, or of syncs that the
                plan does not have.
        """
        syncs = None if only is None else frozenset(only)
        if (why := self._why_not(saved, by, reason, syncs, at)) is not None:
            raise ApprovalRefusedError(f"{saved.plan_id} is not approved: {why}")
        body = {
            "approval_id": f"approval-{uuid.uuid4()}",
            "plan_id": saved.plan_id,
            "plan_hash": saved.plan_hash,
            "syncs": None if syncs is None else json.dumps(sorted(syncs)),
            "approved_by": by.name,
            "reason": reason.strip(),
            "approved_at": instant_text(at),
            "expires_at": instant_text(at + self._valid_for),
            "withdrawn_by": None,
            "withdrawn_at": None,
        }
        self._store.append([Event("approval", body["approval_id"] or "", at, body)])
        return _approval(body)

    def withdraw(self, saved: SavedPlan, *, by: Identity, at: datetime) -> int:
        """Withdraws every approval of a plan that still counts, by whoever asks, and returns how many those were."""
        valid = self.valid(saved, at)
        if not valid:
            raise ApprovalRefusedError(f"{saved.plan_id} has no approval that could be withdrawn")
        body = {"withdrawn_by": by.name, "withdrawn_at": instant_text(at)}
        self._store.append([Event("approval", one.approval_id, at, body) for one in valid])
        return len(valid)

    def refuse(self, plan_id: str, refused: Sequence[tuple[PlanItem, str]], *, at: datetime) -> None:
        """Notes what was not sent because it moved, and why; a reason that is noted already is not noted again."""
        known = self.refusals(plan_id)
        events = [
            Event("refusal", "\n".join((plan_id, *item.key)), at, _refusal(plan_id, item, reason, at))
            for item, reason in refused
            if known.get(item.key) != reason
        ]
        self._store.append(events)

    def settle(self, plan_id: str, sent: Iterable[PlanItem], *, at: datetime) -> None:
        """Takes back the refusal of what was sent after all; does nothing where there was none."""
        known = self.refusals(plan_id)
        events = [
            Event("refusal", "\n".join((plan_id, *item.key)), at, _refusal(plan_id, item, None, at))
            for item in sent
            if item.key in known
        ]
        self._store.append(events)

    def refusals(self, plan_id: str) -> dict[tuple[str, str], str]:
        """Returns why items of a plan were not sent, by sync and key."""
        rows = self._store.rows(REFUSALS, plan_id=plan_id)
        return {(row["sync_name"], row["sync_key"]): row["reason"] for row in rows if row["reason"] is not None}

    def _plan_id(self, name: str) -> str:
        names = [row["plan_id"] for row in self.listed()]
        if name == "latest" and names:
            return str(names[0])
        matches = [one for one in names if one == name or one.removeprefix("plan-").startswith(name)]
        matches = [one for one in names if one == name or one.startswith(name)] or matches
        if len(matches) == 1:
            return str(matches[0])
        several = f" ({', '.join(matches[:3])} …)" if matches else ""
        raise PlanNotFoundError(
            f"{len(matches) or 'no'} plan{'s' if len(matches) > 1 else ''} by the name {name!r}{several};"
            " `tieout plan --list` shows those that are saved"
        )

    def _approvals(self, plan_id: str) -> Iterable[Approval]:
        rows = sorted(self._store.rows(APPROVALS, plan_id=plan_id), key=lambda row: row["approved_at"])
        for row in rows:
            proven = self._store.proven("approval", row["approval_id"])
            if proven is not None:
                yield _approval(proven)

    def _why_not(
        self, saved: SavedPlan, by: Identity, reason: str, syncs: frozenset[str] | None, at: datetime
    ) -> str | None:
        has = {item.sync_name for item in saved.plan.everything}
        covered = {name for name in has for one in self.valid(saved, at) if one.covers(name)}
        if not by.is_person:
            return f"{by.name} is a service; only a person approves"
        if by.name == saved.made_by.name:
            return f"{by.name} made it; somebody else must approve it"
        if not reason.strip():
            return "an approval needs a reason"
        if at >= saved.made_at + self._valid_for:
            return f"it was made on {saved.made_at:%Y-%m-%d %H:%M} UTC, which is too long ago; plan anew"
        if syncs is not None and (missing := sorted(syncs - has)):
            return f"it has nothing of {', '.join(missing)}; it has {', '.join(sorted(has)) or 'nothing'}"
        if not has:
            return "there is nothing in it"
        if (has if syncs is None else syncs) <= covered:
            return "it is approved already"
        return None


def set_aside_of(plan: Plan) -> list[dict[str, Any]]:
    """Returns what was due beside a plan and is not sent: state, sync, record, label, reason."""
    sets = (("held", plan.held), ("waiting", plan.waiting), ("rejected", plan.rejected))
    return [
        {
            "state": state,
            "sync": one.sync_name,
            "record": one.row.sync_key,
            "label": one.row.record_label,
            "reason": one.reason,
        }
        for state, rows in sets
        for one in rows
    ]


def _refusal(plan_id: str, item: PlanItem, reason: str | None, at: datetime) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "sync_name": item.sync_name,
        "sync_key": item.sync_key,
        "reason": reason,
        "refused_at": instant_text(at),
    }


def _approval(row: Mapping[str, Any]) -> Approval:
    return Approval(
        approval_id=row["approval_id"],
        plan_id=row["plan_id"],
        plan_hash=row["plan_hash"],
        syncs=None if row["syncs"] is None else frozenset(json.loads(row["syncs"])),
        approved_by=row["approved_by"],
        reason=row["reason"],
        approved_at=_instant(row["approved_at"]),
        expires_at=_instant(row["expires_at"]),
        withdrawn_by=row["withdrawn_by"],
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
