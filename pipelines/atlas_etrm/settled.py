"""Which invoices' payments need not be asked for again: those that are settled, until the day is over.

In: landing/ alone. Out: `Known`, `is_daily_due`, `remember`. An invoice is settled where its latest version says
`isPaid` and the payments landed cover its amount, so that a landing that died between the two asks again. What is
changed by hand after settlement the daily reading of every invoice shows.
What does not belong here: requests (`client.py`), what is read at all (`source.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from pipelines import in_memory, list_reads
from pipelines.atlas_etrm.tables import INVOICES, LIST_READS, PAYMENTS
from pipelines.landing import Landing
from pipelines.raw_table import RawTable

_PAYMENTS = """
    with invoices as ({invoices}),
    payments as ({payments}),
    paid as (select invoice_id, sum(amount) as amount from payments group by invoice_id),
    settled as (
        select invoices.id from invoices inner join paid on invoices.id = paid.invoice_id
        where invoices.is_paid and abs(paid.amount) >= abs(invoices.amount)
    )
    select payments.id, settled.id from payments left join settled on payments.invoice_id = settled.id
"""


@dataclass(frozen=True)
class Known:
    """What is landed of payments."""

    settled: frozenset[int]
    """Ids of invoices that are settled."""
    open_payments: frozenset[int]
    """Ids of the payments of all others, of invoices that are gone among them."""

    def lacks(self, shown: Iterable[int | None]) -> bool:
        """Whether payments of the others, as a reading of these has shown them, are not all that are known."""
        return not self.open_payments <= frozenset(shown)


def known(landing: Landing) -> Known:
    """Reads it from landing/."""
    files = {table.name: [str(file) for file in landing.files(table.system, table.name)] for table in _READ}
    if not all(files.values()):
        return Known(frozenset(), frozenset())
    query = _PAYMENTS.format(
        invoices=_latest("id, is_paid, amount", INVOICES), payments=_latest("id, invoice_id, amount", PAYMENTS)
    )
    with in_memory.cursor() as connection:
        rows = connection.execute(query, files).fetchall()
    return Known(
        frozenset(invoice for _, invoice in rows if invoice is not None),
        frozenset(payment for payment, invoice in rows if invoice is None),
    )


def is_daily_due(landing: Landing) -> bool:
    """Whether the payments of every invoice are to be read, settled or not."""
    told = list_reads.last(landing, LIST_READS, PAYMENTS.name)
    return not list_reads.is_recent(told["full_read_at"], landing.now())


def remember(landing: Landing, full_read_at: datetime) -> None:
    """Notes when the payments of every invoice were read; call it once they are landed."""
    row = {"list_name": PAYMENTS.name, "full_read_at": full_read_at.isoformat()}
    landing.land(LIST_READS, [msgspec.Raw(msgspec.json.encode(row))])


_READ = (INVOICES, PAYMENTS)


def _latest(columns: str, table: RawTable) -> str:
    return (
        f"select {columns} from (select {columns}, _is_deleted from "  # noqa: S608 - our own names
        f"read_parquet(${table.name}, union_by_name = true) "
        "qualify row_number() over (partition by id order by _landed_at desc, _landing_file desc) = 1) "
        "where not _is_deleted"
    )
