"""Promise 13: a bad record is kept with its reason and stops no good one; received = landed + quarantined.

Faults: what vendors really send, planted among the records of their own answers: ids that are missing or come twice,
amounts that are no number, too large or too fine, dates at both ends of the calendar, values of another type, texts
of the Big List of Naughty Strings, oddities of JSONTestSuite, bytes that are no text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import msgspec
import pyarrow.parquet as pq
import pytest
from bending import COUNTERPARTIES, INVOICES, ORDERS, Records, Target, bent, changed
from counts import some
from landed import AS_OF, Held, everything, held, land, quarantined
from vendors import Vendors

from pipelines.atlas_etrm import tables
from pipelines.extract import extract
from pipelines.landing import Landing

DEEP = "[" * 3_000 + "]" * 3_000


@dataclass(frozen=True)
class Dirt:
    """A change to a good order that makes it odd, and whether it may land."""

    members: dict[str, str | None]
    lands: bool
    reads: tuple[str, Any] | None = None
    """A column of the landed row and its value."""


DIRT: dict[str, Dirt] = {
    "id is null": Dirt({"id": "null"}, lands=False),
    "id is missing": Dirt({"id": None}, lands=False),
    "id is a text": Dirt({"id": '"order seven"'}, lands=False),
    "id has a fraction": Dirt({"id": "7.5"}, lands=False),
    "id is larger than 64 bits": Dirt({"id": "99999999999999999999"}, lands=False),
    "amount is NaN": Dirt({"totalAmount": "NaN"}, lands=False),
    "amount is Infinity": Dirt({"totalAmount": "Infinity"}, lands=False),
    "amount is -Infinity": Dirt({"totalAmount": "-Infinity"}, lands=False),
    "amount is the text NaN": Dirt({"totalAmount": '"NaN"'}, lands=False),
    "amount is 1e30": Dirt({"totalAmount": "1e30"}, lands=False),
    "amount has 38 digits": Dirt({"totalAmount": "12345678901234567890123456789012345678"}, lands=False),
    "amount is finer than ten places": Dirt({"totalAmount": "0.00000000001"}, lands=False),
    "amount is a word": Dirt({"totalAmount": '"a lot"'}, lands=False),
    "amount is an object": Dirt({"totalAmount": '{"value": 1}'}, lands=False),
    "amount is true": Dirt({"totalAmount": "true"}, lands=False),
    "date does not exist": Dirt({"dueDate": '"2026-02-30T00:00:00"'}, lands=False),
    "date is a word": Dirt({"dueDate": '"soon"'}, lands=False),
    "date is a number": Dirt({"dueDate": "20260410"}, lands=False),
    "name is a list": Dirt({"name": "[1, 2]"}, lands=False),
    "name is very deep": Dirt({"name": DEEP}, lands=False),
    "amount is -0": Dirt({"totalAmount": "-0"}, lands=True, reads=("total_amount", Decimal(0))),
    "amount is negative": Dirt({"totalAmount": "-12.340"}, lands=True, reads=("total_amount", Decimal("-12.34"))),
    "amount has 28 and 10 digits": Dirt(
        {"totalAmount": "1234567890123456789012345678.0123456789"},
        lands=True,
        reads=("total_amount", Decimal("1234567890123456789012345678.0123456789")),
    ),
    "amount is a decimal text": Dirt({"totalAmount": '"74400.00"'}, lands=True, reads=("total_amount", Decimal(74400))),
    "amount is 1E2": Dirt({"totalAmount": "1E2"}, lands=True, reads=("total_amount", Decimal(100))),
    "amount is null": Dirt({"totalAmount": "null"}, lands=True, reads=("total_amount", None)),
    "amount is missing": Dirt({"totalAmount": None}, lands=True, reads=("total_amount", None)),
    "date is in the year 1": Dirt({"dueDate": '"0001-01-01T00:00:00"'}, lands=True),
    "date is in the year 9999": Dirt({"dueDate": '"9999-12-31T00:00:00"'}, lands=True),
    "date is empty": Dirt({"dueDate": '""'}, lands=True, reads=("due_date", None)),
    "a field is new": Dirt({"extra": '{"deep": [1.10]}'}, lands=True),
}

NO_RECORDS = ("17", "1.5", '"an order"', "null", "true", "[]", '[{"id": 1}]')

NAUGHTY = (
    "",
    "undefined",
    "null",
    "NULL",
    "NaN",
    "-1/0",
    "1e400",
    "0x10",
    "true",
    " leading and trailing ",
    "tab\tand\nnewline\r\n",
    "\x01\x02\x7f",
    "\u0000",
    "before\u0000after",
    "\ufeff",
    "\u200b\u200c\u200d\u2060",
    "\u202ereversed\u202c",
    "¸˛Ç◊ı˜Â¯˘¿",
    "田中さんにあげて下さい",
    "الكل في المجمو عة",
    "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈",
    "\U0010ffff",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "Ⅷ ½ ㎏ ﬁ",
    "'; drop table orders; --",
    "' or 1=1 --",
    "\"; select * from read_csv('/etc/passwd'); --",
    "$1 ? :name {{ var }} ${HOME} %s %n",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\\",
    '\\"',
    "\\u0041",
    "a" * 100_000,
)


TEXTS = tuple(enumerate(NAUGHTY))


def planted(records: Records, dirt: dict[str, Dirt]) -> Records:
    good = records[0]
    return [
        changed(good, **{"id": str(900_000 + at), "description": json.dumps(what), **one.members})
        for at, (what, one) in enumerate(dirt.items())
    ]


def test_bad_records_are_set_aside_and_good_ones_are_as_ever(
    vendors: Vendors, landing: Landing, clean: dict[str, Held]
) -> None:
    received: Records = []

    def edit(records: Records) -> Records:
        nothing = [msgspec.Raw(text.encode()) for text in NO_RECORDS]
        texts = [changed(records[0], id=str(910_000 + at), name=json.dumps(text)) for at, text in TEXTS]
        received[:] = [*planted(records, DIRT), *texts, *records, *nothing]
        return received

    vendors.wires["atlas_etrm"].after = bent(ORDERS, edit)
    result = extract(vendors.clients(), landing, as_of=AS_OF, only=frozenset([ORDERS.name]))

    with duckdb.connect(str(landing.work_path), read_only=True) as work:
        aside = work.sql(
            "select reason, payload, quarantined_at from quarantine.records where table_name = 'orders'"
        ).fetchall()
        rows = {row[0]: row for row in work.sql("select description, id from raw_atlas_etrm.orders").fetchall()}
        columns = {row[0]: row[1] for row in work.sql("describe raw_atlas_etrm.orders").fetchall()}
        texts = dict(work.sql("select id - 910000, name from raw_atlas_etrm.orders where id >= 910000").fetchall())
        count = work.sql("select count(*) from raw_atlas_etrm.orders").fetchone()
        values = {
            (what, one.reads[0]): work.execute(
                f'select "{one.reads[0]}" from raw_atlas_etrm.orders where description = ?', [what]
            ).fetchone()
            for what, one in DIRT.items()
            if one.reads
        }
    assert count is not None
    assert count[0] + len(aside) == len(received)
    assert result.quarantined == len(aside)
    assert {what for what, one in DIRT.items() if one.lands} == {what for what in DIRT if what in rows}
    assert [what for what, one in DIRT.items() if not one.lands and not any(what in row[1] for row in aside)] == []
    assert all(reason and payload and at for reason, payload, at in aside)
    assert values == {(what, one.reads[0]): (one.reads[1],) for what, one in DIRT.items() if one.reads}
    assert texts == dict(TEXTS)
    assert columns["total_amount"] == "DECIMAL(38,10)"
    assert not [name for name in columns if "__v_" in name]
    good = {key: print_ for key, print_ in held(landing, tables.ORDERS).records.items() if key[0] < 900_000}
    assert good == clean[ORDERS.name].records  # every amount of every good record, exactly


@pytest.mark.parametrize("what", [list(DIRT)[number] for number in some(len(DIRT), 8)])
def test_one_bad_record_alone_leaves_all_others(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], what: str
) -> None:
    vendors.wires["atlas_etrm"].after = bent(ORDERS, lambda records: [*records, *planted(records, {what: DIRT[what]})])
    land(vendors.clients(), landing, frozenset([ORDERS.name]))
    records = held(landing, tables.ORDERS).records
    assert {key: records.get(key) for key in clean[ORDERS.name].records} == clean[ORDERS.name].records
    assert len(records) + len(quarantined(landing)) == len(clean[ORDERS.name].records) + 1
    assert len(quarantined(landing)) == (0 if DIRT[what].lands else 1)


def test_two_records_that_contradict_each_other_are_both_set_aside(
    vendors: Vendors, landing: Landing, clean: dict[str, Held]
) -> None:
    def edit(records: Records) -> Records:
        twice = [changed(records[0], id="900000", totalAmount=amount) for amount in ("1.00", "2.00")]
        same = [changed(records[0], id="900001")] * 2
        return [*records, *twice, *same]

    vendors.wires["atlas_etrm"].after = bent(ORDERS, edit)
    land(vendors.clients(), landing, frozenset([ORDERS.name]))
    records = held(landing, tables.ORDERS).records
    assert records.keys() - clean[ORDERS.name].records.keys() == {(900_001,)}  # twice the same is once
    assert {row["record_key"] for row in quarantined(landing)} == {"900000"}


@pytest.mark.parametrize("is_escaped", [True, False], ids=["escaped", "as it is"])
@pytest.mark.parametrize("target", [ORDERS, INVOICES, COUNTERPARTIES], ids=lambda target: target.name)
def test_every_text_lands_as_it_is(vendors: Vendors, landing: Landing, target: Target, is_escaped: bool) -> None:
    def edit(records: Records) -> Records:
        texts = {f"{at}": json.dumps(text, ensure_ascii=is_escaped) for at, text in enumerate(NAUGHTY)}
        ids = {at: at if target is ORDERS else f'"naughty-{at}"' for at in texts}
        return [changed(records[0], **{"id": str(ids[at]), target.text: text}) for at, text in texts.items()]

    vendors.wires[target.system].after = bent(target, edit)
    land(vendors.clients(), landing, frozenset([target.name]))
    column = "legal_name" if target.text == "legalName" else target.text
    files = landing.files(target.system, target.table)
    found = {text for file in files for text in pq.read_table(file)[column].to_pylist()}
    assert not quarantined(landing)
    assert set(NAUGHTY) - found == set()


ODD = {
    "a bare NaN": b"NaN",
    "a bare -Infinity": b"-Infinity",
    "nesting without end": b"[" * 20_000 + b"]" * 20_000,
    "a lone surrogate": b'"\\ud800"',
    "bytes that are no UTF-8": b'"\xff\xfe"',
    "a UTF-8 surrogate": b'"\xed\xa0\x80"',
    "a raw control character": b'"a\x01b"',
    "a member that comes twice": b'"first", "name": "second"',
    "a number like no other": b"123e65536",
    "a long number": b"1" * 10_000,
}
"""Of JSONTestSuite: what parsers disagree about."""


@pytest.mark.parametrize("target", [ORDERS, INVOICES, COUNTERPARTIES], ids=lambda target: target.name)
@pytest.mark.parametrize("what", ODD)
def test_an_oddity_stops_no_other_record(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], target: Target, what: str
) -> None:
    """At every vendor: each client reads its lists through the same salvage."""
    spoilt: list[object] = []

    def edit(records: Records) -> Records:
        ids = [msgspec.json.decode(record)["id"] for record in records]
        spoilt[:] = spoilt or ids[:1]
        place = [changed(record, **{target.text: '"PLACE"'}) for record in records]
        return [
            msgspec.Raw(bytes(place[at]).replace(b'"PLACE"', ODD[what])) if ids[at] in spoilt else record
            for at, record in enumerate(records)
        ]

    vendors.wires[target.system].after = bent(target, edit)
    land(vendors.clients(), landing, frozenset([target.name]))
    records = everything(landing, target.system)[target.name].records
    good = {key: print_ for key, print_ in clean[target.name].records.items() if key != tuple(spoilt)}
    assert {key: records.get(key) for key in good} == good
    assert len(records) + len(quarantined(landing)) == len(good) + 1


def test_a_record_that_turns_bad_is_not_called_gone(vendors: Vendors, landing: Landing, clean: dict[str, Held]) -> None:
    land(vendors.clients(), landing)
    spoilt = lambda records: [changed(records[0], totalAmount='"?"'), *records[1:]]  # noqa: E731
    vendors.wires["atlas_etrm"].after = bent(ORDERS, spoilt)
    land(vendors.clients(), landing)
    assert everything(landing)[ORDERS.name] == clean[ORDERS.name]
    assert len(quarantined(landing)) == 1


def test_the_same_bad_record_is_quarantined_once(vendors: Vendors, landing: Landing) -> None:
    vendors.wires["atlas_etrm"].after = bent(
        ORDERS, lambda records: [*records, *planted(records, {"no id": Dirt({"id": None}, lands=False)})]
    )
    for _ in range(3):
        land(vendors.clients(), landing, frozenset([ORDERS.name]))
    assert len(quarantined(landing)) == 1


def test_no_raw_file_ever_holds_a_float(vendors: Vendors, landing: Landing) -> None:
    land(vendors.clients(), landing)
    files = list(landing.landing_dir.glob("*/*/*.parquet"))
    types = {str(column.type) for file in files for column in pq.read_schema(file)}
    assert files
    assert not {kind for kind in types if kind.startswith(("float", "double", "half"))}
