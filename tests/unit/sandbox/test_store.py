"""The document store: order, exactness, and what survives an exception or a killed process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.store import Store


def test_records_come_back_in_the_order_of_their_insertion(tmp_path: Path) -> None:
    store = Store(tmp_path / "vendor.sqlite")
    for number in (3, 1, 2):
        store.insert("orders", number, {"id": number})
    store.put("orders", 3, {"id": 3, "name": "changed"})
    store.close()
    again = Store(tmp_path / "vendor.sqlite")
    assert again.all("orders") == [{"id": 3, "name": "changed"}, {"id": 1}, {"id": 2}]
    assert again.tables() == {"orders": 3}
    again.close()


def test_money_keeps_its_digits_and_a_float_is_refused() -> None:
    store = Store(":memory:")
    store.insert("orders", 1, {"amount": Decimal("74400.00"), "text": "12345678901234567.89"})
    assert store.get("orders", 1) == {"amount": "74400.00", "text": "12345678901234567.89"}
    with pytest.raises(ValueError, match=r"float 0\.1"):
        store.insert("orders", 2, {"amount": 0.1})
    assert store.get("orders", 2) is None
    store.close()


def test_what_the_caller_does_to_its_dict_later_does_not_reach_the_store() -> None:
    store = Store(":memory:")
    record = {"id": 1, "lines": [{"amount": "1.00"}]}
    store.insert("invoices", 1, record)
    record["lines"].append({"amount": "2.00"})  # type: ignore[attr-defined]
    assert store.get("invoices", "1") == {"id": 1, "lines": [{"amount": "1.00"}]}
    store.close()


def test_a_taken_id_and_a_missing_one_are_refused() -> None:
    store = Store(":memory:")
    store.insert("orders", 7, {"id": 7})
    with pytest.raises(KeyError):
        store.insert("orders", "7", {"id": 7})
    store.delete("orders", 7)
    with pytest.raises(KeyError):
        store.delete("orders", 7)
    assert store.is_empty()
    store.close()


def test_an_exception_undoes_the_whole_transaction_in_memory_and_in_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "vendor.sqlite")
    store.insert("orders", 1, {"id": 1, "status": "a"})
    store.insert("orders", 2, {"id": 2, "status": "a"})
    assert store.next_id("orders") == 1

    def fail_halfway() -> None:
        with store.transaction():
            store.put("orders", 1, {"id": 1, "status": "b"})
            store.delete("orders", 1)
            with store.transaction():
                store.insert("orders", 3, {"id": 3})
                store.next_id("orders")
                store.next_id("new")
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    expected = [{"id": 1, "status": "a"}, {"id": 2, "status": "a"}]
    assert store.all("orders") == expected
    assert store.next_id("orders") == 2
    assert store.next_id("new") == 1
    store.close()
    again = Store(tmp_path / "vendor.sqlite")
    assert again.all("orders") == expected
    assert again.next_id("orders") == 3
    again.close()


def test_reserved_ids_are_not_given_again() -> None:
    store = Store(":memory:")
    store.reserve_ids("orders", 3110)
    store.reserve_ids("orders", 12)
    assert store.next_id("orders") == 3111
    store.close()


def test_every_mutation_that_returned_survives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "vendor.sqlite"
    program = (
        "import sys; from sandbox.store import Store\n"
        f"store = Store({str(path)!r})\n"
        "for number in range(1, 100000):\n"
        "    store.insert('orders', number, {'id': number, 'next': store.next_id('orders')})\n"
        "    print(number, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            if int(line) >= 200:
                break
        os.kill(process.pid, signal.SIGKILL)
        told = [200, *(int(line) for line in lines if line.strip().isdigit())]
    process.wait()
    store = Store(path)
    kept = {record["id"] for record in store.all("orders")}
    assert set(range(1, told[-1] + 1)) <= kept
    store.close()
