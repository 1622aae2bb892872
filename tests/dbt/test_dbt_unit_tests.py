"""Runs every dbt unit test: posting rules, holds, each bucket edge, what each sync still lacks.

dbt reads the columns of a unit test's inputs from the database, so the project is first built over raw tables
without a row. That alone shows something: a company of which nothing is known yet builds without an error.
"""

from __future__ import annotations

import re
from pathlib import Path

from built_books import build_books
from raw_fixture import RawFixture, build


def test_a_company_without_records_builds_and_every_dbt_unit_test_passes(tmp_path: Path) -> None:
    path = tmp_path / "work.duckdb"
    with RawFixture(path):
        pass
    build_books(path)
    done = build(path, "--select", "test_type:unit", target=tmp_path / "target", command="test")
    passed = re.search(r"PASS=(\d+) WARN=0 ERROR=0", done.stdout)
    assert passed is not None, done.stdout[-2000:]
    assert int(passed[1]) >= 35
