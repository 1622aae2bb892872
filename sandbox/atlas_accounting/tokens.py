"""Access and refresh tokens: signed statements of who signed in, shaped like JWTs (contract section 2).

In: a user's id and the sandbox's time. Out: tokens, and the claims of one that is genuine and not expired. Nothing is
stored, so a token outlives a restart of the simulator. What does not belong here: users and routes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from sandbox.atlas_accounting.errors import AtlasAccountingError

ACCESS_SECONDS = 3600
"""Life of an access token (contract section 2)."""

REFRESH_SECONDS = 7 * 24 * 3600
"""Life of a refresh token, which is not rotated (contract section 2, assumed)."""

TokenKind = Literal["access", "refresh"]


class Tokens:
    """Issues and reads tokens.

    Args:
        secret: What they are signed with.
        now: The sandbox's clock.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._key = hashlib.sha256(secret.encode()).digest()
        self._now = now

    def issue(self, kind: TokenKind, user_id: str, organization_id: str) -> str:
        """A token of that kind for a user, bound to an organization."""
        issued = int(self._now().timestamp())
        lifetime = ACCESS_SECONDS if kind == "access" else REFRESH_SECONDS
        claims = {"sub": user_id, "org": organization_id, "typ": kind, "iat": issued, "exp": issued + lifetime}
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def read(self, token: str, kind: TokenKind) -> dict[str, Any]:
        """The claims of a token.

        Raises:
            AtlasAccountingError: 401 when it is forged, expired, or of the other kind.
        """
        signed, _, signature = token.rpartition(".")
        if not signed or not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            raise AtlasAccountingError(401, "Could not validate credentials")
        claims = _decoded(signed.rpartition(".")[2])
        if claims.get("typ") != kind:
            raise AtlasAccountingError(401, "Could not validate credentials")
        if claims["exp"] <= self._now().timestamp():
            raise AtlasAccountingError(401, "Token has expired")
        return claims

    def _signature(self, signed: str) -> str:
        return _base64(hmac.new(self._key, signed.encode(), hashlib.sha256).digest())


def _encoded(part: dict[str, Any]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, Any]:
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
