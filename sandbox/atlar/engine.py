"""The simulated vendor as one state machine: its resources side by side over one store and one clock.

In: checked-by-resource requests (see the resource modules), records of the invented company (`load`), days that end.
Out: records, pages, files, or an `AtlarError`. HTTP, credentials and limits are the server's affair.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.atlar import amounts
from sandbox.atlar.batches import Batches
from sandbox.atlar.counterparties import Counterparties, ExternalAccounts
from sandbox.atlar.documents import Documents
from sandbox.atlar.entities import Accounts, Entities
from sandbox.atlar.forecasts import Forecasts
from sandbox.atlar.gl import GlAccounts, GlEntities
from sandbox.atlar.idempotency import IdempotencyKeys
from sandbox.atlar.open_items import OpenItems
from sandbox.atlar.payments import CreditTransfers
from sandbox.atlar.records import Records, rfc3339
from sandbox.atlar.settings import AtlarSettings
from sandbox.atlar.statements import Statements
from sandbox.atlar.tables import TABLES, Record
from sandbox.atlar.transactions import Transactions, with_defaults
from sandbox.clock import SandboxClock
from sandbox.store import Store

_REPORTED_AT = time(4, 10, tzinfo=UTC)


class AtlarEngine:
    """Everything the vendor knows and does.

    Args:
        store: Its records; committed on each mutation.
        clock: The sandbox's time.

    Attributes:
        settings: What may be changed while it runs.
        entities, accounts, transactions, statements, counterparties, external_accounts, credit_transfers, batches,
        gl_entities, gl_accounts, documents, forecasts, payables, receivables: The resources.
    """

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        self.settings = AtlarSettings()
        self.clock = clock
        self.records = Records(store, clock, self.settings)
        self.entities = Entities(self.records)
        self.accounts = Accounts(self.records, self.settings)
        self.statements = Statements(self.records, self.accounts, self.settings)
        self.transactions = Transactions(self.records, self.statements.fix)
        self.external_accounts = ExternalAccounts(self.records)
        self.counterparties = Counterparties(self.records, self.external_accounts)
        self.credit_transfers = CreditTransfers(self.records, self.transactions, self.settings)
        self.batches = Batches(self.records, self.credit_transfers, self.settings)
        self.gl_entities = GlEntities(self.records)
        self.gl_accounts = GlAccounts(self.records)
        self.documents = Documents(self.records)
        self.forecasts = Forecasts(self.records)
        self.payables = OpenItems(self.records, self.forecasts, "accounts_payables")
        self.receivables = OpenItems(self.records, self.forecasts, "accounts_receivables")
        self.idempotency = IdempotencyKeys(self.records)

    def new_id(self, sequence: str) -> str:
        """The next id of a sequence, the same in every world made the same way."""
        return self.records.new_id(sequence)

    def load(self, table: str, records: Iterable[Record]) -> int:
        """Puts records of the invented company into a table, all of them or none.

        Args:
            table: One of `tables.TABLES`; the names are those of the raw tables.
            records: Vendor-shaped dicts. Absent system fields are filled; an amount may lack `value` or
                `stringValue`; a document gets its classification and GL entry ids, a payable or receivable its
                forecast.

        Returns:
            How many were loaded.

        Raises:
            ValueError: The table does not exist.
        """
        if table not in TABLES:
            raise ValueError(f"Atlar has no table {table}")
        count = 0
        with self.records.transaction():
            for record in records:
                self.records.load(table, self._computed(table, amounts.completed(record)))
                count += 1
        return count

    def _computed(self, table: str, record: Record) -> Record:
        if table in ("transactions", "pending_transactions"):
            return with_defaults(record)
        if table == "documents":
            return self.documents.loaded(record)
        sides = {"accounts_payables": self.payables, "accounts_receivables": self.receivables}
        if table in sides and "forecastedTransactionId" not in record:
            identified = record if record.get("id") else {"id": self.new_id(table), **record}
            defaults = {"status": "OPEN", "remainingAmount": record["amount"]}
            return sides[table].with_forecast({**defaults, **identified})
        return record

    def end_of_day(self, day: date) -> None:
        """Ends one day; see `end_of_days`."""
        self.end_of_days(day, day)

    def end_of_days(self, first: date, last: date) -> None:
        """Ends days for every bank-fed account: summary, booked balance, report and statement.

        A day already ended is left alone. The balance is the one the bank gave, else the previous one and the day's
        transactions. Reports come at 04:10 UTC of the next day, or now if that lies ahead.

        Args:
            first: First day, local to the accounts.
            last: Last day, included.
        """
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        stamps = {day: self._reported_at(day) for day in days}
        closed: dict[date, list[Record]] = {}
        with self.records.transaction():
            for account in self.records.all("accounts"):
                if account.get("fictive"):
                    continue
                for day in self.accounts.close_days(account, days, stamps.__getitem__):
                    closed.setdefault(day, []).append(account)
            self.statements.report_days(closed, stamps)

    def _reported_at(self, day: date) -> str:
        morning = datetime.combine(day + timedelta(days=1), _REPORTED_AT)
        return rfc3339(min(morning, self.clock.now()))

    def exercise_idempotency(self, status: int) -> dict[str, Any]:
        """What `POST /v1/idempotency-test` answers: a new id each time it really acts."""
        return {"id": self.new_id("idempotency_tests"), "status": status}
