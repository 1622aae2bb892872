"""`tieout shadow` compares, and nothing leaves the machine while it does."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

from conftest import Profile, Settled, _sim


def fingerprints(folder: Path) -> dict[str, str]:
    kept = [path for path in folder.rglob("*") if path.is_file() and "vendors" not in path.parts]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(kept)}


def test_it_names_what_an_incumbent_did_and_did_not_do(settled: Settled, tmp_path: Path) -> None:
    done = settled.profile.command("shadow", "--json", "--csv", str(tmp_path / "differences.csv"))
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    elsewhere = settled.profile.query("select order_id, erp_code from marts.fct_orders where is_posted_elsewhere")
    assert told["orders_booked_there"] == len(elsewhere) > 0
    assert told["differences"]["document_not_found"] == len(
        settled.profile.query("select * from marts.fct_exceptions where exception_code = 'posted_elsewhere_unmatched'")
    )
    with (tmp_path / "differences.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(told["rows"]) == sum(told["differences"].values())


def test_nothing_is_asked_and_nothing_is_written(copied: Profile) -> None:
    # Opening the store makes its side files; that is not what this is about.
    copied.command("audit", "verify")
    before = fingerprints(copied.data_dir)
    copied.forget_requests()
    assert copied.command("shadow").returncode == 3
    asked = [request for url in copied.told["urls"].values() for request in _sim(url, "requests")]
    assert [request["path"] for request in asked if not request["path"].startswith("/_sim")] == []
    assert fingerprints(copied.data_dir) == before
