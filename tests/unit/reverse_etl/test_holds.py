"""What a person holds is not planned, by any sync, until a person releases it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from write_back_desk import Desk
from write_back_fakes import NOON, document_row, invoice_row, row

from reverse_etl import holds
from reverse_etl.holds import NotHeldError
from reverse_etl.identity import Identity

CLERK = Identity("clerk")
INVOICES, DOCUMENTS = "sync_atlas_accounting__invoices", "sync_atlar__documents"


def hold(desk: Desk, *records: str, reason: str = "wrong party") -> list[str]:
    return holds.hold(desk.store, records, by=CLERK, reason=reason, at=NOON)


def test_a_held_order_is_written_nowhere_and_the_others_are(desk: Desk) -> None:
    hold(desk, "order:210")
    due = {
        INVOICES: [invoice_row(210), invoice_row(211)],
        "sync_atlas_etrm__order_erp_codes": [
            row("order:210", {"erpCode": "X"}, operation="update", now={}, order_id=210, destination_id="210")
        ],
    }
    plan = desk.plan(due)
    assert [item.sync_key for item in plan.items] == ["order:211"]
    assert {held.reason for held in plan.held} == {"held by clerk on 2026-04-10: wrong party"}
    assert len(plan.held) == 2
    desk.apply(due)
    assert [one["notes"] for one in desk.clients.atlas_accounting.tables["invoices"]] == ["atlas_etrm:order:211"]


def test_a_record_without_an_order_is_held_by_its_key(desk: Desk) -> None:
    hold(desk, "PAYMENT/p-1")
    plan = desk.plan({DOCUMENTS: [document_row("PAYMENT/p-1"), document_row("PAYMENT/p-2")]})
    assert [item.sync_key for item in plan.items] == ["PAYMENT/p-2"]


def test_a_release_lets_it_go_on_and_both_words_stay(desk: Desk) -> None:
    hold(desk, "order:210")
    assert hold(desk, "order:210", "order:211") == ["order:211"], "held once"
    holds.release(desk.store, "order:210", by=Identity("lead"), reason="mended", at=NOON + timedelta(hours=1))
    assert [item.sync_key for item in desk.plan({INVOICES: [invoice_row(210), invoice_row(211)]}).items] == [
        "order:210"
    ]
    [first] = [one for one in desk.store.export()["holds"].to_pylist() if one["record"] == "order:210"]
    assert (first["held_by"], first["released_by"], first["release_reason"]) == ("clerk", "lead", "mended")
    assert desk.store.verify().first_bad is None


def test_what_is_not_said_properly_is_refused(desk: Desk) -> None:
    with pytest.raises(NotHeldError, match="reason"):
        hold(desk, "order:210", reason=" ")
    with pytest.raises(NotHeldError, match="name"):
        hold(desk, " ")
    with pytest.raises(NotHeldError, match="nobody holds it"):
        holds.release(desk.store, "order:210", by=CLERK, reason="mended", at=NOON)
    assert holds.in_effect(desk.store) == {}
