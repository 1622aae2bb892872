"""Every exception code a model can give stands in the seed `exception_codes`, with the severity the model gives it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
GIVEN = re.compile(r"'([a-z_]+)' as exception_code,\s*(?:--[^\n]*\n\s*)*'(hold|warn)' as severity")
NAMED = re.compile(r"'([a-z_]+)' as exception_code")


def _seed() -> dict[str, dict[str, str]]:
    with (PROJECT / "seeds" / "exception_codes.csv").open(newline="") as file:
        return {row["exception_code"]: row for row in csv.DictReader(file)}


def test_every_code_has_its_meaning_and_its_remedy() -> None:
    seed = _seed()
    texts = [path.read_text() for path in sorted((PROJECT / "models").rglob("*.sql"))]
    named = {code for text in texts for code in NAMED.findall(text)}
    assert named, "no model names an exception code in the way this test reads"
    assert named - seed.keys() == set(), "add them to dbt_project/seeds/exception_codes.csv"
    given = {pair for text in texts for pair in GIVEN.findall(text)}
    assert len(given) > len(named) * 3 // 4
    assert {(code, severity) for code, severity in given if seed[code]["severity"] != severity} == set()
    assert [code for code, row in seed.items() if not row["meaning"] or not row["remedy"]] == []
