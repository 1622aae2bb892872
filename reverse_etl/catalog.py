"""The syncs, in the order in which they become due (DESIGN section 6.7).

In: nothing. Out: `SYNCS`, what every other module of the room is ordered and grouped by.
What does not belong here: which rows are due (dbt's `sync` models) and how one is sent (`destinations/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operation = Literal["create", "send", "approve", "post", "apply", "update", "delete", "void"]


@dataclass(frozen=True)
class Sync:
    """One kind of write: a dbt model whose rows one destination still lacks."""

    name: str
    """The model in schema `sync`."""
    destination: str
    """The system written to."""
    operations: tuple[Operation, ...]
    touches: tuple[str, ...]
    """Raw tables (`system.table`) to read again after it: what the vendor changes by itself beside the record
    written, and the record's own table where one request reads it."""
    description: str
    batch_size: int = 1
    """How many records one request carries."""
    always_needs_approval: bool = False
    """Whether it is sent only by an approved plan, even where the settings apply everything by themselves."""
    moves_money: bool = False
    """Whether its rows name a beneficiary."""
    undoes: bool = False
    """Whether it takes back what was written: a person's hold, which an undo begins with, does not stop it."""
    has_model: bool = True
    """Whether a dbt model says what is due; False for what only a command of a person makes (`plan_of_items`)."""
    returns: str | None = None
    """What a slot calls the record that it makes or issues: `invoice` in `{invoice(order 210).number}`."""
    slot_fields: tuple[str, ...] = ()
    """Members of the payload that may hold a slot: ids, numbers and versions alone (DESIGN section 6.5)."""


PROSPECTS = "sync_prospects"
"""The model beside the syncs that says what will follow from an order's documents; nothing is sent from it."""

ORDER_NEEDS = "sync_order_needs"
"""The model that says what an order shares with others and still needs; nothing is sent from it."""

NEEDS_APPROVAL_FIELDS = frozenset({"iban", "swiftBic"})
"""Fields that say where money goes: a row that changes one needs a second person's approval in every sync."""

_LEDGER = (
    "atlas_accounting.trial_balance",
    "atlas_accounting.profit_loss",
    "atlas_accounting.balance_sheet",
)
"""What follows from Atlas Accounting's ledger, which moves when a document is issued."""

_FORECASTS = ("atlar.forecasted_transactions",)

ATLAS_ETRM_BATCH = 50
"""Records per Post to ATLAS ETRM: at 100 requests a minute a record per request would be the bottleneck, and a
batch that is refused as a whole is cheap to halve at this size."""

SYNCS: tuple[Sync, ...] = (
    Sync(
        "sync_atlas_etrm__counterparties",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.counterparties",),
        "the accounting party's code as externalId, where ATLAS ETRM has none",
        ATLAS_ETRM_BATCH,
    ),
    Sync(
        "sync_atlas_etrm__missing_counterparties",
        "atlas_etrm",
        ("create",),
        ("atlas_etrm.counterparties",),
        "parties of the books that ATLAS ETRM lacks, where the books make new ones",
        ATLAS_ETRM_BATCH,
    ),
    Sync(
        "sync_atlas_etrm__counterparty_fields",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.counterparties",),
        "legal name, VAT number and GL account, where the books are master",
        ATLAS_ETRM_BATCH,
    ),
    Sync(
        "sync_atlas_etrm__counterparty_bank_details",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.counterparties",),
        "IBAN and BIC, where the books are master",
        ATLAS_ETRM_BATCH,
        always_needs_approval=True,
    ),
    Sync(
        "sync_atlas_accounting__customers",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.customers",),
        "customers that a ready order needs and the books lack",
    ),
    Sync(
        "sync_atlas_accounting__vendors",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.vendors",),
        "vendors that a ready order needs and the books lack",
    ),
    Sync(
        "sync_atlas_accounting__invoice_voids",
        "atlas_accounting",
        ("void",),
        ("atlas_accounting.invoices", "atlas_accounting.customers", *_LEDGER),
        "voiding an invoice whose order was changed or taken back",
    ),
    Sync(
        "sync_atlas_accounting__bill_voids",
        "atlas_accounting",
        ("void",),
        ("atlas_accounting.bills", "atlas_accounting.vendors", *_LEDGER),
        "voiding a bill whose order was changed or taken back",
    ),
    Sync(
        "sync_atlas_accounting__invoices",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.invoices",),
        "the draft invoice of an order's Active side",
        returns="invoice",
    ),
    Sync(
        "sync_atlas_accounting__invoice_sends",
        "atlas_accounting",
        ("send",),
        ("atlas_accounting.invoices", "atlas_accounting.customers", *_LEDGER),
        "sending a draft invoice, which issues and posts it",
        returns="invoice",
    ),
    Sync(
        "sync_atlas_accounting__bills",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.bills",),
        "the draft bill of an order's Passive side",
        returns="bill",
    ),
    Sync(
        "sync_atlas_accounting__bill_approvals",
        "atlas_accounting",
        ("approve",),
        ("atlas_accounting.bills", "atlas_accounting.vendors", *_LEDGER),
        "approving a draft bill, which issues and posts it",
        returns="bill",
    ),
    Sync(
        "sync_atlas_accounting__journal_entries",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.journal_entries",),
        "draft journal entries for what has no document: accruals and other adjustments",
        returns="entry",
    ),
    Sync(
        "sync_atlas_accounting__journal_entry_posts",
        "atlas_accounting",
        ("post",),
        ("atlas_accounting.journal_entries", *_LEDGER),
        "posting a draft journal entry, which puts it in the ledger",
        returns="entry",
    ),
    Sync(
        "sync_atlas_accounting__netting_payments_made",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.payments_made", "atlas_accounting.bills", "atlas_accounting.vendors", *_LEDGER),
        "the payable side of an offset by agreement, through the clearing account",
    ),
    Sync(
        "sync_atlas_accounting__netting_receipts",
        "atlas_accounting",
        ("create",),
        ("atlas_accounting.payments", "atlas_accounting.customers", *_LEDGER),
        "the receivable side of an offset by agreement, through the clearing account",
    ),
    Sync(
        "sync_atlas_accounting__netting_applications",
        "atlas_accounting",
        ("apply",),
        ("atlas_accounting.payments", "atlas_accounting.invoices", *_LEDGER),
        "applying an offset's receivable side to its invoices",
    ),
    Sync(
        "sync_atlas_etrm__order_erp_codes",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.orders",),
        "the issued document's number as the order's erpCode",
        ATLAS_ETRM_BATCH,
        slot_fields=("erpCode",),
    ),
    Sync(
        "sync_atlas_etrm__invoices",
        "atlas_etrm",
        ("create",),
        ("atlas_etrm.invoices", "atlas_etrm.orders"),
        "the issued document as an invoice of its order",
        ATLAS_ETRM_BATCH,
        slot_fields=("externalId", "invoiceNumber"),
    ),
    Sync(
        "sync_atlas_etrm__invoice_revisions",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.invoices",),
        "the invoice of a voided document, changed to its revision's",
        ATLAS_ETRM_BATCH,
    ),
    Sync("sync_atlar__gl_entities", "atlar", ("create",), (), "the accounting company as a GL entity"),
    Sync("sync_atlar__gl_accounts", "atlar", ("create",), (), "the chart of accounts as GL accounts"),
    Sync("sync_atlar__documents", "atlar", ("create",), (), "issued invoices and bills as INVOICE documents"),
    Sync(
        "sync_atlar__payment_documents",
        "atlar",
        ("create",),
        (),
        "accounting payments as PAYMENT documents, applied to their invoices",
    ),
    Sync(
        "sync_atlar__journal_documents",
        "atlar",
        ("create",),
        (),
        "manual entries as JOURNAL_ENTRY documents, own transfers as TRANSFER",
    ),
    Sync(
        "sync_atlar__forecasted_transactions",
        "atlar",
        ("create", "update"),
        (),
        "open invoices and bills as forecasted transactions, where the settings say so",
    ),
    Sync(
        "sync_atlar__accounts_payables",
        "atlar",
        ("create", "update"),
        ("atlar.forecasted_transactions",),
        "open bills, for the cash forecast",
    ),
    Sync(
        "sync_atlar__accounts_receivables",
        "atlar",
        ("create", "update"),
        ("atlar.forecasted_transactions",),
        "open invoices, for the cash forecast",
    ),
    Sync(
        "sync_atlas_etrm__payments",
        "atlas_etrm",
        ("create",),
        (),
        "each applied accounting payment as a payment of its ATLAS ETRM invoice",
        ATLAS_ETRM_BATCH,
    ),
    Sync(
        "sync_atlas_etrm__invoice_settlements",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.invoices", "atlas_etrm.orders"),
        "isPaid, once nothing is open",
        ATLAS_ETRM_BATCH,
    ),
    Sync(
        "sync_atlas_etrm__invoice_reopenings",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.invoices", "atlas_etrm.orders"),
        "isPaid taken back, where a payment came back",
        ATLAS_ETRM_BATCH,
        always_needs_approval=True,
    ),
    Sync(
        "sync_atlas_etrm__order_statuses",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.orders",),
        "the status that follows from what became of an order, by the seed status_write_back",
        ATLAS_ETRM_BATCH,
    ),
    Sync(
        "sync_atlar__document_updates",
        "atlar",
        ("update",),
        (),
        "remainingAmount, voided and dates of documents that moved in the books",
    ),
    # What a person takes back: the last in the chain first.
    Sync(
        "undo_atlar__documents",
        "atlar",
        ("update",),
        (),
        "a document made by Tieout, as voided",
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlar__forecasted_transactions",
        "atlar",
        ("update",),
        (),
        "a forecast made by Tieout, as 0.00",
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlar__accounts_payables",
        "atlar",
        ("update",),
        _FORECASTS,
        "a payable made by Tieout, as VOIDED",
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlar__accounts_receivables",
        "atlar",
        ("update",),
        _FORECASTS,
        "a receivable made by Tieout, as VOIDED",
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlas_etrm__invoice_settlements",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.invoices", "atlas_etrm.orders"),
        "isPaid back to false, where Tieout set it",
        ATLAS_ETRM_BATCH,
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlas_etrm__order_erp_codes",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.orders",),
        "an erpCode emptied, where it still is what Tieout wrote",
        ATLAS_ETRM_BATCH,
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlas_etrm__counterparties",
        "atlas_etrm",
        ("update",),
        ("atlas_etrm.counterparties",),
        "an externalId emptied, where it still is what Tieout wrote",
        ATLAS_ETRM_BATCH,
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlas_accounting__invoices",
        "atlas_accounting",
        ("delete", "void"),
        ("atlas_accounting.invoices", "atlas_accounting.customers", *_LEDGER),
        "an invoice made by Tieout: a draft deleted, an unpaid one voided",
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlas_accounting__bills",
        "atlas_accounting",
        ("delete", "void"),
        ("atlas_accounting.bills", "atlas_accounting.vendors", *_LEDGER),
        "a bill made by Tieout: a draft deleted, an unpaid one voided",
        undoes=True,
        has_model=False,
    ),
    Sync(
        "undo_atlas_accounting__journal_entries",
        "atlas_accounting",
        ("delete",),
        ("atlas_accounting.journal_entries",),
        "a draft journal entry made by Tieout, deleted",
        undoes=True,
        has_model=False,
    ),
)

BY_NAME: dict[str, Sync] = {sync.name: sync for sync in SYNCS}
"""The syncs by their name."""
