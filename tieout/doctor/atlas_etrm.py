"""ATLAS ETRM examined: every read endpoint once, and its open assumptions answered from a sample of orders.

In: the client's settings and what ours presume. Out: an `Examination`. About 14 requests: orders, counterparties and
deals can only be read whole (contract, trap 2), everything else is asked for by a handful of ids.
What does not belong here: judging records (`order_answers.py`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

import msgspec

from pipelines.atlas_etrm.client import IDS_PER_CALL, SYSTEM, AtlasEtrmClient, AtlasEtrmConfig
from pipelines.transport import exact
from tieout.doctor import atlas_etrm_answers, order_answers
from tieout.doctor.examination import Examination, Examiner, Finding
from tieout.settings import DBT_PROJECT_DIR

_SEEDS = DBT_PROJECT_DIR / "seeds"


@dataclass(frozen=True)
class Expected:
    """What our settings and seeds presume."""

    order_total: str
    item_vat: str
    statuses: frozenset[str]


def seeded_statuses() -> frozenset[str]:
    """Order statuses that the seed `order_statuses` gives a role."""
    with (_SEEDS / "order_statuses.csv").open(newline="") as file:
        return frozenset(row["status"] for row in csv.DictReader(file))


def examine(config: AtlasEtrmConfig, expected: Expected) -> Examination:
    """Asks every read endpoint once.

    Args:
        config: of the connection; its pace counts these requests too.
        expected: what our settings and seeds presume.
    """
    examiner = Examiner(SYSTEM, config.base_url)
    client = AtlasEtrmClient(config, examiner.clockwork())
    try:
        _ask(examiner, client, expected)
    finally:
        examiner.found.requests = client.requests
        client.close()
    return examiner.found


def _ask(examiner: Examiner, client: AtlasEtrmClient, expected: Expected) -> None:
    header = examiner.ask(
        "token", lambda: client.session.auth.header() if client.session.auth else "", path="POST /api/token"
    )
    counterparties = examiner.ask("counterparties", client.all_counterparties)
    examiner.ask("custom field types", client.custom_field_types, needed=False)
    definitions = examiner.ask("custom fields of counterparties", client.counterparty_custom_fields)
    agreements = examiner.ask("custom fields of master agreements", client.master_agreement_custom_fields, needed=False)
    orders = _dicts(examiner.ask("orders", client.all_orders))
    deals = examiner.ask("deals", client.all_deals, needed=False, note="only cross-checks need them")
    items = _items(examiner, client, orders)
    samples = {
        "counterparties": _dicts(counterparties),
        "custom_field_definitions": [*_dicts(definitions), *_dicts(agreements)],
        "orders": orders,
        "order_items": items,
        "deals": _dicts(deals),
        **_invoices_and_payments(examiner, client, orders),
    }
    for finding in order_answers.of_orders(orders, items, expected.order_total, expected.item_vat, expected.statuses):
        examiner.tell(finding)
    if definitions is not None:
        examiner.tell(_custom_fields(_dicts(definitions), _dicts(agreements), len(counterparties or ())))
    if header is None:
        return  # who was not let in has seen nothing
    is_there = {"deals": deals is not None, "custom fields of master agreements": agreements is not None}
    told = atlas_etrm_answers.of_deployment(header, examiner.found.rate_headers, is_there)
    for finding in [*atlas_etrm_answers.of_records(samples), *told]:
        examiner.tell(finding)


def _items(examiner: Examiner, client: AtlasEtrmClient, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of the newest orders, as many as one call takes."""
    by_order, by_id = "POST /api/OrderItem/GetByOrderIds", "POST /api/OrderItem/GetByIds"
    ids = sorted((order["id"] for order in orders if isinstance(order.get("id"), int)), reverse=True)[:IDS_PER_CALL]
    if not ids:
        examiner.skip("order items by order", by_order, "there is no order to ask by")
        return []
    items = examiner.ask("order items by order", lambda: client.order_items_by_order_ids(ids), path=by_order) or []
    known = [item["id"] for item in items[:1] if isinstance(item.get("id"), int)]
    if known:
        # All lines at once could be a million: one shows whether we may.
        body = exact.dumps({"data": known})
        examiner.ask(
            "order items", lambda: client.session.send("read", "POST", "/api/OrderItem/GetByIds", body=body), path=by_id
        )
    else:
        examiner.skip("order items", by_id, "there is no line to ask by")
    return items


def _invoices_and_payments(
    examiner: Examiner, client: AtlasEtrmClient, orders: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    booked = [order["id"] for order in orders if isinstance(order.get("id"), int) and order.get("erpCode")]
    chosen = booked or [order["id"] for order in orders if isinstance(order.get("id"), int)]
    if not chosen:
        for path in ("Invoice/GetByOrderId", "Payment/GetByOrderIds"):
            examiner.skip("invoices and payments", f"POST /api/{path}", "there is no order to ask by")
        return {}
    invoices = examiner.ask("invoices by order", lambda: client.invoices_by_order_id(chosen[0])) or []
    payments = examiner.ask("payments by order", lambda: client.payments_by_order_ids(chosen[:IDS_PER_CALL])) or []
    ids = [invoice["id"] for invoice in invoices if isinstance(invoice.get("id"), int)]
    external = [str(invoice["externalId"]) for invoice in invoices if invoice.get("externalId")]
    if ids:
        examiner.ask("invoices", lambda: client.invoices_by_ids(ids))
        payments += examiner.ask("payments by invoice", lambda: client.payments_by_invoice_ids(ids)) or []
    else:
        for name, path in {"invoices": "Invoice/GetByIds", "payments by invoice": "Payment/GetByInvoiceIds"}.items():
            examiner.skip(name, f"POST /api/{path}", "there is no invoice to ask by")
    if external:
        examiner.ask("invoices by external id", lambda: client.invoices_by_external_ids(external))
    else:
        examiner.skip("invoices by external id", "POST /api/Invoice/GetByExternalIds", "there is no invoice to ask by")
    return {"invoices": invoices, "payments": payments}


def _custom_fields(definitions: list[dict[str, Any]], agreements: list[dict[str, Any]], counterparties: int) -> Finding:
    with (_SEEDS / "custom_field_mapping.csv").open(newline="") as file:
        mapped = [row["custom_field_name"] for row in csv.DictReader(file)]
    names = sorted({str(each.get("name")) for each in [*definitions, *agreements]})
    missing = [name for name in mapped if name not in names]
    lacking = f"; the seed custom_field_mapping names what is not there: {', '.join(missing)}" if missing else ""
    return Finding(
        "Which custom fields are defined",
        (", ".join(names) or "none") + lacking,
        {"counterparty": len(definitions), "master_agreement": len(agreements), "counterparties": counterparties},
        "seed custom_field_mapping",
        ", ".join(mapped),
        not missing,
    )


def _dicts(records: list[msgspec.Raw] | None) -> list[dict[str, Any]]:
    return [exact.members(record) for record in records or ()]
