"""The keeping of records: deterministic ids, stamps that only rise, values that must be unique.

In: a `Store` (documents by table and id) and a clock. Out: `Registry`, through which every room here reads and writes
records. A key that starts with `_` is the simulator's own and never leaves the engine (`public`). What does not belong
here: accounting rules.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sandbox.atlas_accounting.errors import conflict, not_found
from sandbox.clock import SandboxClock
from sandbox.store import Store

Record = dict[str, Any]

TABLES = {
    "companies": "Company",
    "accounts": "Account",
    "tax_rates": "Tax rate",
    "bank_accounts": "Bank account",
    "customers": "Customer",
    "vendors": "Vendor",
    "invoices": "Invoice",
    "bills": "Bill",
    "payments": "Payment",
    "payments_made": "Payment",
    "journal_entries": "Journal entry",
    "ledger_entries": "Ledger entry",
}
"""Every table, and what one record of it is called in messages."""

UNIQUE = (
    ("accounts", "account_number"),
    ("customers", "display_name"),
    ("vendors", "display_name"),
    ("invoices", "invoice_number"),
    ("bills", "bill_number"),
    ("journal_entries", "entry_number"),
)
"""Values no two records of a table may share (case and surrounding blanks aside); a second one is a 409."""

_NAMESPACE = uuid5(NAMESPACE_URL, "https://atlas-accounting.sandbox.test")


def public(record: Record) -> Record:
    """The record as the API shows it: without the simulator's own keys. Shallow; do not write into it."""
    return {key: value for key, value in record.items() if not key.startswith("_")}


def instant_text(moment: datetime) -> str:
    """An instant as the API writes it: UTC, always six decimals, so that text sorts like time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Registry:
    """Records of one company in a store.

    Args:
        store: Where the records live; what was committed survives the process.
        clock: Business time; stamps come from it.
        seed: Ids follow from it: the same seed and the same operations give the same ids.
    """

    def __init__(self, store: Store, clock: SandboxClock, seed: int) -> None:
        self._store = store
        self._clock = clock
        self._seed = seed
        # A store goes on as the company it was founded as, whatever the seed of the process that opens it.
        founded = next(iter(store.all("companies")), None)
        self.company_id = founded["id"] if founded else self.derived_id("company")
        self._reloaders: list[Callable[[], None]] = []
        self._taken: dict[tuple[str, str], dict[str, str]] = {}
        self._last_stamp = datetime.min.replace(tzinfo=UTC)
        self._depth = 0
        self._changed = False
        self.on_reload(self._reload)

    def on_reload(self, reload: Callable[[], None]) -> None:
        """Runs a function now, and again whenever memory must be read back from the store after a failure."""
        self._reloaders.append(reload)
        reload()

    def _reload(self) -> None:
        for table, field in UNIQUE:
            self._taken[table, field] = {
                _folded(record[field]): record["id"]
                for record in self._store.all(table)
                if record.get(field) is not None
            }
        stamps = (record["updated_at"] for table in TABLES for record in self._store.all(table))
        newest = max(stamps, default=None)
        if newest is not None:
            self._last_stamp = datetime.fromisoformat(newest)

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One business event: all its records are committed together, or none and memory is as before."""
        if self._depth:
            yield
            return
        self._depth, self._changed = 1, False
        try:
            with self._store.transaction():
                yield
        except BaseException:
            if self._changed:
                for reload in self._reloaders:
                    reload()
            raise
        finally:
            self._depth = 0

    def now(self) -> datetime:
        """The present instant, UTC."""
        return self._clock.now()

    def today(self) -> date:
        """The present business date."""
        return self._clock.today()

    def new_id(self, sequence: str) -> str:
        """The next id of a sequence: shaped like a UUID, the same in every world made from the same seed."""
        return self.derived_id(sequence, self._store.next_id(f"id:{sequence}"))

    def derived_id(self, *parts: object) -> str:
        """An id that follows from its parts, for what has no sequence of its own (lines, bill payments)."""
        return str(uuid5(_NAMESPACE, ":".join(str(part) for part in (self._seed, *parts))))

    def organization_id(self) -> str:
        """The id of the organization that owns the company."""
        return self.derived_id("organization")

    def next_number(self, table: str, field: str, prefix: str) -> str:
        """The next free document number; numbers that callers chose themselves are stepped over."""
        while True:
            number = f"{prefix}{self._store.next_id(f'number:{table}'):05d}"
            if _folded(number) not in self._taken[table, field]:
                return number

    def require_free(self, table: str, field: str, value: str, *, holder: str | None = None) -> None:
        """Raises the 409 of a duplicate unless the value is free or already the holder's own.

        Raises:
            AtlasAccountingError: 409.
        """
        taken_by = self._taken[table, field].get(_folded(value))
        if taken_by is not None and taken_by != holder:
            label = "name" if field == "display_name" else field.replace("_", " ")
            raise conflict(f"{TABLES[table]} with {label} '{value}' already exists")

    def _stamp(self) -> str:
        self._last_stamp = max(self._clock.now(), self._last_stamp + timedelta(microseconds=1))
        return instant_text(self._last_stamp)

    def add(self, table: str, fields: Record, *, record_id: str | None = None) -> Record:
        """Stores a new record: the fields given plus id, company_id, created_at and updated_at."""
        stamp = self._stamp()
        identifier = record_id or self.new_id(table)
        scope = {} if table == "companies" else {"company_id": self.company_id}
        record = {"id": identifier, **scope, **fields, "created_at": stamp, "updated_at": stamp}
        self._changed = True
        self._store.insert(table, identifier, record)
        self._claim(table, record)
        return record

    def change(self, table: str, record: Record, **fields: Any) -> Record:
        """Stores a record with some fields changed and a new updated_at; returns it."""
        changed = {**record, **fields, "updated_at": self._stamp()}
        self._changed = True
        self._release(table, record)
        self._store.put(table, record["id"], changed)
        self._claim(table, changed)
        return changed

    def remove(self, table: str, record: Record) -> None:
        """Deletes a record; its unique values are free again."""
        self._changed = True
        self._release(table, record)
        self._store.delete(table, record["id"])

    def find(self, table: str, record_id: object) -> Record | None:
        """The record with that id, or None."""
        return self._store.get(table, record_id) if isinstance(record_id, str) else None

    def get(self, table: str, record_id: str) -> Record:
        """The record with that id.

        Raises:
            AtlasAccountingError: 404.
        """
        record = self.find(table, record_id)
        if record is None:
            raise not_found(TABLES[table], record_id)
        return record

    def all(self, table: str) -> list[Record]:
        """All records of a table, oldest first."""
        return self._store.all(table)

    def by_unique(self, table: str, field: str, value: str) -> Record | None:
        """The record that holds a unique value, or None."""
        return self.find(table, self._taken[table, field].get(_folded(value)))

    def _claim(self, table: str, record: Record) -> None:
        for owner, field in UNIQUE:
            if owner == table and record.get(field) is not None:
                self._taken[table, field][_folded(record[field])] = record["id"]

    def _release(self, table: str, record: Record) -> None:
        for owner, field in UNIQUE:
            if owner == table and record.get(field) is not None:
                self._taken[table, field].pop(_folded(record[field]), None)


def handed_out(record: Record) -> Record:
    """A private copy for the caller: what is written into it does not reach the books."""
    return copy.deepcopy(public(record))


def is_id(value: object) -> bool:
    """Whether a value is shaped like the vendor's ids."""
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()
