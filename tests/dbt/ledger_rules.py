"""What the independent ledger is written in: lines, open items, the two sides, seeds, rounding and rates.

In: the seeds' files. Out: values and pure functions over exact decimals. What does not belong here: records
(`ledger_records.py`) and what is posted of them.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from raw_fixture import REPOSITORY

Record = dict[str, Any]
Side = Literal["receivable", "payable"]
ZERO = Decimal(0)
ZONE = ZoneInfo("Europe/Berlin")
BASE = "EUR"
SEEDS = REPOSITORY / "dbt_project" / "seeds"
WIDE = Context(prec=60)


@dataclass(frozen=True)
class Line:
    """One line of the journal."""

    journal_entry_id: str
    entry_date: date
    gl_account: str
    line_type: str
    entry_side: str
    amount: Decimal
    currency: str
    amount_base: Decimal | None
    is_posted: bool
    order_item_id: int | None = None
    rate_date: date | None = None
    """Whose rate it is converted at, where that is another day than the entry's."""

    def facts(self) -> tuple[Any, ...]:
        """What the marts say of it."""
        return (
            self.journal_entry_id, self.entry_date, self.gl_account, self.line_type, self.entry_side, self.amount,
            self.currency, self.amount_base, self.is_posted, self.order_item_id,
        )  # fmt: skip


class Kind(NamedTuple):
    """What the two sides call the same things."""

    document: str
    table: str
    date_field: str
    party_field: str
    parties: str
    account_field: str
    payments: str
    control: str
    control_side: str
    line_type: str
    vat: str
    cashflow: int
    accrual: str


KINDS: dict[Side, Kind] = {
    "receivable": Kind(
        "invoice", "invoices", "invoice_date", "customer_id", "customers", "revenue_account_id", "payments",
        "receivables", "debit", "revenue", "output_vat", 0, "accrued_revenue",
    ),
    "payable": Kind(
        "bill", "bills", "bill_date", "vendor_id", "vendors", "expense_account_id", "payments_made",
        "payables", "credit", "expense", "input_vat", 1, "accrued_cost",
    ),
}  # fmt: skip


def other(entry_side: str) -> str:
    """Credit for debit, debit for credit."""
    return "credit" if entry_side == "debit" else "debit"


def reversed_lines(lines: Iterable[Line], journal_entry_id: str, **changed: Any) -> list[Line]:
    """The same lines with sides exchanged, as an entry of their own, converted as those were."""
    return [
        replace(
            line,
            journal_entry_id=journal_entry_id,
            entry_side=other(line.entry_side),
            rate_date=line.rate_date or line.entry_date,
            **changed,
        )
        for line in lines
    ]


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (SEEDS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def day(text: str) -> date:
    """The date of a vendor's date or datetime."""
    return date.fromisoformat(text[:10])


def month_end(first: date) -> date:
    """The last day of a month."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)


def policy_day(event: str) -> date:
    """The day from which an event is posted, by the seed `posting_policies`."""
    return next(day(row["valid_from_date"]) for row in seed("posting_policies") if row["event"] == event)


def month_ends(event: str, through: date) -> list[date]:
    """The month ends at which an event is posted, by the seed `posting_policies`."""
    since = policy_day(event)
    months = (date(since.year + n // 12, n % 12 + 1, 1) for n in range(since.month - 1, since.month + 23))
    return [end for end in map(month_end, months) if end <= through]


def rounded(amount: Decimal, currency: str = BASE) -> Decimal:
    """To the currency's minor unit, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-_MINOR_UNITS[currency]), rounding=ROUND_HALF_UP, context=WIDE)


def worth(amount: Decimal, currency: str, on: date) -> Decimal:
    """An amount in base currency at the last rate known on a day."""
    if currency == BASE:
        return amount
    days, rates = _RATES[currency]
    return rounded(WIDE.divide(amount, rates[bisect_right(days, on) - 1]))


def share(amount: Decimal, part: Decimal, total: Decimal) -> Decimal:
    """What of an amount in base currency falls to a part of a total."""
    return rounded(WIDE.divide(WIDE.multiply(amount, part), total))


def balances(lines: Iterable[Line]) -> dict[str, Decimal]:
    """Debit less credit per account, without those that come to nothing."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.gl_account] += line.amount if line.entry_side == "debit" else -line.amount
    return {account: amount for account, amount in sums.items() if amount}


def with_base(lines: Iterable[Line], rounding_account: str) -> Iterator[Line]:
    """Each line with its amount in base currency, and what rounding leaves over as a line of its own."""
    entries: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        entries[line.journal_entry_id].append(line)
    for entry in entries.values():
        converted = [
            replace(line, amount_base=worth(line.amount, line.currency, line.rate_date or line.entry_date))
            for line in entry
        ]
        yield from converted
        for currency in {line.currency for line in converted}:
            own = [line for line in converted if line.currency == currency]
            rest = sum(((line.amount_base or ZERO) * (1 if line.entry_side == "debit" else -1) for line in own), ZERO)
            if rest:
                yield Line(
                    own[0].journal_entry_id, own[0].entry_date, rounding_account, "base_rounding",
                    "credit" if rest > 0 else "debit", ZERO, currency, abs(rest), own[0].is_posted,
                )  # fmt: skip


def _rates(path: Path) -> dict[str, tuple[list[date], list[Decimal]]]:
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["currency_code"]].append((date.fromisoformat(row["rate_date"]), Decimal(row["units_per_eur"])))
    return {c: ([d for d, _ in sorted(rows)], [r for _, r in sorted(rows)]) for c, rows in found.items()}


_MINOR_UNITS = {row["currency_code"]: int(row["minor_units"]) for row in seed("currencies")}
_RATES = _rates(SEEDS / "ecb_reference_rates.csv")
