"""Custom field values that cannot be keyed send their record to quarantine, with the reason, and no other record."""

from __future__ import annotations

import pyarrow as pa
import pytest
from virtual import raws

from pipelines.atlas_etrm import tables as atlas_etrm
from pipelines.landing import Landing
from pipelines.records import custom_fields
from pipelines.versions.versioning import EVERYTHING

FIT = [
    "null",
    "[]",
    '[{"customFieldId": 7, "value": "CC-310", "validFrom": null, "validTo": null}]',
    '[{"customFieldId": "7", "value": 1.5}, {"customFieldId": 8, "value": true}]',
    '[{"customFieldId": 7, "value": "a", "validFrom": "2026-01-01T00:00:00"}, {"customFieldId": 7, "value": "b"}]',
]
UNFIT = {
    '[{"customFieldName": "Region", "value": "North"}]': "no customFieldId: Region",
    '[{"customFieldId": "seven"}]': "no customFieldId",
    '[{"customFieldId": true}]': "no customFieldId",
    '[{"customFieldId": 7, "value": "a"}, {"customFieldId": "7", "value": "b"}]': "two values from the same day on",
    '[{"customFieldId": 7, "validFrom": "2026-01-01"}, {"customFieldId": 7, "validFrom": "2026-01-01T00:00:00"}]': (
        "two values from the same day on"
    ),
    '[{"customFieldId": 7, "validTo": "soon"}]': "what is no day",
    '["North"]': "no object",
    '{"customFieldId": 7}': "no list",
}


def test_what_can_be_keyed_is_fit() -> None:
    assert custom_fields.are_fit(pa.array([None, *FIT]))


@pytest.mark.parametrize(("text", "why"), UNFIT.items())
def test_what_cannot_be_keyed_is_named(text: str, why: str) -> None:
    assert why in (custom_fields.why_unfit(text) or "")
    assert not custom_fields.are_fit(pa.array([*FIT, text]))


def test_a_counterparty_whose_fields_cannot_be_keyed_is_set_aside_alone(landing: Landing) -> None:
    texts = [*FIT * 20, *UNFIT]
    records = [f'{{"id": {number}, "customFieldValues": {text}}}' for number, text in enumerate(texts)]
    landed = landing.land(atlas_etrm.COUNTERPARTIES, raws(*records), scope=EVERYTHING)
    assert (landed.rows, landed.quarantined) == (len(FIT) * 20, len(UNFIT))
