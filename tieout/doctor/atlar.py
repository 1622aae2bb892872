"""Atlar examined: the first page of every list, one statement file, and its open assumptions answered.

In: the client's settings. Out: an `Examination`. About 24 requests.
What does not belong here: whole lists (`pipelines.atlar`).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Any

import msgspec

from pipelines.atlar.client import SYSTEM, AtlarClient, AtlarConfig
from pipelines.records import currencies
from pipelines.transport import exact
from tieout.doctor import atlar_answers
from tieout.doctor.examination import Examination, Examiner, Finding

Record = dict[str, Any]

_LISTS = (
    "entities",
    "accounts",
    "transactions",
    "pending_transactions",
    "connections",
    "credit_transfers",
    "credit_transfer_batches",
    "counterparties",
    "external_accounts",
    "gl_entities",
    "gl_accounts",
    "documents",
    "forecasted_transactions",
)
_AP_AR = ("accounts_payables", "accounts_receivables")
_NAMESPACE = re.compile(rb'xmlns(?::\w+)?="urn:iso:std:iso:20022:tech:xsd:(camt\.05\d\.\d+\.\d+)"')


def examine(config: AtlarConfig, ap_ar_mode: str) -> Examination:
    """Asks the first page of every list.

    Args:
        config: of the connection.
        ap_ar_mode: our setting; it decides whether the AP/AR endpoints are needed.
    """
    examiner = Examiner(SYSTEM, config.base_url)
    client = AtlarClient(config, examiner.clockwork())
    try:
        _ask(examiner, client, ap_ar_mode)
    finally:
        examiner.found.requests = client.requests
        client.close()
    return examiner.found


def _ask(examiner: Examiner, client: AtlarClient, ap_ar_mode: str) -> None:
    examiner.ask("token", lambda: client.session.auth and client.session.auth.header())
    pages: dict[str, list[Record] | None] = {}
    accounts = pages["accounts"] = _first(examiner, client, "accounts")
    account = next((str(each["id"]) for each in accounts or () if each.get("id")), None)
    for name in _LISTS:
        if name == "transactions" and client.has_route("account_transactions"):
            if account is not None:  # the seed's routes list them per account
                pages[name] = _first(examiner, client, "account_transactions", ids={"id": account})
        elif name != "accounts":
            pages[name] = _first(examiner, client, name)
    _first(examiner, client, "balances", needed=False, note="asked for account by account instead", ids={"id": "-"})
    if account is not None:
        summaries = _first(examiner, client, "end_of_day_summaries", needed=False, ids={"id": account})
        pages["end_of_day_summaries"] = summaries
    wants_ap_ar = ap_ar_mode == "ap_ar_endpoints"
    for name in _AP_AR:
        pages[name] = _first(examiner, client, name, needed=wants_ap_ar, note="SOURCES__ATLAR__AP_AR_MODE")
    _results(examiner, client, pages)
    statement = _statement(examiner, client, pages)
    _answers(examiner, client, pages, ap_ar_mode, statement)


def _first(
    examiner: Examiner,
    client: AtlarClient,
    name: str,
    *,
    needed: bool = True,
    note: str = "",
    ids: dict[str, str] | None = None,
) -> list[Record] | None:
    def read() -> list[msgspec.Raw]:
        return next(client.pages(name, params=None, **(ids or {})))

    found = examiner.ask(name.replace("_", " "), read, needed=needed, note=note)
    return None if found is None else [exact.members(record) for record in found]


def _results(examiner: Examiner, client: AtlarClient, pages: dict[str, list[Record] | None]) -> None:
    """The results of one finished batch: before it is, they are a 404 (contract section 8.2)."""
    finished = [each for each in pages.get("credit_transfer_batches") or () if each.get("status") == "COMPLETED"]
    batch = next((str(each["id"]) for each in finished if each.get("id")), None)
    if batch is None:
        examiner.skip("credit transfer batch results", "", "no batch is finished")
        return
    _first(examiner, client, "credit_transfer_batch_results", ids={"id": batch})


def _statement(examiner: Examiner, client: AtlarClient, pages: dict[str, list[Record] | None]) -> bytes | None:
    """One statement file of the first connection that has any: at most a report list per connection."""
    for connection in [str(each["id"]) for each in pages.get("connections") or () if each.get("id")]:
        reports = pages["reports"] = _first(examiner, client, "reports", ids={"id": connection})
        report = next((str(each["id"]) for each in reports or () if each.get("id")), None)
        if report is None:
            continue
        statements = _first(examiner, client, "bank_statements", ids={"id": connection, "report_id": report}) or []
        pages["bank_statements"] = statements
        statement = next((str(each["id"]) for each in statements if each.get("id")), None)
        if statement is None:
            continue
        whole = functools.partial(client.report_content, connection, report)
        examiner.ask("report content", whole, needed=False, note="each statement is asked for by itself")
        read = functools.partial(client.bank_statement_content, connection, report, statement)
        return examiner.ask("bank statement content", read)
    return None


def _answers(
    examiner: Examiner,
    client: AtlarClient,
    pages: dict[str, list[Record] | None],
    ap_ar_mode: str,
    statement: bytes | None,
) -> None:
    if not examiner.found.reachable or examiner.found.credentials == "refused":
        return
    there = [name for name in _AP_AR if pages.get(name) is not None]
    examiner.tell(
        Finding(
            "Whether the AP/AR endpoints are there (A34)",
            "yes" if len(there) == len(_AP_AR) else "only " + there[0] if there else "no",
            {name: name in there for name in _AP_AR},
            "SOURCES__ATLAR__AP_AR_MODE",
            ap_ar_mode,
            len(there) == len(_AP_AR) if ap_ar_mode == "ap_ar_endpoints" else True,
        )
    )
    if statement is not None:
        version = _NAMESPACE.search(statement[:2000])
        answer = version[1].decode() if version else "a file that is no camt"
        told = f"{answer}, asked for as {client.config.statement_format or 'the raw file'}"
        examiner.tell(Finding("Which statement format comes (A17, A18)", told, agrees=version is not None or None))
    transactions = pages.get("transactions") or []
    dates = [str(each["date"]) for each in transactions if each.get("date")]
    if len(set(dates)) > 1:
        order = "newest first" if dates == sorted(dates, reverse=True) else "not newest first"
        examiner.tell(Finding("How transactions are sorted (A16)", order, {"looked_at": len(dates)}))
    for finding in atlar_answers.of_pages(pages):
        examiner.tell(finding)
    examiner.tell(_currencies(pages.get("accounts") or []))
    headers = examiner.found.rate_headers
    told = ", ".join(f"{name}: {value}" for name, value in headers.items()) or "no header tells"
    examiner.tell(Finding("Which rate limit applies (A10)", told, dict(headers)))


def _currencies(accounts: list[Record]) -> Finding:
    counts = Counter(str(each.get("currency")) for each in accounts)
    told = ", ".join(f"{currency} ({count})" for currency, count in counts.most_common())
    unknown = sorted(set(counts) - currencies.codes() - {"None"})
    lacking = f"; the seed currencies lacks {', '.join(unknown)}: their records wait in quarantine" if unknown else ""
    return Finding(
        "Which currencies the accounts have",
        (told or "there are no accounts") + lacking,
        dict(counts),
        agrees=not unknown if counts else None,
    )
