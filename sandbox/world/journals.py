"""What is booked by hand: capital, bank charges, VAT returns, accruals; and the closing of periods.

In: the books, the timeline. Out: manual journal entries in every state, and a closed past. What does not belong here:
documents and payments.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from sandbox.world.books import INPUT_VAT, OUTPUT_VAT, Books, Cash
from sandbox.world.calendar import (
    add_months,
    at,
    business_day_of,
    closed_through,
    month_end,
    on_or_after,
    on_or_before,
    settlement_months,
)
from sandbox.world.seeding import seeded
from sandbox.world.timeline import Timeline

OPENING_CAPITAL = Decimal("12000000.00")
CAPITAL_INCREASE = Decimal("3000000.00")
TAX_OFFICE = "Finanzamt Hamburg-Hansa"
BANK = "Commerzbank AG"

_BANK, _CAPITAL, _CHARGES, _ACCRUALS, _IMBALANCE = "1000", "3000", "6800", "1500", "6440"


class Journals:
    """Plans the manual entries and the period closing."""

    def __init__(self, books: Books, timeline: Timeline, *, seed: int, as_of: date) -> None:
        self._books = books
        self._timeline = timeline
        self._seed = seed
        self._as_of = as_of
        self._months = settlement_months(as_of)

    def open(self, day: date) -> None:
        """The opening entry: paid-in capital on the bank account. Written at once; the bank already has it."""
        self._books.entry(
            day, "Opening balance: paid-in share capital", [(_BANK, OPENING_CAPITAL), (_CAPITAL, -OPENING_CAPITAL)]
        )

    def plan(self) -> None:
        """Adds the entries of all months."""
        self._plan_capital_increase()
        for month in self._months:
            self._plan_charges(month.last)
            self._plan_vat_return(month.last)
        self._plan_accruals()
        through = closed_through(self._as_of)
        closing = business_day_of(add_months(through, 1), 14)
        self._timeline.add(at(closing, 18), lambda: self._books.engine.close_period(through))

    def charge_of(self, month_last: date) -> Decimal:
        """The bank's charge for a month, which the bank itself books too (`bank.py`)."""
        return Decimal(seeded(f"{self._seed}:charge:{month_last}").randrange(8900, 19900)) / 100

    def _cash(self, day: date, amount: Decimal, party: str, text: str) -> None:
        self._books.cash.append(Cash(day, "EUR", amount, party, None, (text,), "entry"))

    def _plan_capital_increase(self) -> None:
        day = business_day_of(self._months[4].first, 6)

        def book() -> None:
            self._books.entry(day, "Capital increase", [(_BANK, CAPITAL_INCREASE), (_CAPITAL, -CAPITAL_INCREASE)])
            self._cash(day, CAPITAL_INCREASE, "Nordlys Group AB", "Capital increase")

        self._timeline.add(at(day, 12), book)

    def _plan_charges(self, month_last: date) -> None:
        # The newest charge stands on the statement but is not booked yet.
        if month_last >= self._months[-1].last:
            return
        day, amount = on_or_before(month_last), self.charge_of(month_last)
        text = f"Account charges {month_last:%Y-%m}"

        def book() -> None:
            self._books.entry(day, text, [(_CHARGES, amount), (_BANK, -amount)])

        self._timeline.add(at(day, 18), book)

    def _plan_vat_return(self, month_last: date) -> None:
        day = on_or_after(month_last + timedelta(days=10))
        if day >= self._as_of:
            return

        def book() -> None:
            output = -self._books.balance(OUTPUT_VAT, month_last)
            credit = self._books.balance(INPUT_VAT, month_last)
            if not output and not credit:
                return
            text = f"VAT return {month_last:%Y-%m}"
            sides = [(OUTPUT_VAT, output), (INPUT_VAT, -credit), (_BANK, credit - output)]
            self._books.entry(day, text, sides)
            if credit != output:
                self._cash(day, credit - output, TAX_OFFICE, text)

        self._timeline.add(at(day, 9), book)

    def _plan_accruals(self) -> None:
        """An accrual reversed in the next month, twice; and one that nobody has posted yet."""
        for back in (4, 2):
            last = month_end(add_months(self._as_of, -back))
            amount = Decimal(seeded(f"{self._seed}:accrual:{last}").randrange(40000, 180000)).quantize(Decimal("0.01"))
            self._timeline.add(at(last, 19), partial(self._accrue, last, amount))
        last = self._months[-1].last
        sides = [(_IMBALANCE, Decimal("61500.00")), (_ACCRUALS, Decimal("-61500.00"))]
        text = f"Accrual of imbalance cost {last:%Y-%m}"
        self._timeline.add(at(last, 19), lambda: self._books.entry(last, text, sides, post=False))

    def _accrue(self, last: date, amount: Decimal) -> None:
        text = f"Accrual of imbalance cost {last:%Y-%m}"
        entry = self._books.entry(last, text, [(_IMBALANCE, amount), (_ACCRUALS, -amount)])
        reversal = on_or_after(last + timedelta(days=1))
        self._timeline.add(at(reversal, 8), lambda: self._books.engine.reverse_journal_entry(entry["id"], reversal))
