"""What Atlas Accounting's records say to the open assumptions of its contract (atlas-accounting.md, section 10).

In: the first page of each list, and the reports, as plain records. Out: a `Finding` per assumption that reading can
answer, and one that names the others. What does not belong here: asking (`atlas_accounting.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipelines.atlas_accounting import tables
from tieout.doctor.examination import Finding
from tieout.doctor.members import members, only_others_tell, values

Record = dict[str, Any]
Pages = Mapping[str, Sequence[Record] | None]

_NEEDED = {
    tables.ACCOUNTS: ("id", "account_number", "name", "account_type"),
    tables.CUSTOMERS: ("id", "display_name|name"),
    tables.VENDORS: ("id", "display_name|name"),
    tables.INVOICES: (
        *("id", "customer_id", "invoice_number", "invoice_date", "due_date", "status"),
        *("total_amount", "amount_paid", "amount_due", "notes", "lines", "updated_at"),
    ),
    tables.BILLS: (
        *("id", "vendor_id", "bill_number", "vendor_bill_number", "bill_date", "due_date", "status"),
        *("total_amount", "amount_paid", "amount_due", "notes", "lines", "updated_at"),
    ),
    tables.PAYMENTS: ("id", "customer_id", "payment_date", "amount", "reference_number", "applications"),
    tables.PAYMENTS_MADE: ("id", "vendor_id", "payment_date", "amount", "reference_number", "applications"),
    tables.JOURNAL_ENTRIES: ("id", "entry_date", "description", "status", "lines"),
    tables.TRIAL_BALANCE: ("accounts",),
    tables.PROFIT_LOSS: ("total_revenue", "total_expenses", "net_income"),
    tables.BALANCE_SHEET: ("total_assets", "total_liabilities", "total_equity"),
}
_ACCOUNT_TYPES = frozenset(
    ("asset", "liability", "equity", "revenue", "expense", "bank", "accounts_receivable", "accounts_payable")
)
_STATUSES = {
    "invoices": frozenset(("draft", "sent", "viewed", "partial", "paid", "overdue", "voided")),
    "bills": frozenset(("draft", "pending", "approved", "partial", "paid", "overdue", "voided")),
    "journal_entries": frozenset(("draft", "posted", "reversed")),
}
_ENTRY_TYPES = frozenset(("manual", "adjustment"))
_DOCUMENTS = ("invoices", "bills", "payments", "payments_made", "journal_entries")

ANSWERED = {
    "1": "Which dialect answers",
    "3": "Which rate tier applies",
    "4": "Whether lists sort by updated_at",
    "5": "Which members",
    "7": "Which statuses",
    "9": "Which types accounts have",
    "10": "Which types journal entries have",
    "15": "Which currencies documents have",
}
"""How the questions begin that answer an assumption."""

ONLY_OTHERS_TELL = {
    "2": "how long a refresh token lives, and whether a service user needs a second factor",
    "6": "whether drafts touch the ledger, and which control account serves where none is given",
    "8": "whether a caller may set invoice_number",
    "11": "what a closed period refuses",
    "12": "how webhooks are signed and repeated",
    "13": "how a 422 is told",
    "14": "what may be deleted",
}


def of_pages(pages: Pages) -> list[Finding]:
    """Answers by name of raw table; a list that did not answer, or is empty, answers nothing."""
    spelled = [members(table, pages.get(table.name) or (), needed, "5") for table, needed in _NEEDED.items()]
    found = [finding for finding in spelled if finding is not None]
    for name, known in _STATUSES.items():
        if (page := pages.get(name)) is not None:
            found.append(values(f"Which statuses {name.replace('_', ' ')} have", page, "status", known))
    if (accounts := pages.get("accounts")) is not None:
        found.append(values(ANSWERED["9"], accounts, "account_type", _ACCOUNT_TYPES))
    if entries := pages.get("journal_entries"):
        # Any type is landed; which ones may be written is the vendor's to say.
        told = values(ANSWERED["10"], entries, "entry_type", _ENTRY_TYPES)
        found.append(Finding(told.question, told.answer, told.evidence))
    found += [told for told in (_currencies(pages),) if told is not None]
    return [*found, only_others_tell(ONLY_OTHERS_TELL)]


def sorting(records: Sequence[Record] | None) -> Finding:
    """Whether a page that was asked for by `updated_at`, newest first, stands so; None: the vendor refused."""
    moments = [_moment(record.get("updated_at")) for record in records or ()]
    known = [moment for moment in moments if moment is not None]
    if records is None:
        answer = "no: the order is refused, lists are read whole"
    elif len(known) < len(moments):
        answer = "no: records do not tell updated_at, lists are read whole"
    elif known != sorted(known, reverse=True):
        answer = "no: the order is ignored, lists are read whole"
    elif len(set(known)) < 2:
        answer = "cannot be told: too few records"
    else:
        answer = "yes: only what changed has to be read"
    return Finding(ANSWERED["4"], answer, {"looked_at": len(moments)})


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None


def _currencies(pages: Pages) -> Finding | None:
    documents = [record for name in _DOCUMENTS for record in pages.get(name) or ()]
    if not documents:
        return None
    counts = Counter(str(record.get("currency")) for record in documents)
    rates = sorted({name for record in documents for name in record if "rate" in name or "exchange" in name})
    told = ", ".join(f"{currency} ({count})" for currency, count in counts.most_common())
    told += f"; rates in {', '.join(rates)}" if rates else "; no document tells a rate"
    return Finding(ANSWERED["15"], told, {"counts": dict(counts), "rates": rates})
