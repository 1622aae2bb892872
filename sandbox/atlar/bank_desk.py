"""What people and banks do to the vendor's records, for tests and demos: routes below `/_sim/atlar`.

In: requests of a test. Out: transactions deleted, payments moved along by the treasurer or the bank, days ended. A real
vendor has none of these; what every sandbox server has below `/_sim` is in `sandbox.control`.

Routes:
    DELETE /_sim/atlar/transactions/{id}               a bank's clean-up deletes a booked entry
    POST   /_sim/atlar/credit-transfers/{id}           {"status": "APPROVED" | "FAILED" | "RETURNED" | ...}
    POST   /_sim/atlar/credit-transfer-batches/{id}    {"status": "APPROVED" | "REJECTED"}, all payments of a batch
    POST   /_sim/atlar/end-of-day                      {"date": D} or {"from": D, "to": D}: ends days
"""

from datetime import date
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.atlar.engine import AtlarEngine
from sandbox.atlar.errors import AtlarError
from sandbox.atlar.records import public
from sandbox.http import CONTROL_PREFIX, ExactJSON, parse_exact

PREFIX = f"{CONTROL_PREFIX}/atlar"


class BankDesk:
    """Middleware that answers below `/_sim/atlar` and lets everything else pass.

    Args:
        app: The vendor with its control side.
        engine: Whose records are changed.
    """

    def __init__(self, app: ASGIApp, *, engine: AtlarEngine) -> None:
        self._app = app
        self._engine = engine
        self._desk = Starlette(
            routes=[
                Route(f"{PREFIX}/transactions/{{id}}", self._delete_transaction, methods=["DELETE"]),
                Route(f"{PREFIX}/credit-transfers/{{id}}", self._move_transfer, methods=["POST"]),
                Route(f"{PREFIX}/credit-transfer-batches/{{id}}", self._move_batch, methods=["POST"]),
                Route(f"{PREFIX}/end-of-day", self._end_of_day, methods=["POST"]),
            ],
            exception_handlers={AtlarError: _refused, ValueError: _refused, KeyError: _refused},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        ours = scope["type"] == "http" and scope["path"].startswith(PREFIX + "/")
        await (self._desk if ours else self._app)(scope, receive, send)

    async def _delete_transaction(self, request: Request) -> Response:
        with self._engine.records.transaction():
            self._engine.transactions.delete(request.path_params["id"])
        return Response(status_code=204)

    async def _move_transfer(self, request: Request) -> Response:
        status = (await _body(request))["status"]
        with self._engine.records.transaction():
            return ExactJSON(public(self._engine.credit_transfers.move(request.path_params["id"], status)))

    async def _move_batch(self, request: Request) -> Response:
        status = (await _body(request))["status"]
        with self._engine.records.transaction():
            return ExactJSON(public(self._engine.batches.move(request.path_params["id"], status)))

    async def _end_of_day(self, request: Request) -> Response:
        given = await _body(request)
        first = date.fromisoformat(given.get("from") or given["date"])
        last = date.fromisoformat(given.get("to") or given["date"])
        self._engine.end_of_days(first, last)
        return Response(status_code=204)


async def _body(request: Request) -> dict[str, Any]:
    given = parse_exact(await request.body())
    if not isinstance(given, dict):
        raise ValueError("a JSON object is needed")  # noqa: TRY004 - the answer is a 400
    return given


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, AtlarError):
        return ExactJSON(error.body, status_code=error.status)
    return ExactJSON({"error": str(error)}, status_code=400)
