"""Builds the books: dbt, in process, over the work file.

In: `work.duckdb` with its raw tables and what the operations store knows. Out: staging, intermediate, marts and
sync tables in the same file, every test green. What does not belong here: deciding what to do with the result.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from tieout.errors import BuildError
from tieout.settings import DBT_PROJECT_DIR, Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

NodeDone = Callable[[str], None]

_PROJECT_FOLDERS = ("models", "seeds", "macros", "tests", "snapshots")


@dataclass(frozen=True)
class Parameters:
    """What the models may depend on beside the records themselves; one row of `raw_operations.run_parameters`.

    A table and not dbt variables: a changed variable makes dbt parse the whole project again, and a table stays in
    the published file, where an auditor can read which date the figures stand for.
    """

    as_of_date: date
    currency_code: str
    base_currency_code: str
    order_total: str
    item_vat: str
    ready_statuses: str | None
    posting_mode: str
    ap_ar_mode: str
    time_zone: str
    books_closed_through: date | None = None

    @classmethod
    def of(cls, settings: Settings, as_of: date) -> Parameters:
        """Returns the parameters of a run."""
        return cls(
            as_of_date=as_of,
            currency_code=settings.order_currency,
            base_currency_code=settings.value("company.base_currency", settings.order_currency) or "EUR",
            order_total=settings.order_total,
            item_vat=settings.item_vat,
            ready_statuses=json.dumps(settings.ready_statuses) if settings.ready_statuses else None,
            posting_mode=settings.posting_mode,
            ap_ar_mode=settings.ap_ar_mode,
            time_zone=str(settings.time_zone),
            books_closed_through=settings.books_closed_through,
        )

    def table(self) -> pa.Table:
        """Returns the one row, as Arrow."""
        kinds = {"as_of_date": pa.date32(), "books_closed_through": pa.date32()}
        return pa.table({name: pa.array([value], kinds.get(name, pa.string())) for name, value in vars(self).items()})


@dataclass
class Books:
    """dbt over one work file; keeps the parsed project, so that later rounds do not parse it again."""

    settings: Settings
    _on_node: NodeDone | None = field(default=None, repr=False)
    _manifest: Manifest | None = field(default=None, repr=False)

    def state(self, parameters: Parameters, *more: str) -> str:
        """Returns a fingerprint of all that decides the books: the dbt project, the parameters, and `more`.

        Args:
            parameters: this run's.
            more: what stands for the records: the landing files' names, the head of the delivery log.
        """
        digest = hashlib.sha256(repr((parameters, more)).encode())
        for path in [DBT_PROJECT_DIR / "dbt_project.yml"] + [
            path
            for folder in _PROJECT_FOLDERS
            for path in sorted((DBT_PROJECT_DIR / folder).rglob("*"))
            if path.is_file()
        ]:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()

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
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        if not seeds:
            arguments += ["--exclude-resource-type", "seed"]
        if changed_tables is not None:
            if not changed_tables:
                return 0
            arguments += ["--select", *(f"source:{_source(name)}+" for name in sorted(changed_tables))]
            arguments += ["--exclude", "test_type:generic"]
        self._on_node = on_node
        try:
            return self._invoke(arguments)
        finally:
            self._on_node = None

    def test_columns(self) -> int:
        """Runs the tests of single columns (keys, relations, accepted values) over what the parts have built.

        Raises:
            BuildError: a test is red.
        """
        return self._invoke(["test", "--select", "test_type:generic"])

    def docs(self) -> None:
        """Writes the static documentation site into dbt's target folder."""
        self._invoke(["docs", "generate", "--static", "--write-json"])

    def _invoke(self, arguments: list[str]) -> int:
        try:
            result = self._runner().invoke([*arguments, *self._options()])
        finally:
            _let_go()
        if not result.success:
            raise BuildError(_explain(result))
        return len(getattr(result.result, "results", ()) or ())

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
            "--log-level-file", "info",
        ]  # fmt: skip

    def _on_event(self, event: Any) -> None:
        if self._on_node is not None and event.info.name == "NodeFinished":
            self._on_node(event.data.node_info.node_name)


def _source(table: str) -> str:
    """The dbt source of a landed table: `atlas_etrm.orders` is `raw_atlas_etrm.orders`."""
    return table if table.startswith("quarantine.") else f"raw_{table}"


def _let_go() -> None:
    """Closes the work file, which dbt keeps open from its first node to its last.

    Opening it anew for each of some five hundred nodes (`keep_open: false`) takes three times as long as building;
    left open after the build, it would hand its state to every later connection of this process.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    with suppress(Exception):  # there is no environment when dbt failed before its first connection
        DuckDBConnectionManager.env().close()
    DuckDBConnectionManager.close_all_connections()


def _explain(result: Any) -> str:
    """Names what failed, one line each, so that nobody has to open a log to know which figure is wrong."""
    if result.exception is not None:
        return f"dbt could not start the build: {result.exception}"
    failed = [
        f"{outcome.node.name}: {(outcome.message or outcome.status).strip().splitlines()[0]}"
        for outcome in getattr(result.result, "results", ())
        if outcome.status in ("error", "fail", "runtime error")
    ]
    head = f"{len(failed)} of the books' models or tests failed; nothing was sent from them"
    return "\n  ".join([head, *failed[:20]])
