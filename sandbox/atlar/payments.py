"""Credit transfers: what may be ordered, and the statuses they pass through at the bank (contract section 8.1).

In: checked requests, reads, the clock. Out: records of `credit_transfers`, and a bank transaction when one is executed
or returned. Batches of them are in `batches`. A programmatic user orders; a person approves (`move`, by control).
"""

from datetime import datetime, timedelta
from typing import Any

from sandbox.atlar.errors import AtlarError, conflict
from sandbox.atlar.paging import Page
from sandbox.atlar.patching import REPLACE
from sandbox.atlar.payment_orders import PaymentOrders
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.settings import AtlarSettings
from sandbox.atlar.tables import Record
from sandbox.atlar.transactions import Transactions, event_list
from sandbox.atlar.validation import Body

TABLE = "credit_transfers"
# Assumption A20: the contract's reading of which status may follow which.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "CREATED": ("APPROVED", "REJECTED"),
    "APPROVED": ("PENDING_SUBMISSION",),
    "REJECTED": (),
    "PENDING_SUBMISSION": ("SENT", "FAILED"),
    "SENT": ("PENDING_AT_BANK", "ACCEPTED", "EXECUTED", "FAILED"),
    "PENDING_AT_BANK": ("ACCEPTED", "EXECUTED", "FAILED"),
    "ACCEPTED": ("EXECUTED", "FAILED"),
    "EXECUTED": ("RETURNED",),
    "FAILED": (),
    "RETURNED": (),
}
_BY_ITSELF = {
    "APPROVED": "PENDING_SUBMISSION",
    "PENDING_SUBMISSION": "SENT",
    "SENT": "ACCEPTED",
    "ACCEPTED": "EXECUTED",
}
_EDITABLE = ("CREATED", "APPROVED")


class CreditTransfers:
    """Single payments."""

    def __init__(self, records: Records, transactions: Transactions, settings: AtlarSettings) -> None:
        self._records = records
        self._transactions = transactions
        self._settings = settings
        self.orders = PaymentOrders(records)

    def page(self, query: Query) -> Page:
        """One page by `accountId` (source), `status`, `date` and `batchId`, newest date first."""
        self._progress_all()
        account, batch = query.text("accountId"), query.text("batchId")
        statuses, in_range = query.many("status"), query.days("date")
        return self._records.page(
            TABLE,
            query,
            lambda record: (
                account in (None, record["source"].get("id"))
                and batch in (None, (record.get("batch") or {}).get("id"))
                and (not statuses or record["status"] in statuses)
                and in_range(record["date"])
            ),
        )

    def get(self, reference: str) -> Record:
        """One transfer by id or `external:` key, as far as it has come."""
        return self._progress(self._records.get(TABLE, reference), read=True)

    def events(self, reference: str) -> dict[str, Any]:
        """The history of one transfer."""
        self._progress(self._records.get(TABLE, reference))
        return event_list(self._records, TABLE, reference)

    def create(self, given: Any) -> Record:
        """Orders a transfer; it awaits a person's approval."""
        body = Body(given)
        fields = self.orders.checked(body)
        body.done()
        return self.store(fields)

    def store(self, fields: Record, batch: Record | None = None) -> Record:
        """Stores checked fields as a new transfer, of a batch or alone."""
        step = {
            "id": self._records.new_id("approval_steps"),
            "approvalChainId": "approval-chain-treasury",
            "status": "PENDING",
            "requiredRoleIds": ["role-treasurer"],
            "autoApproved": False,
            "updated": self._records.now(),
        }
        return self._records.create(
            TABLE,
            {
                **fields,
                "creatorUserId": self._records.user_id,
                "status": "CREATED",
                "approvalSteps": [step],
                "attachedTransactions": [],
                "batch": None if batch is None else {"id": batch["id"], "treatment": batch["treatment"]},
                "_since": self._records.clock.now().isoformat(),
                "_reads": 0,
            },
        )

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Moves the date before submission is scheduled, or sets a status that may follow, e.g. RETURNED."""
        self._progress(self._records.get(TABLE, reference))

        def finish(old: Record, new: Record) -> Record:
            body = Body(new)
            body.day("date", required=True)
            if new["date"] != old["date"] and old["status"] not in _EDITABLE:
                body.refuse("date", f"cannot be changed in status {old['status']}")
            allowed = [
                status for status in TRANSITIONS.get(old["status"], ()) if status not in ("APPROVED", "REJECTED")
            ]
            if new["status"] != old["status"] and new["status"] not in allowed:
                body.refuse("status", f"{old['status']} cannot become {new['status']}")
            body.done()
            return self._entered(new) if new["status"] != old["status"] else new

        return self._records.patch(
            TABLE, reference, operations, {"/date": REPLACE, "/status": REPLACE}, if_match, finish
        )

    def approve(self, reference: str, given: Any, if_match: str | None) -> Record:
        """Approves a step; a programmatic user may not unless a chain names its role: 403."""
        transfer = self._records.get(TABLE, reference)
        self._records.check_if_match(transfer, if_match)
        if not self._settings.programmatic_approver:
            raise AtlarError(403, "The user has no role that an approval chain of this payment names")
        step_id = Body(given).value.get("approvalStepId")
        if step_id not in [step["id"] for step in transfer.get("approvalSteps", [])]:
            raise AtlarError(400, "approvalStepId names no step of this payment")
        return self.move(reference, "APPROVED")

    def reject(self, reference: str, given: Any, if_match: str | None) -> Record:
        """Rejects a payment that awaits approval; needs no approver role."""
        transfer = self._records.get(TABLE, reference)
        self._records.check_if_match(transfer, if_match)
        body = Body(given or {})
        body.text("reason", shortest=0)
        body.done()
        return self.move(reference, "REJECTED")

    def move(self, reference: str, status: str) -> Record:
        """Brings a transfer to a status that may follow its present one: the treasurer's or the bank's hand.

        Raises:
            AtlarError: 409 when that status cannot follow.
        """
        transfer = self._progress(self._records.get(TABLE, reference))
        if status not in TRANSITIONS.get(transfer["status"], tuple(TRANSITIONS)):
            raise conflict("status", f"{transfer['status']} cannot become {status}")
        return self._records.put(TABLE, self._entered({**transfer, "status": status}), originator="BANK")

    def _progress_all(self) -> None:
        open_ones = [
            transfer for status in _BY_ITSELF for transfer in self._records.grouped(TABLE, "status").get((status,), [])
        ]
        for transfer in open_ones:
            self._progress(transfer, read=True)

    def _progress(self, transfer: Record, *, read: bool = False) -> Record:
        if read and self._settings.payment_polls and transfer["status"] in _BY_ITSELF:
            transfer = self._records.note(TABLE, {**transfer, "_reads": transfer.get("_reads", 0) + 1})
        while True:
            moment = self._next_moment(transfer)
            if moment is None:
                return transfer
            with self._records.transaction():
                following = self._entered({**transfer, "status": _BY_ITSELF[transfer["status"]]})
                following["_since"] = moment.isoformat()
                transfer = self._records.put(TABLE, following, originator="BANK")

    def _next_moment(self, transfer: Record) -> datetime | None:
        status, now = transfer["status"], self._records.clock.now()
        # A payment of the invented company's past stays as it was loaded; only one ordered here goes on by itself.
        if status not in _BY_ITSELF or "_since" not in transfer:
            return None
        if status == "ACCEPTED" and self._records.clock.today().isoformat() < transfer["date"]:
            return None
        due = datetime.fromisoformat(transfer["_since"]) + timedelta(seconds=self._settings.payment_seconds)
        if due <= now:
            return due
        polls = self._settings.payment_polls
        return now if polls and transfer.get("_reads", 0) >= polls else None

    def _entered(self, transfer: Record) -> Record:
        """The transfer with everything that entering its status brings about."""
        status = transfer["status"]
        entered = {**transfer, "_since": self._records.clock.now().isoformat(), "_reads": 0}
        if status in ("APPROVED", "REJECTED"):
            entered["approvalSteps"] = [
                {**step, "status": status, "updated": self._records.now()} for step in transfer.get("approvalSteps", [])
            ]
        if status in ("EXECUTED", "RETURNED"):
            booked = self._transactions.of_payment(transfer, returned=status == "RETURNED")
            attached = {"type": "TRANSACTION", "id": booked["id"]}
            entered["attachedTransactions"] = [*transfer.get("attachedTransactions", []), attached]
        return entered
