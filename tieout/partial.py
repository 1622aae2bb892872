"""Updates the books by what changed: of a large model only the parts that a change reaches are built again.

A model that names its parts (`meta.parts`: the column its parts go by, and the inputs of which a part reads its own
rows alone) is the sum of its parts. So where only rows of those inputs changed, the parts with one of these rows, as it
was or as it is, are built again by the model's own query over them, and the others stay. Any other change builds the
model whole. What changed in a model is its rows before beside its rows after, counted, never guessed; a model none of
whose inputs changed stays as it is.

In: the statements of a build, an open work file, whose tables are those of the last complete build. Out: the same
tables as a build of everything leaves them. What does not belong here: which raw tables changed (`run.py`), tests.
"""

# ruff: noqa: S608  (names of tables and columns are those of the project's own models)

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import duckdb

from tieout.statements import Node, Statements

LEAST_ROWS = 20_000
"""Smaller models are built whole: that takes no longer than finding their parts."""
_MOST_PARTS = 4
"""Where more than a quarter of a model's rows lie in changed parts, it is built whole."""
_COUNT = "_change"
_ROWS = "-- rows\n"
"""Stands between what makes a table and what fills it (macros/table.sql)."""


@dataclass
class Changes:
    """What one build has changed so far: per node the table of its changed rows, None where it stayed the same."""

    connection: duckdb.DuckDBPyConnection
    kept: Statements
    sources: Collection[str]
    """The raw tables that changed."""
    reached: Collection[str]
    """What reads them, directly or through others: the nodes of this build."""
    rows_of: dict[str, str | None] = field(default_factory=dict)
    """Table of changed rows per node; a node of this build that is not in it changed in a way nobody has looked at."""

    def __post_init__(self) -> None:
        self._nodes = {node.unique_id: node for node in self.kept.nodes}
        self._in_parts = {
            node.unique_id
            for node in self.kept.nodes
            if node.parts_by and node.unique_id in self.reached and self._row_count(node) >= LEAST_ROWS
        }
        self._looked_at = {name for node in self._in_parts for name in self._nodes[node].depends_on}

    def build(self, node: Node) -> bool:
        """Builds a model as far as it has to be; False where its whole statement is to be sent."""
        if node.kind != "model" or node.relation is None:
            return False
        if all(self._is_same(name) for name in node.depends_on):
            self.rows_of[node.unique_id] = None
            return True
        if node.unique_id in self._in_parts and self._build_parts(node):
            return True
        if node.unique_id in self._looked_at or node.unique_id in self._in_parts:
            self._build_whole(node)
            return True
        return False

    def _is_same(self, name: str) -> bool:
        """Whether an input is known to be as it was: out of reach, or looked at and found so."""
        if name in self.sources:
            return False
        return name not in self.reached or self.rows_of.get(name, "") is None

    def _build_whole(self, node: Node) -> None:
        """Builds a model beside its table and looks at what differs; an equal table is left alone."""
        table = _quoted(node)
        self._execute(f'create or replace temp table "built" as ({node.probes[0].sql}\n)')
        if not self._find_changes(node, table, '"built"'):
            return
        definition, _, _ = node.sql.partition(_ROWS)
        self._in_one_step(definition, f'insert into {table} from "built"')

    def _build_parts(self, node: Node) -> bool:
        """Builds the changed parts of a model; False where something else changed, or too much."""
        changed = []
        for name in node.depends_on:
            if self._is_same(name):
                continue
            if name not in node.parts_of or self.rows_of.get(name) is None:
                return False
            changed.append(self.rows_of[name])
        table, by = _quoted(node), f'"{node.parts_by}"'
        parts = " union ".join(f"select {by} from {rows}" for rows in changed)
        self._execute(f'create or replace temp table "parts" as {parts}')
        if self._count(f"{table} as rows where {_among('rows', by, 'parts')}") * _MOST_PARTS > self._row_count(node):
            return False
        changed_parts = _among("rows", by, "parts")
        sql = node.probes[0].sql
        for name in node.parts_of:
            read = self._nodes[name]
            self._execute(
                f"create or replace temp view {_part_of(read)} as select * from {_quoted(read)} as rows "
                f"where {changed_parts}"
            )
            sql = re.sub(rf'"[^"."]+"\.{re.escape(_quoted(read))}', _part_of(read), sql)
        self._execute(f'create or replace temp table "built" as select * from ({sql}\n) as rows where {changed_parts}')
        for name in node.parts_of:
            self._execute(f"drop view {_part_of(self._nodes[name])}")
        if self._find_changes(node, f"(select * from {table} as rows where {changed_parts})", '"built"'):
            rows = self.rows_of[node.unique_id]
            self._execute(f'create or replace temp table "parts" as select distinct {by} from {rows}')
            self._in_one_step(
                f"delete from {table} as rows where {changed_parts}",
                f'insert into {table} select * from "built" as rows where {changed_parts}',
            )
        return True

    def _find_changes(self, node: Node, before: str, after: str) -> bool:
        """Notes the rows that one side has more often than the other; returns whether there are any."""
        rows = f'"temp"."main"."changes of {node.name}"'
        self._execute(
            f"create or replace temp table {rows} as select * exclude ({_COUNT}) from ("
            f"select *, 1 as {_COUNT} from {after} union all select *, -1 as {_COUNT} from {before}"
            f") group by all having sum({_COUNT}) <> 0"
        )
        is_changed = self._count(rows) > 0
        self.rows_of[node.unique_id] = rows if is_changed else None
        return is_changed

    def _row_count(self, node: Node) -> int:
        return self._count(_quoted(node))

    def _count(self, rows: str) -> int:
        found = self.connection.execute(f"select count(*) from {rows}").fetchone()
        return int(found[0]) if found else 0

    def _in_one_step(self, *statements: str) -> None:
        self._execute("begin")
        try:
            for statement in statements:
                self._execute(statement)
        except duckdb.Error:
            self._execute("rollback")
            raise
        self._execute("commit")

    def _execute(self, sql: str) -> None:
        self.connection.execute(sql)


def _quoted(node: Node) -> str:
    schema, name = node.relation or ("", "")
    return f'"{schema}"."{name}"'


def _part_of(node: Node) -> str:
    """The view of an input's rows in the changed parts; named as its table, for queries that call it by that name."""
    return f'"temp"."main"."{node.name}"'


def _among(rows: str, by: str, parts: str) -> str:
    """Whether a row lies in one of the parts; what has no part is a part of its own."""
    return f'exists (select 1 from "temp"."main"."{parts}" as part where part.{by} is not distinct from {rows}.{by})'
