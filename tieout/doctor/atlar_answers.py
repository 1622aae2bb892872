"""What Atlar's own records say to the assumptions of its contract (contracts/atlar.md, section 14).

In: the first page of each list, as plain records. Out: a `Finding` per assumption that reading can answer, and one that
names those only a write, or the vendor, can answer. Records are counted, never judged one by one.
What does not belong here: asking (`atlar.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from tieout.doctor.examination import Finding

Record = dict[str, Any]
Pages = Mapping[str, Sequence[Record] | None]

_MEMBERS = {
    "connections": ("id", "organizationId", "name", "thirdPartyId", "affiliationId", "status", "created", "updated"),
    "reports": (
        "id",
        "connectionId",
        "organizationId",
        "type",
        "statementType",
        "contentType",
        "filename",
        "size",
        "created",
    ),
    "bank_statements": ("id", "reportId", "connectionId", "accountId", "type", "localDate", "created"),
    "end_of_day_summaries": ("accountId", "date", "transactionCount", "created"),
}
"""Contract sections 5.3 and 7."""

_PAYMENTS = frozenset(
    (
        *("CREATED", "APPROVED", "REJECTED", "PENDING_SUBMISSION", "SENT", "PENDING_AT_BANK"),
        *("ACCEPTED", "EXECUTED", "FAILED", "RETURNED", "UNKNOWN"),
    )
)
_BATCHES = frozenset(("CREATED", "PROCESSING_STARTED", "COMPLETED"))

ONLY_WRITES_TELL = {
    "A1": "how a refused token call looks",
    "A2": "a limit out of range",
    "A3": "a stale If-Match",
    "A5": "other operations of JSON Patch",
    "A6": "statuses of PATCH and DELETE",
    "A7": "one idempotency key, two bodies",
    "A8": "a 5xx under a key",
    "A9": "an externalId that is there already",
    "A11": "value and stringValue that disagree",
    "A14": "paths of an account that can be patched",
    "A22": "where recordIndex begins",
    "A28": "a classification that is sent",
    "A29": "leaving RECONCILED",
    "A30": "an unknown GL account",
    "A31": "entries that do not balance",
    "A32": "paths of a document that can be patched",
    "A33": "whether documents feed the forecast",
    "A35": "when webhooks are repeated",
}
"""A read cannot answer these without provoking an error; what is done about each is in the contract."""


def of_pages(pages: Pages) -> list[Finding]:
    """Answers from the first page of each list; a list that did not answer, or is empty, answers nothing."""
    documents = pages.get("documents") or ()
    found = [
        _versions(pages),
        *(_members(name, records) for name in _MEMBERS if (records := pages.get(name))),
        *_documents(documents),
        _bank_accounts(pages.get("gl_accounts") or ()),
        _statuses("Which statuses payments have (A20)", pages.get("credit_transfers"), _PAYMENTS),
        _statuses("Which statuses batches have (A21)", pages.get("credit_transfer_batches"), _BATCHES),
    ]
    told = ", ".join(ONLY_WRITES_TELL)
    return [
        *(finding for finding in found if finding is not None),
        Finding("What only a write or the vendor can tell", told, dict(ONLY_WRITES_TELL)),
    ]


def _versions(pages: Pages) -> Finding | None:
    """A4 and A13: what a change must name, `If-Match: version:N`."""
    counts = {
        name: f"{sum(bool(each.get('etag')) for each in records)} of {len(records)}"
        for name in ("entities", "transactions", "documents", "credit_transfers")
        if (records := pages.get(name))
    }
    if not counts:
        return None
    told = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
    agrees = all(count.split(" of ")[0] == count.split(" of ")[1] for count in counts.values())
    return Finding("Whether records carry an etag (A4, A13)", told, dict(counts), agrees=agrees)


def _members(name: str, records: Sequence[Record]) -> Finding:
    """A15 and A19: the names of members, as the contract took them."""
    given = {member for record in records for member in record}
    lacking = [member for member in _MEMBERS[name] if member not in given]
    more = sorted(given - set(_MEMBERS[name]))
    told = "all of the contract's are there" if not lacking else f"there is no {', '.join(lacking)}"
    told += f"; besides {', '.join(more)}" if more else ""
    number = "A15" if name == "end_of_day_summaries" else "A19"
    question = f"Which members {name.replace('_', ' ')} have ({number})"
    return Finding(question, told, {"lacking": lacking, "besides": more}, agrees=not lacking)


def _documents(documents: Sequence[Record]) -> list[Finding | None]:
    amounts = [amount for each in documents if (amount := _amount(each.get("amount"))) is not None]
    below = sum(amount < 0 for amount in amounts)
    told = f"{len(amounts) - below} of {len(amounts)} are zero or more"
    signs = Finding("Whether document amounts are positive (A12)", told, {"negative": below}, agrees=not below)
    inside = sum(bool(isinstance(a := each.get("amount"), dict) and a.get("currencyExchange")) for each in documents)
    outside = sum(bool(each.get("currencyExchange")) for each in documents)
    exchange = Finding(
        "Where a document's currencyExchange stands (A25)",
        f"inside amount in {inside}, beside it in {outside} of {len(documents)}",
        {"inside": inside, "beside": outside},
    )
    links = [link for each in documents for link in each.get("appliedDocuments") or () if isinstance(link, dict)]
    origins = [each["provenance"] for each in documents if isinstance(each.get("provenance"), dict)]
    return [
        signs if amounts else None,
        exchange if inside or outside else None,
        _shape("How documents are linked to each other (A26)", links, {"documentId", "amount"}),
        _shape("What a document's provenance holds (A27)", origins, {"vendorId"}),
    ]


def _shape(question: str, records: Sequence[Record], expected: Collection[str]) -> Finding | None:
    if not records:
        return None
    counts = Counter(", ".join(sorted(record)) or "nothing" for record in records)
    told = "; ".join(f"{members} ({count})" for members, count in counts.most_common())
    return Finding(question, told, dict(counts), agrees=all(set(expected) <= set(record) for record in records))


def _bank_accounts(accounts: Sequence[Record]) -> Finding | None:
    banks = [each for each in accounts if each.get("type") == "BANK"]
    if not banks:
        return None
    linked = sum(bool(each.get("accountId")) for each in banks)
    told = f"accountId does in {linked} of {len(banks)}"
    question = "What links a bank's GL account to its Atlar account (A24)"
    return Finding(
        question, told, {"linked": linked, "banks": len(banks)}, agrees=linked == len(banks) if linked else None
    )


def _statuses(question: str, records: Sequence[Record] | None, known: frozenset[str]) -> Finding | None:
    if not records:
        return None
    counts = Counter(str(each.get("status")) for each in records)
    unknown = sorted(set(counts) - known)
    lacking = f"; the contract does not know {', '.join(unknown)}" if unknown else ""
    told = ", ".join(f"{status} ({count})" for status, count in counts.most_common())
    return Finding(question, told + lacking, {"counts": dict(counts), "unknown": unknown}, agrees=not unknown)


def _amount(given: Any) -> Decimal | None:
    """The instructed amount of a document, or its only one."""
    members = given if isinstance(given, dict) else {}
    inner = members.get("instructedAmount") or members.get("baseAmount") or members
    try:
        return Decimal(str(inner.get("stringValue")))
    except (InvalidOperation, AttributeError):
        return None
