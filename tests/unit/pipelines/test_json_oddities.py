# ruff: noqa: E501, SIM905  (tables of odd texts, as many on a line as are alike)
"""Promise 13, by the grammar of JSON: whatever stands where a value should, the records beside it land as ever.

Each text of the tables below takes the place of a value inside one record of an ATLAS ETRM answer, and then of a whole
record. Where the answer still ends where it should, the good records land and the odd one lands or is set aside; where
the text swallows the answer's end, the answer is refused as a whole and nothing changes. Never anything between.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import Moments, VirtualClock, raws

from pipelines.atlas_etrm import tables
from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from pipelines.landing import Landing
from pipelines.records import careful
from pipelines.records.typed import type_records
from pipelines.transport.errors import UnexpectedAnswer
from pipelines.versions.versioning import EVERYTHING

NUMBERS = """
0 -0 0.0 -0.0 1 -1 12 1.5 1e1 1E1 1e+1 1e-1 1.5e3 0e0 0e+1 123456789012345678901234567890 1e400 -1e400 1e-400 123e65536
0.00000000000000000000000000001 100000000000000000000 -12345678901234567.89
-01 01 00 -00 00.0 012 -012 +1 ++1 +Inf - -- -. -x -1x 1x 1.1x . .1 -.1 1. -2. 2.e3 2.e+3 2.e-3 0. 0.e1 0.3e 0.3e+ 0e 0e+
0E 0E+ 1.0e 1.0e+ 1.0e- 1e 1e- 1eE2 1ee2 1e1.5 1_000 1,000 0x1 0x42 -0x1 0b1 1f 1L 1.2.3 1-2 1+2 1/2 1e1e1 9.e+ 1 000
NaN -NaN +NaN nan Nan Infinity -Infinity +Infinity inf -inf Inf INF ∞ ١ １ ½ $1 1€ 1% (1)
""".split()

WORDS = """
true false null True TRUE False None NULL Null nul nulll tru truee fals fasle nope undefined true1 nulltrue truefalse
yes no on off t f n a a' a" \\a \\u0041 # // /**/ /*x*/1 1/**/ 1//x ; & && @ ! ` ' '' 'a' “a” <a> <!-- -->
""".split()

STRINGS = [
    *(
        '""',
        '"a"',
        '" "',
        '"\\""',
        '"\\\\"',
        '"\\/"',
        '"\\b\\f\\n\\r\\t"',
        '"\\u0041"',
        '"\\u00e9"',
        '"\\u0000"',
        '"\\u007f"',
    ),
    *(
        '"\\ud83d\\ude00"',
        '"\\uD834\\uDd1e"',
        '"\\uffff"',
        '"\\ufffe"',
        '"\\u2028\\u2029"',
        '"\\u202e"',
        '"é"',
        '"€"',
        '"\U0010ffff"',
    ),
    *(
        '"\\ud800"',
        '"\\udc00"',
        '"\\ud800\\ud800"',
        '"\\ud800a"',
        '"\\ud800\\n"',
        '"\\udd1e\\ud834"',
        '"\\ud83d\\u0041"',
    ),
    *(
        '"\\x"',
        '"\\x41"',
        '"\\a"',
        '"\\0"',
        '"\\047"',
        '"\\\'"',
        '"\\ "',
        '"\\u"',
        '"\\u1"',
        '"\\u12"',
        '"\\u123"',
        '"\\u00g0"',
    ),
    *(
        '"\\U0041"',
        '"\\u{41}"',
        '"a\nb"',
        '"a\tb"',
        '"a\rb"',
        '"\x00"',
        '"\x01"',
        '"\x1f"',
        '"\x7f"',
        '"a""b"',
        '"a"b',
        'a"b"',
    ),
    *('"a" "b"', '"a","b"', '"a":"b"', '"a', 'a"', '"\\', '"\\"', '"\\\\\\"'),
]

BYTES = [
    *(b'"\xff"', b'"\xc3"', b'"\xc3\x28"', b'"\xa0\xa1"', b'"\xe2\x28\xa1"', b'"\xf0\x28\x8c\xbc"', b'"\xc0\xaf"', b'"\xe0\x80\x80"'),
    *(b'"\xed\xa0\x80"', b'"\xed\xbf\xbf"', b'"\xf4\x90\x80\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\xfe"', b'"a\x80"', b"\xff", b"\xef\xbb\xbf1"),
    b"\x00", b'"\xef\xbb\xbf"', '"a"'.encode("utf-16"), '"é"'.encode("latin-1"),
]  # fmt: skip

STRUCTURES = [
    *("[]", "[[]]", "[1]", "[1,2]", "[1 ,  2]", "[\n]", "[null]", '["a"]', "[{}]", "[,]", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1:2]"),
    *("[-]", "[a]", "[1}", "[NaN]", "[tru]", '["\\ud800"]', "{}", '{"a":1}', '{"a":{}}', '{"a":[{"b":null}]}', '{"a":1,"a":2}', '{"":0}'),
    *('{"a" : 1}', "{,}", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a" 1}', '{"a"::1}', '{"a":1 "b":2}', "{a:1}", "{1:1}", "{'a':1}"),
    *('{null:1}', '{"a":1,,"b":2}', '{"a":1;"b":2}', '{[1]:2}', '{"a":[}', '{"a"=1}', '{"a":/*x*/1}', "{}{}", "[][]", "{} {}", "[]1"),
    *("[", "]", "{", "}", "[[", "]]", "{{", "}}", "[{", "}]", '{"a":', '{"a', "[1", '["a', "\f", "\v", "\u00a0", "\ufeff", "\u2060", "", " "),
    "[" * 500 + "]" * 500, "[" * 50_000 + "]" * 50_000, "[" * 50_000, '{"a":' * 50_000, '{"a":' * 5_000 + "1" + "}" * 5_000,
]  # fmt: skip

ALL = [
    *(text.encode() for text in (*NUMBERS, *WORDS, *STRINGS, *STRUCTURES)),
    *BYTES,
]

GOOD = [f'{{"id":{number},"name":"order {number}","totalAmount":{number}.10}}'.encode() for number in range(1, 6)]


def landed_of(landing: Landing) -> dict[int, Any]:
    rows = [row for file in landing.files("atlas_etrm", "orders") for row in pq.read_table(file).to_pylist()]
    return {row["id"]: (row["name"], str(row["total_amount"])) for row in rows if not row["_is_deleted"]}


EXPECTED = {number: (f"order {number}", f"{number}.1000000000") for number in range(1, 6)}


def answer_of(records: list[bytes]) -> bytes:
    return b'{"success":true,"recordCount":%d,"data":[' % len(records) + b",".join(records) + b"]}"


def read(clock: VirtualClock, records: list[bytes]) -> list[msgspec.Raw]:
    def vendor(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"success": True, "data": {"token": "t"}})
        return httpx.Response(200, content=answer_of(records))

    client = AtlasEtrmClient(AtlasEtrmConfig("https://etrm.test", "u", "p", 0), clock.clockwork(vendor))
    return client.all_orders()


@pytest.mark.parametrize("place", ["a value", "a record"])
def test_whatever_stands_there_the_other_records_land_or_nothing_does(
    tmp_path: Path, clock: VirtualClock, place: str
) -> None:
    refused_whole = set()
    for number, text in enumerate(ALL):
        odd = b'{"id":99,"name":' + text + b',"totalAmount":1}' if place == "a value" else text
        landing = Landing(tmp_path / f"{number}", tmp_path / f"w{number}" / "work.duckdb", tmp_path / "dlt", Moments())
        try:
            records = read(clock, [*GOOD[:3], odd, *GOOD[3:]])
        except UnexpectedAnswer as error:
            assert error.body, text[:80]
            refused_whole.add(text)
            continue
        landed = landing.land(tables.ORDERS, records, scope=EVERYTHING)
        found = landed_of(landing)
        assert {key: found.get(key) for key in EXPECTED} == EXPECTED, text[:80]
        assert landed.rows + landed.quarantined == len(records) == 6, text[:80]
    # What is closed in itself, or opens nothing, concerns its own record alone.
    contained = {text for text in ALL if not set(text) & set(b'[]{}",')}
    assert refused_whole & contained <= {b"", b" "}
    assert len(refused_whole) < len(ALL) / 3


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=200), st.booleans())
def test_every_text_lands_as_it_is_by_either_reader(texts: list[str], is_escaped: bool) -> None:
    records = raws(
        *(
            json.dumps({"id": at, "name": text, "description": f"{text}{text}"}, ensure_ascii=is_escaped)
            for at, text in enumerate(texts * 2)
        )
    )
    quick = type_records(tables.ORDERS, records)
    assert quick.misfits == []
    assert quick.rows["name"].to_pylist() == texts * 2
    reasons: dict[int, str] = {}
    by_value = careful.read(tables.ORDERS, records, reasons)
    assert reasons == {}
    for column, array in zip(tables.ORDERS.columns, by_value, strict=False):
        assert quick.rows[column.name].to_pylist() == array.to_pylist()
