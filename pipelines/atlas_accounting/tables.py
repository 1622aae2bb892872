# ruff: noqa: C408  (keywords read better than quoted names in a list of columns)
"""The raw tables of Atlas Accounting (contracts/atlas-accounting.md, section 7): names, keys, declared columns.

Money arrives as decimal strings; inside the JSON columns (lines, applications, report rows) it stays text.
A report is one row per answer, keyed by the dates it was asked for; `totals_by_currency` is [assumed], for deployments
whose totals tell what currencies they are made of.
"""

from pipelines.raw_table import RawTable, columns

SYSTEM = "atlas_accounting"

COMPANIES = RawTable(
    SYSTEM,
    "companies",
    ("id",),
    columns(
        id="text",
        name="text",
        role="text",
        base_currency="currency",
        fiscal_year_start="text",
        tax_id="text",
        country="text",
        address="json",
        closed_through="date",  # [assumed] last day of the last closed period, where the vendor says it
        created_at="instant",
        updated_at="instant",
    ),
)

ACCOUNTS = RawTable(
    SYSTEM,
    "accounts",
    ("id",),
    columns(
        id="text",
        company_id="text",
        account_number="text",
        name="text",
        account_type="text",
        parent_id="text",
        currency="currency",
        is_active="boolean",
        description="text",
        created_at="instant",
        updated_at="instant",
    ),
)

_PARTY = dict(
    id="text",
    company_id="text",
    external_id="text",
    display_name="text",
    name="text",
    email="text",
    phone="text",
    tax_id="text",
    # [assumed] where a deployment keeps them: the party's posting account and bank details
    gl_account="text",
    iban="text",
    swift_bic="text",
    payment_terms="text",
    currency="currency",
    balance="decimal",
    is_active="boolean",
    created_at="instant",
    updated_at="instant",
)

CUSTOMERS = RawTable(
    SYSTEM,
    "customers",
    ("id",),
    columns(**_PARTY, discount_percent="decimal", discount_days="bigint", net_days="bigint", billing_address="json"),
)

VENDORS = RawTable(SYSTEM, "vendors", ("id",), columns(**_PARTY))

_DOCUMENT = dict(
    due_date="date",
    currency="currency",
    status="text",
    subtotal="decimal",
    tax_amount="decimal",
    total_amount="decimal",
    amount_paid="decimal",
    amount_due="decimal",
    notes="text",
    lines="money",
    created_at="instant",
    updated_at="instant",
)

INVOICES = RawTable(
    SYSTEM,
    "invoices",
    ("id",),
    columns(
        id="text",
        company_id="text",
        invoice_number="text",
        customer_id="text",
        invoice_date="date",
        discount_percent="decimal",
        discount_days="bigint",
        **_DOCUMENT,
    ),
)

BILLS = RawTable(
    SYSTEM,
    "bills",
    ("id",),
    columns(
        id="text",
        company_id="text",
        bill_number="text",
        vendor_bill_number="text",
        vendor_id="text",
        bill_date="date",
        **_DOCUMENT,
    ),
)

PAYMENTS = RawTable(
    SYSTEM,
    "payments",
    ("id",),
    columns(
        id="text",
        company_id="text",
        customer_id="text",
        payment_date="date",
        amount="decimal",
        currency="currency",
        payment_method="text",
        deposit_account_id="text",
        reference_number="text",
        unapplied_amount="decimal",
        applications="money",
        status="text",
        created_at="instant",
        updated_at="instant",
    ),
)

PAYMENTS_MADE = RawTable(
    SYSTEM,
    "payments_made",
    ("id",),
    columns(
        id="text",
        company_id="text",
        vendor_id="text",
        payment_date="date",
        amount="decimal",
        currency="currency",
        payment_method="text",
        payment_account_id="text",
        reference_number="text",
        notes="text",
        unapplied_amount="decimal",
        applications="money",
        status="text",
        created_at="instant",
        updated_at="instant",
    ),
)

JOURNAL_ENTRIES = RawTable(
    SYSTEM,
    "journal_entries",
    ("id",),
    columns(
        id="text",
        company_id="text",
        entry_number="text",
        entry_date="date",
        description="text",
        entry_type="text",
        source_type="text",
        status="text",
        currency="currency",
        lines="money",
        created_at="instant",
        updated_at="instant",
    ),
)

TRIAL_BALANCE = RawTable(
    SYSTEM,
    "trial_balance",
    ("as_of_date",),
    columns(
        as_of_date="date",
        total_debits="decimal",
        total_credits="decimal",
        accounts="money",
        totals_by_currency="json",
    ),
)

PROFIT_LOSS = RawTable(
    SYSTEM,
    "profit_loss",
    ("period_start", "period_end"),
    columns(
        period_start="date",
        period_end="date",
        total_revenue="decimal",
        total_expenses="decimal",
        net_income="decimal",
        revenue="money",
        expenses="money",
        totals_by_currency="json",
    ),
)

BALANCE_SHEET = RawTable(
    SYSTEM,
    "balance_sheet",
    ("as_of_date",),
    columns(
        as_of_date="date",
        total_assets="decimal",
        total_liabilities="decimal",
        total_equity="decimal",
        assets="money",
        liabilities="money",
        equity="money",
        totals_by_currency="json",
    ),
)

LIST_READS = RawTable(
    SYSTEM,
    "list_reads",
    ("list_name",),
    columns(list_name="text", cursor="instant", full_read_at="instant", uncounted="bigint"),
)
"""How far each list was read: landed beside the records, for the next read alone, and never loaded."""

TABLES = (
    COMPANIES,
    ACCOUNTS,
    CUSTOMERS,
    VENDORS,
    INVOICES,
    BILLS,
    PAYMENTS,
    PAYMENTS_MADE,
    JOURNAL_ENTRIES,
    TRIAL_BALANCE,
    PROFIT_LOSS,
    BALANCE_SHEET,
)
