"""A small Atlar organisation for tests: two entities' worth of accounts, a GL, and a client over ASGI.

In: nothing. Out: `Company`, whose `http` speaks to the app in process and whose `clock` stands still until moved.
"""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.atlar.engine import AtlarEngine
from sandbox.atlar.server import create_app
from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.limits import Limiter
from sandbox.store import Store

KEY, SECRET = "access-key", "secret-of-the-test"
AS_OF = date(2026, 4, 10)
ENTITY = "0c2b8a54-6a7e-4f0e-9a55-3d1c1f3b9e01"
EUR = "7a1c2d3e-0000-4aaa-8bbb-000000000101"
JPY = "7a1c2d3e-0000-4aaa-8bbb-000000000103"
CASH_BOX = "7a1c2d3e-0000-4aaa-8bbb-000000000199"
CONNECTION = "c0000000-0000-4aaa-8bbb-000000000001"
GL_ENTITY = "e0000000-0000-4aaa-8bbb-000000000001"
RECEIVABLES, REVENUE, BANK = (f"a0000000-0000-4aaa-8bbb-00000000{number}" for number in (1100, 4100, 1000))
IBAN = "FI2112345600000785"


class Asgi(httpx.BaseTransport):
    """A synchronous transport onto an ASGI app."""

    def __init__(self, app: Starlette) -> None:
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            asynchronous = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read(), extensions={}
            )
            response = await self._inner.handle_async_request(asynchronous)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        return asyncio.run(answer())


@dataclass
class Company:
    """The organisation, its server and its clock."""

    engine: AtlarEngine
    store: Store
    clock: SandboxClock
    app: Starlette
    http: httpx.Client

    def ok(self, method: str, url: str, status: int = 200, **options: Any) -> Any:
        """A call that must answer with a status; returns the decoded body."""
        response = self.http.request(method, url, **options)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def refused(self, method: str, url: str, status: int, **options: Any) -> list[str]:
        """A call that must be refused; returns the fields complained about."""
        body = self.ok(method, url, status, **options)
        assert body["status"] == status
        assert body["message"]
        return [detail["field"] for detail in body.get("details", [])]

    def every(self, url: str, **params: Any) -> list[dict[str, Any]]:
        """All records of a list, following tokens to the empty one."""
        found: list[dict[str, Any]] = []
        token = ""
        for _ in range(1000):
            page = self.ok("GET", url, params={**params, **({"token": token} if token else {})})
            found += page["items"]
            token = page["nextToken"]
            if not token:
                return found
        raise AssertionError("the list does not end")


def company(limiter: Limiter | None = None, *, seed_routes: bool = False) -> Company:
    """A new organisation, loaded with its accounts and chart."""
    clock = SandboxClock(AS_OF, monotonic=lambda: 0.0)
    store = Store(":memory:")
    engine = AtlarEngine(store, clock)
    engine.load("entities", [{"id": ENTITY, "legalName": "Nordic Power AB", "parentId": ""}])
    engine.load("connections", [{"id": CONNECTION, "name": "Bank", "thirdPartyId": "bank-1", "status": "ACTIVE"}])
    engine.load(
        "accounts", [_account(EUR, "EUR"), _account(JPY, "JPY"), {**_account(CASH_BOX, "EUR"), "fictive": True}]
    )
    engine.load(
        "gl_entities", [{"id": GL_ENTITY, "externalId": "company-1", "name": "Nordic Power", "currency": "EUR"}]
    )
    engine.load(
        "gl_accounts",
        [
            _gl_account(RECEIVABLES, "1100", "ACCOUNTS_RECEIVABLE"),
            _gl_account(REVENUE, "4100", "UNSPECIFIED"),
            _gl_account(BANK, "1000", "BANK"),
        ],
    )
    app = create_app(
        engine,
        access_key=KEY,
        secret=SECRET,
        limiter=limiter,
        control=Control(store, clock),
        seed_routes=seed_routes,
    )
    http = httpx.Client(transport=Asgi(app), base_url="http://atlar.test", auth=(KEY, SECRET))
    return Company(engine, store, clock, app, http)


def _account(identity: str, currency: str) -> dict[str, Any]:
    return {
        "id": identity,
        "entityId": ENTITY,
        "thirdPartyId": "bank-1",
        "name": f"Operating {currency}",
        "currency": currency,
        "market": "SE",
        "identifiers": [{"type": "IBAN", "market": "SE", "number": "SE4550000000058398257466"}],
        "routing": [{"type": "BIC", "number": "ESSESESS"}],
        "status": "ACTIVE",
        "fictive": False,
    }


def _gl_account(identity: str, number: str, kind: str) -> dict[str, Any]:
    return {
        "id": identity,
        "externalId": f"coa-{number}",
        "name": f"Account {number}",
        "number": number,
        "displayType": "Any",
        "type": kind,
        "currency": "EUR",
        "glEntityIds": [GL_ENTITY],
        "associatedConnections": [],
    }


def invoice(**changes: Any) -> dict[str, Any]:
    """A customer invoice of 1,000.00 EUR as a create request; arguments replace fields."""
    return {
        "glEntityId": GL_ENTITY,
        "type": "INVOICE",
        "amount": both("1000.00"),
        "remainingAmount": both("1000.00"),
        "date": "2026-04-30",
        "description": "Customer invoice 10001",
        "reference": "INV-10001",
        "references": {"poNumber": "PO-4421"},
        "counterparty": {"name": "Acme Timber", "type": "CUSTOMER", "erpId": "C-77"},
        "voided": False,
        "reconciliationStatus": "OPEN",
        "glEntries": [entry(RECEIVABLES, "DEBIT", "1000.00"), entry(REVENUE, "CREDIT", "1000.00")],
        "appliedDocuments": [],
        "provenance": {"vendorId": "INVOICE/10001"},
        "vendorCreated": "2026-04-01T09:30:00Z",
        **changes,
    }


def both(text: str, currency: str = "EUR") -> dict[str, Any]:
    """A MultiCurrencyAmount in one currency."""
    amount = {"currency": currency, "stringValue": text}
    return {"instructedAmount": amount, "baseAmount": dict(amount)}


def entry(account: str, side: str, text: str) -> dict[str, Any]:
    """A GL entry of a document."""
    return {"glAccountId": account, "vendorId": f"{account[-4:]}-{side}", "type": side, "amount": both(text)}


def payable(**changes: Any) -> dict[str, Any]:
    """A payable of 2,500.00 EUR as a create request; arguments replace fields."""
    return {
        "externalId": "AP-2026-0042",
        "entityId": ENTITY,
        "amount": {"currency": "EUR", "stringValue": "2500.00"},
        "dueDate": "2026-04-30",
        "description": "Pulp March",
        "reference": "INV-88",
        "counterparty": {"name": "Pulp Supply Oy", "erpId": "V-42"},
        **changes,
    }


def transfer(**changes: Any) -> dict[str, Any]:
    """A credit transfer of 2,500.00 EUR as a create request; arguments replace fields."""
    return {
        "amount": {"currency": "EUR", "stringValue": "2500.00"},
        "scheme": "SCT",
        "date": "2026-04-10",
        "source": {"type": "ACCOUNT", "id": EUR},
        "destination": {
            "type": "INLINE",
            "market": "FI",
            "identifiers": [{"type": "IBAN", "market": "FI", "number": IBAN}],
            "holder": {"legalName": "Pulp Supply Oy"},
        },
        "reference": "INV-88",
        "externalId": "erp-pay-1",
        **changes,
    }


def booked(identity: str, account: str, day: str, text: str, currency: str = "EUR", **more: Any) -> dict[str, Any]:
    """A bank transaction to load."""
    amount = {"currency": currency, "stringValue": text}
    return {"id": identity, "accountId": account, "date": day, "amount": amount, "reference": identity, **more}
