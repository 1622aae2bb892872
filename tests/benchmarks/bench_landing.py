"""What landing costs, each beside its reference in the same run: `make bench-landing`.

Every measurement is a process of its own, which prints its seconds and its peak memory (`ru_maxrss`). References:
DuckDB's own `read_json` into a table (which loses digits beyond 15), plain dlt over dicts, plain httpx with 8 requests
at once; for the requests of each vendor, the least possible. Sizes: `--rows`, `--pages`; where: `--dir` (a folder that
is made and removed).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORDS_PER_PAGE = 100
LATENCY = 0.020
AT_ONCE = 8


def write_answer(path: Path, rows: int, *, changed_every: int = 0) -> None:
    """An answer of ATLAS ETRM with `rows` order items; with `changed_every`, each so many has another amount."""
    chance = random.Random(210)
    with path.open("w") as file:
        file.write(f'{{"success":true,"recordCount":{rows},"data":[')
        for number in range(rows):
            cents = chance.randrange(10**4, 10**14)
            if changed_every and number % changed_every == 0:
                cents += 1
            net, vat = f"{cents // 100}.{cents % 100:02d}", f"{cents // 500}.{cents % 100:02d}"
            account = '"6410"' if number % 2 else "null"
            file.write(
                f'{"," if number else ""}{{"id": {9001 + number}, "orderId": {number // 8}, "dealId": {number % 5000}, '
                f'"dealName": "PPA Helios Mar-26 {number % 5000}", "counterpartyId": {number % 700}, "status": 2, '
                f'"cashflow": {number % 2}, "amount": {net}, "vat": {vat}, "volume": {chance.randrange(10**6) / 1000}, '
                f'"mtm": {chance.randrange(10**8) / 100}, "pnl": {chance.randrange(10**7) / 100}, '
                '"startCompensation": "2026-03-01T00:00:00", "endCompensation": "2026-03-31T00:00:00", '
                f'"dueDate": "2026-04-{chance.randrange(1, 28):02d}T00:00:00", "glAccount": {account}, "iban": null}}'
            )
        file.write("]}")


def write_list(answer: Path, path: Path) -> None:
    """The list of an answer alone, which is all that DuckDB can read."""
    text = answer.read_bytes()
    path.write_bytes(text[text.index(b"[") : text.rindex(b"]") + 1])


def prepare(folder: str, rows: str, dict_rows: str) -> str:
    """Writes what is measured; in a process of its own, because a child's peak memory begins at its parent's."""
    place = Path(folder)
    write_answer(place / "first.json", int(rows))
    write_answer(place / "changed.json", int(rows), changed_every=100)
    write_answer(place / "few_answer.json", int(dict_rows))
    write_list(place / "first.json", place / "list.json")
    write_list(place / "few_answer.json", place / "few.json")
    return "written"


# What a process of its own measures. Each returns what is said of it beside seconds and memory.


def land(answer: str, folder: str) -> str:
    from pipelines import extract
    from pipelines.atlas_etrm import source
    from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig
    from pipelines.atlas_etrm.tables import ORDER_ITEMS
    from pipelines.loading import backlog
    from pipelines.transport.answer import Answer
    from pipelines.versions.versioning import EVERYTHING

    place = Path(folder)
    client = AtlasEtrmClient(AtlasEtrmConfig("http://localhost", "user", "secret"))
    landing = extract.Landing(place / "landing", place / "work.duckdb", place / "dlt", lambda: datetime.now(UTC))
    started = time.perf_counter()
    received = Answer(200, Path(answer).read_bytes(), None)
    records = client._records("read", received)
    landed = landing.land(ORDER_ITEMS, records, scope=EVERYTHING)
    between = time.perf_counter()
    del records, received
    backlog.load_missing(landing, (source.DATASET,))
    return f"{landed.rows:,} versions; landed {between - started:.1f} s, loaded {time.perf_counter() - between:.1f} s"


def read_json(list_file: str, folder: str) -> str:
    import duckdb

    with duckdb.connect(str(Path(folder) / "reference.duckdb")) as connection:
        connection.execute(f"create or replace table items as from read_json('{list_file}')")
        return f"amount is {connection.sql('select typeof(amount) from items limit 1').fetchall()[0][0]}"


def plain_dlt(list_file: str, folder: str) -> str:
    import dlt

    records = json.loads(Path(list_file).read_bytes())
    place = Path(folder)
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir=str(place / "plain"),
        destination=dlt.destinations.duckdb(str(place / "plain.duckdb")),
        dataset_name="raw",
    )
    pipeline.run(dlt.resource(records, name="items")).raise_on_failed_jobs()
    return f"{len(records):,} dicts, money as DOUBLE"


def pages_by_httpx(url: str, pages: str) -> str:
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    local = threading.local()

    def fetch(number: int) -> int:
        if not hasattr(local, "client"):
            local.client = httpx.Client()
        return len(local.client.get(f"{url}/invoices", params={"page": number, "page_size": 100}).json()["items"])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return f"{sum(pool.map(fetch, range(1, int(pages) + 1))):,} records, not landed"


def pages_by_client(url: str, folder: str) -> str:
    from pipelines import extract
    from pipelines.atlas_accounting.client import AtlasAccountingClient, AtlasAccountingConfig
    from pipelines.atlas_accounting.tables import INVOICES
    from pipelines.versions.versioning import EVERYTHING

    client = AtlasAccountingClient(AtlasAccountingConfig(url, "a@b.example", "secret", "company", tier="unlimited"))
    place = Path(folder) / "pages"
    landing = extract.Landing(place / "landing", place / "work.duckdb", place / "dlt", lambda: datetime.now(UTC))
    listing = client.all_records("invoices")
    read = time.perf_counter()
    landed = landing.land(INVOICES, listing.records, scope=EVERYTHING, last_wins=True)
    seconds = time.perf_counter() - read
    client.close()
    return f"{landed.rows:,} versions with {client.requests:,} requests, landing {seconds:.1f} s of it"


def requests(folder: str) -> str:
    from tests.benchmarks.landing_requests import measured

    return "\n".join(measured(Path(folder) / "sandbox"))


MEASURED: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (prepare, land, read_json, plain_dlt, pages_by_httpx, pages_by_client, requests)
}


def in_a_process(name: str, *given: str) -> tuple[float, float, str]:
    """Runs one measurement; returns seconds (imports of libraries included, as a run has them) and megabytes."""
    run = subprocess.run(
        [sys.executable, __file__, "--one", name, *given], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if run.returncode:
        raise SystemExit(f"{name} failed:\n{run.stderr[-3000:]}")
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


@contextmanager
def paged_server(pages: int) -> Iterator[str]:
    """A vendor of `pages` pages of 100 invoices, each answered after 20 ms."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(pages)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def serve(pages: int) -> None:
    import socket

    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    def page(number: int) -> bytes:
        first = (number - 1) * RECORDS_PER_PAGE
        items = [
            {"id": f"inv-{at:07d}", "invoice_number": f"INV-{at}", "status": "sent", "total_amount": f"{at}.10",
             "issue_date": "2026-03-01", "updated_at": "2026-03-01T10:00:00Z", "lines": [{"amount": f"{at}.10"}]}
            for at in range(first, first + RECORDS_PER_PAGE)
        ] if number <= pages else []  # fmt: skip
        total = pages * RECORDS_PER_PAGE
        told = {
            "items": items,
            "total": total,
            "page": number,
            "page_size": RECORDS_PER_PAGE,
            "has_next": number < pages,
        }
        return json.dumps(told).encode()

    made = [page(number) for number in range(1, pages + 2)]

    async def invoices(request: Request) -> Response:
        await asyncio.sleep(LATENCY)
        number = min(int(request.query_params.get("page", "1")), pages + 1)
        return Response(made[number - 1], media_type="application/json")

    async def login(request: Request) -> Response:
        return JSONResponse({"access_token": "t", "refresh_token": "r", "token_type": "bearer", "expires_in": 3600})

    app = Starlette(routes=[Route("/auth/login", login, methods=["POST"]), Route("/invoices", invoices)])
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_keep_alive=60)).run([listener])


def show(label: str, told: tuple[float, float, str], reference: float | None = None) -> float:
    seconds, megabytes, note = told
    ratio = f"{seconds / reference:6.2f} x" if reference else " " * 8
    print(f"{label:<44}{seconds:8.2f} s {ratio} {megabytes:7,.0f} MB  {note}", flush=True)
    return seconds


def main(rows: int, dict_rows: int, pages: int, folder: Path) -> None:
    first, changed, few, bare = (folder / f"{name}.json" for name in ("first", "changed", "few", "list"))
    in_a_process("prepare", str(folder), str(rows), str(dict_rows))
    print(f"{rows:,} order items, {first.stat().st_size / 1e6:,.0f} MB in one answer; {os.cpu_count()} cores, load "
          f"{os.getloadavg()[0]:.1f}")  # fmt: skip
    reference = show("reference: DuckDB read_json into a table", in_a_process("read_json", str(bare), str(folder)))
    landed = show("first landing, loaded", in_a_process("land", str(first), str(folder)), reference)
    again = show("  the same again, unchanged", in_a_process("land", str(first), str(folder)), reference)
    part = show("  again with 1 % changed", in_a_process("land", str(changed), str(folder)), reference)
    shutil.rmtree(folder / "landing_index")
    show("  the same again, its index lost", in_a_process("land", str(changed), str(folder)), reference)
    print(f"  of the first landing: unchanged {again / landed:.2f}, 1 % changed {part / landed:.2f}")
    per_row = landed / rows
    plain = show(f"plain dlt over dicts, {dict_rows:,} rows", in_a_process("plain_dlt", str(few), str(folder)))
    print(f"  a row costs plain dlt {plain / dict_rows / per_row:,.0f} times as much")
    with paged_server(pages) as url:
        httpx_ = show(
            f"{pages:,} pages at 20 ms: httpx, {AT_ONCE} at once", in_a_process("pages_by_httpx", url, str(pages))
        )
        show(f"{pages:,} pages at 20 ms: read and landed", in_a_process("pages_by_client", url, str(folder)), httpx_)
    _, _, told = in_a_process("requests", str(folder))
    print(told.split("; ", 1)[1])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
    elif sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
    else:
        options = argparse.ArgumentParser(description=__doc__)
        options.add_argument("--rows", type=int, default=1_000_000)
        options.add_argument("--dict-rows", type=int, default=100_000)
        options.add_argument("--pages", type=int, default=1_000)
        options.add_argument("--dir", type=Path)
        told = options.parse_args()
        place = Path(tempfile.mkdtemp(prefix="bench_landing_", dir=told.dir))
        try:
            main(told.rows, told.dict_rows, told.pages, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)
