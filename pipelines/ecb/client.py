"""The one call to the European Central Bank: its published file of euro reference rates, plain or in a zip.

In: the file's address. Out: the text of the CSV. No credentials, no limits.
What does not belong here: reading the rates (`rates.py`), when to ask at all (`source.py`).
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from pipelines.transport.errors import SettingRefused, UnexpectedAnswer
from pipelines.transport.session import Clockwork, Patience, Session

SYSTEM = "ecb"

_MOST_BYTES = 64 * 1024 * 1024
"""The whole history since 1999 is below one megabyte; a zip must not unpack to more than this."""

_ACCEPTED = "text/csv, application/zip, application/octet-stream, text/plain"


@dataclass(frozen=True)
class EcbConfig:
    """Setting `SOURCES__ECB__URL`: the address of `eurofxref-hist.csv`, of its zip, or of a copy of either."""

    url: str


class EcbClient:
    """The European Central Bank over HTTP."""

    def __init__(self, config: EcbConfig, clockwork: Clockwork | None = None) -> None:
        """Args: config from the settings; clockwork for tests. Nothing is sent yet.

        Raises:
            SettingRefused: the address is none.
        """
        parts = urlsplit(config.url.strip())
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise SettingRefused(SYSTEM, "SOURCES__ECB__URL is not an http(s) address")
        self._path = parts.path
        self._query = dict(parse_qsl(parts.query))
        base = f"{parts.scheme}://{parts.netloc}"
        # The books are closed without these rates too (the seed has the last known): nobody waits long for them.
        self.session = Session(SYSTEM, base, patience=Patience(attempts=3, timeout=30.0), clockwork=clockwork)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self.session.requests

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    def reference_rates(self) -> str:
        """The file of reference rates as text.

        Raises:
            VendorError: no answer, or one that is neither text nor a zip with one CSV in it.
        """
        answer = self.session.send("read", "GET", self._path, params=self._query, headers={"Accept": _ACCEPTED})
        body = bytes(answer.body)
        content = _unzipped(body) if body.startswith(b"PK\x03\x04") else body
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UnexpectedAnswer(SYSTEM, "the reference rates are no text") from None


def _unzipped(body: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = [each for each in archive.infolist() if each.filename.lower().endswith(".csv")]
            if len(files) != 1:
                raise UnexpectedAnswer(SYSTEM, f"one CSV file expected in the zip, {len(files)} found")
            with archive.open(files[0]) as file:
                content = file.read(_MOST_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UnexpectedAnswer(SYSTEM, f"the zip of reference rates cannot be read: {type(error).__name__}") from None
    if len(content) > _MOST_BYTES:
        raise UnexpectedAnswer(SYSTEM, f"the reference rates unpack to more than {_MOST_BYTES} bytes")
    return content
