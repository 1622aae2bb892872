"""The status: the last runs, what is held and why, what was rejected or is unknown, which controls are red.

In: the operations store and the newest snapshot. Out: text on a rich console, or a JSON document.
What does not belong here: asking a vendor anything; `tieout doctor` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from tieout import publish
from tieout.amounts import money
from tieout.errors import TieoutError
from tieout.planning import plan_store
from tieout.report import figures, plan_view, quarantine
from tieout.report.figures import Figures
from tieout.report.whole import print_table
from tieout.settings import Settings

RUNS_SHOWN = 5
RECORDS_SHOWN = 50


@dataclass(frozen=True)
class Status:
    """What the last runs left behind."""

    runs: list[dict[str, Any]]
    published: publish.Published | None
    """None before the first publication: then only runs, plans and quarantine can be told."""
    figures: Figures | None
    exceptions: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    behind: list[dict[str, Any]]
    """The records behind the differences; their own differences add up to those of the controls."""
    quarantined: list[dict[str, Any]]
    plans: list[dict[str, Any]]
    """Plans that wait for an approval, or to be applied."""
    refused: list[dict[str, Any]]
    """What of them was approved and not sent, because something moved."""


def read(settings: Settings, now: datetime) -> Status:
    """Reads the status of a profile from its published snapshot and its operations store.

    Raises:
        TieoutError: nothing has been published yet, and no command has been run either.
    """
    from reverse_etl.operations import OperationsStore

    published = publish.current(settings.paths)
    if published is None and not settings.paths.operations.exists():
        raise TieoutError(f"nothing has been published below {settings.paths.data_dir} yet; `tieout run` does it")
    store = OperationsStore(f"sqlite:///{settings.paths.operations}")
    try:
        runs = store.runs(limit=RUNS_SHOWN)
        plans = plan_store(settings, store)
        waiting = plan_view.open_plans(plans, now)
        refused = plan_view.refusals(plans, [one["plan_id"] for one in waiting])
    finally:
        store.close()
    if published is None:
        return Status(runs, None, None, [], [], [], [], quarantine.read(settings), waiting, refused)
    with duckdb.connect(str(published.path), read_only=True) as connection:
        return Status(
            runs=runs,
            published=published,
            figures=figures.read(published.path),
            exceptions=_rows(
                connection,
                "select severity, exception_code, record_type, record_id, message, remedy from marts.fct_exceptions"
                " order by severity, exception_code, record_type, record_id",
            ),
            deliveries=_rows(
                connection,
                "select sync_name, sync_key, status, reason from raw_operations.deliveries"
                " where status not in ('delivered') order by sync_name, sync_key",
            ),
            differences=_rows(
                connection,
                "select control_name, scope, left_label, left_amount, right_label, right_amount, difference,"
                " currency_code, is_accepted, 'accepted by ' || accepted_by || ': ' || acceptance_reason as acceptance"
                " from marts.fct_tie_outs where not is_tied order by 1, 2",
            ),
            behind=_behind(connection),
            quarantined=quarantine.read(settings),
            plans=waiting,
            refused=refused,
        )


def _behind(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    try:
        return _rows(
            connection,
            "select control_name, scope, record_type, left_document_id, right_document_id, document_number, difference,"
            " currency_code, finding from marts.fct_tie_out_documents"
            " order by control_name, scope, abs(difference) desc, left_document_id, right_document_id",
        )
    except duckdb.CatalogException:  # A snapshot from before there was a drill-down.
        return []


def as_json(status: Status) -> dict[str, Any]:
    """Returns everything, as one document; `snapshot` is null before the first publication."""
    published = status.published
    return {
        "snapshot": published
        and {
            "number": published.number,
            "path": str(published.path),
            "as_of": published.as_of,
            "verified_at": published.verified_at.isoformat(),
        },
        "runs": status.runs,
        "exceptions": status.exceptions,
        "deliveries": status.deliveries,
        "differences": status.differences,
        "behind_the_differences": status.behind,
        "quarantined": status.quarantined,
        "plans": status.plans,
        "refused": status.refused,
        "tie_outs": {control.name: not control.is_red for control in _controls(status)},
    }


def show(status: Status, console: Console) -> None:
    """Prints the status."""
    published = status.published
    if published is None:
        console.rule("[bold]Tieout status · nothing published yet", align="left")
        console.print("tieout build makes the books of what is landed, tieout run all of it", style="dim")
    else:
        console.rule(f"[bold]Tieout status · snapshot {published.number} · as of {published.as_of}", align="left")
        console.print(f"known to be the vendors' state at {published.verified_at:%Y-%m-%d %H:%M} UTC", style="dim")
    _runs(status.runs, console)
    _exceptions(status.exceptions, console)
    _list("Plans that wait", status.plans, console)
    _list("Approved, but not sent", status.refused, console)
    _list("Sent, but not delivered", status.deliveries, console)
    _list("Controls that differ", status.differences, console)
    _list("Behind the differences", status.behind, console)
    if status.differences:
        console.print(
            "  all of them, and both amounts: tieout sql \"from marts.fct_tie_out_documents where control_name = '…'\"",
            style="dim",
            highlight=False,
            soft_wrap=True,
        )
    _list("Quarantined", status.quarantined, console)
    controls = _controls(status)
    if not controls:
        return
    tied = sum(not control.is_red for control in controls)
    console.print(f"\n{tied} of {len(controls)} controls tie out", highlight=False)


def _controls(status: Status) -> Sequence[figures.TieOut]:
    return status.figures.tie_outs if status.figures else ()


def _runs(runs: list[dict[str, Any]], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", title="Runs", title_justify="left")
    columns = ("started", "status", "exit_code", "rounds", "requests", "sent", "rejected", "held")
    for column in columns:
        table.add_column(column, no_wrap=True)
    for run in runs:
        run = {**run, "started": run["started_at"][:16].replace("T", " ")}
        table.add_row(*("" if run.get(column) is None else str(run[column]) for column in columns))
    print_table(console, table)
    for run in runs:
        if run.get("message"):
            said = f"  {run['started_at'][:16].replace('T', ' ')}: {run['message']}"
            console.print(said, highlight=False, markup=False, soft_wrap=True)


def _exceptions(exceptions: list[dict[str, Any]], console: Console) -> None:
    """How many there are of each code, and the records; where not all can be shown, no code hides another."""
    counts: dict[str, Counter[str]] = {}
    for row in exceptions:
        counts.setdefault(row["severity"], Counter())[row["exception_code"]] += 1
    summary = [
        f"{severity}  " + " · ".join(f"{code} {count:,}" for code, count in codes.items())
        for severity, codes in counts.items()
    ]
    _list("Held and warned", _a_few_of_each(exceptions), console, total=len(exceptions), summary=summary)


def _a_few_of_each(exceptions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns them with the first of each code ahead where not all can be shown: no code hides another."""
    if len(exceptions) <= RECORDS_SHOWN:
        return exceptions
    seen: Counter[str] = Counter()
    ranked = []
    for place, row in enumerate(exceptions):
        seen[row["exception_code"]] += 1
        ranked.append((seen[row["exception_code"]], place))
    shown = sorted(place for _, place in sorted(ranked)[:RECORDS_SHOWN])
    return [exceptions[place] for place in shown]


def _told(value: Any) -> str:
    return money(value) if isinstance(value, Decimal) else str(value)


def _list(
    title: str,
    rows: list[dict[str, Any]],
    console: Console,
    total: int | None = None,
    summary: Sequence[str] = (),
) -> None:
    """One line a record: a person greps these, so a line is never broken into columns.

    Args:
        title: what the records are.
        rows: what to show.
        console: where.
        total: how many there are, where the rows are a choice.
        summary: lines above the records.
    """
    if not rows:
        return
    total = len(rows) if total is None else total
    console.print(f"\n[bold]{title} ({total:,})[/]")
    for line in summary:
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True, style="dim")
    for row in rows[:RECORDS_SHOWN]:
        text = "  ".join(_told(value) for value in row.values() if value is not None and not isinstance(value, bool))
        console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)
    if total > RECORDS_SHOWN:
        console.print(f"  … and {total - RECORDS_SHOWN:,} more: tieout status --json", style="dim")


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
