"""Promise 32, write-back side: over the settled sandbox, no command, log, state or build artefact gives anything away.

Never shown are the vendors' credentials, and account numbers in full: of those, country and last four characters. Only
what holds the records themselves has them: raw tables, `landing/`, and the payloads in the operations store. (What
vendors repeat in their errors: `tests/faults/test_fault_secrets_written.py`.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import Profile, Settled
from typer.testing import CliRunner

from pipelines.transport.ibans import mask_ibans
from tieout.cli import app

ORDER = 210


def credentials(profile: Profile) -> set[str]:
    told = profile.told["environment"]
    return {value for name, value in told.items() if name.endswith(("PASSWORD", "SECRET", "ACCESS_KEY", "TOKEN"))}


def accounts(profile: Profile) -> set[str]:
    """Every account number that the vendors' own records hold."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                walk(each)
        elif isinstance(value, str) and 15 <= len(value) <= 34 and value[:2].isalpha() and mask_ibans(value) != value:
            found.add(value)

    for system, table in (
        ("atlas_etrm", "counterparties"),
        ("atlar", "accounts"),
        ("atlar", "transactions"),
        ("atlar", "counterparties"),
        ("atlar", "external_accounts"),
        ("atlas_accounting", "vendors"),
    ):
        walk(profile.at_vendor(system, table))
    return found


def given_away(text: str, never: Iterable[str]) -> list[str]:
    bare = "".join(sign for sign in text if sign.isalnum()).upper()
    return sorted({f"{canary[:2]}…" for canary in never if canary in text or canary.upper() in bare})


def typed(profile: Profile, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(profile.data_dir))
    done = CliRunner().invoke(app, ["--sandbox", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)
    return done.output + done.stderr


def test_no_command_tells_a_secret_or_an_account(
    copied: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    never = credentials(copied) | accounts(copied)
    assert len(never) > 20
    [payment] = copied.query(
        "select payment_id from staging.stg_atlas_accounting__payments order by payment_date desc limit 1"
    )
    # A line that names the account of the other side, where there is one.
    [line] = copied.query(
        "select id from raw_atlar.transactions where counterparty::varchar like '%IBAN%' order by id limit 1"
    )
    subjects = [f"order:{ORDER}", f"payment:{payment['payment_id']}", f"bank:{line['id']}"]
    commands = [
        ["status"],
        ["status", "--json"],
        ["plan", "--list"],
        ["plan", "latest"],
        ["plan", "latest", "--json"],
        ["shadow", "--csv", str(tmp_path / "shadow.csv")],
        ["shadow", "--json"],
        ["audit", "list"],
        ["audit", "verify", "--json"],
        ["dismiss"],
        ["hold"],
        ["accept", "--list"],
        ["undo", "--record", f"order:{ORDER}", "--reason", "a look"],
        ["undo", "--record", f"order:{ORDER}", "--reason", "a look", "--json"],
        *(["explain", subject] for subject in subjects),
        *(["explain", subject, "--json"] for subject in subjects),
        *(["explain", subject, "--html", str(tmp_path / f"{number}.html")] for number, subject in enumerate(subjects)),
    ]
    told = {" ".join(command): typed(copied, monkeypatch, *command) for command in commands}
    told |= {page.name: page.read_text() for page in [*tmp_path.glob("*.html"), *tmp_path.glob("*.csv")]}
    assert {name: found for name, text in told.items() if (found := given_away(text, never))} == {}
    assert all(told.values())


def test_every_event_of_the_log_is_shown_without_accounts(copied: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    never = credentials(copied) | accounts(copied)
    listed = json.loads(typed(copied, monkeypatch, "audit", "list", "--json"))
    assert given_away(json.dumps(listed), never) == []
    for number in (1, 2, 3, 50, 100):
        assert given_away(typed(copied, monkeypatch, "audit", "show", str(number), "--json"), never) == []


def test_no_log_state_or_artefact_holds_a_secret_or_an_account(settled: Settled) -> None:
    """Records are kept in raw tables, landing and payloads alone; credentials nowhere."""
    secrets, numbers = credentials(settled.profile), accounts(settled.profile)
    data_dir, looked_at = settled.profile.data_dir, 0
    for file in sorted(data_dir.rglob("*")):
        if not file.is_file() or "vendors" in file.relative_to(data_dir).parts:
            continue
        content = file.read_bytes().decode("latin-1")
        assert [f"{secret[:2]}…" for secret in secrets if secret in content] == [], file
        top = file.relative_to(data_dir).parts[0]
        if top in ("dbt", "dlt") or file.suffix in (".json", ".jsonl", ".log", ".txt"):
            looked_at += 1
            assert [f"{number[:2]}…" for number in numbers if number in content] == [], file
    assert looked_at > 20


def test_the_delivery_log_in_the_books_holds_no_account(settled: Settled) -> None:
    numbers = accounts(settled.profile)
    tables = settled.profile.query(
        "select table_schema || '.' || table_name as name from information_schema.tables"
        " where table_schema = 'raw_operations' or table_name in"
        " ('fct_deliveries', 'fct_runs', 'fct_exceptions', 'fct_tie_outs', 'fct_tie_out_documents') order by 1"
    )
    assert len(tables) > 8
    for table in tables:
        rows = settled.profile.query(f"select to_json(t)::varchar as row from {table['name']} as t")
        assert given_away(" ".join(row["row"] for row in rows), numbers) == [], table["name"]
