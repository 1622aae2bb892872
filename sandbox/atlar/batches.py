"""Batches of credit transfers: accepted at once, processed later, with a result per record (contract section 8.2).

In: checked requests, reads, the clock. Out: records of `credit_transfer_batches` and `credit_transfer_batch_results`;
the transfers themselves are made by `payments`. A result says that a payment was created, not that it was paid.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sandbox.atlar.errors import AtlarError, not_found
from sandbox.atlar.paging import Page
from sandbox.atlar.payments import CreditTransfers
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.settings import AtlarSettings
from sandbox.atlar.tables import Record
from sandbox.atlar.validation import Body

TABLE = "credit_transfer_batches"
RESULTS = "credit_transfer_batch_results"
MOST_PAYMENTS = 2000
TREATMENTS = ("INDIVIDUAL_PAYMENTS", "BATCH")


class Batches:
    """Batches of payments."""

    def __init__(self, records: Records, transfers: CreditTransfers, settings: AtlarSettings) -> None:
        self._records = records
        self._transfers = transfers
        self._settings = settings

    def page(self, query: Query) -> Page:
        """One page of batches, as far as they have come."""
        for batch in self._records.all(TABLE):
            self._progress(batch)
        return self._records.page(TABLE, query)

    def get(self, reference: str) -> Record:
        """One batch by id or `external:` key; each read counts towards its processing."""
        return self._progress(self._records.get(TABLE, reference), read=True)

    def create(self, given: Any, file: Record | None = None) -> Record:
        """Accepts a batch of 1 to 2000 payments.

        Args:
            given: `treatment`, `payments`, `externalId?`, `metadata?`, `skipValidationErrors?`. The payments are
                checked one by one while the batch is processed, not here.
            file: `{contentType, filename, size, checksum}` of an uploaded file.

        Returns:
            The batch in status CREATED.
        """
        body = Body(given)
        treatment = body.choice("treatment", TREATMENTS, required=True)
        payments = [element.value for element in body.elements("payments", 1, MOST_PAYMENTS, required=True)]
        external_id, metadata = body.external_id(), body.strings("metadata")
        skip = body.flag("skipValidationErrors") or False
        body.done()
        return self._records.create(
            TABLE,
            {
                "creatorUserId": self._records.user_id,
                "treatment": treatment,
                "status": "CREATED",
                "errors": [],
                "inputContent": {**(file or _content_of(payments)), "recordCount": len(payments)},
                "resultSummary": _summary(len(payments)),
                "approvalSteps": [],
                "externalId": external_id,
                "metadata": metadata or {},
                "_payments": payments,
                "_skip": skip,
                "_since": self._records.clock.now().isoformat(),
                "_reads": 0,
            },
        )

    def results(self, reference: str, query: Query) -> Page:
        """The result of each record, by `errors` and `skipped`; 404 until the batch is COMPLETED."""
        batch = self._progress(self._records.get(TABLE, reference), read=True)
        if batch["status"] != "COMPLETED":
            raise not_found("results for credit transfer batch", reference)
        with_errors, skipped = query.flag("errors"), query.flag("skipped")
        page = self._records.page(
            RESULTS,
            query,
            lambda result: (
                result["batchId"] == batch["id"]
                and with_errors in (None, bool(result.get("errors")))
                and skipped in (None, bool(result.get("skipped")))
            ),
        )
        shown = [{key: value for key, value in result.items() if key != "batchId"} for result in page.items]
        return Page(shown, page.next_token, page.token, page.limit)

    def approve(self, reference: str, given: Any, if_match: str | None) -> Record:
        """Approves every payment of a batch; 403 for a programmatic user."""
        batch = self._records.get(TABLE, reference)
        self._records.check_if_match(batch, if_match)
        if not self._settings.programmatic_approver:
            raise AtlarError(403, "The user has no role that an approval chain of these payments names")
        return self._move_all(batch, "APPROVED")

    def reject(self, reference: str, given: Any, if_match: str | None) -> Record:
        """Rejects every payment of a batch that still awaits approval."""
        batch = self._records.get(TABLE, reference)
        self._records.check_if_match(batch, if_match)
        return self._move_all(batch, "REJECTED")

    def move(self, reference: str, status: str) -> Record:
        """The treasurer's hand: approves or rejects all payments of a batch that await it."""
        return self._move_all(self._progress(self._records.get(TABLE, reference)), status)

    def _move_all(self, batch: Record, status: str) -> Record:
        waiting = [
            transfer
            for transfer in self._records.grouped("credit_transfers", "status").get(("CREATED",), [])
            if (transfer.get("batch") or {}).get("id") == batch["id"]
        ]
        for transfer in waiting:
            self._transfers.move(transfer["id"], status)
        return self._records.put(TABLE, batch)

    def _progress(self, batch: Record, *, read: bool = False) -> Record:
        if batch["status"] not in ("CREATED", "PROCESSING_STARTED") or "_payments" not in batch:
            return batch
        polls = self._settings.batch_polls
        if read and polls:
            batch = self._records.note(TABLE, {**batch, "_reads": batch["_reads"] + 1})
        age = self._records.clock.now() - datetime.fromisoformat(batch["_since"])
        whole = timedelta(seconds=self._settings.batch_seconds)
        if age >= whole or (polls and batch["_reads"] >= polls):
            with self._records.transaction():
                return self._process(batch)
        if batch["status"] == "CREATED" and (age * 2 >= whole or (polls and batch["_reads"] * 2 >= polls)):
            return self._records.put(TABLE, {**batch, "status": "PROCESSING_STARTED"})
        return batch

    def _process(self, batch: Record) -> Record:
        checked: list[tuple[Record, list[dict[str, str]]]] = []
        taken: set[str] = set()
        for payment in batch["_payments"]:
            body = Body(payment)
            fields = self._transfers.orders.checked(body)
            self._refuse_taken(body, fields["externalId"], taken)
            checked.append((fields, body.problems))
        # Assumed: only a BATCH stands or falls as one, and only when errors are not to be skipped.
        all_or_nothing = batch["treatment"] == "BATCH" and not batch["_skip"] and any(errors for _, errors in checked)
        counts = {"succeeded": 0, "failed": 0, "skipped": 0}
        for index, (fields, errors) in enumerate(checked):
            result: Record = {"batchId": batch["id"], "recordIndex": index}
            if errors:
                counts["failed"] += 1
                result["errors"] = errors
            elif all_or_nothing:
                counts["skipped"] += 1
                result["skipped"] = True
            else:
                counts["succeeded"] += 1
                result["paymentId"] = self._transfers.store(fields, batch)["id"]
            self._records.create(RESULTS, result)
        done = {**batch, "status": "COMPLETED", "resultSummary": {"total": len(checked), **counts}}
        return self._records.put(TABLE, done)

    def _refuse_taken(self, body: Body, external_id: str | None, taken: set[str]) -> None:
        if external_id is None:
            return
        if external_id in taken or self._records.find("credit_transfers", f"external:{external_id}") is not None:
            body.refuse("externalId", f"{external_id} is taken", "conflict")
        taken.add(external_id)


def _summary(total: int) -> Record:
    return {"total": total, "succeeded": 0, "failed": 0, "skipped": 0}


def _content_of(payments: list[Record]) -> Record:
    text = msgspec.json.encode(payments)
    return {
        "contentType": "application/json",
        "filename": "",
        "size": len(text),
        "checksum": hashlib.sha256(text).hexdigest(),
    }
