"""A profile's files without a run: a small published snapshot, an operations store, and the command line over both.

In: SQL that makes the snapshot's tables. Out: `CommandDesk`, which runs commands in process, as a person of any name.
What does not belong here: what the tables mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from reverse_etl.identity import Identity
from reverse_etl.operations import OperationsStore
from tieout import identity
from tieout.cli import app
from tieout.publish import publish
from tieout.settings import Paths

NOON = datetime(2026, 4, 10, 12, tzinfo=UTC)


@dataclass
class CommandDesk:
    """A live profile below a temporary directory."""

    data_dir: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def paths(self) -> Paths:
        return Paths(self.data_dir)

    def publishes(self, *statements: str) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.paths.work)) as connection:
            for statement in statements:
                connection.execute(statement)
        publish(self.paths, as_of="2026-04-10", verified_at=NOON)

    def ran(self, run_id: str, *, by: str | None, minute: int = 0) -> None:
        with self.store() as store:
            at = NOON + timedelta(minutes=minute)
            store.start_run(run_id, started_at=at, profile="live", as_of=date(2026, 4, 10), run_by=by)
            store.finish_run(run_id, finished_at=at, status="withheld", exit_code=5)

    def store(self) -> Any:
        from contextlib import closing

        return closing(OperationsStore(self.paths.operations))

    def types(self, *arguments: str, as_person: str = "clerk") -> Result:
        self.monkeypatch.setenv("TIEOUT_DATA_DIR", str(self.data_dir))
        self.monkeypatch.setattr(identity, "current", lambda settings: Identity(as_person))
        return CliRunner().invoke(app, list(arguments))

    def document(self, *arguments: str, as_person: str = "clerk") -> Any:
        done = self.types(*arguments, "--json", as_person=as_person)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return json.loads(done.stdout)
