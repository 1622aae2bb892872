"""`tieout shadow`: for a cut-over, what Tieout would have written beside what an incumbent has written.

In: the newest snapshot. Out: differences as text, JSON or CSV; exit 3 where there are any. Nothing is written anywhere.
What does not belong here: the comparison (`tieout/shadow/`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from tieout import publish
from tieout.commands.opened import warehouse
from tieout.commands.printing import print_json, writing
from tieout.errors import ExitCode
from tieout.report.whole import print_table

if TYPE_CHECKING:
    from tieout.settings import Settings
    from tieout.shadow.compare import Difference

SHOWN = 50


def shadow(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every difference as CSV.")] = None,
) -> None:
    """Compare what Tieout would write with what an incumbent has written; asks nobody, writes nothing."""
    from tieout.shadow import compare, gather

    settings: Settings = context.obj.plain_settings()
    snapshot, published = warehouse(settings), publish.current(settings.paths)
    pairs = gather.pairs(snapshot)
    found = compare.compare(pairs)
    booked = [pair for pair in pairs if pair.erp_code is not None]
    differing = {one.order_id for one in found}
    figures = {
        "snapshot": snapshot.number,
        "as_of": published.as_of if published else None,
        "orders_compared": len(pairs),
        "orders_booked_there": len(booked),
        "orders_booked_there_without_difference": sum(pair.order_id not in differing for pair in booked),
        "differences": dict(sorted(Counter(one.difference for one in found).items())),
    }
    if csv is not None:
        with writing("--csv", csv):
            _write_csv(found, csv)
    if as_json:
        print_json({**figures, "rows": [asdict(one) for one in found]})
    else:
        console = Console(emoji=False)
        console.rule(f"[bold]Shadow · snapshot {snapshot.number} · as of {figures['as_of']}", align="left")
        console.print(
            f"{len(pairs):,} orders compared, {len(booked):,} booked by an incumbent,"
            f" {figures['orders_booked_there_without_difference']:,} of them without a difference",
            highlight=False,
        )
        _show(found, console)
        if csv is not None:
            console.print(f"wrote {csv}", highlight=False, soft_wrap=True)
    raise typer.Exit(int(ExitCode.HELD if found else ExitCode.DONE))


def _show(found: list[Difference], console: Console) -> None:
    from tieout.amounts import with_currency

    if not found:
        console.print("[green]no difference[/]")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in ("difference", "rows", "amount"):
        table.add_column(title, justify="right" if title != "difference" else "left", no_wrap=True)
    for code, count in sorted(Counter(one.difference for one in found).items()):
        totals: dict[str, Decimal] = {}
        for one in found:
            if one.difference == code and one.amount is not None:
                currency = one.currency_code or ""
                totals[currency] = totals.get(currency, Decimal(0)) + one.amount
        told = "\n".join(with_currency(amount, currency) for currency, amount in sorted(totals.items()))
        table.add_row(code, f"{count:,}", told)
    print_table(console, table)
    for one in found[:SHOWN]:
        line = (
            f"  order {one.order_id}  {one.record}  {one.difference}: here {one.here or '-'}, there {one.there or '-'}"
        )
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if len(found) > SHOWN:
        console.print(f"  … and {len(found) - SHOWN:,} more: --csv FILE, --json", style="dim")


def _write_csv(found: list[Difference], path: Path) -> None:
    import polars

    columns = {
        "order_id": polars.Int64,
        "order_name": polars.String,
        "record": polars.String,
        "difference": polars.String,
        "here": polars.String,
        "there": polars.String,
        "amount": polars.String,
        "currency_code": polars.String,
    }
    rows = [{**asdict(one), "amount": None if one.amount is None else format(one.amount, "f")} for one in found]
    polars.DataFrame(rows, schema=columns, orient="row").write_csv(path)
