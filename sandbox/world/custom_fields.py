"""Custom fields of ATLAS ETRM: their definitions, and each counterparty's values.

In: a counterparty. Out: records of the vendor (contract sections 4.2 and 4.3). What does not belong here: which
accounting dimension a field becomes; that is the product's affair.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.world.cast import Counterparty
from sandbox.world.seeding import seeded

Record = dict[str, Any]

TYPES: tuple[Record, ...] = tuple(
    {"id": number, "name": name} for number, name in enumerate(("Text", "Number", "Boolean", "Date", "Option"), start=1)
)

_SEGMENTS = ("Renewables", "Wholesale", "Industry", "Gas")
_RATINGS = ("AAA-A", "BBB", "BB and below", "Unrated")
_ZONES = ("DE-LU", "NL", "BE", "FR", "AT", "SE3", "NO2", "DK1", "FI", "GB", "CH", "GR", "ES", "IT-NORD", "PL")
_ZONE_OF = {zone[:2]: zone for zone in _ZONES}
_SEGMENT_OF = {1: "Industry", 2: "Renewables", 3: "Wholesale", 4: "Wholesale", 5: "Wholesale"}


def _definition(number: int, name: str, kind: str, **more: Any) -> Record:
    return {
        "id": number,
        "name": name,
        "type": kind,
        "isRequired": False,
        "options": None,
        "entityTypeIds": [],
        "description": None,
        "defaultValue": None,
        "isTimeSliced": False,
        **more,
    }


COUNTERPARTY_FIELDS: tuple[Record, ...] = (
    _definition(7, "ERP Cost Centre", "Text", isRequired=True, defaultValue="CC-000"),
    _definition(8, "Credit Rating Class", "Option", options=list(_RATINGS), isTimeSliced=True),
    _definition(9, "Reporting Segment", "Option", options=list(_SEGMENTS), isRequired=True, defaultValue="Wholesale"),
    _definition(10, "Bidding Zone", "Option", options=list(_ZONES)),
    _definition(11, "Internal Credit Limit", "Number", description="EUR, agreed with risk control"),
    _definition(12, "KYC Review Date", "Date"),
    _definition(13, "REMIT Reportable", "Boolean", defaultValue="true"),
    _definition(14, "Metering Point", "Text", entityTypeIds=[2], description="Producers only"),
    _definition(15, "VAT Status", "Option", options=["Reseller", "Exempt"], description="Blank: ordinary"),
)
"""Fields of counterparties; the one of a producer is shown for type 2 alone."""

MASTER_AGREEMENT_FIELDS: tuple[Record, ...] = (
    _definition(31, "EFET Version", "Option", options=["2.1", "2.1(a)"]),
    _definition(32, "Netting Agreed", "Boolean", defaultValue="false"),
)


def values_of(party: Counterparty, as_of: date, seed: int) -> list[Record]:
    """The values a counterparty carries, in no promised order (contract section 4.3)."""
    random = seeded(f"{seed}:fields:{party.key}")
    segment = "Gas" if party.entry.kinds[0].startswith("gas") else _SEGMENT_OF[party.type_id]
    first, second = random.sample(_RATINGS, 2)
    new_year = date(as_of.year, 1, 1)
    values = [
        _value(7, "ERP Cost Centre", "Text", f"CC-{100 * (1 + _SEGMENTS.index(segment)) + party.number % 10}"),
        _value(8, "Credit Rating Class", "Option", first, until=new_year),
        _value(8, "Credit Rating Class", "Option", second, since=new_year),
        _value(9, "Reporting Segment", "Option", segment),
        _value(11, "Internal Credit Limit", "Number", str(random.randrange(1, 20) * 50000)),
        _value(13, "REMIT Reportable", "Boolean", "true"),
    ]
    if zone := _ZONE_OF.get(party.entry.country):
        values.append(_value(10, "Bidding Zone", "Option", zone))
    if party.type_id == 2:
        values.append(_value(14, "Metering Point", "Text", f"{party.entry.country}{random.randrange(10**10):011d}"))
    random.shuffle(values)
    if party.is_reseller:
        values.append(_value(15, "VAT Status", "Option", "Reseller"))
    return values


def _value(
    number: int, name: str, kind: str, value: str, *, since: date | None = None, until: date | None = None
) -> Record:
    return {
        "customFieldId": number,
        "customFieldName": name,
        "type": kind,
        "value": value,
        "validFrom": f"{since}T00:00:00" if since else None,
        "validTo": f"{until}T00:00:00" if until else None,
    }
