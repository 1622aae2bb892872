"""The control side of a simulated vendor: what a client did, and how to move the clock, limits and faults.

In: requests below `/_sim` on the vendor's own port. Out: `Control`, which each vendor's `create_app` installs
last:

    app = Starlette(routes=[...])
    if control is not None:
        control.install(app, limiter, engine.settings)
    return app

What does not belong here: anything a real vendor has.

Routes:
    GET    /_sim/requests?since=N   {"requests": [...], "last": N}, see `sandbox.request_log`
    DELETE /_sim/requests           forgets them
    GET    /_sim/clock              {"now", "today"}
    POST   /_sim/clock              {"advance_seconds": n} or {"set": "2026-05-01T08:00:00Z"}
    POST   /_sim/limits             names and values of the limiter, the switches, `latency_ms`
    GET    /_sim/faults             those still waiting
    POST   /_sim/faults             one fault or a list (`sandbox.faults.Fault`), conditions below "match"
    DELETE /_sim/faults             forgets them
    GET    /_sim/state              {"table": number of records}
    GET    /_sim/state/{table}      the records as stored
    PATCH  /_sim/state/{table}/{id} changes members of a record, as its people would in the vendor's own screens; what
                                    the vendor derives from it (a ledger, say) does not follow
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import SandboxClock
from sandbox.faults import Fault, FaultQueue
from sandbox.http import CONTROL_PREFIX, ExactJSON, Watched, parse_exact
from sandbox.request_log import RequestLog
from sandbox.store import Store


class Switches(Protocol):
    """Something whose settings may be changed while the sandbox runs: a limiter, a vendor's settings."""

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Takes over the settings it knows and returns them; raises ValueError for an impossible value."""


class Control:
    """The control side of one vendor.

    Attributes:
        log: The requests of clients.
        faults: What will befall the next ones.
        latency_ms: Milliseconds every answer is held back.

    Args:
        store: The vendor's records, shown by `/_sim/state`.
        clock: The clock of the whole sandbox; moving it on one port moves it for all.
        latency_ms: The latency to begin with.
    """

    def __init__(self, store: Store, clock: SandboxClock, *, latency_ms: int = 0) -> None:
        self.log = RequestLog(clock.now)
        self.faults = FaultQueue()
        self.latency_ms = latency_ms
        self._store = store
        self._clock = clock
        self._switches: list[Switches] = []

    def install(self, app: Starlette, *switches: Switches | None) -> None:
        """Puts the log, the faults and the routes below `/_sim` around an app.

        Args:
            app: The vendor's app, complete but for this.
            switches: What `POST /_sim/limits` may change; None is left out.
        """
        self._switches += [switch for switch in switches if switch is not None]
        app.add_middleware(
            Watched,
            log=self.log,
            faults=self.faults,
            latency_ms=lambda: self.latency_ms,
            control=self._routes(),
        )

    def _routes(self) -> Starlette:
        return Starlette(
            routes=[
                Route(f"{CONTROL_PREFIX}/requests", self._requests, methods=["GET", "DELETE"]),
                Route(f"{CONTROL_PREFIX}/clock", self._time, methods=["GET", "POST"]),
                Route(f"{CONTROL_PREFIX}/limits", self._limits, methods=["POST"]),
                Route(f"{CONTROL_PREFIX}/faults", self._fault_queue, methods=["GET", "POST", "DELETE"]),
                Route(f"{CONTROL_PREFIX}/state", self._tables, methods=["GET"]),
                Route(f"{CONTROL_PREFIX}/state/{{table}}", self._records, methods=["GET"]),
                Route(f"{CONTROL_PREFIX}/state/{{table}}/{{id}}", self._edit, methods=["PATCH"]),
            ],
            exception_handlers={ValueError: _refuse},
        )

    async def _requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.log.clear()
            return Response(status_code=204)
        since = int(request.query_params.get("since", "0"))
        found = self.log.since(since)
        return ExactJSON({"requests": found, "last": found[-1]["number"] if found else since})

    async def _time(self, request: Request) -> Response:
        if request.method == "POST":
            values = await _body(request)
            if "advance_seconds" in values:
                self._clock.advance(float(values["advance_seconds"]))
            elif "set" in values:
                self._clock.set(datetime.fromisoformat(values["set"]))
            else:
                raise ValueError("advance_seconds or set is needed")
        return ExactJSON({"now": self._clock.now(), "today": self._clock.today()})

    async def _limits(self, request: Request) -> Response:
        values = await _body(request)
        taken: dict[str, Any] = {}
        if "latency_ms" in values:
            self.latency_ms = taken["latency_ms"] = _whole("latency_ms", values["latency_ms"])
        for switches in self._switches:
            taken.update(switches.change(values))
        unknown = sorted(set(values) - set(taken))
        if unknown:
            raise ValueError(f"unknown setting {unknown[0]}")
        return ExactJSON(taken)

    async def _fault_queue(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.clear()
            return Response(status_code=204)
        if request.method == "POST":
            given = parse_exact(await request.body())
            for fault in [Fault.from_dict(one) for one in (given if isinstance(given, list) else [given])]:
                self.faults.add(fault)
        return ExactJSON({"faults": self.faults.waiting()})

    async def _tables(self, request: Request) -> Response:
        return ExactJSON(self._store.tables())

    async def _records(self, request: Request) -> Response:
        return ExactJSON(self._store.all(request.path_params["table"]))

    async def _edit(self, request: Request) -> Response:
        table, identifier = request.path_params["table"], request.path_params["id"]
        values = await _body(request)
        record = self._store.get(table, identifier)
        if record is None:
            raise ValueError(f"{table} has no record {identifier}")
        if unknown := sorted(set(values) - set(record)):
            raise ValueError(f"{table} has no member {unknown[0]}")
        self._store.put(table, identifier, {**record, **values})
        return ExactJSON(self._store.get(table, identifier))


async def _body(request: Request) -> dict[str, Any]:
    values = parse_exact(await request.body())
    if not isinstance(values, dict):
        raise ValueError("a JSON object is needed")  # noqa: TRY004 - the answer is a 400
    return values


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number ≥ 0")
    return value


async def _refuse(request: Request, error: Exception) -> Response:
    return ExactJSON({"error": str(error)}, status_code=400)
