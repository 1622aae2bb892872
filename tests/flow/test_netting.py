"""Netting end to end: what an agreement covers is offset once, through a clearing account, and the rest is what is due.

The sandbox's agreement is with counterparty 122 (sandbox/world/README.md). What both sides have open on a due date that
has come is offset up to the smaller side.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tests.flow.conftest import Profile, Settled

AGREEMENT = "EFET-122"


@pytest.fixture(scope="module")
def offset(settled: Settled) -> dict[str, Any]:
    """The one offset of the seeded world: both payments and the documents they settle, as the vendor holds them."""
    profile = settled.profile
    [made] = [one for one in profile.at_vendor("atlas_accounting", "payments_made") if _is_netting(one)]
    [received] = [one for one in profile.at_vendor("atlas_accounting", "payments") if _is_netting(one)]
    bills = {one["id"]: one for one in profile.at_vendor("atlas_accounting", "bills")}
    invoices = {one["id"]: one for one in profile.at_vendor("atlas_accounting", "invoices")}
    return {
        "made": made,
        "received": received,
        "bills": [bills[one["bill_id"]] for one in made["applications"]],
        "invoices": [invoices[one["invoice_id"]] for one in received["applications"]],
    }


def _is_netting(payment: dict[str, Any]) -> bool:
    return str(payment["reference_number"]).startswith(f"atlas_etrm:netting:{AGREEMENT}:")


def test_both_sides_are_settled_by_one_amount_up_to_the_smaller(offset: dict[str, Any]) -> None:
    made, received = offset["made"], offset["received"]
    assert made["reference_number"] == received["reference_number"]
    totals = [sum(Decimal(one["total_amount"]) for one in offset[kind]) for kind in ("bills", "invoices")]
    amount = Decimal(made["amount"])
    assert amount == Decimal(received["amount"]) == min(totals) > 0
    assert Decimal(received["unapplied_amount"]) == 0
    left = [sum(Decimal(one["amount_due"]) for one in offset[kind]) for kind in ("bills", "invoices")]
    assert left == [total - amount for total in totals]
    assert {one["due_date"] for kind in ("bills", "invoices") for one in offset[kind]} == {
        made["reference_number"].split(":")[3]
    }


def test_the_books_clear_and_hold_the_remainder_alone(settled: Settled, offset: dict[str, Any]) -> None:
    profile, made = settled.profile, offset["made"]
    lines = profile.query(
        "select gl_account, entry_side, amount, posting_status from marts.fct_journal_entry_lines"
        " where posting_rule = 'netting' order by gl_account, entry_side"
    )
    amount = Decimal(made["amount"])
    assert {line["posting_status"] for line in lines} == {"posted"}
    assert [(line["gl_account"], line["entry_side"], line["amount"]) for line in lines] == [
        ("1100", "credit", amount),
        ("1500", "credit", amount),
        ("1500", "debit", amount),
        ("2000", "debit", amount),
    ]
    [clearing] = profile.query(
        "select balance from marts.fct_trial_balance where gl_account = '1500' order by period desc limit 1"
    )
    assert clearing["balance"] == 0
    open_items = profile.query(
        "select document_id, amount_open from marts.fct_receivables union all"
        " select document_id, amount_open from marts.fct_payables"
    )
    shown = {row["document_id"]: row["amount_open"] for row in open_items}
    for document in (*offset["bills"], *offset["invoices"]):
        assert shown[document["id"]] == Decimal(document["amount_due"])


def test_the_desk_and_the_treasury_hear_of_it(settled: Settled, offset: dict[str, Any]) -> None:
    profile = settled.profile
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in profile.at_vendor("atlas_etrm", "payments"):
        paid[str(payment.get("externalId"))] += Decimal(str(payment["amount"]))
    ours = {str(invoice["externalId"]): invoice for invoice in profile.at_vendor("atlas_etrm", "invoices")}
    for kind, payment, member in (("bills", "made", "bill_id"), ("invoices", "received", "invoice_id")):
        numbers = {one["id"]: one.get("invoice_number") or one.get("bill_number") for one in offset[kind]}
        for one in offset[payment]["applications"]:
            document = one[member]
            assert paid[f"{offset[payment]['id']}:{document}"] == Decimal(one["amount_applied"])
            due = next(Decimal(each["amount_due"]) for each in offset[kind] if each["id"] == document)
            assert bool(ours[numbers[document]]["isPaid"]) == (due == 0)
    assert _forecast(profile, "accounts_receivables", "AR", offset["invoices"])
    assert _forecast(profile, "accounts_payables", "AP", offset["bills"])
    provenance = {one["provenance"]["vendorId"] for one in profile.at_vendor("atlar", "documents")}
    assert not provenance & {f"PAYMENT/{offset['received']['id']}", f"PAYMENT_MADE/{offset['made']['id']}"}, "no money"


def _forecast(profile: Profile, table: str, prefix: str, documents: list[dict[str, Any]]) -> bool:
    shown = {one["externalId"]: one for one in profile.at_vendor("atlar", table)}
    for document in documents:
        one = shown.get(f"{prefix}.{document['id']}")
        due = Decimal(document["amount_due"])
        # What was offset before Atlar heard of it is not forecast at all.
        assert one is not None or due == 0
        if one is not None:
            assert Decimal(one["remainingAmount"]["stringValue"]) == due
    return True


def test_nothing_is_offset_without_an_agreement(settled: Settled) -> None:
    kinds = settled.profile.query(
        "select distinct counterparties.counterparty_id_atlas_etrm as id from marts.fct_journal_entry_lines as lines"
        " inner join marts.dim_counterparties as counterparties using (counterparty_id)"
        " where lines.posting_rule = 'netting'"
    )
    assert [row["id"] for row in kinds] == [122]
