"""Promises 33 and 12: answers that are not what the contract says change nothing that is landed, and no credential
follows a redirect.

Faults: fields added, renamed, retyped; HTML, broken JSON and wrong envelopes; a count that does not match; a failure
under HTTP 200; redirects to another host; nothing to ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest
from bending import COUNTERPARTIES, INVOICES, ORDERS, TARGETS, Target, answered, bent, changed, object_of
from counts import FULL
from landed import Held, everything, held, land, names, quarantined
from vendors import Sent, Vendors

from pipelines.atlas_etrm.tables import PAYMENTS
from pipelines.landing import Landing
from pipelines.transport.errors import Refused, UnexpectedAnswer, VendorError

LOGIN_PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"

BROKEN = {
    "HTML": LOGIN_PAGE,
    "nothing": b"",
    "half an answer": b'{"success": true, "data": [{"id": 1}',
    "a text": b'"maintenance"',
    "a number": b"503",
    "null": b"null",
    "no records": b"{}",
    "records of another shape": b'{"success": true, "data": 17, "items": 17}',
    "a trailing comma": b'{"success": true, "data": [], "items": [],}',
    "two documents": b'{"success": true, "data": [], "items": []} {}',
    "not UTF-8": b'{"success": true, "data": "\xff\xfe", "items": "\xff\xfe"}',
    "single quotes": b"{'success': true, 'data': [], 'items': []}",
    "very deep": b'{"success": true, "data": ' + b"[" * 100_000 + b', "items": ' + b"[" * 100_000,
}
"""JSONTestSuite in small, with what gateways like to answer under HTTP 200."""


def table_of(target: Target) -> frozenset[str]:
    return frozenset([target.name])


def broken_answers() -> list[Any]:
    """Each at one vendor per build, turn and turn about; all of them at each on request."""
    pairs = [(target, what) for what in BROKEN for target in TARGETS]
    return [pytest.param(*pair, id=f"{pair[0].name}-{pair[1]}") for pair in (pairs if FULL else pairs[::2])]


@pytest.mark.parametrize(("target", "what"), broken_answers())
def test_an_answer_that_is_none_changes_nothing(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], target: Target, what: str
) -> None:
    land(vendors.clients(), landing, table_of(target))
    vendors.wires[target.system].after = lambda sent, answer: answered(BROKEN[what]) if target.concerns(sent) else None
    with pytest.raises(UnexpectedAnswer):
        land(vendors.clients(), landing, table_of(target))
    assert everything(landing)[target.name] == clean[target.name]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_token_call_that_answers_html_is_no_token(vendors: Vendors, landing: Landing, target: Target) -> None:
    wire = vendors.wires[target.system]
    wire.after = lambda sent, answer: answered(LOGIN_PAGE) if sent.is_token_call else None
    with pytest.raises(UnexpectedAnswer):
        land(vendors.clients(), landing, table_of(target))
    assert not wire.data_calls


def test_a_count_that_does_not_match_is_not_believed(
    vendors: Vendors, landing: Landing, clean: dict[str, Held]
) -> None:
    land(vendors.clients(), landing, table_of(ORDERS))

    def after(sent: Sent, answer: httpx.Response) -> httpx.Response | None:
        if not ORDERS.concerns(sent):
            return None
        members = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
        records = msgspec.json.decode(members["data"], type=list[msgspec.Raw])
        members["data"] = msgspec.Raw(msgspec.json.encode(records[1:]))
        return answered(object_of(members))

    vendors.wires["atlas_etrm"].after = after
    with pytest.raises(UnexpectedAnswer, match="recordCount"):
        land(vendors.clients(), landing, table_of(ORDERS))
    assert everything(landing)[ORDERS.name] == clean[ORDERS.name]


def test_a_failure_under_200_is_a_failure(vendors: Vendors, landing: Landing, clean: dict[str, Held]) -> None:
    land(vendors.clients(), landing, names("atlas_etrm"))
    refusal = b'{"success": false, "recordCount": 0, "data": [], "message": "Unexpected error", "errors": null}'
    vendors.wires["atlas_etrm"].after = lambda sent, answer: None if sent.is_token_call else answered(refusal)
    with pytest.raises(Refused, match="Unexpected error"):
        land(vendors.clients(), landing, names("atlas_etrm"))
    assert everything(landing, "atlas_etrm") == {n: h for n, h in clean.items() if n.startswith("atlas_etrm.")}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_credential_follows_a_redirect(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], target: Target, status: int
) -> None:
    land(vendors.clients(), landing, table_of(target))
    elsewhere = answered(b"", status, location=f"https://elsewhere.test{target.path}")
    vendors.wires[target.system].after = lambda sent, answer: elsewhere if target.concerns(sent) else None
    with pytest.raises(UnexpectedAnswer, match="redirect"):
        land(vendors.clients(), landing, table_of(target))
    assert not vendors.strangers
    assert everything(landing)[target.name] == clean[target.name]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_password_follows_a_redirect_of_the_token_call(vendors: Vendors, landing: Landing, target: Target) -> None:
    elsewhere = answered(b"", 307, location="https://elsewhere.test/token")
    vendors.wires[target.system].after = lambda sent, answer: elsewhere if sent.is_token_call else None
    with pytest.raises(VendorError):
        land(vendors.clients(), landing, table_of(target))
    assert not vendors.strangers


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_field_nobody_declared_is_kept(vendors: Vendors, landing: Landing, target: Target) -> None:
    vendors.wires[target.system].after = bent(
        target, lambda records: [changed(record, brandNew='{"amount": 0.10}') for record in records]
    )
    told = [land(vendors.clients(), landing, table_of(target)).findings for _ in range(2)]
    assert [len([finding for finding in each if "brandNew" in finding]) for each in told] == [1, 0], "told once"
    rows = _rows(landing, target)
    assert len(rows) == len(vendors.stores[target.system].all(target.table))
    assert {row["_unknown_fields"] for row in rows if "brandNew" in (row["_unknown_fields"] or "")}
    assert all('"brandNew":{"amount":0.1' in (row["_unknown_fields"] or "") for row in rows)
    assert not quarantined(landing)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_renamed_field_is_empty_and_kept_under_its_new_name(
    vendors: Vendors, landing: Landing, target: Target
) -> None:
    vendors.wires[target.system].after = bent(
        target, lambda records: [changed(each, **{target.text: None, "renamed": '"here"'}) for each in records]
    )
    land(vendors.clients(), landing, table_of(target))
    column = "legal_name" if target.text == "legalName" else target.text
    rows = _rows(landing, target)
    assert rows
    assert {row[column] for row in rows} == {None}
    assert all('"renamed":"here"' in row["_unknown_fields"] for row in rows)


RETYPED: dict[str, tuple[Target, str, str]] = {
    "an amount is a text": (ORDERS, "totalAmount", '"n/a"'),
    "an amount is an object": (ORDERS, "totalAmount", '{"value": 1, "currency": "EUR"}'),
    "an amount is a boolean": (INVOICES, "total_amount", "true"),
    "a date is a number": (ORDERS, "dueDate", "1775808000"),
    "a date is an instant": (INVOICES, "due_date", '"2026-04-10T13:30:00Z"'),
    "a text is a list": (COUNTERPARTIES, "legalName", '["a", "b"]'),
}


@pytest.mark.parametrize("what", RETYPED)
def test_a_retyped_field_sets_each_record_aside_and_none_is_called_gone(
    vendors: Vendors, landing: Landing, clean: dict[str, Held], what: str
) -> None:
    target, field, value = RETYPED[what]
    land(vendors.clients(), landing, table_of(target))
    vendors.wires[target.system].after = bent(
        target, lambda records: [changed(record, **{field: value}) for record in records]
    )
    land(vendors.clients(), landing, table_of(target), full_refresh=True)
    assert everything(landing)[target.name] == clean[target.name]
    rows = quarantined(landing)
    assert len(rows) == len(clean[target.name].records)
    assert all(row["reason"] and row["payload"] and row["quarantined_at"] for row in rows)


def _rows(landing: Landing, target: Target) -> list[dict[str, object]]:
    return [row for file in landing.files(target.system, target.table) for row in pq.read_table(file).to_pylist()]


def _answer_with(records: list[object]) -> Callable[[Sent], httpx.Response | None]:
    body = msgspec.json.encode({"success": True, "recordCount": len(records), "data": records})
    return lambda sent: answered(body) if sent.path.endswith("/api/Invoice/GetByIds") else None


@pytest.mark.parametrize("invoices", [[], [{"id": None}], [{"noId": 1}], ["not an object"]], ids=str)
def test_nothing_to_ask_for_is_not_asked_for(vendors: Vendors, landing: Landing, invoices: list[object]) -> None:
    """Promise 12: to ATLAS ETRM an empty id list means everything."""
    wire = vendors.wires["atlas_etrm"]
    wire.before = _answer_with(invoices)
    land(vendors.clients(), landing, frozenset(["atlas_etrm.payments"]))
    assert [sent.path for sent in wire.data_calls if "Payment" in sent.path] == []
    assert held(landing, PAYMENTS).records == {}


def test_no_call_by_ids_ever_carries_an_empty_list(vendors: Vendors, landing: Landing) -> None:
    """Promise 12, seen from the vendor: over a whole landing, twice."""
    for _ in range(2):
        land(vendors.clients(), landing)
    everything_reads = ("/GetByIds", "GetTypes", "TypeIds")  # of these an empty list means everything, as is meant
    for sent in vendors.wires["atlas_etrm"].data_calls:
        if not sent.path.endswith(everything_reads):
            assert msgspec.json.decode(sent.body)["data"], sent.path


def test_the_clients_look_ups_refuse_an_empty_list(vendors: Vendors) -> None:
    """Promise 12: write-back cannot send one by mistake either."""
    client = vendors.clients().atlas_etrm
    for look_up in (
        client.orders_by_ids,
        client.order_items_by_order_ids,
        client.counterparties_by_ids,
        client.invoices_by_ids,
        client.invoices_by_external_ids,
        client.payments_by_invoice_ids,
        client.payments_by_order_ids,
    ):
        with pytest.raises(ValueError, match="empty id list"):
            look_up([])
    assert client.payments_of_invoices([]) == []
    assert not vendors.wires["atlas_etrm"].sent
