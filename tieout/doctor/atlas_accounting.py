"""Atlas Accounting examined: every read endpoint once, both dialects tried, and its open assumptions answered.

In: the client's settings. Out: an `Examination`. About 28 requests: one page of each list, one record of those that are
looked up, one of each report. Lists and reports that no landing reads (tax rates, bank accounts and transactions, bill
payments, aging, cash flow) are asked as well: whether they are there is one of the contract's open questions.
What does not belong here: paging (`pipelines.atlas_accounting`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from pipelines.atlas_accounting.client import SYSTEM, TIERS, AtlasAccountingClient, AtlasAccountingConfig
from pipelines.transport import exact
from tieout.doctor import atlas_accounting_answers
from tieout.doctor.examination import Examination, Examiner, Finding

Record = dict[str, Any]

_LISTS = {
    "documented": {
        "customers": "/contacts/customers",
        "vendors": "/contacts/vendors",
        "accounts": "/chart-of-accounts",
        "invoices": "/invoices",
        "bills": "/bills",
        "journal_entries": "/journal-entries",
    },
    "observed": {
        "customers": "/customers/",
        "vendors": "/vendors/",
        "accounts": "/accounts/",
        "invoices": "/invoices/",
        "bills": "/bills/",
        "journal_entries": "/journal-entries/",
    },
}
_PAGES = {"documented": {"page": 1, "page_size": 100}, "observed": {"offset": 0, "limit": 100}}
_UNREAD = {
    "tax rates": "/tax-rates/",
    "bank accounts": "/bank-accounts/",
    "bill payments": "/bill-payments/",
    "receivables aging": "/reports/ar-aging",
    "payables aging": "/reports/ap-aging",
    "cash flow": "/reports/cash-flow",
}
"""Only the observed dialect names them (contract section 5); why they are not landed is in DECISIONS.md."""

_SINGLE = ("customers", "vendors", "invoices", "bills")
"""Read one by one where a write is looked up (contract section 6)."""

_NEWEST = {"sort_by": "updated_at", "sort_order": "desc"}


def examine(config: AtlasAccountingConfig, as_of: date) -> Examination:
    """Asks every read endpoint once.

    Args:
        config: of the connection.
        as_of: the date of the reports that are tried.

    Raises:
        CompanyNotChosen: the user sees several companies and none is chosen.
    """
    examiner = Examiner(SYSTEM, config.base_url)
    client = AtlasAccountingClient(config, examiner.clockwork())
    try:
        _ask(examiner, client, config, as_of)
    finally:
        examiner.found.requests = client.requests
        client.close()
    return examiner.found


def _ask(examiner: Examiner, client: AtlasAccountingClient, config: AtlasAccountingConfig, as_of: date) -> None:
    profile = examiner.ask("log in and profile", lambda: _get(client, "/auth/me"), path="GET /auth/me")
    if not isinstance(profile, dict):
        return
    company = {"company_id": client.company_id}
    examiner.tell(_company(profile, client.company_id))
    examiner.ask("companies", client.company)
    other = "observed" if config.dialect == "documented" else "documented"
    pages = {
        name: _page(examiner, client, name.replace("_", " "), path, {**company, **_PAGES[config.dialect]})
        for name, path in _LISTS[config.dialect].items()
    }
    for name in _SINGLE:
        _one(examiner, client, name, _LISTS[config.dialect][name], pages[name], company)
    foreign = _page(
        examiner,
        client,
        f"customers, {other} dialect",
        _LISTS[other]["customers"],
        {**company, **_PAGES[other]},
        needed=False,
    )
    for name, path in {"payments": "/payments/", "payments_made": "/payments-made/"}.items():
        asked = {**company, **_PAGES["observed"]}
        pages[name] = _page(examiner, client, name.replace("_", " "), path, asked, needed=False)
    for name, path in _UNREAD.items():
        params = {**company, **_PAGES["observed"]} if path.endswith("/") else company
        told = {"period_start": as_of.replace(day=1).isoformat(), "period_end": as_of.isoformat()}
        more = told if name == "cash flow" else {}
        page = _page(examiner, client, name, path, {**params, **more}, needed=False, note="not used")
        if name == "bank accounts" and page and page[0].get("id"):
            of_one = {**params, "bank_account_id": page[0]["id"]}
            _page(examiner, client, "bank transactions", "/bank-transactions/", of_one, needed=False, note="not used")
    reports: dict[str, Callable[[], Any]] = {
        "trial_balance": lambda: client.trial_balance(as_of),
        "balance_sheet": lambda: client.balance_sheet(as_of),
        "profit_loss": lambda: client.profit_loss(as_of.replace(day=1), as_of),
    }
    for name, read in reports.items():
        title = name.replace("_", " ").replace("profit loss", "profit and loss")
        report = examiner.ask(title, read, needed=False, note="its control totals are left out")
        pages[name] = [exact.members(report)] if report is not None else None
    sorts = examiner.ask(
        "sorting by updated_at",
        lambda: _items(
            _get(client, _LISTS[config.dialect]["invoices"], {**company, **_PAGES[config.dialect], **_NEWEST})
        ),
        needed=False,
    )
    _answers(examiner, config, pages, foreign is not None, sorts)


def _answers(
    examiner: Examiner,
    config: AtlasAccountingConfig,
    pages: dict[str, list[Record] | None],
    other_answers: bool,
    sorts: list[Record] | None,
) -> None:
    own = any(pages[name] is not None for name in _LISTS[config.dialect])
    other = "observed" if config.dialect == "documented" else "documented"
    answering = [name for name, answers in ((config.dialect, own), (other, other_answers)) if answers]
    examiner.tell(
        Finding(
            "Which dialect answers",
            " and ".join(sorted(answering)) or "neither",
            {},
            "SOURCES__ATLAS_ACCOUNTING__DIALECT",
            config.dialect,
            own,
        )
    )
    examiner.tell(_tier(examiner, config.tier))
    for finding in [atlas_accounting_answers.sorting(sorts), *atlas_accounting_answers.of_pages(pages)]:
        examiner.tell(finding)


def _company(profile: Record, chosen: str) -> Finding:
    companies = [each for each in profile.get("companies") or [] if isinstance(each, dict)]
    names = ", ".join(f"{each.get('name')} as {each.get('role')}" for each in companies)
    return Finding(
        "Which companies the user sees, and as what",
        names or "none",
        {"companies": len(companies), "role": profile.get("role")},
        "SOURCES__ATLAS_ACCOUNTING__COMPANY_ID",
        chosen,
        any(each.get("id") == chosen for each in companies),
    )


def _tier(examiner: Examiner, configured: str) -> Finding:
    told = examiner.found.rate_headers.get("x-ratelimit-limit")
    tiers = {str(per_minute): name for name, (per_minute, _) in TIERS.items()}
    answer = f"{told} a minute ({tiers.get(told, 'no tier of the contract')})" if told else "the headers do not tell"
    agrees = None if told is None or told not in tiers else tiers[told] == configured
    return Finding(
        "Which rate tier applies",
        answer,
        dict(examiner.found.rate_headers),
        "SOURCES__ATLAS_ACCOUNTING__TIER",
        configured,
        agrees,
    )


def _one(
    examiner: Examiner,
    client: AtlasAccountingClient,
    name: str,
    path: str,
    page: list[Record] | None,
    company: dict[str, Any],
) -> None:
    told = f"one of {name}"
    number = next((str(record["id"]) for record in page or () if record.get("id")), None)
    if number is None:
        examiner.skip(told, f"GET {path}", "there is none to ask by")
        return
    examiner.ask(told, lambda: _get(client, f"{path.rstrip('/')}/{number}", company), needed=False)


def _page(
    examiner: Examiner,
    client: AtlasAccountingClient,
    name: str,
    path: str,
    params: dict[str, Any],
    *,
    needed: bool = True,
    note: str = "",
) -> list[Record] | None:
    return examiner.ask(name, lambda: _items(_get(client, path, params)), needed=needed, path=f"GET {path}", note=note)


def _get(client: AtlasAccountingClient, path: str, params: dict[str, Any] | None = None) -> Any:
    return exact.loads(client.session.send("read", "GET", path, params=params).body)


def _items(body: Any) -> list[Record]:
    """The records of either list body (contract section 0)."""
    items = body.get("items", []) if isinstance(body, dict) else body
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
