"""`tieout sql`: every digit, every statement, no bracket taken for a style, and nothing broken over two lines."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from command_desk import CommandDesk
from rich.console import Console

from tieout.report import query

WIDE = "select 1 as order_id, " + ", ".join(f"{n}000.5000::decimal(20,4) as amount_number_{n}" for n in range(1, 10))


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "warehouse_1.duckdb")) as connection:
        connection.execute("create table names as select '[bold]Kraft[/] [x]' as name, true as is_open, null as code")
    return tmp_path / "warehouse_1.duckdb"


def _shown(warehouse: Path, text: str, *, width: int = 80, terminal: bool = False, limit: int | None = None) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=terminal, no_color=True, emoji=False)
    query.show(query.ask(warehouse, text, limit=limit), console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_stands_in_brackets_is_text_and_no_style(warehouse: Path) -> None:
    assert "[bold]Kraft[/] [x]" in _shown(warehouse, "select name, ['a', '[/b]'] as list from names")


def test_where_no_terminal_reads_a_row_is_one_line_however_wide(warehouse: Path) -> None:
    head, row = _shown(warehouse, WIDE).splitlines()
    assert head.split() == ["order_id", *(f"amount_number_{n}" for n in range(1, 10))]
    assert row.split() == ["1", *(f"{n}000.5000" for n in range(1, 10))]


def test_a_narrow_terminal_gets_record_by_record_instead_of_broken_amounts(warehouse: Path) -> None:
    shown = _shown(warehouse, WIDE, terminal=True)
    assert max(len(line) for line in shown.splitlines()) <= 80 + len("\x1b[1m\x1b[0m") * 3
    for n in range(1, 10):
        assert f"{n}000.5000" in shown


def test_long_text_alone_is_folded_so_that_amounts_beside_it_stay_whole(warehouse: Path) -> None:
    shown = _shown(
        warehouse, "select 123456.7800::decimal(20,4) as amount, repeat('word ', 40) as message", terminal=True
    )
    assert "123456.7800" in shown
    assert "row 1" not in shown


def test_several_statements_are_all_answered(warehouse: Path) -> None:
    assert [answer.rows for answer in query.ask(warehouse, "select 1; select 2")] == [[(1,)], [(2,)]]


@pytest.mark.parametrize("text", ["", "  ", ";", "-- nothing"])
def test_an_empty_query_is_said(warehouse: Path, text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        list(query.ask(warehouse, text))


def test_a_table_that_was_cut_says_so_and_programs_get_every_row(warehouse: Path) -> None:
    assert "the first 1,000 rows" in _shown(warehouse, "from range(5000)", limit=query.MOST_ROWS)
    assert "the first" not in _shown(warehouse, "from range(1000)", limit=query.MOST_ROWS)
    [whole] = query.ask(warehouse, "from range(5000)")
    assert len(query.as_json(whole)["rows"]) == 5000


def test_csv_and_json_keep_every_digit_and_both_of_two_columns_of_one_name(warehouse: Path) -> None:
    [answer] = query.ask(
        warehouse, "select 12345678901234567.89::decimal(20,2) as a, true as a, null as b, 'x,\"y' as c"
    )
    target = StringIO()
    query.write_csv(answer, target)
    assert list(csv.reader(StringIO(target.getvalue()))) == [
        ["a", "a", "b", "c"],
        ["12345678901234567.89", "true", "", 'x,"y'],
    ]
    assert query.as_json(answer) == {
        "rows": [{"a": Decimal("12345678901234567.89"), "a_1": True, "b": None, "c": 'x,"y'}]
    }


def test_the_command_answers_programs_and_refuses_what_they_could_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = CommandDesk(tmp_path / "data", monkeypatch)
    desk.publishes("create table amounts as select 0.10::decimal(20,4) as amount")
    assert json.loads(desk.types("sql", "from amounts", "--json").stdout) == {"rows": [{"amount": "0.1000"}]}
    assert desk.types("sql", "from amounts", "--csv").stdout == "amount\n0.1000\n"
    for refused in (
        ("select 1; select 2", "--json"),
        ("from amounts", "--json", "--csv"),
        ("",),
        ("drop table amounts",),
    ):
        assert desk.types("sql", *refused).exit_code != 0
