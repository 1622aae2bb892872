"""An error that is not Tieout's own is told in one line with what a person can do."""

from __future__ import annotations

import errno
import sqlite3

import duckdb
import pytest

from pipelines.transport import errors
from tieout import remedies


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            errors.CredentialsRefused("atlas_etrm", "Invalid credentials", status=401),
            "Check SOURCES__ATLAS_ETRM__USERNAME and SOURCES__ATLAS_ETRM__PASSWORD; tieout doctor",
        ),
        (errors.CredentialsRefused("atlar", "no", status=401), "SOURCES__ATLAR__ACCESS_KEY and SOURCES__ATLAR__SECRET"),
        (errors.Unreachable("atlas_accounting", "no connection"), "Check SOURCES__ATLAS_ACCOUNTING__BASE_URL"),
        (errors.PermissionRefused("atlar", "no", status=403), "tieout doctor shows which endpoints"),
        (
            errors.RecordNotFound("atlar", "Not found", status=404),
            "SOURCES__ATLAR__BASE_URL and SOURCES__ATLAR__ROUTES",
        ),
        (
            errors.RecordNotFound("atlas_accounting", "no", status=404),
            "SOURCES__ATLAS_ACCOUNTING__DIALECT; tieout doctor",
        ),
        (errors.VendorFault("atlar", "broken", status=500), "atlar: broken (HTTP 500)"),
    ],
)
def test_a_vendors_refusal_names_what_to_check(problem: errors.VendorError, told: str) -> None:
    said = remedies.of_vendor(problem)
    assert said.startswith(str(problem))
    assert told in said
    problem.add_note("GET /accounts")
    assert remedies.of_vendor(problem).startswith(f"{problem} at GET /accounts")


@pytest.mark.parametrize(
    "problem",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("disk I/O error"),
        duckdb.IOException("IO Error: Could not write all bytes: No space left on device"),
    ],
    ids=str,
)
def test_a_full_disk_is_found_behind_whatever_it_broke(problem: Exception) -> None:
    outer = RuntimeError("a load failed\nwith many lines")
    outer.__cause__ = problem
    said = remedies.of_full_disk(outer)
    assert said is not None
    assert "TIEOUT_DATA_DIR" in said
    assert "\n" not in said


def test_another_error_is_no_full_disk() -> None:
    assert remedies.of_full_disk(ValueError("no such table")) is None
    assert remedies.of_full_disk(OSError(errno.EACCES, "Permission denied")) is None


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/run.lock"),
            "/data/run.lock: Permission denied. Check",
        ),
        (
            sqlite3.OperationalError("(sqlite3.OperationalError) unable to open database file"),
            "operations.sqlite: unable to open database file. Check",
        ),
        (sqlite3.OperationalError("attempt to write a readonly database"), "readonly database. Check who may write"),
    ],
)
def test_a_place_that_cannot_be_used_is_named(problem: Exception, told: str) -> None:
    said = remedies.of_place(problem)
    assert said is not None
    assert told in said


def test_other_errors_are_not_mistaken_for_a_place_or_an_interruption() -> None:
    assert remedies.of_place(ValueError("column is missing")) is None
    assert not remedies.is_interrupted(RuntimeError("something else"))


def test_the_run_history_calls_an_interruption_by_its_name() -> None:
    assert remedies.noted(KeyboardInterrupt()) == remedies.noted(RuntimeError("Query interrupted")) == "interrupted"
    assert remedies.noted(ValueError("a column is missing")) == "a column is missing"
    assert remedies.noted(ValueError()) == "ValueError"
