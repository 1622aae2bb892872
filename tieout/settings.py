"""Reads every setting of DESIGN section 4, by dlt's own resolution, and hands out typed, immutable values.

In: environment, `.dlt/secrets.toml`, `.dlt/config.toml`, and for the sandbox profile what the running sandbox
publishes about itself. Out: `Settings` and the vendors' configurations.
What does not belong here: using a setting. No other room reads the environment.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tieout.errors import SettingsError

if TYPE_CHECKING:
    from pipelines.atlar.client import AtlarConfig
    from pipelines.atlas_accounting.client import AtlasAccountingConfig
    from pipelines.atlas_etrm.client import AtlasEtrmConfig
    from pipelines.ecb.client import EcbConfig

PROJECT_ROOT = Path(__file__).resolve().parents[1]
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"

LIVE = "live"
SANDBOX = "sandbox"

MOST_DAYS_AHEAD = 3 * 366
"""How far a business date may lie ahead of the clock."""

Choice = TypeVar("Choice", bound=str)

Lookup = Callable[[str], Any]
"""A setting's value by its dotted name, or None."""


@dataclass(frozen=True)
class Paths:
    """Where a profile keeps its state (DESIGN section 2). All below one data directory."""

    data_dir: Path

    @property
    def landing(self) -> Path:
        """Every landed change; must be kept."""
        return self.data_dir / "landing"

    @property
    def operations(self) -> Path:
        """The delivery log and the run history; must be kept."""
        return self.data_dir / "operations.sqlite"

    @property
    def audit_heads(self) -> Path:
        """The delivery log's head as each run noted it; `AUDIT__HEADS_FILE` puts it on another disk."""
        return self.data_dir / "audit_heads.jsonl"

    @property
    def work(self) -> Path:
        """Where dlt and dbt write; private to the running process, rebuilt when lost."""
        return self.data_dir / "work.duckdb"

    @property
    def dlt(self) -> Path:
        """Dlt's working folder; rebuilt when lost."""
        return self.data_dir / "dlt"

    @property
    def dbt_target(self) -> Path:
        """Dbt's target folder; rebuilt when lost."""
        return self.data_dir / "dbt"

    @property
    def snapshots(self) -> Path:
        """Published copies."""
        return self.data_dir / "snapshots"

    @property
    def warehouse(self) -> Path:
        """The name analysts open: a link to the newest published copy."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def lock(self) -> Path:
        """Held by the one run that may write."""
        return self.data_dir / "run.lock"


@dataclass(frozen=True)
class Settings:
    """The settings of one command. `value` and friends resolve the vendors' and the service's."""

    profile: str
    paths: Paths
    lookup: Lookup = field(repr=False)

    def value(self, name: str, default: str | None = None) -> str | None:
        """Returns a setting as text, or `default`; an empty value counts as absent."""
        found = self.lookup(name)
        if found is None or (isinstance(found, str) and not found.strip()):
            return default
        return str(found)

    def required(self, name: str) -> str:
        """Returns a setting that must be there.

        Raises:
            SettingsError: it is missing; the message names it as an environment variable.
        """
        found = self.value(name)
        if found is None:
            raise SettingsError(
                f"missing setting {_environment_name(name)} (environment, or {Path('.dlt/secrets.toml').resolve()})."
                + ("" if self.profile == SANDBOX else " To try Tieout on invented data: tieout --sandbox run")
            )
        return found

    def choice(self, name: str, allowed: tuple[Choice, ...], default: Choice) -> Choice:
        """Returns a setting that must be one of `allowed`."""
        found = (self.value(name, default) or default).strip()
        for one in allowed:
            if found == one:
                return one
        raise SettingsError(f"{_environment_name(name)} is {found!r}; it must be one of {', '.join(allowed)}")

    def currency(self, name: str, default: str) -> str:
        """Returns a currency that the books can round: one of the seed `currencies`, as ISO 4217 writes it."""
        from pipelines.records import currencies

        found = (self.value(name, default) or default).strip()
        if found not in currencies.codes():
            raise SettingsError(f"{_environment_name(name)}: {currencies.why_unknown(found)}")
        return found

    def integer(self, name: str, default: int) -> int:
        """Returns a whole number ≥ 0."""
        found = self.value(name)
        if found is None:
            return default
        try:
            number = int(found)
        except ValueError:
            number = -1
        if number < 0:
            raise SettingsError(f"{_environment_name(name)} is {found!r}; it must be a whole number, 0 or more")
        return number

    def strings(self, name: str) -> tuple[str, ...]:
        """Returns a list setting: JSON (`["a","b"]`), a TOML list, or one bare value; empty when absent."""
        found = self.lookup(name)
        if found is None or found == "":
            return ()
        if isinstance(found, list | tuple):
            return tuple(str(item) for item in found)
        text = str(found).strip()
        if not text.startswith("["):
            return (text,)
        try:
            items = json.loads(text)
        except json.JSONDecodeError:
            raise SettingsError(f'{_environment_name(name)} is not a JSON list such as ["a", "b"]') from None
        return tuple(str(item) for item in items)

    @property
    def time_zone(self) -> ZoneInfo:
        """The company's zone (`COMPANY__TIME_ZONE`, default UTC): business dates are dates in it."""
        name = self.value("company.time_zone", "UTC") or "UTC"
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(f"COMPANY__TIME_ZONE is {name!r}, which is no IANA time zone") from None

    def business_date(self, now: datetime, given: str | None = None) -> date:
        """Returns the business date: the one `--as-of` gave, else `TIEOUT_AS_OF` (the sandbox sets it), else today.

        Raises:
            SettingsError: it is no date, or one far ahead.
        """
        today = now.astimezone(self.time_zone).date()
        if given is not None:
            return parse_business_date(given, "--as-of", today)
        fixed = self.value("tieout_as_of")
        return today if fixed is None else parse_business_date(fixed, "TIEOUT_AS_OF", today)

    @property
    def audit_heads(self) -> Path:
        """Where each run notes the head of the operations store, best out of reach of who can write the store."""
        elsewhere = self.value("audit.heads_file")
        return Path(elsewhere).expanduser().resolve() if elsewhere else self.paths.audit_heads

    @property
    def auto_apply(self) -> frozenset[str] | None:
        """Names of the syncs that need no approval; None means all of them (DESIGN section 4).

        The sandbox applies everything unless told otherwise; live applies nothing unless told so.
        """
        names = self.strings("reverse_etl.auto_apply") or (("all",) if self.profile == SANDBOX else ("none",))
        if names == ("all",):
            return None
        if names == ("none",):
            return frozenset()
        from reverse_etl.catalog import BY_NAME

        for name in names:
            if name not in BY_NAME:
                near = difflib.get_close_matches(name, BY_NAME, n=3, cutoff=0.5)
                hint = f"did you mean {' or '.join(near)}?" if near else "or one of the two words all, none alone"
                raise SettingsError(f"REVERSE_ETL__AUTO_APPLY: {name!r} is the name of no sync; {hint}")
        return frozenset(names)

    @property
    def ready_statuses(self) -> tuple[str, ...]:
        """Order statuses that mean ready for accounting; empty means the seed decides."""
        return self.strings("sources.atlas_etrm.ready_statuses")

    @property
    def books_closed_through(self) -> date | None:
        """The last day of the last closed period (`COMPANY__BOOKS_CLOSED_THROUGH`); None closes nothing by itself."""
        found = self.value("company.books_closed_through")
        return None if found is None else parse_date(found, "COMPANY__BOOKS_CLOSED_THROUGH")

    def check(self, now: datetime) -> None:
        """Refuses, before anybody is asked, settings that would do harm or nothing at all.

        Books that are closed far ahead would date everything after that day, at the vendors too.

        Raises:
            SettingsError: `COMPANY__BOOKS_CLOSED_THROUGH` lies more than a month after today, or
                `REVERSE_ETL__AUTO_APPLY` names no sync.
        """
        _ = self.auto_apply
        closed, today = self.books_closed_through, now.astimezone(self.time_zone).date()
        if closed is not None and (closed - today).days > 31:
            raise SettingsError(
                f"COMPANY__BOOKS_CLOSED_THROUGH is {closed}, more than a month after today ({today}): everything would"
                " be booked after that day; is it mistyped?"
            )

    @property
    def order_currency(self) -> str:
        """The currency of ATLAS ETRM's amounts, which carry none of their own."""
        return self.currency("sources.atlas_etrm.currency", "EUR")

    @property
    def base_currency(self) -> str:
        """The currency of the company's own books."""
        return self.currency("company.base_currency", self.order_currency)

    @property
    def order_total(self) -> str:
        """Whether an order's total is gross or net of VAT."""
        return self.choice("sources.atlas_etrm.order_total", ("gross", "net"), "gross")

    @property
    def item_vat(self) -> str:
        """Whether an item's VAT is an amount or a rate."""
        return self.choice("sources.atlas_etrm.item_vat", ("amount", "rate"), "amount")

    @property
    def posting_mode(self) -> str:
        """Whether orders become documents or journal entries in Atlas Accounting."""
        return self.choice("sources.atlas_accounting.posting_mode", ("documents", "journal_entries"), "documents")

    @property
    def ap_ar_mode(self) -> str:
        """What carries the cash forecast at Atlar."""
        return self.choice(
            "sources.atlar.ap_ar_mode",
            ("ap_ar_endpoints", "forecasted_transactions", "documents"),
            "ap_ar_endpoints",
        )

    def atlas_etrm(self) -> AtlasEtrmConfig:
        """Returns the configuration of the ATLAS ETRM client."""
        from pipelines.atlas_etrm.client import AtlasEtrmConfig

        return AtlasEtrmConfig(
            base_url=self.required("sources.atlas_etrm.base_url"),
            username=self.required("sources.atlas_etrm.username"),
            password=self.required("sources.atlas_etrm.password"),
            requests_per_minute=self.integer("sources.atlas_etrm.requests_per_minute", 100),
            # The limit counts per minute, not per process: a run right after another must know what that one spent.
            pace_file=self.paths.data_dir / "atlas_etrm_pace.json",
        )

    def atlas_accounting(self) -> AtlasAccountingConfig:
        """Returns the configuration of the Atlas Accounting client."""
        from pipelines.atlas_accounting.client import AtlasAccountingConfig

        return AtlasAccountingConfig(
            base_url=self.required("sources.atlas_accounting.base_url"),
            email=self.required("sources.atlas_accounting.email"),
            password=self.required("sources.atlas_accounting.password"),
            company_id=self.value("sources.atlas_accounting.company_id"),
            dialect=self.choice("sources.atlas_accounting.dialect", ("documented", "observed"), "documented"),
            tier=self.value("sources.atlas_accounting.tier", "standard") or "standard",
        )

    def atlar(self) -> AtlarConfig:
        """Returns the configuration of the Atlar client."""
        from pipelines.atlar.client import AtlarConfig

        statement_format = self.value("sources.atlar.statement_format", "CAMT_053")
        return AtlarConfig(
            base_url=self.required("sources.atlar.base_url"),
            access_key=self.required("sources.atlar.access_key"),
            secret=self.required("sources.atlar.secret"),
            auth=self.choice("sources.atlar.auth", ("oauth2", "basic"), "oauth2"),
            routes=self.choice("sources.atlar.routes", ("versioned", "seed"), "versioned"),
            requests_per_second=self.integer("sources.atlar.requests_per_second", 5),
            overlap_days=self.integer("sources.atlar.overlap_days", 60),
            statement_format=None if statement_format == "raw" else statement_format,
        )

    def ecb(self) -> EcbConfig | None:
        """Returns where the euro reference rates are read (`SOURCES__ECB__URL`); None asks for nothing."""
        url = self.value("sources.ecb.url")
        if url is None:
            return None
        from pipelines.ecb.client import EcbConfig

        return EcbConfig(url)


def load(profile: str | None = None, overlay: Mapping[str, str] | None = None) -> Settings:
    """Loads the settings of a profile.

    Args:
        profile: `live` or `sandbox`; default the environment's `TIEOUT_PROFILE`, else `live`. The sandbox is only
            ever chosen by being named, so that lost credentials never turn into a run on invented data.
        overlay: environment-style names and values that go before everything else (the sandbox's own).

    Raises:
        SettingsError: the profile is neither of the two.
    """
    chosen = profile or os.environ.get("TIEOUT_PROFILE") or LIVE
    if chosen not in (LIVE, SANDBOX):
        raise SettingsError(f"TIEOUT_PROFILE is {chosen!r}; it must be {LIVE} or {SANDBOX}")
    data_dir = Path(os.environ.get("TIEOUT_DATA_DIR") or PROJECT_ROOT / "data" / chosen)
    # A path handed to dbt and dlt, which change the working directory, must not depend on it.
    paths = Paths(data_dir.expanduser().resolve())
    return Settings(chosen, paths, _lookup(overlay or {}, use_files=chosen == LIVE))


def parse_date(text: str, name: str) -> date:
    """Parses `YYYY-MM-DD`.

    Raises:
        SettingsError: it is no such date; the message names the setting.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; it must be a date such as 2026-04-10") from None


def parse_business_date(text: str, name: str, today: date) -> date:
    """Parses `YYYY-MM-DD` as a day the figures may stand for.

    Aging, balances and forecasts have rows for each month or day up to it: a mistyped year would fill the disk.

    Raises:
        SettingsError: it is no date, or one far ahead.
    """
    day = parse_date(text, name)
    if (day - today).days > MOST_DAYS_AHEAD:
        raise SettingsError(f"{name} is {day}, more than three years after today ({today}); is it mistyped?")
    return day


def _environment_name(name: str) -> str:
    return name.replace(".", "__").upper()


def _lookup(overlay: Mapping[str, str], *, use_files: bool) -> Lookup:
    """Overlay, then the environment, then (live only) dlt's toml files.

    The sandbox profile never reads the files: they hold the credentials of real systems.
    """

    def find(name: str) -> Any:
        variable = _environment_name(name)
        if variable in overlay:
            return overlay[variable]
        if variable in os.environ:
            return os.environ[variable]
        return _from_dlt_files(name) if use_files else None

    return find


def _from_dlt_files(name: str) -> Any:
    # Imported late: a command that needs no toml file (the sandbox) should not pay for it.
    from dlt.common.configuration.providers import ConfigTomlProvider, SecretsTomlProvider
    from dlt.common.configuration.providers.toml import TomlProviderReadException

    key, *rest = reversed(name.split("."))
    sections = tuple(reversed(rest))
    for provide in (SecretsTomlProvider, ConfigTomlProvider):
        try:
            found, _ = provide(settings_dir=".dlt").get_value(key, Any, None, *sections)
        except TomlProviderReadException as problem:
            # Its last line says what is wrong and where, and quotes no value.
            why = str(problem).strip().splitlines()[-1]
            raise SettingsError(f"{Path('.dlt').resolve() / problem.file_name} is no TOML: {why}") from None
        if found is not None:
            return found
    return None
