"""Account numbers are masked however they are written; VAT numbers, keys and hashes stay legible."""

from __future__ import annotations

import hashlib
import json
import random

import pytest
from schwifty import IBAN, registry
from stdnum.eu import vat

from pipelines.transport.ibans import mask_ibans

COUNTRIES = sorted(registry.get_countries())


def _spaced(number: str, blank: str) -> str:
    return blank.join(number[place : place + 4] for place in range(0, len(number), 4))


@pytest.mark.parametrize("country", COUNTRIES)
def test_an_account_of_any_country_is_masked_however_it_is_written(country: str) -> None:
    number = str(IBAN.random(country_code=country, random=random.Random(country)))
    shown = f"{country}…{number[-4:]}"
    for written in (
        number,
        number.lower(),
        *(_spaced(number, blank) for blank in (" ", "-", ".", "\u00a0", "%20", "+", "\\u00a0", " \n")),
        json.dumps(_spaced(number, "\u00a0"))[1:-1],
        _spaced(number.lower(), " "),
        f"{number[:2]} {number[2:]}",
    ):
        assert mask_ibans(f"to {written}, today") == f"to {shown}, today"
    assert mask_ibans(f"XX{number}EUR") == f"XX{shown}EUR"
    text = json.dumps({"iban": number, "of": [number, {"body": json.dumps({"iban": number})}]})
    assert number not in mask_ibans(text)
    assert json.loads(mask_ibans(text))["iban"] == shown


def test_a_mistyped_account_is_masked_as_well() -> None:
    for written in ("DE88370400440532013000", "DE8937040044053201300", "GR16 0110 1250 0000 0000 1230 0695"):
        assert mask_ibans(f"({written})") == f"({written[:2]}…{written[-4:]})"


def test_an_account_of_a_country_that_no_registry_knows_yet_is_told_by_its_check_digits() -> None:
    bban = "0011223344556677"
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{bban}ZZ00")) % 97
    assert mask_ibans(f"ZZ{check:02d}{bban}") == "ZZ…6677"
    wrong = f"ZZ{(check + 1) % 100:02d}{bban}"
    assert mask_ibans(wrong) == wrong


@pytest.mark.parametrize(
    "number",
    [
        "ATU13585627",
        "BE0403019261",
        "CZ699001237",
        "DE136695976",
        "EL094259216",
        "ESB58378431",
        "FR40303265045",
        "GB980780684",
        "GB123456789012",
        "IT00743110157",
        "LT100001919017",
        "LV40003521600",
        "NL004495445B01",
        "NO995525828MVA",
        "SE123456789701",
        "CHE-107.787.577",
    ],
)
def test_a_vat_number_stays_legible(number: str) -> None:
    for written in (number, f'{{"vat": "{number}"}}', f"the VAT number {number} is unknown"):
        assert mask_ibans(written) == written


def test_the_vat_numbers_above_are_real() -> None:
    assert vat.is_valid("IT00743110157")
    assert vat.is_valid("NL004495445B01")
    assert vat.is_valid("SE123456789701")


def test_keys_hashes_and_references_stay_legible() -> None:
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(2_000)]
    text = json.dumps({"hashes": hashes, "key": "atlas_etrm:order:210", "due": "2026-04-10T00:00:00Z"})
    assert mask_ibans(text) == text
    for kept in ("DE98ZZZ09999999999", "order 210 of INV-00346", "0b6ac1b4-8f2b-4e0e-9a0e-1b2c3d4e5f60", "", "GR16"):
        assert mask_ibans(kept) == kept
