"""Finds out who gives a command: the operating system's user, or the bearer of a signed token.

In: settings. Out: `Identity`. What does not belong here: who may do what (approvals and acceptances decide it).

`OPERATIONS__IDENTITY=os` (default) believes the operating system, by user id, not by an environment variable that
anybody can set. On a machine that several people share under one user that is not enough:
`OPERATIONS__IDENTITY=token` demands a token in `OPERATIONS__TOKEN`, signed with an Ed25519 key. The machine holds the
public half alone (`OPERATIONS__TOKEN_PUBLIC_KEY`), so that nobody who works on it can sign a token for somebody else;
the private half stays with whoever hands tokens out (`tieout identity key`, `tieout identity token`).
"""

from __future__ import annotations

import getpass
import os
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from reverse_etl.identity import Identity, Kind
from tieout.errors import SettingsError
from tieout.settings import Settings

AUDIENCE = "tieout"
ALGORITHM = "EdDSA"
PRIVATE_KEY, PUBLIC_KEY = "tieout_identity_key.pem", "tieout_identity_key.pub.pem"

PERSON: Kind = "person"
SERVICE: Kind = "service"

_NO_LOGIN = ("nologin", "false")
"""Shells of accounts that no person works under."""


def current(settings: Settings) -> Identity:
    """Returns who gives this command.

    Raises:
        SettingsError: a token is demanded and there is none, or it is not valid.
    """
    mode = settings.choice("operations.identity", ("os", "token"), "os")
    identity = _of_token(settings) if mode == "token" else _of_system()
    if identity.name in settings.strings("operations.service_users"):
        return Identity(identity.name, "service")
    return identity


def make_keys(folder: Path) -> tuple[Path, Path]:
    """Makes a pair of keys for signing tokens, and returns the private and the public file.

    Raises:
        SettingsError: there are keys already; tokens signed with them would stop being valid.
    """
    private, public = folder / PRIVATE_KEY, folder / PUBLIC_KEY
    if private.exists() or public.exists():
        raise SettingsError(f"{folder} holds keys already; move them away first, if no token is to be valid any more")
    folder.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def make_token(key_file: Path, name: str, kind: Kind, *, now: datetime, valid_for: timedelta) -> str:
    """Returns a token that says who its bearer is, until it expires.

    Raises:
        SettingsError: the key file is not there, or is no private Ed25519 key.
    """
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as problem:
        raise SettingsError(f"{key_file} is no private key: {problem}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{key_file} is no Ed25519 key")
    claims = {"sub": name, "kind": kind, "aud": AUDIENCE, "iat": now, "exp": now + valid_for}
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def _of_system() -> Identity:
    """Asks the operating system, not `USER` or `LOGNAME`, which anybody can set to a colleague's name."""
    try:
        import pwd
    except ImportError:  # pragma: no cover - Windows has no user database of this kind
        return Identity(getpass.getuser())
    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:
        return Identity(f"uid-{os.getuid()}")
    is_service = Path(entry.pw_shell).name in _NO_LOGIN
    return Identity(entry.pw_name, "service" if is_service else "person")


def _of_token(settings: Settings) -> Identity:
    token, given = settings.required("operations.token"), settings.required("operations.token_public_key")
    try:
        pem = given.encode() if "BEGIN PUBLIC KEY" in given else Path(given).expanduser().read_bytes()
        key = load_pem_public_key(pem)
        claims = jwt.decode(
            token,
            key,  # type: ignore[arg-type]  # another kind of key is refused by the algorithm
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["sub", "exp", "kind"]},
        )
    except (OSError, ValueError) as problem:
        raise SettingsError(f"OPERATIONS__TOKEN_PUBLIC_KEY cannot be used: {problem}") from None
    except (jwt.PyJWTError, TypeError) as problem:
        raise SettingsError(f"OPERATIONS__TOKEN is refused: {problem}; `tieout identity token` signs one") from None
    if claims["kind"] not in ("person", "service") or not str(claims["sub"]).strip():
        raise SettingsError("OPERATIONS__TOKEN is refused: it names neither a person nor a service")
    return Identity(str(claims["sub"]), claims["kind"])
