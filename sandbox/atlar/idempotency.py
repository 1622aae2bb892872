"""Idempotency keys: a repeated POST or PATCH gets the first answer and has no second effect (contract section 3.5).

In: scopes (organisation, method, path, key) and answers. Out: the first answer again for 24 hours of the sandbox clock,
or a 425 while the first call is running. Which calls take keys is the server's affair.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.atlar.errors import AtlarError
from sandbox.atlar.records import Records

TABLE = "idempotency_keys"
KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Remembered:
    """A first answer: its status and its body as it went out."""

    status: int
    body: str


class IdempotencyKeys:
    """The keys in use. What is done under a key and the memory of it are committed together."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._running: set[str] = set()

    def scope(self, method: str, path: str, key: str) -> str:
        """Names one use of a key: the same key on another path is another key."""
        text = "\n".join((self._records.organization_id, method, path, key))
        return hashlib.sha256(text.encode()).hexdigest()

    def recall(self, scope: str) -> Remembered | None:
        """The first answer, if the key was used within 24 hours; the request body is not compared (A7)."""
        kept = self._records.store.get(TABLE, scope)
        if kept is None or self._records.clock.now() - datetime.fromisoformat(kept["first"]) >= KEPT:
            return None
        return Remembered(kept["status"], kept["body"])

    @contextmanager
    def running(self, scope: str) -> Iterator[None]:
        """Marks a first call as running; another one meanwhile gets 425 Too Early and may safely try again."""
        if scope in self._running:
            raise AtlarError(425, "The first call with this Idempotency-Key is still running")
        self._running.add(scope)
        try:
            yield
        finally:
            self._running.discard(scope)

    def remember(self, scope: str, status: int, body: str) -> None:
        """Keeps an answer; a server fault is not one and is forgotten (A8)."""
        if status < 500:
            first = self._records.clock.now().isoformat()
            self._records.store.put(TABLE, scope, {"first": first, "status": status, "body": body})
