"""What was drawn: how often each kind of event occurs in random companies, on open days and on closed ones.

In: a `RandomCompany` and its ledger. Out: counts by name. `python tests/dbt/drawn_events.py 100` says which two of
the first 100 seeds hold all of `WANTED`. What does not belong here: whether the models agree (`test_proof_ledger.py`).
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from landed_versions import AS_OF
from ledger_bank_fees import charges_told
from ledger_orders import READY
from ledger_rules import KINDS as SIDES
from ledger_rules import Line, Record, balances
from ledger_vat import order_of, treatment
from python_ledger import Ledger
from random_company import RandomCompany

KINDS = (
    "atlas_etrm:order",
    "atlas_etrm:order:reversal",
    "atlas_etrm:reverse_charge",
    "atlas_etrm:reverse_charge:reversal",
    "atlas_etrm:accrual",
    "atlas_etrm:accrual:reversal",
    "atlas_accounting:invoice:reversal",
    "atlas_accounting:bill:reversal",
    "atlas_accounting:payment:reversal",
    "atlas_accounting:payment_made:reversal",
    "atlas_accounting:realised_fx:reversal",
    "atlas_accounting:discount_vat",
    "atlas_accounting:discount_vat:reversal",
    "atlas_accounting:fx_result",
    "atlas_accounting:fx_result:reversal",
    "atlas_accounting:revaluation",
    "atlas_accounting:revaluation:reversal",
    "atlar:bank_fee",
)
"""Entries whose day, or whose being at all, depends on what is closed."""
WANTED = frozenset(f"{kind} {period}" for kind in KINDS for period in ("open", "closed")) | {
    "bill under reverse charge in part",
    "credit note in base currency",
    "credit note in another currency",
    "document of an order in another currency",
    "exchange difference on a document voided since",
    "order moved to another counterparty",
    "domestic line",
    "domestic_reverse_charge line",
    "intra_community_reverse_charge line",
    "import_reverse_charge line",
    "export line",
    "exempt line",
    "payment taken off a document",
    "payment taken off a document in another currency",
    "payment taken off a document and voided since",
    "payment put on another document",
    "VAT in a discount posted and taken off",
    "charge told by atlar",
    "charge told by both",
    "charge told by statement",
    "charge kept back that a statement alone tells",
    "charge that waits: told_otherwise",
    "charge that waits: maybe_told",
    "charge that waits: not_listed",
    "charge of a statement posted before Atlar told it",
    "charge by a German code",
    "entry of ours posted",
    "entry of ours draft",
    "entry of ours reversed",
    "entry of ours that the books hold otherwise",
}
"""What the companies of every build must hold, all together."""


def drawn(company: RandomCompany, ledger: Ledger) -> Counter[str]:
    """Counts of everything a company holds that is worth having in one."""
    return _by_period(company, ledger) + _of_records(company, ledger) + _of_charges(ledger) + _of_taken_off(ledger)


def _by_period(company: RandomCompany, ledger: Ledger) -> Counter[str]:
    """Entries by kind: `open` are those that would say the same had nothing ever been closed, `closed` the others."""
    never_closed = Ledger(
        [
            replace(version, record=version.record | {"closed_through": None})
            if version.table == "atlas_accounting.companies"
            else version
            for version in company.versions
        ]
    )
    days, free_days = _days(ledger), _days(never_closed)
    counts: Counter[str] = Counter()
    for key in days.keys() | free_days.keys():
        counts[f"{_kind(key)} {'open' if days.get(key) == free_days.get(key) else 'closed'}"] += 1
    return counts


def _days(ledger: Ledger) -> dict[str, date]:
    return {line.journal_entry_id: line.entry_date for line in ledger.lines}


def _kind(key: str) -> str:
    return ":".join(key.split(":")[:2]) + ":reversal" * key.endswith(":reversal")


def _of_records(company: RandomCompany, ledger: Ledger) -> Counter[str]:
    records = ledger.records
    counts: Counter[str] = Counter()
    versions: dict[tuple[str, object], list[Record]] = defaultdict(list)
    for version in company.versions:
        if not version.is_deleted:
            versions[version.table, version.record["id"]].append(version.record)
    for (table, _), told in versions.items():
        if table == "atlas_etrm.orders" and told[0]["status"] in READY:
            posted = [order for order in told if order.get("erpCode")]
            counts["order moved to another counterparty"] += len({o["counterpartyId"] for o in posted}) > 1
        if table in ("atlas_accounting.invoices", "atlas_accounting.bills"):
            last = told[-1]
            of_order = "atlas_etrm:order" in (last["notes"] or "")
            counts["document of an order in another currency"] += of_order and last["currency"] != "EUR"
            counts["credit note in base currency"] += _is_note(last) and last["currency"] == "EUR"
            counts["credit note in another currency"] += _is_note(last) and last["currency"] != "EUR"
    void = {document["id"] for side in SIDES for document in records.taken_back(side)}
    counts["exchange difference on a document voided since"] = len(
        {line.journal_entry_id for line in ledger.lines if ":realised_fx:" in line.journal_entry_id}
        & {key for key in _days(ledger) if key.removesuffix(":reversal").split(":")[-1] in void}
    )
    orders = {order["id"]: order for order in records.table("atlas_etrm.orders")}
    for item in records.table("atlas_etrm.order_items"):
        if item["orderId"] in orders:
            counts[f"{treatment(records, orders[item['orderId']], item)} line"] += 1
    counts["bill under reverse charge in part"] += sum(_is_mixed(ledger, bill) for bill in records.issued["payable"])
    derived: dict[str, list[Line]] = defaultdict(list)
    for line in ledger.without_document:
        derived[line.journal_entry_id].append(line)
    for key, own in records.own_entries.items():
        counts[f"entry of ours {own['status']}"] += 1
        posted = records.books_lines(key)
        counts["entry of ours that the books hold otherwise"] += bool(posted) and (
            balances(derived[key]) != balances(posted)
        )
    return counts


def _of_taken_off(ledger: Ledger) -> Counter[str]:
    records = ledger.records
    counts: Counter[str] = Counter()
    for side in SIDES:
        standing = {payment["id"]: payment for payment in records.payments(side)}
        for off in records.taken_off(side):
            payment_id = off.payment["id"]
            counts["payment taken off a document"] += 1
            counts["payment taken off a document in another currency"] += off.payment["currency"] != "EUR"
            counts["payment taken off a document and voided since"] += payment_id not in standing
            named = len(standing.get(payment_id, off.payment)["applications"])
            counts["payment put on another document"] += named >= len(off.payment["applications"])
            key = f"atlas_accounting:discount_vat:{payment_id}:{off.document_id}"
            counts["VAT in a discount posted and taken off"] += bool(off.discount and records.books_lines(key))
    return counts


def _of_charges(ledger: Ledger) -> Counter[str]:
    counts: Counter[str] = Counter()
    german = {
        f"{entry['connectionId']}/{entry['bankStatementId']}/{entry['entryNumber']}"
        for entry in ledger.records.table("atlar.bank_statement_entries")
        if entry.get("gvc")
    }
    kept = {line["id"] for line in ledger.records.table("atlar.transactions") if line.get("charges")}
    for charge in charges_told(ledger.records, AS_OF):
        counts[f"charge told by {charge.told_by}"] += 1
        counts[f"charge that waits: {charge.doubt}"] += charge.doubt is not None
        counts["charge by a German code"] += charge.record_id in german
        if charge.told_by == "both":
            is_silent = charge.arrived is not None and charge.record_id not in kept
            counts["charge kept back that a statement alone tells"] += is_silent
            is_old = charge.key != f"atlar:bank_fee:{charge.record_id}" and bool(ledger.records.books_lines(charge.key))
            counts["charge of a statement posted before Atlar told it"] += is_old
    return counts


def _is_note(document: Record) -> bool:
    return str(document["total_amount"]).startswith("-")


def _is_mixed(ledger: Ledger, bill: Record) -> bool:
    order = order_of(ledger.records, bill)
    if order is None:
        return False
    items = [i for i in ledger.records.table("atlas_etrm.order_items") if i["orderId"] == order["id"]]
    owed = {treatment(ledger.records, order, i).endswith("reverse_charge") and not Decimal(i["vat"]) for i in items}
    return len(owed) > 1


def main() -> None:
    """Prints each pair of seeds that lacks nothing; the argument is how many seeds are drawn."""
    counts: dict[int, Counter[str]] = {}
    for seed in range(1, int(sys.argv[1]) + 1):
        with tempfile.TemporaryDirectory() as folder:
            company = RandomCompany(seed, Path(folder))
            counts[seed] = drawn(company, Ledger(company.versions, closings=company.closings))
    for pair in itertools.combinations(counts, 2):
        held = counts[pair[0]] + counts[pair[1]]
        if all(held[name] for name in WANTED):
            print(*pair)


if __name__ == "__main__":
    main()
