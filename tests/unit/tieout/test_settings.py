"""Settings: what is missing is named, what is wrong is said, and the sandbox is never chosen by accident."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tieout import settings
from tieout.errors import ExitCode, SettingsError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIEOUT_DATA_DIR", str(tmp_path / "data"))


def test_live_is_the_profile_unless_the_sandbox_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().profile == "live"
    assert settings.load("sandbox").profile == "sandbox"
    monkeypatch.setenv("TIEOUT_PROFILE", "sandbox")
    assert settings.load().profile == "sandbox"
    with pytest.raises(SettingsError, match="TIEOUT_PROFILE"):
        settings.load("production")


def test_a_missing_setting_is_named_as_its_variable() -> None:
    with pytest.raises(SettingsError, match="SOURCES__ATLAS_ETRM__BASE_URL") as caught:
        settings.load().atlas_etrm()
    assert caught.value.exit_code == ExitCode.USAGE


def test_environment_goes_before_the_toml_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/config.toml").write_text('[sources.atlar]\nbase_url = "http://file"\nrequests_per_second = 7\n')
    (tmp_path / ".dlt/secrets.toml").write_text('[sources.atlar]\naccess_key = "k"\nsecret = "s3cret"\n')
    loaded = settings.load()
    assert loaded.atlar().base_url == "http://file"
    assert loaded.atlar().requests_per_second == 7
    monkeypatch.setenv("SOURCES__ATLAR__BASE_URL", "http://environment")
    assert settings.load().atlar().base_url == "http://environment"
    assert (loaded.atlar().overlap_days, loaded.atlar().statement_format) == (60, "CAMT_053")
    monkeypatch.setenv("SOURCES__ATLAR__OVERLAP_DAYS", "90")
    monkeypatch.setenv("SOURCES__ATLAR__STATEMENT_FORMAT", "raw")
    assert (settings.load().atlar().overlap_days, settings.load().atlar().statement_format) == (90, None)
    assert "s3cret" not in repr(loaded.atlar())


def test_the_sandbox_never_reads_the_files_that_hold_real_credentials(tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/secrets.toml").write_text('[sources.atlar]\nbase_url = "http://real"\n')
    with pytest.raises(SettingsError, match="SOURCES__ATLAR__BASE_URL"):
        settings.load("sandbox").atlar()


def test_the_sandbox_own_urls_go_before_real_ones_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__ATLAR__BASE_URL", "http://real")
    overlay = {
        "SOURCES__ATLAR__BASE_URL": "http://127.0.0.1:1",
        "SOURCES__ATLAR__ACCESS_KEY": "k",
        "SOURCES__ATLAR__SECRET": "s",
    }
    assert settings.load("sandbox", overlay).atlar().base_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [('["a", "b"]', ("a", "b")), ("a", ("a",)), ("", ()), ('["with \\"quotes\\""]', ('with "quotes"',))],
)
def test_lists_are_json_or_one_bare_value(value: str, expected: tuple[str, ...]) -> None:
    overlay = {"SERVICE__BEARER_TOKENS": value}
    assert settings.load("live", overlay).strings("service.bearer_tokens") == expected


def test_a_list_that_is_no_json_is_refused() -> None:
    with pytest.raises(SettingsError, match="SERVICE__BEARER_TOKENS"):
        settings.load("live", {"SERVICE__BEARER_TOKENS": '["a"'}).strings("service.bearer_tokens")


def test_live_applies_nothing_by_itself_and_the_sandbox_everything() -> None:
    assert settings.load("live").auto_apply == frozenset()
    assert settings.load("sandbox").auto_apply is None
    chosen = settings.load("live", {"REVERSE_ETL__AUTO_APPLY": '["sync_atlar__documents"]'})
    assert chosen.auto_apply == {"sync_atlar__documents"}
    assert settings.load("sandbox", {"REVERSE_ETL__AUTO_APPLY": "none"}).auto_apply == frozenset()


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        (datetime(2026, 3, 31, 22, 30, tzinfo=UTC), "Europe/Berlin", date(2026, 4, 1)),
        (datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 31)),
        (datetime(2026, 1, 1, 3, 0, tzinfo=UTC), "America/New_York", date(2025, 12, 31)),
    ],
)
def test_the_business_date_is_a_date_in_the_companys_zone(instant: datetime, zone: str, expected: date) -> None:
    assert settings.load("live", {"COMPANY__TIME_ZONE": zone}).business_date(instant) == expected


def test_impossible_values_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="COMPANY__TIME_ZONE"):
        settings.load("live", {"COMPANY__TIME_ZONE": "Mars/Olympus"}).time_zone  # noqa: B018
    with pytest.raises(SettingsError, match="ORDER_TOTAL"):
        settings.load("live", {"SOURCES__ATLAS_ETRM__ORDER_TOTAL": "brutto"}).order_total  # noqa: B018
    with pytest.raises(SettingsError, match="REQUESTS_PER_MINUTE"):
        settings.load("live", {"SOURCES__ATLAS_ETRM__REQUESTS_PER_MINUTE": "-1"}).integer(
            "sources.atlas_etrm.requests_per_minute", 100
        )
    with pytest.raises(SettingsError, match="TIEOUT_AS_OF"):
        settings.load("live", {"TIEOUT_AS_OF": "10.4.2026"}).business_date(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", ["--as-of", "TIEOUT_AS_OF"])
def test_a_mistyped_year_does_not_fill_the_disk(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 4, 10, 12, tzinfo=UTC)
    given = "2206-04-10" if name == "--as-of" else None
    if given is None:
        monkeypatch.setenv("TIEOUT_AS_OF", "2206-04-10")
    with pytest.raises(SettingsError, match=f"{name} is 2206-04-10, more than three years after today"):
        settings.load().business_date(now, given)
    assert settings.load().business_date(now, "2028-12-31") == date(2028, 12, 31)
    assert settings.load().business_date(now, "2024-02-29") == date(2024, 2, 29)


def test_books_closed_far_ahead_are_refused_and_books_closed_early_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    for allowed in ("2026-02-28", "2026-03-31"):
        monkeypatch.setenv("COMPANY__BOOKS_CLOSED_THROUGH", allowed)
        settings.load().check(now)
    monkeypatch.setenv("COMPANY__BOOKS_CLOSED_THROUGH", "2062-02-28")
    with pytest.raises(SettingsError, match="COMPANY__BOOKS_CLOSED_THROUGH is 2062-02-28, more than a month after"):
        settings.load().check(now)


def test_a_sync_that_is_none_is_named_with_those_that_are_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVERSE_ETL__AUTO_APPLY", '["sync_atlas_etrm__order_erp_code"]')
    with pytest.raises(
        SettingsError, match=r"REVERSE_ETL__AUTO_APPLY: .* did you mean sync_atlas_etrm__order_erp_codes"
    ):
        settings.load().check(datetime(2026, 4, 10, tzinfo=UTC))
    monkeypatch.setenv("REVERSE_ETL__AUTO_APPLY", '["sync_atlas_etrm__order_erp_codes"]')
    assert settings.load().auto_apply == {"sync_atlas_etrm__order_erp_codes"}


@pytest.mark.parametrize(
    ("name", "read"),
    [("SOURCES__ATLAS_ETRM__CURRENCY", "order_currency"), ("COMPANY__BASE_CURRENCY", "base_currency")],
)
def test_a_currency_is_written_as_iso_4217_has_it(name: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("eur", "EURO"):
        monkeypatch.setenv(name, wrong)
        with pytest.raises(SettingsError, match=name):
            getattr(settings.load(), read)
    monkeypatch.setenv(name, "SEK")
    assert getattr(settings.load(), read) == "SEK"


@pytest.mark.parametrize("text", ["garbage = = [", '[sources.atlar]\nsecret = "s3cret\n', 'a = "s3cret" b'])
def test_a_file_that_is_no_toml_is_named_and_its_secrets_are_not(text: str, tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt/secrets.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"\.dlt/secrets\.toml is no TOML: .* at line") as caught:
        settings.load().atlar()
    assert "s3cret" not in str(caught.value)
