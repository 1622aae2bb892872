"""Faults on demand: what shall befall the next requests to a simulated vendor.

In: the body of `POST /_sim/faults`. Out: `Fault` and `FaultQueue`. What does not belong here: carrying a
fault out; the middleware does (`sandbox.http.Watched`).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

FAULT_KINDS = ("status", "drop_before", "drop_after", "delay", "body")


@dataclass
class Fault:
    """What shall happen to the next requests that match.

    Attributes:
        kind: `status` answers with `status` and `body`, without effect unless `after_commit`; `drop_before`
            closes the connection before anything happens, `drop_after` after the request took effect; `delay`
            waits `seconds` first; `body` lets the request take effect and answers with another `body`.
        method: HTTP method, or None for any.
        path_regex: Searched in the path.
        body_regex: Searched in the request body, if given.
        times: How many requests it meets; None for all.
        skip: How many matching requests pass before it.
        body: Text, or a JSON value.
    """

    kind: str
    method: str | None = None
    path_regex: str = ""
    body_regex: str | None = None
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after_commit: bool = False

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Fault:
        """Reads the body of `POST /_sim/faults`, where the conditions stand below `match`.

        Raises:
            ValueError: an unknown kind or member, a wrong number, or a regular expression that is none.
        """
        flat = {**given.get("match", {}), **{name: value for name, value in given.items() if name != "match"}}
        unknown = sorted(set(flat) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"unknown member {unknown[0]}")
        fault = cls(**{"kind": "", **flat})
        for name in ("skip", "status", "times", "seconds"):
            value = getattr(fault, name)
            allowed = (int, float, Decimal) if name == "seconds" else int
            if value is not None and (isinstance(value, bool) or not isinstance(value, allowed) or value < 0):
                raise ValueError(f"{name} must be a number that is not negative")
        fault.seconds = float(fault.seconds)
        if fault.kind not in FAULT_KINDS:
            raise ValueError(f"kind must be one of {', '.join(FAULT_KINDS)}")
        try:
            re.compile(fault.path_regex)
            re.compile(fault.body_regex or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return fault

    def matches(self, method: str, path: str, body: bytes) -> bool:
        """Whether the conditions hold for a request."""
        if self.method is not None and self.method.upper() != method:
            return False
        if not re.search(self.path_regex, path):
            return False
        return self.body_regex is None or re.search(self.body_regex, body.decode(errors="replace")) is not None


class FaultQueue:
    """Faults waiting for their requests, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queues a fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Forgets all faults."""
        self._faults.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults still queued, with what is left of `times` and `skip`."""
        return [asdict(fault) for fault in self._faults]

    def take(self, method: str, path: str, body: bytes) -> Fault | None:
        """The first fault a request meets; it counts down, and leaves the queue with its last time."""
        for fault in self._faults:
            if not fault.matches(method, path, body):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None
