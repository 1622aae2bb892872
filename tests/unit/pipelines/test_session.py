"""The session: reads are repeated with bounds, writes never blindly; pacing; redirects; masked errors."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest
from virtual import VirtualClock

from pipelines.transport import errors, exact
from pipelines.transport.answer import Answer, decode
from pipelines.transport.auth import Token, TokenAuth, jwt_lifetime
from pipelines.transport.pacing import Pacer, SlidingWindow, TokenBucket, retry_after, seconds_until_reset
from pipelines.transport.session import Patience, Session

Handler = Callable[[httpx.Request], httpx.Response]
IBAN = "GR1601101250000000012300695"


def session(clock: VirtualClock, handler: Handler, patience: Patience | None = None) -> Session:
    return Session("atlar", "https://vendor.test", patience=patience, clockwork=clock.clockwork(handler))


def answers(*responses: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A vendor that gives these answers in turn, the last one for ever."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = responses[min(len(seen), len(responses)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, seen


def test_a_read_is_repeated_after_a_fault(clock: VirtualClock) -> None:
    handler, seen = answers(httpx.Response(503), httpx.ReadTimeout("slow"), httpx.Response(200, content=b"{}"))
    assert session(clock, handler).send("read", "GET", "/x").status == 200
    assert len(seen) == 3
    assert clock.slept == [0.5, 1.0]


def test_a_read_is_repeated_a_bounded_number_of_times(clock: VirtualClock) -> None:
    handler, seen = answers(httpx.Response(500))
    with pytest.raises(errors.VendorFault):
        session(clock, handler).send("read", "GET", "/x")
    assert len(seen) == 5


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500),
        httpx.Response(502),
        httpx.Response(503, headers={"Retry-After": "1"}),
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("disconnected"),
    ],
)
def test_a_write_without_an_answer_has_an_unknown_outcome(
    clock: VirtualClock, failure: httpx.Response | Exception
) -> None:
    handler, seen = answers(failure)
    with pytest.raises(errors.OutcomeUnknown):
        session(clock, handler).send("write", "POST", "/x", body=b"{}")
    assert len(seen) == 1


def test_a_write_that_was_never_sent_may_go_again(clock: VirtualClock) -> None:
    handler, seen = answers(httpx.ConnectError("refused"), httpx.Response(201, content=b"{}"))
    assert session(clock, handler).send("write", "POST", "/x", body=b"{}").status == 201
    assert len(seen) == 2


def test_no_connection_is_unreachable(clock: VirtualClock) -> None:
    handler, _ = answers(httpx.ConnectError("refused"))
    with pytest.raises(errors.Unreachable) as caught:
        session(clock, handler).send("write", "POST", "/x", body=b"{}")
    assert caught.value.may_write_again


@pytest.mark.parametrize("status", [425, 429])
def test_a_refusal_before_any_effect_lets_the_same_write_go_again(clock: VirtualClock, status: int) -> None:
    handler, seen = answers(httpx.Response(status, headers={"Retry-After": "7"}), httpx.Response(201, content=b"{}"))
    session(clock, handler).send("write", "POST", "/x", body=b'{"a":1}', headers={"Idempotency-Key": "k"})
    assert [request.headers["Idempotency-Key"] for request in seen] == ["k", "k"]
    assert [request.content for request in seen] == [b'{"a":1}', b'{"a":1}']
    assert clock.slept == [7.0]


def test_patience_with_429_ends(clock: VirtualClock) -> None:
    handler, seen = answers(httpx.Response(429))
    with pytest.raises(errors.RateLimited):
        session(clock, handler, Patience(refusals=3)).send("read", "GET", "/x")
    assert (len(seen), clock.slept) == (3, [60.0, 60.0])


@pytest.mark.parametrize(("kind", "status"), [("read", 301), ("read", 302), ("read", 308), ("write", 307)])
def test_a_redirect_is_never_followed(clock: VirtualClock, kind: str, status: int) -> None:
    handler, seen = answers(httpx.Response(status, headers={"Location": "https://elsewhere.test/x"}))
    with pytest.raises(errors.UnexpectedAnswer, match="redirect"):
        session(clock, handler).send(kind, "POST", "/x", authorization="Bearer secret")  # type: ignore[arg-type]
    assert [request.url.host for request in seen] == ["vendor.test"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Refused),
        (403, errors.PermissionRefused),
        (404, errors.RecordNotFound),
        (409, errors.Conflict),
        (410, errors.RecordNotFound),
        (412, errors.Conflict),
        (422, errors.Refused),
    ],
)
def test_each_status_has_its_error_and_is_not_repeated(
    clock: VirtualClock, status: int, kind: type[errors.VendorError]
) -> None:
    body = b'{"detail": "Validation failed", "errors": [{"field": "lines.0", "message": "must be positive"}]}'
    handler, seen = answers(httpx.Response(status, content=body, headers={"request-id": "r-1"}))
    with pytest.raises(kind) as caught:
        session(clock, handler).send("read", "GET", "/x")
    assert len(seen) == 1
    assert type(caught.value) is kind
    assert str(caught.value) == (f"atlar: Validation failed lines.0: must be positive (HTTP {status}, request r-1)")


def test_errors_show_no_full_iban() -> None:
    body = f'{{"message": "{IBAN} is closed", "details": [{{"field": "iban", "error": "{IBAN}"}}]}}'.encode()
    error = errors.error_for("atlar", 400, body, request_id=None, is_write=True)
    assert IBAN not in str(error)
    assert "GR…0695 is closed" in str(error)


def test_the_frameworks_own_validation_body_is_understood() -> None:
    body = b'{"detail": [{"loc": ["body", "lines", 0], "msg": "field required", "type": "missing"}]}'
    error = errors.error_for("atlas_accounting", 422, body, request_id=None, is_write=True)
    assert isinstance(error, errors.Refused)
    assert error.field_errors == (("body.lines.0", "field required"),)


@pytest.mark.parametrize(("is_write", "kind"), [(False, errors.UnexpectedAnswer), (True, errors.OutcomeUnknown)])
def test_html_is_refused(is_write: bool, kind: type[errors.VendorError]) -> None:
    with pytest.raises(kind, match="HTML instead of JSON"):
        decode("atlas_etrm", Answer(200, b"<html>", None), dict, is_write=is_write)


def test_a_429_holds_every_thread(clock: VirtualClock) -> None:
    pacer = Pacer(TokenBucket(1000, 1000), sleep=clock.sleep, monotonic=lambda: clock.now)
    pacer.hold(60)
    pacer.acquire()
    assert clock.slept == [60.0]


def test_pacing_never_exceeds_a_window(clock: VirtualClock) -> None:
    pacer = Pacer(SlidingWindow(99, 61), sleep=clock.sleep, monotonic=lambda: clock.now)
    sent = []
    for _ in range(300):
        pacer.acquire()
        sent.append(clock.now)
    for start in sent:
        assert sum(start <= at < start + 60 for at in sent) <= 99
    assert sent[-1] - sent[0] == pytest.approx(3 * 61)


def test_a_bucket_refills_evenly(clock: VirtualClock) -> None:
    pacer = Pacer(TokenBucket(1, 10), sleep=clock.sleep, monotonic=lambda: clock.now)
    for _ in range(15):
        pacer.acquire()
    assert sum(clock.slept) == pytest.approx(5)


def test_an_exhausted_allowance_is_waited_for(clock: VirtualClock) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1775808012", "Date": "Fri, 10 Apr 2026 08:00:00 GMT"}
    handler, _ = answers(httpx.Response(200, headers=spent, content=b"{}"), httpx.Response(200, content=b"{}"))
    talking = session(clock, handler)
    talking.send("read", "GET", "/x")
    talking.send("read", "GET", "/x")
    assert clock.slept == [12.0]


def test_a_reset_on_a_clock_that_disagrees_is_not_believed() -> None:
    headers = {"x-ratelimit-reset": "1775808012", "date": "Thu, 09 Apr 2026 08:00:00 GMT"}
    assert seconds_until_reset(headers) is None
    assert retry_after({"retry-after": "3", **headers}) == 3.0
    assert retry_after({"retry-after": "Fri, 10 Apr 2026 08:00:05 GMT", "date": "Fri, 10 Apr 2026 08:00:00 GMT"}) == 5.0


def test_requests_are_counted(clock: VirtualClock) -> None:
    handler, _ = answers(httpx.Response(500), httpx.Response(200, content=b"{}"))
    talking = session(clock, handler)
    talking.send("read", "GET", "/x")
    assert talking.requests == 2


def test_a_token_is_renewed_before_it_ends(clock: VirtualClock) -> None:
    fetched: list[float] = []

    def fetch() -> Token:
        fetched.append(clock.now)
        return Token(f"t{len(fetched)}", 3600)

    auth = TokenAuth(fetch, monotonic=lambda: clock.now)
    assert auth.header() == "Bearer t1"
    clock.now += 3299
    assert auth.header() == "Bearer t1"
    clock.now += 2
    assert auth.header() == "Bearer t2"


def test_many_threads_with_the_same_refused_token_renew_it_once(clock: VirtualClock) -> None:
    fetched: list[str] = []

    def fetch() -> Token:
        fetched.append("token")
        return Token(f"t{len(fetched)}", 300)

    auth = TokenAuth(fetch, monotonic=lambda: clock.now)
    first = auth.header()
    assert auth.renew(first)
    assert auth.renew(first)
    assert len(fetched) == 2


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(Token("hidden", 1))


def test_a_jwts_life_does_not_depend_on_our_clock() -> None:
    claims = "eyJpYXQiOjE3NzU4MDgwMDAsImV4cCI6MTc3NTgxMTYwMH0"  # iat 1775808000, exp 1775811600
    assert jwt_lifetime(f"h.{claims}.s", now=0) == 3600
    assert jwt_lifetime("opaque", now=0) is None


def test_numbers_are_written_digit_by_digit() -> None:
    body = {"totalAmount": Decimal("74400.00"), "amount": "12345678901234567.89", "erpCode": "1e3", "id": 7}
    assert exact.dumps({"data": [body]}, numbers={"totalAmount", "amount"}) == (
        b'{"data":[{"totalAmount":74400.00,"amount":12345678901234567.89,"erpCode":"1e3","id":7}]}'
    )
    assert exact.dumps({"amount": Decimal("1E+3")}) == b'{"amount":"1000"}'
    assert exact.loads(b'{"a": 12345678901234567.89, "b": 3}') == {"a": Decimal("12345678901234567.89"), "b": 3}


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}])
def test_a_float_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="float"):
        exact.dumps(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "twelve", Decimal("NaN")])
def test_what_is_no_number_is_not_written_as_one(value: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        exact.dumps({"amount": value}, numbers={"amount"})
