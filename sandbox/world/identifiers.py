"""VAT numbers, IBANs and BICs that pass the checks real ones must pass.

In: a country and a seeded random source. Out: text that `stdnum` and `schwifty` call valid. The account digits are
invented; the banks are real ones, so that bank codes and BICs agree. What does not belong here: whose they are.
"""

from __future__ import annotations

import warnings
from functools import cache
from random import Random
from types import ModuleType
from typing import NamedTuple

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import get_cc_module, luhn


class Bank(NamedTuple):
    """A bank as an IBAN names it."""

    code: str
    branch: str
    account_digits: int
    bic: str


BANKS: dict[str, Bank] = {
    "AT": Bank("12000", "", 11, "BKAUATWWXXX"),
    "BE": Bank("001", "", 7, "GEBABEBB"),
    "CH": Bank("00230", "", 12, "UBSWCHZH80A"),
    "DE": Bank("37040044", "", 10, "COBADEFFXXX"),
    "DK": Bank("3000", "", 9, "DABADKKK"),
    "ES": Bank("0049", "1500", 10, "BSCHESMM"),
    "FI": Bank("123", "", 10, "NDEAFIHH"),
    "FR": Bank("30004", "00828", 11, "BNPAFRPPXXX"),
    "GB": Bank("BARC", "200000", 8, "BARCGB22"),
    "GR": Bank("011", "0040", 16, "ETHNGRAA"),
    "IT": Bank("03069", "09606", 12, "BCITITMM"),
    "NL": Bank("ABNA", "", 10, "ABNANL2A"),
    "NO": Bank("1503", "", 6, "DNBANOKK"),
    "PL": Bank("11401010", "", 16, "BREXPLPWWA1"),
    "SE": Bank("500", "", 16, "ESSESESS"),
}
"""One bank per country: code and branch as the IBAN carries them, digits of an account, BIC."""

_VAT_SHAPES = {
    "AT": ("ATU", "#######", "#", ""),
    "BE": ("BE", "0#######", "##", ""),
    "CH": ("CHE", "1#######", "#", "MWST"),
    "DE": ("DE", "2#######", "#", ""),
    "DK": ("DK", "3######", "#", ""),
    "ES": ("ES", "B8######", "#", ""),
    "FI": ("FI", "2######", "#", ""),
    "FR": ("FR", "", "##", "#########"),
    "GB": ("GB", "7######", "##", ""),
    "GR": ("EL", "09######", "#", ""),
    "IT": ("IT", "0######015", "#", ""),
    "NL": ("NL", "8#######", "#", "B01"),
    "NO": ("NO", "9#######", "#", "MVA"),
    "PL": ("PL", "525######", "#", ""),
    "SE": ("SE", "556######", "#", "01"),
}
"""Prefix, body, check digits and tail of each country's number; the check digits are found by trying them."""


_TRIES = 1000
"""Draws before giving up; each draw succeeds with a chance of at least one in eleven."""


@cache
def _vat_module(country: str) -> ModuleType:
    module = get_cc_module(country.lower(), "vat")
    if module is None:
        raise ValueError(f"no VAT rules known for {country}")
    return module


def is_vat_number(country: str, number: str) -> bool:
    """Whether a VAT number passes its country's own check (Greece writes EL for GR)."""
    return bool(_vat_module(country).is_valid(number))


def vat_number(country: str, random: Random) -> str:
    """A VAT number with its country prefix, valid by its country's check digits.

    Raises:
        ValueError: a country without rules here.
    """
    if country == "FR":
        return _french_vat_number(random)
    prefix, body, check, tail = _VAT_SHAPES[country]
    # Some bodies have no valid check digit (a remainder of 10); then another body is drawn.
    for _ in range(_TRIES):
        start = "".join(str(random.randrange(10)) if sign == "#" else sign for sign in body)
        for candidate in range(10 ** len(check)):
            number = f"{prefix}{start}{candidate:0{len(check)}d}{tail}"
            if is_vat_number(country, number):
                return number
    raise ValueError(f"no valid VAT number found for {country}")


def _french_vat_number(random: Random) -> str:
    start = f"4{random.randrange(10**7):07d}"
    siren = start + luhn.calc_check_digit(start)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def iban(country: str, random: Random) -> str:
    """An IBAN whose mod-97 and national check digits are right.

    Raises:
        ValueError: a country without a bank here.
    """
    bank = BANKS[country]
    for _ in range(_TRIES):
        account = "".join(str(random.randrange(10)) for _ in range(bank.account_digits))
        try:
            number = IBAN.generate(country, bank_code=bank.code, branch_code=bank.branch, account_code=account)
            with warnings.catch_warnings():
                # Countries without a national check (SE) are announced by a warning.
                warnings.simplefilter("ignore")
                number.validate(validate_bban=True)
        except SchwiftyException:  # the bank's own account check digit is wrong: draw another account
            continue
        return str(number)
    raise ValueError(f"no valid IBAN found for {country}")


def bic(country: str) -> str:
    """The BIC of the bank that `iban` uses in a country."""
    return BANKS[country].bic
