"""A vendor that is down is waited for once, not once by each thread that queues for a token."""

from __future__ import annotations

import pytest
from virtual import VirtualClock

from pipelines.transport.auth import Token, TokenAuth
from pipelines.transport.errors import Unreachable


def test_an_outage_answers_for_those_who_waited_behind_it_and_is_then_tried_again(clock: VirtualClock) -> None:
    asked = 0

    def fetch() -> Token:
        nonlocal asked
        asked += 1
        if asked == 1:
            clock.sleep(7.5)
            raise Unreachable("atlar", "no connection")
        return Token("t", 300)

    auth = TokenAuth(fetch, monotonic=lambda: clock.now)
    for _ in range(4):
        with pytest.raises(Unreachable):
            auth.header()
    assert asked == 1
    clock.sleep(5)
    assert auth.header() == "Bearer t"
    assert asked == 2
