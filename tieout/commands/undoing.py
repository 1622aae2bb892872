"""`tieout undo`, `hold` and `release`: take back what was written, and keep it from being written again.

In: what a person names, and why. Out: a saved plan that takes back what a vendor allows, words for the rest, and a hold
on every record concerned. What does not belong here: sending it; `tieout approve` and `tieout apply` do.

The hold stands from the moment the undo is planned: else the next run would write again what is about to be taken back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from tieout import identity, lock
from tieout.commands import opened
from tieout.commands.opened import operations_store, warehouse
from tieout.commands.printing import print_json
from tieout.errors import ExitCode, SettingsError, TieoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reverse_etl.operations import OperationsStore
    from tieout.commands.own_plan import OwnPlan
    from tieout.settings import Settings
    from tieout.undo.steps import Step

Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept with it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def undo(
    context: typer.Context,
    record: Annotated[str | None, typer.Option("--record", help="Such as order:210, or a sync's own key.")] = None,
    run: Annotated[str | None, typer.Option("--run", help="Everything a run wrote.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Everything a plan wrote.")] = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Plan to take back what Tieout wrote; what cannot be is told, and nothing of it is written again."""
    if sum(each is not None for each in (record, run, plan)) != 1:
        raise SettingsError("undo needs one of --record, --run and --plan")
    why = _reason(reason)
    with context.obj.settings() as settings, lock.held(settings.paths.lock):
        from tieout.commands import own_plan
        from tieout.undo import chosen, present
        from tieout.undo import steps as undo_steps

        with operations_store(settings) as store:
            plan = _plan_id(settings, store, plan)
            deliveries = chosen.deliveries(store, record=record, run_id=run, plan_id=plan)
        if not deliveries:
            raise TieoutError(
                f"{record or run or plan}: nothing stands that Tieout wrote; `tieout audit list` has the log"
            )
        steps = undo_steps.steps(deliveries, present.read(warehouse(settings), deliveries), reason=why)
        made = own_plan.save(settings, [step.item for step in steps if step.item], origin=undo_steps.ORIGIN)
        records = sorted({_record(row["order_id"], row["sync_key"]) for row in deliveries})
        fresh = _hold(settings, records, f"undo: {why}", made.plan_id)
    if as_json:
        print_json(_document(made, steps, records))
    else:
        _show(made, steps, records, fresh, Console(emoji=False))
    by_hand = any(step.by_hand for step in steps)
    raise typer.Exit(int(ExitCode.HELD if by_hand or made.set_aside else ExitCode.DONE))


def hold(
    context: typer.Context,
    record: Annotated[
        str | None, typer.Argument(metavar="RECORD", help="Such as order:210, or a sync's own key.")
    ] = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Write nothing more for a record until it is released; without an argument, list what is held."""
    settings: Settings = context.obj.plain_settings()
    if record is None:
        _list(settings, as_json)
        return
    why = _reason(reason)
    kind, _, order_id = record.partition(":")
    if kind == "order" and not order_id.isdecimal():
        raise SettingsError(f"{record}: an order is named by its number, such as order:210")
    with lock.held(settings.paths.lock):
        if not _hold(settings, [record], why, None):
            raise TieoutError(f"{record} is held already; `tieout hold` lists what is held")
    # Held all the same: a record may be stopped before it arrives.
    missing = opened.missing(settings, record)
    if as_json:
        print_json({"record": record, "reason": why, "is_known": missing is None})
        return
    console = Console(emoji=False)
    console.print(f"held: {record}; nothing is written for it until `tieout release {record}`", highlight=False)
    if missing is not None:
        console.print(f"[yellow]{escape(missing)}[/]; is it mistyped?", highlight=False, soft_wrap=True)


def release(
    context: typer.Context,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="As `tieout hold` lists it.")],
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Let a held record be written again; what an undo took back is made again by the next run."""
    from reverse_etl import audit, holds
    from reverse_etl.delivery_log import DeliveryLog
    from reverse_etl.operations_tables import DELIVERIES

    settings: Settings = context.obj.plain_settings()
    why, at = _reason(reason), datetime.now(UTC)
    with lock.held(settings.paths.lock), operations_store(settings) as store:
        try:
            was = holds.release(store, record, by=identity.current(settings), reason=why, at=at)
        except holds.NotHeldError as problem:
            raise TieoutError(str(problem)) from None
        of_record = {"order_id": was["order_id"]} if was["order_id"] is not None else {"sync_key": record}
        log = DeliveryLog(store)
        for row in store.rows(DELIVERIES, operation="delete", status="delivered", **of_record):
            log.forget_undone(row["target_id"], plan_id=row["plan_id"], at=at)
        audit.note_head(store, settings.audit_heads, at=at)
    if as_json:
        print_json({"record": record, "was": holds.told(was), "reason": why})
    else:
        Console(emoji=False).print(f"released: {record}; the next run plans what is due for it", highlight=False)


def _plan_id(settings: Settings, store: OperationsStore, name: str | None) -> str | None:
    """Returns the plan that goes by a name: its id, the beginning of it, or `latest`."""
    from reverse_etl.plan_store import PlanNotFoundError
    from tieout.planning import plan_store

    try:
        return None if name is None else plan_store(settings, store).load(name).plan_id
    except PlanNotFoundError as problem:
        raise SettingsError(str(problem)) from None


def _reason(reason: str | None) -> str:
    if reason is None or not reason.strip():
        raise SettingsError("--reason is missing; it is kept with it")
    return reason.strip()


def _record(order_id: int | None, sync_key: str) -> str:
    return sync_key if order_id is None else f"order:{order_id}"


def _hold(settings: Settings, records: Sequence[str], reason: str, plan_id: str | None) -> list[str]:
    from reverse_etl import audit, holds

    at = datetime.now(UTC)
    with operations_store(settings) as store:
        try:
            fresh = holds.hold(store, records, by=identity.current(settings), reason=reason, at=at, plan_id=plan_id)
        except holds.NotHeldError as problem:
            raise TieoutError(str(problem)) from None
        audit.note_head(store, settings.audit_heads, at=at)
    return fresh


def _list(settings: Settings, as_json: bool) -> None:
    from reverse_etl import holds

    with operations_store(settings) as store:
        found = holds.in_effect(store)
    if as_json:
        print_json({"held": list(found.values())})
        return
    console = Console(emoji=False)
    console.print(f"[bold]Held by a person ({len(found):,})[/]")
    for record, row in found.items():
        console.print(f"  {record}  {holds.told(row)}", highlight=False, markup=False, soft_wrap=True)


def _document(made: OwnPlan, steps: Sequence[Step], records: Sequence[str]) -> dict[str, Any]:
    return {
        "plan_id": made.plan_id,
        "hash": made.plan.hash if made.plan_id else None,
        "taken_back": [
            {
                "sync": item.sync_name,
                "record": item.sync_key,
                "operation": item.operation,
                "label": item.record_label,
                "changes": [{"field": one.field, "old": one.old, "new": one.new} for one in item.changes],
            }
            for item in made.plan.items
        ],
        "by_hand": [
            {"sync": step.sync_name, "record": step.record, "label": step.label, "what": step.by_hand}
            for step in steps
            if step.by_hand
        ],
        "waiting": [
            {"sync": one.sync_name, "record": one.row.sync_key, "reason": one.reason} for one in made.set_aside
        ],
        "held": list(records),
    }


def _word(value: Any) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _show(made: OwnPlan, steps: Sequence[Step], records: Sequence[str], fresh: Sequence[str], console: Console) -> None:
    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    for item in made.plan.items:
        told = "  ".join(f"{one.field}: {_word(one.old)} → {_word(one.new)}" for one in item.changes)
        say(f"  {item.operation} {item.record_label} ({item.destination}): {told}")
    for one in made.set_aside:
        say(f"  waits: {one.row.record_label}: {one.reason}")
    for step in steps:
        if step.by_hand:
            say(f"  by hand: {step.label} ({step.sync_name}): {step.by_hand}")
    if made.plan_id is not None:
        say(
            f"{made.plan_id}: {len(made.plan.items):,} writes that take back. Somebody else approves it"
            f" (tieout approve {made.plan_id}), then tieout apply {made.plan_id}"
        )
    else:
        say("no write can take anything of it back")
    held = f"{records[0]} is" if len(records) == 1 else f"{len(records):,} records are"
    say(f"{held} held from now on ({len(fresh):,} not held before): tieout release {records[0]}")
