"""Bearer tokens: signed JSON Web Tokens that end by the sandbox clock.

In: an account name, a key and instants. Out: a token, or whether one still holds. What does not belong here:
who may have one. Tokens are signed, not stored, so they outlast a restart as the vendor's would.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec


def issue(account: str, key: str, *, now: datetime, seconds: int) -> str:
    """A token for an account that ends so many seconds from now."""
    started = int(now.timestamp())
    head = _encode({"alg": "HS256", "typ": "JWT"})
    claims = _encode({"sub": account, "iat": started, "exp": started + seconds})
    return f"{head}.{claims}.{_signature(f'{head}.{claims}', key)}"


def holds(token: str, account: str, key: str, *, now: datetime) -> bool:
    """Whether a token is ours, for this account, and has not ended."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, key).encode()):
        return False
    claims = msgspec.json.decode(_decode(signed.rpartition(".")[2]))
    return bool(claims["sub"] == account and now.timestamp() < claims["exp"])


def _encode(value: Any) -> str:
    return _text(msgspec.json.encode(value))


def _signature(signed: str, key: str) -> str:
    return _text(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
