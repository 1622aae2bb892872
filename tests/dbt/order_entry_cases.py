"""Orders that were posted as journal entries, and what became of them since: rows for the tests of corrections.

In: a company loaded by `books_world`, its books closed through February 2026. Out: orders, their entries at the vendor,
and reversals. What does not belong here: what must follow from them (`test_corrections.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import books_world
from raw_fixture import RawFixture

EDITED, CLOSED, REVERSED_BY_US, REVERSED_BY_A_PERSON, DRAFT, UNREADABLE, DOUBLE = range(341, 348)
"""Posted over 100.00 and re-priced to 110.00 since: simply so; in a closed period; taken back by an entry of ours; by
a person in the books; while a draft. One whose control line somebody typed over, and one that has an invoice too."""


def load(raw: RawFixture, landed_at: datetime, later: datetime) -> None:
    """Lands the orders, their entries, and what happened to them a while later."""
    raw.insert("atlas_etrm.orders", [books_world._order(order_id, "110.00") for order_id in range(341, 348)])
    raw.insert(
        "atlas_etrm.order_items",
        [
            books_world._item(order_id * 10, "110.00", cashflow=0, glAccount="4100")
            for order_id in range(341, 348)
        ],
    )  # fmt: skip
    entries = {order_id: _entry(order_id) for order_id in range(341, 348)}
    entries[CLOSED]["entry_date"] = "2026-02-15"
    entries[DRAFT]["status"] = "draft"
    entries[UNREADABLE]["lines"][0]["description"] = "Receivable"
    raw.insert("atlas_accounting.journal_entries", entries.values(), landed_at=landed_at)
    raw.insert(
        "atlas_accounting.journal_entries",
        [
            _entry(REVERSED_BY_US, ":invoice:reversal", id="je-345-back", entry_number="JE-345-BACK"),
            entries[REVERSED_BY_A_PERSON] | {"status": "reversed"},
            _entry(REVERSED_BY_A_PERSON, id="je-person", entry_number="JE-PERSON", source_type="reversal")
            | {"description": f"Reversal of JE-{REVERSED_BY_A_PERSON}: atlas_etrm:order:{REVERSED_BY_A_PERSON} March"},
        ],
        landed_at=later,
    )
    raw.insert(
        "atlas_accounting.invoices",
        [
            books_world._document(
                "invoice", f"inv-{DOUBLE}", "cus-1", [("4100", "100.00")], status="sent",
                notes=f"atlas_etrm:order:{DOUBLE}", created_at="2026-04-01T05:00:00Z",
            )
        ],
        landed_at=landed_at,
    )  # fmt: skip


def _entry(order_id: int, ending: str = "", **fields: Any) -> dict[str, Any]:
    """The posted entry of an order's receivable over 100.00; a reversal has its sides exchanged."""
    is_back = bool(ending) or fields.get("source_type") == "reversal"
    sides = ("credit", "debit") if is_back else ("debit", "credit")
    return {
        "id": f"je-{order_id}",
        "entry_number": f"JE-{order_id}",
        "entry_date": "2026-03-31",
        "description": f"atlas_etrm:order:{order_id}{ending} March",
        "entry_type": "manual",
        "source_type": "manual",
        "status": "posted",
        "currency": "EUR",
        "lines": [
            {"account_id": "acc-1100", "entry_type": sides[0], "amount": "100.00",
             "description": "receivables" if is_back else "customer cus-1 due 2026-04-14"},
            {"account_id": "acc-4100", "entry_type": sides[1], "amount": "100.00", "description": "Sales"},
        ],
        "created_at": "2026-04-01T05:00:00Z",
        "updated_at": "2026-04-01T05:00:00Z",
    } | fields  # fmt: skip
