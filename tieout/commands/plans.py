"""`tieout plan`, `approve` and `apply`: what would be written, a second person's word, and the writing of just that.

In: arguments, settings, the acting person. Out: plans and approvals in the operations store, text or JSON.
What does not belong here: the rules of approval (`reverse_etl/plan_store.py`), of sending (`reverse_etl/release.py`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from tieout import identity
from tieout.commands import opened
from tieout.commands.opened import operations_store, warehouse
from tieout.commands.printing import print_json
from tieout.errors import ExitCode, SettingsError, TieoutError

if TYPE_CHECKING:
    from reverse_etl.plan_items import Plan
    from reverse_etl.plan_store import PlanStore
    from tieout.outcome import RunOutcome
    from tieout.settings import Settings

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Business date of the figures.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; everything else on stderr.")]
Record = Annotated[
    str | None, typer.Option("--record", metavar="KIND:ID", help="Only what belongs to this record, e.g. order:210.")
]
Name = Annotated[
    str | None, typer.Argument(metavar="PLAN", help="A saved plan: its id, the beginning of it, or `latest`.")
]


def register(app: typer.Typer) -> None:
    """Adds the three commands."""
    app.command()(plan)
    app.command()(approve)
    app.command()(apply)


def plan(
    context: typer.Context,
    name: Name = None,
    as_of: AsOf = None,
    sync: Annotated[str | None, typer.Option("--sync", help="Show the records of this sync, field by field.")] = None,
    record: Record = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Records shown field by field; 0 shows all.")] = 50,
    list_all: Annotated[bool, typer.Option("--list", help="Show the plans that are saved, newest first.")] = False,
    as_json: Json = False,
) -> None:
    """Show what would be written where, old value → new value, and save it for approval; writes nothing."""
    from tieout.planning import check_record, plan_store
    from tieout.report import plan as report
    from tieout.report import plan_view as views
    from tieout.report import summary

    check_record(record)
    settings = context.obj.plain_settings()
    if list_all:
        with operations_store(settings) as store:
            rows = views.listed(plan_store(settings, store), _now())
        if as_json:
            print_json({"plans": rows})
        else:
            report.show_list(rows, Console(emoji=False))
        return
    if name is not None:
        with operations_store(settings) as store:
            view = views.view_of_saved(plan_store(settings, store), store, name, _now())
        view = replace(view, needs=_needs(settings, record))
        _shown(view, sync, record, limit, as_json)
        return
    outcome, made = _executed(context, as_of, plan_only=True, record=record)
    _refuse_unknown(settings, record)
    fresh = None if made is None else views.view_of(made, outcome)
    if as_json:
        print_json(summary.as_json(outcome) | ({"plan": views.as_json(fresh)} if fresh else {}))
    elif fresh is not None:
        # A plan made for one record holds nothing else.
        own = frozenset(one.key for one in fresh.plan.everything)
        fresh = replace(fresh, needs=own if record is not None else frozenset())
        report.show(fresh, Console(emoji=False), sync=sync, record=record, limit=limit)
    else:
        summary.show(outcome, Console(emoji=False))
    raise typer.Exit(int(outcome.exit_code))


def approve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id, the beginning of it, or `latest`.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why it may be sent; kept with the approval.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="SYNC", help="This sync alone.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take every approval of the plan back.")] = False,
    as_json: Json = False,
) -> None:
    """Let a plan be sent exactly as it was saved; by somebody else than whoever made it."""
    from reverse_etl import audit
    from reverse_etl.operations import TamperedError
    from reverse_etl.plan_store import ApprovalRefusedError, PlanNotFoundError
    from tieout.planning import plan_store
    from tieout.report import plan as report
    from tieout.report import plan_view as views

    settings: Settings = context.obj.plain_settings()
    if reason is None and not withdraw:
        raise SettingsError(f"{name}: --reason is missing; it is kept with the approval")
    with operations_store(settings) as store:
        plans = plan_store(settings, store)
        by = identity.current(settings)
        try:
            saved = plans.load(name)
            if withdraw:
                count = plans.withdraw(saved, by=by, at=_now())
                done: dict[str, Any] = {"plan_id": saved.plan_id, "withdrawn": count, "by": by.name}
            else:
                approval = plans.approve(saved, by=by, reason=reason or "", only=only or None, at=_now())
                done = views.approval_document(saved, approval)
            audit.note_head(store, settings.audit_heads, at=_now())
        except PlanNotFoundError as problem:
            raise SettingsError(str(problem)) from None
        except (ApprovalRefusedError, TamperedError) as problem:
            raise TieoutError(str(problem)) from None
    if as_json:
        print_json(done)
    else:
        report.show_approval(done, Console(emoji=False))


def apply(
    context: typer.Context, name: Name = None, record: Record = None, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Send what of a saved plan is approved, exactly as it was approved; what moved since is refused by name."""
    from tieout.planning import check_record, plan_store
    from tieout.report import summary

    check_record(record)
    settings: Settings = context.obj.plain_settings()
    if name is not None or record is None:
        with operations_store(settings) as store:
            plans = plan_store(settings, store)
            name = name or _to_apply(plans)
            _check_approved(plans, name, settings)
    outcome, _ = _executed(context, as_of, plan_name=name, record=record)
    _refuse_unknown(settings, record)
    if as_json:
        print_json({**summary.as_json(outcome), "plan_id": name})
    else:
        summary.show(outcome, Console(emoji=False))
    raise typer.Exit(int(outcome.exit_code))


def _to_apply(plans: PlanStore) -> str:
    """Returns the newest plan that somebody approved and that is not done; else the newest."""
    listed = plans.listed()
    if not listed:
        raise TieoutError("no plan is saved yet; `tieout plan` makes one")
    for row in listed:
        if plans.has_valid_approval(row, _now()) and not plans.is_done(row):
            return str(row["plan_id"])
    return str(listed[0]["plan_id"])


def _needs(settings: Settings, record: str | None) -> frozenset[tuple[str, str]]:
    """What a record shares with others, by the newest snapshot; nothing where there is none yet."""
    import duckdb

    from reverse_etl.due import read_needs

    try:
        return frozenset() if record is None else read_needs(warehouse(settings).path, record)
    except (TieoutError, duckdb.CatalogException):
        return frozenset()


def _check_approved(plans: PlanStore, name: str, settings: Settings) -> None:
    """Refuses, before anything is asked of anybody, a plan of which nothing may go.

    Raises:
        SettingsError: no saved plan goes by that name.
        TieoutError: nobody has approved it, or not any more, and the settings let nothing of it go by itself; or it is
            not as it was saved.
    """
    from reverse_etl.operations import TamperedError
    from reverse_etl.plan_store import PlanNotFoundError
    from reverse_etl.release import may_go_alone

    try:
        saved = plans.load(name)
    except PlanNotFoundError as problem:
        raise SettingsError(str(problem)) from None
    except TamperedError as problem:
        raise TieoutError(f"{problem}. Nothing of it is sent; plan anew, and have it approved again") from None
    if plans.valid(saved, _now()) or any(may_go_alone(item, settings.auto_apply) for item in saved.plan.everything):
        return
    if any(plans.is_done(row) for row in plans.listed() if row["plan_id"] == saved.plan_id):
        # All of it was sent: what it says then is that nothing is left.
        return
    past = max(saved.approvals, key=lambda one: one.approved_at, default=None)
    if past is None:
        how = f"somebody else than {saved.made_by.name} gives `tieout approve {saved.plan_id} --reason …`"
        raise TieoutError(f"{saved.plan_id}: nobody has approved it; {how}")
    if past.withdrawn_by is not None:
        raise TieoutError(f"{saved.plan_id}: its approval was withdrawn by {past.withdrawn_by}; approve it again")
    until = f"{past.expires_at:%Y-%m-%d %H:%M} UTC"
    raise TieoutError(f"{saved.plan_id}: the approval of {past.approved_by} counted until {until}; plan anew")


def _refuse_unknown(settings: Settings, record: str | None) -> None:
    """Says that there is no such record, once the vendors were asked: it may have come just now.

    Raises:
        SettingsError: nothing goes by that name.
    """
    if record is not None and (why := opened.missing(settings, record)) is not None:
        raise SettingsError(f"--record {record}: {why}; nothing was sent for it")


def _executed(context: typer.Context, as_of: str | None, **options: Any) -> tuple[RunOutcome, Plan | None]:
    from tieout import run as loop
    from tieout.progress import RunProgress

    with context.obj.settings() as settings, RunProgress(Console(stderr=True, emoji=False)) as progress:
        day = settings.business_date(_now(), as_of)
        return loop.execute(settings, as_of=day, now=_now, progress=progress, **options)


def _shown(view: Any, sync: str | None, record: str | None, limit: int, as_json: bool) -> None:
    from tieout.report import plan as report
    from tieout.report import plan_view as views

    if as_json:
        print_json(views.as_json(view))
    else:
        report.show(view, Console(emoji=False), sync=sync, record=record, limit=limit)
    if view.refused:
        raise typer.Exit(int(ExitCode.HELD))


def _now() -> datetime:
    return datetime.now(UTC)
