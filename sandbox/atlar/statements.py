"""Connections, their reports, and the bank statements inside them (contract section 7).

In: list filters, the days that ended. Out: records of `connections`, `reports`, `bank_statements`, and the content of
statement files, which never changes: before a day of an account can change, its statements are fixed (`fix`). The XML
itself is written by `camt`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sandbox.atlar.camt import NOT_PROVIDED, Entry, Statement, camt053
from sandbox.atlar.entities import Accounts, movement
from sandbox.atlar.errors import bad_request, not_found
from sandbox.atlar.paging import Ordered, Page, page_of
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.settings import AtlarSettings
from sandbox.atlar.tables import TABLES, Record

FORMATS = ("CAMT_053",)
CONTENT_TYPE = "application/xml"


class Statements:
    """What the banks report, as lists and as files."""

    def __init__(self, records: Records, accounts: Accounts, settings: AtlarSettings) -> None:
        self._records = records
        self._accounts = accounts
        self._settings = settings

    def connections(self, query: Query) -> Page:
        """One page of connections."""
        return self._records.page("connections", query)

    def connection(self, reference: str) -> Record:
        """One connection; 404 otherwise."""
        return self._records.get("connections", reference)

    def reports(self, connection_id: str, query: Query) -> Page:
        """Reports of a connection by `from`, `to` (day of creation), `type` and `statementType`, oldest first."""
        connection = self.connection(connection_id)
        in_range, kind, statement_kind = query.between(), query.text("type"), query.text("statementType")
        found = self._records.grouped("reports", "connectionId").get((connection["id"],), [])
        return self._page(
            "reports",
            [
                report
                for report in found
                if in_range(report["created"][:10])
                and kind in (None, report.get("type"))
                and statement_kind in (None, report.get("statementType"))
            ],
            query,
        )

    def bank_statements(self, connection_id: str, report_id: str, query: Query) -> Page:
        """Statements inside a report by `account_id`, `type`, `from` and `to` (local date)."""
        report = self._report(connection_id, report_id)
        in_range, kind, account_id = query.between(), query.text("type"), query.text("account_id")
        return self._page(
            "bank_statements",
            [
                statement
                for statement in self._inside(report)
                if in_range(statement["localDate"])
                and kind in (None, statement.get("type"))
                and account_id in (None, statement["accountId"])
            ],
            query,
        )

    def _page(self, table: str, found: list[Record], query: Query) -> Page:
        order = TABLES[table].order
        ordered = Ordered(found, [order(record) for record in found])
        return page_of(ordered, query, short=self._settings.short_pages)

    def report_content(self, connection_id: str, report_id: str, query: Query) -> bytes:
        """The whole report: one file with every statement inside it."""
        report = self._report(connection_id, report_id)
        return self._file(report["id"], report["created"], self._inside(report), query)

    def statement_content(self, connection_id: str, report_id: str, statement_id: str, query: Query) -> bytes:
        """One statement as a file of its own."""
        report = self._report(connection_id, report_id)
        for statement in self._inside(report):
            if statement["id"] == statement_id:
                return self._file(statement["id"], statement["created"], [statement], query)
        raise not_found("bank statement", statement_id)

    def _report(self, connection_id: str, report_id: str) -> Record:
        connection = self.connection(connection_id)
        report = self._records.get("reports", report_id)
        if report["connectionId"] != connection["id"]:
            raise not_found("report", report_id)
        return report

    def _inside(self, report: Record) -> list[Record]:
        return self._records.grouped("bank_statements", "reportId").get((report["id"],), [])

    def _file(self, message_id: str, created: str, found: Sequence[Record], query: Query) -> bytes:
        form = query.text("format")
        if form is not None and form not in FORMATS:
            raise bad_request("format", f"must be one of {', '.join(FORMATS)}")
        by_external_id = query.flag("externalIdAsEndToEndId") or False
        return camt053(message_id, created, [self._statement(record, by_external_id) for record in found])

    def _statement(self, record: Record, by_external_id: bool) -> Statement:
        account = self._records.get("accounts", record["accountId"])
        content = self._records.store.get("statement_contents", record["id"]) or self._present_content(record)
        numbered = sorted(
            other["localDate"]
            for other in self._records.grouped("bank_statements", "accountId").get((account["id"],), [])
        )
        return Statement(
            record=record,
            account=account,
            number=numbered.index(record["localDate"]) + 1,
            opening=Decimal(content["opening"]),
            closing=Decimal(content["closing"]),
            entries=[
                Entry(transaction, self._end_to_end_id(transaction, by_external_id))
                for transaction in content["transactions"]
            ],
        )

    def _end_to_end_id(self, transaction: Record, by_external_id: bool) -> str:
        if by_external_id:
            for attached in transaction.get("attachedTransactables", []):
                payment = self._records.find("credit_transfers", attached["id"])
                if payment is not None and payment.get("externalId"):
                    return payment["externalId"]
        return (transaction.get("references") or {}).get("endToEndId") or NOT_PROVIDED

    def fix(self, account_id: str, day: str) -> None:
        """Keeps the content of that day's statements as it is now: a file a bank has sent never changes."""
        for record in self._records.grouped("bank_statements", "accountId", "localDate").get((account_id, day), []):
            if self._records.store.get("statement_contents", record["id"]) is None:
                self._records.store.insert("statement_contents", record["id"], self._present_content(record))

    def _present_content(self, record: Record) -> Record:
        account = self._records.get("accounts", record["accountId"])
        day = date.fromisoformat(record["localDate"])
        found = self._records.grouped("transactions", "accountId", "date").get((account["id"], record["localDate"]), [])
        entries = movement(found)
        closing = self._accounts.booked_on(account["id"], day)
        known_before = self._records.grouped("balances", "accountId", "type").get((account["id"], "BOOKED"), [])
        if closing is not None and not any(balance["localDate"] < record["localDate"] for balance in known_before):
            # The first day the bank reports: nothing earlier to carry forward.
            opening = closing - entries
        else:
            opening = self._accounts.booked_before(account, day)
        closing = opening + entries if closing is None else closing
        return {"opening": str(opening), "closing": str(closing), "transactions": found}

    def report_days(self, closed: Mapping[date, Sequence[Record]], stamps: Mapping[date, str]) -> None:
        """Makes the end-of-day reports: one per connection and day, a statement for each account in it.

        Args:
            closed: The accounts whose day ended, by day.
            stamps: `created` of each day's reports.
        """
        known = {(statement["accountId"], statement["localDate"]) for statement in self._records.all("bank_statements")}
        connections = self._records.all("connections")
        made: list[Record] = []
        for day, accounts in sorted(closed.items()):
            by_connection: dict[str, list[Record]] = {}
            for account in accounts:
                connection = _connection_of(account, connections)
                if connection is not None and (account["id"], day.isoformat()) not in known:
                    by_connection.setdefault(connection["id"], []).append(account)
            for connection_id, members in by_connection.items():
                made.append(self._report_day(connection_id, members, day, stamps[day]))
        for report in made:
            content = self._file(report["id"], report["created"], self._inside(report), Query())
            self._records.note("reports", {**report, "size": len(content)})

    def _report_day(self, connection_id: str, accounts: Sequence[Record], day: date, stamp: str) -> Record:
        report = self._records.create(
            "reports",
            {
                "connectionId": connection_id,
                "type": "BANK_STATEMENT",
                "statementType": "END_OF_DAY",
                "contentType": CONTENT_TYPE,
                "filename": f"camt053_{day:%Y%m%d}.xml",
                "created": stamp,
            },
        )
        for account in accounts:
            self._records.create(
                "bank_statements",
                {
                    "reportId": report["id"],
                    "connectionId": connection_id,
                    "accountId": account["id"],
                    "type": "END_OF_DAY",
                    "localDate": day.isoformat(),
                    "created": stamp,
                },
            )
        return report


def _connection_of(account: Record, connections: Sequence[Record]) -> Record | None:
    for field in ("affiliationId", "thirdPartyId"):
        for connection in connections:
            if account.get(field) and connection.get(field) == account[field]:
                return connection
    return None
