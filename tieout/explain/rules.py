"""Tells which rules applied to an order, what came of each and where it was taken from.

In: the marts' rows of one order. Out: `Rule`s, in the order in which an accountant would ask.
What does not belong here: the rules themselves; the models hold them, and this reads what they decided.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tieout.amounts import with_currency
from tieout.commands.opened import Warehouse
from tieout.explain.explanation import Rule
from tieout.explain.masking import masked


def of_order(warehouse: Warehouse, order: dict[str, Any]) -> list[Rule]:
    """Returns the rules of an order (a row of `fct_orders`) and of its lines."""
    about = f"order {order['order_id']}"
    items = warehouse.rows(
        "select * from marts.fct_order_items where order_id = ? order by order_item_id", [order["order_id"]]
    )
    rules = [
        Rule(
            about,
            "role of its status",
            str(order["status_role"] or "unknown"),
            f"{order['status']!r} in seed order_statuses, or SOURCES__ATLAS_ETRM__READY_STATUSES",
        )
    ]
    if order["is_posted_elsewhere"]:
        outcome = "posted elsewhere: never invoiced by Tieout"
        rules.append(Rule(about, "booked before Tieout", outcome, f"erpCode {order['erp_code']}, no document of ours"))
    rules += [rule for item in items for rule in _of_item(item)]
    rules += [_control(warehouse, about, order), *_parties(warehouse, about, order)]
    if order["vat_treatment"] is not None:
        taken_from = "the counterparty's country and VAT number, seeds vat_territories and vat_treatments"
        rules.append(Rule(about, "VAT treatment", order["vat_treatment"], taken_from))
    if order["document_date"] is not None:
        later = order["document_date"] != order["registration_date"]
        taken_from = "the first open day, or the document's own" if later else "registrationDate"
        rules.append(Rule(about, "day it is booked on", str(order["document_date"]), taken_from))
    rules.append(Rule(about, "what became of it", str(order["became"]), "status, holds, documents and erpCode"))
    return rules


def _of_item(item: dict[str, Any]) -> list[Rule]:
    about = f"line {item['order_item_id']}"
    if not item["is_in_order"]:
        return [Rule(about, "item status", f"{item['item_status']}: not processed", "only status 2, In Order, is")]
    net, vat = (with_currency(item[name], item["currency_code"]) for name in ("net_amount", "vat_amount"))
    rules = [
        Rule(
            about,
            "direction",
            f"{item['direction']}: {net} net, {vat} VAT",
            f"cashflow {item['cashflow']}",
        ),
        Rule(about, "GL account", item["gl_account"] or "none", item["gl_account_source"] or "neither line nor party"),
    ]
    if item["iban"] is not None:
        rules.append(Rule(about, "IBAN", masked(item["iban"], "iban"), item["iban_source"]))
    return rules


def _control(warehouse: Warehouse, about: str, order: dict[str, Any]) -> Rule:
    """Compares what the model compares: both sides without their sign, gross or net as the settings had it."""
    [parameters] = warehouse.rows("select order_total from raw_operations.run_parameters")
    kind, currency = parameters["order_total"], order["currency_code"]
    lines = abs((order[f"{kind}_receivable"] or Decimal(0)) - (order[f"{kind}_payable"] or Decimal(0)))
    total = None if order["total_amount"] is None else abs(order["total_amount"])
    outcome = f"lines come to {with_currency(lines, currency)} {kind}, the order says {with_currency(total, currency)}"
    return Rule(
        about, "order control", outcome, "sum of the items against totalAmount, SOURCES__ATLAS_ETRM__ORDER_TOTAL"
    )


def _parties(warehouse: Warehouse, about: str, order: dict[str, Any]) -> list[Rule]:
    rows = warehouse.rows(
        "select * from marts.dim_counterparties where counterparty_id_atlas_etrm = ?",
        [order["counterparty_id_atlas_etrm"]],
    )
    rules = []
    for row in rows:
        for side in ("customer", "vendor"):
            if (code := row[f"{side}_code"]) is not None and row[f"{side}_match_method"] is not None:
                outcome = f"{code} ({row['legal_name']})"
                rules.append(Rule(about, side, outcome, f"matched by {row[f'{side}_match_method']}".replace("_", " ")))
            elif row[f"is_{side}_ambiguous"]:
                rules.append(Rule(about, side, "ambiguous", "several candidates; see the exceptions"))
    return rules
