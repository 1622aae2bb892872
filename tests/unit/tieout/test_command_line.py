"""The front door itself: asked for its version, interrupted, or out of its depth, it says one sentence."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from tieout import __version__, cli
from tieout.errors import ExitCode


def _ends(monkeypatch: pytest.MonkeyPatch, work: Any) -> int:
    """Runs `main` with one command that does `work`; returns the exit code."""
    app = typer.Typer()
    app.command()(work)
    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr(sys, "argv", ["tieout"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as left:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    return int(left.value.code or 0)


def test_the_version_is_told_without_a_command() -> None:
    told = subprocess.run([sys.executable, "-m", "tieout", "--version"], check=True, capture_output=True, text=True)
    assert told.stdout == f"tieout {__version__}\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_command_that_is_asked_to_end_says_that_the_next_run_goes_on(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = []

    def work() -> None:
        try:
            os.kill(os.getpid(), getattr(signal, name))
            signal.pause()
        finally:
            ended.append("noted")

    assert _ends(monkeypatch, work) == ExitCode.INTERRUPTED
    assert ended == ["noted"]
    assert "tieout: interrupted; what was sent is in the delivery log" in capsys.readouterr().err


def test_a_query_that_is_interrupted_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise RuntimeError("Query interrupted")  # as DuckDB has it

    assert _ends(monkeypatch, work) == ExitCode.INTERRUPTED
    assert "interrupted; what was sent" in capsys.readouterr().err


def test_a_folder_nobody_may_write_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / "run.lock"))

    assert _ends(monkeypatch, work) == ExitCode.FAILED
    assert f"tieout: {tmp_path / 'run.lock'}: Read-only file system. Check who may write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "told"),
    [(["tieout", "--sandbox", "sql"], "`tieout --sandbox run` does it"), (["tieout", "sql"], "`tieout run` does it")],
)
def test_a_remedy_stays_in_the_sandbox_it_was_typed_in(
    typed: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", typed)
    with pytest.raises(SystemExit):
        cli._fail("nothing has been published yet; `tieout run` does it", ExitCode.FAILED)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--scale", "0"], ["--accounting-tier", "gold"], ["--port-base", "70000"]])
def test_a_sandbox_that_cannot_be_is_one_line(
    option: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["tieout", "sandbox", *option])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as left:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert left.value.code == ExitCode.USAGE
    assert "must be" in capsys.readouterr().err
    assert not (tmp_path / "vendors").exists()
