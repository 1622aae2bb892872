"""`tieout accept`: a second person lets one red difference pass, withdraws that, or lists what was accepted.

In: the newest snapshot's red controls, the run history, the acting person. Out: an acceptance in the operations
store. What does not belong here: the rule of the second person (`reverse_etl/acceptances.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from tieout import identity, lock
from tieout.commands.opened import operations_store, warehouse
from tieout.commands.printing import print_json
from tieout.errors import SettingsError, TieoutError

if TYPE_CHECKING:
    from reverse_etl.acceptances import Difference
    from reverse_etl.operations import OperationsStore
    from tieout.settings import Settings


def accept(
    context: typer.Context,
    control: Annotated[
        str | None, typer.Argument(metavar="CONTROL", help="The control's name, as `tieout status` shows it.")
    ] = None,
    scope: Annotated[
        str | None, typer.Argument(metavar="SCOPE", help="Its scope; may be left out where one scope is red.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why it may pass; kept with it.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take an acceptance back.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="Show every difference ever accepted, and the red ones.")] = (
        False
    ),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Let a red difference pass at exactly its amount; a second person's word, shown ever after."""
    settings: Settings = context.obj.plain_settings()
    if list_all or control is None:
        if control is not None or reason is not None or withdraw:
            raise SettingsError("--list shows; to accept, name CONTROL and SCOPE and give a --reason")
        _show(settings, as_json)
        return
    if reason is None:
        raise SettingsError(f"{control}: --reason is missing; it is kept with the acceptance")
    # Under the lock: a run that is building may just be finding another amount.
    with lock.held(settings.paths.lock), operations_store(settings) as store:
        done = (
            _withdraw(settings, store, control, scope, reason)
            if withdraw
            else (_accept(settings, store, control, scope, reason))
        )
    if as_json:
        print_json(done)
        return
    verb = "withdrawn" if withdraw else "accepted"
    Console(emoji=False).print(
        f"{verb}: {done['control_name']} {done['scope']}, {done['difference']} {done['currency_code']}, by"
        f" {done['by']}. The next run takes it into account; it stays in marts.fct_accepted_differences.",
        highlight=False,
        soft_wrap=True,
    )


def _accept(settings: Settings, store: OperationsStore, control: str, scope: str | None, reason: str) -> dict[str, Any]:
    from reverse_etl import acceptances, audit

    found, by, at = _chosen(settings, store, control, scope), identity.current(settings), datetime.now(UTC)
    try:
        acceptances.accept(store, found, by=by, reason=reason, at=at)
    except acceptances.NotAcceptedError as problem:
        raise TieoutError(str(problem)) from None
    audit.note_head(store, settings.audit_heads, at=at)
    return {
        "control_name": found.control_name,
        "scope": found.scope,
        "difference": str(found.amount),
        "currency_code": found.currency_code,
        "measured_by": found.measured_by,
        "by": by.name,
        "reason": reason,
    }


def _withdraw(
    settings: Settings, store: OperationsStore, control: str, scope: str | None, reason: str
) -> dict[str, Any]:
    from reverse_etl import acceptances, audit

    if scope is None:
        raise SettingsError(f"{control}: name the SCOPE whose acceptance is withdrawn; `tieout accept --list` has it")
    by, at = identity.current(settings), datetime.now(UTC)
    try:
        rows = acceptances.withdraw(store, control, scope, by=by, reason=reason, at=at)
    except acceptances.NotAcceptedError as problem:
        raise TieoutError(str(problem)) from None
    audit.note_head(store, settings.audit_heads, at=at)
    kept = ("control_name", "scope", "difference", "currency_code")
    return {name: rows[-1][name] for name in kept} | {"by": by.name, "reason": reason}


def _chosen(settings: Settings, store: OperationsStore, control: str, scope: str | None) -> Difference:
    """Returns the red difference that was named.

    Raises:
        TieoutError: the control ties, there is no such one, or several scopes are red and none was named.
    """
    from reverse_etl.acceptances import Difference

    red = _red(settings)
    mine = [row for row in red if row["control_name"] == control and scope in (None, row["scope"])]
    if len(mine) != 1:
        among = mine or red
        listed = "".join(f"\n  {row['control_name']} {row['scope']}: {row['difference']}" for row in among)
        wanted = f"{control} {scope or ''}".strip()
        raise TieoutError(
            f"{wanted}: {'several scopes are red; name one' if mine else 'no such red difference'}"
            + (f". Red are:{listed}" if among else "; every control ties")
        )
    [row] = mine
    if row["difference"] is None:
        raise TieoutError(f"{control} {row['scope']}: one side is missing altogether; that is no amount to accept")
    runs = [run for run in store.runs(limit=200) if run["finished_at"] and not run["run_id"].startswith("extract-")]
    if not runs:
        raise TieoutError(f"{control}: no run is on record that could have measured it; run `tieout run` first")
    newest = runs[0]
    return Difference(
        control, row["scope"], row["difference"], row["currency_code"], newest["run_id"], newest["run_by"]
    )


def _red(settings: Settings) -> list[dict[str, Any]]:
    return warehouse(settings).rows(
        "select control_name, scope, difference, currency_code from marts.fct_tie_outs"
        " where not is_tied and not is_accepted order by control_name, scope"
    )


def _show(settings: Settings, as_json: bool) -> None:
    from reverse_etl import acceptances

    with operations_store(settings) as store:
        accepted, standing = acceptances.every(store), acceptances.in_effect(store)
    # The snapshot is older than an acceptance that no run has built from yet.
    words = {(row["control_name"], row["scope"], Decimal(row["difference"])) for row in standing}
    red = [row for row in _red(settings) if (row["control_name"], row["scope"], row["difference"]) not in words]
    if as_json:
        print_json({"accepted": accepted, "red": red})
        return
    console = Console(emoji=False)
    console.print(f"[bold]Accepted ({len(accepted):,})[/]")
    for row in accepted:
        taken_back = f"; withdrawn by {row['withdrawn_by']}: {row['withdrawal_reason']}" if row["withdrawn_at"] else ""
        console.print(
            f"  {row['accepted_at'][:10]}  {row['control_name']} {row['scope']}  {row['difference']}"
            f" {row['currency_code']}  by {row['accepted_by']}: {row['reason']}{taken_back}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    console.print(f"[bold]Red, and accepted by nobody ({len(red):,})[/]")
    for row in red:
        line = f"  {row['control_name']} {row['scope']}  {row['difference']} {row['currency_code']}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
