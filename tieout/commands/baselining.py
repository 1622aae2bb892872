"""`tieout baseline`: the erpCodes of orders that an incumbent booked before Tieout came, as a plan and nothing else.

In: a file of codes, or a day. Out: a saved plan of erpCodes. What does not belong here: writing them; `tieout approve`
and `tieout apply` do. Afterwards those orders are posted elsewhere and never invoiced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tieout import lock
from tieout import settings as settings_module
from tieout.commands.opened import warehouse
from tieout.commands.printing import print_json
from tieout.errors import ExitCode, SettingsError

if TYPE_CHECKING:
    from tieout.baseline.orders import Coded, Problem
    from tieout.commands.opened import Warehouse
    from tieout.commands.own_plan import OwnPlan

SHOWN = 30


def baseline(
    context: typer.Context,
    from_file: Annotated[
        Path | None, typer.Option("--from", metavar="CSV", help="Columns order_id and erp_code, one row per order.")
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="YYYY-MM-DD", help="Orders registered before this day, by what is found."),
    ] = None,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Plan the sound rows of the file although others are not.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Plan the erpCodes of orders that were booked before Tieout came; they are never invoiced after."""
    if (from_file is None) == (before is None):
        raise SettingsError("baseline needs either --from CSV or --before YYYY-MM-DD")
    day = settings_module.parse_date(before, "--before") if before else None
    with context.obj.settings() as settings, lock.held(settings.paths.lock):
        from tieout.baseline import items
        from tieout.commands import own_plan

        coded, problems = _codes(warehouse(settings), from_file, day)
        if from_file is not None and problems and not skip_invalid:
            _refuse(problems)
        made = own_plan.save(settings, items.items(coded), origin=items.ORIGIN)
    if as_json:
        print_json(_document(made, coded, problems))
    else:
        _show(made, coded, problems, Console(emoji=False))
    raise typer.Exit(int(ExitCode.HELD if problems or made.set_aside else ExitCode.DONE))


def _codes(snapshot: Warehouse, path: Path | None, day: date | None) -> tuple[list[Coded], list[Problem]]:
    from tieout.baseline import from_csv, from_documents, orders

    known = orders.read(snapshot)
    if path is None:
        assert day is not None  # noqa: S101 -- one of the two is given
        return from_documents.find(snapshot, known, day)
    try:
        return from_csv.read(path, known)
    except from_csv.FileRefusedError as problem:
        raise SettingsError(str(problem)) from None


def _refuse(problems: Sequence[Problem]) -> None:
    lines = "".join(f"\n  {one.where}: {one.reason}" for one in problems[:SHOWN])
    more = f"\n  … and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
    raise SettingsError(
        f"nothing was planned: {len(problems):,} rows are not sound (--skip-invalid plans the others):{lines}{more}"
    )


def _document(made: OwnPlan, coded: Sequence[Coded], problems: Sequence[Problem]) -> dict[str, object]:
    evidence = {one.order.order_id: one.evidence for one in coded}
    return {
        "plan_id": made.plan_id,
        "hash": made.plan.hash if made.plan_id else None,
        "items": [
            {
                "order_id": item.order_id,
                "erp_code": item.fields["erpCode"],
                "evidence": evidence.get(item.order_id or 0),
            }
            for item in made.plan.items
        ],
        "problems": [{"where": one.where, "reason": one.reason} for one in problems],
        "set_aside": [{"record": one.row.sync_key, "reason": one.reason} for one in made.set_aside],
    }


def _show(made: OwnPlan, coded: Sequence[Coded], problems: Sequence[Problem], console: Console) -> None:
    evidence = {one.order.order_id: one.evidence for one in coded}
    for item in made.plan.items[:SHOWN]:
        line = f"  {item.record_label}: erpCode {item.fields['erpCode']}  ({evidence.get(item.order_id or 0)})"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if len(made.plan.items) > SHOWN:
        console.print(f"  … and {len(made.plan.items) - SHOWN:,} more: --json", style="dim")
    for problem in problems[:SHOWN]:
        console.print(
            f"  not planned: {problem.where}: {problem.reason}", highlight=False, markup=False, soft_wrap=True
        )
    if len(problems) > SHOWN:
        console.print(f"  … and {len(problems) - SHOWN:,} more not planned: --json", style="dim")
    for one in made.set_aside:
        line = f"  waits: {one.row.record_label}: {one.reason}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if made.plan_id is None:
        console.print("nothing to plan: no order lacks an erpCode that is known")
        return
    console.print(
        f"{made.plan_id}: {len(made.plan.items):,} erpCodes, nothing else. Somebody else approves it"
        f" (tieout approve {made.plan_id}), then tieout apply {made.plan_id}",
        highlight=False,
        soft_wrap=True,
    )
