"""The loop over the sandbox: from nothing to tied-out books at all three vendors, and a second run sends nothing."""

from __future__ import annotations

import collections
import shutil
import threading
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.flow.conftest import Profile, Settled


def test_the_first_run_sends_and_every_control_ties(settled: Settled) -> None:
    first = settled.first
    assert first["sent"] > 200
    assert (first["rejected"], first["unknown"], first["quarantined"]) == (0, 0, 0)
    assert first["tie_outs"]
    assert [name for name, tied in first["tie_outs"].items() if not tied] == []
    assert set(first["held"]) >= {"missing_gl_account", "order_total_mismatch", "sign_conflict"}


def test_a_second_run_plans_nothing_and_sends_nothing(settled: Settled) -> None:
    assert settled.first_writes, "the request log does not see writes at all"
    assert (settled.second["planned"], settled.second["sent"]) == (0, 0)
    assert settled.second_writes == []
    assert settled.second["snapshot"] == settled.first["snapshot"]


def test_every_journal_entry_balances_to_exactly_zero(settled: Settled) -> None:
    sums: dict[tuple[str, str], list[Decimal]] = collections.defaultdict(lambda: [Decimal(0), Decimal(0)])
    lines = settled.profile.query("select * from marts.fct_journal_entry_lines")
    for line in lines:
        assert isinstance(line["amount"], Decimal)
        assert line["amount"] >= 0
        sign = 1 if line["entry_side"] == "debit" else -1
        entry = sums[(line["journal_entry_id"], line["currency_code"])]
        entry[0] += sign * line["amount"]
        entry[1] += sign * line["amount_base"]
    assert len(sums) > 300
    assert {key: value for key, value in sums.items() if value != [0, 0]} == {}


def test_no_column_of_the_published_books_is_a_float_or_a_second_one_for_another_type(settled: Settled) -> None:
    found = settled.profile.query(
        "select table_schema || '.' || table_name || '.' || column_name as name, data_type"
        " from information_schema.columns"
    )
    assert len(found) > 3_000
    assert [column for column in found if column["data_type"] in ("DOUBLE", "FLOAT", "REAL")] == []
    assert [column for column in found if "__v_" in column["name"]] == []


def _documents(profile: Profile) -> dict[str, list[dict[str, Any]]]:
    """Accounting documents of orders, by key, as the sandbox's accounting holds them."""
    found: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
    for kind in ("invoices", "bills"):
        for document in profile.at_vendor("atlas_accounting", kind):
            if (document.get("notes") or "").startswith("atlas_etrm:order:") and document["status"] != "voided":
                found[document["notes"]].append({"kind": kind, **document})
    return found


def test_every_approved_order_that_is_not_held_has_each_of_its_records_exactly_once(settled: Settled) -> None:
    profile = settled.profile
    documents = _documents(profile)
    orders = {order["id"]: order for order in profile.at_vendor("atlas_etrm", "orders")}
    etrm_invoices = collections.Counter(
        invoice["externalId"] for invoice in profile.at_vendor("atlas_etrm", "invoices")
    )
    atlar = collections.Counter(
        document["provenance"]["vendorId"]
        for document in profile.at_vendor("atlar", "documents")
        if document["type"] == "INVOICE"
    )
    booked = profile.query(
        "select * from marts.fct_orders where is_journalled and not is_held and became != 'posted_elsewhere'"
    )
    waiting = [order for order in booked if order["erp_code"] is not None]
    assert len(booked) == len(waiting) > 150
    for order in booked:
        mine = documents[f"atlas_etrm:order:{order['order_id']}"]
        sides = (("bills", order["has_payable"]), ("invoices", order["has_receivable"]))
        assert sorted(document["kind"] for document in mine) == [kind for kind, has in sides if has], order
        numbers = [document.get("invoice_number") or document["bill_number"] for document in mine]
        assert sorted(orders[order["order_id"]]["erpCode"].split("+")) == sorted(numbers)
        for document, number in zip(mine, numbers, strict=True):
            assert document["status"] in ("sent", "viewed", "approved", "partial", "paid", "overdue")
            assert etrm_invoices[number] == 1, number
            if Decimal(document["amount_due"]) > 0:
                prefix = "INVOICE" if document["kind"] == "invoices" else "BILL"
                assert atlar[f"{prefix}/{document['id']}"] == 1, (prefix, number)


def test_nothing_exists_twice_at_any_vendor(settled: Settled) -> None:
    profile = settled.profile
    keys = collections.Counter(
        (document["kind"], document["notes"]) for group in _documents(profile).values() for document in group
    )
    payments = collections.Counter(
        payment["externalId"] for payment in profile.at_vendor("atlas_etrm", "payments") if payment.get("externalId")
    )
    documents = collections.Counter(
        document["provenance"]["vendorId"] for document in profile.at_vendor("atlar", "documents")
    )
    for counted in (keys, payments, documents):
        assert counted
        assert [key for key, times in counted.items() if times > 1] == []


def test_a_bank_charge_is_posted_once_whoever_tells_it(settled: Settled) -> None:
    """By Atlar and the statement, by the statement alone, or as a line of its own."""
    profile = settled.profile
    rows = profile.query(
        "select journal_entry_id, record_id, amount_charged, charge_status from marts.fct_bank_charges"
    )
    due = {row["journal_entry_id"]: row["amount_charged"] for row in rows if row["charge_status"] == "due"}
    posted = [
        (entry["description"].split()[0], Decimal(entry["lines"][0]["amount"]), entry["status"])
        for entry in profile.at_vendor("atlas_accounting", "journal_entries")
        if (entry.get("description") or "").startswith("atlar:bank_fee:")
    ]
    assert sorted(posted) == sorted((entry_id, amount, "posted") for entry_id, amount in due.items())
    silent = {line["id"] for line in profile.at_vendor("atlar", "transactions") if not line["charges"]}
    told = {row["amount_charged"]: row["record_id"] in silent for row in rows}
    assert (told[Decimal("12.50")], told[Decimal("8.40")]) == (False, True)
    assert len(rows) == len(due) == len(told)


def test_held_orders_were_sent_nowhere(settled: Settled) -> None:
    held = settled.profile.query("select order_id from marts.fct_orders where is_held")
    documents = _documents(settled.profile)
    codes = {order["id"]: order.get("erpCode") for order in settled.profile.at_vendor("atlas_etrm", "orders")}
    assert held
    for order in held:
        assert f"atlas_etrm:order:{order['order_id']}" not in documents
        assert not codes[order["order_id"]]


@pytest.mark.parametrize("order_id", [1, 210])
def test_an_order_can_be_followed_from_raw_to_every_vendor(settled: Settled, order_id: int) -> None:
    """STYLE's trace: one search for the order id finds every step."""
    profile = settled.profile
    raw = profile.query("select * from raw_atlas_etrm.orders where id = ? and not _is_deleted", order_id)
    assert raw
    items = profile.query("select * from marts.fct_order_items where order_id = ?", order_id)
    lines = profile.query(
        "select * from marts.fct_journal_entry_lines where journal_entry_id = ?", f"atlas_etrm:order:{order_id}"
    )
    assert {line["order_item_id"] for line in lines if line["order_item_id"] is not None} == {
        item["order_item_id"] for item in items
    }
    documents = _documents(profile)[f"atlas_etrm:order:{order_id}"]
    numbers = {document.get("invoice_number") or document["bill_number"] for document in documents}
    total = sum(Decimal(document["total_amount"]) for document in documents)
    control = sum(line["amount"] for line in lines if line["line_type"] in ("receivables", "payables"))
    assert total == control == abs(raw[0]["total_amount"])
    etrm = [invoice for invoice in profile.at_vendor("atlas_etrm", "invoices") if invoice.get("orderId") == order_id]
    assert {invoice["externalId"] for invoice in etrm} == numbers
    assert sum(Decimal(str(invoice["amount"])) for invoice in etrm) == total


def test_paid_in_accounting_is_paid_in_atlas_etrm(settled: Settled) -> None:
    profile = settled.profile
    paid = {
        document.get("invoice_number") or document["bill_number"]: document
        for group in _documents(profile).values()
        for document in group
    }
    payments = collections.defaultdict(Decimal)
    for payment in profile.at_vendor("atlas_etrm", "payments"):
        payments[payment["invoiceId"]] += Decimal(str(payment["amount"]))
    checked = 0
    for invoice in profile.at_vendor("atlas_etrm", "invoices"):
        document = paid.get(invoice["externalId"])
        if document is None:
            continue
        checked += 1
        assert payments[invoice["id"]] == Decimal(document["amount_paid"]), invoice["externalId"]
        assert bool(invoice["isPaid"]) == (Decimal(document["amount_due"]) == 0), invoice["externalId"]
    assert checked > 100


def test_lost_working_files_are_rebuilt_and_nothing_is_sent(copied: Profile, settled: Settled) -> None:
    for lost in ("work.duckdb", "warehouse.duckdb"):
        (copied.data_dir / lost).unlink()
    for folder in ("snapshots", "dlt", "dbt"):
        _remove(copied.data_dir / folder)
    again = copied.run()
    assert (again["planned"], again["sent"], again["landed"]) == (0, 0, {})
    assert settled.profile.writes() == []
    counts = "select count(*) as n, sum(total_debit) as d from marts.fct_journal_entries"
    assert copied.query(counts) == settled.profile.query(counts)


def test_even_without_the_delivery_log_nothing_is_sent_again(copied: Profile, settled: Settled) -> None:
    (copied.data_dir / "work.duckdb").unlink()
    for lost in copied.data_dir.glob("operations.sqlite*"):
        lost.unlink()
    again = copied.run()
    assert (again["planned"], again["sent"]) == (0, 0)
    assert settled.profile.writes() == []


def test_with_nothing_of_ours_left_the_vendors_own_records_tell_what_was_sent(
    copied: Profile, settled: Settled
) -> None:
    for lost in copied.data_dir.iterdir():
        if lost.name == "vendors":
            continue
        shutil.rmtree(lost) if lost.is_dir() and not lost.is_symlink() else lost.unlink()
    again = copied.run()
    assert (again["planned"], again["sent"]) == (0, 0)
    assert settled.profile.writes() == []
    for figures in (
        "select count(*) as entries, sum(total_debit) as debit from marts.fct_journal_entries"
        " where source_system = 'atlas_etrm'",
        "select customer_code, currency_code, balance from marts.fct_receivables_aging order by all",
        "select vendor_code, currency_code, balance from marts.fct_payables_aging order by all",
        "select order_id, became, erp_code, is_held from marts.fct_orders order by order_id",
    ):
        assert copied.query(figures) == settled.profile.query(figures), figures


def test_a_reader_during_a_run_never_sees_an_error_and_later_sees_new_figures(copied: Profile) -> None:
    (copied.data_dir / "work.duckdb").unlink()
    errors: list[str] = []
    reads = 0
    done = threading.Event()

    def read() -> None:
        nonlocal reads
        while not done.is_set():
            try:
                found = copied.query("select count(*) as n from marts.fct_journal_entries")
                assert found[0]["n"] > 300
                reads += 1
            except (duckdb.Error, AssertionError) as problem:
                errors.append(str(problem))
            done.wait(0.02)

    before = (copied.data_dir / "warehouse.duckdb").resolve()
    held = duckdb.connect(str(before), read_only=True)
    reader = threading.Thread(target=read)
    reader.start()
    try:
        copied.run()
    finally:
        done.set()
        reader.join()
    assert errors == []
    assert reads > 20
    assert held.execute("select count(*) > 300 from marts.fct_journal_entries").fetchone() == (True,)
    held.close()
    assert (copied.data_dir / "warehouse.duckdb").resolve() != before


def _remove(folder: Any) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
