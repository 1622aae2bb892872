"""What a change reaches is built in part: afterwards every table is as a build of everything leaves it."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import duckdb
import pytest
from built_books import build_books, no_test, project
from landed_versions import AS_OF, LANDINGS
from random_company import RandomCompany
from raw_fixture import TABLES, RawFixture

from tieout import partial, statements

SEEDS = range(11, 21) if os.environ.get("TIEOUT_FAULTS") == "full" else range(11, 12)
CHANGES = {
    "atlas_etrm.order_items": [
        "amount = amount + 0.01",
        "order_id = order_id + 1",
        "order_id = null, status = 0",
        "gl_account = '4110'",
        "cashflow = 1 - cashflow",
        "vat = coalesce(vat, 0) + 1",
        "counterparty_id = counterparty_id + 1",
        "_is_deleted = true",
    ],
    "atlas_etrm.orders": [
        "total_amount = total_amount + 0.01",
        "status = 'Rejected'",
        "erp_code = 'INV-1'",
        "registration_date = registration_date + 1",
        "_is_deleted = true",
    ],
    "atlas_etrm.counterparties": ["gl_account = null", "country = 'FR'", "legal_name = legal_name || ' SE'"],
    "atlas_accounting.invoices": ["due_date = due_date + 40", "status = 'voided'", "_is_deleted = true"],
    "atlas_accounting.bills": ["due_date = due_date + 40", "status = 'voided'"],
    "atlas_accounting.payments": ["payment_date = payment_date - 1", "_is_deleted = true"],
    "atlas_accounting.accounts": ["name = name || ' (old)'"],
}
"""What is changed in a few records of a raw table, as another version of each."""


def tables(path: Path) -> list[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return [
            f'"{schema}"."{name}"'
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'work' order by all"
            ).fetchall()
        ]


def hold_back(path: Path, since: int) -> None:
    """Takes what the landings from this one on have found out of the raw tables, and keeps it aside."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'; create schema later")
        for name in TABLES:
            kept = f'later."{name}"'
            late = f"from raw_{name} where _landed_at >= '{LANDINGS[since]}'"
            connection.execute(f"create table {kept} as select * {late}")
            connection.execute(f"delete {late}")


def land(path: Path, number: int) -> set[str]:
    """Lands what was held back of one landing; returns the tables it changed."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = set()
        for name in TABLES:
            row = connection.execute(
                f"insert into raw_{name} select * from later.\"{name}\" where _landed_at = '{LANDINGS[number]}'"
            ).fetchone()
            if row and row[0]:
                found.add(name)
        return found


ORDERS = ("atlas_etrm.order_items", "atlas_etrm.orders")
DOCUMENTS = ("atlas_accounting.invoices", "atlas_accounting.bills")
"""Between them they reach every model that has parts, where nothing else changes with them."""


def change(path: Path, draw: random.Random, *tables: str) -> set[str]:
    """Lands other versions of a few records of each table, drawn at random; returns the tables it changed."""
    changed = set()
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number, table in enumerate(tables):
            # The first of a table's changes reaches its models; the others are drawn.
            what = CHANGES[table][0] if tables in (ORDERS, DOCUMENTS) else draw.choice(CHANGES[table])
            replaced = ", ".join(
                f"({value.strip()}) as {name.strip()}"
                for name, _, value in (part.partition("=") for part in what.split(", "))
            )
            connection.execute(
                f"insert into raw_{table} select * replace ({replaced}, _landing_file || '{number}' as _landing_file, "
                f"_landed_at + interval {number + 1} minute as _landed_at) from ("
                f"from raw_{table} qualify row_number() over (partition by id order by _landed_at desc, "
                f"_landing_file desc) = 1 and not _is_deleted) "
                f"where hash(id, {draw.randrange(1000)}) % 5 = 0"
            )
            changed.add(table)
    return changed


def build_changes(path: Path, changed: set[str], in_parts: set[str]) -> None:
    folder, kept = project()
    sources = {f"source.tieout.raw_{name}" for name in changed}
    reached = kept.downstream(sources)

    class Watched(partial.Changes):
        def _build_parts(self, node: statements.Node) -> bool:
            is_built = super()._build_parts(node)
            in_parts.update({node.name} if is_built else ())
            return is_built

    _, red = statements.run(
        kept,
        folder,
        path,
        lambda node: node.unique_id in reached and no_test(node),
        only_changes=lambda connection: Watched(connection, kept, sources, reached).build,
    )
    assert not red


@pytest.mark.parametrize("seed", SEEDS)
def test_a_build_of_changes_leaves_what_a_whole_build_leaves(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial, "LEAST_ROWS", 0)
    monkeypatch.setattr(partial, "_MOST_PARTS", 1)
    path, draw = tmp_path / "work.duckdb", random.Random(seed)
    with RawFixture(path, as_of_date=AS_OF) as raw:
        RandomCompany(seed, tmp_path).land(raw)
    hold_back(path, since=5)
    build_books(path, no_test)

    in_parts: set[str] = set()
    for step in (
        lambda: change(path, draw, *ORDERS),
        lambda: change(path, draw, *DOCUMENTS),
        lambda: land(path, 5) | change(path, draw, *ORDERS, *draw.choices(sorted(CHANGES), k=4)),
    ):
        build_changes(path, step(), in_parts)

    _, kept = project()
    assert in_parts == {node.name for node in kept.nodes if node.parts_by}, "no change went this way"
    whole = tmp_path / "whole" / "work.duckdb"
    whole.parent.mkdir()
    shutil.copyfile(path, whole)
    build_books(whole, no_test)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as part (read_only); attach '{whole}' as whole (read_only)")
        differing = {
            name: found
            for name in tables(whole)
            if (
                found := connection.execute(
                    f"select (select count(*) from (from part.{name} except all from whole.{name})), "
                    f"(select count(*) from (from whole.{name} except all from part.{name}))"
                ).fetchone()
            )
            != (0, 0)
        }
        described = [
            connection.execute(
                "select schema_name, table_name, column_name, comment from duckdb_columns()"
                " where database_name = ? and comment is not null order by all",
                [name],
            ).fetchall()
            for name in ("part", "whole")
        ]
    assert differing == {}
    assert described[0] == described[1] != []
