"""Promise 32, write-back side: what vendors give away in their answers to writes goes no further.

Faults: every write is refused, or taken and then answered wrongly, by a vendor that repeats in its error the token, the
passwords and the account numbers it holds, in every spelling of an account number. Looked at is what Tieout tells of
it: results and log lines, the delivery log and its export to the books, `audit`, `dismiss`, `plan`.
(What the books are made of, `explain`, `shadow` and `undo`: `tests/flow/test_nothing_secret_is_told.py`.)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from canaries import credentials, found_in, ibans, tokens
from counts import FULL
from typer.testing import CliRunner
from vendors import Sent, Vendors, opened
from written import KINDS, Ground, Push, is_write

from reverse_etl.delivery_log import DeliveryLog
from reverse_etl.identity import Identity
from reverse_etl.operations_tables import DELIVERIES
from reverse_etl.plan import make_plan
from reverse_etl.plan_store import PlanStore
from tieout.cli import app

STATUSES = [200, 400, 401, 403, 404, 409, 412, 413, 422, 425, 429, 500, 502] if FULL else [200, 401, 409, 422, 500]


@pytest.fixture(scope="module")
def shared(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendors, Ground]]:
    with opened(company, tmp_path_factory.mktemp("secrets_written") / "vendors") as vendors:
        yield vendors, Ground.laid(vendors)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def push(shared: tuple[Vendors, Ground], tmp_path: Path) -> Push:
    return Push(*shared, next(_numbers), tmp_path)


def spellings(number: str) -> list[str]:
    """An account number as people and programs write it."""
    groups = [number[place : place + 4] for place in range(0, len(number), 4)]
    return [number, number.lower(), *(blank.join(groups) for blank in (" ", "-", "\u00a0")), f"IBAN{number}X"]


def canaries(vendors: Vendors) -> set[str]:
    """Every secret, token and account number, the latter without blanks."""
    return credentials(vendors) | tokens(vendors) | ibans(vendors)


def gives_away(text: str, never: set[str]) -> set[str]:
    """The canaries in a text, also those with blanks between, or in lower case."""
    for blank in ("\\u00a0", "\\n", "\\t", "%20"):
        text = text.replace(blank, "")
    bare = "".join(sign for sign in text if sign.isalnum()).upper()
    return found_in(text, never) | found_in(bare, {canary for canary in never if canary.isalnum() and canary.isupper()})


@pytest.mark.parametrize("when", ["before the effect", "after it"])
@pytest.mark.parametrize("status", STATUSES)
def test_what_a_vendor_gives_away_goes_no_further(
    push: Push,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    status: int,
    when: str,
) -> None:
    accounts = sorted(ibans(push.vendors))
    spoken = [spelling for number in accounts[:3] for spelling in spellings(number)]
    echoed = 0

    def told(system: str, sent: Sent) -> httpx.Response:
        # A vendor knows its own secrets, and every account number.
        said = " ".join([str(sent.authorization), *sorted(credentials(push.vendors, system)), *spoken])
        errors = [{"field": said[:40], "message": said}, {"loc": [accounts[0]], "msg": said}]
        body: dict[str, Any] = {"success": False, "message": said, "errors": errors, "detail": errors}
        return httpx.Response(status, json=body, headers={"X-Request-Id": "r-1"})

    def meddle(system: str, sent: Sent, *answered: httpx.Response) -> httpx.Response | None:
        nonlocal echoed
        if not is_write(sent):
            return None
        echoed += 1
        return told(system, sent)

    for system, wire in push.vendors.wires.items():
        monkeypatch.setattr(wire, "after" if when == "after it" else "before", partial(meddle, system))
    with caplog.at_level(logging.DEBUG):
        results = push.run(rounds=2)
    assert echoed, "nobody gave anything away: the test shows nothing"
    never = canaries(push.vendors)
    out, err = capfd.readouterr()
    shown = [repr(results), out, err, caplog.text]
    with push.store() as store:
        # What was sent must be kept as it was sent; what is told about it must not.
        shown += [repr({**row, "payload": None}) for row in store.rows(DELIVERIES)]
        shown += [str(table.to_pylist()) for table in store.export().values()]
    assert gives_away(" ".join(shown), never) == set()
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(push.folder))
    for command in (
        ["audit", "list"],
        ["audit", "verify"],
        ["dismiss"],
        ["audit", "show", "1"],
        ["audit", "show", "2"],
    ):
        for option in ([], ["--json"]):
            done = CliRunner().invoke(app, [*command, *option])
            assert done.output
            assert gives_away(done.output, never) == set(), command


def test_a_plan_shows_accounts_by_country_and_last_four(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    never = canaries(push.vendors)
    number = sorted(ibans(push.vendors))[0]
    for kind in KINDS:
        told = [json.loads(row.payload) | {"note": f"pay to {number.lower()}"} for row in push.rows[kind]]
        push.rows[kind] = [
            replace(row, payload=json.dumps(body), record_label=f"{row.record_label} {number}")
            for row, body in zip(push.rows[kind], told, strict=True)
        ]
    with push.store() as store:
        plan = make_plan(push.due(), DeliveryLog(store).state())
        PlanStore(store).save(plan, run_id=None, made_by=Identity("anna"), at=datetime.now(UTC))
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(push.folder))
    order = push.rows[KINDS[0]][0].sync_key
    for options in ([], ["--json"], ["--record", order], ["--sync", KINDS[0]], ["--list"]):
        done = CliRunner().invoke(app, ["plan", *([] if options == ["--list"] else ["latest"]), *options])
        assert done.exit_code == 0, done.output
        assert gives_away(done.output, never) == set(), options
