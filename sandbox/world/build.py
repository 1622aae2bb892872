"""Builds the world: everything the three vendors hold on the morning of the business date.

In: three empty engines on one clock, a seed, a size. Out: the engines filled, and a `WorldSummary`. The same seed gives
the same records, ids and stamps included. What does not belong here: the generation itself; every part has its module.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.clock import START_OF_DAY, SandboxClock
from sandbox.engines import Engines
from sandbox.world import custom_fields, etrm_records
from sandbox.world.ambiguous import add_doubles
from sandbox.world.bank import Banks
from sandbox.world.books import Books
from sandbox.world.calendar import add_months, at, on_or_after
from sandbox.world.cast import Counterparty, build_cast
from sandbox.world.journals import Journals
from sandbox.world.order_documents import OrderDocuments
from sandbox.world.orders import Desk, build_desk
from sandbox.world.services import Services
from sandbox.world.timeline import Timeline

__all__ = ["Engines", "WorldSummary", "build_world"]


@dataclass(frozen=True)
class WorldSummary:
    """What was built, in figures, and where the planted cases are.

    Attributes:
        orders_by_fate: Orders by the name of their fate.
        ready: Orders waiting to be booked by the loop, not held.
        held: Orders that must be held.
        cases: Planted orders: order id and the name of the case.
        documents: Planted documents that belong to no order: number and what they are.
        bank_lines: Planted bank transactions: id and what they are.
    """

    counterparties: int
    orders: int
    orders_by_fate: dict[str, int]
    ready: int
    held: int
    invoices: int
    bills: int
    transactions: int
    cases: dict[int, str]
    documents: dict[str, str]
    bank_lines: dict[str, str]


def build_world(engines: Engines, *, seed: int, scale: float, as_of: date, clock: SandboxClock) -> WorldSummary:
    """Fills three empty engines.

    Args:
        engines: One engine per vendor, all on `clock`.
        seed: Everything follows from it.
        scale: 1.0 is about 40 counterparties and 300 orders.
        as_of: The business date; the history ends on the evening before.
        clock: Moved through the history; it should stand still between (`SandboxClock.held`).

    Returns:
        What was built.
    """
    cast = build_cast(seed, scale)
    desk = build_desk(cast, seed=seed, scale=scale, as_of=as_of)
    books, timeline = Books(engines.atlas_accounting), Timeline()
    documents = OrderDocuments(books, desk, timeline, seed=seed, as_of=as_of)
    services = Services(books, timeline, seed=seed, as_of=as_of)
    journals = Journals(books, timeline, seed=seed, as_of=as_of)
    opening = on_or_after(add_months(as_of, -15) + timedelta(days=1))

    def open_books() -> None:
        books.open()
        journals.open(opening)
        for party in cast:
            if party.entry.identity not in ("unknown", "ambiguous"):
                books.add_counterparty(party)
            elif party.entry.identity == "ambiguous":
                add_doubles(books, party)
        services.add_parties()

    timeline.add(at(opening, 8), open_books)
    documents.plan()
    services.plan()
    journals.plan()
    timeline.run(clock, at(as_of, START_OF_DAY.hour))
    banks = Banks(engines.atlar, books, journals, cast, seed=seed, as_of=as_of)
    banks.load()
    _load_settlement_desk(engines, cast, desk, documents.written, seed, as_of)
    return _summary(engines, cast, desk, services, banks)


def _load_settlement_desk(
    engines: Engines,
    cast: tuple[Counterparty, ...],
    desk: Desk,
    written: etrm_records.WrittenBack,
    seed: int,
    as_of: date,
) -> None:
    load = engines.atlas_etrm.load
    load("custom_field_types", custom_fields.TYPES)
    load("counterparty_custom_field_definitions", custom_fields.COUNTERPARTY_FIELDS)
    load("master_agreement_custom_field_definitions", custom_fields.MASTER_AGREEMENT_FIELDS)
    load("counterparties", [etrm_records.counterparty(party, as_of, seed) for party in cast])
    load("deals", [deal.record() for deal in desk.settlement.deals.all()])
    load("orders", etrm_records.orders(desk, written))
    load("order_items", etrm_records.order_items(desk, seed))
    load("invoices", written.invoices)
    load("payments", written.payments)


def _summary(
    engines: Engines, cast: tuple[Counterparty, ...], desk: Desk, services: Services, banks: Banks
) -> WorldSummary:
    fates = Counter(order.fate.name for order in desk.orders)
    return WorldSummary(
        counterparties=len(cast),
        orders=len(desk.orders),
        orders_by_fate=dict(fates),
        ready=fates["READY"],
        held=fates["HELD"] + fates["VOIDED"],
        invoices=len(engines.atlas_accounting.list("invoices")),
        bills=len(engines.atlas_accounting.list("bills")),
        transactions=len(engines.atlar.records.all("transactions")),
        cases={order.number: order.case.name for order in desk.orders if order.case is not None},
        documents=services.planted,
        bank_lines=banks.planted,
    )
