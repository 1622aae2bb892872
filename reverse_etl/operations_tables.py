"""The tables of the operations store: one chained trail of events, and what follows from it.

In: nothing. Out: SQLAlchemy `Table`s. What does not belong here: reading or writing them (`operations.py`).

`events` is the truth: append-only, each row sealed with the hash of the row before. The other tables hold the
latest state for quick reading, and can be replayed from the events at any time. Money and instants are text
(exact digits; ISO 8601 UTC), so that SQLite and PostgreSQL keep the very same value.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Engine, Index, Integer, MetaData, String, Table, Text, inspect
from sqlalchemy.schema import CreateColumn

METADATA = MetaData()

EVENTS = Table(
    "events",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("at", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("events_by_subject", "kind", "subject"),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("delivery_id", String, primary_key=True),
    Column("run_id", String),
    Column("plan_id", String),
    Column("sync_name", String, nullable=False),
    Column("sync_key", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("destination", String, nullable=False),
    Column("delivery_key", String, nullable=False),
    Column("payload_hash", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("record_label", String),
    Column("order_id", BigInteger),
    Column("target_id", String),
    Column("expected_version", String),
    Column("amount", String),
    Column("currency_code", String),
    Column("attempt", Integer, nullable=False),
    # Where the vendor's own clock stood before the intent: how far back a look-up must go.
    Column("vendor_clock", String),
    Column("status", String, nullable=False),
    Column("reason", Text),
    Column("destination_id", String),
    Column("destination_number", String),
    Column("request_id", String),
    Column("intended_at", String, nullable=False),
    Column("finished_at", String),
    # Once true, true for ever: a create that was delivered is not sent again, whatever came after.
    Column("was_delivered", Integer, nullable=False),
    # By whose word it was sent: an approval's id, or `auto_apply`.
    Column("approval_id", String),
    Column("beneficiary", String),
    Index("deliveries_by_key", "sync_name", "sync_key"),
    Index("deliveries_by_status", "status"),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("plan_id", String, primary_key=True),
    Column("run_id", String),
    Column("plan_hash", String(64), nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("item_count", Integer, nullable=False),
    # The very bytes that are hashed and approved.
    Column("items", Text, nullable=False),
    Column("origin", String),
    Column("made_by_kind", String),
    Column("follow_up_count", Integer),
    # What was due beside them and is not sent, with its reason: to show, not to approve.
    Column("set_aside", Text),
)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("approval_id", String, primary_key=True),
    Column("plan_id", String, nullable=False),
    Column("plan_hash", String(64), nullable=False),
    # A JSON list of sync names; null means the whole plan.
    Column("syncs", Text),
    Column("approved_by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("approved_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Column("withdrawn_by", String),
    Column("withdrawn_at", String),
    Index("approvals_by_plan", "plan_id"),
)

REFUSALS = Table(
    "refusals",
    METADATA,
    Column("plan_id", String, primary_key=True),
    Column("sync_name", String, primary_key=True),
    Column("sync_key", String, primary_key=True),
    # What moved between the plan and the moment of sending; null once it was sent after all.
    Column("reason", Text),
    Column("refused_at", String, nullable=False),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", String, primary_key=True),
    Column("started_at", String, nullable=False),
    Column("finished_at", String),
    Column("profile", String),
    Column("as_of_date", String),
    Column("run_by", String),
    Column("status", String, nullable=False),
    Column("exit_code", Integer),
    Column("rounds", Integer),
    Column("landed_rows", BigInteger),
    Column("requests", BigInteger),
    Column("planned", BigInteger),
    Column("sent", BigInteger),
    Column("rejected", BigInteger),
    Column("unknown", BigInteger),
    Column("held", BigInteger),
    Column("seconds", String),
    Column("message", Text),
)

ACCEPTANCES = Table(
    "acceptances",
    METADATA,
    Column("acceptance_id", String, primary_key=True),
    Column("control_name", String, nullable=False),
    Column("scope", String, nullable=False),
    # The very amount that was accepted: another one is red again.
    Column("difference", String, nullable=False),
    Column("currency_code", String, nullable=False),
    # Whose run measured the difference: never the one who accepted it.
    Column("run_id", String, nullable=False),
    Column("measured_by", String, nullable=False),
    Column("accepted_by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("accepted_at", String, nullable=False),
    Column("withdrawn_by", String),
    Column("withdrawal_reason", Text),
    Column("withdrawn_at", String),
)

HOLDS = Table(
    "holds",
    METADATA,
    Column("hold_id", String, primary_key=True),
    Column("record", String, nullable=False),
    Column("order_id", BigInteger),
    # The plan that undoes what was written for it, where that is why it is held.
    Column("plan_id", String),
    Column("reason", Text, nullable=False),
    Column("held_by", String, nullable=False),
    Column("held_at", String, nullable=False),
    Column("released_by", String),
    Column("release_reason", Text),
    Column("released_at", String),
    Index("holds_by_record", "record"),
)

CLOSED_PERIODS = Table(
    "closed_periods",
    METADATA,
    Column("note_id", String, primary_key=True),
    # `setting` (COMPANY__BOOKS_CLOSED_THROUGH) or `webhook` (the vendor's period.closed).
    Column("source", String, nullable=False),
    # The last closed day; null where the setting no longer closes anything.
    Column("period_end", String),
    Column("closed_at", String, nullable=False),
)

CLOSED_PERIOD_CHECKSUMS = Table(
    "closed_period_checksums",
    METADATA,
    Column("checksum_id", String, primary_key=True),
    Column("period_start", String, nullable=False),
    Column("period_end", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("entry_count", Integer, nullable=False),
    Column("checksum", String, nullable=False),
    # A JSON list of what each entry was: to say later which of them moved.
    Column("entries", Text, nullable=False),
)

PROJECTIONS: dict[str, Table] = {
    "delivery": DELIVERIES,
    "plan": PLANS,
    "approval": APPROVALS,
    "refusal": REFUSALS,
    "run": RUNS,
    "acceptance": ACCEPTANCES,
    "hold": HOLDS,
    "closed_period": CLOSED_PERIODS,
    "closed_period_checksum": CLOSED_PERIOD_CHECKSUMS,
}
"""Which table the events of a kind are folded into; the event's body is the row's columns that changed."""


def ensure_tables(engine: Engine) -> None:
    """Makes the tables that are missing, and adds the columns that a store made by an earlier release lacks."""
    METADATA.create_all(engine)
    present = inspect(engine)
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:
            there = {column["name"] for column in present.get_columns(table.name)}
            for column in table.columns:
                if column.name not in there:
                    declared = CreateColumn(column).compile(engine)
                    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {declared}")
