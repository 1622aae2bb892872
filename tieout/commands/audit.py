"""`tieout audit`: proves that the operations store is as it was written, and shows what it holds.

In: the store and the heads that runs noted. Out: a verdict with exit 0 or 1, or events, IBANs masked.
What does not belong here: the proof itself (`reverse_etl/audit.py`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tieout.commands.opened import operations_store
from tieout.commands.printing import print_json
from tieout.errors import ExitCode, TieoutError
from tieout.report.whole import print_table

if TYPE_CHECKING:
    from tieout.settings import Settings

app = typer.Typer(help="Prove that the log of what was sent is as it was written, and read it.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; everything else on stderr.")]


@app.command()
def verify(
    context: typer.Context,
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="A head that was kept: the log must contain it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Walk the whole log; name the first record that was edited, removed, moved or cut off (exit 1)."""
    from reverse_etl import audit

    settings: Settings = context.obj.plain_settings()
    with operations_store(settings) as store:
        try:
            noted = audit.noted_heads(settings.audit_heads)
        except ValueError as problem:
            raise TieoutError(str(problem)) from None
        found = audit.verify(store, noted, head=head)
    if as_json:
        print_json(
            {
                "events": found.events,
                "head": found.head,
                "noted_heads": len(noted),
                "heads_file": str(settings.audit_heads),
                "first_bad": found.first_bad,
                "is_sound": found.first_bad is None,
            }
        )
    elif found.first_bad is None:
        console = Console(emoji=False)
        console.print(f"[green]sound[/]: {found.events:,} events, each as it was written", highlight=False)
        against = f"{len(noted):,} heads noted in {settings.audit_heads}" if noted else "no noted head"
        console.print(f"compared with {against}{' and with the one given' if head else ''}", highlight=False)
        console.print(f"head {found.head}", highlight=False, soft_wrap=True)
    else:
        console = Console(emoji=False)
        console.print(f"[red]not sound[/]: {escape(found.first_bad)}", highlight=False, soft_wrap=True)
        console.print(
            "Do not run again before it is clear why. The file may have been restored from a backup: then what the"
            f" vendors hold is the truth, and {settings.audit_heads} is to be moved aside with a note.",
            highlight=False,
        )
    raise typer.Exit(int(ExitCode.DONE if found.first_bad is None else ExitCode.FAILED))


@app.command(name="list")
def list_events(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option("--kind", help="delivery, plan, run, acceptance …")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Any part of the record's name.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the latest.")] = 50,
    as_json: Json = False,
) -> None:
    """Show the latest events of the log, newest first."""
    with operations_store(context.obj.plain_settings()) as store:
        rows = store.events(kind=kind, subject=subject, limit=limit)
    if as_json:
        print_json({"events": [_masked(row) for row in rows]})
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("event", "at", "kind", "subject", "said"):
        table.add_column(title, justify="right" if title == "event" else "left", overflow="fold")
    for row in rows:
        body = _masked(row)["body"]
        said = body.get("status") or body.get("reason") or ""
        subject = row["subject"].replace("\n", " ")
        table.add_row(str(row["sequence"]), row["at"][:19], row["kind"], escape(subject), escape(str(said)))
    print_table(Console(emoji=False), table)


@app.command()
def show(
    context: typer.Context, sequence: Annotated[int, typer.Argument(metavar="N", help="The event's number.")]
) -> None:
    """Show one event whole, as JSON, with its seal."""
    from reverse_etl.operations_tables import EVENTS

    with operations_store(context.obj.plain_settings()) as store:
        rows = store.rows(EVENTS, sequence=sequence)
        last, _ = store.tail()
    if not rows:
        raise TieoutError(f"there is no event {sequence}; the last is {last}")
    print_json(_masked(rows[0]))


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    from pipelines.transport.ibans import mask_ibans

    try:
        body = json.loads(mask_ibans(str(row["body"])))
    except ValueError:
        body = {"unreadable": mask_ibans(str(row["body"]))}
    return {**row, "subject": str(row["subject"]), "body": body if isinstance(body, dict) else {"value": body}}
