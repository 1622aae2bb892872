"""The books once more, in plain Python: what the marts must say, worked out from the landed records without SQL.

In: the versions of a `RandomCompany`. Out: journal lines, open items, aging and trial balance as of any day and as
known on any day, each with exact decimals. What does not belong here: anything read from a dbt model.

The rules are DESIGN section 5 and DECISIONS.md ("The books", "Receivables, payables and control totals"), written
down a second time by other means: where this file and the models differ, one of them is wrong.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from random_company import AS_OF, Version
from raw_fixture import REPOSITORY

Record = dict[str, Any]
Side = Literal["receivable", "payable"]
ZERO = Decimal(0)
ZONE = ZoneInfo("Europe/Berlin")
BASE = "EUR"
SEEDS = REPOSITORY / "dbt_project" / "seeds"
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")
_WIDE = Context(prec=60)
_NOT_ISSUED = {"draft", "pending", "voided"}
_PAYMENTS = ("atlas_accounting.payments", "atlas_accounting.payments_made")


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


class OpenItem(NamedTuple):
    """One issued document as it stood on a day."""

    side: Side
    document_id: str
    party_code: str
    currency: str
    due_date: date
    total: Decimal
    applied: Decimal
    open: Decimal
    bucket: str


@dataclass
class _Aging:
    buckets: dict[str, Decimal]
    credits: Decimal = ZERO


class Ledger:
    """The books that follow from what has been landed up to a day.

    Args:
        versions: Every version of every record, in the order of landing.
        known_on: The day whose end (in the company's zone) bounds what is known; None knows everything.
    """

    def __init__(self, versions: Iterable[Version], known_on: date | None = None) -> None:
        latest: dict[str, dict[Any, Record | None]] = defaultdict(dict)
        self._as_issued: dict[str, Record] = {}
        self._as_paid: dict[str, dict[str, Record]] = {table: {} for table in _PAYMENTS}
        for version in versions:
            if known_on is None or version.landed_at.astimezone(ZONE).date() <= known_on:
                latest[version.table][version.record["id"]] = None if version.is_deleted else version.record
                is_document = version.table in ("atlas_accounting.invoices", "atlas_accounting.bills")
                if is_document and not version.is_deleted and version.record["status"] not in _NOT_ISSUED:
                    self._as_issued[version.record["id"]] = version.record
                if version.table in _PAYMENTS and not version.is_deleted and version.record["status"] != "voided":
                    self._as_paid[version.table][version.record["id"]] = version.record
        self._records = {table: [r for r in found.values() if r is not None] for table, found in latest.items()}
        self._numbers = {a["id"]: a["account_number"] for a in self._table("atlas_accounting.accounts")}
        self._controls = {
            (row["control"], row["currency_code"]): row["account_number"] for row in _seed("control_accounts")
        }

    def _table(self, name: str) -> list[Record]:
        return self._records.get(name, [])

    def _control(self, control: str, currency: str) -> str:
        return self._controls.get((control, currency)) or self._controls[control, BASE]

    # ----------------------------------------------------------------------------------------------- journal

    @cached_property
    def lines(self) -> list[Line]:
        """The whole journal: orders, documents no order accounts for, payments and entries by hand."""
        lines: list[Line] = []
        taken: set[str] = set()
        for order in self._table("atlas_etrm.orders"):
            lines += self._order_entry(order, taken)
        for side, documents in self._issued.items():
            for document in documents:
                if document["id"] not in taken:
                    kind = _KIND[side].document
                    lines += self._document_lines(side, document, f"atlas_accounting:{kind}:{document['id']}")
            lines += self._voided_lines(side)
        for payment in self._payments("receivable"):
            lines += self._receipt_lines(payment)
        for payment in self._payments("payable"):
            lines += self._payment_made_lines(payment)
        lines += self._voided_payment_lines()
        for entry in self._table("atlas_accounting.journal_entries"):
            if entry["status"] in ("posted", "reversed"):
                lines += self._manual_lines(entry)
        return [*_with_base(lines, self._control("rounding", BASE)), *self._exchange_lines()]

    def _order_entry(self, order: Record, taken: set[str]) -> list[Line]:
        """The entry of one order, or nothing: draft, rejected or held ones have none."""
        key = f"atlas_etrm:order:{order['id']}"
        items = [i for i in self._table("atlas_etrm.order_items") if i["orderId"] == order["id"] and i["status"] == 2]
        documents = {
            side: document
            for side, found in self._issued.items()
            for document in found
            if (document["notes"] or "").endswith(key)
        }
        if not documents and (order["status"] not in ("Approved order by ETRM", "2") or not items):
            return []
        if not self._adds_up(order, items) or any(self._gl_account(item) is None for item in items):
            return []
        entry: list[Line] = []
        for side, cashflow in (("receivable", 0), ("payable", 1)):
            own = [item for item in items if item["cashflow"] == cashflow]
            document = documents.get(side)  # type: ignore[call-overload]
            if document is not None:
                taken.add(document["id"])
            derived = self._derived_lines(key, side, own, order, document)  # type: ignore[arg-type]
            if document is not None:
                held = self._document_lines(side, document, key)  # type: ignore[arg-type]
                entry += derived if _balances(derived) == _balances(held) else held
            else:
                entry += derived
        if not entry:
            return []
        first = min(line.entry_date for line in entry)
        return [replace(line, entry_date=first) for line in entry]

    def _adds_up(self, order: Record, items: list[Record]) -> bool:
        """Whether the unrounded lines, Active less Passive, are the order's total to the cent."""
        total = sum(
            ((Decimal(i["amount"]) + Decimal(i["vat"])) * (1 if i["cashflow"] == 0 else -1) for i in items), ZERO
        )
        return _rounded(abs(total)) == _rounded(abs(Decimal(order["totalAmount"])))

    def _gl_account(self, item: Record) -> str | None:
        own = (item["glAccount"] or "").strip()
        parties = {c["id"]: c for c in self._table("atlas_etrm.counterparties")}
        return own or parties[item["counterpartyId"]]["glAccount"]

    def _derived_lines(
        self, key: str, side: Side, items: list[Record], order: Record, document: Record | None
    ) -> list[Line]:
        if not items:
            return []
        kind = _KIND[side]
        gross = _rounded(sum((abs(Decimal(i["amount"])) + abs(Decimal(i["vat"])) for i in items), ZERO))
        vat = _rounded(sum((abs(Decimal(i["vat"])) for i in items), ZERO))
        nets = {item["id"]: _rounded(abs(Decimal(item["amount"]))) for item in items}
        remainder = gross - vat - sum(nets.values(), ZERO)
        if remainder < 0:
            largest = min(nets, key=lambda item_id: (-nets[item_id], item_id))
            nets[largest] += remainder
        on = date.fromisoformat((document[kind.date_field] if document else order["registrationDate"])[:10])
        parts = [(self._control(kind.control, BASE), kind.control, kind.control_side, gross, None)]
        other = "credit" if kind.control_side == "debit" else "debit"
        parts += [
            (str(self._gl_account(item)), kind.line_type, other, nets[item["id"]], item["id"])
            for item in items
            if abs(Decimal(item["amount"])) > 0 and _rounded(abs(Decimal(item["amount"]))) > 0
        ]
        parts.append((self._control(kind.vat, BASE), kind.vat, other, vat, None))
        parts.append((self._control("rounding", BASE), "rounding", other, max(remainder, ZERO), None))
        return [
            Line(key, on, account, line_type, entry_side, amount, BASE, None, document is not None, item_id)
            for account, line_type, entry_side, amount, item_id in parts
            if amount
        ]

    @cached_property
    def _issued(self) -> dict[Side, list[Record]]:
        return {
            side: [d for d in self._table(f"atlas_accounting.{kind.table}") if d["status"] not in _NOT_ISSUED]
            for side, kind in _KIND.items()
        }

    def _document_lines(self, side: Side, document: Record, key: str) -> list[Line]:
        kind = _KIND[side]
        currency, on = document["currency"], date.fromisoformat(document[kind.date_field][:10])
        other = "credit" if kind.control_side == "debit" else "debit"
        total, tax = Decimal(document["total_amount"]), Decimal(document["tax_amount"])
        vat, rounding = self._control(kind.vat, currency), self._control("rounding", currency)
        parts = [(self._control(kind.control, currency), kind.control, kind.control_side, total)]
        for line in document["lines"]:
            account = self._numbers[line[kind.account_field]]
            line_type = kind.vat if account == vat else "rounding" if account == rounding else kind.line_type
            parts.append((account, line_type, other, Decimal(line["amount"])))
        parts.append((vat, kind.vat, other, tax))
        return [
            Line(key, on, account, line_type, entry_side, amount, currency, None, is_posted=True)
            for account, line_type, entry_side, amount in parts
            if amount
        ]

    def _voided_lines(self, side: Side) -> list[Line]:
        """What was posted stays, and is taken back on the document's own day, as the vendor does."""
        lines = []
        for document in self._table(f"atlas_accounting.{_KIND[side].table}"):
            issued = self._as_issued.get(document["id"])
            if document["status"] == "voided" and issued is not None:
                key = f"atlas_accounting:{_KIND[side].document}:{document['id']}"
                posted = self._document_lines(side, issued, key)
                lines += posted
                lines += [
                    replace(
                        line,
                        journal_entry_id=f"{key}:reversal",
                        entry_side="credit" if line.entry_side == "debit" else "debit",
                    )
                    for line in posted
                ]
        return lines

    def _payments(self, side: Side) -> list[Record]:
        table = f"atlas_accounting.{_KIND[side].payments}"
        return [p for p in self._table(table) if p["status"] not in ("voided", "draft")]

    def _voided_payments(self, side: Side) -> list[Record]:
        """Payments that counted once and were voided, or are gone: as they last stood."""
        living = {payment["id"] for payment in self._payments(side)}
        paid = self._as_paid[f"atlas_accounting.{_KIND[side].payments}"]
        return [payment for payment in paid.values() if payment["id"] not in living]

    def _voided_payment_lines(self) -> list[Line]:
        """What was posted stays, and is taken back on the payment's own day: no period of these companies is closed."""
        posted = [line for payment in self._voided_payments("receivable") for line in self._receipt_lines(payment)]
        posted += [line for payment in self._voided_payments("payable") for line in self._payment_made_lines(payment)]
        return posted + [
            replace(
                line,
                journal_entry_id=f"{line.journal_entry_id}:reversal",
                entry_side="credit" if line.entry_side == "debit" else "debit",
            )
            for line in posted
        ]

    def _receipt_lines(self, payment: Record) -> list[Line]:
        key, on = f"atlas_accounting:payment:{payment['id']}", date.fromisoformat(payment["payment_date"][:10])
        currency, amount, discount = payment["currency"], Decimal(payment["amount"]), _discount(payment)
        parts = [
            (self._numbers[payment["deposit_account_id"]], "bank", "debit", amount),
            (self._control("sales_discount", currency), "sales_discount", "debit", discount),
            (self._control("receivables", currency), "receivables", "credit", amount + discount),
        ]
        return [
            Line(key, on, a, kind, side, amt, currency, None, is_posted=True) for a, kind, side, amt in parts if amt
        ]

    def _payment_made_lines(self, payment: Record) -> list[Line]:
        key, on = f"atlas_accounting:payment_made:{payment['id']}", date.fromisoformat(payment["payment_date"][:10])
        currency, amount = payment["currency"], Decimal(payment["amount"])
        parts = [
            (self._control("payables", currency), "payables", "debit"),
            (self._numbers[payment["payment_account_id"]], "bank", "credit"),
        ]
        return [Line(key, on, a, kind, side, amount, currency, None, is_posted=True) for a, kind, side in parts]

    def _manual_lines(self, entry: Record) -> list[Line]:
        key, on = f"atlas_accounting:journal_entry:{entry['id']}", date.fromisoformat(entry["entry_date"][:10])
        currencies = {a["account_number"]: a["currency"] for a in self._table("atlas_accounting.accounts")}
        lines = []
        for line in entry["lines"]:
            account = self._numbers[line["account_id"]]
            lines.append(
                Line(key, on, account, "manual", line["entry_type"], Decimal(line["amount"]), currencies[account], None,
                     is_posted=True)
            )  # fmt: skip
        return lines

    def _exchange_lines(self) -> Iterator[Line]:
        """What payments in another currency realised, and what is unrealised at the month ends of the policy."""
        policies = {policy["event"]: _day(policy["valid_from_date"]) for policy in _seed("posting_policies")}
        since = policies["revaluation"]
        months = {
            _month_end(date(since.year + n // 12, n % 12 + 1, 1)) for n in range(since.month - 1, since.month + 23)
        }
        for side, kind in _KIND.items():
            documents = {d["id"]: d for d in self._issued[side] if d["currency"] != BASE}
            payments = {p["id"]: p for p in [*self._payments(side), *self._voided_payments(side)]}
            steps = _steps(side, documents, payments, {p["id"] for p in self._voided_payments(side)})
            carried: dict[str, list[tuple[date, Decimal, Decimal]]] = defaultdict(list)
            brought_by: dict[str, list[tuple[date, Decimal, Decimal]]] = defaultdict(list)
            is_told: dict[str, bool] = {}
            for on, is_back, payment_id, document_id, amount in steps:
                document, payment = documents[document_id], payments[payment_id]
                total = Decimal(document["total_amount"])
                worth = _worth(total, document["currency"], _day(document[kind.date_field]))
                before = sum((part for _, part, _ in carried[document_id]), ZERO)
                book = _share(worth, before + amount, total) - _share(worth, before, total)
                capacity = Decimal(payment["amount"]) + (_discount(payment) if side == "receivable" else ZERO)
                brought = _worth(capacity, document["currency"], _day(payment["payment_date"]))
                earlier = sum((a for d, a in _applications(payment, side) if d in documents and d < document_id), ZERO)
                paid = _share(brought, earlier + abs(amount), capacity) - _share(brought, earlier, capacity)
                paid = -paid if is_back else paid
                carried[document_id].append((on, amount, book))
                brought_by[payment_id].append((on, amount, paid))
                key = f"{payment_id}:{document_id}"
                is_told.setdefault(key, on >= policies["realised_fx"])
                if gain := (paid - book) * (1 if side == "receivable" else -1):
                    yield from self._realised_lines(
                        key + ":reversal" * is_back, on, kind, document, gain, is_told=is_told[key]
                    )
            for month in sorted(m for m in months if m <= AS_OF):
                sums = self._document_changes(side, month, carried)
                for currency, change in sums.items():
                    yield from self._unrealised(month, side, currency, change * (1 if side == "receivable" else -1))
                for currency, change in self._credit_changes(side, month, brought_by).items():
                    gain = change * (-1 if side == "receivable" else 1)
                    yield from self._unrealised(month, f"{side}_credit", currency, gain)
        for month in sorted(m for m in months if m <= AS_OF):
            for currency, change in self._bank_changes(month).items():
                yield from self._unrealised(month, "bank", currency, change)

    def _unrealised(self, month: date, kind: str, currency: str, gain: Decimal) -> Iterator[Line]:
        """A revaluation of a month's end; AS_OF leaves no next day on which it would be taken back."""
        adjustment = "fx_adjustment_bank" if kind == "bank" else f"fx_adjustment_{kind}s"
        for control, sign in ((adjustment, gain), ("unrealised_fx", -gain)):
            if sign:
                yield Line(f"atlas_accounting:revaluation:{month:%Y-%m}:{kind}:{currency}", month,
                           self._control(control, BASE), control, "debit" if sign > 0 else "credit", abs(gain), BASE,
                           abs(gain), is_posted=False)  # fmt: skip

    def _document_changes(
        self, side: Side, month: date, carried: dict[str, list[tuple[date, Decimal, Decimal]]]
    ) -> dict[str, Decimal]:
        """By how much documents open at a month's end are worth more than they are carried at."""
        changes: dict[str, Decimal] = defaultdict(Decimal)
        for document in self._issued[side]:
            currency, on = document["currency"], _day(document[_KIND[side].date_field])
            if currency != BASE and on <= month:
                known = [step for step in carried[document["id"]] if step[0] <= month]
                total = Decimal(document["total_amount"])
                left = total - sum((amount for _, amount, _ in known), ZERO)
                if left:
                    book = _worth(total, currency, on) - sum((part for _, _, part in known), ZERO)
                    changes[currency] += _worth(left, currency, month) - book
        return changes

    def _credit_changes(
        self, side: Side, month: date, brought_by: dict[str, list[tuple[date, Decimal, Decimal]]]
    ) -> dict[str, Decimal]:
        """By how much money that no document had taken up by a month's end is worth more than on its own day."""
        changes: dict[str, Decimal] = defaultdict(Decimal)
        for payment in self._payments(side):
            currency, on = payment["currency"], _day(payment["payment_date"])
            if currency != BASE and on <= month:
                total = Decimal(payment["amount"]) + (_discount(payment) if side == "receivable" else ZERO)
                known = [step for step in brought_by[payment["id"]] if step[0] <= month]
                left = total - sum((amount for _, amount, _ in known), ZERO)
                if left:
                    book = _worth(total, currency, on) - sum((paid for _, _, paid in known), ZERO)
                    changes[currency] += _worth(left, currency, month) - book
        return changes

    def _bank_changes(self, month: date) -> dict[str, Decimal]:
        """By how much the money on each foreign account is worth more than its movements were on their days."""
        moved: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
        for side, sign, account in (("receivable", 1, "deposit_account_id"), ("payable", -1, "payment_account_id")):
            for payment in self._payments(side):  # type: ignore[arg-type]
                currency, on = payment["currency"], _day(payment["payment_date"])
                if currency != BASE and on <= month and self._numbers[payment[account]].startswith("100"):
                    amount = sign * Decimal(payment["amount"])
                    moved[currency].append((amount, sign * _worth(abs(amount), currency, on)))
        return {
            currency: _signed_worth(sum((a for a, _ in parts), ZERO), currency, month)
            - sum((b for _, b in parts), ZERO)
            for currency, parts in moved.items()
        }

    def _realised_lines(
        self, key: str, on: date, kind: _Kind, document: Record, gain: Decimal, *, is_told: bool
    ) -> Iterator[Line]:
        """A difference as our books have it, and from the day of the policy the result as the vendor's are told it."""
        other = "fx_clearing" if is_told else "realised_fx"
        for control, sign in ((kind.control, gain), (other, -gain)):
            account, side = self._control(control, document["currency"]), "debit" if sign > 0 else "credit"
            yield Line(f"atlas_accounting:realised_fx:{key}", on, account, control, side, ZERO, document["currency"],
                       abs(gain), is_posted=True)  # fmt: skip
        for control, sign in (("fx_clearing", gain), ("realised_fx", -gain)) if is_told else ():
            account, side = self._control(control, BASE), "debit" if sign > 0 else "credit"
            yield Line(f"atlas_accounting:fx_result:{key}", on, account, control, side, abs(gain), BASE, abs(gain),
                       is_posted=False)  # fmt: skip

    # ------------------------------------------------------------------------------------ open items and aging

    def open_items(self, as_of: date) -> list[OpenItem]:
        """Every issued document up to a day, as it stood at its end."""
        items = []
        for side, documents in self._issued.items():
            applied: dict[str, Decimal] = defaultdict(Decimal)
            for payment in self._payments(side):
                if _day(payment["payment_date"]) <= as_of:
                    for document_id, amount in _applications(payment, side):
                        applied[document_id] += amount
            for document in documents:
                if _day(document[_KIND[side].date_field]) <= as_of:
                    due, total = _day(document["due_date"]), Decimal(document["total_amount"])
                    items.append(
                        OpenItem(
                            side,
                            document["id"],
                            self._party_code(side, document[_KIND[side].party_field]),
                            document["currency"],
                            due,
                            total,
                            applied[document["id"]],
                            total - applied[document["id"]],
                            _bucket((as_of - due).days),
                        )
                    )
        return items

    def aging(self, side: Side, as_of: date) -> dict[tuple[str, str], tuple[Decimal, ...]]:
        """Per party and currency: the six buckets of `BUCKETS`, what is open, open credits, and the balance."""
        rows: dict[tuple[str, str], _Aging] = defaultdict(lambda: _Aging(dict.fromkeys(BUCKETS, ZERO)))
        items = [item for item in self.open_items(as_of) if item.side == side]
        for item in items:
            rows[item.party_code, item.currency].buckets[item.bucket] += item.open
        standing = {item.document_id for item in items}
        for payment in self._payments(side):
            if _day(payment["payment_date"]) <= as_of:
                settled = sum((a for d, a in _applications(payment, side) if d in standing), ZERO)
                left = Decimal(payment["amount"]) + _discount(payment) - settled
                party = self._party_code(side, payment[_KIND[side].party_field])
                rows[party, payment["currency"]].credits += left
        result = {}
        for key, row in rows.items():
            total = sum(row.buckets.values(), ZERO)
            result[key] = (*(row.buckets[name] for name in BUCKETS), total, row.credits, total - row.credits)
        return result

    def _party_code(self, side: Side, party_id: str) -> str:
        parties = {p["id"]: p for p in self._table(f"atlas_accounting.{_KIND[side].parties}")}
        return str((parties.get(party_id) or {}).get("external_id") or party_id)

    # ----------------------------------------------------------------------------------------- trial balance

    def trial_balance(self, as_of: date) -> dict[tuple[str, str, str], tuple[Decimal, Decimal, Decimal]]:
        """Per month, account and currency: the month's posted debit and credit, and the balance at its end."""
        moved: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        first: dict[tuple[str, str], str] = {}
        months = {f"{as_of:%Y-%m}"}
        for line in self.lines:
            if not line.amount:
                continue
            month, account = f"{line.entry_date:%Y-%m}", (line.gl_account, line.currency)
            months.add(month)
            first[account] = min(first.get(account, month), month)
            if line.is_posted:
                moved[month, *account][line.entry_side == "credit"] += line.amount
        result = {}
        for account, begin in first.items():
            balance = ZERO
            for month in sorted(months):
                if month >= begin:
                    debit, credit = moved[month, *account]
                    balance += debit - credit
                    result[month, *account] = (debit, credit, balance)
        return result


class _Kind(NamedTuple):
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


_KIND: dict[Side, _Kind] = {
    "receivable": _Kind(
        "invoice", "invoices", "invoice_date", "customer_id", "customers", "revenue_account_id", "payments",
        "receivables", "debit", "revenue", "output_vat",
    ),
    "payable": _Kind(
        "bill", "bills", "bill_date", "vendor_id", "vendors", "expense_account_id", "payments_made",
        "payables", "credit", "expense", "input_vat",
    ),
}  # fmt: skip


def _seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def end_of(day: date) -> datetime:
    """The last instant of a day in the company's zone."""
    return datetime.combine(day, time.max, ZONE)


def _rounded(amount: Decimal, currency: str = BASE) -> Decimal:
    minor = next(int(row["minor_units"]) for row in _CURRENCIES if row["currency_code"] == currency)
    return amount.quantize(Decimal(1).scaleb(-minor), rounding=ROUND_HALF_UP, context=_WIDE)


def _discount(payment: Record) -> Decimal:
    return sum((Decimal(a.get("discount_taken") or 0) for a in payment["applications"]), ZERO)


def _applications(payment: Record, side: Side) -> Iterator[tuple[str, Decimal]]:
    for row in payment["applications"]:
        amount = Decimal(row["amount_applied"]) + Decimal(row.get("discount_taken") or 0)
        yield row["invoice_id" if side == "receivable" else "bill_id"], amount


def _steps(
    side: Side, documents: dict[str, Record], payments: dict[str, Record], voided: set[str]
) -> list[tuple[date, bool, str, str, Decimal]]:
    """What settled foreign documents in the order it counts: day, whether it takes back, payment, document, amount."""
    return sorted(
        (
            max(_day(payment["payment_date"]), _day(documents[document_id][_KIND[side].date_field])),
            sign < 0,
            payment_id,
            document_id,
            sign * amount,
        )
        for payment_id, payment in payments.items()
        for document_id, amount in _applications(payment, side)
        for sign in ((1, -1) if payment_id in voided else (1,))
        if document_id in documents
    )


def _bucket(days: int) -> str:
    if days <= 0:
        return "not_due"
    for last, name in ((30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90"), (120, "days_91_120")):
        if days <= last:
            return name
    return "days_over_120"


def _balances(lines: Iterable[Line]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.gl_account] += line.amount if line.entry_side == "debit" else -line.amount
    return {account: amount for account, amount in sums.items() if amount}


def _with_base(lines: Iterable[Line], rounding_account: str) -> Iterator[Line]:
    """Each line with its amount in base currency, and what rounding leaves over as a line of its own."""
    entries: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        entries[line.journal_entry_id].append(line)
    for entry in entries.values():
        converted = [replace(line, amount_base=_in_base(line)) for line in entry]
        yield from converted
        for currency in {line.currency for line in converted}:
            own = [line for line in converted if line.currency == currency]
            rest = sum(((line.amount_base or ZERO) * (1 if line.entry_side == "debit" else -1) for line in own), ZERO)
            if rest:
                yield Line(
                    own[0].journal_entry_id, own[0].entry_date, rounding_account, "base_rounding",
                    "credit" if rest > 0 else "debit", ZERO, currency, abs(rest), own[0].is_posted,
                )  # fmt: skip


def _in_base(line: Line) -> Decimal:
    return _worth(line.amount, line.currency, line.entry_date)


def _worth(amount: Decimal, currency: str, on: date) -> Decimal:
    """An amount in base currency at the last rate known on a day."""
    if currency == BASE:
        return amount
    days, rates = _RATES[currency]
    return _rounded(_WIDE.divide(amount, rates[bisect_right(days, on) - 1]))


def _signed_worth(amount: Decimal, currency: str, on: date) -> Decimal:
    return _worth(abs(amount), currency, on).copy_sign(amount)


def _share(amount: Decimal, part: Decimal, total: Decimal) -> Decimal:
    """What of an amount in base currency falls to a part of a total."""
    return _rounded(_WIDE.divide(_WIDE.multiply(amount, part), total))


def _month_end(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)


def _rates(path: Path) -> dict[str, tuple[list[date], list[Decimal]]]:
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["currency_code"]].append((date.fromisoformat(row["rate_date"]), Decimal(row["units_per_eur"])))
    return {c: ([d for d, _ in sorted(rows)], [r for _, r in sorted(rows)]) for c, rows in found.items()}


_CURRENCIES = _seed("currencies")
_RATES = _rates(SEEDS / "ecb_reference_rates.csv")
