"""Rate limits: when a request is refused and when the next is taken. Time is a number the test moves."""

from __future__ import annotations

import pytest

from sandbox.limits import FixedWindow, TokenBucket


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_fixed_window_takes_its_hundred_and_opens_again_after_sixty_seconds() -> None:
    seconds = Seconds()
    window = FixedWindow(100, monotonic=seconds)
    assert [window.take("a").allowed for _ in range(100)] == [True] * 100
    seconds.now += 59.5
    refused = window.take("a")
    assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 0, 1)
    assert window.take("b").allowed, "another client has its own window"
    seconds.now += 0.5
    taken = window.take("a")
    assert (taken.allowed, taken.limit, taken.remaining) == (True, 100, 99)


def test_the_window_is_fixed_not_sliding() -> None:
    seconds = Seconds()
    window = FixedWindow(2, monotonic=seconds)
    window.take("a")
    seconds.now += 59
    assert window.take("a").allowed
    seconds.now += 1
    assert [window.take("a").allowed for _ in range(3)] == [True, True, False]


def test_the_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    seconds = Seconds()
    bucket = TokenBucket.of_tier("standard", monotonic=seconds)
    assert [bucket.take("a").allowed for _ in range(11)] == [True] * 10 + [False]
    assert bucket.take("a").retry_after == 1
    seconds.now += 1
    assert [bucket.take("a").allowed for _ in range(2)] == [True, False]
    seconds.now += 600
    verdict = bucket.take("a")
    assert (verdict.limit, verdict.remaining) == (60, 9)
    assert verdict.reset_seconds == pytest.approx(1.0)


@pytest.mark.parametrize("limiter", [FixedWindow(0), TokenBucket(0)])
def test_zero_is_unlimited(limiter: FixedWindow | TokenBucket) -> None:
    assert all(limiter.take("a").allowed for _ in range(10_000))


def test_limits_change_while_they_run_and_start_afresh() -> None:
    window = FixedWindow(1, monotonic=Seconds())
    window.take("a")
    assert not window.take("a").allowed
    assert window.change({"requests_per_minute": 2, "other": 1}) == {"requests_per_minute": 2}
    assert window.take("a").allowed

    bucket = TokenBucket.of_tier("standard", monotonic=Seconds())
    assert bucket.change({"tier": "professional"}) == {"tier": "professional"}
    assert bucket.take("a").limit == 300
    bucket.change({"requests_per_second": 5, "burst": 2})
    assert [bucket.take("a").allowed for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    "values", [{"requests_per_minute": -1}, {"requests_per_minute": True}, {"requests_per_minute": "9"}]
)
def test_an_impossible_limit_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="whole number"):
        FixedWindow(1).change(values)


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError, match="tier must be one of"):
        TokenBucket.of_tier("standard").change({"tier": "gold"})
