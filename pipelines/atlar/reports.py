"""The bank's reports: which are new, what statements they hold, and those parsed into rows.

In: a client, what is landed, the accounts. Out: connections, statement entries, statements and, last, the reports:
a report that is landed has been read to its end, so it is never fetched again (reports are immutable). A file nobody
can read waits in quarantine, whole; `read_again` tries it with today's parser.
Reports are fetched side by side and taken in their order, so that what repeats another is always the later one.
What does not belong here: the file formats (`statements.py`), what counts as a repetition (`reports_known.py`).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pipelines.atlar import tables
from pipelines.atlar.client import AtlarClient
from pipelines.atlar.reports_known import EntryId, KnownBookings
from pipelines.atlar.statements import Statement, UnreadableStatementError, parse_statements
from pipelines.atlar.statements_shape import statement_key
from pipelines.landing import Landing
from pipelines.reading import Fetched, Reading
from pipelines.records.typed import Misfit
from pipelines.transport import errors, exact
from pipelines.versions.versioning import EVERYTHING

_REPORTS_AT_ONCE = 8
_REPORTS_PER_LANDING = 200
"""Landed together: a run that dies has to fetch at most so many again."""

_UNTOLD_FOR = timedelta(days=7)
"""A report that lists no statement is asked again while it is younger: its statements may be listed later than it."""

_NOT_GIVEN = (errors.RecordNotFound, errors.PermissionRefused, errors.Refused)

_NO_REPORTS = "Bank statements are left out; transactions and balances are not."


@dataclass(frozen=True)
class _Found:
    """A statement of a report: what the vendor says of it, and what its file says."""

    record: dict[str, Any]
    statement: Statement
    content: bytes


@dataclass
class _Read:
    """What a report brought."""

    found: list[_Found] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)
    lists_none: bool = False
    refused: str | None = None
    """Why the vendor does not give it; nothing else is stopped by that."""


@dataclass
class _Rows:
    """Rows to land of a group of reports."""

    statements: list[msgspec.Raw] = field(default_factory=list)
    entries: dict[EntryId, msgspec.Raw] = field(default_factory=dict)
    buried: list[EntryId] = field(default_factory=list)
    """Rows of batches booked in one sum, whose payments are told by now."""
    misfits: list[Misfit] = field(default_factory=list)
    reports: list[msgspec.Raw] = field(default_factory=list)
    """Read to their end."""
    findings: list[str] = field(default_factory=list)
    repeated: int = 0


def read_reports(client: AtlarClient, reading: Reading, accounts: Sequence[msgspec.Raw]) -> Iterator[Fetched]:
    """Connections, then the statements of every report not yet landed: two requests a report."""
    connections = reading.optional("connections", _NO_REPORTS, lambda: client.records("connections"))
    if connections is None:
        return
    yield Fetched(tables.CONNECTIONS, connections, EVERYTHING, last_wins=True)
    landed = reading.landing.latest(tables.REPORTS)
    known = set(zip(landed["connection_id"].to_pylist(), landed["id"].to_pylist(), strict=True))
    numbers = _account_numbers(accounts)
    bookings: KnownBookings | None = None
    repeated = 0
    for connection_id in (str(told["id"]) for each in connections if (told := exact.members(each)).get("id")):
        what = f"reports of connection {connection_id}"
        reports = reading.optional(what, _NO_REPORTS, lambda: client.records("reports", id=connection_id))  # noqa: B023
        new = [report for report in reports or () if (connection_id, str(exact.members(report).get("id"))) not in known]
        for start in range(0, len(new), _REPORTS_PER_LANDING):
            bookings = bookings or KnownBookings.landed(reading.landing)
            group = new[start : start + _REPORTS_PER_LANDING]
            rows = _group(client, reading, connection_id, group, numbers, bookings)
            repeated += rows.repeated
            reading.findings += rows.findings
            yield Fetched(tables.BANK_STATEMENT_ENTRIES, list(rows.entries.values()), buried=rows.buried)
            yield Fetched(tables.BANK_STATEMENTS, rows.statements, misfits=rows.misfits)
            yield Fetched(tables.REPORTS, rows.reports)
    if repeated:
        reading.findings.append(f"atlar: {repeated} bank statements were delivered more than once; each is loaded once")


def _group(
    client: AtlarClient,
    reading: Reading,
    connection_id: str,
    reports: Sequence[msgspec.Raw],
    numbers: dict[str, frozenset[str]],
    bookings: KnownBookings,
) -> _Rows:
    rows = _Rows()
    told = [exact.members(report) for report in reports]
    waiting = 0
    with ThreadPoolExecutor(max_workers=_REPORTS_AT_ONCE, thread_name_prefix="reports") as pool:
        reads = pool.map(lambda report: _given(client, connection_id, report, numbers), told)
        for raw, report, read in zip(reports, told, reads, strict=True):
            if read.refused is not None:
                rows.findings.append(f"atlar: report {report.get('id')} is not given ({read.refused}); asked for again")
                continue
            if read.lists_none and _is_young(report, reading.landing.now()):
                waiting += 1
                continue
            rows.misfits += read.misfits
            for found in read.found:
                _keep(rows, found, bookings)
            rows.reports.append(exact.with_members(raw, connectionId=connection_id))
    if waiting:
        rows.findings.append(
            f"atlar: {waiting} reports of connection {connection_id} list no statement yet; asked again for a week"
        )
    return rows


def _is_young(report: dict[str, Any], now: datetime) -> bool:
    try:
        created = msgspec.convert(report.get("created"), datetime)
    except msgspec.ValidationError:
        return False
    return created.tzinfo is not None and now - created < _UNTOLD_FOR


def _given(
    client: AtlarClient, connection_id: str, report: dict[str, Any], numbers: dict[str, frozenset[str]]
) -> _Read:
    try:
        return _report(client, connection_id, report, numbers)
    except _NOT_GIVEN as error:
        return _Read(refused=f"HTTP {error.status}")


def _report(
    client: AtlarClient, connection_id: str, report: dict[str, Any], numbers: dict[str, frozenset[str]]
) -> _Read:
    read = _Read()
    if not report.get("id"):
        return read  # landing quarantines the report itself
    report_id = str(report["id"])
    listed = [
        told
        for record in client.records("bank_statements", id=connection_id, report_id=report_id)
        if (told := exact.members(record)).get("id")
    ]
    if not listed:
        read.lists_none = True
        return read
    whole: dict[str, tuple[Statement, bytes]] = {}
    if len(listed) > 1:
        # One file holds them all; where it is not given, or cannot be told apart, each is asked for by itself.
        with contextlib.suppress(*_NOT_GIVEN):
            whole = _told_apart(client.report_content(connection_id, report_id), listed, numbers)
    for record in listed:
        given = {"connectionId": connection_id, "reportId": report_id, **record}
        found = whole.get(str(record["id"]))
        content = found[1] if found else client.bank_statement_content(connection_id, report_id, str(record["id"]))
        try:
            statement = found[0] if found else _only(content)
        except UnreadableStatementError as error:
            key = f"{connection_id}|{record['id']}"
            reason = f"unreadable statement of report {report_id}: {error}"
            read.misfits.append(Misfit(key, reason, _with_file(given, content)))
            continue
        read.found.append(_Found(given, statement, content))
    return read


def _told_apart(
    content: bytes, listed: Sequence[dict[str, Any]], numbers: dict[str, frozenset[str]]
) -> dict[str, tuple[Statement, bytes]]:
    try:
        statements = parse_statements(content)
    except UnreadableStatementError:
        return {}
    found: dict[str, tuple[Statement, bytes]] = {}
    for record in listed:
        own = numbers.get(str(record.get("accountId")), frozenset())
        matching = [
            each for each in statements if _compact(each.account_number) in own and each.date == record.get("localDate")
        ]
        if len(matching) == 1:
            found[str(record["id"])] = (matching[0], content)
    return found


def _only(content: bytes) -> Statement:
    statements = parse_statements(content)
    if len(statements) != 1:
        raise UnreadableStatementError(f"one statement expected, {len(statements)} found")
    return statements[0]


def _keep(rows: _Rows, found: _Found, bookings: KnownBookings) -> None:
    record, statement = found.record, found.statement
    own = (str(record["connectionId"]), str(record["id"]))
    account = str(record.get("accountId") or statement.members["accountIdentifier"])
    key = statement_key(account, record.get("localDate") or statement.date, statement)
    if bookings.is_repeated(key, own):
        rows.repeated += 1
        return
    new, buried = bookings.take(account, own, statement)
    for entry_id in buried:
        rows.entries.pop(entry_id, None)  # of a statement read just before, or else landed
    rows.buried += buried
    members = {
        **record,
        **statement.members,
        "repeatedEntryCount": len({each.members["statementLine"] for each in statement.entries})
        - len({each.members["statementLine"] for each in new}),
        "statementKey": key,
        "contentSha256": hashlib.sha256(found.content).hexdigest(),
    }
    rows.statements.append(msgspec.Raw(exact.dumps(members)))
    for entry in new:
        told = {
            "connectionId": record["connectionId"],
            "bankStatementId": record["id"],
            "accountId": record.get("accountId"),
            **entry.members,
        }
        rows.entries[(*own, entry.members["entryNumber"])] = msgspec.Raw(exact.dumps(told))


def _with_file(record: dict[str, Any], content: bytes) -> bytes:
    """A statement that cannot be read, as quarantine keeps it: what the vendor says of it, and its file."""
    try:
        file = {"file": content.decode()}
    except UnicodeDecodeError:
        file = {"fileBase64": base64.b64encode(content).decode()}
    return exact.dumps({"statement": record, **file})


def read_again(landing: Landing, payloads: Mapping[str, bytes]) -> dict[str, str]:
    """Parses quarantined statement files with today's parser, and lands those that can be read.

    Args:
        landing: Where to land.
        payloads: Refused statements as `_with_file` wrote them, by any name.

    Returns:
        What became of each that can be read, by its name: `landed`, or `superseded` where another statement told the
        same.
    """
    outcomes: dict[str, str] = {}
    bookings = KnownBookings.landed(landing)
    rows = _Rows()
    for name, payload in payloads.items():
        try:
            record, content = _record_and_file(payload)
            found = _Found(record, _only(content), content)
        except (UnreadableStatementError, ValueError, KeyError, TypeError):
            continue
        before = len(rows.statements)
        _keep(rows, found, bookings)
        outcomes[name] = "landed" if len(rows.statements) > before else "superseded"
    landing.land(
        tables.BANK_STATEMENT_ENTRIES, list(rows.entries.values()), last_wins=True, buried=rows.buried, settles=False
    )
    landing.land(tables.BANK_STATEMENTS, rows.statements, last_wins=True, settles=False)
    return outcomes


def _record_and_file(payload: bytes) -> tuple[dict[str, Any], bytes]:
    told = exact.members(payload)
    text = told.get("file")
    content = text.encode() if isinstance(text, str) else base64.b64decode(told["fileBase64"], validate=True)
    record = told["statement"]
    if not record["connectionId"] or not record["id"]:
        raise KeyError("id")
    return record, content


def _account_numbers(accounts: Sequence[msgspec.Raw]) -> dict[str, frozenset[str]]:
    told = (exact.members(record) for record in accounts)
    return {
        str(account["id"]): frozenset(
            [_compact(str(each.get("number"))) for each in account.get("identifiers") or []] + [str(account["id"])]
        )
        for account in told
        if account.get("id")
    }


def _compact(number: str) -> str:
    return number.replace(" ", "").replace("-", "").upper()
