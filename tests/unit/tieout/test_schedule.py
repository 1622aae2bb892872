"""The schedule: cron as everybody writes it, in the company's zone, also for the operating system's own tools."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tieout import schedule
from tieout.errors import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        (
            "*/15 6-20 * * 1-5",
            datetime(2026, 4, 10, 20, 50),
            datetime(2026, 4, 13, 6, 0),
        ),  # Friday night → Monday
        ("0 7 * * 0", datetime(2026, 4, 10, 8, 0), datetime(2026, 4, 12, 7, 0)),  # cron's 0 is Sunday
        ("0 7 * * 7", datetime(2026, 4, 10, 8, 0), datetime(2026, 4, 12, 7, 0)),  # and so is 7
        ("30 2 29 2 *", datetime(2026, 4, 10, 8, 0), datetime(2028, 2, 29, 2, 30)),
    ],
)
def test_the_next_run_is_when_cron_would_run_it(expression: str, after: datetime, expected: datetime) -> None:
    found = schedule.trigger(expression, BERLIN).get_next_fire_time(None, after.replace(tzinfo=BERLIN))
    assert found == expected.replace(tzinfo=BERLIN)


@pytest.mark.parametrize("expression", ["", "* * * *", "61 * * * *", "* * * * noday", "a b c d e", "0 0 * * 8"])
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(SettingsError, match="no cron expression"):
        schedule.trigger(expression, BERLIN)


def test_a_crontab_line_carries_the_zone() -> None:
    assert schedule.crontab_line("0 7 * * 1-5", BERLIN, "tieout run", "/srv") == (
        "CRON_TZ=Europe/Berlin\n0 7 * * 1-5 cd /srv && tieout run"
    )


def test_a_systemd_timer_says_the_same() -> None:
    timer = schedule.systemd_timer("*/15 6-20 * 1,7 1-5", BERLIN, "tieout run", "/srv")
    assert "OnCalendar=Mon..Fri *-1,7-* 6..20:0/15:00 Europe/Berlin" in timer
    assert "SuccessExitStatus=3" in timer
