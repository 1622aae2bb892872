"""No bad record stops a good one, whichever of the two readers meets it; every amount keeps its digits."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from virtual import raws

from pipelines import extract
from pipelines.atlar import tables as atlar
from pipelines.atlas_accounting import tables as accounting
from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.loading import by_dlt
from pipelines.raw_table import RawTable
from pipelines.records import careful, fingerprints, typed
from pipelines.records.typed import type_records
from pipelines.versions import latest as latest_index
from pipelines.versions.versioning import EVERYTHING

GOOD = '{{"id": {0}, "orderId": 7, "amount": {0}.10, "status": 2, "dueDate": "2026-04-03T00:00:00"}}'

MISFITS = [
    '{"id": 90001, "amount": 1e30}',
    '{"id": 90002, "amount": 12345678901234567890123456789012345678}',
    '{"id": 90003, "amount": "NaN"}',
    '{"id": 90004, "amount": "Infinity"}',
    '{"id": 90005, "amount": 99999999999999999999999999999}',
    '{"id": 90006, "amount": 1.00000000001}',
    '{"id": 90007, "amount": true}',
    '{"id": 90008, "amount": {"value": 1}}',
    '{"id": 90009, "amount": NaN}',
    '{"id": 90010, "dueDate": "2026-02-30"}',
    '{"id": 90011, "dueDate": "2026-04-03T10:00:00+02:00"}',
    '{"id": 90012, "orderId": 1.5}',
    '{"id": 90013, "orderId": 99999999999999999999}',
    '{"id": 90014, "iban": ["DE"]}',
    '{"id": 90015, "iban": "\\ud800"}',
    '{"id": 90016, "x": ' + "[" * 5000 + "]" * 5000 + "}",
    '{"id": null}',
    '{"amount": 5}',
    '{"id": "abc"}',
    "[]",
    "null",
    '"text"',
    "{",
    "",
]
ODD = [
    '{"id": 91001, "amount": -0}',
    '{"id": 91002, "amount": -0.00}',
    '{"id": 91003, "dueDate": "0001-01-01"}',
    '{"id": 91004, "dueDate": "9999-12-31T23:59:59"}',
    '{"id": 91005, "amount": 9999999999999999999999999999.9999999999}',
    '{"id": 91006, "amount": -1234567890123456789012345678.1234567891}',
    '{"id": 91007}',
    '{"id": "91008", "amount": "5.50", "newMember": {"a": [1.50]}}',
    '{"id": 91009, "dueDate": "2026-04-03T00:00:00+02:00"}',
    '{"id": 91010,\n "amount": 5,\r\n "dueDate": ""}',
    '{"id": 91011, "dealName": 17, "iban": "\\u0000\\n"}',
]


def answer() -> list[str]:
    records = [GOOD.format(number) for number in range(1, 3001)]
    random.Random(4).shuffle(extra := MISFITS + ODD)
    for number, record in enumerate(extra):
        records.insert(number * 83, record)
    return records


def test_landed_and_quarantined_are_received(landing: Landing) -> None:
    records = answer()
    landed = landing.land(etrm.ORDER_ITEMS, raws(*records), scope=EVERYTHING)
    assert landed.quarantined == len(MISFITS)
    assert landed.rows + landed.quarantined == len(records)
    (file,) = landing.files("atlas_etrm", "order_items")
    rows = {row["id"]: row for row in pq.read_table(file).to_pylist()}
    assert sum(row["amount"] for id_, row in rows.items() if id_ <= 3000) == sum(
        Decimal(f"{number}.10") for number in range(1, 3001)
    )
    assert rows[91001]["amount"] == rows[91002]["amount"] == 0
    assert rows[91005]["amount"] == Decimal("9999999999999999999999999999.9999999999")
    assert rows[91006]["amount"] == Decimal("-1234567890123456789012345678.1234567891")
    assert str(rows[91003]["due_date"]) == "0001-01-01"
    assert str(rows[91004]["due_date"]) == "9999-12-31"
    assert str(rows[91009]["due_date"]) == "2026-04-03"
    assert rows[91008]["_unknown_fields"] == '{"newMember":{"a":[1.5]}}'
    assert (rows[91011]["deal_name"], rows[91011]["iban"]) == ("17", "\x00\n")
    (refused,) = landing.files("quarantine", "records")
    assert sorted(pq.read_table(refused)["payload"].to_pylist()) == sorted(MISFITS)
    assert landing.land(etrm.ORDER_ITEMS, raws(*records), scope=EVERYTHING).rows == 0


def test_bytes_that_are_no_text_are_quarantined(landing: Landing) -> None:
    records = [msgspec.Raw(GOOD.format(number).encode()) for number in range(1, 1001)]
    records[500] = msgspec.Raw(b'{"id": 501, "iban": "\xff"}')
    records[600] = msgspec.Raw(b'{"id": 601, "unknown": "\xff"}')
    landed = landing.land(etrm.ORDER_ITEMS, records)
    assert (landed.rows, landed.quarantined) == (998, 2)


def _carefully(table: RawTable, records: list[msgspec.Raw], monkeypatch: pytest.MonkeyPatch) -> pa.Table:
    with monkeypatch.context() as patched:
        patched.setattr(typed, "_PATIENCE", 0)
        return type_records(table, records).rows


@pytest.mark.parametrize(
    "table", [*etrm.TABLES, *accounting.TABLES, *atlar.TABLES], ids=lambda table: f"{table.system}.{table.name}"
)
def test_both_readers_agree(table: RawTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick reader and the careful one give the same rows and the same fingerprints."""
    random_ = random.Random(table.name)
    makers = {
        "text": lambda: random_.choice(['"Zürich"', '"a\\"b\\u00e9"', '""', "null"]),
        "bigint": lambda: str(random_.randrange(-(10**18), 10**18)),
        "boolean": lambda: random_.choice(["true", "false", "null"]),
        "decimal": lambda: random_.choice(
            ["null", "-0.0", '"7.10"', f"{random_.randrange(10**15)}.{random_.randrange(99)}"]
        ),
        "date": lambda: random_.choice(["null", '""', '"1969-12-31T12:00:00"', '"0001-01-01"', '"2026-04-03"']),
        "instant": lambda: random_.choice(["null", '"2026-04-03T10:00:00.123456Z"', '"2026-04-03T10:00:00+02:00"']),
        "currency": lambda: random_.choice(["null", '""', '"EUR"', '"JPY"', '"XCG"']),
        "json": lambda: random_.choice(["null", '{"b": 1.50, "a": [1]}', "[]", '[{"x": "}{"}]']),
        "custom_fields": lambda: random_.choice(
            ["null", "[]", '[{"customFieldId": 7, "value": "a", "validFrom": null}]']
        ),
        "money": lambda: random_.choice(
            ["null", "[]", '{"currency": "SEK", "stringValue": "-0.10"}', '[{"quantity": 2.5, "amount": "7.50"}]']
        ),
    }
    records = []
    for number in range(1000):
        given = {column.field: makers[column.type]() for column in table.columns}
        for column in table.columns:
            if column.name in table.key:
                key = {
                    "bigint": str(number),
                    "date": f'"2026-01-{number % 28 + 1:02d}"',
                    "instant": f'"2026-01-01T10:00:00.{number:06d}Z"',
                }
                given[column.field] = key.get(column.type, f'"k{number}"')
        if number % 100 == 0:
            given["neverDeclared"] = '{"z": 1, "y": "ü"}'
        members = list(given.items())
        random_.shuffle(members)
        records.append(msgspec.Raw(("{" + ", ".join(f'"{name}": {value}' for name, value in members) + "}").encode()))
    with monkeypatch.context() as patched:
        patched.setattr(careful, "read", lambda *_: pytest.fail("the quick reader refused what fits"))
        quick = type_records(table, records)
    assert quick.misfits == []
    assert quick.rows.equals(_carefully(table, records, monkeypatch))


@pytest.mark.parametrize(
    ("given", "fit"), [("", 300), (', "lines": null', 300), (', "lines": "none"', 0), (', "lines": 7', 0)]
)
def test_records_without_the_lists_they_should_have_read_alike(
    given: str, fit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = raws(*(f'{{"id": "{number}"{given}}}' for number in range(300)))
    quick = type_records(accounting.INVOICES, records)
    assert (quick.rows.num_rows, len(quick.misfits)) == (fit, 300 - fit)
    assert quick.rows.equals(_carefully(accounting.INVOICES, records, monkeypatch))


@pytest.mark.parametrize("quick", [True, False], ids=["by blocks", "value by value"])
def test_an_empty_id_is_none(landing: Landing, monkeypatch: pytest.MonkeyPatch, quick: bool) -> None:
    if not quick:
        monkeypatch.setattr(typed, "_PATIENCE", 0)
    records = [*(f'{{"id": "{number}", "name": ""}}' for number in range(300)), '{"id": "", "name": "Bank"}']
    landed = landing.land(atlar.CONNECTIONS, raws(*records), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (300, 1)


def test_a_fingerprint_is_the_same_in_every_version_of_everything() -> None:
    (item,) = raws('{"id": 1, "amount": 100.0, "dueDate": "2026-04-03", "iban": "DE", "weight": 1.50}')
    (row,) = type_records(etrm.ORDER_ITEMS, [item]).rows.to_pylist()
    assert row["_fingerprint"] == KNOWN_FINGERPRINT


def told_by_hand(row: dict[str, Any]) -> str:
    """The fingerprint of a row of order items by the definition in `fingerprints.py`, in whole numbers of Python."""
    numbers: dict[str, int] = {}
    for name, value in row.items():
        if value is None or name == "_fingerprint":
            continue
        numbers[f"{name} is given"] = 1
        if isinstance(value, str):
            text = value.encode()
            numbers[f"{name} 0"] = len(text)
            text = hashlib.md5(text, usedforsecurity=False).digest() if len(text) >= 64 else text
            for at in range(0, len(text), 8):
                numbers[f"{name} {at // 8 + 1}"] = int.from_bytes(text[at : at + 8], "little")
        elif isinstance(value, Decimal):
            scaled = int(value.scaleb(10, Context(prec=60)))
            numbers[f"{name} 0"], numbers[f"{name} 1"] = scaled % 2**64, (scaled >> 64) % 2**64
        else:
            numbers[f"{name} 0"] = (value - date(1970, 1, 1)).days if isinstance(value, date) else value
    sums = [0, 0]
    for name, number in numbers.items():
        digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
        for at in (0, 1):
            sums[at] += number * (int.from_bytes(digest[8 * at : 8 * at + 8], "little") | 1)

    def mixed(number: int) -> int:
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            number = ((number ^ (number >> 33)) * factor) % 2**64
        return number ^ (number >> 33)

    first, second = (total % 2**64 for total in sums)
    return "4-" + mixed(first ^ mixed(second)).to_bytes(8, "little").hex()


def test_a_fingerprint_is_what_its_definition_says() -> None:
    """Random rows, so that nulls, negative numbers, long texts and short ones stand side by side in one piece."""
    chance = random.Random(64)
    texts = ["", "a", "DE", "1234567", "12345678", "123456789", "é" * 31, "é" * 32, "x" * 63, "x" * 64, "\0", "\0\0"]
    records = []
    for number in range(200):
        record: dict[str, Any] = {"id": chance.choice((number, -number, 2**63 - 1 - number))}
        for name in ("dealName", "glAccount", "iban", "later"):
            record[name] = chance.choice([None, *texts, "y" * chance.randrange(200)])
        for name in ("amount", "vat", "mtm"):
            record[name] = chance.choice(
                [None, f"{chance.randrange(-(10**28), 10**28)}.{chance.randrange(10**10):010}"]
            )
        for name in ("dueDate", "startCompensation"):
            record[name] = chance.choice([None, "1969-12-31", "0001-01-01", "2026-04-03"])
        records.append(json.dumps(record))
    rows = type_records(etrm.ORDER_ITEMS, raws(*records)).rows.to_pylist()
    assert len(rows) == len(records)
    assert [row["_fingerprint"] for row in rows] == [told_by_hand(row) for row in rows]
    assert len({row["_fingerprint"] for row in rows}) == len(rows)


KNOWN_FINGERPRINT = "4-d364278ebb7d12f4"


def test_a_column_declared_later_and_left_empty_is_no_change() -> None:
    narrow = RawTable("s", "t", ("id",), etrm.ORDER_ITEMS.columns[:8])
    records = raws('{"id": 1, "amount": 100.0}')
    assert (
        type_records(narrow, records).rows["_fingerprint"]
        == type_records(etrm.ORDER_ITEMS, records).rows["_fingerprint"]
    )


def test_what_differs_in_one_value_or_in_where_it_stands_has_another_fingerprint() -> None:
    largest = "1234567890123456789012345678.0123456789"
    amounts = ["null", "0", "1", "-1", "0.0000000001", "18446744073.709551616", largest, f"-{largest}"]
    days = ["null", '"2026-04-03"', '"2026-04-04"', '"1970-01-01"']
    records = [f'{{"id": {number}}}' for number in (0, 1, -1, 2**63 - 1, -(2**63))]
    for name in ("amount", "vat", "volume", "mtm", "pnl"):
        records += [f'{{"id": 7, "{name}": {value}}}' for value in amounts[1:]]
    for name in ("dueDate", "startCompensation"):
        records += [f'{{"id": 7, "{name}": {value}}}' for value in days[1:]]
    for name in ("orderId", "dealId", "status"):
        records += [f'{{"id": 7, "{name}": {value}}}' for value in (0, 1, -1, 2**62)]
    records += ['{"id": 7}', '{"id": 7, "amount": 1, "vat": -1}', '{"id": 7, "amount": -1, "vat": 1}']
    found = type_records(etrm.ORDER_ITEMS, raws(*records)).rows["_fingerprint"].to_pylist()
    assert len(set(found)) == len(records)
    alone = [type_records(etrm.ORDER_ITEMS, raws(text)).rows["_fingerprint"][0].as_py() for text in records]
    assert alone == found  # whatever stands beside a record, and whichever columns are null in all of a piece


def test_texts_side_by_side_do_not_run_together() -> None:
    one, other = raws('{"id": 1, "glAccount": "ab", "iban": "c"}', '{"id": 1, "glAccount": "a", "iban": "bc"}')
    third = raws('{"id": 1, "iban": "abc"}')[0]
    assert len(set(type_records(etrm.ORDER_ITEMS, [one, other, third]).rows["_fingerprint"].to_pylist())) == 3


def reopened(landing: Landing) -> Landing:
    return Landing(landing.landing_dir, landing.work_path, landing.dlt_dir, lambda: datetime(2027, 1, 1, tzinfo=UTC))


ITEMS = [GOOD.format(number) for number in range(1, 301)]


@pytest.mark.parametrize("damage", ["none", "deleted", "damaged", "behind"])
def test_the_index_of_latest_versions_may_be_lost(landing: Landing, damage: str) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING)
    index = landing._index(etrm.ORDER_ITEMS)
    before = index.read_bytes()
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS[:-1], '{"id": 300, "amount": 5}'), scope=EVERYTHING)
    if damage == "deleted":
        index.unlink()
    elif damage == "damaged":
        index.write_bytes(before[: len(before) // 2])
    elif damage == "behind":
        index.write_bytes(before)
    again = reopened(landing)
    assert again.land(etrm.ORDER_ITEMS, raws(*ITEMS[:-1], '{"id": 300, "amount": 5.0}'), scope=EVERYTHING).rows == 0
    assert again.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING).rows == 1
    assert reopened(again).land(etrm.ORDER_ITEMS, raws(*ITEMS[1:]), scope=EVERYTHING).rows == 1


def test_an_index_made_anew_has_the_vendors_order(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled = random.Random(5).sample(ITEMS, len(ITEMS))
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "METHOD", "1-")
        landing.land(etrm.ORDER_ITEMS, raws(*shuffled[:200]), scope=EVERYTHING)
        landing.land(etrm.ORDER_ITEMS, raws(*shuffled[50:]), scope=EVERYTHING)
    changed = [text.replace(".10", ".20") for text in shuffled[50:]]
    landing.land(etrm.ORDER_ITEMS, raws(*changed[::2], *shuffled[51::2]))
    order = landing.latest(etrm.ORDER_ITEMS)["id"].to_pylist()
    landing._index(etrm.ORDER_ITEMS).unlink()
    assert reopened(landing).latest(etrm.ORDER_ITEMS)["id"].to_pylist() == order
    assert order == [json.loads(text)["id"] for text in shuffled]


def test_a_large_index_is_written_in_the_background_in_order(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest_index, "_LARGE", 100)
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING)
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS[:-1], '{"id": 300, "amount": 5}'), scope=EVERYTHING)
    latest_index._SAVING.submit(lambda: None).result()
    read: list[int] = []
    real = typed._type_chunk
    monkeypatch.setattr(typed, "_type_chunk", lambda *given: read.append(len(given[1])) or real(*given))
    again = reopened(landing)
    assert again.land(etrm.ORDER_ITEMS, raws(*ITEMS[:-1], '{"id": 300, "amount": 5}'), scope=EVERYTHING).rows == 0
    assert not read  # every record was known by its bytes: the later of the two indexes stands


def test_an_unchanged_answer_is_not_even_read(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING)
    read: list[int] = []
    real = typed._type_chunk
    monkeypatch.setattr(typed, "_type_chunk", lambda *given: read.append(len(given[1])) or real(*given))
    again = reopened(landing)
    assert again.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING).rows == 0
    assert again.land(etrm.ORDER_ITEMS, raws(*ITEMS[:-1], '{"id": 300, "amount": 5}'), scope=EVERYTHING).rows == 1
    assert read == [1]


def test_a_known_record_and_a_contradiction_of_it_are_both_refused(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING)
    landed = landing.land(etrm.ORDER_ITEMS, raws(*ITEMS, '{"id": 300, "amount": 5}'), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (0, 2)


def test_fingerprints_of_an_earlier_method_are_not_taken_for_changes(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "METHOD", "1-")
        first = '{"id": 1, "customFieldValues": [{"customFieldId": 7, "value": 1.50}], "new": 1}'
        landing.land(etrm.COUNTERPARTIES, raws(first))
    landing._index(etrm.COUNTERPARTIES).unlink()
    latest = latest_index.read(
        etrm.COUNTERPARTIES, landing.files("atlas_etrm", "counterparties"), landing._index(etrm.COUNTERPARTIES)
    )
    assert latest["_fingerprint"][0].as_py().startswith("4-")
    same = '{"new": 1.0, "customFieldValues": [{"value": 1.5, "customFieldId": 7}], "id": 1}'
    assert reopened(landing).land(etrm.COUNTERPARTIES, raws(same)).rows == 0


@pytest.fixture
def whole_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every landing file counts as a large one, and ATLAS ETRM's tables alone are loaded."""
    monkeypatch.setattr(by_dlt, "_WHOLE_FROM", 1)
    monkeypatch.setattr(extract, "DATASETS", extract.DATASETS[:1])


@pytest.mark.usefixtures("whole_files")
def test_large_files_are_loaded_whole_and_a_column_declared_later_is_added(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING)
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS[1:]), scope=EVERYTHING)
    extract.load_backlog(landing)
    everything = (
        "select count(*), count(_dlt_load_id), count(distinct _landing_file), sum(amount), "
        "count(*) filter (_is_deleted) from raw_atlas_etrm.order_items"
    )
    expected = (301, 301, 2, sum(Decimal(f"{number}.10") for number in range(1, 301)), 1)
    with duckdb.connect(str(landing.work_path)) as connection:
        assert connection.sql(everything).fetchall() == [expected]
        connection.execute("alter table raw_atlas_etrm.order_items drop column iban")
    assert extract.load_backlog(landing).changed == frozenset()
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        assert connection.sql(everything).fetchall() == [expected]
        assert connection.sql("select count(iban) from raw_atlas_etrm.order_items").fetchall() == [(0,)]


def test_a_killed_landing_leaves_nothing_behind(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        landing.land(etrm.ORDER_ITEMS, [*raws(*ITEMS), object()])  # type: ignore[list-item]
    assert [path for path in (tmp_path / "landing").rglob("*") if path.is_file()] == []
