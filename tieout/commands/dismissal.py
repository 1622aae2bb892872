"""`tieout dismiss`: a person has mended what a vendor refused; the delivery may be planned again.

In: a delivery of the log. Out: its dismissal, with name and reason. What does not belong here: sending it again,
which the next plan does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from tieout import identity, lock
from tieout.commands.opened import operations_store
from tieout.commands.printing import print_json
from tieout.errors import SettingsError, TieoutError

if TYPE_CHECKING:
    from reverse_etl.operations import OperationsStore
    from tieout.settings import Settings

STANDING = ["rejected", "held"]
_SHOWN = ("delivery_id", "sync_name", "sync_key", "record_label", "status", "reason")


def dismiss(
    context: typer.Context,
    delivery: Annotated[
        str | None,
        typer.Argument(metavar="DELIVERY", help="A delivery's id, its beginning, or the record, such as order:210."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="What was mended; kept with it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Let a refused or held write be planned again; without an argument, list what could be dismissed."""
    settings: Settings = context.obj.plain_settings()
    if delivery is None:
        if reason is not None:
            raise SettingsError("dismiss: which delivery? `tieout dismiss` alone lists them")
        with operations_store(settings) as store:
            rows = _standing(store)
        _show(rows, as_json)
        return
    if reason is None or not reason.strip():
        raise SettingsError(f"{delivery}: --reason is missing; it is kept with the dismissal")
    with lock.held(settings.paths.lock), operations_store(settings) as store:
        row = _dismiss(settings, store, delivery, reason.strip())
    if as_json:
        print_json({name: row[name] for name in _SHOWN} | {"dismissal_reason": reason.strip()})
        return
    Console(emoji=False).print(
        f"dismissed: {row['record_label'] or row['sync_key']} ({row['sync_name']}); the next run plans it again",
        highlight=False,
        soft_wrap=True,
    )


def _dismiss(settings: Settings, store: OperationsStore, wanted: str, reason: str) -> dict[str, Any]:
    from reverse_etl import audit
    from reverse_etl.delivery_log import DeliveryLog

    rows = _standing(store)
    found = [row for row in rows if row["delivery_id"] == wanted] or [
        row for row in rows if row["sync_key"] == wanted or row["delivery_id"].startswith(wanted)
    ]
    if len(found) != 1:
        among = "".join(f"\n  {row['delivery_id']}  {row['sync_name']}  {row['sync_key']}" for row in found[:20])
        told = (
            f"several are refused or held; name one by its id:{among}"
            if found
            else ("no refused or held delivery; `tieout dismiss` lists them")
        )
        raise TieoutError(f"{wanted}: {told}")
    [row] = found
    at = datetime.now(UTC)
    try:
        DeliveryLog(store).dismiss(row["delivery_id"], by=identity.current(settings).name, reason=reason, at=at)
    except ValueError as problem:
        raise TieoutError(str(problem)) from None
    audit.note_head(store, settings.audit_heads, at=at)
    return row


def _standing(store: OperationsStore) -> list[dict[str, Any]]:
    """The latest delivery of each record, where it was refused or is held and nobody has dismissed it."""
    from reverse_etl.operations_tables import DELIVERIES

    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(store.rows(DELIVERIES), key=lambda row: (row["intended_at"], row["attempt"])):
        latest[row["sync_name"], row["sync_key"]] = row
    standing = [row for row in latest.values() if row["status"] in STANDING and row["payload_hash"] != ""]
    return sorted(standing, key=lambda row: (row["sync_name"], row["sync_key"]))


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"deliveries": [{name: row[name] for name in _SHOWN} for row in rows]})
        return
    console = Console(emoji=False)
    console.print(f"[bold]Refused or held ({len(rows):,})[/]")
    for row in rows:
        line = f"  {row['delivery_id']}  {row['status']}  {row['record_label'] or row['sync_key']}: {row['reason']}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
