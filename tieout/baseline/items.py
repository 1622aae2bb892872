"""Makes the items of a baseline's plan: one erpCode each, and nothing else.

In: orders with their codes. Out: `PlanItem`s of the sync that writes erpCodes.
What does not belong here: approving and sending, which go the road of every plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from reverse_etl.catalog import BY_NAME
from reverse_etl.due import SyncRow
from reverse_etl.plan import PlanItem, item_of
from tieout.baseline.orders import Coded

ORIGIN = "baseline"

_SYNC = BY_NAME["sync_atlas_etrm__order_erp_codes"]


def items(coded: Iterable[Coded]) -> list[PlanItem]:
    """Returns one item per order, by its id."""
    return [_item(one) for one in sorted(coded, key=lambda one: one.order.order_id)]


def _item(one: Coded) -> PlanItem:
    order = one.order
    row = SyncRow(
        sync_key=f"order:{order.order_id}",
        operation="update",
        record_label=f"order {order.order_id}" + (f" ({order.order_name})" if order.order_name else ""),
        order_id=order.order_id,
        destination_id=str(order.order_id),
        expected_version=None,
        amount=order.total_amount,
        currency_code=order.currency_code,
        payload=json.dumps({"erpCode": one.erp_code}),
        current_values=json.dumps({"erpCode": order.erp_code}),
    )
    return item_of(_SYNC, row)
