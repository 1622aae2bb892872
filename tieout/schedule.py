"""Runs on a schedule: a cron expression in the company's zone, kept by APScheduler.

In: a cron expression and what to run. Out: runs, one after the other; or a crontab line and a systemd timer for those
who would rather let the operating system do it. What does not belong here: what a run does.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger

from tieout.errors import SettingsError

DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
DAY_NAMES = {name.lower(): name for name in DAYS} | {str(number): name for number, name in enumerate((*DAYS, "Sun"))}


def trigger(expression: str, zone: ZoneInfo) -> CronTrigger:
    """Parses a five-field cron expression.

    Raises:
        SettingsError: it is no cron expression.
    """
    fields = expression.split()
    if len(fields) != 5:
        raise SettingsError(f"{expression!r} is no cron expression: five fields, such as '*/15 6-20 * * 1-5'")
    try:
        # APScheduler counts days of the week from Monday = 0, cron from Sunday = 0: names mean the same to both.
        days = _renamed(fields[4])
        return CronTrigger(
            minute=fields[0], hour=fields[1], day=fields[2], month=fields[3], day_of_week=days, timezone=zone
        )
    except ValueError as problem:
        raise SettingsError(f"{expression!r} is no cron expression: {problem}") from None


def keep(expression: str, zone: ZoneInfo, job: Callable[[], None]) -> None:
    """Runs `job` on the schedule until interrupted. A run that is late is caught up once; two never overlap."""
    scheduler = BlockingScheduler(timezone=zone)
    scheduler.add_job(job, trigger(expression, zone), coalesce=True, max_instances=1, misfire_grace_time=3600)
    try:
        scheduler.start()
    except (KeyboardInterrupt, SystemExit):
        scheduler.shutdown(wait=False)


def crontab_line(expression: str, zone: ZoneInfo, command: str, directory: str) -> str:
    """Returns the line for `crontab -e` that does the same."""
    trigger(expression, zone)
    return f"CRON_TZ={zone.key}\n{expression} cd {directory} && {command}"


def systemd_timer(expression: str, zone: ZoneInfo, command: str, directory: str) -> str:
    """Returns a systemd service and its timer that do the same."""
    trigger(expression, zone)
    minute, hour, day, month, weekday = expression.split()
    days = "" if weekday == "*" else _renamed(weekday, " ", str.title).replace("-", "..") + " "
    calendar = f"{days}*-{_calendar(month)}-{_calendar(day)} {_calendar(hour)}:{_calendar(minute)}:00 {zone.key}"
    return f"""# ~/.config/systemd/user/tieout.service
[Unit]
Description=Tieout: land, build, tie out, write back

[Service]
Type=oneshot
WorkingDirectory={directory}
ExecStart={command}
# Held records or rejections (3) are reported by the run itself and are no failure of the service.
SuccessExitStatus=3

# ~/.config/systemd/user/tieout.timer
[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _renamed(weekdays: str, every: str = "", style: Callable[[str], str] = str.lower) -> str:
    """Cron's numbers of days as names: `1-5` is `mon-fri`."""
    if weekdays.startswith("*"):
        return weekdays
    parts = []
    for part in weekdays.split(","):
        ends = []
        for end in part.split("-"):
            name = DAY_NAMES.get(end.lower())
            if name is None:
                raise ValueError(f"unknown day of the week {end!r}")
            ends.append(style(name))
        parts.append("-".join(ends))
    return ",".join(parts)


def _calendar(field: str) -> str:
    """One cron field in systemd's notation: `*/15` is `0/15`, `6-20` is `6..20`."""
    return ",".join(part.replace("*/", "0/").replace("-", "..") for part in field.split(","))
