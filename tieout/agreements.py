"""Reads the netting agreements that come as a setting (`COMPANY__NETTING_AGREEMENTS`), beside those of the seed.

In: the setting, JSON text or a list of TOML tables. Out: validated agreements, and their canonical JSON for
`raw_operations.run_parameters`. What does not belong here: what an agreement offsets (dbt).
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any

import msgspec

from tieout.errors import SettingsError

NAME = "COMPANY__NETTING_AGREEMENTS"


class NettingAgreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With whom receivables and payables of one currency and due date are offset; as a row of the seed."""

    agreement_id: Annotated[str, msgspec.Meta(pattern=r"^[^\s:]+$")]
    """Our name for it, without blanks or colons; it stands in the payments' reference."""
    counterparty_id: int
    """Id in ATLAS ETRM."""
    currency_code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    valid_from_date: date
    """First due date it covers."""
    valid_to_date: date | None = None
    """Last due date it covers; None while it lasts."""


def parsed(setting: Any) -> str | None:
    """Returns the agreements as JSON, ordered by their ids, or None where there are none.

    Raises:
        SettingsError: not a list of agreements, or an id that stands twice.
    """
    if setting in (None, "", [], ()):
        return None
    try:
        kind = list[NettingAgreement]
        found = (
            msgspec.json.decode(setting, type=kind) if isinstance(setting, str) else msgspec.convert(setting, type=kind)
        )
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise SettingsError(
            f"{NAME} is no list of netting agreements ({error}); one is"
            ' {"agreement_id": "EFET-57", "counterparty_id": 57, "currency_code": "EUR", "valid_from_date":'
            ' "2026-01-01"}'
        ) from None
    twice = [name for name, count in Counter(one.agreement_id for one in found).items() if count > 1]
    if twice:
        raise SettingsError(f"{NAME} names agreement {twice[0]} twice")
    return msgspec.json.encode(sorted(found, key=lambda one: one.agreement_id)).decode()
