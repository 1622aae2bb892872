"""A difference passes by a second person's word, at exactly its amount, until it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from write_back_fakes import NOON

from reverse_etl import acceptances
from reverse_etl.acceptances import Difference, NotAcceptedError
from reverse_etl.identity import Identity
from reverse_etl.operations import OperationsStore

FEE = Difference("bank_balances_follow_transactions", "acc-1/2026-04-03", Decimal("9.50"), "EUR", "run-1", "clerk")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OperationsStore]:
    found = OperationsStore(tmp_path / "o.sqlite")
    yield found
    found.close()


def test_a_second_person_lets_it_pass(store: OperationsStore) -> None:
    before = store.head()
    acceptances.accept(store, FEE, by=Identity("treasurer"), reason=" a fee, booked on Monday ", at=NOON)
    [row] = acceptances.in_effect(store)
    assert (row["difference"], row["currency_code"], row["measured_by"]) == ("9.50", "EUR", "clerk")
    assert (row["accepted_by"], row["reason"]) == ("treasurer", "a fee, booked on Monday")
    assert store.head() != before, "the next run must build the books again"
    assert store.verify().first_bad is None
    [exported] = store.export()["accepted_differences"].to_pylist()
    assert exported["difference"] == Decimal("9.5000")
    assert exported["withdrawn_at"] is None


@pytest.mark.parametrize(
    ("difference", "by", "reason", "why"),
    [
        (FEE, "clerk", "looks fine", "second person"),
        (FEE, "treasurer", "  ", "needs a reason"),
        (replace(FEE, measured_by=None), "treasurer", "a fee", "does not say who ran it"),
    ],
)
def test_who_may_not(store: OperationsStore, difference: Difference, by: str, reason: str, why: str) -> None:
    with pytest.raises(NotAcceptedError, match=why):
        acceptances.accept(store, difference, by=Identity(by), reason=reason, at=NOON)
    assert acceptances.every(store) == []


def test_a_service_accepts_nothing(store: OperationsStore) -> None:
    with pytest.raises(NotAcceptedError, match="only a person"):
        acceptances.accept(store, FEE, by=Identity("scheduler", "service"), reason="a fee", at=NOON)


def test_the_same_amount_is_accepted_once_another_amount_anew(store: OperationsStore) -> None:
    acceptances.accept(store, FEE, by=Identity("treasurer"), reason="a fee", at=NOON)
    with pytest.raises(NotAcceptedError, match="treasurer accepted this amount"):
        acceptances.accept(
            store, replace(FEE, amount=Decimal("9.5000")), by=Identity("auditor"), reason="again", at=NOON
        )
    acceptances.accept(store, replace(FEE, amount=Decimal("9.49")), by=Identity("auditor"), reason="less", at=NOON)
    assert len(acceptances.in_effect(store)) == 2


def test_what_is_withdrawn_stays_on_record_and_may_be_accepted_again(store: OperationsStore) -> None:
    acceptances.accept(store, FEE, by=Identity("treasurer"), reason="a fee", at=NOON)
    later = NOON + timedelta(hours=1)
    acceptances.withdraw(store, FEE.control_name, FEE.scope, by=Identity("clerk"), reason="it was no fee", at=later)
    assert acceptances.in_effect(store) == []
    [row] = acceptances.every(store)
    assert (row["accepted_by"], row["withdrawn_by"], row["withdrawal_reason"]) == (
        "treasurer",
        "clerk",
        "it was no fee",
    )
    with pytest.raises(NotAcceptedError, match="nothing is accepted"):
        acceptances.withdraw(store, FEE.control_name, FEE.scope, by=Identity("clerk"), reason="twice", at=later)
    acceptances.accept(store, FEE, by=Identity("auditor"), reason="it was one after all", at=later + timedelta(hours=1))
    assert [row["accepted_by"] for row in acceptances.in_effect(store)] == ["auditor"]
    assert store.verify().first_bad is None
