"""What dbt sent is sent again without dbt, and dbt has the word as soon as anything is not as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tieout import build, statements
from tieout.build import Books, Parameters
from tieout.errors import BuildError
from tieout.settings import DBT_PROJECT_DIR, SANDBOX, load

# dbt leaves its log open when it is called in process.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

ALL = 8
"""A seed, four models, two tests of a column and one of a rule; an exposure builds nothing."""

FILES = {
    "models/_models.yml": """
version: 2
sources:
  - {name: raw_desk, schema: raw_desk, tables: [{name: orders}, {name: parties}]}
models:
  - name: stg_orders
    config: {contract: {enforced: false}}
    columns: [{name: order_id, data_tests: [unique, not_null]}]
  - name: stg_parties
    config: {contract: {enforced: false}}
  - name: fct_orders
    config: {contract: {enforced: true}}
    columns:
      - {name: order_id, data_type: bigint}
      - {name: amount, data_type: "decimal(20,4)"}
      - {name: size, data_type: varchar}
  - name: orders_above
    config: {contract: {enforced: true}}
    columns: [{name: order_id, data_type: bigint}]
exposures:
  - {name: report, type: dashboard, owner: {name: analyst}, depends_on: [ref('fct_orders')]}
""",
    "models/stg_orders.sql": "select id as order_id, amount from {{ source('raw_desk', 'orders') }}",
    "models/stg_parties.sql": "select * from {{ source('raw_desk', 'parties') }}",
    "models/fct_orders.sql": """
select orders.order_id, orders.amount, sizes.size
from {{ ref('stg_orders') }} as orders
inner join {{ ref('sizes') }} as sizes on orders.amount >= sizes.least and orders.amount < sizes.below
""",
    "models/orders_above.sql": """{{ config(materialized='table_function', overloads=[['as_of']]) }}
select order_id from {{ ref('fct_orders') }} where amount > 10 and as_of is not null;
""",
    "seeds/sizes.csv": "size,least,below\nsmall,0,100\nlarge,100,1000000\n",
    "tests/assert_no_order_is_below_zero.sql": "select * from {{ ref('fct_orders') }} where amount < 0",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small project of every kind of node and a data directory, built by dbt; tests copy both."""
    folder = tmp_path_factory.mktemp("built")
    for name, text in FILES.items():
        (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "project" / name).write_text(text)
    macros = [f"macros/{name}.sql" for name in ("table", "table_function", "generate_schema_name")]
    for name in ("dbt_project.yml", "profiles.yml", *macros):
        (folder / "project" / name).parent.mkdir(exist_ok=True)
        (folder / "project" / name).write_bytes((DBT_PROJECT_DIR / name).read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_WORK_DB", "set by the build")
        books = _books(folder, patch)
        books.settings.paths.work.parent.mkdir(parents=True)
        _land(books.settings.paths.work, "(1, 5.0000), (2, 250.0000)")
        assert books.build() == ALL
        yield folder


@pytest.fixture
def books(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    shutil.copytree(built, tmp_path / "copy")
    return _books(tmp_path / "copy", monkeypatch)


def _books(folder: Path, patch: pytest.MonkeyPatch) -> Books:
    patch.setattr(build, "DBT_PROJECT_DIR", folder / "project")
    patch.setattr(build, "STATEMENTS_DIR", folder / "project" / "target" / "statements")
    patch.setenv("TIEOUT_DATA_DIR", str(folder / "data"))
    return Books(load(SANDBOX))


@pytest.fixture
def without_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(books: Books, arguments: list[str]) -> int:
        raise AssertionError(f"dbt was asked for {arguments}")

    monkeypatch.setattr(Books, "_invoke", refused)


def _land(work: Path, rows: str, kind: str = "decimal(20,4)") -> None:
    with duckdb.connect(str(work)) as connection:
        connection.execute("create schema if not exists raw_desk")
        connection.execute(f"create or replace table raw_desk.orders (id bigint, amount {kind})")
        connection.execute(f"insert into raw_desk.orders values {rows}")
        connection.execute("create or replace table raw_desk.parties as select 1 as id")


def _rows(work: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(work), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def _everything(work: Path) -> dict[str, Any]:
    columns = _rows(
        work,
        "select schema_name, table_name, column_name, data_type, is_nullable from duckdb_columns()"
        " where schema_name not in ('raw_desk', 'information_schema') and not internal"
        " order by schema_name, table_name, column_index",
    )
    tables = sorted({(row[0], row[1]) for row in columns})
    return {
        "columns": columns,
        "rows": {name: sorted(_rows(work, f"from {name[0]}.{name[1]}"), key=repr) for name in tables},
        "functions": _rows(work, "select function_name, parameters from duckdb_functions() where not internal"),
    }


def test_what_is_sent_again_makes_the_same_file(books: Books, without_dbt: None) -> None:
    work = books.settings.paths.work
    by_dbt = _everything(work)
    assert [row[:2] for row in by_dbt["rows"]] == [
        ("main", "fct_orders"), ("main", "stg_orders"), ("main", "stg_parties"), ("reference", "sizes"),
    ]  # fmt: skip
    work.unlink()
    _land(work, "(1, 5.0000), (2, 250.0000)")
    told: list[str] = []
    assert books.build(on_node=told.append) == len(told) == ALL
    assert _everything(work) == by_dbt
    assert set(told) > {"stg_orders", "sizes", "fct_orders", "orders_above", "assert_no_order_is_below_zero"}
    assert _rows(work, "from orders_above(date '2026-04-10')") == [(2,)]


def test_only_what_reads_a_changed_table_is_built_and_single_columns_wait(books: Books, without_dbt: None) -> None:
    work = books.settings.paths.work
    _land(work, "(1, 7.0000), (3, 120.0000), (3, 120.0000)")
    with duckdb.connect(str(work)) as connection:
        connection.execute("insert into raw_desk.parties values (2)")
    told: list[str] = []
    assert books.build(changed_tables={"desk.orders"}, seeds=False, on_node=told.append) == len(told)
    assert sorted(told) == ["assert_no_order_is_below_zero", "fct_orders", "orders_above", "stg_orders"]
    assert told[:2] == ["stg_orders", "fct_orders"]
    assert _rows(work, "select * from fct_orders order by all")[-1][0] == 3
    assert _rows(work, "select count(*) from stg_parties") == [(1,)]
    with pytest.raises(BuildError, match=r"unique_stg_orders_order_id: Got 1 result, configured to fail if != 0"):
        books.test_columns()


def test_a_red_test_stops_what_reads_its_models_and_is_named_as_dbt_names_it(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    _land(books.settings.paths.work, "(1, -5.0000), (1, 3.0000)")
    said = []
    for statements_of in (Books._statements, lambda books: None):
        monkeypatch.setattr(Books, "_statements", statements_of)
        with pytest.raises(BuildError) as problem:
            books.build()
        said.append(str(problem.value))
    assert said[0] == said[1]
    assert "unique_stg_orders_order_id: Got 1 result" in said[0]


def test_a_column_that_is_not_its_contracts_is_left_to_dbt(books: Books) -> None:
    _land(books.settings.paths.work, "(1, 5.0)", "double")
    with pytest.raises(BuildError, match="fct_orders: Compilation Error"):
        books.build(changed_tables={"desk.orders"}, seeds=False)


def test_another_project_is_another_fingerprint(books: Books) -> None:
    model = build.DBT_PROJECT_DIR / "models" / "stg_parties.sql"
    kept = build.STATEMENTS_DIR / statements.fingerprint(build.DBT_PROJECT_DIR)
    assert statements.load(kept) is not None
    model.write_text(model.read_text() + "\nwhere id > 0")
    assert statements.load(build.STATEMENTS_DIR / statements.fingerprint(build.DBT_PROJECT_DIR)) is None
    (kept / "statements.json").write_bytes(b'{"settings": {}')
    assert statements.load(kept) is None


def test_the_state_of_the_books_tells_the_project_and_the_day(books: Books) -> None:
    parameters = Parameters.of(books.settings, date(2026, 4, 10))
    state = books.state(parameters, "landed")
    assert state == Books(books.settings).state(parameters, "landed")
    (build.DBT_PROJECT_DIR / "seeds" / "sizes.csv").write_text("size,least,below\nall,0,1000000\n")
    assert state != Books(books.settings).state(parameters, "landed")
