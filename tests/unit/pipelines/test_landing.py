"""Landing: exact values, change detection, tombstones, quarantine, and what DuckDB then holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from virtual import raws

from pipelines import extract
from pipelines.atlar import tables as atlar
from pipelines.atlas_accounting import tables as accounting
from pipelines.atlas_etrm import tables as etrm
from pipelines.landing import Landing
from pipelines.versions.versioning import EVERYTHING, Scope


@pytest.fixture
def one_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads ATLAS ETRM's tables alone, which is quicker."""
    monkeypatch.setattr(extract, "DATASETS", extract.DATASETS[:1])


def query(landing: Landing, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(landing.work_path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def item(id_: int, amount: str = "100.00", **members: str) -> str:
    more = "".join(f', "{name}": {value}' for name, value in members.items())
    return f'{{"id": {id_}, "orderId": 7, "amount": {amount}, "status": 2{more}}}'


def landed_rows(landing: Landing, name: str, system: str = "atlas_etrm") -> list[dict[str, Any]]:
    files = landing.files(system, name)
    return pa.concat_tables([pq.read_table(file) for file in files]).to_pylist() if files else []


def test_18_digits_survive_from_json_to_duckdb(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1, "1234567890123456.78"), item(2, "-0.0000000001"), item(3, "12")))
    landing.land(accounting.INVOICES, raws('{"id": "a", "total_amount": "9999999999999999.99"}'))
    extract.load_backlog(landing)
    assert query(landing, "select amount from raw_atlas_etrm.order_items order by id") == [
        (Decimal("1234567890123456.7800000000"),),
        (Decimal("-0.0000000001"),),
        (Decimal("12"),),
    ]
    assert query(landing, "select total_amount from raw_atlas_accounting.invoices") == [
        (Decimal("9999999999999999.99"),)
    ]
    assert query(landing, "select count(*) from information_schema.columns where data_type in ('DOUBLE', 'FLOAT')") == [
        (0,)
    ]
    assert query(
        landing, "select count(*) from information_schema.columns where column_name like '%\\_\\_v\\_%' escape '\\'"
    ) == [(0,)]


def test_dates_instants_text_and_json_keep_their_meaning(landing: Landing) -> None:
    landing.land(
        etrm.ORDERS,
        raws(
            '{"id": 1, "status": "Approved", "registrationDate": "2026-04-03T00:00:00", "dueDate": "0001-01-01"}',
            '{"id": 2, "status": 12, "registrationDate": "9999-12-31T23:59:59", "dueDate": ""}',
        ),
    )
    landing.land(
        atlar.TRANSACTIONS,
        raws(
            '{"id": "t", "amount": {"currency": "SEK", "value": -250000, "stringValue": "-2500.00"},'
            ' "date": "2026-03-31", "created": "2026-03-31T21:59:59.123456Z", "returned": false}'
        ),
    )
    orders = landed_rows(landing, "orders")
    assert [row["status"] for row in orders] == ["Approved", "12"]
    assert [row["registration_date"] for row in orders] == [date(2026, 4, 3), date(9999, 12, 31)]
    assert [row["due_date"] for row in orders] == [date(1, 1, 1), None]
    (transaction,) = landed_rows(landing, "transactions", "atlar")
    assert transaction["created"] == datetime(2026, 3, 31, 21, 59, 59, 123456, tzinfo=UTC)
    assert transaction["amount"] == '{"currency": "SEK", "value": -250000, "stringValue": "-2500.00"}'
    assert transaction["returned"] is False


def test_the_same_answer_again_lands_nothing(landing: Landing) -> None:
    first = landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    again = landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    assert (first.rows, again.rows) == (2, 0)
    assert len(landing.files("atlas_etrm", "order_items")) == 1


@pytest.mark.parametrize(
    "other",
    [
        '{"amount": 100.0, "status": 2, "orderId": 7, "id": 1}',
        '{"id":1,"orderId":7,"amount":100,"status":2,"iban":null}',
        '{"id": 1, "orderId": 7, "amount": "1e2", "status": 2}',
    ],
)
def test_key_order_spaces_and_trailing_zeros_are_no_change(landing: Landing, other: str) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1, "100.00")))
    assert landing.land(etrm.ORDER_ITEMS, raws(other)).rows == 0


def test_nested_json_is_compared_by_content(landing: Landing) -> None:
    landing.land(etrm.COUNTERPARTIES, raws('{"id": 1, "customFieldValues": [{"customFieldId": 7, "value": 1.50}]}'))
    same = '{"id": 1, "customFieldValues": [{"value": 1.5, "customFieldId": 7}]}'
    other = '{"id": 1, "customFieldValues": [{"value": 1.51, "customFieldId": 7}]}'
    assert landing.land(etrm.COUNTERPARTIES, raws(same)).rows == 0
    assert landing.land(etrm.COUNTERPARTIES, raws(other)).rows == 1


def test_a_change_lands_one_version_and_survives_a_new_process(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    later = Landing(landing.landing_dir, landing.work_path, landing.dlt_dir, landing._now)
    assert later.land(etrm.ORDER_ITEMS, raws(item(1), item(2, "101.00")), scope=EVERYTHING).rows == 1
    assert [row["amount"] for row in landed_rows(later, "order_items")] == [
        Decimal("100"),
        Decimal("100"),
        Decimal("101"),
    ]


def test_tombstones_come_only_from_a_full_read(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    assert landing.land(etrm.ORDER_ITEMS, raws(item(1))).rows == 0
    assert landing.land(etrm.ORDER_ITEMS, raws(item(1)), scope=EVERYTHING).rows == 1
    assert landing.land(etrm.ORDER_ITEMS, raws(item(1)), scope=EVERYTHING).rows == 0
    gone = landed_rows(landing, "order_items")[-1]
    assert (gone["id"], gone["_is_deleted"], gone["amount"]) == (2, True, None)


def test_a_record_that_comes_back_is_a_version_again(landing: Landing) -> None:
    for records in ([item(1)], [], [item(1)]):
        landing.land(etrm.ORDER_ITEMS, raws(*records), scope=EVERYTHING)
    assert [row["_is_deleted"] for row in landed_rows(landing, "order_items")] == [False, True, False]


def test_a_window_buries_only_what_it_covered(landing: Landing) -> None:
    landing.land(
        atlar.TRANSACTIONS,
        raws('{"id": "old", "date": "2026-01-05"}', '{"id": "new", "date": "2026-03-05"}'),
        scope=EVERYTHING,
    )
    landing.land(atlar.TRANSACTIONS, [], scope=Scope("date", date(2026, 3, 1)))
    assert [row["id"] for row in landed_rows(landing, "transactions", "atlar") if row["_is_deleted"]] == ["new"]


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("1e30", "amount does not fit decimal: 1e30"),
        ('"NaN"', 'amount does not fit decimal: "NaN"'),
        ('"Infinity"', 'amount does not fit decimal: "Infinity"'),
        ("1.00000000001", "amount does not fit decimal: 1.00000000001"),
        (
            "12345678901234567890123456789012345678",
            "amount does not fit decimal: 12345678901234567890123456789012345678",
        ),
        ("true", "amount does not fit decimal: true"),
        ("[1]", "amount does not fit decimal: [1]"),
        ('"abc"', 'amount does not fit decimal: "abc"'),
    ],
)
def test_a_misfit_is_quarantined_while_all_others_land(landing: Landing, amount: str, reason: str) -> None:
    landed = landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2, amount), item(3)), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (2, 1)
    (held,) = landed_rows(landing, "records", "quarantine")
    assert (held["system"], held["table_name"], held["record_key"]) == ("atlas_etrm", "order_items", "2")
    assert held["reason"] == reason
    assert held["payload"] == item(2, amount)


def test_a_record_without_its_key_is_quarantined_and_buries_nothing(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    landed = landing.land(etrm.ORDER_ITEMS, raws(item(1), '{"id": null, "amount": 5}', "[]"), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (0, 2)
    reasons = {row["reason"] for row in landed_rows(landing, "records", "quarantine")}
    assert "has no id" in reasons
    assert any(reason.startswith("not a JSON object") for reason in reasons)


def test_a_quarantined_record_is_not_called_gone(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2, "1e30")), scope=EVERYTHING)
    assert not any(row["_is_deleted"] for row in landed_rows(landing, "order_items"))


def test_the_same_misfit_is_quarantined_once(landing: Landing) -> None:
    for _ in range(2):
        assert landing.land(etrm.ORDER_ITEMS, raws(item(1, "1e30"))).quarantined == 1
    assert len(landed_rows(landing, "records", "quarantine")) == 1


def test_two_contents_for_one_key_are_refused_unless_pages_overlap(landing: Landing) -> None:
    contradicting = landing.land(etrm.ORDER_ITEMS, raws(item(1), item(1, "5"), item(2)))
    assert (contradicting.rows, contradicting.quarantined) == (1, 2)
    overlapping = landing.land(etrm.ORDER_ITEMS, raws(item(3), item(3, "5"), item(3, "5")), last_wins=True)
    assert (overlapping.rows, overlapping.quarantined) == (1, 0)
    assert landed_rows(landing, "order_items")[-1]["amount"] == Decimal(5)


def test_unknown_members_are_kept_and_compared(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1, colour='"red"', weight="1.50")))
    (row,) = landed_rows(landing, "order_items")
    assert row["_unknown_fields"] == '{"colour":"red","weight":1.5}'
    assert landing.land(etrm.ORDER_ITEMS, raws(item(1, colour='"blue"', weight="1.5"))).rows == 1


def test_a_clock_set_back_does_not_make_an_old_version_the_latest(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1)))
    landing._now = lambda: datetime(2020, 1, 1, tzinfo=UTC)
    landing.land(etrm.ORDER_ITEMS, raws(item(1, "7")))
    first, second = landed_rows(landing, "order_items")
    assert first["_landed_at"] < second["_landed_at"]


def test_every_declared_table_exists_even_when_empty(landing: Landing) -> None:
    extract.load_backlog(landing)
    tables = set(query(landing, "select table_schema || '.' || table_name from information_schema.tables"))
    for table in (*etrm.TABLES, *accounting.TABLES, *atlar.TABLES):
        assert (f"{table.dataset}.{table.name}",) in tables
    assert ("quarantine.records",) in tables
    described = query(landing, "select column_name, column_type from (describe raw_atlas_etrm.order_items)")
    types = dict(described)
    assert types["amount"] == "DECIMAL(38,10)"
    assert types["due_date"] == "DATE"
    assert types["_landed_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["_is_deleted"] == "BOOLEAN"
    assert types["_dlt_load_id"] == "VARCHAR"
    assert types["_unknown_fields"] == "VARCHAR"


@pytest.mark.usefixtures("one_system")
def test_deleting_the_work_file_rebuilds_it_and_nothing_is_loaded_twice(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)), scope=EVERYTHING)
    landing.land(etrm.ORDER_ITEMS, raws(item(1)), scope=EVERYTHING)
    assert extract.load_backlog(landing).changed == {"atlas_etrm.order_items"}
    assert extract.load_backlog(landing).changed == frozenset()
    everything = "select * exclude (_dlt_load_id) from raw_atlas_etrm.order_items order by _landing_file, id"
    before = query(landing, everything)
    landing.work_path.unlink()
    extract.load_backlog(landing)
    assert query(landing, everything) == before
    assert len(before) == 3


@pytest.mark.usefixtures("one_system")
def test_a_half_loaded_file_is_loaded_again_whole(landing: Landing) -> None:
    landing.land(etrm.ORDER_ITEMS, raws(item(1), item(2)))
    extract.load_backlog(landing)
    with duckdb.connect(str(landing.work_path)) as connection:
        connection.execute("delete from raw_atlas_etrm.order_items where id = 2")
    extract.load_backlog(landing)
    assert query(landing, "select id from raw_atlas_etrm.order_items order by id") == [(1,), (2,)]


@pytest.mark.usefixtures("one_system")
def test_packages_left_by_a_killed_run_are_dropped_and_redone(landing: Landing) -> None:
    import dlt

    landing.land(etrm.ORDER_ITEMS, raws(item(1)))
    extract.load_backlog(landing)
    landing.land(etrm.ORDER_ITEMS, raws(item(2)))
    files = {"order_items": landing.files("atlas_etrm", "order_items")[-1:]}
    killed = dlt.pipeline(
        pipeline_name="atlas_etrm",
        pipelines_dir=str(landing.dlt_dir),
        destination=dlt.destinations.duckdb(str(landing.work_path)),
        dataset_name="raw_atlas_etrm",
    )
    killed.extract(extract.atlas_etrm_source.source(files), loader_file_format="parquet")
    assert killed.has_pending_data
    extract.load_backlog(landing)
    assert query(landing, "select id from raw_atlas_etrm.order_items order by id") == [(1,), (2,)]
    assert extract.load_backlog(landing).changed == frozenset()


def test_a_file_is_complete_under_its_name_before_it_is_loaded(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="disk full"):
        patched.setattr(pq.ParquetWriter, "write_table", fails)
        landing.land(etrm.ORDER_ITEMS, raws(item(1)))
    assert landing.files("atlas_etrm", "order_items") == []
    assert landing.land(etrm.ORDER_ITEMS, raws(item(1))).rows == 1


@pytest.mark.usefixtures("one_system")
def test_answers_to_writes_land_like_any_record(landing: Landing) -> None:
    answers = [extract.Answer(etrm.ORDER_ITEMS, item(1).encode()), extract.Answer(etrm.ORDER_ITEMS, item(2).encode())]
    assert extract.land_answers(answers, landing).rows == {"atlas_etrm.order_items": 2}
    assert extract.land_answers(answers, landing).changed == frozenset()
    assert query(landing, "select count(*) from raw_atlas_etrm.order_items") == [(2,)]


@pytest.mark.usefixtures("one_system")
def test_nothing_to_load_never_imports_dlt(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    extract.load_backlog(landing)
    monkeypatch.setattr("pipelines.loading.by_dlt.load", lambda *_: pytest.fail("dlt was invoked"))
    extract.load_backlog(landing)


def test_the_position_changes_only_when_something_lands(landing: Landing, tmp_path: Path) -> None:
    empty = landing.position()
    landing.land(etrm.ORDER_ITEMS, raws(item(1)))
    first = landing.position()
    landing.land(etrm.ORDER_ITEMS, raws(item(1)))
    assert empty != first == landing.position()
