"""Reads erpCodes from a file with the columns `order_id` and `erp_code`, and names what is wrong with each row.

In: a CSV file (comma or semicolon, UTF-8 with or without a mark), the orders. Out: codes and problems by row.
What does not belong here: planning.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars
from polars.exceptions import PolarsError

from tieout.baseline.orders import Coded, Order, Problem, why_not

COLUMNS = ("order_id", "erp_code")

LONGEST_CODE = 100


class FileRefusedError(ValueError):
    """The file cannot be read at all; the message says why."""


def read(path: Path, orders: Mapping[int, Order]) -> tuple[list[Coded], list[Problem]]:
    """Returns the codes of a file's sound rows, by order, and a problem for each other row.

    An order that has the very code already is neither: there is nothing to do.

    Raises:
        FileRefusedError: it is not there, is no CSV, or lacks a column.
    """
    frame = _frame(path)
    repeated = set(
        frame.group_by("order_id").len().filter(polars.col("len") > 1).get_column("order_id").drop_nulls().to_list()
    )
    coded: list[Coded] = []
    problems: list[Problem] = []
    for number, (order_id, erp_code) in enumerate(frame.select(COLUMNS).iter_rows(), 2):
        where = f"{path.name}, row {number}"
        order, reason = _judged(order_id, erp_code, repeated, orders)
        if reason is not None or order is None:
            problems.append(Problem(where, reason or "no order"))
        elif order.erp_code is None:
            coded.append(Coded(order, erp_code, where))
    return sorted(coded, key=lambda one: one.order.order_id), problems


def _frame(path: Path) -> polars.DataFrame:
    try:
        text = path.read_text(encoding="utf-8-sig")
        head = text.partition("\n")[0]
        separator = ";" if ";" in head and "," not in head else ","
        frame = polars.read_csv(text.encode(), infer_schema=False, separator=separator, truncate_ragged_lines=False)
    except OSError as problem:
        raise FileRefusedError(f"{path} cannot be read: {problem.strerror}") from None
    except (PolarsError, UnicodeDecodeError) as problem:
        raise FileRefusedError(f"{path} is no CSV file: {str(problem).splitlines()[0]}") from None
    frame = frame.rename({name: name.strip().lower() for name in frame.columns})
    if missing := [name for name in COLUMNS if name not in frame.columns]:
        raise FileRefusedError(
            f"{path} lacks the column {' and '.join(missing)}; it has {', '.join(frame.columns)}. Wanted: order_id,"
            " erp_code, one row per order"
        )
    return frame.with_columns(polars.col(name).str.strip_chars() for name in COLUMNS)


def _judged(
    order_id: str | None, erp_code: str | None, repeated: set[str], orders: Mapping[int, Order]
) -> tuple[Order | None, str | None]:
    if not order_id or not order_id.isdecimal():
        return None, f"order_id {order_id or ''!r} is no whole number"
    if order_id in repeated:
        return None, f"order {order_id} stands in several rows"
    if not erp_code:
        return None, f"order {order_id} has no erp_code"
    if len(erp_code) > LONGEST_CODE or not erp_code.isprintable():
        return None, f"order {order_id}: an erp_code has at most {LONGEST_CODE} characters, all printable"
    order = orders.get(int(order_id))
    if order is None:
        return None, f"ATLAS ETRM has no order {order_id}"
    reason = why_not(order, erp_code)
    return order, None if reason is None else f"order {order_id}: {reason}"
