"""An explanation as one self-contained HTML page: nothing is fetched, it can be mailed and printed.

In: an `Explanation`. Out: HTML text, every value escaped. What does not belong here: finding any of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from html import escape
from typing import Any

from tieout.explain.explanation import Explanation, Record
from tieout.report.explain_text import approved, instant, shown

_STYLE = """
:root { color-scheme: light dark; --line: #d7dce2; --dim: #5d6874; --good: #14713d; --bad: #b3261e; --warn: #8a5a00;
  --ground: #ffffff; --panel: #f6f8fa; --ink: #1b2128; }
@media (prefers-color-scheme: dark) { :root { --line: #39424d; --dim: #9aa7b4; --good: #5fd18f; --bad: #ff8a80;
  --warn: #f0b95a; --ground: #14181d; --panel: #1c2229; --ink: #e6ebf0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 62rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 1.25rem 0 .35rem; }
p, ul { margin: .35rem 0; }
nav a { margin-right: 1rem; }
a { color: inherit; }
.dim { color: var(--dim); font-size: .85rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th { text-align: left; color: var(--dim); font-weight: 500; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: break-word; }
table.fields td { overflow-wrap: anywhere; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
table:not(.fields) td:first-child { white-space: nowrap; }
table.fields th { width: 13rem; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem;
  margin: .75rem 0; }
.card h3 { margin-top: 0; }
.tag { border-radius: 4px; padding: 0 .4rem; border: 1px solid currentColor; font-size: .8rem; }
.delivered, .posted { color: var(--good); } .rejected, .hold { color: var(--bad); }
.held, .warn, .unknown, .pending, .sent { color: var(--warn); }
details summary { cursor: pointer; color: var(--dim); font-size: .88rem; }
code { font: .85em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; } .card { break-inside: avoid; } nav { display: none; } }
"""


def page(told: Explanation) -> str:
    """Returns the page."""
    parts: list[tuple[str, str, Sequence[Any], Callable[[Sequence[Any]], str]]] = [
        ("settled", "As the desk settled it", told.records, _records),
        ("rules", "Rules that applied", told.rules, _rules),
        ("exceptions", "Holds and warnings", told.exceptions, _exceptions),
        ("journal", "Journal", told.entries, _entries),
        ("documents", "Documents", told.documents, _records),
        ("written", "Written by Tieout", told.deliveries, _deliveries),
        ("payments", "Payments", told.settlements, _settlements),
        ("payment-records", "Payment records", told.payments, _records),
        ("bank", "Bank", told.bank_lines, _bank),
        ("bank-records", "Bank records", told.bank_records, _records),
    ]
    filled = [part for part in parts if part[2]]
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _, _ in filled)
    body = "".join(f'<h2 id="{name}">{escape(title)}</h2>{show(found)}' for name, title, found, show in filled)
    summary = "".join(f"<li>{escape(line)}</li>" for line in told.summary)
    title = escape(told.subject.label)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f'<h1>{title}</h1><p class="dim">Tieout · snapshot {told.snapshot} · as of {escape(told.as_of)} ·'
        f" {escape(told.subject.reference)}</p><ul>{summary}</ul><nav>{links}</nav>{body}</body></html>\n"
    )


def _records(found: Sequence[Record]) -> str:
    return "".join(_record(record) for record in found)


def _record(record: Record) -> str:
    gone = ' <span class="tag rejected">gone at the vendor</span>' if record.is_deleted else ""
    where = f"landed {shown(record.landed_at)} · {record.landing_file} · load {record.load_id}"
    fields = "".join(
        f"<tr><th>{escape(name)}</th><td>{_value(value)}</td></tr>" for name, value in record.fields.items()
    )
    changes = "".join(
        f"<li>{escape(shown(change.landed_at))}: "
        + (
            "gone"
            if change.is_deleted
            else escape("; ".join(f"{name}: {shown(old)} → {shown(new)}" for name, (old, new) in change.fields.items()))
            or "said again"
        )
        + f' <span class="dim">{escape(change.landing_file)}</span></li>'
        for change in record.changes
    )
    history = (
        f"<details open><summary>What it said otherwise before</summary><ul>{changes}</ul></details>" if changes else ""
    )
    return (
        f'<div class="card"><h3><code>{escape(record.table)}</code> {escape(record.record_id)}{gone}</h3>'
        f'<p class="dim">{escape(where)}</p>{history}'
        f'<details><summary>{len(record.fields)} fields</summary><div class="scroll">'
        f'<table class="fields">{fields}</table></div></details></div>'
    )


def _rules(found: Sequence[Any]) -> str:
    rows = [(rule.about, rule.rule, rule.outcome, rule.taken_from) for rule in found]
    return _table(("About", "Rule", "Outcome", "Taken from"), rows)


def _exceptions(found: Sequence[dict[str, Any]]) -> str:
    return "".join(
        f'<div class="card"><h3>{_tag(row["severity"])} {escape(row["exception_code"])}'
        f' <span class="dim">{escape(str(row["record_type"]))} {escape(str(row["record_id"]))}</span></h3>'
        f"<p>{escape(str(row['message']))}</p><p class='dim'>{escape(str(row['remedy'] or ''))}</p></div>"
        for row in found
    )


def _entries(found: Sequence[dict[str, Any]]) -> str:
    told = ""
    for entry in found:
        rows = [
            (
                str(line["line_number"]),
                line["gl_account"],
                line["account_name"],
                line["amount"] if line["entry_side"] == "debit" else None,
                line["amount"] if line["entry_side"] == "credit" else None,
                line["currency_code"],
                line["line_type"],
            )
            for line in entry["lines"]
        ]
        total = ("", "", "", entry["total_debit"], entry["total_credit"], entry["currency_code"], "total")
        titles = ("#", "Account", "Name", "Debit", "Credit", "Currency", "Line")
        told += (
            f"<h3>{escape(entry['journal_entry_id'])} · {entry['entry_date']} {_tag(entry['posting_status'])}</h3>"
            + _table(titles, [*rows, total], numbers=(3, 4))
        )
    return told


def _deliveries(found: Sequence[dict[str, Any]]) -> str:
    told = ""
    for one in found:
        answer = one["answer"]
        sent = [(name, json.dumps(value, ensure_ascii=False)) for name, value in one["request"]["payload"].items()]
        named = ("destination_id", "destination_number", "request_id", "reason")
        got = [(name, str(answer[name])) for name in named if answer[name]]
        when = f"intended {instant(one['intended_at'])} · answered {instant(one['finished_at'])}"
        when += f" · attempt {one['attempt']}"
        told += (
            f'<div class="card"><h3>{escape(one["operation"])} {escape(str(one["label"] or one["record"]))}'
            f" {_tag(answer['status'])}</h3>"
            f'<p class="dim">{escape(one["destination"])} · {escape(one["sync"])} · {escape(when)}</p>'
            f'<p class="dim">{escape(approved(one))}</p>'
            f"<details><summary>Request</summary>{_table(('Field', 'Sent'), sent)}</details>"
            f"<details open><summary>Answer</summary>{_table(('Field', 'Answered'), got)}</details></div>"
        )
    return told


def _settlements(found: Sequence[dict[str, Any]]) -> str:
    rows = [
        (
            str(row["payment_date"]),
            row["payment_id"],
            row["document_number"] or row["document_id"],
            row["amount_applied"],
            row["amount_discount"],
            row["currency_code"],
        )
        for row in found
    ]
    return _table(("Paid on", "Payment", "Document", "Applied", "Discount", "Currency"), rows, numbers=(3, 4))


def _bank(found: Sequence[dict[str, Any]]) -> str:
    rows = [
        (
            str(row["booking_date"]),
            row["amount"],
            row["currency_code"],
            row["account_name"],
            row["counterparty_name"],
            row["description"],
            row["told"],
        )
        for row in found
    ]
    return _table(("Booked", "Amount", "Currency", "Account", "With", "Text", "Reconciled"), rows, numbers=(1,))


def _table(titles: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: tuple[int, ...] = ()) -> str:
    head = "".join(f"<th{_number(place, numbers)}>{escape(title)}</th>" for place, title in enumerate(titles))
    body = "".join(
        "<tr>"
        + "".join(f"<td{_number(place, numbers)}>{_value(cell)}</td>" for place, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _number(place: int, numbers: tuple[int, ...]) -> str:
    return ' class="number"' if place in numbers else ""


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return f"<code>{escape(json.dumps(value, ensure_ascii=False, default=str))}</code>"
    return escape(shown(value) if isinstance(value, Decimal) or hasattr(value, "isoformat") else str(value))


def _tag(word: Any) -> str:
    return f'<span class="tag {escape(str(word))}">{escape(str(word))}</span>'
