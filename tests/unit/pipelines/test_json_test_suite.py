"""Promise 13 by the literal lists: every file of JSONTestSuite and every string of the Big List of Naughty Strings.

A file that a parser must accept lands exactly; one that it must refuse is set aside with its reason, by itself or with
the answer it made unreadable; the rest may do either. Never a crash, never a silent change, never a good record lost.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest
from virtual import Moments, VirtualClock

from pipelines import extract, tasks
from pipelines.atlas_accounting import tables as accounting
from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
from pipelines.atlas_etrm import tables as etrm
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.records import careful
from pipelines.records.typed import Misfit, type_records
from pipelines.refusals import WHOLE_ANSWER
from pipelines.transport.answer import LONGEST_KEPT
from pipelines.transport.errors import UnexpectedAnswer
from pipelines.versions.versioning import EVERYTHING

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SUITE = {
    name: b"".join(text.encode("latin-1") * times for text, times in parts)
    for name, parts in json.loads((FIXTURES / "json_test_suite" / "parsing.json").read_text()).items()
}
NAUGHTY: list[str] = json.loads((FIXTURES / "blns" / "blns.json").read_text())
GOOD = [b'{"id":%d,"name":"order %d","totalAmount":%d.10}' % (number, number, number) for number in range(1, 6)]


def test_the_lists_are_whole() -> None:
    counts = {kind: sum(name.startswith(kind) for name in SUITE) for kind in ("y_", "n_", "i_")}
    assert counts == {"y_": 95, "n_": 188, "i_": 35}
    assert len(NAUGHTY) == 485


@dataclass
class Vendor:
    """ATLAS ETRM or Atlas Accounting, answering every read with the same bytes."""

    clock: VirtualClock
    body: bytes = b""

    def _handler(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(("/token", "/login")):
            token = {"token": "t", "access_token": "t", "refresh_token": "r", "expires_in": 3600}
            return httpx.Response(200, json={"success": True, "data": token, **token})
        is_behind_the_end = request.url.params.get("offset", "0") != "0"
        return httpx.Response(200, content=b"[]" if is_behind_the_end else self.body)

    def orders(self) -> list[msgspec.Raw]:
        client = AtlasEtrmClient(AtlasEtrmConfig("https://etrm.test", "u", "p", 0), self.clock.clockwork(self._handler))
        return client.all_orders()

    def accounts(self) -> Sequence[msgspec.Raw]:
        config = AtlasAccountingConfig(
            "https://books.test", "a@b.example", "secret", "company", dialect="observed", tier="unlimited"
        )
        return AtlasAccountingClient(config, self.clock.clockwork(self._handler)).all_records("accounts").records


def answer_of(records: Sequence[bytes]) -> bytes:
    return b'{"success":true,"recordCount":%d,"data":[' % len(records) + b",".join(records) + b"]}"


def rows_of(landing: Landing, table: RawTable) -> list[dict[str, Any]]:
    return [row for file in landing.files(table.system, table.name) for row in pq.read_table(file).to_pylist()]


def set_aside(landing: Landing, errors: Sequence[UnexpectedAnswer]) -> None:
    """As an extraction does it with each (`Tally.set_aside`), but all at once but for the first."""
    tasks.Tally().set_aside(landing, etrm.ORDERS, errors[0])
    rest = [Misfit(None, f"{WHOLE_ANSWER}{error}", error.body) for error in errors[1:] if error.body]
    assert landing.land(etrm.ORDERS, [], refused=rest).quarantined == len(rest)


def refusals(landing: Landing) -> list[dict[str, Any]]:
    return [row for file in landing.files("quarantine", "records") for row in pq.read_table(file).to_pylist()]


def test_what_must_be_accepted_lands_exactly(landing: Landing) -> None:
    files = [text for name, text in SUITE.items() if name.startswith("y_")]
    records = [b'{"entityKind":"asset","id":%d,"options":%b}' % (at, text) for at, text in enumerate(files)]
    landed = landing.land(etrm.CUSTOM_FIELD_DEFINITIONS, [msgspec.Raw(record) for record in records], scope=EVERYTHING)
    found = {row["id"]: row["options"] for row in rows_of(landing, etrm.CUSTOM_FIELD_DEFINITIONS)}
    assert (landed.rows, landed.quarantined) == (len(files), 0)
    assert [found[at] for at in range(len(files))] == [
        None if text == b"null" else text.strip().decode() for text in files
    ]


@pytest.mark.parametrize("place", ["a value", "a record"])
def test_inside_an_answer_none_harms_another_record(landing: Landing, clock: VirtualClock, place: str) -> None:
    vendor, odd, whole = Vendor(clock), [], []
    for number, (name, text) in enumerate(SUITE.items(), start=100):
        record = b'{"id":%d,"name":%b,"totalAmount":1}' % (number, text) if place == "a value" else text
        vendor.body = answer_of([*GOOD[:3], record, *GOOD[3:]])
        try:
            records = vendor.orders()
        except UnexpectedAnswer as error:
            assert not name.startswith("y_")
            assert error.body == vendor.body[:LONGEST_KEPT]
            whole.append((name, error))
            continue
        assert [bytes(one) for one in records if bytes(one) in GOOD] == GOOD, name
        assert len(records) == len(GOOD) + 1, name
        odd += [(name, number, one) for one in records if bytes(one) not in GOOD]
    set_aside(landing, [error for _, error in whole])
    received = [*(msgspec.Raw(record) for record in GOOD), *(record for _, _, record in odd)]
    landed = landing.land(etrm.ORDERS, received, scope=EVERYTHING)
    rows = {row["id"]: row for row in rows_of(landing, etrm.ORDERS)}
    assert landed.rows + landed.quarantined == len(received) == len(SUITE) + len(GOOD) - len(whole)
    assert [str(rows[number]["total_amount"]) for number in range(1, 6)] == [f"{n}.1000000000" for n in range(1, 6)]
    by_number = {number: name for name, number, _ in odd}
    assert not [by_number[at] for at in rows if at >= 100 and by_number[at].startswith("n_")]
    reasons = refusals(landing)
    assert all(row["reason"] and (row["payload"] or row["reason"].startswith(WHOLE_ANSWER)) for row in reasons)
    for at, name in by_number.items():
        if at in rows and name.startswith("y_"):
            assert rows[at]["name"] in (json.loads(SUITE[name]), SUITE[name].decode().strip()), name


def test_as_an_answer_each_is_refused_whole_with_its_reason(landing: Landing, clock: VirtualClock) -> None:
    """ATLAS ETRM answers with an envelope, and none of them is one."""
    vendor, errors = Vendor(clock), []
    landing.land(etrm.ORDERS, [msgspec.Raw(record) for record in GOOD], scope=EVERYTHING)
    for name, text in SUITE.items():
        vendor.body = text
        with pytest.raises(UnexpectedAnswer) as refused:
            vendor.orders()
        assert refused.value.body == text[:LONGEST_KEPT], name
        assert str(refused.value)
        errors.append(refused.value)
    set_aside(landing, errors)
    assert len(rows_of(landing, etrm.ORDERS)) == len(GOOD)
    told = refusals(landing)
    assert {row["payload"] for row in told} == {text.decode(errors="replace") for text in SUITE.values() if text}


def test_as_a_bare_list_what_must_be_accepted_is_read_and_what_must_be_refused_is_not(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """The observed dialect of Atlas Accounting answers with bare lists: here a file of the suite may be an answer."""
    vendor, good = Vendor(clock), [msgspec.Raw(b'{"id": "a1", "account_number": "1000"}')]
    landing = Landing(tmp_path / "landing", tmp_path / "work.duckdb", tmp_path / "dlt", Moments())
    landing.land(accounting.ACCOUNTS, good)
    read: list[msgspec.Raw] = []
    for name, text in SUITE.items():
        vendor.body = text
        try:
            records = list(vendor.accounts())
        except UnexpectedAnswer as error:
            assert error.body == text[:LONGEST_KEPT], name
            assert not (name.startswith("y_") and text.strip().startswith(b"[")), name
            continue
        expected = msgspec.json.decode(text, type=list[msgspec.Raw]) if name.startswith("y_") else None
        assert expected is None or [bytes(one) for one in records] == [bytes(one) for one in expected], name
        read += records
    landed = landing.land(accounting.ACCOUNTS, read)
    assert (landed.rows, landed.quarantined) == (0, len(read))
    assert len(rows_of(landing, accounting.ACCOUNTS)) == 1


@pytest.mark.parametrize("is_escaped", [True, False], ids=["escaped", "as it is"])
def test_every_naughty_string_is_in_every_text_column_what_was_sent(is_escaped: bool) -> None:
    for table in extract.RAW_TABLES:
        free = [column for column in table.columns if column.type == "text" and column.name not in table.key]
        keys = {column.field: column.type for column in table.columns if column.name in table.key}
        if not free or set(keys.values()) - {"text", "bigint"}:
            continue
        records = [
            msgspec.Raw(
                json.dumps(
                    {name: at if type_ == "bigint" else f"{at}" for name, type_ in keys.items()}
                    | {column.field: text for column in free},
                    ensure_ascii=is_escaped,
                ).encode()
            )
            for at, text in enumerate(NAUGHTY)
        ]
        read = type_records(table, records)
        assert read.misfits == [], table.name
        for column in free:
            assert read.rows[column.name].to_pylist() == NAUGHTY, (table.name, column.name)
        if table is etrm.ORDERS:
            reasons: dict[int, str] = {}
            by_value = careful.read(table, records, reasons)
            assert reasons == {}
            assert by_value[[column.name for column in table.columns].index("name")].to_pylist() == NAUGHTY
