"""Rows behind tables that are as declared: what dlt would have loaded, all of them or none, and without dlt."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from virtual import raws

from pipelines import extract
from pipelines.atlas_accounting import tables as accounting
from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.loading import appending, by_dlt
from pipelines.versions.versioning import EVERYTHING

ITEMS = [
    '{"id": 1, "orderId": 7, "amount": 1234567890123456.78, "status": 2, "dueDate": "2026-04-30T00:00:00"}',
    '{"id": 2, "orderId": 7, "amount": -0.0000000001, "status": 2, "dueDate": "9999-12-31", "unheard": {"of": [1]}}',
    '{"id": 3, "orderId": null, "amount": null, "status": 2, "dealName": "Größe \\"Süd\\" \\u2028 \\n"}',
]
CHANGED = ITEMS[1].replace("-0.0000000001", "12345678901234567890123456.0000000001")
COUNTERPARTY = '{"id": 57, "legalName": "Énergie & Fils", "customFieldValues": [{"customFieldId": 7, "value": "A"}]}'
INVOICE = (
    '{"id": "inv-%d", "total_amount": "%d.10", "status": "sent", "updated_at": "2026-03-01T10:00:00.123456+02:00", '
    '"lines": [{"amount": "1.10"}]}'
)


TABLES = ("order_items", "counterparties", "invoices", "records")
NARROW = tuple(
    replace(dataset, tables=tuple(table for table in dataset.tables if table.name in TABLES))
    for dataset in (*extract.DATASETS[:2], extract.DATASETS[-1])
)
"""Four tables of three datasets are enough, and quicker."""


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads these tables alone."""
    monkeypatch.setattr(extract, "DATASETS", NARROW)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every table is made and some have rows; tests copy it."""
    folder = tmp_path_factory.mktemp("loaded")
    landing = landing_of(folder)
    landing.land(etrm.ORDER_ITEMS, raws(*ITEMS), scope=EVERYTHING)
    landing.land(accounting.INVOICES, raws(INVOICE % (1, 1)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(extract, "DATASETS", NARROW)
        extract.load_backlog(landing)
    return folder


@pytest.fixture
def made(loaded: Path, tmp_path: Path) -> Landing:
    """A copy of `loaded`."""
    return landing_of(shutil.copytree(loaded, tmp_path / "copy"))


def landing_of(folder: Path) -> Landing:
    return Landing(folder / "landing", folder / "work.duckdb", folder / "dlt", lambda: datetime.now(UTC))


def change(landing: Landing) -> None:
    """A version, a tombstone, first records of a table, a refusal."""
    landing.land(etrm.ORDER_ITEMS, raws(ITEMS[0], CHANGED, '{"id": 4, "amount": NaN}'))
    landing.land(etrm.ORDER_ITEMS, raws(ITEMS[0], CHANGED), scope=EVERYTHING)
    landing.land(etrm.COUNTERPARTIES, raws(COUNTERPARTY))
    landing.land(accounting.INVOICES, raws(INVOICE % (2, 2), INVOICE % (3, 3)))


def without_dlt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_dlt, "load", lambda *_: pytest.fail("dlt was asked"))


def query(landing: Landing, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def everything(landing: Landing) -> dict[str, list[tuple[Any, ...]]]:
    """Columns with types, and rows, of every table but dlt's own."""
    names = query(
        landing,
        "select table_schema || '.' || table_name from information_schema.tables "
        "where not starts_with(table_name, '_dlt') order by all",
    )
    rows = {name: query(landing, f"select * exclude (_dlt_load_id) from {name} order by all") for (name,) in names}
    columns = query(
        landing,
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where not starts_with(table_name, '_dlt') order by table_schema, table_name, ordinal_position",
    )
    return {"columns": columns, **rows}


def test_what_is_appended_is_what_dlt_loads(made: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    change(made)
    with monkeypatch.context() as patched:
        without_dlt(patched)
        assert extract.load_backlog(made).changed == {
            "atlas_etrm.order_items",
            "atlas_etrm.counterparties",
            "atlas_accounting.invoices",
            "quarantine.records",
        }
        appended = everything(made)
        assert extract.load_backlog(made).changed == frozenset()
    made.work_path.unlink()
    extract.load_backlog(made)
    assert everything(made) == appended
    assert len(appended["raw_atlas_etrm.order_items"]) == 5


def test_every_load_is_explained_and_later_than_the_one_before(made: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)  # a clock set back, which then stands
    for number in (2, 3):
        made.land(accounting.INVOICES, raws(INVOICE % (number, number)))
        extract.load_backlog(made)
    loads = query(
        made,
        "select invoices.id, loads.status, loads.schema_name, loads.schema_version_hash = version.version_hash "
        "from raw_atlas_accounting.invoices join raw_atlas_accounting._dlt_loads as loads "
        "on invoices._dlt_load_id = loads.load_id cross join raw_atlas_accounting._dlt_version as version "
        "order by loads.load_id::decimal(20, 7), invoices.id",
    )
    assert loads == [(f"inv-{number}", 0, "atlas_accounting", True) for number in (1, 2, 3)]
    assert query(made, "select count(distinct load_id) = 3, count(*) = 3 from raw_atlas_accounting._dlt_loads") == [
        (True, True)
    ]


@pytest.mark.parametrize("at", ["_insert", "_note"])
@pytest.mark.parametrize("number", [1, 2])
def test_all_is_appended_or_nothing(made: Landing, monkeypatch: pytest.MonkeyPatch, at: str, number: int) -> None:
    before = everything(made)
    change(made)
    calls = iter(range(1, 100))
    call = getattr(appending, at)

    def fails(*given: Any) -> None:
        call(*given)
        if next(calls) == number:
            raise OSError("no space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr(appending, at, fails)
        extract.load_backlog(made)
    assert everything(made) == before
    extract.load_backlog(made)
    assert query(made, "select count(*) from raw_atlas_etrm.order_items") == [(5,)]
    assert query(made, "select count(*) from raw_atlas_accounting.invoices") == [(3,)]


def test_a_file_from_before_a_column_was_declared_has_nulls_in_it(
    made: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = tuple(column for column in etrm.COUNTERPARTIES.columns if column.name != "legal_name")
    made.land(replace(etrm.COUNTERPARTIES, columns=columns), raws(COUNTERPARTY))
    made._latest.clear()
    made.land(etrm.COUNTERPARTIES, raws(COUNTERPARTY.replace("57", "58")))
    without_dlt(monkeypatch)
    extract.load_backlog(made)
    assert query(made, "select id, legal_name from raw_atlas_etrm.counterparties order by id") == [
        (57, None),
        (58, "Énergie & Fils"),
    ]


def test_rows_of_a_file_that_are_there_in_part_are_not_there_twice(
    made: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = everything(made)
    with duckdb.connect(str(made.work_path)) as connection:
        connection.execute("delete from raw_atlas_etrm.order_items where id = 2")
    without_dlt(monkeypatch)
    extract.load_backlog(made)
    assert everything(made) == whole
