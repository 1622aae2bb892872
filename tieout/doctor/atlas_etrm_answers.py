"""What ATLAS ETRM's records say to the open assumptions of its contract (contracts/atlas-etrm.md, section 10).

In: samples of each entity as plain records. Out: a `Finding` per assumption that reading can answer, and one that names
the others. Totals, VAT, signs, statuses and document types are in `order_answers.py`.
What does not belong here: asking (`atlas_etrm.py`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipelines.atlas_etrm import tables
from pipelines.transport.auth import jwt_lifetime
from tieout.doctor.examination import Finding
from tieout.doctor.members import members, only_others_tell

Record = dict[str, Any]

_NEEDED = {
    tables.COUNTERPARTIES: ("id", "legalName", "externalId", "vat", "isSelfBilling"),
    tables.CUSTOM_FIELD_DEFINITIONS: ("id", "name", "type"),
    tables.ORDERS: ("id", "counterpartyId", "totalAmount", "registrationDate", "dueDate", "erpCode", "status"),
    tables.ORDER_ITEMS: (
        *("id", "orderId", "status", "cashflow", "amount", "vat"),
        *("glAccount", "iban", "startCompensation", "endCompensation"),
    ),
    tables.INVOICES: ("id", "externalId", "invoiceNumber", "amount", "orderId", "isPaid"),
    tables.PAYMENTS: ("id", "invoiceId", "amount", "paymentDate"),
    tables.DEALS: ("id", "counterpartyId", "deliveryStart", "deliveryEnd"),
}
_TYPES = frozenset(("Text", "Number", "Boolean", "Date", "Option"))
_VALUE_MEMBERS = frozenset(("customFieldId", "customFieldName", "type", "value", "validFrom", "validTo"))
_DATES = {
    "orders": ("registrationDate", "dueDate", "periodFrom", "periodTo"),
    "order_items": ("startCompensation", "endCompensation", "dueDate"),
    "invoices": ("invoiceDate", "dueDate"),
    "payments": ("paymentDate",),
}

ANSWERED = {
    "1": "What the token call gives",
    "3": "Which members",
    "4": "Whether",
    "5": "Which sign Passive amounts have",
    "6": "What custom fields look like",
    "10": "Which order statuses are in use",
    "12": "Which rate limit the headers tell",
    "13": "How dates are written",
    "15": "Whether deals and custom fields of master agreements are there",
    "16": "Which document types are in use",
}
"""How the questions begin that answer an assumption."""

ONLY_OTHERS_TELL = {
    "2": "how a failure is told",
    "7": "what a Post does with members left out or null",
    "8": "what a Post gives back, and whether externalId is unique",
    "9": "what an empty id list means: it is never sent",
    "11": "how webhooks are signed and repeated",
    "14": "which of several IBANs is shown",
}


def of_records(samples: Mapping[str, Sequence[Record]]) -> list[Finding]:
    """Answers from samples, by name of raw table; an empty one answers nothing."""
    found = [members(table, samples.get(table.name, ()), needed, "3") for table, needed in _NEEDED.items()]
    told = [
        _dates(samples),
        _custom_fields(samples.get("custom_field_definitions", ()), samples.get("counterparties", ())),
    ]
    return [finding for finding in (*found, *told) if finding is not None]


def of_deployment(header: str | None, rate_headers: Mapping[str, str], is_there: Mapping[str, bool]) -> list[Finding]:
    """Answers from how the calls themselves went.

    Args:
        header: The `Authorization` header in use, or None.
        rate_headers: What the last answers said of a limit.
        is_there: Whether each optional read answered.
    """
    lifetime = jwt_lifetime(header.partition(" ")[2], time.time()) if header else None
    lives = f"lives {lifetime / 60:.0f} minutes" if lifetime else "does not say how long it lives: an hour is presumed"
    lacking = [name for name, there in is_there.items() if not there]
    limits = ", ".join(f"{name}: {value}" for name, value in rate_headers.items())
    return [
        *(
            [Finding(f"{ANSWERED['1']} (assumption 1)", f"a token that {lives}", {"seconds": lifetime})]
            if header
            else []
        ),
        Finding(f"{ANSWERED['12']} (assumption 12)", limits or "no header tells", dict(rate_headers)),
        Finding(
            f"{ANSWERED['15']} (assumption 15)",
            f"there is no read of {', '.join(lacking)}" if lacking else "yes",
            dict(is_there),
        ),
        only_others_tell(ONLY_OTHERS_TELL),
    ]


def _dates(samples: Mapping[str, Sequence[Record]]) -> Finding | None:
    counts = Counter(
        _form(record[name])
        for table, names in _DATES.items()
        for record in samples.get(table, ())
        for name in names
        if record.get(name)
    )
    if not counts:
        return None
    odd = sum(count for form, count in counts.items() if form in ("a time of day with a zone", "no date"))
    told = ", ".join(f"{form} ({count})" for form, count in counts.most_common())
    told += "; those with a zone wait in quarantine" if odd else ""
    return Finding(f"{ANSWERED['13']} (assumption 13)", told, dict(counts), agrees=not odd)


def _form(value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return "no date"
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return "a day" if moment.tzinfo is None else "a day with a zone"
    return "a time of day without a zone" if moment.tzinfo is None else "a time of day with a zone"


def _custom_fields(definitions: Sequence[Record], counterparties: Sequence[Record]) -> Finding | None:
    kinds = Counter(str(each.get("type")) for each in definitions)
    values = [
        value
        for each in counterparties
        for value in each.get("customFieldValues") or ()
        if isinstance(each.get("customFieldValues"), list) and isinstance(value, dict)
    ]
    if not definitions and not values:
        return None
    given = {member for value in values for member in value}
    unknown = sorted(set(kinds) - _TYPES)
    lacking = ["customFieldId"] if values and "customFieldId" not in given else []
    told = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common()) or "no definition"
    told += f"; the contract does not know {', '.join(unknown)}" if unknown else ""
    told += f"; values have {', '.join(sorted(given))}" if given else "; no value is set"
    return Finding(
        f"{ANSWERED['6']} (assumption 6)",
        told,
        {"types": dict(kinds), "values": len(values), "besides": sorted(given - _VALUE_MEMBERS)},
        agrees=False if lacking else None if unknown else True,
    )
