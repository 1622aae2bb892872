"""Answers bent on their way: records added, changed or spoilt inside what a vendor really said.

In: a target (a table of a vendor, and the call it comes from) and an edit. Out: a hook for `Wire.after`.
Records are kept as bytes, so that what is not edited keeps its digits.
What does not belong here: what should become of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx
import msgspec
from vendors import After, Sent

Records = list[msgspec.Raw]


@dataclass(frozen=True)
class Target:
    """A table and the call that brings it."""

    system: str
    table: str
    path: str
    member: str
    """The answer's member that holds the records."""
    count: str | None = None
    """The answer's member that says how many there are."""
    text: str = "name"
    """A member of free text."""
    amount: str | None = None

    @property
    def name(self) -> str:
        return f"{self.system}.{self.table}"

    def concerns(self, sent: Sent) -> bool:
        return sent.path.endswith(self.path)


ORDERS = Target("atlas_etrm", "orders", "/api/Order/GetByIds", "data", "recordCount", "name", "totalAmount")
INVOICES = Target("atlas_accounting", "invoices", "/api/v1/invoices", "items", "total", "notes", "total_amount")
COUNTERPARTIES = Target("atlar", "counterparties", "/payments/v2/counterparties", "items", text="legalName")
TARGETS = (ORDERS, INVOICES, COUNTERPARTIES)


def bent(target: Target, edit: Callable[[Records], Records]) -> After:
    """Edits the records of a target's answers, and the count with them."""

    def after(sent: Sent, answer: httpx.Response) -> httpx.Response | None:
        if not target.concerns(sent) or answer.status_code != 200:
            return None
        members = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
        before = msgspec.json.decode(members[target.member], type=list[msgspec.Raw])
        records = edit(before)
        members[target.member] = msgspec.Raw(b"[" + b",".join(bytes(record) for record in records) + b"]")
        if target.count:
            told = msgspec.json.decode(members[target.count], type=int) + len(records) - len(before)
            members[target.count] = msgspec.Raw(str(told).encode())
        return answered(object_of(members))

    return after


def answered(content: bytes, status: int = 200, **headers: str) -> httpx.Response:
    """An answer with a body of one's own."""
    return httpx.Response(status, content=content, headers={"content-type": "application/json", **headers})


def changed(record: msgspec.Raw, **members: str | None) -> msgspec.Raw:
    """A record with members replaced by JSON texts, or left out where None."""
    given = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
    given.update({name: msgspec.Raw(text.encode()) for name, text in members.items() if text is not None})
    return msgspec.Raw(object_of({name: value for name, value in given.items() if members.get(name, "") is not None}))


def object_of(members: dict[str, msgspec.Raw]) -> bytes:
    """A JSON object of members as bytes; unlike an encoder, it writes what is no JSON too."""
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + bytes(value) for name, value in members.items()) + b"}"
