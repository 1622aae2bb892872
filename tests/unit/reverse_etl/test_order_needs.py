"""What an order shares with others and still needs is read from the warehouse; other records share nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb

from reverse_etl.due import read_needs


def test_needs_are_of_one_order(tmp_path: Path) -> None:
    work = tmp_path / "work.duckdb"
    with duckdb.connect(str(work)) as connection:
        connection.execute("create schema sync")
        connection.execute(
            "create table sync.sync_order_needs as select * from (values"
            " (205::bigint, 'sync_atlas_accounting__customers', 'counterparty:7'),"
            " (210::bigint, 'sync_atlas_accounting__customers', 'counterparty:7'),"
            " (210::bigint, 'sync_atlar__gl_accounts', 'account:a-1')) as needs (order_id, sync_name, sync_key)"
        )
    customer = ("sync_atlas_accounting__customers", "counterparty:7")
    assert read_needs(work, "order:205") == {customer}
    assert read_needs(work, "order:210") == {customer, ("sync_atlar__gl_accounts", "account:a-1")}
    for record in ("order:9", "order:x", "counterparty:7", "PAYMENT/3"):
        assert read_needs(work, record) == frozenset()
