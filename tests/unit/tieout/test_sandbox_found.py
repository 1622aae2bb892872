"""A sandbox is found where it serves, and nowhere else: a process number may be somebody else's by now."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tieout import sandbox_process


@pytest.fixture
def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _told(data_dir: Path, port: int, pid: int) -> None:
    vendors = sandbox_process.vendors_dir(data_dir)
    vendors.mkdir(parents=True)
    told = {
        "pid": pid,
        "as_of": "2026-04-10",
        "urls": {"atlas_etrm": f"http://127.0.0.1:{port}"},
        "environment": {"SOURCES__ATLAS_ETRM__BASE_URL": f"http://127.0.0.1:{port}"},
    }
    (vendors / "sandbox.json").write_text(json.dumps(told))


def test_one_that_serves_is_found(tmp_path: Path, listener: socket.socket) -> None:
    with listener:
        _told(tmp_path, listener.getsockname()[1], os.getpid())
        found = sandbox_process.running(tmp_path)
    assert found is not None
    assert found.overlay["TIEOUT_AS_OF"] == "2026-04-10"


def test_a_number_that_another_process_bears_now_is_no_sandbox(tmp_path: Path, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    _told(tmp_path, port, os.getpid())
    assert sandbox_process.running(tmp_path) is None


def test_without_a_note_there_is_none(tmp_path: Path) -> None:
    assert sandbox_process.running(tmp_path) is None
