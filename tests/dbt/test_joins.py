"""No join of the books compares every row of one side with every row of the other.

DuckDB joins by a hash of what is equal. A left join whose condition asks something of its left side alone, or leaves a
choice (`or`), has no such key for all of it and may become a loop over all pairs: a million invoices never end. The
condition is written into the key instead: `case when <condition> then <key> end = right.key`.

In: the SQL dbt sent for each model, parsed by DuckDB. What does not belong here: whether a join is right.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from built_books import project

SMALL = {
    ("fct_tie_outs", "accepted"): "differences that a person accepted",
    ("int_posting__adjusting_entry_findings", "not_due"): "entries of month ends that are not due",
    ("int_reconciliation__report_accounts", "parameters"): "one row",
    ("int_settlement__item_vat_treatments", "rules"): "the seed of VAT rules, against kinds of items and not items",
}
"""Joins that leave a choice, with the reason why so few rows stand on their right side."""


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from _nodes(branch)


def _conjuncts(condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if condition["type"] == "CONJUNCTION_AND":
        for child in condition["children"]:
            yield from _conjuncts(child)
    else:
        yield condition


def _relations(tree: Any) -> set[str]:
    """The relations that a condition's columns are named of."""
    return {node["column_names"][0] for node in _nodes(tree) if node.get("class") == "COLUMN_REF"}


def _unbounded_joins(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[str]:
    """The right sides of joins that DuckDB may have to do by comparing all pairs."""
    row = connection.execute("select json_serialize_sql(?)", [sql]).fetchone()
    assert row is not None
    tree = json.loads(row[0])
    assert not tree["error"], tree
    for join in _nodes(tree):
        if join.get("type") != "JOIN" or not join.get("condition"):
            continue
        right = join["right"].get("alias") or join["right"].get("table_name")
        conditions = list(_conjuncts(join["condition"]))
        asks_left_alone = join["join_type"] == "LEFT" and any(right not in _relations(part) for part in conditions)
        has_key = any(part["type"] == "COMPARE_EQUAL" and right in _relations(part) for part in conditions)
        leaves_choice = any(part["type"] in ("CONJUNCTION_OR", "COMPARE_IN") for part in conditions)
        if asks_left_alone or (leaves_choice and not has_key):
            yield right


def _selects() -> Iterator[tuple[str, str]]:
    for node in project()[1].nodes:
        if node.kind == "model":
            for probe in node.probes:
                yield node.name, probe.sql


def test_no_join_compares_all_pairs() -> None:
    with duckdb.connect() as connection:
        found = {(name, right) for name, sql in _selects() for right in _unbounded_joins(connection, sql)}
    assert found - SMALL.keys() == set()


@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        ("a.id = b.id", False),
        ("a.id = b.id and b.kind = 'x'", False),
        ("case when a.kind = 'x' then a.id end = b.id", False),
        ("a.id = b.id and a.kind = 'x'", True),
        ("a.id = b.id or a.other = b.other", True),
    ],
)
def test_a_join_over_all_pairs_is_found(condition: str, is_found: bool) -> None:
    with duckdb.connect() as connection:
        found = list(_unbounded_joins(connection, f"select a.id from t as a left join u as b on {condition}"))
    assert found == (["b"] if is_found else [])
