"""Builds the books: dbt, in process, over the work file.

In: `work.duckdb` with its raw tables and what the operations store knows. Out: staging, intermediate, marts and
sync tables in the same file, every test green. What does not belong here: deciding what to do with the result.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from filelock import FileLock, Timeout

from tieout import partial, statements
from tieout.errors import BuildError
from tieout.parameters import Parameters
from tieout.settings import DBT_PROJECT_DIR, Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

NodeDone = Callable[[str], None]

STATEMENTS_DIR = DBT_PROJECT_DIR / "target" / "statements"
"""What dbt sent for each state of the project: for all profiles, since it depends on no record and no setting."""

_EVERYTHING = ("build", "--exclude-resource-type", "unit_test")

_LONGEST_WAIT = 300.0
"""Seconds to wait for another process that lets dbt build the same project for the first time."""


@dataclass
class Books:
    """dbt over one work file: it builds a project once, and what it sent then is sent again by every later build."""

    settings: Settings
    _on_node: NodeDone | None = field(default=None, repr=False)
    _manifest: Manifest | None = field(default=None, repr=False)
    _kept: statements.Statements | None = field(default=None, repr=False)
    _is_surprised: bool = field(default=False, repr=False)
    """Whether what was kept did not do what it did before: dbt has the word for the rest of the run."""

    def state(self, parameters: Parameters, *more: str) -> str:
        """Returns a fingerprint of all that decides the books: the dbt project, the parameters, and `more`.

        Args:
            parameters: this run's.
            more: what stands for the records: the landing files' names, the head of the delivery log.
        """
        return hashlib.sha256(repr((self._project, parameters, more)).encode()).hexdigest()

    @cached_property
    def _project(self) -> str:
        return statements.fingerprint(DBT_PROJECT_DIR)

    def built_state(self) -> str | None:
        """Returns the fingerprint of the last complete build of the work file, or None."""
        if not self.settings.paths.work.exists():
            return None
        with duckdb.connect(str(self.settings.paths.work), read_only=True) as connection:
            try:
                row = connection.execute("select state from raw_operations.build_state").fetchone()
            except duckdb.CatalogException:
                return None
        return str(row[0]) if row else None

    def built_for(self) -> date | None:
        """Returns the business date of the last complete build, or None where the work file holds no such build."""
        if self.built_state() is None:
            return None
        with duckdb.connect(str(self.settings.paths.work), read_only=True) as connection:
            row = connection.execute("select as_of_date from raw_operations.run_parameters").fetchone()
        return row[0] if row else None

    def write_operations(self, tables: Mapping[str, pa.Table], parameters: Parameters) -> None:
        """Copies what the operations store knows into `raw_operations`, where the models can read it."""
        with duckdb.connect(str(self.settings.paths.work)) as connection:
            connection.execute("create schema if not exists raw_operations")
            for name, table in {**tables, "run_parameters": parameters.table()}.items():
                connection.register("incoming", table)
                connection.execute(f'create or replace table raw_operations."{name}" as select * from incoming')  # noqa: S608
                connection.unregister("incoming")

    def note_built(self, state: str | None) -> None:
        """Remembers the fingerprint of a complete build; None forgets it, before anything is changed."""
        with duckdb.connect(str(self.settings.paths.work)) as connection:
            connection.execute("create schema if not exists raw_operations")
            connection.execute("create or replace table raw_operations.build_state (state varchar)")
            if state is not None:
                connection.execute("insert into raw_operations.build_state values (?)", [state])

    def build(
        self, *, changed_tables: Collection[str] | None = None, seeds: bool = True, on_node: NodeDone | None = None
    ) -> int:
        """Builds the models and runs their tests.

        Args:
            changed_tables: raw tables ("atlas_etrm.orders", "operations.deliveries") whose dependants are enough;
                None builds everything. A part is checked by the rules of the books alone (each entry balances,
                buckets add up …); the tests of single columns wait for `test_columns`, once, before publishing.
            seeds: whether the seeds are loaded too (they change only with the project).
            on_node: told the name of each model, seed and test as it is done.

        Returns:
            How many models, seeds and tests ran.

        Raises:
            BuildError: a model failed or a test of the books is red; it names each.
        """
        if changed_tables is not None and not changed_tables:
            return 0
        with self._first_build() if changed_tables is None else nullcontext():
            ran = self._send_again(changed_tables, seeds=seeds, on_node=on_node)
            return self._build_by_dbt(changed_tables, seeds=seeds, on_node=on_node) if ran is None else ran

    def test_columns(self) -> int:
        """Runs the tests of single columns (keys, relations, accepted values) over what the parts have built.

        Raises:
            BuildError: a test is red.
        """
        ran = self._send(lambda node: node.is_generic)
        return self._invoke(["test", "--select", "test_type:generic"]) if ran is None else ran

    def _build_by_dbt(self, changed_tables: Collection[str] | None, *, seeds: bool, on_node: NodeDone | None) -> int:
        arguments = [*_EVERYTHING]
        if not seeds:
            arguments += ["--exclude-resource-type", "seed"]
        if changed_tables is not None:
            arguments += ["--select", *(f"source:{_source(name)}+" for name in sorted(changed_tables))]
            arguments += ["--exclude", "test_type:generic"]
        self._on_node = on_node
        try:
            return self._invoke(arguments)
        finally:
            self._on_node = None

    def _send_again(
        self, changed_tables: Collection[str] | None, *, seeds: bool, on_node: NodeDone | None
    ) -> int | None:
        """Builds with the statements dbt sent before; None where there are none, or they no longer do."""
        if changed_tables is None:
            return self._send(lambda node: seeds or node.kind != "seed", on_node)
        kept = self._statements()
        if kept is None:
            return None
        sources = {f"source.tieout.{_source(name)}" for name in changed_tables}
        reached = kept.downstream(sources)
        return self._send(
            lambda node: node.unique_id in reached and not node.is_generic,
            on_node,
            lambda connection: partial.Changes(connection, kept, sources, reached).build,
        )

    def _send(
        self,
        chosen: Callable[[statements.Node], bool],
        on_node: NodeDone | None = None,
        only_changes: Callable[[duckdb.DuckDBPyConnection], statements.Builds] | None = None,
    ) -> int | None:
        kept = self._statements()
        if kept is None:
            return None
        try:
            work, folder = self.settings.paths.work, STATEMENTS_DIR / self._project
            ran, red = statements.run(kept, folder, work, chosen, on_node, only_changes)
        except statements.SurpriseError:
            self._is_surprised = True
            return None
        if red:
            raise BuildError(_failed([f"{name}: {why}" for name, why in red.items()]))
        return ran

    def _statements(self) -> statements.Statements | None:
        if self._is_surprised:
            return None
        if self._kept is None:
            self._kept = statements.load(STATEMENTS_DIR / self._project)
        return self._kept

    @contextmanager
    def _first_build(self) -> Iterator[None]:
        """Where nobody has built this project yet, one process lets dbt do it and the others wait for what it sends."""
        if self._statements() is not None:
            yield
            return
        lock = FileLock(STATEMENTS_DIR / f"{self._project}.lock")
        with suppress(OSError, Timeout):
            STATEMENTS_DIR.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=_LONGEST_WAIT)
        try:
            yield
        finally:
            lock.release()

    def _keep(self, results: Collection[Any], session: Mapping[str, Any]) -> None:
        if statements.fingerprint(DBT_PROJECT_DIR) == self._project:  # else somebody edits it; which has dbt read?
            folder = STATEMENTS_DIR / self._project
            statements.keep(folder, self.settings.paths.work, results, DBT_PROJECT_DIR, session)

    def docs(self) -> None:
        """Writes the static documentation site into dbt's target folder."""
        self._invoke(["docs", "generate", "--static", "--write-json"])

    def _invoke(self, arguments: list[str]) -> int:
        try:
            result = self._runner().invoke([*arguments, *self._options()])
        finally:
            session = _let_go()
        if isinstance(result.exception, KeyboardInterrupt):  # dbt hands it over as if it were its own failure
            raise KeyboardInterrupt
        if not result.success:
            raise BuildError(_explain(result))
        results = getattr(result.result, "results", ()) or ()
        if tuple(arguments) == _EVERYTHING:
            self._keep(results, session)
        # As many as a build without dbt would tell: it knows no exposures, which build nothing.
        return sum(str(getattr(one.node, "resource_type", "")) != "exposure" for one in results)

    def _runner(self) -> Any:
        # Imported late: dbt takes seconds to import, and a run in which nothing changed does not need it.
        from dbt.cli.main import dbtRunner

        os.environ["TIEOUT_WORK_DB"] = str(self.settings.paths.work)  # the one way a profile takes a path
        os.environ["DO_NOT_TRACK"] = "1"
        if self._manifest is None:
            parsed = dbtRunner().invoke(["parse", *self._options()])
            if not parsed.success:
                raise BuildError(_explain(parsed))
            self._manifest = parsed.result
        return dbtRunner(manifest=self._manifest, callbacks=[self._on_event])

    def _options(self) -> list[str]:
        target = self.settings.paths.dbt_target
        return [
            "--project-dir", str(DBT_PROJECT_DIR),
            "--profiles-dir", str(DBT_PROJECT_DIR),
            "--target-path", str(target),
            "--log-path", str(target / "logs"),
            "--no-send-anonymous-usage-stats",
            "--no-version-check",
            "--no-use-colors",
            "--no-write-json",
            "--log-level", "none",
            "--log-level-file", "none",  # dbt composes a line for each of its 20,000 events before it filters
        ]  # fmt: skip

    def _on_event(self, event: Any) -> None:
        if self._on_node is not None and event.info.name == "NodeFinished":
            self._on_node(event.data.node_info.node_name)


def _source(table: str) -> str:
    """The dbt source of a landed table: `atlas_etrm.orders` is `raw_atlas_etrm.orders`."""
    return table if table.startswith("quarantine.") else f"raw_{table}"


def _let_go() -> Mapping[str, Any]:
    """Closes the work file, which dbt keeps open from its first node to its last; returns what a connection is set to.

    Opening it anew for each of some five hundred nodes (`keep_open: false`) takes three times as long as building;
    left open after the build, it would hand its state to every later connection of this process.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    session: Mapping[str, Any] = {}
    with suppress(Exception):  # there is no environment when dbt failed before its first connection
        environment = DuckDBConnectionManager.env()
        session = dict(environment.creds.settings or {})
        environment.close()
    DuckDBConnectionManager.close_all_connections()
    return session


def _explain(result: Any) -> str:
    """Names what failed, one line each, so that nobody has to open a log to know which figure is wrong."""
    if result.exception is not None:
        return f"dbt could not start: {result.exception}"
    failed = [
        f"{outcome.node.name}: {(outcome.message or outcome.status).strip().splitlines()[0]}"
        for outcome in getattr(result.result, "results", ())
        if outcome.status in ("error", "fail", "runtime error")
    ]
    return _failed(failed)


def _failed(lines: list[str]) -> str:
    head = f"{len(lines)} of the books' models or tests failed; nothing was sent from them"
    return "\n  ".join([head, *lines[:20]])
