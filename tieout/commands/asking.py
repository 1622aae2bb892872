"""`tieout sql QUERY`: a question to the published warehouse.

In: a query. Out: a table for people, all rows as CSV or JSON for programs. What does not belong here: how either looks
(`report/query.py`).
"""

from __future__ import annotations

import sys
from typing import Annotated

import duckdb
import typer
from rich.console import Console

from tieout.commands.opened import warehouse
from tieout.commands.printing import print_json
from tieout.errors import SettingsError
from tieout.report import query as query_report


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A query over the warehouse.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="All rows as CSV on stdout.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All rows as one JSON document on stdout.")] = False,
) -> None:
    """Ask the published warehouse a question, read-only."""
    if as_csv and as_json:
        raise SettingsError("--csv or --json, not both")
    path = warehouse(context.obj.plain_settings()).path
    try:
        if not (as_csv or as_json):
            answers = query_report.ask(path, query, limit=query_report.MOST_ROWS)
            query_report.show(answers, Console(emoji=False))
            return
        found = list(query_report.ask(path, query))
    except (duckdb.Error, ValueError) as problem:
        raise SettingsError(str(problem)) from None
    if len(found) > 1:
        raise SettingsError("--csv and --json hold the answer of one query; ask the others alone")
    if as_csv:
        query_report.write_csv(found[0], sys.stdout)
    else:
        print_json(query_report.as_json(found[0]))
