"""Every route of the vendor: its path, its dialect, and the engine's operation behind it (contract section 6).

In: a `Call`: who asks, with which path, query and body. Out: the answer's content. What does not belong here: HTTP
itself (`server.py`) and rules (the engine's rooms).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.atlas_accounting import journal
from sandbox.atlas_accounting.access import Access, Session
from sandbox.atlas_accounting.accounts import TAX_TYPES
from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError, not_found
from sandbox.atlas_accounting.kinds import BILL, INVOICE
from sandbox.atlas_accounting.listing import Filter, Query, bare_array, ordered, page_envelope
from sandbox.atlas_accounting.registry import Record
from sandbox.atlas_accounting.switches import Switches
from sandbox.atlas_accounting.validation import Fields

Dialect = Literal["both", "documented", "observed"]


@dataclass(frozen=True)
class Call:
    """One request, past the checks of `server.py`."""

    engine: AtlasAccountingEngine
    access: Access
    switches: Switches
    session: Session
    path: dict[str, str]
    query: Query
    body: Any
    """The decoded body; None when there was none."""

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.path["id"]

    def option(self, name: str) -> str | None:
        """A text sent as query parameter or, by clients that take it for one, as a member of the body."""
        if name in self.query:
            return self.query[name] or None
        return Fields(self.body).text(name) if isinstance(self.body, dict) else None


@dataclass(frozen=True)
class Operation:
    """One route."""

    method: str
    path: str
    answer: Callable[[Call], Any]
    status: int = 200
    dialect: Dialect = "both"
    company: bool = True
    """Whether it concerns one company: then `company_id` is checked."""


def _listing(table: str, dialect: Dialect, *filters: Filter) -> Callable[[Call], Any]:
    def answer(call: Call) -> Any:
        rows = call.engine.list(table)
        for each in filters:
            rows = each.apply(rows, call.query)
        rows = ordered(rows, table, call.query, updated_at_sortable=call.switches.updated_at_sortable)
        return bare_array(rows, call.query) if dialect == "observed" else page_envelope(rows, call.query)

    return answer


def _lists(table: str, documented: str | None, observed: str, *filters: Filter) -> list[Operation]:
    operations = [Operation("GET", observed, _listing(table, "observed", *filters), dialect="observed")]
    if documented is not None:
        answer = _listing(table, "documented", *filters)
        operations.append(Operation("GET", documented, answer, dialect="documented"))
    return operations


def _creates(documented: str | None, observed: str, answer: Callable[[Call], Any]) -> list[Operation]:
    operations = [Operation("POST", observed, answer, status=201, dialect="observed")]
    if documented is not None:
        operations.append(Operation("POST", documented, answer, status=201, dialect="documented"))
    return operations


def _one(table: str) -> Callable[[Call], Record]:
    return lambda call: call.engine.get(table, call.id)


def _companies(call: Call) -> list[Record]:
    return call.access.companies(call.session)


def _company(call: Call) -> Record:
    if call.id != call.engine.company_id:
        raise not_found("Company", call.id)
    return _companies(call)[0]


def _close(call: Call) -> Record:
    call.session.require_closing()
    _company(call)
    return call.engine.close_period(Fields(call.body).text("through", required=True) or "")


def _reopen(call: Call) -> Record:
    call.session.require_closing()
    _company(call)
    return call.engine.reopen_period(call.option("through"))


_ACCOUNT = [
    Operation("POST", "/auth/switch-org", lambda call: call.access.switch(call.session, call.body), company=False),
    Operation("GET", "/auth/me", lambda call: call.access.me(call.session), company=False),
    Operation(
        "GET",
        "/companies",
        lambda call: page_envelope(_companies(call), call.query),
        dialect="documented",
        company=False,
    ),
    Operation(
        "GET", "/companies/", lambda call: bare_array(_companies(call), call.query), dialect="observed", company=False
    ),
    Operation("GET", "/companies/{id}", _company, company=False),
    # No period endpoint is published; without one a client's test could not meet a closed period (section 7).
    Operation("POST", "/companies/{id}/close-period", _close, company=False),
    Operation("POST", "/companies/{id}/reopen-period", _reopen, company=False),
]

_CONTACTS = [
    *_lists("customers", "/contacts/customers", "/customers/"),
    *_creates("/contacts/customers", "/customers/", lambda call: call.engine.create_customer(call.body)),
    Operation("GET", "/contacts/customers/{id}", _one("customers"), dialect="documented"),
    Operation("GET", "/customers/{id}", _one("customers"), dialect="observed"),
    Operation(
        "PATCH",
        "/contacts/customers/{id}",
        lambda call: call.engine.update_customer(call.id, call.body),
        dialect="documented",
    ),
    Operation(
        "PATCH", "/customers/{id}", lambda call: call.engine.update_customer(call.id, call.body), dialect="observed"
    ),
    *_lists("vendors", "/contacts/vendors", "/vendors/"),
    *_creates("/contacts/vendors", "/vendors/", lambda call: call.engine.create_vendor(call.body)),
    Operation("GET", "/contacts/vendors/{id}", _one("vendors"), dialect="documented"),
    Operation("GET", "/vendors/{id}", _one("vendors"), dialect="observed"),
]

_CHART = [
    *_lists("accounts", "/chart-of-accounts", "/accounts/"),
    Operation("GET", "/accounts/{id}", _one("accounts"), dialect="observed"),
    Operation(
        "GET",
        "/accounts/{id}/balance",
        lambda call: call.engine.account_balance(call.id, call.query.get("as_of_date")),
        dialect="observed",
    ),
    Operation(
        "POST",
        "/accounts/setup-coa",
        lambda call: call.engine.set_up_chart(call.body),
        status=201,
        dialect="observed",
    ),
    *_lists("tax_rates", None, "/tax-rates/", Filter("tax_type", "tax_type", allowed=TAX_TYPES)),
    *_creates(None, "/tax-rates/", lambda call: call.engine.create_tax_rate(call.body)),
    Operation("GET", "/bank-accounts/", lambda call: _bank_accounts(call), dialect="observed"),
    *_creates(None, "/bank-accounts/", lambda call: call.engine.create_bank_account(call.body)),
]


def _bank_accounts(call: Call) -> list[Record]:
    rows = call.engine.list("bank_accounts")
    if call.query.get("include_inactive", "false").lower() != "true":
        rows = [row for row in rows if row["is_active"]]
    return bare_array(ordered(rows, "bank_accounts", call.query, updated_at_sortable=True), call.query)


_DOCUMENTS = [
    *_lists("invoices", "/invoices", "/invoices/", Filter("status", "status", allowed=INVOICE.statuses)),
    *_creates("/invoices", "/invoices/", lambda call: call.engine.create_invoice(call.body)),
    Operation("GET", "/invoices/{id}", _one("invoices")),
    Operation("DELETE", "/invoices/{id}", lambda call: call.engine.delete_invoice(call.id), status=204),
    Operation(
        "POST", "/invoices/{id}/send", lambda call: call.engine.send_invoice(call.id, call.option("ar_account_id"))
    ),
    Operation("POST", "/invoices/{id}/void", lambda call: call.engine.void_invoice(call.id, call.option("reason"))),
    *_lists("bills", "/bills", "/bills/", Filter("status", "status", allowed=BILL.statuses)),
    *_creates("/bills", "/bills/", lambda call: call.engine.create_bill(call.body)),
    Operation("GET", "/bills/{id}", _one("bills")),
    Operation("DELETE", "/bills/{id}", lambda call: call.engine.delete_bill(call.id), status=204),
    Operation(
        "POST", "/bills/{id}/approve", lambda call: call.engine.approve_bill(call.id, call.option("ap_account_id"))
    ),
    # Not in the vendor's client, but its states `pending` and `voided` are: by analogy with the invoice's.
    Operation("POST", "/bills/{id}/submit", lambda call: call.engine.submit_bill(call.id)),
    Operation("POST", "/bills/{id}/void", lambda call: call.engine.void_bill(call.id, call.option("reason"))),
]

_MONEY = [
    *_lists("payments", None, "/payments/"),
    *_creates(None, "/payments/", lambda call: call.engine.create_payment(call.body, call.query.get("ar_account_id"))),
    Operation("GET", "/payments/{id}", _one("payments"), dialect="observed"),
    Operation(
        "POST",
        "/payments/{id}/apply",
        lambda call: call.engine.apply_payment(call.id, call.body),
        dialect="observed",
    ),
    *_lists("payments_made", None, "/payments-made/"),
    *_creates(
        None,
        "/payments-made/",
        lambda call: call.engine.create_payment_made(call.body, call.query.get("ap_account_id")),
    ),
    Operation("GET", "/payments-made/{id}", _one("payments_made"), dialect="observed"),
    *_lists("bill_payments", None, "/bill-payments/"),
]

_JOURNAL = [
    *_lists(
        "journal_entries",
        "/journal-entries",
        "/journal-entries/",
        Filter("status", "status", allowed=journal.STATUSES),
        Filter("entry_type", "entry_type", allowed=journal.ENTRY_TYPES),
        Filter("start_date", "entry_date", "from"),
        Filter("end_date", "entry_date", "through"),
    ),
    *_creates("/journal-entries", "/journal-entries/", lambda call: call.engine.create_journal_entry(call.body)),
    Operation("GET", "/journal-entries/{id}", _one("journal_entries")),
    Operation("DELETE", "/journal-entries/{id}", lambda call: call.engine.delete_journal_entry(call.id), status=204),
    Operation("POST", "/journal-entries/{id}/post", lambda call: call.engine.post_journal_entry(call.id)),
    # The reversal call is unknown (contract section 10, 10); the state `reversed` needs one.
    Operation(
        "POST",
        "/journal-entries/{id}/reverse",
        lambda call: call.engine.reverse_journal_entry(call.id, call.option("reversal_date")),
    ),
]


def _dated(report: str) -> Callable[[Call], Record]:
    return lambda call: getattr(call.engine, report)(call.query.get("as_of_date"))


def _over(report: str) -> Callable[[Call], Record]:
    return lambda call: getattr(call.engine, report)(call.query.get("period_start"), call.query.get("period_end"))


_REPORTS = [
    Operation("GET", "/reports/profit-loss", _over("profit_loss")),
    Operation("GET", "/reports/balance-sheet", _dated("balance_sheet")),
    Operation("GET", "/reports/trial-balance", _dated("trial_balance"), dialect="observed"),
    Operation("GET", "/reports/cash-flow", _over("cash_flow"), dialect="observed"),
    Operation("GET", "/reports/ar-aging", _dated("ar_aging"), dialect="observed"),
    Operation("GET", "/reports/ap-aging", _dated("ap_aging"), dialect="observed"),
]

OPERATIONS: tuple[Operation, ...] = (
    *_ACCOUNT,
    *_CONTACTS,
    *_CHART,
    *_DOCUMENTS,
    *_MONEY,
    *_JOURNAL,
    *_REPORTS,
)
"""Every route behind a bearer token. Those to sign in with are in `server.py`."""


def offered(operation: Operation, switches: Switches) -> bool:
    """Whether this deployment has the route."""
    if operation.dialect == "documented":
        return switches.documented_routes
    return switches.observed_routes or operation.dialect == "both"


def require_offered(operation: Operation, switches: Switches) -> None:
    """Answers like a deployment that never had the route.

    Raises:
        AtlasAccountingError: 404.
    """
    if not offered(operation, switches):
        raise AtlasAccountingError(404, "Not Found")
