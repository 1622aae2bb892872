"""The company, its counterparties, and how each is known to the books.

In: the roster and a seed. Out: `COMPANY` (the books' settings), `Counterparty` records with VAT number, bank account
and codes. What does not belong here: the vendors' record shapes (`etrm_records.py`, `books.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from sandbox.atlas_accounting.company import Company
from sandbox.world import identifiers
from sandbox.world.contracts import KINDS
from sandbox.world.roster import ROSTER, Entry, further
from sandbox.world.seeding import seeded

COMPANY = replace(
    Company(),
    name="Nordlys Energy Trading GmbH",
    organization="Nordlys Group",
    country="DE",
    tax_id=identifiers.vat_number("DE", seeded("company")),
    street="Am Sandtorkai 48",
    postal_code="20457",
    city="Hamburg",
)
"""Whose world this is: a German trader with euro books."""

HOME = "DE"
"""The company's country: VAT is charged here and nowhere else, and not between resellers of power."""

_FIRST_ID = 101
_BLANK_GL = "gotlandsol"
"""Its GL account is an empty text in ATLAS ETRM, which means none (contract section 4.5)."""
_NO_IBAN = {"fynsbio": None, "ardenneswind": ""}
"""Payable counterparties without a bank account: null and blank."""
SELF_BILLED = frozenset({"heliospv", "weserwind", "solduero", "uckersolar", "vindohavet", "aegean", "solprovence"})
"""Producers on whose behalf the company writes the invoice."""

RESELLERS = frozenset({"spotborse"})
"""Who buys power to sell it on, as we do: between resellers of one country the recipient owes the VAT (section 13b
UStG), so nothing between us carries any."""

_TYPES = {"ppa_buy": 2, "ppa_sell": 1, "spot": 5, "imbalance": 4}


@dataclass(frozen=True)
class Counterparty:
    """One counterparty of ATLAS ETRM and what the books know of it.

    Attributes:
        number: ATLAS id.
        entry: Name, seat, kinds.
        vat_number: Valid by its country's rules, as the books write it.
        vat_as_typed: The same number as ATLAS ETRM holds it: blanks and dots where somebody typed them.
        iban: Of the account it is paid to; `atlas_iban` is what ATLAS ETRM holds (may be None or blank).
        customer_code: Its `external_id` among the customers; None where it has none or is no customer.
        vendor_code: The same among the vendors.
    """

    number: int
    entry: Entry
    vat_number: str
    vat_as_typed: str
    iban: str
    atlas_iban: str | None
    bic: str
    gl_account: str | None
    is_customer: bool
    is_vendor: bool
    customer_code: str | None
    vendor_code: str | None

    @property
    def key(self) -> str:
        """The roster's key."""
        return self.entry.key

    @property
    def name(self) -> str:
        """Legal name."""
        return self.entry.legal_name

    @property
    def is_domestic(self) -> bool:
        """Whether it sits in the company's own country."""
        return self.entry.country == HOME

    @property
    def is_reseller(self) -> bool:
        """Whether its VAT status is Reseller."""
        return self.key in RESELLERS

    @property
    def carries_vat(self) -> bool:
        """Whether documents between it and the company show German VAT."""
        return self.is_domestic and not self.is_reseller

    @property
    def is_self_billing(self) -> bool:
        """Whether the company writes this counterparty's invoices."""
        return self.key in SELF_BILLED

    @property
    def type_id(self) -> int:
        """ATLAS counterparty type: 1 consumer, 2 producer, 3 trader, 4 grid operator, 5 exchange."""
        return _TYPES.get(self.entry.kinds[0], 3)

    @property
    def external_id(self) -> str | None:
        """ATLAS `externalId`: set only where somebody has linked it to the books."""
        if self.entry.identity != "code":
            return None
        return self.customer_code or self.vendor_code


def build_cast(seed: int, scale: float) -> tuple[Counterparty, ...]:
    """The counterparties of a world, in the order in which dealing with them began.

    Args:
        seed: Numbers and bank accounts follow from it.
        scale: 1.0 gives the roster; the special ones at its end are there at any scale.
    """
    special = [entry for entry in ROSTER if entry.identity in ("unknown", "ambiguous")]
    usual = [entry for entry in ROSTER if entry not in special]
    wanted = max(round(len(ROSTER) * scale) - len(special), 12)
    entries = usual[:wanted]
    entries += [further(number, seeded(f"{seed}:further:{number}")) for number in range(1, wanted - len(usual) + 1)]
    cast = []
    codes = {"customer": 1000, "vendor": 2000}
    for position, entry in enumerate(entries + special):
        cast.append(_counterparty(_FIRST_ID + position, entry, codes, seeded(f"{seed}:party:{entry.key}")))
    return tuple(cast)


def _counterparty(number: int, entry: Entry, codes: dict[str, int], random: Random) -> Counterparty:
    kinds = [KINDS[kind] for kind in entry.kinds]
    is_customer, is_vendor = any(kind.sells for kind in kinds), any(kind.buys for kind in kinds)
    has_codes = entry.identity in ("code", "vat")
    account = None if is_customer and is_vendor else kinds[0].sell_account if is_customer else kinds[0].buy_account
    vat_number = identifiers.vat_number(entry.country, random)
    iban = identifiers.iban(entry.country, random)
    return Counterparty(
        number=number,
        entry=entry,
        vat_number=vat_number,
        vat_as_typed=_typed(vat_number) if entry.identity == "vat" else vat_number,
        iban=iban,
        atlas_iban=_NO_IBAN.get(entry.key, iban),
        bic=identifiers.bic(entry.country),
        gl_account="" if entry.key == _BLANK_GL else account,
        is_customer=is_customer,
        is_vendor=is_vendor,
        customer_code=_next(codes, "customer", "C-") if is_customer and has_codes else None,
        vendor_code=_next(codes, "vendor", "V-") if is_vendor and has_codes else None,
    )


def _next(codes: dict[str, int], side: str, prefix: str) -> str:
    codes[side] += 1
    return f"{prefix}{codes[side]}"


def _typed(vat_number: str) -> str:
    # As people type it: the prefix apart, groups of three.
    prefix, digits = vat_number[:2], vat_number[2:]
    return " ".join([prefix, *(digits[start : start + 3] for start in range(0, len(digits), 3))])
