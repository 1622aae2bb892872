"""`tieout explain DOCUMENT`: from any order, number, code, payment, bank line or entry to everything behind it.

In: what a person types. Out: text, one JSON document, or one self-contained HTML page.
What does not belong here: finding it (`tieout/explain/`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tieout import publish
from tieout.commands.opened import operations_store, warehouse
from tieout.commands.printing import print_json, writing
from tieout.errors import ExitCode, SettingsError, TieoutError

if TYPE_CHECKING:
    from tieout.commands.opened import Warehouse
    from tieout.settings import Settings


def explain(
    context: typer.Context,
    document: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENT",
            help="order:210, an invoice's or bill's number, an erpCode, a payment, a bank line, a journal entry"
            " (ENTRY#LINE for one line); invoice:, bill:, erp:, payment:, bank:, entry:, item: say which is meant.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one HTML page.")] = None,
) -> None:
    """Show where a figure comes from: records, rules, entry, documents, writes, payments, bank line."""
    from tieout.explain import reference, story
    from tieout.report import explain_html, explain_text

    settings: Settings = context.obj.plain_settings()
    if not document.strip():
        raise SettingsError("explain needs the name of a record, such as order:210 or an invoice's number")
    snapshot, console = warehouse(settings), Console(emoji=False)
    found = reference.find(snapshot, document)
    if not found:
        raise TieoutError(_nothing(snapshot, document))
    if len(found) > 1:
        if as_json:
            print_json({"candidates": [{"reference": one.reference, "label": one.label} for one in found]})
        else:
            explain_text.show_candidates(document, found, console)
        raise typer.Exit(int(ExitCode.USAGE))
    published = publish.current(settings.paths)
    as_of = published.as_of if published else ""
    with operations_store(settings) as store:
        told = story.explain(snapshot, store, found[0], as_of=as_of)
    if html is not None:
        with writing("--html", html):
            html.write_text(explain_html.page(told), encoding="utf-8")
        Console(stderr=True, emoji=False).print(f"wrote {html}", highlight=False, soft_wrap=True)
    if as_json:
        print_json(told.as_json())
    elif html is None:
        explain_text.show(told, console)


def _nothing(snapshot: Warehouse, wanted: str) -> str:
    from tieout.explain import reference

    near = reference.near(snapshot, wanted.partition(":")[2] or wanted)
    hint = f"; did you mean {', '.join(near)}?" if near else "; what is new since is there after the next run"
    return f"nothing in snapshot {snapshot.number} goes by {wanted!r}{hint}"
