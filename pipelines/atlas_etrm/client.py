"""Every call of ATLAS ETRM that Tieout makes (contracts/atlas-etrm.md, sections 2 to 4).

In: ids and records. Out: records as bytes for landing, dicts with exact numbers for look-ups, `Reply` for writes.
Every call is a POST, so each says here whether it reads or writes. An empty id list would mean *everything*
(contract, trap 1): the by-ids calls refuse it, and reading everything has methods of its own.
What does not belong here: which records to write (`reverse_etl`), tables (`tables.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pipelines.transport import errors, exact
from pipelines.transport.answer import LONGEST_KEPT, Answer, decode, surprise
from pipelines.transport.auth import Token, TokenAuth, jwt_lifetime
from pipelines.transport.pacing import PaceMemory, SlidingWindow, Unlimited
from pipelines.transport.reply import Reply
from pipelines.transport.session import Clockwork, Kind, Patience, Session

SYSTEM = "atlas_etrm"

IDS_PER_CALL = 200
"""Contract section 8, loader guidance."""

NUMBERS = frozenset(("totalAmount", "amount", "vat_amount", "volume", "mtm", "pnl", "price", "notional", "creditLimit"))
"""Members written as JSON numbers, digit by digit."""

_TOKEN_LIFETIME = 3600.0
_WINDOW = 61.0
"""Seconds: the vendor's window of 60, and one for requests that arrive later than they were sent."""
_TOKEN_MEMBERS = ("token", "accessToken", "access_token")


@dataclass(frozen=True)
class AtlasEtrmConfig:
    """Settings `SOURCES__ATLAS_ETRM__*` that concern the connection."""

    base_url: str
    username: str
    password: str = field(repr=False)
    requests_per_minute: int = 100
    """The service account's limit; 0 is none."""
    pace_file: Path | None = None
    """Remembers the last minute's requests: the limit counts them over processes, and a 429 costs a minute."""


class _Envelope(msgspec.Struct):
    success: bool
    data: msgspec.Raw = msgspec.Raw(b"null")
    recordCount: int | None = None  # noqa: N815  (the vendor's spelling)


class _Listed(msgspec.Struct):
    """An answer as nearly all are: its records are found in one pass over the bytes."""

    success: bool
    data: list[msgspec.Raw]
    recordCount: int | None = None  # noqa: N815


class AtlasEtrmClient:
    """ATLAS ETRM over HTTP. Thread-safe."""

    def __init__(self, config: AtlasEtrmConfig, clockwork: Clockwork | None = None) -> None:
        """Args: config from the settings; clockwork for tests."""
        # One request of the hundred is left for whoever looks at the system by hand.
        per_minute = config.requests_per_minute
        window = SlidingWindow(max(1, per_minute - 1), _WINDOW)
        # Contract section 1: at least 60 s after a 429.
        patience = Patience(least_wait_after_429=60.0)
        limit = window if per_minute else Unlimited()
        self.session = Session(SYSTEM, config.base_url, limit=limit, patience=patience, clockwork=clockwork)
        self._memory = PaceMemory(window, config.pace_file, self.session.clockwork) if config.pace_file else None
        self._config = config
        self.session.secrets = (config.password,)
        self.session.auth = TokenAuth(self._fetch_token, monotonic=self.session.clockwork.monotonic)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self.session.requests

    def close(self) -> None:
        """Closes the connections, and keeps in mind what the next process must know of the pace."""
        self.session.close()
        if self._memory is not None:
            self._memory.save()

    # Reads for landing: the whole table in one answer (contract section 3).

    def all_counterparties(self) -> list[msgspec.Raw]:
        """Every counterparty, custom field values included."""
        return self._read("/api/Counterparty/GetByIds", [])

    def custom_field_types(self) -> list[msgspec.Raw]:
        """Every custom field type."""
        return self._read("/api/CustomFields/GetTypes", [])

    def counterparty_custom_fields(self) -> list[msgspec.Raw]:
        """Definitions of the custom fields of counterparties."""
        return self._read("/api/CustomFields/Counterparties/GetByCounterpartyTypeIds", [])

    def master_agreement_custom_fields(self) -> list[msgspec.Raw]:
        """Definitions of the custom fields of master agreements (path assumed by the contract: may be a 404)."""
        return self._read("/api/CustomFields/MasterAgreements/GetByMasterAgreementTypeIds", [])

    def all_orders(self) -> list[msgspec.Raw]:
        """Every order."""
        return self._read("/api/Order/GetByIds", [])

    def all_order_items(self) -> list[msgspec.Raw]:
        """Every order item, those not yet grouped in an order included."""
        return self._read("/api/OrderItem/GetByIds", [])

    def all_invoices(self) -> list[msgspec.Raw]:
        """Every invoice."""
        return self._read("/api/Invoice/GetByIds", [])

    def all_deals(self) -> list[msgspec.Raw]:
        """Every deal (path assumed by the contract: may be a 404)."""
        return self._read("/api/Deal/GetByIds", [])

    def payments_of_invoices(self, invoice_ids: Sequence[int]) -> list[msgspec.Raw]:
        """Payments of any number of invoices, for landing; none asked for is none, without a request."""
        found: list[msgspec.Raw] = []
        for chunk in _chunks(sorted(set(invoice_ids))):
            found += self._read("/api/Payment/GetByInvoiceIds", chunk)
        return found

    # Look-ups: dicts with exact numbers.

    def orders_by_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Orders by id; unknown ids are silently absent. ValueError on an empty list."""
        return self._look_up("/api/Order/GetByIds", ids)

    def order_items_by_order_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Items of orders. ValueError on an empty list."""
        return self._look_up("/api/OrderItem/GetByOrderIds", ids)

    def counterparties_by_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Counterparties by id. ValueError on an empty list."""
        return self._look_up("/api/Counterparty/GetByIds", ids)

    def invoices_by_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Invoices by id. ValueError on an empty list."""
        return self._look_up("/api/Invoice/GetByIds", ids)

    def invoices_by_external_ids(self, external_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Invoices by our reference; several may share one (contract section 4.6). ValueError on an empty list."""
        return self._look_up("/api/Invoice/GetByExternalIds", external_ids)

    def invoices_by_order_id(self, order_id: int) -> list[dict[str, Any]]:
        """Invoices of one order."""
        return [exact.loads(record) for record in self._read("/api/Invoice/GetByOrderId", order_id)]

    def payments_by_invoice_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Payments of invoices. ValueError on an empty list."""
        return self._look_up("/api/Payment/GetByInvoiceIds", ids)

    def payments_by_order_ids(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Payments of orders. ValueError on an empty list."""
        return self._look_up("/api/Payment/GetByOrderIds", ids)

    # Writes: upserts by the ATLAS id, no idempotency key; look up before each create (contract, trap 3).

    def post_counterparties(self, records: Sequence[dict[str, Any]]) -> Reply:
        """Creates (without `id`) or updates counterparties, all or nothing."""
        return self._write("/api/Counterparty/Post", records)

    def post_orders(self, records: Sequence[dict[str, Any]]) -> Reply:
        """Updates orders; each needs `registrationDate`, `dueDate` and `totalAmount` (contract, trap 4)."""
        return self._write("/api/Order/Post", records)

    def post_invoices(self, records: Sequence[dict[str, Any]]) -> Reply:
        """Creates or updates invoices, all or nothing."""
        return self._write("/api/Invoice/Post", records)

    def post_payments(self, records: Sequence[dict[str, Any]]) -> Reply:
        """Creates or updates payments, all or nothing."""
        return self._write("/api/Payment/Post", records)

    def _look_up(self, path: str, ids: Sequence[int] | Sequence[str]) -> list[dict[str, Any]]:
        if not ids:
            raise ValueError(f"{path}: an empty id list means everything to ATLAS ETRM")
        found: list[dict[str, Any]] = []
        for chunk in _chunks(list(dict.fromkeys(ids))):
            found += [exact.loads(record) for record in self._read(path, chunk)]
        return found

    def _read(self, path: str, data: Any) -> list[msgspec.Raw]:
        return self._records("read", self._send("read", path, data))

    def _write(self, path: str, records: Sequence[dict[str, Any]]) -> Reply:
        if not records:
            raise ValueError(f"{path}: nothing to write")
        answer = self._send("write", path, list(records))
        return Reply(self._records("write", answer), answer.request_id, answer.status)

    def _send(self, kind: Kind, path: str, data: Any) -> Answer:
        return self.session.send(kind, "POST", path, body=exact.dumps({"data": data}, numbers=NUMBERS))

    def _records(self, kind: Kind, answer: Answer) -> list[msgspec.Raw]:
        is_write = kind == "write"
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            listed = msgspec.json.decode(answer.body, type=_Listed)
            if listed.success and listed.recordCount in (None, len(listed.data)):
                return listed.data
        envelope: _Envelope = decode(SYSTEM, answer, _Envelope, is_write=is_write)
        if not envelope.success:
            # A failure under HTTP 200 is a failure (contract section 1), and one without effect.
            message, details = errors.explain(bytes(answer.body[:LONGEST_KEPT]))
            refused = errors.Refused(
                SYSTEM,
                self.session.blotted(message) or "answered success: false",
                status=answer.status,
                request_id=answer.request_id,
                details=[(self.session.blotted(member), self.session.blotted(text)) for member, text in details],
            )
            refused.body = None if is_write else bytes(answer.body[:LONGEST_KEPT])
            raise refused
        first = bytes(memoryview(envelope.data)[:1])
        if first == b"{":
            records = [envelope.data]  # tolerated for a single-id read
        else:
            # Read where it lies in the answer: the records of a whole table are hundreds of megabytes.
            records = self._listed(envelope.data, answer, is_write=is_write) if first not in (b"n", b"") else []
        if first in (b"n", b"") and not is_write and envelope.recordCount != 0:
            # No list at all is not an empty one, which would say that everything is gone.
            raise surprise(SYSTEM, answer, "success without data", is_write=is_write)
        if envelope.recordCount is not None and envelope.recordCount != len(records):
            told = f"recordCount is {envelope.recordCount}, data has {len(records)} records"
            raise surprise(SYSTEM, answer, told, is_write=is_write)
        return records

    def _listed(self, data: msgspec.Raw, answer: Answer, *, is_write: bool) -> list[msgspec.Raw]:
        try:
            return msgspec.json.decode(data, type=list[msgspec.Raw])
        except msgspec.MsgspecError as error:
            told = f"not the answer the contract describes: {error}"
            raise surprise(SYSTEM, answer, told, is_write=is_write) from error

    def _fetch_token(self) -> Token:
        body = msgspec.json.encode({"username": self._config.username, "password": self._config.password})
        answer = self.session.send("read", "POST", "/api/token", body=body, authorization="")
        told = decode(SYSTEM, answer, dict[str, Any], is_write=False)
        data = told.get("data")
        if told.get("success") is False:
            raise errors.CredentialsRefused(SYSTEM, "the token call answered success: false", status=answer.status)
        inner = data if isinstance(data, dict) else {}
        candidates = [inner.get(name) for name in _TOKEN_MEMBERS] + [data] + [told.get(name) for name in _TOKEN_MEMBERS]
        value = next((entry for entry in candidates if isinstance(entry, str) and entry), None)
        if value is None:
            raise errors.UnexpectedAnswer(SYSTEM, "the token call answered without a token", status=answer.status)
        lifetime = jwt_lifetime(value, self.session.clockwork.time())
        return Token.told(value, lifetime or inner.get("expiresIn"), _TOKEN_LIFETIME)


def _chunks(ids: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(ids), IDS_PER_CALL):
        yield ids[start : start + IDS_PER_CALL]
