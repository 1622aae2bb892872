"""Builds the books of a raw fixture as a run does: with the statements dbt sent when it first built the project.

In: a work file with raw tables. Out: the same file with seeds and models, the chosen tests green. Where dbt has not
built the project yet, it does so over a company without records, in a process of its own, once for all test processes.
What does not belong here: dbt's own commands (`raw_fixture.build`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from raw_fixture import REPOSITORY, RawFixture

from tieout import statements
from tieout.build import STATEMENTS_DIR
from tieout.settings import DBT_PROJECT_DIR

Chosen = Callable[[statements.Node], bool]


def every_node(node: statements.Node) -> bool:
    """Seeds, models and all tests."""
    return True


def no_test(node: statements.Node) -> bool:
    """Seeds and models."""
    return node.kind != "test"


def rules(node: statements.Node) -> bool:
    """Seeds, models and the rules of the books; no test of a single column."""
    return not node.is_generic


def build_books(path: Path, chosen: Chosen = every_node) -> None:
    """Builds the chosen nodes over a work file that nobody has open.

    Raises:
        AssertionError: a test is red; the message names each.
        tieout.statements.SurpriseError: a model could not be built.
    """
    folder, kept = project()
    _, red = statements.run(kept, folder, path, chosen)
    assert not red, red


def selected(*named: str) -> Chosen:
    """These models (by name, or all of a folder below `models/`), what they read, and the tests of nothing beyond."""
    _, kept = project()
    models = REPOSITORY / "dbt_project" / "models"
    names = {path.stem for name in named for path in (models / name).glob("*.sql")} | set(named)
    read = upstream(kept, names)

    def chosen(node: statements.Node) -> bool:
        return node.unique_id in read or (node.kind == "test" and read.issuperset(node.depends_on))

    return chosen


def upstream(kept: statements.Statements, names: Collection[str]) -> set[str]:
    """Returns the ids of these nodes and of all that they read."""
    reached: set[str] = set()
    for node in reversed(kept.nodes):
        if node.name in names or node.unique_id in reached:
            reached |= {node.unique_id, *node.depends_on}
    return reached


def project() -> tuple[Path, statements.Statements]:
    """Returns what dbt sent for the project as it is now, and the folder it is kept in."""
    folder = STATEMENTS_DIR / statements.fingerprint(DBT_PROJECT_DIR)
    kept = statements.load(folder)
    if kept is None:
        with tempfile.TemporaryDirectory() as data_dir:
            done = subprocess.run(
                [sys.executable, __file__, data_dir],
                cwd=REPOSITORY,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY), "TIEOUT_DATA_DIR": data_dir},
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        kept = statements.load(folder)
    assert kept is not None, f"nothing was kept in {folder}"
    return folder, kept


def main() -> None:
    """Lets dbt build the project over raw tables without a row; the argument is an empty folder."""
    from tieout.build import Books
    from tieout.settings import SANDBOX, load

    RawFixture(Path(sys.argv[1]) / "work.duckdb").close()
    Books(load(SANDBOX)).build()


if __name__ == "__main__":
    main()
