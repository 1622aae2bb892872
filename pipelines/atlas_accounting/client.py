"""Every call of Atlas Accounting that Tieout makes (contracts/atlas-accounting.md, sections 0 to 7).

In: ids, bodies with money as `Decimal` or decimal strings. Out: records as bytes for landing, dicts with exact
numbers for look-ups, `Reply` for writes.
The vendor speaks two dialects (section 0): `documented` for what its help page names, with the endpoints that only
the observed one has; `observed` throughout. There is no idempotency key, so no write is ever repeated blindly.
What does not belong here: paging (`paging.py`), which records to write (`reverse_etl`), tables (`tables.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from pipelines.atlas_accounting.incremental import Tail
from pipelines.atlas_accounting.paging import Listing, Pages
from pipelines.transport import errors, exact
from pipelines.transport.answer import decode
from pipelines.transport.auth import Token, TokenAuth
from pipelines.transport.pacing import TokenBucket, Unlimited
from pipelines.transport.reply import Reply
from pipelines.transport.session import Clockwork, Kind, Patience, Session

SYSTEM = "atlas_accounting"

TIERS: dict[str, tuple[int, int]] = {
    "standard": (60, 10),
    "professional": (300, 50),
    "enterprise": (1000, 100),
}
"""Requests a minute and burst (contract section 3)."""

_TOKEN_LIFETIME = 3600.0
_PACE = 0.95
"""Of the tier's limit: the rest is for clocks that disagree and for people."""

_PATHS: dict[str, dict[str, str]] = {
    "documented": {
        "companies": "/companies",
        "customers": "/contacts/customers",
        "vendors": "/contacts/vendors",
        "accounts": "/chart-of-accounts",
        "invoices": "/invoices",
        "bills": "/bills",
        "journal_entries": "/journal-entries",
    },
    "observed": {
        "companies": "/companies/",
        "customers": "/customers/",
        "vendors": "/vendors/",
        "accounts": "/accounts/",
        "invoices": "/invoices/",
        "bills": "/bills/",
        "journal_entries": "/journal-entries/",
    },
}
_OBSERVED_ONLY = {"payments": "/payments/", "payments_made": "/payments-made/"}


@dataclass(frozen=True)
class AtlasAccountingConfig:
    """Settings `SOURCES__ATLAS_ACCOUNTING__*` that concern the connection."""

    base_url: str
    email: str
    password: str = field(repr=False)
    company_id: str | None = None
    """None: the only company the user sees."""
    dialect: Literal["documented", "observed"] = "documented"
    tier: str = "standard"
    """standard, professional or enterprise; `unlimited` for a test server."""


class AtlasAccountingClient:
    """Atlas Accounting over HTTP, for one company. Thread-safe."""

    def __init__(self, config: AtlasAccountingConfig, clockwork: Clockwork | None = None) -> None:
        """Args: config from the settings; clockwork for tests."""
        self._config = config
        self.session = Session(
            SYSTEM, config.base_url, limit=_limit(config.tier), patience=Patience(), clockwork=clockwork
        )
        self.session.secrets = (config.password,)
        self.session.auth = TokenAuth(self._fetch_token, monotonic=self.session.clockwork.monotonic)
        self._refresh_token: str | None = None
        self._company_id = config.company_id or None
        self._company_lock = threading.Lock()
        self._pages = Pages(self.session, self._scope)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self.session.requests

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    @property
    def company_id(self) -> str:
        """The company everything is read from and written to.

        Raises:
            CompanyNotChosen: the user sees several, or none, and the setting names none.
        """
        with self._company_lock:
            if self._company_id is None:
                self._company_id = self._only_company()
            return self._company_id

    # Reads for landing.

    def company(self) -> msgspec.Raw | None:
        """The chosen company's record; None where the vendor does not list it."""
        first = self._pages.items(self.session.send("read", "GET", self._path("companies")))
        return self._own(first) or (self._own(self.all_records("companies").records) if first else None)

    def _own(self, companies: Sequence[msgspec.Raw]) -> msgspec.Raw | None:
        return next((each for each in companies if exact.members(each).get("id") == self.company_id), None)

    def all_records(self, table: str, known: frozenset[str] = frozenset()) -> Listing:
        """Every record of a list.

        Args:
            table: accounts, customers, vendors, invoices, bills, payments, payments_made or journal_entries.
            known: Ids it had before: what it lacks of them is looked for once more before it counts as gone.
        """
        read = self._pages.by_page if self._has_pages(table) else self._pages.by_offset
        return read(self._path(table), known)

    def changed_records(self, table: str, tail: Tail) -> list[msgspec.Raw] | None:
        """What changed of a list since it was read: a request where nothing did.

        Returns:
            None where the list has to be read in full; see `Pages.changed`.
        """
        read = self._pages.changed if self._has_pages(table) else self._pages.changed_by_offset
        return read(self._path(table), tail)

    def trial_balance(self, as_of: date) -> msgspec.Raw:
        """The trial balance as of a date."""
        return self._report("/reports/trial-balance", as_of_date=as_of)

    def balance_sheet(self, as_of: date) -> msgspec.Raw:
        """The balance sheet as of a date."""
        return self._report("/reports/balance-sheet", as_of_date=as_of)

    def profit_loss(self, period_start: date, period_end: date) -> msgspec.Raw:
        """Profit and loss of a period, both days included."""
        return self._report("/reports/profit-loss", period_start=period_start, period_end=period_end)

    # Look-ups: dicts with exact numbers.

    def invoice(self, invoice_id: str) -> dict[str, Any]:
        """One invoice. RecordNotFound where there is none."""
        return self._one("invoices", invoice_id)

    def bill(self, bill_id: str) -> dict[str, Any]:
        """One bill. RecordNotFound where there is none."""
        return self._one("bills", bill_id)

    def customer(self, customer_id: str) -> dict[str, Any]:
        """One customer. RecordNotFound where there is none."""
        return self._one("customers", customer_id)

    def vendor(self, vendor_id: str) -> dict[str, Any]:
        """One vendor. RecordNotFound where there is none."""
        return self._one("vendors", vendor_id)

    def journal_entry(self, journal_entry_id: str) -> dict[str, Any]:
        """One journal entry. RecordNotFound where there is none."""
        return self._listed_one("journal_entries", journal_entry_id)

    def payment(self, payment_id: str) -> dict[str, Any]:
        """One payment received. RecordNotFound where there is none."""
        return self._listed_one("payments", payment_id)

    def _listed_one(self, table: str, record_id: str) -> dict[str, Any]:
        """A record of a list whose single read the contract does not name (section 6).

        Where that read answers 404 the list is read, newest first.
        """
        try:
            return self._one(table, record_id)
        except errors.RecordNotFound:
            for record in self.newest(table, datetime(1970, 1, 1, tzinfo=UTC)):
                if record.get("id") == record_id:
                    return record
            raise

    def newest(self, table: str, until: datetime) -> list[dict[str, Any]]:
        """Records created since an instant, newest first: the look-up by a key the vendor cannot search.

        Args:
            table: As in `all_records`.
            until: Pages are read until they reach back to it; at least 200 records, since clocks may disagree.
        """
        return self._pages.newest(self._path(table), until, by_page=self._has_pages(table))

    # Writes.

    def create_customer(self, body: Mapping[str, Any]) -> Reply:
        """Creates a customer. Conflict where the name exists."""
        return self._write("POST", self._path("customers"), body)

    def update_customer(self, customer_id: str, body: Mapping[str, Any]) -> Reply:
        """Changes a customer's members given."""
        return self._write("PATCH", self._path("customers", customer_id), body)

    def create_vendor(self, body: Mapping[str, Any]) -> Reply:
        """Creates a vendor. Conflict where the name exists."""
        return self._write("POST", self._path("vendors"), body)

    def create_invoice(self, body: Mapping[str, Any]) -> Reply:
        """Creates an invoice as a draft, without effect on the ledger."""
        return self._write("POST", self._path("invoices"), body)

    def send_invoice(self, invoice_id: str, ar_account_id: str | None) -> Reply:
        """Issues a draft invoice: debit the receivable account given, credit revenue."""
        path = self._path("invoices", invoice_id, "send")
        return self._write("POST", path, None, ar_account_id=ar_account_id)

    def void_invoice(self, invoice_id: str, reason: str) -> Reply:
        """Voids an invoice, which reverses its entry. Conflict where it is paid."""
        return self._write("POST", self._path("invoices", invoice_id, "void"), {"reason": reason})

    def delete_draft(self, table: str, document_id: str) -> Reply:
        """Deletes a draft invoice, bill or entry; assumed from the contract's 204, refused for what is issued."""
        return self._write("DELETE", self._path(table, document_id), None)

    def create_bill(self, body: Mapping[str, Any]) -> Reply:
        """Creates a bill as a draft."""
        return self._write("POST", self._path("bills"), body)

    def approve_bill(self, bill_id: str, ap_account_id: str | None) -> Reply:
        """Makes a bill payable: debit expense, credit the payable account given."""
        body = {"ap_account_id": ap_account_id} if ap_account_id is not None else {}
        return self._write("POST", self._path("bills", bill_id, "approve"), body)

    def void_bill(self, bill_id: str, reason: str) -> Reply:
        """Voids a bill, which reverses its entry. Conflict where it is paid; assumed by analogy with invoices."""
        return self._write("POST", self._path("bills", bill_id, "void"), {"reason": reason})

    def create_payment(self, body: Mapping[str, Any], ar_account_id: str | None = None) -> Reply:
        """Records a payment received, not yet applied."""
        return self._write("POST", self._path("payments"), body, ar_account_id=ar_account_id)

    def apply_payment(self, payment_id: str, body: Mapping[str, Any]) -> Reply:
        """Applies a payment to one invoice: `{"invoice_id", "amount", "take_discount"?}`."""
        return self._write("POST", self._path("payments", payment_id, "apply"), body)

    def create_payment_made(self, body: Mapping[str, Any], ap_account_id: str | None = None) -> Reply:
        """Records a payment to a vendor with its applications."""
        return self._write("POST", self._path("payments_made"), body, ap_account_id=ap_account_id)

    def create_journal_entry(self, body: Mapping[str, Any]) -> Reply:
        """Creates a journal entry as a draft; 422 unless debits equal credits."""
        return self._write("POST", self._path("journal_entries"), body)

    def post_journal_entry(self, journal_entry_id: str) -> Reply:
        """Posts a draft journal entry."""
        return self._write("POST", self._path("journal_entries", journal_entry_id, "post"), None)

    def _has_pages(self, table: str) -> bool:
        return self._config.dialect == "documented" and table not in _OBSERVED_ONLY

    def _path(self, table: str, *below: str) -> str:
        path = _OBSERVED_ONLY.get(table) or _PATHS[self._config.dialect][table]
        return "/".join([path.rstrip("/"), *below]) if below else path

    def _scope(self) -> dict[str, str]:
        return {"company_id": self.company_id}

    def _one(self, table: str, record_id: str) -> dict[str, Any]:
        answer = self.session.send("read", "GET", self._path(table, record_id), params=self._scope())
        record: dict[str, Any] = exact.loads(decode(SYSTEM, answer, msgspec.Raw, is_write=False))
        return record

    def _report(self, path: str, **dates: date) -> msgspec.Raw:
        asked = {name: day.isoformat() for name, day in dates.items()}
        answer = self.session.send("read", "GET", path, params={**self._scope(), **asked})
        members = decode(SYSTEM, answer, dict[str, msgspec.Raw], is_write=False)
        # The dates asked for are the row's key; what the vendor itself says about them goes first.
        told = {name: value for name, value in members.items() if name not in asked or bytes(value) != b"null"}
        return msgspec.Raw(msgspec.json.encode({**asked, **told}))

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None, **query: str | None) -> Reply:
        kind: Kind = "write"
        answer = self.session.send(
            kind,
            method,
            path,
            params={**self._scope(), **query},
            body=None if body is None else exact.dumps(body),
        )
        if not answer.body.strip():
            return Reply([], answer.request_id, answer.status)
        record: msgspec.Raw = decode(SYSTEM, answer, msgspec.Raw, is_write=True)
        decode(SYSTEM, answer, dict[str, msgspec.Raw], is_write=True)
        return Reply([record], answer.request_id, answer.status)

    def _only_company(self) -> str:
        answer = self.session.send("read", "GET", "/auth/me")
        profile = decode(SYSTEM, answer, dict[str, Any], is_write=False)
        companies = [(str(each.get("id")), str(each.get("name", ""))) for each in profile.get("companies") or []]
        if len(companies) == 1:
            return companies[0][0]
        told = "sees no company" if not companies else "sees several companies"
        raise errors.CompanyNotChosen(
            SYSTEM, f"the user {told}: choose one with SOURCES__ATLAS_ACCOUNTING__COMPANY_ID", companies
        )

    def _fetch_token(self) -> Token:
        if self._refresh_token is not None:
            try:
                return self._token("/auth/refresh", {"refresh_token": self._refresh_token})
            except (errors.CredentialsRefused, errors.Refused):
                self._refresh_token = None  # contract section 2: 401 on refresh means log in again
        return self._token("/auth/login", {"email": self._config.email, "password": self._config.password})

    def _token(self, path: str, body: dict[str, str]) -> Token:
        answer = self.session.send("read", "POST", path, body=msgspec.json.encode(body), authorization="")
        told = decode(SYSTEM, answer, dict[str, Any], is_write=False)
        tokens = told.get("tokens") if isinstance(told.get("tokens"), dict) else told
        value = tokens.get("access_token")
        if not isinstance(value, str):
            raise errors.UnexpectedAnswer(SYSTEM, f"{path} answered without an access token", status=answer.status)
        self._refresh_token = tokens.get("refresh_token") or self._refresh_token
        return Token.told(value, tokens.get("expires_in"), _TOKEN_LIFETIME)


def _limit(tier: str) -> TokenBucket | Unlimited:
    if tier == "unlimited":
        return Unlimited()
    if tier not in TIERS:
        raise errors.SettingRefused(SYSTEM, f"SOURCES__ATLAS_ACCOUNTING__TIER is none of {', '.join(TIERS)}: {tier}")
    per_minute, burst = TIERS[tier]
    return TokenBucket(per_minute * _PACE / 60, burst * _PACE)
