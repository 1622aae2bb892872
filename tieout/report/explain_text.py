"""An explanation as readable text: one part after the other, in the order in which things happened.

In: an `Explanation`. Out: text on a rich console. What does not belong here: finding any of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from reverse_etl.release import AUTO_APPLY
from tieout.explain.explanation import Explanation, Record, Rule, Subject

_LONGEST_VALUE = 160


def show(told: Explanation, console: Console) -> None:
    """Prints an explanation."""
    title = f"[bold]Tieout · explain {escape(told.subject.reference)} · snapshot {told.snapshot} · as of {told.as_of}"
    console.rule(title, align="left")
    for line in told.summary:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    _part("As the desk settled it", (lambda: _records(told.records, console)) if told.records else None, console)
    _part("Rules that applied", (lambda: _rules(told.rules, console)) if told.rules else None, console)
    _part("Holds and warnings", (lambda: _exceptions(told, console)) if told.exceptions else None, console)
    _part("Journal", (lambda: _entries(told, console)) if told.entries else None, console)
    _part("Documents", (lambda: _records(told.documents, console)) if told.documents else None, console)
    _part("Written by Tieout", (lambda: _deliveries(told, console)) if told.deliveries else None, console)
    _part("Payments", (lambda: _payments(told, console)) if told.payments else None, console)
    _part("Bank", (lambda: _bank(told, console)) if told.bank_lines else None, console)


def show_candidates(wanted: str, found: Iterable[Subject], console: Console) -> None:
    """Prints what a reference can mean, each as it has to be typed."""
    console.print(f"{wanted} can mean several things; name one:", highlight=False, markup=False)
    for subject in found:
        line = f"  tieout explain {subject.reference}  {subject.label}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def shown(value: Any) -> str:
    """Returns a value as a person reads it: money with its digits, an instant to the second."""
    if value is None:
        return "nothing"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        whole, _, places = text.partition(".")
        return f"{whole}.{places.rstrip('0').ljust(2, '0')}" if places else text
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def instant(text: str | None) -> str:
    """Returns a stored instant to the second."""
    return "" if text is None else f"{text[:19].replace('T', ' ')} UTC"


def _part(title: str, body: Any, console: Console) -> None:
    if body is None:
        return
    console.print(f"\n[bold]{title}[/]")
    body()


def _records(found: Iterable[Record], console: Console) -> None:
    for record in found:
        gone = " · gone at the vendor" if record.is_deleted else ""
        console.print(f"  [cyan]{record.table}[/] {escape(record.record_id)}{gone}", highlight=False)
        where = f"    landed {shown(record.landed_at)} · {record.landing_file} · load {record.load_id}"
        console.print(where, style="dim", highlight=False, markup=False, soft_wrap=True)
        said = "  ".join(f"{name}={shown(value)}" for name, value in record.fields.items())
        console.print(Padding(said, (0, 0, 0, 4)), highlight=False, markup=False)
        for change in record.changes:
            what = (
                "gone"
                if change.is_deleted
                else "  ".join(f"{name}: {shown(old)} → {shown(new)}" for name, (old, new) in change.fields.items())
            )
            line = f"    {shown(change.landed_at)}  {what or 'said again'}"
            console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)


def _rules(rules: Iterable[Rule], console: Console) -> None:
    table = _table("about", "rule", "outcome", "taken from")
    for rule in rules:
        table.add_row(*(escape(cell) for cell in (rule.about, rule.rule, rule.outcome, rule.taken_from)))
    console.print(Padding(table, (0, 0, 0, 2)))


def _exceptions(told: Explanation, console: Console) -> None:
    for row in told.exceptions:
        colour = "red" if row["severity"] == "hold" else "yellow"
        about = f"{escape(str(row['record_type']))} {escape(str(row['record_id']))}"
        head = f"  [{colour}]{row['severity']}[/] {row['exception_code']}  {about}"
        console.print(head, highlight=False)
        console.print(Padding(str(row["message"]), (0, 0, 0, 4)), highlight=False, markup=False)
        if row["remedy"]:
            console.print(Padding(str(row["remedy"]), (0, 0, 0, 4)), style="dim", highlight=False, markup=False)


def _entries(told: Explanation, console: Console) -> None:
    for entry in told.entries:
        head = f"  {entry['journal_entry_id']} · {entry['entry_date']} · {entry['posting_status']}"
        console.print(head, highlight=False, markup=False, soft_wrap=True)
        table = _table("#", "account", "name", "debit", "credit", "currency", "line", right=("#", "debit", "credit"))
        for line in entry["lines"]:
            amount = shown(line["amount"])
            debit, credit = (amount, "") if line["entry_side"] == "debit" else ("", amount)
            table.add_row(
                str(line["line_number"]),
                line["gl_account"] or "",
                escape(line["account_name"] or ""),
                debit,
                credit,
                line["currency_code"] or "",
                line["line_type"] or "",
            )
        console.print(Padding(table, (0, 0, 0, 4)))


def _deliveries(told: Explanation, console: Console) -> None:
    for one in told.deliveries:
        answer, request = one["answer"], one["request"]
        colour = {"delivered": "green", "rejected": "red", "held": "yellow"}.get(answer["status"], "yellow")
        console.print(
            f"  {instant(one['intended_at'])}  {one['operation']} {escape(str(one['label'] or one['record']))}"
            f"  [{colour}]{answer['status']}[/]",
            highlight=False,
            soft_wrap=True,
        )
        sent = "  ".join(f"{name}={shown(value)}" for name, value in request["payload"].items())
        console.print(Padding(f"sent      {sent}", (0, 0, 0, 4)), highlight=False, markup=False)
        named = ("destination_id", "destination_number", "request_id", "reason")
        got = "  ".join(f"{name}={answer[name]}" for name in named if answer[name])
        if got:
            line = f"answered  {instant(one['finished_at'])}  {got}"
            console.print(Padding(line, (0, 0, 0, 4)), highlight=False, markup=False)
        console.print(Padding(approved(one), (0, 0, 0, 4)), style="dim", highlight=False, markup=False)


def approved(one: dict[str, Any]) -> str:
    """Returns who made the plan of a delivery and who approved it, in one line."""
    plan, run = one["plan"], one["run"]
    made = f"{plan['plan_id'] or 'no plan'} made by {plan['made_by'] or 'nobody on record'}"
    words = [f"approved by {each['approved_by']}: {each['reason']}" for each in one["approvals"]]
    by_itself = (
        "applied by itself (REVERSE_ETL__AUTO_APPLY)" if one["went_by"] == AUTO_APPLY else "no approval on record"
    )
    return f"{made} · {'; '.join(words) or by_itself} · run {run['run_id']} as {run['run_by'] or 'unknown'}"


def _payments(told: Explanation, console: Console) -> None:
    table = _table("paid on", "payment", "document", "applied", "discount", "currency", right=("applied", "discount"))
    for row in told.settlements:
        table.add_row(
            str(row["payment_date"]),
            row["payment_id"],
            row["document_number"] or row["document_id"],
            shown(row["amount_applied"]),
            shown(row["amount_discount"]),
            row["currency_code"] or "",
        )
    console.print(Padding(table, (0, 0, 0, 2)))
    _records(told.payments, console)


def _bank(told: Explanation, console: Console) -> None:
    for row in told.bank_lines:
        console.print(
            f"  {row['booking_date']}  {shown(row['amount'])} {row['currency_code']} {row['direction']}"
            f"  {row['account_name'] or ''}  {row['counterparty_name'] or ''}  {row['description'] or ''}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        console.print(Padding(row["told"], (0, 0, 0, 4)), style="dim", highlight=False, markup=False)
    _records(told.bank_records, console)


def _table(*titles: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, justify="right" if title in right else "left", overflow="fold")
    return table
