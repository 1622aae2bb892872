"""The simulated Atlas Accounting: every operation of its API as a method, without HTTP.

In: the dict bodies of the vendor's routes and ids from paths. Out: private copies of records as the API shows them;
refusals are `AtlasAccountingError`. Each method is one business event, committed whole or not at all. What does not
belong here: routes, tokens and limits (`server.py`), and the rules themselves, which live one room per event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from sandbox.atlas_accounting.accounts import Accounts, BankAccounts, TaxRates
from sandbox.atlas_accounting.aging import aging
from sandbox.atlas_accounting.chart import CHART, ChartRow
from sandbox.atlas_accounting.company import Company
from sandbox.atlas_accounting.documents import Documents
from sandbox.atlas_accounting.errors import invalid, not_found
from sandbox.atlas_accounting.journal import Journal
from sandbox.atlas_accounting.kinds import BILL, INVOICE, MADE, RECEIVED
from sandbox.atlas_accounting.ledger import Ledger
from sandbox.atlas_accounting.parties import Parties
from sandbox.atlas_accounting.payments import Payments, bill_payments
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import Record, Registry, handed_out, public
from sandbox.atlas_accounting.reports import Reports
from sandbox.atlas_accounting.validation import as_day
from sandbox.clock import SandboxClock
from sandbox.store import Store

Day = date | str
Records = list[Record]


class AtlasAccountingEngine:
    """The books of one company.

    Args:
        store: The company's records; an empty one is founded with the company itself.
        clock: Business time: stamps, overdue documents, the default dates of reports.
        company: Name, currency, prefixes and users.
        seed: Ids follow from it.
    """

    def __init__(self, store: Store, clock: SandboxClock, *, company: Company | None = None, seed: int = 210) -> None:
        self.settings = company or Company()
        self._registry = Registry(store, clock, seed)
        self._periods = Periods(self._registry, self.settings)
        self._ledger = Ledger(self._registry, self._periods)
        self._accounts = Accounts(self._registry, self._periods)
        self._tax_rates = TaxRates(self._registry)
        self._bank_accounts = BankAccounts(self._registry, self._accounts)
        self._customers = Parties(self._registry, self._periods, "customers")
        self._vendors = Parties(self._registry, self._periods, "vendors")
        self._journal = Journal(self._registry, self._periods, self._accounts, self._ledger)
        self._reports = Reports(self._registry, self._periods, self._ledger)
        books = (self._registry, self._periods, self._accounts, self._ledger)
        self._invoices = Documents(INVOICE, *books, self._customers)
        self._bills = Documents(BILL, *books, self._vendors)
        self._payments = Payments(RECEIVED, *books, self._customers, self._invoices)
        self._payments_made = Payments(MADE, *books, self._vendors, self._bills)

    @contextmanager
    def _operation(self) -> Iterator[None]:
        self._catch_up()
        with self._registry.operation():
            self._periods.found()
            yield

    def _catch_up(self) -> None:
        """Marks what fell due since the last call, as the vendor's nightly job does."""
        for documents in (self._invoices, self._bills):
            if documents.any_fell_due():
                with self._registry.operation():
                    documents.roll()

    @property
    def registry(self) -> Registry:
        """Ids and time, for the server's tokens."""
        return self._registry

    @property
    def company_id(self) -> str:
        """The id every company-scoped call carries."""
        return self._registry.company_id

    @property
    def company(self) -> Record:
        """The company's record, `closed_through` included; `role` depends on who asks and is not in it."""
        return handed_out(self._periods.company)

    @property
    def email(self) -> str:
        """E-mail of the first user, the one integrations sign in with."""
        return self.settings.users[0].email

    @property
    def password(self) -> str:
        """Password of the first user."""
        return self.settings.users[0].password

    # Reading

    def get(self, table: str, record_id: str) -> Record:
        """One record. Raises 404 when there is none."""
        self._catch_up()
        return handed_out(self._registry.get(table, record_id))

    def list(self, table: str) -> Records:
        """All records of a table, oldest first; `bill_payments` follow from the payments made.

        The rows are shared with the books: read them, do not write into them.
        """
        self._catch_up()
        if table == "bill_payments":
            return bill_payments(self._registry)
        return [public(record) for record in self._registry.all(table)]

    def account_by_number(self, account_number: str) -> Record:
        """The account with that number. Raises 404 when there is none."""
        account = self._registry.by_unique("accounts", "account_number", account_number)
        if account is None:
            raise not_found("Account", account_number)
        return handed_out(account)

    # Master data

    def create_account(self, body: object) -> Record:
        """Adds an account to the chart."""
        with self._operation():
            return handed_out(self._accounts.create(body))

    def load_chart(self, chart: Iterable[ChartRow] = CHART) -> dict[str, Record]:
        """Creates a whole chart of accounts; returns the accounts by number."""
        with self._operation():
            return {record["account_number"]: handed_out(record) for record in self._accounts.load(chart)}

    def set_up_chart(self, body: object) -> Records:
        """Creates the accounts of one of the vendor's templates."""
        with self._operation():
            return [handed_out(record) for record in self._accounts.set_up(body)]

    def create_customer(self, body: object) -> Record:
        """Adds a customer."""
        with self._operation():
            return handed_out(self._customers.create(body))

    def update_customer(self, customer_id: str, body: object) -> Record:
        """Changes the fields of a customer that the body speaks of."""
        with self._operation():
            return handed_out(self._customers.update(customer_id, body))

    def create_vendor(self, body: object) -> Record:
        """Adds a vendor."""
        with self._operation():
            return handed_out(self._vendors.create(body))

    def update_vendor(self, vendor_id: str, body: object) -> Record:
        """Changes the fields of a vendor that the body speaks of."""
        with self._operation():
            return handed_out(self._vendors.update(vendor_id, body))

    def create_tax_rate(self, body: object) -> Record:
        """Adds a tax rate."""
        with self._operation():
            return handed_out(self._tax_rates.create(body))

    def create_bank_account(self, body: object) -> Record:
        """Adds a bank account on top of a ledger account."""
        with self._operation():
            return handed_out(self._bank_accounts.create(body))

    # Invoices and bills

    def create_invoice(self, body: object) -> Record:
        """Makes a draft invoice; no ledger effect."""
        with self._operation():
            return handed_out(self._invoices.create(body))

    def send_invoice(self, invoice_id: str, ar_account_id: str | None = None) -> Record:
        """Sends a draft: debit receivable, credit its lines, on the invoice date."""
        with self._operation():
            return handed_out(self._invoices.issue(invoice_id, ar_account_id))

    def view_invoice(self, invoice_id: str) -> Record:
        """Notes that the customer opened a sent invoice."""
        with self._operation():
            return handed_out(self._invoices.view(invoice_id))

    def void_invoice(self, invoice_id: str, reason: str | None = None) -> Record:
        """Voids an invoice nothing is applied to; its entry is reversed on the invoice date."""
        with self._operation():
            return handed_out(self._invoices.void(invoice_id, reason))

    def delete_invoice(self, invoice_id: str) -> None:
        """Deletes a draft invoice."""
        with self._operation():
            self._invoices.delete(invoice_id)

    def create_bill(self, body: object) -> Record:
        """Makes a draft bill; no ledger effect."""
        with self._operation():
            return handed_out(self._bills.create(body))

    def submit_bill(self, bill_id: str) -> Record:
        """Puts a draft bill up for approval."""
        with self._operation():
            return handed_out(self._bills.submit(bill_id))

    def approve_bill(self, bill_id: str, ap_account_id: str | None = None) -> Record:
        """Approves a draft or pending bill: debit its lines, credit payable, on the bill date."""
        with self._operation():
            return handed_out(self._bills.issue(bill_id, ap_account_id))

    def void_bill(self, bill_id: str, reason: str | None = None) -> Record:
        """Voids a bill nothing is applied to; its entry is reversed on the bill date."""
        with self._operation():
            return handed_out(self._bills.void(bill_id, reason))

    def delete_bill(self, bill_id: str) -> None:
        """Deletes a draft bill."""
        with self._operation():
            self._bills.delete(bill_id)

    # Payments

    def create_payment(self, body: object, ar_account_id: str | None = None) -> Record:
        """Records money received: debit bank, credit receivable, on the payment date."""
        with self._operation():
            return handed_out(self._payments.create(body, ar_account_id))

    def apply_payment(self, payment_id: str, body: object) -> Record:
        """Applies a part of a payment received to an invoice (`invoice_id`, `amount`, `take_discount`)."""
        with self._operation():
            return handed_out(self._payments.apply(payment_id, body))

    def create_payment_made(self, body: object, ap_account_id: str | None = None) -> Record:
        """Records money paid to a vendor and settles the bills in `applications`: debit payable, credit bank."""
        with self._operation():
            return handed_out(self._payments_made.create(body, ap_account_id))

    def void_payment(self, payment_id: str) -> Record:
        """Takes money received back; its entries are reversed on the payment date."""
        with self._operation():
            return handed_out(self._payments.void(payment_id))

    def void_payment_made(self, payment_id: str) -> Record:
        """Takes money paid back; its entry is reversed on the payment date."""
        with self._operation():
            return handed_out(self._payments_made.void(payment_id))

    def take_payment_off(self, payment_id: str, invoice_id: str) -> Record:
        """Takes money received off an invoice, which is open again by it."""
        with self._operation():
            return handed_out(self._payments.take_off(payment_id, invoice_id))

    def take_payment_made_off(self, payment_id: str, bill_id: str) -> Record:
        """Takes money paid off a bill, which is open again by it."""
        with self._operation():
            return handed_out(self._payments_made.take_off(payment_id, bill_id))

    # Journal and periods

    def create_journal_entry(self, body: object) -> Record:
        """Makes a draft entry that balances; no ledger effect."""
        with self._operation():
            return handed_out(self._journal.create(body))

    def post_journal_entry(self, entry_id: str) -> Record:
        """Posts a draft entry."""
        with self._operation():
            return handed_out(self._journal.post(entry_id))

    def reverse_journal_entry(self, entry_id: str, reversal_date: Day | None = None) -> Record:
        """Takes a posted entry back by a second one, which is returned."""
        with self._operation():
            return handed_out(self._journal.reverse(entry_id, reversal_date))

    def delete_journal_entry(self, entry_id: str) -> None:
        """Deletes a draft entry."""
        with self._operation():
            self._journal.delete(entry_id)

    def close_period(self, through: Day) -> Record:
        """Closes the books through a day; returns the company."""
        with self._operation():
            return handed_out(self._periods.close(through))

    def reopen_period(self, through: Day | None) -> Record:
        """Moves the last closed day back to an earlier one, or opens everything; returns the company."""
        with self._operation():
            return handed_out(self._periods.reopen(through))

    # Reports

    def trial_balance(self, as_of_date: Day | None = None) -> Record:
        """Every account's balance through a day (today)."""
        return self._reports.trial_balance(self._as_of(as_of_date))

    def balance_sheet(self, as_of_date: Day | None = None) -> Record:
        """Assets, liabilities and equity on a day (today)."""
        return self._reports.balance_sheet(self._as_of(as_of_date))

    def profit_loss(self, period_start: Day | None = None, period_end: Day | None = None) -> Record:
        """Revenue and expenses of a period (the fiscal year to date)."""
        return self._reports.profit_loss(*self._period(period_start, period_end))

    def cash_flow(self, period_start: Day | None = None, period_end: Day | None = None) -> Record:
        """What moved the bank accounts in a period (the fiscal year to date)."""
        return self._reports.cash_flow(*self._period(period_start, period_end))

    def ar_aging(self, as_of_date: Day | None = None) -> Record:
        """Open receivables by age on a day (today)."""
        return aging(self._registry, "customers", INVOICE, RECEIVED, self._as_of(as_of_date))

    def ap_aging(self, as_of_date: Day | None = None) -> Record:
        """Open payables by age on a day (today)."""
        return aging(self._registry, "vendors", BILL, MADE, self._as_of(as_of_date))

    def account_balance(self, account_id: str, as_of_date: Day | None = None) -> Record:
        """One account's balance on a day (today)."""
        account = self._registry.get("accounts", account_id)
        return self._reports.account_balance(account, self._as_of(as_of_date))

    def _as_of(self, value: Day | None, field: str = "as_of_date") -> date:
        if value is None:
            return self._registry.today()
        day = as_day(value)
        if day is None:
            raise invalid(field, "must be a date, YYYY-MM-DD")
        return day

    def _period(self, start: Day | None, end: Day | None) -> tuple[date, date]:
        last = self._as_of(end, "period_end")
        first = self._reports.fiscal_year_start(last) if start is None else self._as_of(start, "period_start")
        if first > last:
            raise invalid("period_start", "must not be after period_end")
        return first, last
