"""`tieout accept` names the difference from the newest snapshot and the first person from the run history."""

from __future__ import annotations

import pytest
from command_desk import CommandDesk

from reverse_etl import acceptances, audit
from tieout.errors import SettingsError, TieoutError

RED = """
    create schema marts;
    create table marts.fct_tie_outs as
    select * from (values
        ('bank_balances', 'acc-1/2026-04-03', 9.50::decimal(20, 4), 'EUR', false, false),
        ('bank_balances', 'acc-2/2026-04-03', -1.00::decimal(20, 4), 'SEK', false, false),
        ('trial_balance', 'EUR/1100', null, 'EUR', false, false),
        ('receivables', 'EUR', 0.00::decimal(20, 4), 'EUR', true, false)
    ) as rows (control_name, scope, difference, currency_code, is_tied, is_accepted)
"""
WORDS = ("--reason", "a bank fee, booked on Monday")


@pytest.fixture
def red(desk: CommandDesk) -> CommandDesk:
    desk.publishes(RED)
    desk.ran("run-1", by="service")
    desk.ran("run-2", by="clerk", minute=5)
    desk.ran("extract-3", by="treasurer", minute=6)
    return desk


def test_a_second_person_accepts_and_the_heads_follow(red: CommandDesk) -> None:
    told = red.document("accept", "bank_balances", "acc-1/2026-04-03", *WORDS, as_person="treasurer")
    assert (told["difference"], told["measured_by"], told["by"]) == ("9.5000", "clerk", "treasurer")
    with red.store() as store:
        [row] = acceptances.in_effect(store)
        assert row["run_id"] == "run-2", "an extraction measures nothing"
        assert audit.noted_heads(red.paths.audit_heads)[-1].head == store.tail()[1]
    listed = red.document("accept", "--list")
    assert [row["accepted_by"] for row in listed["accepted"]] == ["treasurer"]
    left = [(row["control_name"], row["scope"]) for row in listed["red"]]
    assert left == [("bank_balances", "acc-2/2026-04-03"), ("trial_balance", "EUR/1100")]
    shown = red.types("accept").stdout
    assert "by treasurer: a bank fee, booked on Monday" in shown
    assert "bank_balances acc-2/2026-04-03  -1.0000 SEK" in shown


@pytest.mark.parametrize(
    ("arguments", "person", "why"),
    [
        (("bank_balances", "acc-1/2026-04-03"), "clerk", "a second person must accept it"),
        (("bank_balances",), "treasurer", "several scopes are red"),
        (("receivables", "EUR"), "treasurer", "no such red difference"),
        (("trial_balance", "EUR/1100"), "treasurer", "no amount to accept"),
        (("bank_balance", "acc-1"), "treasurer", "Red are:"),
    ],
)
def test_what_is_refused_says_why(red: CommandDesk, arguments: tuple[str, ...], person: str, why: str) -> None:
    done = red.types("accept", *arguments, *WORDS, as_person=person)
    assert isinstance(done.exception, TieoutError)
    assert why in str(done.exception)
    with red.store() as store:
        assert acceptances.every(store) == []


def test_a_word_without_a_reason_is_a_mistake_of_usage(red: CommandDesk) -> None:
    for arguments in (("accept", "bank_balances", "acc-1/2026-04-03"), ("accept", "bank_balances", "--list")):
        assert isinstance(red.types(*arguments, as_person="treasurer").exception, SettingsError)


def test_what_is_withdrawn_is_listed_so(red: CommandDesk) -> None:
    red.types("accept", "bank_balances", "acc-1/2026-04-03", *WORDS, as_person="treasurer")
    done = red.types("accept", "bank_balances", "acc-1/2026-04-03", "--withdraw", "--reason", "no fee after all")
    assert "withdrawn" in done.stdout
    assert "withdrawn by clerk: no fee after all" in red.types("accept", "--list").stdout
    with red.store() as store:
        assert acceptances.in_effect(store) == []
