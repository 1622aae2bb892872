"""The house's rules that a linter over imports cannot see: settings, clocks, dbt's layers, descriptions, exposures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_manifest import manifest as read_manifest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tieout", "pipelines", "reverse_etl", "sandbox")


def _modules(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text())


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return read_manifest()


def _models(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            yield node


def _layer(node: dict[str, Any]) -> str:
    return str(node["fqn"][1])


def test_only_the_front_door_reads_the_environment() -> None:
    readers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in _modules("pipelines", "reverse_etl", "sandbox")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and _name(node.value) == "os"
        and not isinstance(getattr(node, "ctx", None), ast.Store)
    ]
    # dlt takes its working switches from the environment alone, so the landing must set (never read) them there.
    allowed = {"pipelines/extract.py", "pipelines/loader.py", "pipelines/landing.py"}
    assert [reader for reader in readers if reader.split(":")[0] not in allowed] == []


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def test_every_module_opens_with_what_it_is_for() -> None:
    bare = [str(path.relative_to(ROOT)) for path, tree in _modules(*ROOMS) if not ast.get_docstring(tree)]
    assert bare == []


def test_money_never_becomes_a_float() -> None:
    """`float(` has no place where amounts pass; the listed files count seconds or scale an invented world."""
    allowed = {"sandbox/__main__.py", "sandbox/options.py"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in _modules("pipelines", "reverse_etl", "tieout")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) == "float"
    ]
    assert [place for place in found if place.split(":")[0] not in allowed and "transport/" not in place] == []


def test_no_model_asks_the_clock() -> None:
    clock = re.compile(r"\b(current_date|current_timestamp|now\(|today\(|get_current_timestamp)", re.IGNORECASE)
    askers = [
        str(path.relative_to(ROOT))
        for folder in ("models", "macros", "tests")
        for path in (ROOT / "dbt_project" / folder).rglob("*.sql")
        if clock.search(re.sub(r"--.*", "", path.read_text()))
    ]
    assert askers == []


ALLOWED_PARENTS = {
    "staging": {"source", "seed", "staging"},
    "intermediate": {"staging", "intermediate", "seed"},
    "marts": {"intermediate", "staging", "marts", "seed", "source"},
    "sync": {"marts", "intermediate", "staging", "seed"},
}


def test_dbt_layers_look_one_way(manifest: dict[str, Any]) -> None:
    """staging ← raw; intermediate ← staging; marts ← intermediate, staging, marts; nothing ← sync."""
    wrong = []
    for node in _models(manifest):
        for parent in node["depends_on"]["nodes"]:
            kind = parent.split(".")[0]
            layer = _layer(manifest["nodes"][parent]) if kind == "model" else kind
            if layer not in ALLOWED_PARENTS[_layer(node)]:
                wrong.append(f"{node['name']} ({_layer(node)}) reads {parent} ({layer})")
    assert wrong == []


def test_how_far_the_books_are_closed_is_asked_in_one_place(manifest: dict[str, Any]) -> None:
    """The vendor's own field says less than the company's setting and `period.closed` together."""
    companies, answer = "model.tieout.stg_atlas_accounting__companies", "int_posting__closed_through"
    readers = [
        node["name"]
        for node in _models(manifest)
        if _layer(node) != "staging"
        and companies in node["depends_on"]["nodes"]
        and "closed_through" in node["raw_code"].replace(answer, "")
        and f"model.tieout.{answer}" not in node["depends_on"]["nodes"]
    ]
    assert readers == []
    assert f"model.tieout.{answer}" in manifest["nodes"]


def test_staging_of_one_system_reads_that_system_only(manifest: dict[str, Any]) -> None:
    wrong = [
        f"{node['name']} reads {parent}"
        for node in _models(manifest)
        if _layer(node) == "staging"
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.") and parent.split(".")[2] != f"raw_{node['fqn'][2]}"
    ]
    assert wrong == []


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    bare = []
    for node in _models(manifest):
        if not node["description"].strip():
            bare.append(node["name"])
        bare += [f"{node['name']}.{name}" for name, column in node["columns"].items() if not column["description"]]
        if not node["columns"]:
            bare.append(f"{node['name']}: no columns described")
    assert bare == []


GRAIN = re.compile(r"\b(one row (per|a|for)|rows? per|one row)\b", re.IGNORECASE)


def test_every_model_opens_with_its_meaning_and_its_grain(manifest: dict[str, Any]) -> None:
    silent = []
    for node in _models(manifest):
        text = (ROOT / "dbt_project" / node["original_file_path"]).read_text().lstrip()
        comment = " ".join(line.removeprefix("--") for line in _leading_comment(text))
        silent += [
            f"{node['name']} ({place})"
            for place, told in (("its file", comment), ("its description", node["description"]))
            if not GRAIN.search(told)
        ]
    assert silent == []


def _leading_comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line


def test_every_model_keeps_its_columns_by_contract(manifest: dict[str, Any]) -> None:
    loose = [node["name"] for node in _models(manifest) if not node["config"]["contract"]["enforced"]]
    untyped = [
        f"{node['name']}.{name}"
        for node in _models(manifest)
        for name, column in node["columns"].items()
        if not column.get("data_type")
    ]
    assert loose + untyped == []


def test_a_column_that_is_never_null_says_so_in_its_contract(manifest: dict[str, Any]) -> None:
    """A `not_null` test costs a query of its own at every build; the constraint stands in the table."""
    tested = [
        f"{node['attached_node']}.{node['column_name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "not_null"
    ]
    # A function for analysts is no table and keeps no constraint; a seed's table is made by dbt.
    assert [name for name in tested if name.startswith("model.") and "_as_of." not in name] == []


def test_no_declared_money_is_a_double(manifest: dict[str, Any]) -> None:
    doubles = [
        f"{node['name']}.{name}"
        for node in _models(manifest)
        for name, column in node["columns"].items()
        if str(column.get("data_type") or "").lower() in ("double", "float", "real")
    ]
    assert doubles == []


def test_each_sync_has_exactly_one_exposure(manifest: dict[str, Any]) -> None:
    syncs = sorted(node["unique_id"] for node in _models(manifest) if _layer(node) == "sync")
    exposed = sorted(
        parent
        for exposure in manifest["exposures"].values()
        for parent in exposure["depends_on"]["nodes"]
        if parent in syncs
    )
    assert syncs, "there are no sync models"
    assert exposed == syncs


def test_the_catalogue_and_the_sync_models_name_the_same_syncs(manifest: dict[str, Any]) -> None:
    from reverse_etl.catalog import ORDER_NEEDS, PROSPECTS, SYNCS

    models = {node["name"] for node in _models(manifest) if _layer(node) == "sync"} - {PROSPECTS, ORDER_NEEDS}
    assert {sync.name for sync in SYNCS if sync.has_model} == models


def test_every_raw_table_is_a_source_and_is_staged(manifest: dict[str, Any]) -> None:
    from pipelines.atlar import tables as atlar
    from pipelines.atlas_accounting import tables as atlas_accounting
    from pipelines.atlas_etrm import tables as atlas_etrm
    from pipelines.ecb import tables as ecb

    declared = {f"{t.system}.{t.name}" for m in (atlas_etrm, atlas_accounting, atlar, ecb) for t in m.TABLES}
    staged = {
        f"{parent.split('.')[2].removeprefix('raw_')}.{parent.split('.')[3]}"
        for node in _models(manifest)
        if _layer(node) == "staging"
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.")
    }
    assert declared - staged == set()


def test_nothing_committed_names_an_unfinished_place() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK|raise NotImplementedError)\b")
    found = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if marks.search(path.read_text())
    ]
    assert found == []
