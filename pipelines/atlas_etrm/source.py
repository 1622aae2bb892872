"""What is read from ATLAS ETRM, and the dlt source of its raw tables.

In: a client and the landing folder. Out: `tasks` (one call per entity, payments by invoice ids) and `source`.
There is no paging and no filter (contract, trap 2): each answer is the whole table, so what is missing is gone.
What does not belong here: requests (`client.py`), what changed (`pipelines/landing.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipelines.atlas_etrm import settled, tables
from pipelines.atlas_etrm.client import AtlasEtrmClient
from pipelines.loading import by_dlt, load_tables
from pipelines.raw_table import RawTable
from pipelines.reading import Fetched, Reading, Task
from pipelines.transport import exact
from pipelines.versions.versioning import EVERYTHING

_NO_DEALS = "Deals are only used for cross-checks; ask for the permission if you want them."
_NO_FIELDS = "Custom fields of this kind stay unnamed."


def tasks(client: AtlasEtrmClient, reading: Reading) -> list[Task]:
    """The reads of one extraction; about six calls, and one per 200 invoices for payments."""
    return [
        _whole(tables.COUNTERPARTIES, client.all_counterparties),
        _whole(tables.ORDERS, client.all_orders),
        _whole(tables.ORDER_ITEMS, client.all_order_items),
        Task((tables.INVOICES, tables.PAYMENTS), lambda: _invoices_and_payments(client, reading)),
        Task(
            (tables.CUSTOM_FIELD_TYPES,),
            lambda: _optional(reading, tables.CUSTOM_FIELD_TYPES, client.custom_field_types, _NO_FIELDS),
        ),
        Task((tables.CUSTOM_FIELD_DEFINITIONS,), lambda: _definitions(client, reading)),
        Task((tables.DEALS,), lambda: _optional(reading, tables.DEALS, client.all_deals, _NO_DEALS)),
    ]


def _whole(table: RawTable, read: Callable[[], list[msgspec.Raw]]) -> Task:
    return Task((table,), lambda: [Fetched(table, read(), EVERYTHING)])


def _optional(
    reading: Reading, table: RawTable, read: Callable[[], list[msgspec.Raw]], remedy: str
) -> Iterator[Fetched]:
    records = reading.optional(table.name.replace("_", " "), remedy, read)
    if records is not None:
        yield Fetched(table, records, EVERYTHING)


def _invoices_and_payments(client: AtlasEtrmClient, reading: Reading) -> Iterator[Fetched]:
    invoices = client.all_invoices()
    yield Fetched(tables.INVOICES, invoices, EVERYTHING)
    told = [_identified(record) for record in invoices]
    ids = [number for number in told if number]
    # There is no call for all payments: they are reached through their invoices (contract section 3).
    if not (reading.full_refresh or reading.since is not None or settled.is_daily_due(reading.landing)):
        known = settled.known(reading.landing)
        payments = client.payments_of_invoices([number for number in ids if number not in known.settled])
        if not known.lacks(map(_identified, payments)):
            yield Fetched(tables.PAYMENTS, payments)
            return
        # Only a reading of every invoice says that a payment is gone: it may have moved to a settled one.
    # Those of an invoice without a readable id were not asked for, so they are not gone.
    scope = None if None in told else EVERYTHING
    yield Fetched(tables.PAYMENTS, client.payments_of_invoices(ids), scope)
    if scope is not None:
        settled.remember(reading.landing, reading.landing.now())


class _Identified(msgspec.Struct):
    id: int


def _identified(record: msgspec.Raw) -> int | None:
    try:
        return msgspec.json.decode(record, type=_Identified, strict=False).id
    except msgspec.MsgspecError:
        return None  # landing will quarantine it


def _definitions(client: AtlasEtrmClient, reading: Reading) -> Iterator[Fetched]:
    kinds = (
        ("counterparty", client.counterparty_custom_fields),
        ("master_agreement", client.master_agreement_custom_fields),
    )
    found: list[msgspec.Raw] = []
    complete = True
    for kind, read in kinds:
        records = reading.optional(f"custom fields of kind {kind}", _NO_FIELDS, read)
        complete = complete and records is not None
        found += [exact.with_members(record, entityKind=kind) for record in records or ()]
    yield Fetched(tables.CUSTOM_FIELD_DEFINITIONS, found, EVERYTHING if complete else None)


def source(files: Mapping[str, Sequence[Path]]) -> Any:
    """The dlt source of `raw_atlas_etrm`: a resource per table named in `files`, yielding those landing files."""
    return by_dlt.source_of(tables.SYSTEM, _LOADED, files)


_LOADED = tuple(load_tables.load_table(table) for table in tables.TABLES)

DATASET = load_tables.Dataset(tables.SYSTEM, _LOADED, source)
