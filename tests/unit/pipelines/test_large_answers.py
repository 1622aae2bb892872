"""A large answer is held once: what it costs is its own size and a little, whatever the number of its records."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

import httpx
import pytest
from virtual import VirtualClock

from pipelines.atlas_etrm.client import AtlasEtrmClient, AtlasEtrmConfig

COUNT = 20_000
TEXT = "x" * 1_000


def answer(spoilt: bool) -> Iterator[bytes]:
    """About 20 MB, in parts, as a socket would give it."""
    yield f'{{"success": true, "recordCount": {COUNT}, "data": ['.encode()
    for number in range(COUNT):
        amount = "NaN" if spoilt and number == COUNT // 2 else "1.10"
        more = "," if number < COUNT - 1 else ""
        yield f'{{"id": {number}, "amount": {amount}, "dealName": "{TEXT}"}}{more}'.encode()
    yield b"]}"


@pytest.mark.parametrize(("spoilt", "most"), [(False, 1.5), (True, 2.5)], ids=["as it should be", "one record spoilt"])
def test_an_answer_is_held_once(clock: VirtualClock, spoilt: bool, most: float) -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"success": True, "data": {"token": "t"}})
        return httpx.Response(200, content=answer(spoilt))

    client = AtlasEtrmClient(AtlasEtrmConfig("https://etrm.test", "u", "p", 0), clock.clockwork(vendor))
    client.all_deals()
    gc.collect()
    tracemalloc.start()
    try:
        records = client.all_order_items()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(records) == COUNT
    assert peak < most * sum(len(record) for record in records)
