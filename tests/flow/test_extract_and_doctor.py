"""`extract` and `doctor` over running vendors: counted requests, a shrunken answer, dirt, and what the doctor sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import httpx
import pytest
from rich.console import Console

from reverse_etl.operations import OperationsStore
from sandbox.app import running
from sandbox.options import SandboxOptions
from tieout import doctor, steps
from tieout import settings as settings_module
from tieout.errors import ExitCode
from tieout.progress import RunProgress
from tieout.report import doctor as doctor_report
from tieout.report import quarantine as quarantine_report
from tieout.report import status as status_report
from tieout.report import steps as steps_report
from tieout.settings import Settings

AS_OF = date(2026, 4, 10)
ORDERS = "/api/Order/GetByIds"


class Vendors:
    """Three running vendors and a profile's settings for them."""

    def __init__(self, told: dict[str, Any], settings: Settings) -> None:
        self.told, self.settings = told, settings

    def control(self, system: str, path: str, body: Any = None, *, method: str = "POST") -> Any:
        url = httpx.URL(self.told["urls"][system])
        answer = httpx.request(method, f"{url.scheme}://{url.host}:{url.port}/_sim/{path}", json=body)
        return answer.raise_for_status().json() if answer.content else None

    def extract(self, **options: Any) -> steps.Extraction:
        progress = RunProgress(Console(stderr=True), quiet=True)
        return steps.extract(
            self.settings, steps.Options(**options), as_of=AS_OF, now=lambda: datetime.now(UTC), progress=progress
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.paths.work), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    data_dir = tmp_path_factory.mktemp("extracted")
    options = SandboxOptions(
        data_dir=data_dir / "vendors",
        port_base=0,
        scale=0.3,
        atlas_etrm_requests_per_minute=0,
        accounting_tier="unlimited",
        atlar_requests_per_second=0,
    )
    with pytest.MonkeyPatch.context() as patch, running(options) as told:
        patch.setenv("TIEOUT_DATA_DIR", str(data_dir))
        yield Vendors(told, settings_module.load("sandbox", told["environment"]))


@pytest.fixture(scope="module")
def first(vendors: Vendors) -> steps.Extraction:
    return vendors.extract()


def test_what_an_extraction_did_is_told_by_system_and_stays_in_the_run_history(
    vendors: Vendors, first: steps.Extraction
) -> None:
    assert first.exit_code is ExitCode.DONE
    told = steps_report.extraction_json(first)
    assert set(told["requests"]) >= {"atlas_etrm", "atlas_accounting", "atlar"}
    assert min(told["requests"][system] for system in ("atlas_etrm", "atlas_accounting", "atlar")) > 5
    for system, url in vendors.told["urls"].items():
        seen = vendors.control(system, "requests", method="GET")["requests"]
        asked = [request for request in seen if not request["path"].startswith("/_sim")]
        assert len(asked) == told["requests"][system], url
    store = OperationsStore(f"sqlite:///{vendors.settings.paths.operations}")
    (run,) = store.runs(limit=5)
    store.close()
    assert (run["run_id"], run["status"], run["requests"]) == (first.run_id, "done", sum(told["requests"].values()))
    assert f"atlas_etrm {told['requests']['atlas_etrm']}" in run["message"]
    (count,) = vendors.query("select count(*) from raw_atlas_etrm.orders")
    assert (
        count[0]
        == told["landed"]["atlas_etrm.orders"]
        == len(vendors.control("atlas_etrm", "state/orders", method="GET"))
    )
    console = Console(record=True, width=100)
    steps_report.show_extraction(first, console)
    assert "Atlas Accounting" in console.export_text()


@pytest.mark.usefixtures("first")
def test_an_empty_answer_is_refused_and_all_orders_stay(vendors: Vendors) -> None:
    (before,) = vendors.query("select count(*) from raw_atlas_etrm.orders")
    empty = {"success": True, "recordCount": 0, "data": []}
    vendors.control("atlas_etrm", "faults", {"kind": "body", "match": {"path_regex": ORDERS}, "body": empty})
    done = vendors.extract(only=frozenset({"atlas_etrm.orders", "atlas_etrm.order_items"}))
    assert done.exit_code is ExitCode.FAILED
    (line,) = done.refused
    assert line.startswith(f"atlas_etrm.orders has shrunk from {before[0]} records to 0")
    assert vendors.query("select count(*), count(*) filter (where _is_deleted) from raw_atlas_etrm.orders") == [
        (before[0], 0)
    ]
    assert vendors.extract(only=frozenset({"atlas_etrm.orders"})).exit_code is ExitCode.DONE


@pytest.mark.usefixtures("first")
def test_dirt_is_shown_as_open_until_a_good_version_comes(vendors: Vendors) -> None:
    only = frozenset({"atlas_etrm.custom_field_types"})
    good = vendors.control("atlas_etrm", "state/custom_field_types", method="GET")
    data = [{**record, "name": {"no": "text"}} if at == 0 else record for at, record in enumerate(good)]
    body = {"success": True, "recordCount": len(data), "data": data}
    vendors.control("atlas_etrm", "faults", {"kind": "body", "match": {"path_regex": "GetTypes"}, "body": body})
    done = vendors.extract(only=only)
    assert done.result is not None
    assert (done.result.quarantined_by_system, done.open_in_quarantine) == ({"atlas_etrm": 1}, 1)
    (row,) = quarantine_report.read(vendors.settings)
    assert (row["table"], row["record_key"]) == ("atlas_etrm.custom_field_types", str(good[0]["id"]))
    # The status shows it although nothing has been published yet.
    status = status_report.read(vendors.settings, datetime.now(UTC))
    assert status_report.as_json(status)["snapshot"] is None
    console = Console(record=True, width=200)
    status_report.show(status, console)
    assert row["reason"] in console.export_text()
    retried = vendors.extract(retry_quarantine=True)
    assert retried.retried is not None
    assert (retried.retried.tried, retried.retried.still_open) == (1, 1)
    changed = [{**record, "name": "Renamed"} if at == 0 else record for at, record in enumerate(good)]
    vendors.control(
        "atlas_etrm",
        "faults",
        {"kind": "body", "match": {"path_regex": "GetTypes"}, "body": {**body, "data": changed}},
    )
    assert vendors.extract(only=only).open_in_quarantine == 0
    assert vendors.query("select resolution from quarantine.records") == [("superseded",)]


def test_the_doctor_finds_all_well_with_few_requests_and_no_write(vendors: Vendors) -> None:
    for system in vendors.told["urls"]:
        vendors.control(system, "requests", method="DELETE")
    found = doctor.examine(vendors.settings, as_of=AS_OF)
    told = doctor_report.as_json(found, "sandbox")
    assert told["exit_code"] == 0, [each for vendor in told["vendors"] for each in vendor["endpoints"]]
    assert sum(told["requests"].values()) <= 70
    for system in vendors.told["urls"]:
        for request in vendors.control(system, "requests", method="GET")["requests"]:
            assert not request["path"].endswith("/Post")
            is_login = "/auth/" in request["path"] or "/oauth2/" in request["path"]
            assert system == "atlas_etrm" or request["method"] == "GET" or is_login
    answers = {each["question"]: each for vendor in told["vendors"] for each in vendor["findings"]}
    assert answers["Whether an order's total is gross or net"]["answer"].startswith("gross")
    assert answers["Whether a line's VAT is an amount or a rate"]["answer"] == "an amount"
    assert answers["Which dialect answers"]["answer"] == "documented and observed"
    assert answers["Whether the AP/AR endpoints are there (A34)"]["agrees"] is True
    assert "ERP Cost Centre" in answers["Which custom fields are defined"]["answer"]
    assert "camt.053" in answers["Which statement format comes (A17, A18)"]["answer"]
    text = json.dumps(told)
    for name, value in vendors.told["environment"].items():
        if name.endswith(("PASSWORD", "SECRET", "ACCESS_KEY")):
            assert value not in text
    console = Console(record=True, width=100)
    doctor_report.show(found, "sandbox", console)
    assert "All three vendors answer." in console.export_text()


def test_the_doctor_names_a_missing_permission_and_a_missing_endpoint(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendors.control("atlas_etrm", "limits", {"denied_paths": ["/api/Payment/GetByOrderIds", "/api/Deal/GetByIds"]})
    vendors.control("atlar", "limits", {"ap_ar_endpoints": False})
    try:
        found = doctor.examine(vendors.settings, as_of=AS_OF)
        assert doctor.verdict(found) is ExitCode.FAILED
        outcomes = {each.name: each.outcome for vendor in found for each in vendor.endpoints}
        assert (outcomes["payments by order"], outcomes["deals"]) == ("no permission", "no permission")
        assert outcomes["accounts payables"] == "not there"
        console = Console(record=True, width=200)
        doctor_report.show(found, "sandbox", console)
        shown = console.export_text()
        assert "payments by order (POST /api/Payment/GetByOrderIds) no permission, HTTP 403" in shown
        assert "SOURCES__ATLAR__AP_AR_MODE" in shown
        assert "ATLAS ETRM: deals" not in shown  # only cross-checks need them
        vendors.control("atlas_etrm", "limits", {"denied_paths": []})
        monkeypatch.setenv("SOURCES__ATLAR__AP_AR_MODE", "documents")
        assert doctor.verdict(doctor.examine(vendors.settings, as_of=AS_OF)) is ExitCode.DONE
    finally:
        vendors.control("atlas_etrm", "limits", {"denied_paths": []})
        vendors.control("atlar", "limits", {"ap_ar_endpoints": True})


def test_refused_credentials_are_a_setting(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**vendors.told["environment"], "SOURCES__ATLAS_ACCOUNTING__PASSWORD": "wrong"}
    found = doctor.examine(settings_module.load("sandbox", wrong), as_of=AS_OF)
    assert doctor.verdict(found) is ExitCode.USAGE
    refused = {each.system: each.credentials for each in found}
    assert refused == {"atlas_etrm": "accepted", "atlas_accounting": "refused", "atlar": "accepted"}
