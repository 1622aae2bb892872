"""The tables of the simulated vendor: what a record of each is called, which system fields it has, how it is ordered.

In: nothing. Out: `TABLES`, looked up by name. The names equal those of the raw tables. Field rules of a resource stand
in that resource's module.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

Record = dict[str, Any]

_VERSIONED = ("organizationId", "created", "updated", "version", "etag")


@dataclass(frozen=True)
class Table:
    """One kind of record.

    Attributes:
        name: Table name in the store.
        label: What a person calls one record of it, for messages.
        system_fields: Fields the vendor fills (contract sections 4 to 11).
        key: The fields whose values make the store's key; `id` for nearly all.
        order: Sort key; the list's order, and total (it ends with the key).
    """

    name: str
    label: str
    system_fields: tuple[str, ...] = _VERSIONED
    key: tuple[str, ...] = ("id",)
    order: Callable[[Record], tuple[Any, ...]] = lambda record: (record["created"], record["id"])

    def key_of(self, record: Record) -> str:
        """The store's key of a record."""
        return ":".join(str(record[field]) for field in self.key)


def _newest_first(field: str, *then: str) -> Callable[[Record], tuple[Any, ...]]:
    # Days count down so that one ascending order serves every list (paging bisects it).
    def order(record: Record) -> tuple[Any, ...]:
        return (-date.fromisoformat(record[field]).toordinal(), *(record[name] for name in then))

    return order


_ALL = (
    Table("entities", "entity"),
    Table("accounts", "account"),
    Table(
        "balances",
        "balance",
        ("organizationId", "version"),
        order=_newest_first("localDate", "accountId", "type", "timestamp", "id"),
    ),
    Table(
        "end_of_day_summaries",
        "end-of-day summary",
        ("created",),
        key=("accountId", "date"),
        order=_newest_first("date", "accountId"),
    ),
    Table("transactions", "transaction", order=_newest_first("date", "id")),
    Table("pending_transactions", "pending transaction", order=_newest_first("date", "id")),
    Table("connections", "connection", ("organizationId", "created", "updated")),
    Table("reports", "report", ("organizationId", "created")),
    Table("bank_statements", "bank statement", ("created",)),
    Table("counterparties", "counterparty"),
    Table("external_accounts", "external account"),
    Table("credit_transfers", "credit transfer", order=_newest_first("date", "id")),
    Table("credit_transfer_batches", "credit transfer batch"),
    Table(
        "credit_transfer_batch_results",
        "credit transfer batch result",
        (),
        key=("batchId", "recordIndex"),
        order=lambda record: (record["batchId"], record["recordIndex"]),
    ),
    Table("gl_entities", "GL entity"),
    Table("gl_accounts", "GL account", order=lambda record: (record.get("number") or "", record["id"])),
    Table("documents", "document"),
    Table("accounts_payables", "account payable"),
    Table("accounts_receivables", "account receivable"),
    Table("forecasted_transactions", "forecasted transaction"),
    Table("forecasted_transaction_batches", "forecasted transaction batch"),
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}
