"""dlt, imported only where something is loaded, and in the background where that is foreseen.

In: nothing. Out: `imported()`, the package; `import_ahead()`, which lets a landing hide what importing dlt costs;
`work_file()`, DuckDB as dlt's destination. What does not belong here: loading (`loading/backlog.py`).
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    # Rows belong into landing/ and the work file; a copy in dlt's folder would hold whole account numbers.
    "LOAD__DELETE_COMPLETED_JOBS": "true",
}

_USED_AT_ONCE = ("dlt.destinations.impl.duckdb.duck", "dlt.common.libs.pyarrow", "dlt.sources.helpers.requests")


def imported() -> Any:
    """The dlt package, set to call nobody and to write load ids."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    return importlib.import_module("dlt")


_BEGUN = threading.Lock()


def import_ahead() -> None:
    """Begins to import dlt in a thread of its own; once per process, whoever asks."""
    if _BEGUN.acquire(blocking=False):
        threading.Thread(target=_import_all, name="import-dlt").start()


def _import_all() -> None:
    imported()
    for name in _USED_AT_ONCE:
        with contextlib.suppress(ImportError):  # where another version keeps them does not matter
            importlib.import_module(name)


def work_file(connection: duckdb.DuckDBPyConnection) -> Any:
    """An open work file as dlt's destination."""
    return _destination()(connection)


@functools.cache
def _destination() -> Any:
    """DuckDB as dlt has it, but for two things that dlt works out anew in each step: half of a small load's cost."""
    from dlt.common.configuration import configspec
    from dlt.destinations import duckdb as destination
    from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration

    @configspec(init=False)
    class WorkFileConfiguration(DuckDbClientConfiguration):
        def __str__(self) -> str:
            return str(self.credentials.database)  # dlt would import SQLAlchemy to write it as a URL

    class WorkFile(destination):
        spec = WorkFileConfiguration

        @property
        def destination_type(self) -> str:
            return "dlt.destinations.duckdb"

        def capabilities(self, config: Any = None, naming: Any = None) -> Any:
            # Of DuckDB they do not depend on settings: dlt would look up four hundred of them, twenty times a load.
            return super().capabilities(config or self.spec(), naming)

    return WorkFile
