"""Each kind of fault in the landed records turns the control named for it red, and in a clean world all are green.

A date in a closed period has a test of its own (`test_closed_periods.py`).

One build of the clean world, copied for each fault; then only what depends on the struck table is built again. A
fault is one wrong record, as a lost page, a double delivery or a mistyped figure would leave it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from built_books import build_books, no_test, project, upstream
from ledger_world import AS_OF, LedgerWorld
from raw_fixture import RawFixture, query

from tieout.statements import SurpriseError

D = Decimal
Red = dict[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Mutation:
    """One fault: the raw table it strikes, what it does there, and the control that must turn red, by how much."""

    name: str
    table: str
    change: str
    """SQL; `{id}` is the id of the record named by `record`."""
    record: str
    named: tuple[str, str, Decimal]
    """The control named for this fault, its scope, and the difference it must show."""
    also: frozenset[str] = frozenset()
    """Other controls that the same fault moves; any other red control fails the test."""

    @property
    def root(self) -> str:
        """What dbt calls the table: a source, or a seed where it has no system."""
        return f"source.tieout.raw_{self.table}" if "." in self.table else f"seed.tieout.{self.table}"


def _version(table: str, replaced: str) -> str:
    """SQL that lands another version of the record, an hour later."""
    return (
        f"insert into raw_{table} select * replace ({replaced}, _landed_at + interval 1 hour as _landed_at)"
        f" from raw_{table} where id = '{{id}}'"
    )


_REPORTS = frozenset({"trial_balance_equals_vendor", "balance_sheet_equals_vendor", "profit_and_loss_equals_vendor"})
_BANK = "bank_balances_follow_transactions"

MUTATIONS = (
    Mutation(
        "an invoice is dropped",
        "atlas_accounting.invoices",
        _version("atlas_accounting.invoices", "true as _is_deleted"),
        "kronor",
        ("receivables_equal_control_accounts", "SEK", D("-2500.50")),
        _REPORTS,
    ),
    Mutation(
        "a bank line is dropped",
        "atlar.transactions",
        _version("atlar.transactions", "true as _is_deleted"),
        "tx-2",
        (_BANK, "acc-1/2026-04-03", D("9.50")),
    ),
    Mutation(
        "a payment is duplicated",
        "atlas_accounting.payments",
        _version("atlas_accounting.payments", "'again' as id"),
        "unapplied",
        ("receivables_equal_control_accounts", "EUR", D("-75.00")),
        _REPORTS,
    ),
    Mutation(
        "an invoice is re-priced",
        "atlas_accounting.invoices",
        _version("atlas_accounting.invoices", "total_amount + 0.01 as total_amount"),
        "kronor",
        ("open_items_equal_amount_due", "SEK/receivable", D("0.01")),
        _REPORTS | {"receivables_equal_control_accounts"},
    ),
    Mutation(
        "the sign of a bank line flips",
        "atlar.transactions",
        _version("atlar.transactions", """'{{"currency":"EUR","value":950,"stringValue":"9.50"}}' as amount"""),
        "tx-2",
        (_BANK, "acc-1/2026-04-03", D("19.00")),
    ),
    Mutation(
        "the currency of an invoice changes",
        "atlas_accounting.invoices",
        _version("atlas_accounting.invoices", "'EUR' as currency"),
        "kronor",
        ("receivables_equal_control_accounts", "SEK", D("-2500.50")),
        _REPORTS,
    ),
    Mutation(
        "a rate is stale",
        "ecb_reference_rates",
        # The invoice is of Sunday 1 March. Other currencies have a rate of the Friday before: it was a business day.
        "delete from reference.ecb_reference_rates where currency_code = 'SEK' and rate_date = '2026-02-27'",
        "kronor",
        ("exchange_rates_are_current", "SEK", D("468.56")),
    ),
)


@dataclass
class Builds:
    """The clean world, built; and how a fault's own models are built again."""

    world: LedgerWorld
    clean: Path
    run: Callable[[Path, str], None]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    folder = tmp_path_factory.mktemp("mutations")
    world = LedgerWorld(folder)
    clean = folder / "clean" / "work.duckdb"
    clean.parent.mkdir()
    with RawFixture(clean, as_of_date=AS_OF) as raw:
        world.land(raw)
    _, kept = project()
    read = upstream(kept, {"fct_tie_outs", "fct_exceptions"})

    def rebuild(path: Path, root: str) -> None:
        struck = kept.downstream({root}) & read
        build_books(path, lambda node: node.unique_id in struck and no_test(node))

    build_books(clean, lambda node: node.unique_id in read and no_test(node))
    return Builds(world, clean, rebuild)


def _red(path: Path) -> Red:
    rows = query(path, "select control_name, scope, difference from marts.fct_tie_outs where not is_tied")
    return {(row["control_name"], row["scope"]): row["difference"] for row in rows}


def test_a_clean_world_is_green(builds: Builds) -> None:
    assert _red(builds.clean) == {}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_fault_turns_its_control_red(builds: Builds, mutation: Mutation, tmp_path: Path) -> None:
    path = tmp_path / "work.duckdb"
    shutil.copyfile(builds.clean, path)
    record = builds.world.ids.get(mutation.record, mutation.record)
    with duckdb.connect(str(path)) as connection:
        changed: Any = connection.execute(mutation.change.format(id=record)).fetchone()
        assert changed == (1,), "the fault struck nothing"
    builds.run(path, mutation.root)
    control, scope, difference = mutation.named
    red = _red(path)
    assert red.get((control, scope)) == difference
    assert {name for name, _ in red} <= {control} | mutation.also


def test_a_null_where_none_may_be_stops_its_model_by_name(builds: Builds, tmp_path: Path) -> None:
    path = tmp_path / "work.duckdb"
    shutil.copyfile(builds.clean, path)
    with duckdb.connect(str(path)) as connection:
        table = "raw_atlas_accounting.customers"
        connection.execute(f"insert into {table} select * replace (null as id) from {table} limit 1")
    with pytest.raises(SurpriseError, match=r"NOT NULL constraint failed: \w+__customers\.customer_id"):
        builds.run(path, f"source.tieout.{table}")
    assert query(path, "select count(*) as n from staging.stg_atlas_accounting__customers") == [{"n": 3}]
