"""Currencies nobody knows, and amounts inside JSON that are none, are set aside when they arrive."""

from __future__ import annotations

import re

import pyarrow as pa
import pycountry
import pytest
from virtual import raws

from pipelines.atlar import tables as atlar
from pipelines.atlas_accounting import tables as accounting
from pipelines.landing import Landing
from pipelines.raw_table import RawTable
from pipelines.records import currencies, nested_money, typed
from pipelines.versions.versioning import EVERYTHING

WITHOUT_MINOR_UNIT = {"XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XUA", "XAD", "XXX", "XTS"}
WITHDRAWN = {"ANG", "BGN", "CUC"}
"""Lately: the documents of the years before name them."""


def test_the_seed_holds_every_currency_of_iso_4217_that_has_a_minor_unit() -> None:
    current = {currency.alpha_3 for currency in pycountry.currencies}
    assert currencies.codes() == (current - WITHOUT_MINOR_UNIT) | WITHDRAWN


UNKNOWN = ['"ZZZ"', '"eur"', '"EUR "', '"DEM"', '"XXX"', '"XTS"', '"€"', '"EURO"', "978", "true", '["EUR"]']


@pytest.mark.parametrize("quick", [True, False], ids=["by blocks", "value by value"])
def test_an_unknown_currency_is_set_aside_with_its_reason_and_no_other_record(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    if not quick:
        monkeypatch.setattr(typed, "_PATIENCE", 0)
    good = [f'{{"id": "g{number}", "currency": "EUR", "total_amount": "1.00"}}' for number in range(500)]
    blank = ['{"id": "b1", "currency": ""}', '{"id": "b2", "currency": null}', '{"id": "b3"}']
    bad = [f'{{"id": "x{number}", "currency": {code}}}' for number, code in enumerate(UNKNOWN)]
    landed = landing.land(accounting.INVOICES, raws(*good, *bad, *blank), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (len(good) + len(blank), len(bad))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("eur", "currency: the currency 'eur' is not written as ISO 4217 writes it: EUR"),
        ("DEM", "currency: the currency 'DEM' is unknown: not in dbt_project/seeds/currencies.csv"),
    ],
)
def test_the_reason_says_what_helps(code: str, reason: str) -> None:
    (misfit,) = typed.type_records(accounting.INVOICES, raws(f'{{"id": "1", "currency": "{code}"}}')).misfits
    assert (misfit.record_key, misfit.reason) == ("1", reason)


def test_every_column_of_a_currency_is_declared_as_one() -> None:
    for table in (*accounting.TABLES, *atlar.TABLES):
        named = [column for column in table.columns if "currency" in column.name and not column.is_nested]
        assert [column.name for column in named if column.type != "currency"] == [], table.name


FIT = [
    '{"currency": "EUR", "value": 125000, "stringValue": "1250.00"}',
    '{"instructedAmount": {"currency": "USD", "stringValue": "-1000.00"}, "baseAmount": null}',
    '[{"quantity": 10, "unit_price": "100.00", "amount": "1000.00"}, {"quantity": 2.5, "amount": 0}]',
    '[{"amount": {"instructedAmount": {"currency": "SEK", "stringValue": "1.0000000001"}}}]',
    '[{"description": "\\"amount\\": \\"twelve\\"", "amount": "12"}]',
    '{"stringValue": "123456789012345678.12"}',
    '{"amount": 12345678901.2345}',
    '{"amount": 1e2, "balance": -0.0, "note": "\\u00fc"}',
]
UNFIT = [
    '{"currency": "EUR", "stringValue": "NaN"}',
    '{"currency": "EUR", "stringValue": ""}',
    '{"currency": "EUR", "stringValue": "1e3"}',
    '{"currency": "EUR", "stringValue": "1,50"}',
    '{"currency": "EUR", "stringValue": "0.00000000001"}',
    '{"currency": "EUR", "stringValue": "1234567890123456789"}',
    '{"currency": "ZZZ", "stringValue": "1.00"}',
    '{"curr\\u0065ncy": "ZZZ", "stringValue": "1.00"}',
    '{"exchangeRate": "10.4", "sourceCurrency": "usd"}',
    '[{"amount": "1.00"}, {"amount": true}]',
    '[{"quantity": 1e30}]',
    '[{"unit_price": 12345678901234567.89}]',
    '{"currency": "EUR", "value": 125000}',
    '{"instructedAmount": {"currency": "USD", "value": 5, "stringValue": null}}',
    "7",
    '"12.50"',
    "true",
]


def test_money_in_json_is_judged_alike_by_both_readers() -> None:
    assert nested_money.are_fit(pa.array([None], pa.string()))
    for text in FIT:
        assert nested_money.why_unfit(text) is None, text
    for text in UNFIT:
        assert nested_money.why_unfit(text) is not None, text
        assert not nested_money.are_fit(pa.array(["{}", text])), text
    assert nested_money.are_fit(pa.array(FIT[:5]))


@pytest.mark.parametrize(("table", "field"), [(atlar.DOCUMENTS, "amount"), (accounting.INVOICES, "lines")])
def test_a_record_whose_nested_money_is_none_is_set_aside_alone(landing: Landing, table: RawTable, field: str) -> None:
    records = [f'{{"id": "{number}", "{field}": {text}}}' for number, text in enumerate([*FIT * 20, *UNFIT])]
    landed = landing.land(table, raws(*records), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (len(FIT) * 20, len(UNFIT))


def test_the_members_that_are_looked_at_are_those_the_models_read() -> None:
    models = "\n".join(path.read_text() for path in (currencies.SEED.parents[1] / "models").rglob("*.sql"))
    paths = re.findall(r"json_decimal\([^,]+, '([^']+)'\)", models)
    assert paths
    assert {path.rpartition(".")[2] for path in paths} - set(nested_money.AMOUNTS) == set()
