"""Records as the vendor keeps them: ids, system fields, versions and etags, unique external ids, lists, events.

In: checked fields from the resource modules. Out: stored records, always whole new dicts (a stored record is never
changed in place). What a field may hold, and what follows from a change elsewhere, belongs to the resource modules.
Keys that begin with an underscore are the simulator's own and never shown (`public`).
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sandbox.atlar.errors import conflict, gone, not_found, stale
from sandbox.atlar.events import EventLog
from sandbox.atlar.paging import Ordered, Page, page_of
from sandbox.atlar.patching import PatchPaths, apply_patch
from sandbox.atlar.query import Query
from sandbox.atlar.settings import AtlarSettings
from sandbox.atlar.tables import TABLES, Record
from sandbox.clock import SandboxClock
from sandbox.store import Store

_NAMESPACE = uuid.UUID("6d9f4f0a-7d0b-5f3e-9a51-0a71a0f7c210")
_EXTERNAL = "external:"


def rfc3339(instant: datetime) -> str:
    """A UTC timestamp as the vendor writes it, with a `Z` and no more digits than needed."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def public(record: Record) -> Record:
    """The record without the simulator's own keys."""
    return {key: value for key, value in record.items() if not key.startswith("_")}


class Records:
    """The vendor's tables over one store.

    Args:
        store: The document store; it commits each mutation.
        clock: Gives `created` and `updated`.
        settings: Tells whether lists have short pages.
    """

    def __init__(self, store: Store, clock: SandboxClock, settings: AtlarSettings) -> None:
        self.store = store
        self.clock = clock
        self._settings = settings
        self.organization_id = str(uuid.uuid5(_NAMESPACE, "organization"))
        self.user_id = str(uuid.uuid5(_NAMESPACE, "programmatic-access-user"))
        self._derived: dict[str, dict[str, Any]] = {}
        self._externals: dict[str, dict[str, str]] = {}
        self._events = EventLog(store, self.organization_id)
        self._has_changed = False
        self._depth = 0

    def now(self) -> str:
        """The present instant as the vendor writes it."""
        return rfc3339(self.clock.now())

    def new_id(self, sequence: str) -> str:
        """The next id of a sequence: the same sequence gives the same ids in every world (uuid5, never random)."""
        while True:
            identity = str(uuid.uuid5(_NAMESPACE, f"{sequence}:{self.store.next_id(sequence)}"))
            # A loaded record may carry an id that a sequence of the same name gave out elsewhere.
            if self.store.get(sequence, identity) is None:
                return identity

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All mutations inside are kept together, or none of them."""
        if self._depth == 0:
            self._has_changed = False
        self._depth += 1
        try:
            with self.store.transaction():
                yield
        except BaseException:
            # What was derived from records that are gone again must go too; most refusals changed nothing.
            if self._has_changed:
                self._derived.clear()
                self._externals.clear()
                self._events.forget_unstored()
            raise
        finally:
            self._depth -= 1

    def create(self, table: str, fields: Record) -> Record:
        """Inserts a record with its system fields.

        Args:
            table: One of `TABLES`.
            fields: The checked fields; those that are None are left out.

        Raises:
            AtlarError: 409 when `externalId` is taken (assumption A9).
        """
        self.refuse_taken(table, fields.get("externalId"))
        return self.load(table, {key: value for key, value in fields.items() if value is not None})

    def load(self, table: str, record: Record) -> Record:
        """Inserts a record of the world as it is, filling only the system fields that are absent."""
        complete = self._completed(table, record)
        self.store.insert(table, TABLES[table].key_of(complete), complete)
        self._index_external_id(table, None, complete)
        self._changed(table)
        return complete

    def _completed(self, table: str, fields: Record) -> Record:
        spec = TABLES[table]
        now = self.now()
        created = fields.get("created", now)
        version = fields.get("version", 1)
        values: dict[str, Any] = {
            "organizationId": self.organization_id,
            "created": created,
            "updated": fields.get("updated", created),
            "version": version,
            "etag": f"version:{version}",
        }
        head: Record = {"id": fields.get("id") or self.new_id(table)} if "id" in spec.key else {}
        if "organizationId" in spec.system_fields:
            head["organizationId"] = values.pop("organizationId")
        tail = {name: value for name, value in values.items() if name in spec.system_fields}
        return {**head, **fields, **{name: value for name, value in tail.items() if fields.get(name) is None}}

    def by_id(self, table: str, identity: str | None) -> Record | None:
        """The record by its id alone: bodies name others by id, `external:` is for paths and payments (section 3.2)."""
        return None if identity is None else self.store.get(table, identity)

    def find(self, table: str, reference: str) -> Record | None:
        """The record by id or `external:{externalId}`, or None."""
        if not reference.startswith(_EXTERNAL):
            return self.store.get(table, reference)
        key = self._external_ids(table).get(reference.removeprefix(_EXTERNAL))
        return None if key is None else self.store.get(table, key)

    def get(self, table: str, reference: str) -> Record:
        """The record by id or `external:` key.

        Raises:
            AtlarError: 404 when it never was, 410 when it was deleted (section 3.6).
        """
        record = self.find(table, reference)
        if record is not None:
            return record
        if self.store.get("deleted", f"{table}:{reference}") is not None:
            raise gone(TABLES[table].label, reference)
        raise not_found(TABLES[table].label, reference)

    def patch(
        self,
        table: str,
        reference: str,
        operations: object,
        allowed: PatchPaths,
        if_match: str | None,
        finish: Callable[[Record, Record], Record] = lambda old, new: new,
    ) -> Record:
        """Applies a JSON Patch under `If-Match`.

        Args:
            table: One of `TABLES`.
            reference: Id or `external:` key.
            operations: The request body.
            allowed: The resource's closed list of paths and operations.
            if_match: The header as it came, or None for an unconditional update.
            finish: Called with the old and the patched record; checks the whole and returns what to store.

        Returns:
            The stored record, one version on.

        Raises:
            AtlarError: 404, 412 for a stale `If-Match`, 400 for the patch, 409 for an external id that is taken.
        """
        old = self.get(table, reference)
        self.check_if_match(old, if_match)
        new = finish(old, apply_patch(old, operations, allowed))
        if new.get("externalId") != old.get("externalId"):
            self.refuse_taken(table, new.get("externalId"))
        return self.put(table, new)

    def check_if_match(self, record: Record, if_match: str | None) -> None:
        """Compares `If-Match`, which carries no quotes (section 3.3), with the record's etag; else 412."""
        if if_match is not None and if_match != record["etag"]:
            raise stale(if_match, record["etag"])

    def put(self, table: str, record: Record, originator: str = "API") -> Record:
        """Stores a changed record as its next version."""
        stored = dict(record)
        fields = TABLES[table].system_fields
        if "version" in fields:
            stored["version"] = record["version"] + 1
        if "etag" in fields:
            stored["etag"] = f"version:{stored['version']}"
        if "updated" in fields:
            stored["updated"] = self.now()
        key = TABLES[table].key_of(stored)
        self._index_external_id(table, self.store.get(table, key), stored)
        self.store.put(table, key, stored)
        self._changed(table)
        self._events.note(table, stored, "UPDATED", self.now(), originator)
        return stored

    def note(self, table: str, record: Record) -> Record:
        """Stores a change of the simulator's own keys: no new version, no event."""
        self.store.put(table, TABLES[table].key_of(record), record)
        self._changed(table)
        return record

    def delete(self, table: str, reference: str, originator: str = "API", *, leaves_trace: bool = True) -> Record:
        """Removes a record; later reads of its id give 410, or 404 where the resource leaves no trace."""
        record = self.get(table, reference)
        self.store.delete(table, record["id"])
        self._index_external_id(table, record, None)
        if leaves_trace:
            self.store.insert("deleted", f"{table}:{record['id']}", {"table": table, "id": record["id"]})
        self._changed(table)
        self._events.note(table, record, "DELETED", self.now(), originator)
        return record

    def refuse_taken(self, table: str, external_id: str | None) -> None:
        """Raises a 409 when another record of the table has this external id (assumption A9)."""
        if external_id is not None and external_id in self._external_ids(table):
            raise conflict("externalId", f"{external_id} is taken")

    def all(self, table: str) -> list[Record]:
        """Every record of a table, in the table's order."""
        return list(self._ordered(table).records)

    def page(self, table: str, query: Query, keep: Callable[[Record], bool] = lambda record: True) -> Page:
        """One page of a table's list (section 3.1)."""
        return page_of(self._ordered(table), query, keep, short=self._settings.short_pages)

    def grouped(self, table: str, *fields: str) -> dict[tuple[Any, ...], list[Record]]:
        """The records of a table by the values of some fields; kept until the table changes."""

        def build() -> dict[tuple[Any, ...], list[Record]]:
            groups: dict[tuple[Any, ...], list[Record]] = {}
            for record in self._ordered(table).records:
                groups.setdefault(tuple(record.get(field) for field in fields), []).append(record)
            return groups

        return self._derive(table, f"by {fields}", build)

    def events(self, table: str, reference: str) -> list[Record]:
        """The history of a record, oldest first (section 12); its creation is always the first event."""
        return self._events.of(table, self.get(table, reference))

    def _ordered(self, table: str) -> Ordered:
        def build() -> Ordered:
            order = TABLES[table].order
            pairs = sorted(((order(record), record) for record in self.store.all(table)), key=lambda pair: pair[0])
            return Ordered([record for _, record in pairs], [key for key, _ in pairs])

        return self._derive(table, "ordered", build)

    def _external_ids(self, table: str) -> dict[str, str]:
        if table not in self._externals:
            key_of = TABLES[table].key_of
            self._externals[table] = {
                record["externalId"]: key_of(record) for record in self.store.all(table) if record.get("externalId")
            }
        return self._externals[table]

    def _index_external_id(self, table: str, old: Record | None, new: Record | None) -> None:
        # Kept up by hand: building it anew for each of ten thousand creations would be quadratic.
        index = self._externals.get(table)
        if index is None:
            return
        if old is not None and old.get("externalId"):
            index.pop(old["externalId"], None)
        if new is not None and new.get("externalId"):
            index[new["externalId"]] = TABLES[table].key_of(new)

    def _derive(self, table: str, name: str, build: Callable[[], Any]) -> Any:
        derived = self._derived.setdefault(table, {})
        if name not in derived:
            derived[name] = build()
        return derived[name]

    def _changed(self, table: str) -> None:
        # What is derived from a table is built again at the next read; loading many records costs nothing twice.
        self._derived.pop(table, None)
        self._has_changed = True
