"""`tieout dismiss` lets what a vendor refused be planned again, by a person's word."""

from __future__ import annotations

from dataclasses import replace

import pytest
from command_desk import NOON, CommandDesk

from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.outcome import Outcome
from reverse_etl.plan import FieldChange, PlanItem
from tieout.errors import SettingsError, TieoutError

ITEM = PlanItem(
    sync_name="sync_atlas_accounting__invoices",
    sync_key="order:210",
    operation="create",
    destination="atlas_accounting",
    record_label="invoice of order 210",
    order_id=210,
    destination_id=None,
    expected_version=None,
    amount=None,
    currency_code="EUR",
    payload='{"notes":"atlas_etrm:order:210"}',
    changes=(FieldChange("notes", None, "atlas_etrm:order:210"),),
)


def refused(desk: CommandDesk, *items: PlanItem) -> list[str]:
    with desk.store() as store:
        log = DeliveryLog(store)
        ids = []
        for item in items:
            [delivery] = log.intend([item], run_id="run-1", plan_id="plan-1", at=NOON)
            log.finish([(delivery, Outcome("rejected", "lines.0.unit_price: must be greater than zero"))], at=NOON)
            ids.append(delivery.delivery_id)
        return ids


def test_a_refusal_is_listed_dismissed_and_gone_from_the_list(desk: CommandDesk) -> None:
    [delivery_id] = refused(desk, ITEM)
    assert [row["delivery_id"] for row in desk.document("dismiss")["deliveries"]] == [delivery_id]
    assert "must be greater than zero" in desk.types("dismiss").stdout
    done = desk.types("dismiss", "order:210", "--reason", "the price was corrected", as_person="clerk")
    assert done.exit_code == 0, done.exception
    assert desk.document("dismiss")["deliveries"] == []
    with desk.store() as store:
        [last] = store.events(kind="delivery", limit=1)
        assert "dismissed by clerk: the price was corrected" in last["body"]
        history = DeliveryLog(store).state().history(ITEM.sync_name, ITEM.sync_key)
        assert history[-1].payload_hash != ITEM.payload_hash, "the same content may be sent again"


def test_what_is_ambiguous_or_unknown_is_said(desk: CommandDesk) -> None:
    ids = refused(desk, ITEM, replace(ITEM, sync_name="sync_atlas_accounting__bills"))
    several = desk.types("dismiss", "order:210", "--reason", "mended")
    assert isinstance(several.exception, TieoutError)
    assert all(delivery_id in str(several.exception) for delivery_id in ids)
    assert "no refused or held delivery" in str(desk.types("dismiss", "order:9", "--reason", "mended").exception)


@pytest.mark.parametrize("words", [(), ("--reason", " ")])
def test_a_reason_is_asked_for(desk: CommandDesk, words: tuple[str, ...]) -> None:
    refused(desk, ITEM)
    assert isinstance(desk.types("dismiss", "order:210", *words).exception, SettingsError)
    assert "which delivery?" in str(desk.types("dismiss", "--reason", "mended").exception)
