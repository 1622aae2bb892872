"""`tieout hold`: a mistyped record is held as it was typed, but not without a word."""

from __future__ import annotations

import pytest
from command_desk import CommandDesk

from tieout.errors import ExitCode

ORDERS = (
    "create schema marts",
    "create schema sync",
    "create table marts.fct_orders as select 210::bigint as order_id",
    "create table marts.fct_deliveries as select 'INVOICE/i-1' as sync_key",
    "create table sync.sync_atlar__documents as select 'PAYMENT/p-1' as sync_key",
)


@pytest.fixture
def known(desk: CommandDesk) -> CommandDesk:
    desk.publishes(*ORDERS)
    desk.ran("run-1", by="clerk")
    return desk


@pytest.mark.parametrize("record", ["order:210", "INVOICE/i-1", "PAYMENT/p-1"])
def test_what_is_known_is_held_without_a_question(known: CommandDesk, record: str) -> None:
    done = known.types("hold", record, "--reason", "wait")
    assert done.exit_code == ExitCode.DONE
    assert "mistyped" not in done.output


@pytest.mark.parametrize(
    ("record", "said"),
    [("order:2100", "ATLAS ETRM has no order 2100"), ("PAYMENT/p-2", "no write is due or was made for PAYMENT/p-2")],
)
def test_what_nobody_knows_is_held_and_doubted(known: CommandDesk, record: str, said: str) -> None:
    done = known.types("hold", record, "--reason", "wait")
    assert done.exit_code == ExitCode.DONE
    assert f"held: {record}" in done.output
    assert said in done.output
    [held] = known.document("hold")["held"]
    assert held["record"] == record


def test_programs_are_told_too(known: CommandDesk) -> None:
    assert known.document("hold", "order:2100", "--reason", "wait")["is_known"] is False
    assert known.document("hold", "order:210", "--reason", "wait")["is_known"] is True
