"""The history of records: created, updated, deleted, by whom (contract section 12, resource event history).

In: changes of the resources that have a history. Out: their events, oldest first. A creation is not stored: it is read
off the record, so that a year of loaded transactions needs no second table. Webhooks are not sent.
"""

from typing import Any

from sandbox.atlar.tables import Record
from sandbox.store import Store

EVENTED = ("credit_transfers", "counterparties", "transactions", "forecasted_transactions")
_TABLE = "events"


class EventLog:
    """Events of one organisation.

    Args:
        store: Where they are kept.
        organization_id: Shown with each.
    """

    def __init__(self, store: Store, organization_id: str) -> None:
        self._store = store
        self._organization_id = organization_id
        self._later: dict[tuple[str, str], list[Record]] | None = None

    def note(self, table: str, record: Record, name: str, timestamp: str, originator: str) -> None:
        """Keeps an event, if the resource has a history.

        Args:
            table: Table of the record.
            record: The record.
            name: `UPDATED` or `DELETED`.
            timestamp: When, as the vendor writes it.
            originator: `API`, `BANK` or `SYSTEM`.
        """
        if table not in EVENTED:
            return
        history = self._events().setdefault((table, record["id"]), [])
        event = self._event(table, record, name, timestamp, originator, len(history) + 2)
        stored = {"table": table, "recordId": record["id"], "event": event}
        self._store.insert(_TABLE, f"{table}:{record['id']}:{event['id']}", stored)
        history.append(event)

    def of(self, table: str, record: Record) -> list[Record]:
        """The history of a record; its creation is always the first event."""
        originator = "BANK" if table == "transactions" else "API"
        first = self._event(table, record, "CREATED", record["created"], originator, 1)
        return [first, *self._events().get((table, record["id"]), [])]

    def forget_unstored(self) -> None:
        """Reads the store again at the next occasion: a transaction was rolled back."""
        self._later = None

    def _events(self) -> dict[tuple[str, str], list[Record]]:
        if self._later is None:
            self._later = {}
            for stored in self._store.all(_TABLE):
                self._later.setdefault((stored["table"], stored["recordId"]), []).append(stored["event"])
        return self._later

    def _event(
        self, table: str, record: Record, name: str, timestamp: str, originator: str, number: int
    ) -> dict[str, Any]:
        return {
            "id": number,
            "organizationId": self._organization_id,
            "entityId": record["id"],
            "name": name,
            "type": table,
            "timestamp": timestamp,
            "originator": originator,
        }
