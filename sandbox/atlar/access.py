"""Who is calling: OAuth 2.0 client credentials, and HTTP Basic on every call (contract section 2).

In: the form of a token request, the `Authorization` header. Out: a signed token, or an `AtlarError`. A token is checked
by its signature and the sandbox clock; none is stored, and none is logged.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

from sandbox.atlar.errors import AtlarError, bad_request
from sandbox.atlar.settings import AtlarSettings
from sandbox.clock import SandboxClock

TOKEN_PATHS = ("/iam/v2/oauth2/token", "/iam/v2beta/oauth2/token")
METADATA_PATH = "/.well-known/oauth-authorization-server"


class Access:
    """The one programmatic access user of the organisation.

    Args:
        access_key: User name, or `client_id`.
        secret: Password, or `client_secret`.
        clock: Ends tokens.
        settings: Gives their lifetime.
    """

    def __init__(self, access_key: str, secret: str, clock: SandboxClock, settings: AtlarSettings) -> None:
        self._access_key = access_key
        self._secret = secret
        self._clock = clock
        self._settings = settings

    def token(self, form: dict[str, str], authorization: str | None) -> dict[str, Any]:
        """Answers a token request.

        Args:
            form: The decoded form body.
            authorization: The header, for `client_secret_basic`; otherwise key and secret stand in the form.

        Returns:
            `access_token`, `token_type` and `expires_in` (seconds).

        Raises:
            AtlarError: 400 for another grant, 401 for wrong credentials (assumption A1).
        """
        if form.get("grant_type") != "client_credentials":
            raise bad_request("grant_type", "must be client_credentials")
        if authorization is not None:
            credentials = _basic(authorization)
        else:
            credentials = (form.get("client_id", ""), form.get("client_secret", ""))
        if credentials is None or not self._is_known(*credentials):
            raise AtlarError(401, "Client authentication failed")
        return {
            "access_token": self._issue(),
            "token_type": "Bearer",
            "expires_in": self._settings.token_seconds,
        }

    def check(self, authorization: str | None) -> None:
        """Admits a call or raises a 401.

        Args:
            authorization: `Bearer <token>` or `Basic <key:secret>`.
        """
        if authorization is None:
            raise AtlarError(401, "No bearer token found in authorization header")
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "basic":
            credentials = _basic(authorization)
            if credentials is None or not self._is_known(*credentials):
                raise AtlarError(401, "Invalid access key or secret")
        elif scheme.lower() != "bearer" or not self._is_valid(value.strip()):
            raise AtlarError(401, "Invalid or expired bearer token")

    def metadata(self, issuer: str) -> dict[str, Any]:
        """Authorization-server metadata (RFC 8414)."""
        return {
            "issuer": issuer,
            "token_endpoint": issuer + TOKEN_PATHS[0],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def _is_known(self, access_key: str, secret: str) -> bool:
        # Both are compared in full, so the time taken tells nothing about either.
        right_key = hmac.compare_digest(access_key.encode(), self._access_key.encode())
        right_secret = hmac.compare_digest(secret.encode(), self._secret.encode())
        return right_key and right_secret

    def _issue(self) -> str:
        issued = int(self._clock.now().timestamp())
        claims = {"sub": self._access_key, "iat": issued, "exp": issued + self._settings.token_seconds}
        head = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        return f"{head}.{self._signature(head)}"

    def _is_valid(self, token: str) -> bool:
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(head).encode()):
            return False
        claims = msgspec.json.decode(_unpadded(head.partition(".")[2]))
        return self._clock.now().timestamp() < claims["exp"]

    def _signature(self, head: str) -> str:
        digest = hmac.new(self._secret.encode(), head.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _encode(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, separator, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if separator else None
