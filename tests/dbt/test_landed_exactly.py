"""From the vendor's JSON through raw and staging and back to JSON: every amount and every text is what was sent.

One build for all: 10⁵ random amounts of up to 18 digits, the Big List of Naughty Strings, later versions, tombstones.
"""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import msgspec
import pytest
from raw_fixture import build, query

from pipelines import extract
from pipelines.atlas_etrm import tables
from pipelines.atlas_etrm.client import NUMBERS
from pipelines.landing import Landing
from pipelines.transport import exact
from pipelines.versions.versioning import EVERYTHING

NAUGHTY: list[str] = json.loads(
    (Path(__file__).resolve().parents[1] / "fixtures" / "blns" / "blns.json").read_text(encoding="utf-8")
)
TEXTS = ("name", "description", "orderType", "documentReference", "status", "erpCode", "contractCode")
STAGED = ("order_name", "description", "order_type", "document_reference", "order_status", "erp_code", "contract_code")


def random_amounts() -> Iterator[str]:
    """JSON numbers of 1 to 18 digits, at most ten of them behind the point."""
    chance = random.Random(210)
    while True:
        digits = chance.randrange(1, 19)
        places = chance.randrange(0, min(digits, 10) + 1)
        whole = str(chance.randrange(10 ** (digits - 1), 10**digits))
        head, tail = whole[: digits - places] or "0", whole[digits - places :]
        yield f"{chance.choice(['', '-'])}{head}{'.' if tail else ''}{tail}"


AMOUNTS = [amount for amount, _ in zip(random_amounts(), range(100_000), strict=False)]


@dataclass(frozen=True)
class Company:
    """What was landed, loaded and staged."""

    path: Path
    quarantined: int


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("exact")
    seconds = count()
    now = lambda: datetime(2026, 4, 10, tzinfo=UTC) + timedelta(seconds=next(seconds))  # noqa: E731
    landing = Landing(folder / "landing", folder / "work.duckdb", folder / "dlt", now)
    items = "[" + ",".join(f'{{"id":{at},"amount":{amount}}}' for at, amount in enumerate(AMOUNTS)) + "]"
    orders = json.dumps([{"id": at, **dict.fromkeys(TEXTS, text)} for at, text in enumerate(NAUGHTY)])
    quarantined = 0
    former = '[{"id":-1,"totalAmount":1.00},{"id":-2,"totalAmount":2.00}]'
    later = f'{orders[:-1]},{{"id":-1,"totalAmount":12345678901234567.89}}]'
    for table, records in ((tables.ORDER_ITEMS, items), (tables.ORDERS, former), (tables.ORDERS, later)):
        sent = msgspec.json.decode(records, type=list[msgspec.Raw])
        quarantined += landing.land(table, sent, scope=EVERYTHING).quarantined
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(extract, "DATASETS", extract.DATASETS[:1])
        extract.load_backlog(landing)
    models = ("stg_atlas_etrm__order_items", "stg_atlas_etrm__orders")
    build(landing.work_path, "--select", *models, target=folder / "target", command="run")
    return Company(landing.work_path, quarantined)


def test_nothing_is_set_aside_and_no_column_is_a_float_or_a_second_one(company: Company) -> None:
    assert company.quarantined == 0
    wrong = query(
        company.path,
        "select table_schema, table_name, column_name from information_schema.columns "
        "where data_type in ('DOUBLE', 'FLOAT', 'REAL') or contains(column_name, '__v_')",
    )
    assert wrong == []


def test_a_hundred_thousand_amounts_are_the_same_bytes_from_json_to_json(company: Company) -> None:
    rows = query(
        company.path,
        "select raw.amount as raw, staged.amount as staged from raw_atlas_etrm.order_items as raw "
        "inner join staging.stg_atlas_etrm__order_items as staged on raw.id = staged.order_item_id order by raw.id",
    )
    assert len(rows) == len(AMOUNTS) == 100_000
    for row, sent in zip(rows, AMOUNTS, strict=True):
        places = len(sent.partition(".")[2])
        written = sent if Decimal(sent) else sent.replace("-", "")  # a zero has no sign
        for value in row.values():
            back = exact.dumps({"amount": format(value, f".{places}f")}, numbers=NUMBERS)
            assert back == b'{"amount":%b}' % written.encode()
            assert value == Decimal(sent)


def test_every_naughty_string_is_what_was_sent(company: Company) -> None:
    raw = query(company.path, "select * from raw_atlas_etrm.orders where id >= 0 order by id")
    staged = query(company.path, "select * from staging.stg_atlas_etrm__orders where order_id >= 0 order by order_id")
    for sent, row, shown in zip(NAUGHTY, raw, staged, strict=True):
        for name in ("name", "description", "order_type", "document_reference", "status", "erp_code", "contract_code"):
            assert row[name] == sent
        for name in STAGED:
            assert shown[name] == without_blanks(sent)


def without_blanks(text: str) -> str | None:
    """As staging shows a text: blanks at its ends, of any script, are taken away, and an empty text is none."""
    blanks = "".join({character for character in text if unicodedata.category(character) == "Zs"})
    return (text.strip(blanks) if blanks else text) or None


def test_a_later_version_and_a_tombstone_are_what_staging_shows(company: Company) -> None:
    rows = query(company.path, "select order_id, total_amount from staging.stg_atlas_etrm__orders where order_id < 0")
    assert rows == [{"order_id": -1, "total_amount": Decimal("12345678901234567.89")}]
