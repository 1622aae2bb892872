"""dlt, imported only where something is loaded, and in the background where that is foreseen.

In: nothing. Out: `imported()`, the package; `import_ahead()`, which lets a large landing hide the 0.8 s of CPU that
importing dlt and what it first uses costs. What does not belong here: loading (`loading.py`).
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import threading
from typing import Any

_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
}

_USED_AT_ONCE = ("dlt.destinations.impl.duckdb.duck", "dlt.common.libs.pyarrow", "dlt.sources.helpers.requests")


def imported() -> Any:
    """The dlt package, set to call nobody and to write load ids."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    return importlib.import_module("dlt")


@functools.cache
def import_ahead() -> None:
    """Begins to import dlt in a thread of its own; once per process."""
    threading.Thread(target=_import_all, name="import-dlt").start()


def _import_all() -> None:
    imported()
    for name in _USED_AT_ONCE:
        with contextlib.suppress(ImportError):  # where another version keeps them does not matter
            importlib.import_module(name)
