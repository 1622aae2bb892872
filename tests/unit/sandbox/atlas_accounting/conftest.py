"""A small company's books in memory, at a clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError
from sandbox.atlas_accounting.server import create_app
from sandbox.clock import SandboxClock
from sandbox.control import Control
from sandbox.limits import TokenBucket
from sandbox.store import Store


class Books:
    """An engine with a chart, two customers and two vendors, and short ways to write documents."""

    def __init__(self) -> None:
        self.store = Store(":memory:")
        self.clock = SandboxClock(date(2026, 3, 2), monotonic=lambda: 0.0)
        self.engine = AtlasAccountingEngine(self.store, self.clock)
        self.accounts = {number: row["id"] for number, row in self.engine.load_chart().items()}
        self.customer = self.engine.create_customer({"display_name": "Fortum Oyj", "external_id": "C-1001"})["id"]
        self.vendor = self.engine.create_vendor({"display_name": "Vattenfall AB", "currency": "EUR"})["id"]

    def go_to(self, day: str) -> None:
        self.clock.set(datetime.fromisoformat(f"{day}T08:00:00").replace(tzinfo=UTC))

    def line(self, price: str, account: str = "4100", **more: Any) -> dict[str, Any]:
        field = "revenue_account_id" if account < "5" else "expense_account_id"
        return {"description": "Power", "quantity": 1, "unit_price": price, field: self.accounts[account], **more}

    def invoice(self, price: str = "1000.00", *, day: str = "2026-03-02", **more: Any) -> dict[str, Any]:
        body = {"customer_id": self.customer, "invoice_date": day, "lines": [self.line(price)], **more}
        return self.engine.create_invoice(body)

    def sent(self, price: str = "1000.00", **more: Any) -> dict[str, Any]:
        return self.engine.send_invoice(self.invoice(price, **more)["id"])

    def bill(self, price: str = "500.00", *, day: str = "2026-03-05", **more: Any) -> dict[str, Any]:
        body = {"vendor_id": self.vendor, "bill_date": day, "lines": [self.line(price, "6410")], **more}
        return self.engine.create_bill(body)

    def approved(self, price: str = "500.00", **more: Any) -> dict[str, Any]:
        return self.engine.approve_bill(self.bill(price, **more)["id"])

    def payment(self, amount: str, *, day: str = "2026-03-20", **more: Any) -> dict[str, Any]:
        body = {"customer_id": self.customer, "payment_date": day, "amount": amount, "payment_method": "wire", **more}
        return self.engine.create_payment(body)

    def paid(self, amount: str, applications: list[tuple[str, str]], *, day: str = "2026-03-20") -> dict[str, Any]:
        rows = [{"bill_id": bill_id, "amount_applied": applied} for bill_id, applied in applications]
        body = {
            "vendor_id": self.vendor,
            "payment_date": day,
            "amount": amount,
            "payment_method": "ach",
            "payment_account_id": self.accounts["1000"],
            "applications": rows,
        }
        return self.engine.create_payment_made(body)

    def entry(self, amount: str = "320.00", *, day: str = "2026-03-31", **more: Any) -> dict[str, Any]:
        lines = [
            {"account_id": self.accounts["6500"], "entry_type": "debit", "amount": amount},
            {"account_id": self.accounts["3000"], "entry_type": "credit", "amount": amount},
        ]
        return self.engine.create_journal_entry({"entry_date": day, "description": "Accrual", "lines": lines, **more})

    def balance(self, number: str, as_of: str = "2030-12-31") -> Decimal:
        rows = self.engine.trial_balance(as_of)["accounts"]
        return next((Decimal(row["balance"]) for row in rows if row["account_number"] == number), Decimal(0))

    def balances(self, as_of: str = "2030-12-31") -> dict[str, str]:
        rows = self.engine.trial_balance(as_of)["accounts"]
        return {row["account_number"]: row["balance"] for row in rows if Decimal(row["balance"])}


class Client:
    """A synchronous HTTP client of the vendor's app; it signs in when asked to."""

    def __init__(self, books: Books, *, tier: str = "unlimited") -> None:
        self.books = books
        self.seconds = 0.0
        self.limiter = TokenBucket.of_tier(tier, monotonic=lambda: self.seconds)
        self.control = Control(books.store, books.clock)
        self.app = create_app(books.engine, limiter=self.limiter, control=self.control, wall_clock=lambda: 1_000_000.0)
        self.headers: dict[str, str] = {}

    def __call__(self, method: str, path: str, *, company: bool = True, **more: Any) -> httpx.Response:
        params = dict(more.pop("params", {}))
        if company:
            params["company_id"] = self.books.engine.company_id
        url = path if path.startswith("/_sim") else f"/api/v1{path}"
        headers = {**self.headers, **more.pop("headers", {})}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://accounting.test") as client:
                return await client.request(method, url, params=params, headers=headers, **more)

        return asyncio.run(send())

    def login(self, user: int = 0) -> dict[str, Any]:
        who = self.books.engine.settings.users[user]
        answer = self("POST", "/auth/login", company=False, json={"email": who.email, "password": who.password})
        assert answer.status_code == 200
        self.headers = {"Authorization": f"Bearer {answer.json()['tokens']['access_token']}"}
        return dict(answer.json())


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def http(books: Books) -> Client:
    client = Client(books)
    client.login()
    return client


@pytest.fixture
def client_of(books: Books) -> Any:
    """Makes a client of the books at a tier, not yet signed in."""
    return lambda tier="unlimited": Client(books, tier=tier)


@pytest.fixture
def refused() -> Any:
    """Calls something and returns the vendor's error; fails when nothing was refused."""

    def call(operation: Any, *args: Any, **kwargs: Any) -> AtlasAccountingError:
        with pytest.raises(AtlasAccountingError) as caught:
            operation(*args, **kwargs)
        return caught.value

    return call
