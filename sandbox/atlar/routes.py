"""The vendor's routes, each with what it needs and what it calls: one table, no logic.

In: nothing. Out: `ENDPOINTS`, in matching order (actions before ids). Versioned paths are the default; the seed's short
spellings (contract section 1.1) answer behind `seed_routes`, payables and receivables behind `ap_ar_endpoints`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.atlar.engine import AtlarEngine
from sandbox.atlar.query import Query
from sandbox.atlar.transactions import PENDING, event_list


@dataclass(frozen=True)
class Call:
    """One request, decoded.

    Attributes:
        path: Path parameters.
        query: Query string.
        body: Decoded JSON, or what a form carried; None without a body.
        if_match: The header as it came.
    """

    path: dict[str, str]
    query: Query
    body: Any
    if_match: str | None


@dataclass(frozen=True)
class Endpoint:
    """One route.

    Attributes:
        method: HTTP method.
        path: Starlette path.
        run: Does it; returns a record, a page, bytes (a file) or None (204).
        status: Status of success.
        permission: What the caller's role needs, or None (contract section 2).
        also: Further permissions it needs.
        switch: Setting without which the route is a 404, or None.
    """

    method: str
    path: str
    run: Callable[[AtlarEngine, Call], Any]
    status: int = 200
    permission: str | None = None
    also: tuple[str, ...] = ()
    switch: str | None = None


def _resource(path: str, attribute: str, permission: str, verbs: str, patched: int = 200) -> Iterable[Endpoint]:
    """The usual verbs of a resource: `list get create patch delete`, as far as it has them."""

    def of(engine: AtlarEngine) -> Any:
        return getattr(engine, attribute)

    one = f"{path}/{{id}}"
    known = {
        "list": Endpoint("GET", path, lambda e, c: of(e).page(c.query), 200, f"{permission}:read"),
        "get": Endpoint("GET", one, lambda e, c: of(e).get(c.path["id"]), 200, f"{permission}:read"),
        "create": Endpoint("POST", path, lambda e, c: of(e).create(c.body), 201, f"{permission}:create"),
        "patch": Endpoint(
            "PATCH",
            one,
            lambda e, c: of(e).patch(c.path["id"], c.body, c.if_match),
            patched,
            f"{permission}:update",
        ),
        "delete": Endpoint("DELETE", one, lambda e, c: of(e).delete(c.path["id"]), 204, f"{permission}:delete"),
    }
    return [known[verb] for verb in verbs.split()]


def _events(path: str, table: str, permission: str) -> Endpoint:
    def run(engine: AtlarEngine, call: Call) -> Any:
        return event_list(engine.records, table, call.path["id"])

    return Endpoint("GET", f"{path}/{{id}}/events", run, 200, f"{permission}:read")


_DATA = "/financial-data/v2"
_BANK = "/connectivity/v2beta/connections"
_PAY = "/payments/v2"
_BATCHES = "/payments/v2beta/credit-transfer-batches"
_BOOKS = "/accounting/v2beta"
_FORECASTS = "/analytics/v2beta/forecasted-transactions"

_FINANCIAL_DATA = (
    *_resource(f"{_DATA}/entities", "entities", "entities", "list get create patch delete"),
    *_resource(f"{_DATA}/accounts", "accounts", "accounts", "list get patch"),
    Endpoint(
        "GET",
        f"{_DATA}/accounts/{{id}}/balances",
        lambda e, c: e.accounts.balances(c.path["id"], c.query),
        permission="accounts:read",
    ),
    Endpoint(
        "GET",
        "/financial-data/v2beta/accounts/{id}/end-of-day-summaries",
        lambda e, c: e.accounts.summaries(c.path["id"], c.query),
        permission="accounts:read",
    ),
    *_resource(f"{_DATA}/transactions", "transactions", "transactions", "list get patch"),
    _events(f"{_DATA}/transactions", "transactions", "transactions"),
    Endpoint(
        "GET",
        f"{_DATA}/pending-transactions",
        lambda e, c: e.transactions.page(c.query, PENDING),
        permission="transactions:read",
    ),
    Endpoint(
        "GET",
        f"{_DATA}/pending-transactions/{{id}}",
        lambda e, c: e.transactions.get(c.path["id"], PENDING),
        permission="transactions:read",
    ),
)

_CONNECTIVITY = tuple(
    replace(endpoint, permission="connections:read")
    for endpoint in (
        Endpoint("GET", _BANK, lambda e, c: e.statements.connections(c.query)),
        Endpoint("GET", f"{_BANK}/{{id}}", lambda e, c: e.statements.connection(c.path["id"])),
        Endpoint("GET", f"{_BANK}/{{id}}/reports", lambda e, c: e.statements.reports(c.path["id"], c.query)),
        Endpoint(
            "GET",
            f"{_BANK}/{{id}}/reports/{{report}}/bank-statements",
            lambda e, c: e.statements.bank_statements(c.path["id"], c.path["report"], c.query),
        ),
        Endpoint(
            "GET",
            f"{_BANK}/{{id}}/reports/{{report}}/content",
            lambda e, c: e.statements.report_content(c.path["id"], c.path["report"], c.query),
        ),
        Endpoint(
            "GET",
            f"{_BANK}/{{id}}/reports/{{report}}/bank-statements/{{statement}}/content",
            lambda e, c: e.statements.statement_content(c.path["id"], c.path["report"], c.path["statement"], c.query),
        ),
    )
)


def _approvals(path: str, attribute: str) -> tuple[Endpoint, ...]:
    def decide(verb: str) -> Callable[[AtlarEngine, Call], Any]:
        return lambda e, c: getattr(getattr(e, attribute), verb)(c.path["id"], c.body, c.if_match)

    return tuple(
        Endpoint("POST", f"{path}/{{id}}:{verb}", decide(verb), 202, "credit_transfers:update")
        for verb in ("approve", "reject")
    )


_PAYMENTS = (
    *_approvals(f"{_PAY}/credit-transfers", "credit_transfers"),
    *_resource(f"{_PAY}/credit-transfers", "credit_transfers", "credit_transfers", "list get create patch", 202),
    Endpoint(
        "GET",
        f"{_PAY}/credit-transfers/{{id}}/events",
        lambda e, c: e.credit_transfers.events(c.path["id"]),
        permission="credit_transfers:read",
    ),
    *_approvals(f"{_PAY}/credit-transfer-batches", "batches"),
    Endpoint(
        "POST",
        _BATCHES,
        lambda e, c: e.batches.create(*(c.body if isinstance(c.body, tuple) else (c.body,))),
        201,
        "credit_transfers:create",
    ),
    *_resource(_BATCHES, "batches", "credit_transfers", "list get"),
    Endpoint(
        "GET",
        f"{_BATCHES}/{{id}}/results",
        lambda e, c: e.batches.results(c.path["id"], c.query),
        permission="credit_transfers:read",
    ),
    *_resource(f"{_PAY}/counterparties", "counterparties", "counterparties", "list get create patch delete"),
    _events(f"{_PAY}/counterparties", "counterparties", "counterparties"),
    *_resource(f"{_PAY}/external-accounts", "external_accounts", "external_accounts", "list get create patch delete"),
)

# Creating a document reads what it names (section 2).
_READ_BY_CREATION = ("gl_accounts:read", "gl_entities:read", "accounting_vendor_bank_accounts:read")

_ACCOUNTING = (
    *_resource(f"{_BOOKS}/gl-entities", "gl_entities", "gl_entities", "list get create patch"),
    *_resource(f"{_BOOKS}/gl-accounts", "gl_accounts", "gl_accounts", "list get create patch"),
    Endpoint(
        "GET",
        f"{_BOOKS}/documents:batch",
        lambda e, c: e.documents.by_ids(c.query),
        permission="accounting_documents:read",
    ),
    *(
        replace(endpoint, also=_READ_BY_CREATION) if endpoint.method == "POST" else endpoint
        for endpoint in _resource(
            f"{_BOOKS}/documents", "documents", "accounting_documents", "list get create patch delete"
        )
    ),
)

_ANALYTICS = (
    *_resource(_FORECASTS, "forecasts", "forecasted_transactions", "list get create patch delete"),
    _events(_FORECASTS, "forecasted_transactions", "forecasted_transactions"),
    Endpoint(
        "POST",
        "/analytics/v2beta/forecasted-transaction-batches",
        lambda e, c: e.forecasts.create_batch(c.body),
        201,
        "forecasted_transactions:create",
    ),
)

_VERSION_1 = (
    Endpoint("POST", "/v1/testbank/transactions", lambda e, c: e.transactions.from_testbank(c.body), 201),
    Endpoint(
        "POST",
        "/v1/idempotency-test",
        lambda e, c: e.exercise_idempotency(int(c.query.text("status") or 200)),
    ),
)

# The seed spells the paths of payables and receivables four ways; all answer the same (section 10).
_OPEN_ITEMS = tuple(
    replace(endpoint, switch="ap_ar_endpoints")
    for side in ("payable", "receivable")
    for spelling in (f"accounts-{side}s", f"accounts-{side}", f"account-{side}s", f"account-{side}")
    for endpoint in _resource(f"/{spelling}", f"{side}s", f"accounts_{side}s", "list get create patch")
)

_VERSIONED = (*_FINANCIAL_DATA, *_CONNECTIVITY, *_PAYMENTS, *_ACCOUNTING, *_ANALYTICS)


def _transactions_of_account(engine: AtlarEngine, call: Call) -> Any:
    account = engine.accounts.get(call.path["id"])
    return engine.transactions.page(Query([*call.query.pairs, ("accountId", account["id"])]))


def _seed_path(path: str) -> str | None:
    """A versioned path in the seed's shorthand: without its namespace; accounting keeps its version."""
    if path.startswith(_BOOKS):
        return path.removeprefix("/accounting")
    for prefix, kept in (
        (f"{_DATA}/accounts", "/accounts"),
        ("/financial-data/v2beta/accounts", "/accounts"),
        (_BANK, "/connections"),
        (_BATCHES, "/credit-transfer-batches"),
    ):
        if path.startswith(prefix):
            return kept + path.removeprefix(prefix)
    return None


def _seed_spellings() -> Iterable[Endpoint]:
    for versioned in _VERSIONED:
        short = _seed_path(versioned.path)
        if short is not None:
            yield replace(versioned, path=short)
    yield Endpoint("GET", "/accounts/{id}/transactions", _transactions_of_account, permission="transactions:read")
    yield Endpoint(
        "GET",
        "/connections/{id}/reports/{report}/bank-statement",
        lambda e, c: e.statements.report_content(c.path["id"], c.path["report"], c.query),
        permission="connections:read",
    )


_SEED = tuple(replace(endpoint, switch="seed_routes") for endpoint in _seed_spellings())

ENDPOINTS: tuple[Endpoint, ...] = (*_VERSIONED, *_VERSION_1, *_OPEN_ITEMS, *_SEED)
