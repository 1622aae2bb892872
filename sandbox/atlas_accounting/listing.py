"""Filtering, sorting and paging of lists, in both of the vendor's dialects (contract section 5).

In: rows and query parameters. Out: the envelope with `items` (documented) or a bare array (observed), newest first
unless asked otherwise. What does not belong here: where rows come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.atlas_accounting.errors import invalid
from sandbox.atlas_accounting.registry import Record
from sandbox.atlas_accounting.validation import as_day

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100
DEFAULT_LIMIT = 100
MAX_LIMIT = 500

_SORT_FIELDS = {
    "companies": {"name"},
    "accounts": {"account_number", "name"},
    "customers": {"display_name", "name"},
    "vendors": {"display_name", "name"},
    "invoices": {"invoice_date", "due_date", "invoice_number"},
    "bills": {"bill_date", "due_date", "bill_number"},
    "payments": {"payment_date"},
    "payments_made": {"payment_date"},
    "bill_payments": {"payment_date"},
    "journal_entries": {"entry_date", "entry_number"},
}
"""What a list sorts by beside `created_at` and `updated_at`."""

Query = Mapping[str, str]


@dataclass(frozen=True)
class Filter:
    """A query parameter that keeps some rows."""

    parameter: str
    field: str
    keeps: Literal["equal", "from", "through"] = "equal"
    """`from` and `through` compare dates, both days included."""
    allowed: frozenset[str] | None = None
    """The values the field can have; another one is a 422."""

    def apply(self, rows: list[Record], query: Query) -> list[Record]:
        """The rows it keeps; all of them where the parameter is absent.

        Raises:
            AtlasAccountingError: 422 for a value the field cannot have, or something that is no date.
        """
        value = query.get(self.parameter)
        if value is None:
            return rows
        if self.allowed is not None and value not in self.allowed:
            raise invalid(self.parameter, f"must be one of {', '.join(sorted(self.allowed))}")
        if self.keeps == "equal":
            return [row for row in rows if row[self.field] == value]
        if as_day(value) is None:
            raise invalid(self.parameter, "must be a date, YYYY-MM-DD")
        if self.keeps == "from":
            return [row for row in rows if row[self.field] >= value]
        return [row for row in rows if row[self.field] <= value]


def ordered(rows: list[Record], table: str, query: Query, *, updated_at_sortable: bool) -> list[Record]:
    """The rows in the order asked for; rows that share a value stand by `created_at`, which no two share.

    Raises:
        AtlasAccountingError: 422 for a field the list does not sort by, or an order that is neither asc nor desc.
    """
    field, order = query.get("sort_by", "created_at"), query.get("sort_order", "desc")
    sortable = {"created_at", *_SORT_FIELDS.get(table, ()), *(["updated_at"] if updated_at_sortable else [])}
    if field not in sortable:
        raise invalid("sort_by", f"must be one of {', '.join(sorted(sortable))}")
    if order not in ("asc", "desc"):
        raise invalid("sort_order", "must be asc or desc")
    return sorted(rows, key=lambda row: (row[field] or "", row["created_at"]), reverse=order == "desc")


def page_envelope(rows: list[Record], query: Query) -> dict[str, Any]:
    """The documented dialect's page: `items, total, page, page_size, has_next`; empty past the end.

    Raises:
        AtlasAccountingError: 422 for a page below 1 or a page size outside 1-100.
    """
    page = _whole(query, "page", 1, minimum=1, maximum=None)
    size = _whole(query, "page_size", DEFAULT_PAGE_SIZE, minimum=1, maximum=MAX_PAGE_SIZE)
    start = (page - 1) * size
    return {
        "items": rows[start : start + size],
        "total": len(rows),
        "page": page,
        "page_size": size,
        "has_next": start + size < len(rows),
    }


def bare_array(rows: list[Record], query: Query) -> list[Record]:
    """The observed dialect's page, by `offset` and `limit`.

    Raises:
        AtlasAccountingError: 422 for an offset below 0 or a limit outside 1-500.
    """
    offset = _whole(query, "offset", 0, minimum=0, maximum=None)
    limit = _whole(query, "limit", DEFAULT_LIMIT, minimum=1, maximum=MAX_LIMIT)
    return rows[offset : offset + limit]


def _whole(query: Query, name: str, default: int, *, minimum: int, maximum: int | None) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.lstrip("-").isdigit():
        raise invalid(name, "must be a whole number")
    value = int(given)
    if value < minimum:
        raise invalid(name, f"must be greater than or equal to {minimum}")
    if maximum is not None and value > maximum:
        raise invalid(name, f"must be less than or equal to {maximum}")
    return value
