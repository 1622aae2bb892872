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

from pipelines.transport.errors import CredentialsRefused, Unreachable, VendorError, VendorFault

_EARLIEST_RENEWAL = 300.0
_REFUSAL_HOLDS = 300.0
"""Seconds in which credentials that were refused are not tried again, by any thread: vendors lock accounts."""
_OUTAGE_HOLDS = 5.0
"""Seconds in which an outage that outlasted all our patience answers for every thread that waited behind it."""


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
        """Replaces what was just refused; False where there is nothing to renew, or a new one was refused too."""

    def accepted(self, header: str) -> None:
        """Notes that a vendor took this header."""


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

    def accepted(self, header: str) -> None:
        """Nothing to note."""


class TokenAuth:
    """A bearer token, fetched when first needed and shared by all threads.

    It is renewed five minutes before its end (a fifth of its life, if that is shorter), so that a long paging
    rarely meets a 401; where it does, `renew` fetches exactly one new token however many threads ask. A vendor that
    refuses the new one as well is not asked for a third: logging in again and again locks accounts.
    """

    def __init__(self, fetch: Callable[[], Token], *, monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._good_until = float("-inf")
        self._is_unproven = False
        self._refusal: CredentialsRefused | None = None
        self._refused_at = float("-inf")
        self._outage: VendorError | None = None
        self._outage_at = float("-inf")

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
                if self._is_unproven:
                    return False
                self._replace()
                self._is_unproven = True
            return True

    def accepted(self, header: str) -> None:
        """See `Auth.accepted`."""
        with self._lock:
            if self._token is not None and header == f"Bearer {self._token.value}":
                self._is_unproven = False

    def _replace(self) -> None:
        asked_at = self._monotonic()
        if self._refusal is not None and asked_at < self._refused_at + _REFUSAL_HOLDS:
            raise self._refusal
        if self._outage is not None and asked_at < self._outage_at + _OUTAGE_HOLDS:
            raise self._outage
        try:
            self._token = self._fetch()
        except CredentialsRefused as refusal:
            self._refusal, self._refused_at = refusal, asked_at
            raise
        except (Unreachable, VendorFault) as outage:
            self._outage, self._outage_at = outage, self._monotonic()
            raise
        self._refusal = self._outage = None
        self._is_unproven = False
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
