"""`tieout explain` walks from any number to everything behind it, over the settled sandbox."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from conftest import Settled

ORDER = 210
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7} ?[A-Z0-9]{1,4}\b")


def explained(settled: Settled, wanted: str) -> dict[str, Any]:
    done = settled.profile.command("explain", wanted, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_order_is_told_from_the_raw_record_to_the_answers(settled: Settled) -> None:
    told = explained(settled, f"order:{ORDER}")
    assert told["subject"]["reference"] == f"order:{ORDER}"
    order = next(record for record in told["records"] if record["table"] == "raw_atlas_etrm.orders")
    written = [change["fields"].get("erp_code") for change in order["changes"]]
    assert [None, order["fields"]["erp_code"]] in written, "the landing knows when the erpCode came"
    assert (settled.profile.data_dir / "landing" / order["landing_file"]).exists(), "from the figure to the very file"
    [item, *_] = [record for record in told["records"] if record["table"] == "raw_atlas_etrm.order_items"]
    about = f"line {item['record_id']}"
    assert {"direction", "GL account"} <= {rule["rule"] for rule in told["rules"] if rule["about"] == about}
    [entry] = told["entries"]
    sides = {
        side: sum(Decimal(line["amount"]) for line in entry["lines"] if line["entry_side"] == side)
        for side in ("debit", "credit")
    }
    assert sides["debit"] == sides["credit"] == Decimal(entry["total_debit"]) > 0
    syncs = [delivery["sync"] for delivery in told["deliveries"]]
    assert syncs[:3] == [
        "sync_atlas_accounting__invoices",
        "sync_atlas_accounting__invoice_sends",
        "sync_atlas_etrm__order_erp_codes",
    ]
    assert {delivery["answer"]["status"] for delivery in told["deliveries"]} == {"delivered"}
    assert told["deliveries"][0]["request"]["payload"]["notes"] == f"atlas_etrm:order:{ORDER}"
    tables = {record["table"] for record in told["documents"]}
    assert {"raw_atlas_accounting.invoices", "raw_atlas_etrm.invoices", "raw_atlar.documents"} <= tables
    assert not IBAN.search(json.dumps(told)), "account numbers are masked"


def test_every_number_of_an_order_leads_to_it(settled: Settled) -> None:
    [row] = settled.profile.query("select invoice_number, invoice_id from marts.fct_orders where order_id = ?", ORDER)
    [item] = settled.profile.query(
        "select min(order_item_id) as id from marts.fct_order_items where order_id = ?", ORDER
    )
    [sent] = settled.profile.query("select min(delivery_id) as id from marts.fct_deliveries where order_id = ?", ORDER)
    for wanted in (
        str(ORDER),
        row["invoice_number"],
        f"erp:{row['invoice_number']}",
        f"invoice:{row['invoice_id']}",
        f"atlas_etrm:order:{ORDER}#2",
        f"item:{item['id']}",
        f"delivery:{sent['id']}",
    ):
        done = settled.profile.command("explain", wanted)
        assert done.returncode == 0, (wanted, done.stderr)
        assert done.stdout.startswith(f"Tieout · explain order:{ORDER} · "), wanted


def test_a_payment_and_its_bank_line_find_each_other(settled: Settled) -> None:
    """From the payment to the line and back, and to the document it settled."""
    payments = settled.profile.query(
        "select p.payment_id, p.reference_number, a.invoice_id"
        " from staging.stg_atlas_accounting__payments as p"
        " inner join staging.stg_atlas_accounting__payment_applications as a on p.payment_id = a.payment_id"
        " inner join staging.stg_atlas_accounting__invoices as i on a.invoice_id = i.invoice_id"
        " inner join marts.fct_bank_transactions as b on b.reference = i.invoice_number and b.amount = p.amount"
        " where abs(date_diff('day', b.booking_date, p.payment_date)) <= 5"
        " order by p.payment_date, p.payment_id limit 2"
    )
    named = 0
    for payment in payments:
        told = explained(settled, f"payment:{payment['payment_id']}")
        assert payment["invoice_id"] in {row["document_id"] for row in told["settlements"]}
        assert told["payments"][0]["record_id"] == payment["payment_id"]
        for line in told["bank_lines"]:
            assert line["reconciliation"] == "not reconciled", "a likeness is no reconciliation"
            assert line["told"].startswith("not reconciled; it looks like payment ")
            back = explained(settled, f"bank:{line['bank_transaction_id']}")
            assert payment["payment_id"] in {row["payment_id"] for row in back["bank_lines"]}
            named += line["evidence"].startswith("same amount, and it names")
    assert named, "some line must name what it pays"


def test_an_invoice_of_no_order_and_a_manual_entry_are_told_too(settled: Settled) -> None:
    [invoice] = settled.profile.query(
        "select invoice_number from staging.stg_atlas_accounting__invoices where order_id is null and is_issued"
        " and invoice_id not in (select invoice_id from marts.fct_orders where invoice_id is not null)"
        " order by invoice_number limit 1"
    )
    told = explained(settled, invoice["invoice_number"])
    assert told["subject"]["kind"] == "invoice"
    assert told["rules"] == []
    assert told["entries"]
    [entry] = settled.profile.query(
        "select journal_entry_id from marts.fct_journal_entries where source_document_type = 'journal_entry'"
        " order by journal_entry_id limit 1"
    )
    told = explained(settled, entry["journal_entry_id"])
    assert [record["table"] for record in told["documents"]] == ["raw_atlas_accounting.journal_entries"]


def test_the_page_stands_alone(settled: Settled, tmp_path: Path) -> None:
    page = tmp_path / "order.html"
    done = settled.profile.command("explain", f"order:{ORDER}", "--html", str(page))
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert "src=" not in text and "<link" not in text and "url(" not in text and "<script" not in text
    assert "Rules that applied" in text and f"order {ORDER} " in text
    assert not IBAN.search(text)


def test_what_is_not_there_is_said_with_what_is_near(settled: Settled) -> None:
    [row] = settled.profile.query("select invoice_number from marts.fct_orders where order_id = ?", ORDER)
    done = settled.profile.command("explain", row["invoice_number"][:-1])
    assert done.returncode == 1
    assert "did you mean" in done.stderr
    assert settled.profile.command("explain", "no such thing").returncode == 1
    blank = settled.profile.command("explain", " ")
    assert (blank.returncode, "name of a record" in blank.stderr) == (2, True)


def test_an_invoices_number_means_the_invoice_although_a_bank_line_names_it(settled: Settled) -> None:
    [row] = settled.profile.query(
        "select bank_transaction_id, invoice_number from marts.fct_bank_transactions"
        " inner join staging.stg_atlas_accounting__invoices on reference = invoice_number"
        " where order_id is null order by invoice_number limit 1"
    )
    assert explained(settled, row["invoice_number"])["subject"]["kind"] == "invoice"
    line = explained(settled, f"bank:{row['bank_transaction_id']}")
    assert line["subject"]["kind"] == "bank_transaction"


def test_a_number_longer_than_any_id_is_a_question_like_any_other(settled: Settled) -> None:
    for wanted in ("9" * 30, f"item:{'9' * 30}", "item:\u0663"):
        done = settled.profile.command("explain", wanted)
        assert (done.returncode, "nothing in snapshot" in done.stderr) == (1, True), done.stderr


def test_a_kind_may_be_written_in_capitals_and_with_a_blank(settled: Settled) -> None:
    assert explained(settled, f"Order: {ORDER}")["subject"]["record_id"] == str(ORDER)


def test_what_can_mean_several_things_is_asked_back(settled: Settled) -> None:
    [row] = settled.profile.query(
        "select reference from marts.fct_bank_transactions where reference <> ''"
        " group by reference having count(*) > 1 order by reference limit 1"
    )
    done = settled.profile.command("explain", f"bank:{row['reference']}")
    assert done.returncode == 2
    assert done.stdout.count("tieout explain bank:") > 1
