"""Promise 32, landing side: no credential, token or full IBAN leaves through an error, a log, dlt's folder or dbt's.

Faults: vendors that repeat in their errors what they were sent, and the IBANs they hold, at every status.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import httpx
import pytest
from bending import TARGETS, Target, answered
from canaries import credentials, found_in, ibans, tokens
from counts import FULL
from crashing import NARROW, ONLY
from landed import AS_OF, land, landing_in
from vendors import Sent, Vendors

from pipelines import extract as extraction
from pipelines.landing import Landing
from pipelines.transport import errors


def told_by_a_landing(vendors: Vendors, landing: Landing, target: Target) -> str:
    """Everything a failing landing says: its error with all that hangs on it, or its findings."""
    try:
        result = land(vendors.clients(), landing, frozenset([target.name]))
    except errors.VendorError as failure:
        return "".join(traceback.format_exception(failure)) + repr(failure.__dict__)
    assert result.findings
    return " ".join(result.findings)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 503] if FULL else [401, 422, 500])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_an_error_does_not_repeat_what_the_vendor_gives_away(
    vendors: Vendors, landing: Landing, caplog: pytest.LogCaptureFixture, target: Target, status: int
) -> None:
    held = ibans(vendors)
    assert held
    told = " ".join([*sorted(credentials(vendors)), *sorted(held)[:3]])

    def after(sent: Sent, answer: httpx.Response) -> httpx.Response | None:
        if sent.is_token_call:
            return None
        said = f"{sent.authorization} {told}"
        body = {"message": said, "errors": [{"field": "iban", "message": said}]}
        return httpx.Response(status, json=body)

    vendors.wires[target.system].after = after
    with caplog.at_level(logging.DEBUG):
        shown = told_by_a_landing(vendors, landing, target) + caplog.text
    own = credentials(vendors, target.system)
    assert found_in(shown, own | tokens(vendors) | held) == set()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("status", [400, 401, 403, 500] if FULL else [401])
def test_a_refused_login_does_not_repeat_the_password(
    vendors: Vendors, landing: Landing, caplog: pytest.LogCaptureFixture, target: Target, status: int
) -> None:
    def before(sent: Sent) -> httpx.Response | None:
        said = sent.body.decode() + str(sent.authorization)
        return httpx.Response(status, json={"message": said, "detail": said}) if sent.is_token_call else None

    vendors.wires[target.system].before = before
    with caplog.at_level(logging.DEBUG):
        shown = told_by_a_landing(vendors, landing, target) + caplog.text
    assert found_in(shown, credentials(vendors) | tokens(vendors)) == set()


def test_the_clients_do_not_show_their_secrets(vendors: Vendors) -> None:
    clients = vendors.clients()
    shown = repr(clients) + repr(clients.atlas_etrm._config) + repr(clients.atlar.config)
    assert found_in(shown, credentials(vendors)) == set()


def test_an_answer_that_is_none_is_not_repeated(vendors: Vendors, landing: Landing) -> None:
    held = sorted(ibans(vendors))
    body = f"<html>{' '.join(held)}</html>".encode()
    vendors.wires["atlas_etrm"].after = lambda sent, answer: None if sent.is_token_call else answered(body)
    with pytest.raises(errors.UnexpectedAnswer) as failure:
        land(vendors.clients(), landing, frozenset(["atlas_etrm.orders"]))
    assert found_in("".join(traceback.format_exception(failure.value)), set(held)) == set()


def test_nothing_is_left_in_dlts_folder_nor_any_credential_in_what_is_landed(
    vendors: Vendors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(extraction, "DATASETS", NARROW)
    landing = landing_in(tmp_path / "data")
    with caplog.at_level(logging.INFO):
        extraction.extract(vendors.clients(), landing, as_of=AS_OF, only=ONLY)
    out, err = capfd.readouterr()
    never = credentials(vendors) | tokens(vendors)
    assert found_in(out + err + caplog.text, never | ibans(vendors)) == set()
    for file in sorted((tmp_path / "data").rglob("*")):
        if file.is_file():
            content = file.read_bytes().decode("latin-1")
            assert found_in(content, never) == set(), file.name
            if landing.dlt_dir in file.parents and file.suffix != ".parquet":
                assert found_in(content, ibans(vendors)) == set(), file.name
