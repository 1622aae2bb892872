"""What building the books costs beside the same SQL run straight in DuckDB: `make bench-books`.

A work file is filled with order items, orders, invoices, bills and payments as the landing leaves them. Each figure
comes from a process of its own, with its seconds and its peak memory (`ru_maxrss`):
- the reference: the compiled SQL of every model and test, in dbt's order, in one DuckDB connection;
- Tieout's own build of the same file (parsing the project, loading the seeds and running every test included);
- the same again after one item in a hundred came with another amount.

Sizes: `--items`, `--invoices`; where: `--dir` (a folder that is made and removed).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ITEMS_PER_ORDER = 5
COUNTERPARTIES = 5_000
AS_OF = date(2026, 3, 31)

META = (
    "timestamptz '2026-03-31 06:00:00+00', md5(id::varchar), false, '20260331T060000.parquet', null::varchar, 'bench'"
)
"""`_landed_at`, `_fingerprint`, `_is_deleted`, `_landing_file`, `_unknown_fields`, `_dlt_load_id`."""

# One item in five thousand cents steps; whole cents, so that totals and documents agree without rounding.
CENTS = "(10000 + (hash(item) % 9000000)::bigint)"


def fill(folder: str, items: str, invoices: str) -> str:
    """Writes the work file."""
    sys.path.insert(0, str(ROOT / "tests" / "dbt"))
    import duckdb
    from raw_fixture import TABLES, RawFixture

    path = Path(folder) / "work.duckdb"
    orders, documents = int(items) // ITEMS_PER_ORDER, int(invoices)
    with RawFixture(path, as_of_date=AS_OF) as raw:
        company = {"id": "com-1", "name": "Bench", "base_currency": "EUR", "country": "DE"}
        raw.insert("atlas_accounting.companies", [company])
        accounts = {"1000": "bank", "1100": "accounts_receivable", "1200": "asset", "2000": "accounts_payable",
                    "2200": "liability", "4100": "revenue", "4900": "revenue", "6410": "expense",
                    "7900": "expense"}  # fmt: skip
        raw.insert(
            "atlas_accounting.accounts",
            [
                {"id": f"acc-{number}", "account_number": number, "name": number, "account_type": kind,
                 "currency": "EUR", "is_active": True}
                for number, kind in accounts.items()
            ],
        )  # fmt: skip

    def put(connection: duckdb.DuckDBPyConnection, table: str, select: str) -> None:
        """Inserts a query's columns by name; columns it lacks are null."""
        declared = TABLES[table]
        given = [column[0] for column in connection.sql(f"select * from ({select}) limit 0").description]
        names = [*given, "_landed_at", "_fingerprint", "_is_deleted", "_landing_file", "_unknown_fields",
                 "_dlt_load_id"]  # fmt: skip
        connection.execute(
            f"insert into {declared.dataset}.{declared.name} ({', '.join(names)}) select *, {META} from ({select})"
        )

    with duckdb.connect(str(path)) as connection:
        connection.execute("set preserve_insertion_order = false")
        parties = f"select n + 1 as id, 'Counterparty ' || n as name from range({COUNTERPARTIES}) t(n)"
        put(
            connection,
            "atlas_etrm.counterparties",
            f"select id, name as legal_name, 'DE' || (100000000 + id) as vat, 'DE' as country, '6410' as gl_account,"
            f" 'DE' || (10000000000000000000 + id) as iban, 'C-' || id as external_id from ({parties})",
        )
        for table, prefix in (("customers", "cus"), ("vendors", "ven")):
            put(
                connection,
                f"atlas_accounting.{table}",
                f"select '{prefix}-' || id as id, 'C-' || id as external_id, name as display_name, 'EUR' as currency"
                f" from ({parties})",
            )
        put(
            connection,
            "atlas_etrm.order_items",
            f"""
            select
                item + 1 as id,
                item // {ITEMS_PER_ORDER} + 1 as order_id,
                (item // {ITEMS_PER_ORDER}) % {COUNTERPARTIES} + 1 as counterparty_id,
                'PPA Helios Mar-26 ' || item % 5000 as deal_name,
                2 as status,
                (item // {ITEMS_PER_ORDER}) % 2 as cashflow,
                ({CENTS} * 0.01)::decimal(38, 10) as amount,
                0::decimal(38, 10) as vat,
                (item % 1000 * 0.001)::decimal(38, 10) as volume,
                date '2026-03-01' as start_compensation,
                date '2026-03-31' as end_compensation,
                case when (item // {ITEMS_PER_ORDER}) % 2 = 0 then '4100' end as gl_account
            from range({orders * ITEMS_PER_ORDER}) t(item)
            """,
        )
        put(
            connection,
            "atlas_etrm.orders",
            """
            select
                order_id as id, 'Order ' || order_id as name, min(counterparty_id) as counterparty_id,
                'Approved order by ETRM' as status, 0 as document_type,
                date '2026-03-01' + (order_id % 31)::integer as registration_date,
                date '2026-03-01' + (order_id % 91)::integer as due_date,
                sum(amount)::decimal(38, 10) as total_amount
            from raw_atlas_etrm.order_items
            group by order_id
            """,
        )
        _documents(connection, put, documents)
    return f"{path.stat().st_size / 1e6:,.0f} MB"


def _documents(connection: object, put: Callable[..., None], documents: int) -> None:
    """Issued invoices: one per Active order first, services beyond; bills for a tenth; a third is paid in part."""
    put(
        connection,
        "atlas_accounting.invoices",
        f"""
        with sold as (
            select order_id, any_value(counterparty_id) as party, sum(amount) as total
            from raw_atlas_etrm.order_items where cashflow = 0 group by order_id
        ),

        wanted as (
            select n, sold.order_id, coalesce(sold.party, n % {COUNTERPARTIES} + 1) as party,
                coalesce(sold.total, (100 + n % 90000) * 0.01)::decimal(38, 2) as total
            from range({documents}) t(n)
            left join sold on sold.order_id = n * 2 + 1
        )

        select
            'inv-' || n as id, 'INV-' || n as invoice_number, 'cus-' || party as customer_id,
            date '2026-03-01' + ((n * 2 + 1) % 31)::integer as invoice_date,
            date '2026-03-01' + ((n * 2 + 1) % 91)::integer as due_date,
            'EUR' as currency, case when n % 3 = 0 then 'partial' else 'sent' end as status,
            total::decimal(38, 10) as total_amount, 0::decimal(38, 10) as tax_amount,
            case when n % 3 = 0 then 0.5 else 0 end::decimal(38, 10) as amount_paid,
            (total - case when n % 3 = 0 then 0.5 else 0 end)::decimal(38, 10) as amount_due,
            case when order_id is not null then 'atlas_etrm:order:' || order_id end as notes,
            '[{{"description": "Energy", "quantity": 1, "unit_price": "' || total || '", "amount": "' || total
            || '", "revenue_account_id": "acc-' || case when order_id is null then '4900' else '4100' end || '"}}]'
                as lines
        from wanted
        """,
    )
    put(
        connection,
        "atlas_accounting.payments",
        f"""
        select
            'pay-' || n as id, 'cus-' || replace(customer_id, 'cus-', '') as customer_id,
            date '2026-03-31' as payment_date, 0.5::decimal(38, 10) as amount, 'EUR' as currency,
            'acc-1000' as deposit_account_id, 'applied' as status,
            '[{{"invoice_id": "inv-' || n || '", "amount_applied": "0.50"}}]' as applications
        from range(0, {documents}, 3) t(n)
        inner join raw_atlas_accounting.invoices on id = 'inv-' || n
        """,
    )
    put(
        connection,
        "atlas_accounting.bills",
        """
        select
            'bill-' || order_id as id, 'BILL-' || order_id as bill_number,
            'ven-' || any_value(counterparty_id) as vendor_id,
            date '2026-03-01' + (order_id % 31)::integer as bill_date,
            date '2026-03-01' + (order_id % 91)::integer as due_date,
            'EUR' as currency, 'approved' as status,
            sum(amount)::decimal(38, 10) as total_amount, 0::decimal(38, 10) as tax_amount,
            0::decimal(38, 10) as amount_paid, sum(amount)::decimal(38, 10) as amount_due,
            'atlas_etrm:order:' || order_id as notes,
            '[{"description": "Energy", "quantity": 1, "unit_price": "' || sum(amount)::decimal(38, 2)
            || '", "amount": "' || sum(amount)::decimal(38, 2) || '", "expense_account_id": "acc-6410"}]' as lines
        from raw_atlas_etrm.order_items
        where cashflow = 1 and order_id % 10 = 0
        group by order_id
        """,
    )


def change(folder: str) -> str:
    """Lands another version of one item in a hundred and of its order: a cent more."""
    import duckdb

    with duckdb.connect(str(Path(folder) / "work.duckdb")) as connection:
        newer = "_landed_at + interval 1 hour as _landed_at, 'changed' as _fingerprint"
        counts = [
            connection.execute(
                "insert into raw_atlas_etrm.order_items select * replace (amount + 0.01 as amount, "
                f"{newer}) from raw_atlas_etrm.order_items where id % 100 = 7"
            ).fetchone(),
            connection.execute(
                "insert into raw_atlas_etrm.orders select * replace (total_amount + 0.01 as total_amount, "
                f"{newer}) from raw_atlas_etrm.orders where id in "
                "(select order_id from raw_atlas_etrm.order_items where id % 100 = 7)"
            ).fetchone(),
        ]
    return " and ".join(f"{row[0]:,} {name}" for row, name in zip(counts, ("items", "orders"), strict=True) if row)


def build(folder: str, changed: str = "") -> str:
    """Tieout's own build."""
    from tieout import settings
    from tieout.build import Books

    os.environ["TIEOUT_DATA_DIR"] = folder
    books = Books(settings.load("live"))
    if changed:
        ran = books.build(changed_tables={"atlas_etrm.order_items", "atlas_etrm.orders"}, seeds=False)
    else:
        ran = books.build()
    return f"{ran} models, seeds and tests"


def reference(folder: str) -> str:
    """The compiled SQL of the same nodes in the same order, each model a table and each test a count."""
    import duckdb

    path, target = Path(folder) / "reference.duckdb", Path(folder) / "compiled"
    nodes = json.loads((target / "in_order.json").read_text())
    started = time.perf_counter()
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        for node in nodes:
            sql = node["sql"].replace('"work".', '"reference".')
            if node["overloads"]:
                connection.execute(_macro(node["alias"], sql.replace('"reference".', ""), node["overloads"]))
            elif node["is_model"]:
                connection.execute(f'create schema if not exists "{node["schema"]}"')
                connection.execute(f'create or replace table "{node["schema"]}"."{node["alias"]}" as ({sql}\n)')
            else:
                connection.execute(f"select count(*) from ({sql}\n)").fetchall()
    return f"{len(nodes)} queries in {time.perf_counter() - started:.1f} s"


def _macro(name: str, sql: str, overloads: list[list[str]]) -> str:
    """A function of the books as macros/table_function.sql makes it: a query per overload."""
    queries = [query for query in sql.split(";") if query.strip()]
    bodies = (f"({', '.join(names)}) as table ({query}\n)" for names, query in zip(overloads, queries, strict=True))
    return f"create or replace macro main.{name} {', '.join(bodies)}"


def compile_sql(folder: str) -> str:
    """Lets dbt write the compiled SQL and the order it runs in; loads the seeds into the reference's copy."""
    work, copy, target = (Path(folder) / name for name in ("work.duckdb", "reference.duckdb", "compiled"))
    shutil.copyfile(work, copy)
    project = ["--project-dir", str(ROOT / "dbt_project"), "--profiles-dir", str(ROOT / "dbt_project"),
               "--target-path", str(target), "--log-path", str(target / "logs"), "--quiet"]  # fmt: skip
    from graphlib import TopologicalSorter

    from dbt.cli.main import dbtRunner

    def invoke(*arguments: str) -> object:
        result = dbtRunner().invoke([*arguments, *project])
        if not result.success:
            raise SystemExit(f"dbt {arguments[0]}: {result.exception or result.result}")
        return result.result

    os.environ["TIEOUT_WORK_DB"] = str(work)
    compiled = invoke("compile", "--exclude", "test_type:unit")
    nodes = {
        done.node.unique_id: done.node
        for done in compiled.results  # type: ignore[attr-defined]
        if done.node.resource_type in ("model", "test")
    }
    graph = {name: sorted(set(node.depends_on.nodes) & nodes.keys()) for name, node in sorted(nodes.items())}
    in_order = [
        {
            "is_model": nodes[name].resource_type == "model",
            "schema": nodes[name].schema,
            "alias": nodes[name].alias,
            "overloads": nodes[name].config.get("overloads"),
            "sql": nodes[name].compiled_code,
        }
        for name in TopologicalSorter(graph).static_order()
    ]
    (target / "in_order.json").write_text(json.dumps(in_order))
    os.environ["TIEOUT_WORK_DB"] = str(copy)
    invoke("seed")
    return f"{len(nodes)} models and tests compiled"


MEASURED: dict[str, Callable[..., str]] = {
    function.__name__: function for function in (fill, change, build, reference, compile_sql)
}


def in_a_process(name: str, *given: str) -> tuple[float, float, str]:
    """Runs one measurement; returns its seconds (imports included, as a run has them), megabytes and a note."""
    run = subprocess.run(
        [sys.executable, __file__, "--one", name, *given], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if run.returncode:
        raise SystemExit(f"{name} failed:\n{run.stdout[-2000:]}{run.stderr[-3000:]}")
    told = json.loads(run.stdout.splitlines()[-1])
    return told["seconds"], told["megabytes"], told["note"]


def one(name: str, given: list[str]) -> None:
    sys.path.insert(0, str(ROOT))
    started = time.perf_counter()
    note = MEASURED[name](*given)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"seconds": seconds, "megabytes": used.ru_maxrss / 1024, "note": f"cpu {cpu:.1f} s; {note}"}))


def show(label: str, told: tuple[float, float, str], against: float | None = None) -> float:
    seconds, megabytes, note = told
    ratio = f"{seconds / against:6.2f} x" if against else " " * 8
    print(f"{label:<44}{seconds:8.2f} s {ratio} {megabytes:7,.0f} MB  {note}", flush=True)
    return seconds


def main(items: int, invoices: int, folder: Path) -> None:
    print(f"{items:,} order items, {invoices:,} invoices; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    place = str(folder)
    show("(the work file is written)", in_a_process("fill", place, str(items), str(invoices)))
    show("(dbt compiles, for the reference)", in_a_process("compile_sql", place))
    straight = show("reference: the compiled SQL in DuckDB", in_a_process("reference", place))
    (folder / "reference.duckdb").unlink()
    full = show("build of everything", in_a_process("build", place), straight)
    print(f"  beside 1.5 x the reference and 4 s: {full / (1.5 * straight + 4):.2f} of it")
    show("(1 % changes)", in_a_process("change", place))
    part = show("build after 1 % changed", in_a_process("build", place, "changed"), straight)
    print(f"  {part / full:.2f} of the full build")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
    else:
        options = argparse.ArgumentParser(description=__doc__)
        options.add_argument("--items", type=int, default=5_000_000)
        options.add_argument("--invoices", type=int, default=1_000_000)
        options.add_argument("--dir", type=Path)
        told = options.parse_args()
        place = Path(tempfile.mkdtemp(prefix="bench_books_", dir=told.dir))
        try:
            main(told.items, told.invoices, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)
