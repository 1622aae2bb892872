"""The doctor: does every vendor answer, may we read what we need, and what does this deployment say to the contracts'
open assumptions.

In: settings. Out: an `Examination` per vendor. Read-only, a few dozen requests in all, nothing landed.
What does not belong here: how it looks (`report/doctor.py`), mending anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING

from tieout.doctor import atlar, atlas_accounting, atlas_etrm
from tieout.errors import ExitCode

if TYPE_CHECKING:
    from tieout.doctor.examination import Examination
    from tieout.settings import Settings

__all__ = ["examine", "verdict"]


def examine(settings: Settings, *, as_of: date) -> list[Examination]:
    """Examines the three vendors side by side.

    Args:
        settings: the profile's.
        as_of: the business date of the dated reports that are tried.

    Raises:
        SettingsError: a setting is missing; nothing was asked then.
        CompanyNotChosen: the Atlas Accounting user sees several companies and none is chosen.
    """
    etrm, accounting, bank = settings.atlas_etrm(), settings.atlas_accounting(), settings.atlar()
    etrm_reading = atlas_etrm.Expected(
        settings.order_total, settings.item_vat, frozenset(settings.ready_statuses) | atlas_etrm.seeded_statuses()
    )
    ap_ar_mode = settings.ap_ar_mode
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="doctor") as pool:
        jobs = [
            pool.submit(atlas_etrm.examine, etrm, etrm_reading),
            pool.submit(atlas_accounting.examine, accounting, as_of),
            pool.submit(atlar.examine, bank, ap_ar_mode),
        ]
        return [job.result() for job in jobs]


def verdict(examinations: Sequence[Examination]) -> ExitCode:
    """Returns 0 when everything needed answers, 2 where credentials are refused, else 1."""
    if any(each.credentials == "refused" for each in examinations):
        return ExitCode.USAGE
    return ExitCode.DONE if all(each.is_well for each in examinations) else ExitCode.FAILED
