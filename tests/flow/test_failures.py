"""What a person meets when something is missing: one clear line, the exit code of DESIGN section 4, nothing done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
from tests.flow.conftest import ROOT, Profile, Settled
from tieout import lock

SAME_BOOKS = {"TIEOUT_AS_OF": "2026-04-10", "COMPANY__TIME_ZONE": "Europe/Berlin"}
"""What the sandbox profile says by itself; with the same parameters a live profile finds the books built."""


def _live(tmp_path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tieout", "run"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TIEOUT_DATA_DIR": str(tmp_path / "live"), **environment},
    )


def _one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_a_missing_credential_is_named(settled: Settled, tmp_path: Path) -> None:
    environment = dict(settled.profile.told["environment"])
    del environment["SOURCES__ATLAS_ACCOUNTING__PASSWORD"]
    done = _live(tmp_path, environment)
    assert done.returncode == 2
    assert "SOURCES__ATLAS_ACCOUNTING__PASSWORD" in _one_line(done)


@pytest.mark.parametrize(
    ("setting", "system"),
    [
        ("SOURCES__ATLAS_ETRM__PASSWORD", "atlas_etrm"),
        ("SOURCES__ATLAS_ACCOUNTING__PASSWORD", "atlas_accounting"),
        ("SOURCES__ATLAR__SECRET", "atlar"),
    ],
)
def test_a_wrong_password_names_the_system_and_never_the_password(
    settled: Settled, tmp_path: Path, setting: str, system: str
) -> None:
    done = _live(tmp_path, {**settled.profile.told["environment"], setting: "wrong-canary-4711"})
    assert done.returncode == 2
    assert system in _one_line(done)
    assert "canary" not in done.stderr + done.stdout
    assert not list((tmp_path / "live").glob("warehouse*"))


@pytest.mark.parametrize("system", ["ATLAS_ETRM", "ATLAS_ACCOUNTING", "ATLAR"])
def test_an_unreachable_vendor_is_named(settled: Settled, tmp_path: Path, system: str) -> None:
    done = _live(
        tmp_path, {**settled.profile.told["environment"], f"SOURCES__{system}__BASE_URL": "http://127.0.0.1:9"}
    )
    assert done.returncode == 1
    assert system.lower() in _one_line(done)
    assert not list((tmp_path / "live").glob("warehouse*"))


def test_a_second_run_at_the_same_time_says_so_and_leaves(settled: Settled) -> None:
    with lock.held(settled.profile.data_dir / "run.lock"):
        done = settled.profile.command("run")
    assert done.returncode == 4
    assert "another run" in _one_line(done)


def test_live_only_plans_and_of_four_runs_at_once_one_writes(copied: Profile) -> None:
    """One thing is due: a live profile shows it as awaiting approval; four runs at the same time write it once."""
    environment = copied.told["environment"]
    desk = AtlasEtrmClient(
        AtlasEtrmConfig(
            environment["SOURCES__ATLAS_ETRM__BASE_URL"],
            environment["SOURCES__ATLAS_ETRM__USERNAME"],
            environment["SOURCES__ATLAS_ETRM__PASSWORD"],
            requests_per_minute=0,
        )
    )
    paid = next(invoice for invoice in copied.at_vendor("atlas_etrm", "invoices") if invoice["isPaid"])
    desk.post_invoices([{"id": paid["id"], "isPaid": False}])
    copied.forget_requests()
    try:
        live = Profile(copied.data_dir, {**environment, "TIEOUT_PROFILE": "live", **SAME_BOOKS})
        done = live.command("run", "--json", sandbox=False)
        assert done.returncode in (0, 3), done.stderr
        told = json.loads(done.stdout)
        assert (told["planned"], told["sent"], told["awaiting_approval"]) == (0, 0, 1)
        assert copied.writes() == []

        with ThreadPoolExecutor(4) as pool:
            runs = [each.result() for each in [pool.submit(copied.command, "run", "--json") for _ in range(4)]]
        assert sorted(run.returncode for run in runs)[-3:] == [4, 4, 4], [run.stderr[-500:] for run in runs]
        [worked] = [run for run in runs if run.returncode != 4]
        assert worked.returncode in (0, 3), worked.stderr
        assert all("another run" in _one_line(run) for run in runs if run is not worked)
        told = json.loads(worked.stdout)
        assert (told["planned"], told["sent"]) == (1, 1)
        assert [write["path"] for write in copied.writes()] == ["/api/Invoice/Post"]
        [mended] = [one for one in copied.at_vendor("atlas_etrm", "invoices") if one["id"] == paid["id"]]
        assert mended["isPaid"] is True
    finally:
        desk.post_invoices([{"id": paid["id"], "isPaid": True}])
        desk.close()
