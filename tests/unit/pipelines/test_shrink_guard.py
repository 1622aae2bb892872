"""A full read that lost a fifth of its table is refused whole; small tables, windows and accepted shrinking are not."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
from test_extract import AS_OF, Vendors, landed_rows
from virtual import VirtualClock

from pipelines import quarantine
from pipelines.extract import RAW_TABLES, extract
from pipelines.landing import Landing
from pipelines.shrink import NEVER_EMPTY, SHORT_LIVED, SnapshotShrunkError
from pipelines.transport import errors

ORDERS, ITEMS = "/api/Order/GetByIds", "/api/OrderItem/GetByIds"
INVOICES, PAYMENTS = "/api/Invoice/GetByIds", "/api/Payment/GetByInvoiceIds"
ETRM = frozenset({"atlas_etrm.orders", "atlas_etrm.order_items", "atlas_etrm.invoices", "atlas_etrm.payments"})

pytestmark = pytest.mark.usefixtures("not_loaded")


@pytest.fixture
def not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.loading.backlog.load_missing", lambda *_: {})


@pytest.fixture
def vendors() -> Vendors:
    return Vendors()


def records(count: int) -> list[dict[str, object]]:
    return [{"id": number, "invoiceId": number, "amount": 1} for number in range(1, count + 1)]


def land(vendors: Vendors, landing: Landing, clock: VirtualClock, **wanted: object) -> dict[str, int]:
    wanted.setdefault("only", ETRM)
    return extract(vendors.clients(clock), landing, as_of=AS_OF, **wanted).rows  # type: ignore[arg-type]


def test_one_record_below_four_fifths_is_refused_and_nothing_of_it_is_landed(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    vendors.answers |= {ORDERS: records(100), ITEMS: records(100)}
    land(vendors, landing, clock)
    changed = [{**record, "totalAmount": 5} for record in records(79)]
    vendors.answers |= {ORDERS: changed, ITEMS: records(80)}
    with pytest.raises(SnapshotShrunkError) as refused:
        land(vendors, landing, clock)
    assert str(refused.value) == (
        "atlas_etrm.orders has shrunk from 100 records to 79, below 80 %: nothing of this read was landed."
        " If it is right: tieout extract --only atlas_etrm.orders --accept-shrink"
    )
    assert refused.value.result.rows == {"atlas_etrm.order_items": 20}  # 80 of 100 is still believed
    assert len(landed_rows(landing, "atlas_etrm", "orders")) == 100


def test_an_accepted_shrinking_is_landed_and_is_what_the_next_read_is_measured_by(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    vendors.answers |= {ORDERS: records(100)}
    land(vendors, landing, clock)
    vendors.answers |= {ORDERS: records(20)}
    accepted = land(vendors, landing, clock, only=frozenset({"atlas_etrm.orders"}), accept_shrink=True)
    assert accepted == {"atlas_etrm.orders": 80}
    assert land(vendors, landing, clock) == {}
    vendors.answers |= {ORDERS: []}
    with pytest.raises(SnapshotShrunkError, match="from 20 records to 0"):
        land(vendors, landing, clock)


@pytest.mark.parametrize(("before", "after", "gone"), [(9, 0, 9), (10, 8, 2)])
def test_small_tables_may_shrink(
    vendors: Vendors, landing: Landing, clock: VirtualClock, before: int, after: int, gone: int
) -> None:
    vendors.answers |= {ORDERS: records(before)}
    land(vendors, landing, clock)
    vendors.answers |= {ORDERS: records(after)}
    assert land(vendors, landing, clock) == {"atlas_etrm.orders": gone}


def test_master_data_is_never_empty_however_few_they_were(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    only = frozenset({"atlar.accounts"})
    land(vendors, landing, clock, only=only)
    vendors.answers["/financial-data/v2/accounts"].pop()
    assert land(vendors, landing, clock, only=only) == {"atlar.accounts": 1}
    vendors.answers["/financial-data/v2/accounts"] = []
    with pytest.raises(SnapshotShrunkError, match="from 1 records to 0"):
        land(vendors, landing, clock, only=only)
    assert land(vendors, landing, clock, only=only, accept_shrink=True) == {"atlar.accounts": 1}


def test_every_table_the_guard_names_is_one() -> None:
    names = {f"{table.system}.{table.name}" for table in RAW_TABLES}
    assert names >= NEVER_EMPTY | SHORT_LIVED


def test_what_is_asked_for_by_a_refused_table_is_not_read_from_it(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    vendors.answers |= {INVOICES: records(20), PAYMENTS: records(5)}
    land(vendors, landing, clock)
    # Five payments are too few to be guarded themselves: they would all be called gone.
    vendors.answers |= {INVOICES: records(1), PAYMENTS: []}
    with pytest.raises(SnapshotShrunkError, match="invoices"):
        land(vendors, landing, clock)
    assert [row["_is_deleted"] for row in landed_rows(landing, "atlas_etrm", "payments")] == [False] * 5


def test_a_window_is_measured_by_what_is_landed_in_it(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    path, only = "/financial-data/v2/transactions", frozenset({"atlar.transactions"})
    old = [{"id": f"old{number}", "date": "2025-01-01"} for number in range(50)]
    new = [{"id": f"new{number}", "date": "2026-04-01"} for number in range(12)]
    vendors.answers |= {path: [*old, *new]}
    land(vendors, landing, clock, only=only)
    vendors.answers |= {path: new}  # the window of sixty days shows these, and all of these
    assert land(vendors, landing, clock, only=only) == {}
    vendors.answers |= {path: new[:3]}
    with pytest.raises(SnapshotShrunkError, match="from 12 records to 3"):
        land(vendors, landing, clock, only=only)


def test_since_and_a_full_refresh_widen_the_window(vendors: Vendors, landing: Landing, clock: VirtualClock) -> None:
    path, only = "/financial-data/v2/transactions", frozenset({"atlar.transactions"})
    vendors.answers |= {path: [{"id": "a", "date": "2026-01-15"}, {"id": "b", "date": "2026-04-01"}]}
    land(vendors, landing, clock, only=only)
    vendors.answers |= {path: [{"id": "b", "date": "2026-04-01"}]}
    assert land(vendors, landing, clock, only=only) == {}  # January lies before the window: not looked at, not gone
    assert land(vendors, landing, clock, only=only, since=date(2026, 1, 1)) == {"atlar.transactions": 1}
    vendors.answers |= {path: []}
    assert land(vendors, landing, clock, only=only, full_refresh=True) == {"atlar.transactions": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html>maintenance</html>", "HTML instead of JSON"),
        (b'{"success": false, "message": "no"}', "no"),
        (b'{"success": true, "recordCount": 2, "data": [{"id": 1}]}', "recordCount is 2, data has 1 records"),
    ],
)
def test_an_answer_refused_as_a_whole_is_kept_until_the_next_good_one(
    vendors: Vendors, landing: Landing, clock: VirtualClock, answer: bytes, reason: str
) -> None:
    good, vendors.answers[ORDERS] = vendors.answers[ORDERS], answer
    only = frozenset({"atlas_etrm.orders"})
    with pytest.raises(errors.VendorError, match=reason):
        land(vendors, landing, clock, only=only)
    (refusal,) = quarantine.open_refusals(landing)
    assert (refusal.table, refusal.record_key, refusal.payload) == ("atlas_etrm.orders", None, answer.decode())
    assert refusal.reason.startswith(f"whole answer: atlas_etrm: {reason}")
    assert quarantine.retry(landing, RAW_TABLES).still_open == 1
    vendors.answers[ORDERS] = good
    land(vendors, landing, clock, only=only)
    assert quarantine.open_refusals(landing) == []


def test_after_a_failure_the_vendors_waiting_reads_are_left(
    vendors: Vendors, landing: Landing, clock: VirtualClock
) -> None:
    for path in ("/api/Counterparty/GetByIds", ORDERS, ITEMS, INVOICES):
        vendors.answers[path] = 422
    with pytest.raises(errors.Refused):
        land(vendors, landing, clock, only=None)
    assert "/api/Deal/GetByIds" not in vendors.seen  # the last of seven, four at once


def test_a_token_answer_that_cannot_be_read_is_kept_nowhere(
    vendors: Vendors, landing: Landing, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = httpx.Response(200, content=b'{"data": {"token": "the secret"')
    monkeypatch.setattr(vendors, "etrm", lambda _: answer)
    with pytest.raises(errors.UnexpectedAnswer):
        land(vendors, landing, clock)
    assert quarantine.open_refusals(landing) == []
