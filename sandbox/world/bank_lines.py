"""How the bank words what the books call a payment: remittance texts as people write them, batches, codes.

In: the cash movements of the books. Out: `BankLine`s, some with imperfect references, some for several payments at
once, some booked by the bank a day earlier than by accounting. What does not belong here: accounts and balances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.world.books import Cash
from sandbox.world.calendar import on_or_before
from sandbox.world.seeding import seeded


@dataclass(frozen=True)
class BankLine:
    """One booked line of a bank account.

    Attributes:
        account: Key of the account (`bank.py`): its currency, or `EUR reserve`.
        amount: Signed.
        text: Remittance text.
        what: What is planted in it; empty for an ordinary line.
        payments: How many payments it sums up.
        charge: What a bank on the way kept back of it; the amount is what arrived.
        is_charge_listed: Whether the line itself names the charge; the bank's statement always does.
    """

    day: date
    account: str
    amount: Decimal
    party: str
    iban: str | None
    text: str
    what: str
    end_to_end: str = ""
    is_return: bool = False
    payments: int = 1
    charge: Decimal = Decimal()
    is_charge_listed: bool = True

    @property
    def code(self) -> dict[str, str]:
        """The ISO 20022 bank transaction code."""
        if self.what == "fee":
            return {"domain": "ACMT", "family": "MDOP", "subfamily": "CHRG"}
        if self.is_return:
            return {"domain": "PMNT", "family": "ICDT", "subfamily": "RRTN"}
        if self.what == "own transfer":
            return {"domain": "PMNT", "family": "RCDT" if self.amount > 0 else "ICDT", "subfamily": "BOOK"}
        return {"domain": "PMNT", "family": "RCDT" if self.amount > 0 else "ICDT", "subfamily": "ESCT"}


def lines_of_books(cash: Iterable[Cash], after: date, seed: int) -> list[BankLine]:
    """The bank's lines for the cash movements dated after a day, by which the opening balance stands."""
    batches: dict[tuple[date, str], list[Cash]] = defaultdict(list)
    lines = []
    for place, movement in enumerate(cash):
        if movement.day <= after:
            continue
        if movement.kind == "made":
            batches[movement.day, movement.currency].append(movement)
            continue
        random = seeded(f"{seed}:bank:{place}")
        text, what = (movement.references[0], "") if movement.kind == "entry" else _received(movement, random)
        day = movement.day
        if movement.kind == "received" and random.random() < 0.2:
            # Accounting books some receipts a day after the bank.
            day = max(on_or_before(day - timedelta(days=1)), after + timedelta(days=1))
            day = day if day == on_or_before(day) else movement.day
        lines.append(
            BankLine(day, movement.currency, movement.amount, movement.party, movement.iban, text, what, "NOTPROVIDED")
        )
    for (day, currency), members in batches.items():
        lines += _made(day, currency, members, seeded(f"{seed}:batch:{day}:{currency}"))
    return lines


def _received(movement: Cash, random: Random) -> tuple[str, str]:
    numbers = ", ".join(movement.references) or "Vorauszahlung"
    draw = random.random()
    if draw < 0.6 or not movement.references:
        return numbers, ""
    digits = movement.references[0].rsplit("-", 1)[-1]
    if draw < 0.72:
        return f"Rechnung {numbers.replace('-', ' ')} vom {movement.day:%m/%y}", "imperfect reference: other spelling"
    if draw < 0.82:
        return f"Re.Nr. {digits.lstrip('0')}", "imperfect reference: bare digits"
    if draw < 0.9:
        return f"{movement.references[0][:-1]}", "imperfect reference: last digit cut off"
    if draw < 0.96:
        return f"{movement.party} {movement.day:%B %Y}", "imperfect reference: no number"
    return "", "no reference"


def _made(day: date, currency: str, members: Sequence[Cash], random: Random) -> list[BankLine]:
    if len(members) > 1 and random.random() < 0.7:
        total = sum((member.amount for member in members), Decimal())
        text = f"SEPA Sammler {len(members)} Zahlungen {day:%d.%m.%Y}"
        return [BankLine(day, currency, total, "", None, text, "batch of payments", payments=len(members))]
    return [
        BankLine(
            day,
            currency,
            member.amount,
            member.party,
            member.iban,
            ", ".join(member.references) or "Anzahlung",
            "",
            f"PAY{day:%y%m%d}{place:03d}",
        )
        for place, member in enumerate(members)
    ]
