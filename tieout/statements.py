"""The statements dbt sends for each model and test, kept, so that the next build sends them without dbt.

dbt renders, checks and logs every node anew at each build: some 20 ms for a test that DuckDB answers in one, 45 ms for
a model. What it sends depends on the project alone (no macro asks the database anything, no variable is set), so a
complete build that was green leaves its statements behind, named by the project's fingerprint, and every later build
of the same project sends those. Where anything is not as it was then, dbt builds again and says what is wrong.

In: dbt's own results and the folder of what it executed. Out: `Statements`, run over a work file.
What does not belong here: which tables changed, what a red test means for a run (`build.py`).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import msgspec

KEPT = 4
"""Projects whose statements are kept: those of the last few edits."""

_FORM = "3"
"""Changes with what is kept of a project, so that an older release's files are not read."""
_PACKAGES = ("dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb")
_FOLDERS = ("models", "seeds", "macros", "tests", "snapshots")
_ANY_DATE = "date '2000-01-01'"


class SurpriseError(Exception):
    """A statement did not do what it did when dbt sent it."""


class Probe(msgspec.Struct, frozen=True):
    """One query that a contract holds, and the names and types of its columns."""

    sql: str
    columns: list[tuple[str, str]]


class Node(msgspec.Struct, frozen=True):
    """One seed, model or test, as dbt executed it."""

    unique_id: str
    name: str
    kind: str
    """`seed`, `model`, `test`."""
    sql: str
    """What dbt sent; for a seed nothing, its rows lie beside."""
    depends_on: list[str]
    relation: tuple[str, str] | None = None
    """Schema and name of the table; None for a function or a test."""
    probes: list[Probe] = []
    is_generic: bool = False
    is_error: bool = True
    """Whether a red test stops the build, or only warns."""
    parts_by: str | None = None
    """The column whose values are the parts of a large model (partial.py); None where it is built whole."""
    parts_of: list[str] = []
    """The inputs of which a part reads its own rows alone; they have that column too."""


class Statements(msgspec.Struct, frozen=True):
    """All that dbt sent in one complete build, in its order."""

    settings: dict[str, str]
    """What the profile sets at each connection."""
    nodes: list[Node]

    def downstream(self, sources: Collection[str]) -> set[str]:
        """Returns the ids of what reads any of these sources, directly or through others."""
        reached = set(sources)
        for node in self.nodes:
            if not reached.isdisjoint(node.depends_on):
                reached.add(node.unique_id)
        return reached.difference(sources)


Builds = Callable[[Node], bool]
"""Builds a model by itself and returns True, or returns False: then its whole statement is sent."""


def fingerprint(project: Path) -> str:
    """Returns a hash of all that decides what dbt sends: the project's files and the packages' versions."""
    digest = hashlib.sha256(repr([_FORM, *((name, version(name)) for name in _PACKAGES)]).encode())
    for path in files(project):
        digest.update(str(path.relative_to(project)).encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def files(project: Path) -> list[Path]:
    """Returns every file of a dbt project that decides its statements, in one order."""
    inside = (path for folder in _FOLDERS for path in sorted((project / folder).rglob("*")) if path.is_file())
    return [project / "dbt_project.yml", project / "profiles.yml", *inside]


def load(folder: Path) -> Statements | None:
    """Returns what was kept in this folder, or None where nothing whole is."""
    try:
        return msgspec.json.decode((folder / "statements.json").read_bytes(), type=Statements)
    except (OSError, msgspec.DecodeError):
        return None


def keep(folder: Path, work: Path, results: Collection[Any], project: Path, settings: Mapping[str, Any]) -> None:
    """Keeps what a complete and green dbt build sent; a folder that cannot be written only costs time.

    Args:
        folder: named by the project's fingerprint; made whole or not at all.
        work: the file that was built, closed.
        results: dbt's results, in the order in which it finished.
        project: dbt's project folder; the paths of what was executed are given from there.
        settings: what the profile sets at each connection.
    """
    with suppress(OSError, duckdb.IOException):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=folder.parent))
        try:
            with _opened(work, settings) as connection:
                nodes = [node for result in results if (node := _node(result.node, project, connection)) is not None]
                for node in nodes:
                    if node.kind == "seed":
                        _, name = _relation(node)
                        connection.execute(f"copy {_quoted(node)} to '{partial / name}.parquet' (format parquet)")
            kept = Statements({name: str(value) for name, value in settings.items()}, nodes)
            (partial / "statements.json").write_bytes(msgspec.json.encode(kept))
            shutil.rmtree(folder, ignore_errors=True)
            partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        whole = [path.parent for path in folder.parent.glob("*/statements.json")]
        for old in sorted(whole, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def run(
    kept: Statements,
    folder: Path,
    work: Path,
    chosen: Callable[[Node], bool],
    on_node: Callable[[str], None] | None = None,
    only_changes: Callable[[duckdb.DuckDBPyConnection], Builds] | None = None,
) -> tuple[int, dict[str, str]]:
    """Sends the chosen nodes' statements to a work file, in dbt's order; what reads a red node is left out.

    Args:
        kept: what to send.
        folder: where the seeds' rows lie.
        work: the file; nobody may have it open.
        chosen: whether a node belongs to this build.
        on_node: told the name of each node as it is done.
        only_changes: returns what builds the models whose change it can follow (partial.py), for a file whose tables
            are those of the last complete build; None sends each statement whole.

    Returns:
        How many nodes ran, and the red tests with what dbt would say of each.

    Raises:
        SurpriseError: a statement failed, or a table's columns are not those of its contract.
    """
    ran, red = 0, {}
    unbuilt, doubted = set[str](), set[str]()
    with _opened(work, kept.settings) as connection:
        made: set[str] = set()
        try:
            builds = only_changes(connection) if only_changes else None
        except duckdb.Error as problem:
            raise SurpriseError(f"a table of the last build is missing: {problem}") from problem
        for node in kept.nodes:
            if not chosen(node):
                continue
            if not unbuilt.isdisjoint(node.depends_on) or (
                node.kind == "model" and not doubted.isdisjoint(node.depends_on)
            ):
                unbuilt.add(node.unique_id)
                continue
            try:
                if node.relation is not None and node.relation[0] not in made:
                    connection.execute(f'create schema if not exists "{node.relation[0]}"')
                    made.add(node.relation[0])
                failures = _send(node, folder, connection, builds)
            except duckdb.Error as problem:
                raise SurpriseError(f"{node.name}: {problem}") from problem
            if failures:
                red[node.name] = f"Got {failures} result{'s' * (failures != 1)}, configured to fail if != 0"
                doubted |= set(node.depends_on)
            ran += 1
            if on_node is not None:
                on_node(node.name)
    return ran, red


def _send(node: Node, folder: Path, connection: duckdb.DuckDBPyConnection, builds: Builds | None = None) -> int:
    """Builds a node; returns how many failures a test found that stop the build."""
    if node.kind == "test":
        found = connection.execute(node.sql).fetchone()
        failures, _, should_error = found or (0, False, False)
        return int(failures) if should_error and node.is_error else 0
    if node.kind == "seed":
        _, name = _relation(node)
        connection.execute(f"create or replace table {_quoted(node)} as from '{folder / name}.parquet'")
        return 0
    if node.relation is None:
        connection.execute(node.sql)
    for probe in node.probes:
        if _columns(connection, probe.sql) != probe.columns:
            raise SurpriseError(f"{node.name}: its columns are not those of its contract")
    if builds is not None and builds(node):
        return 0
    if node.relation is not None:
        connection.execute("begin")  # macros/table.sql: the table is replaced and filled, or stays as it was
        try:
            connection.execute(node.sql)
        except duckdb.Error:
            connection.execute("rollback")
            raise
        connection.execute("commit")
    return 0


def _node(node: Any, project: Path, connection: duckdb.DuckDBPyConnection) -> Node | None:
    """What dbt executed for one node; None for what it only notes, such as exposures."""
    kind = str(node.resource_type)
    if kind not in ("seed", "model", "test"):
        return None
    depends_on = sorted(node.depends_on.nodes) if kind != "seed" else []
    if kind == "seed":
        return Node(node.unique_id, node.name, kind, "", depends_on, (node.schema, node.alias))
    sql = (project / node.build_path).read_text()
    if kind == "test":
        is_generic = node.test_node_type == "generic"
        is_error = str(node.config.severity).lower() == "error"
        return Node(node.unique_id, node.name, kind, sql, depends_on, None, [], is_generic, is_error)
    is_function = node.config.materialized == "table_function"
    probes = []
    if node.config.contract.enforced:
        calls = [node.compiled_code]
        if is_function:
            calls = [
                f"select * from main.{node.name}({', '.join([_ANY_DATE] * len(parameters))})"  # noqa: S608
                for parameters in node.config["overloads"]
            ]
        probes = [Probe(sql, _columns(connection, sql)) for sql in calls]
    parts = node.config.meta.get("parts", {})
    return Node(
        node.unique_id,
        node.name,
        kind,
        sql,
        depends_on,
        None if is_function else (node.schema, node.alias),
        probes,
        parts_by=parts.get("by"),
        parts_of=[name for name in depends_on if name.rpartition(".")[2] in parts.get("of", ())],
    )


def _columns(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe (\n{sql}\n)").fetchall()]


def _relation(node: Node) -> tuple[str, str]:
    if node.relation is None:
        raise SurpriseError(f"{node.name} is no table")
    return node.relation


def _quoted(node: Node) -> str:
    schema, name = _relation(node)
    return f'"{schema}"."{name}"'


@contextmanager
def _opened(work: Path, settings: Mapping[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(work)) as connection:
        for name, value in settings.items():
            connection.execute(f"set {name} = '{value}'")
        yield connection
