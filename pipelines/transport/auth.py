"""Who we are to a vendor: HTTP Basic, or a bearer token that is renewed before it expires and once on a 401.

In: a function that fetches a token. Out: the `Authorization` header of the next request.
What does not belong here: how a vendor's token call looks (each system's `client.py`).
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

_EARLIEST_RENEWAL = 300.0


@dataclass(frozen=True)
class Token:
    """A bearer token and the seconds it lives from now."""

    value: str = field(repr=False)
    lifetime: float

    @classmethod
    def told(cls, value: str, says: object, otherwise: float) -> Token:
        """A token with the seconds the vendor says it lives, or the contract's where it says nothing usable."""
        return cls(value, float(says) if isinstance(says, int | float) and says > 0 else otherwise)


class Auth(Protocol):
    """What a session asks before each request and after a 401."""

    def header(self) -> str:
        """The value of the `Authorization` header."""

    def renew(self, refused: str) -> bool:
        """Replaces what was just refused; False where there is nothing to renew."""


class BasicAuth:
    """User and password on every call."""

    def __init__(self, user: str, password: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def header(self) -> str:
        """See `Auth.header`."""
        return self._header

    def renew(self, refused: str) -> bool:
        """Nothing to renew: a password that was refused once is refused again."""
        return False


class TokenAuth:
    """A bearer token, fetched when first needed and shared by all threads.

    It is renewed five minutes before its end (a fifth of its life, if that is shorter), so that a long paging
    rarely meets a 401; where it does, `renew` fetches exactly one new token however many threads ask.
    """

    def __init__(self, fetch: Callable[[], Token], *, monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._good_until = float("-inf")

    def header(self) -> str:
        """See `Auth.header`."""
        with self._lock:
            if self._token is None or self._monotonic() >= self._good_until:
                self._replace()
            assert self._token is not None  # noqa: S101  (narrowing: `_replace` sets it or raises)
            return f"Bearer {self._token.value}"

    def renew(self, refused: str) -> bool:
        """See `Auth.renew`. Another thread may have renewed it already: then its token is used."""
        with self._lock:
            if self._token is None or refused == f"Bearer {self._token.value}":
                self._replace()
            return True

    def _replace(self) -> None:
        asked_at = self._monotonic()
        self._token = self._fetch()
        early = min(_EARLIEST_RENEWAL, self._token.lifetime / 5)
        self._good_until = asked_at + self._token.lifetime - early


class _Claims(msgspec.Struct):
    exp: float | None = None
    iat: float | None = None


def jwt_lifetime(token: str, now: float) -> float | None:
    """Seconds a JWT lives, from its own claims; None where it does not say.

    `exp - iat` is used where both are there: it does not depend on our clock agreeing with the vendor's.
    """
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
    except (IndexError, binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    if claims.exp is None:
        return None
    lifetime = claims.exp - (claims.iat if claims.iat is not None else now)
    return lifetime if lifetime > 0 else None
