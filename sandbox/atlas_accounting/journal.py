"""Manual journal entries: what is booked without a document.

In: a body with lines of debit and credit. Out: drafts (no ledger effect), posted entries, reversals. An entry that
does not balance is a 422 (contract section 7, JournalEntry). What does not belong here: the entries that documents and
payments make; those live in the ledger and are not listed among these.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sandbox.atlas_accounting import money
from sandbox.atlas_accounting.accounts import Accounts, account_fault
from sandbox.atlas_accounting.errors import conflict, invalid
from sandbox.atlas_accounting.ledger import Ledger, Posting, Source
from sandbox.atlas_accounting.periods import Periods
from sandbox.atlas_accounting.registry import Record, Registry
from sandbox.atlas_accounting.validation import Fields, as_day

ENTRY_TYPES = frozenset({"manual", "adjustment"})
STATUSES = frozenset({"draft", "posted", "reversed"})
_SIDES = {"debit": 1, "credit": -1}


class Journal:
    """The manual entries of the company."""

    def __init__(self, registry: Registry, periods: Periods, accounts: Accounts, ledger: Ledger) -> None:
        self._registry = registry
        self._periods = periods
        self._accounts = accounts
        self._ledger = ledger

    def create(self, body: object) -> Record:
        """A draft. Its currency is that of its accounts, all of which share one.

        Raises:
            AtlasAccountingError: 422 per field, or when debits and credits differ; 409 for a date in a closed period.
        """
        fields = Fields(body)
        day = fields.day("entry_date", required=True)
        currency = fields.currency("currency", self._first_currency(fields))
        record: Record = {
            "entry_date": day,
            "description": fields.text("description", required=True, max_length=1000),
            "entry_type": fields.choice("entry_type", ENTRY_TYPES) or "manual",
            "source_type": fields.choice("source_type", {"manual"}) or "manual",
            "currency": currency,
        }
        lines = [self._read_line(line, currency) for line in fields.items("lines", minimum=2)]
        if not fields.errors:
            _require_balance(lines, currency, fields)
        fields.finish()
        self._periods.require_open(record["entry_date"])
        return self._add(record, lines, status="draft")

    def _first_currency(self, fields: Fields) -> str:
        lines = fields.raw("lines")
        first = lines[0] if isinstance(lines, list) and lines and isinstance(lines[0], dict) else {}
        account = self._registry.find("accounts", first.get("account_id"))
        return account["currency"] if account else self._periods.base_currency

    def _read_line(self, line: Fields, currency: str) -> Record:
        account_id = line.text("account_id", required=True)
        account = self._registry.find("accounts", account_id)
        if account_id is not None:
            fault = "account does not exist" if account is None else account_fault(account, currency)
            if fault:
                line.fault("account_id", fault)
        return {
            "account_id": account_id,
            "entry_type": line.choice("entry_type", _SIDES, required=True),
            "amount": money.text(line.amount("amount", currency), currency),
            "description": line.text("description", max_length=1000),
        }

    def _add(self, record: Record, lines: list[Record], *, status: str) -> Record:
        entry_id = self._registry.new_id("journal_entries")
        numbered = [
            {"id": self._registry.derived_id("line", entry_id, position), **line} for position, line in enumerate(lines)
        ]
        number = self._registry.next_number("journal_entries", "entry_number", "JE-")
        fields = {"entry_number": number, **record, "status": status, "lines": numbered, "_entry_id": None}
        return self._registry.add("journal_entries", fields, record_id=entry_id)

    def post(self, entry_id: str) -> Record:
        """Draft → posted: final, in the ledger from here.

        Raises:
            AtlasAccountingError: 404; 409 when it is no draft or its date is in a closed period; 422 when one of its
                accounts has been deactivated since.
        """
        entry = self._registry.get("journal_entries", entry_id)
        _require(entry, "draft", "posted")
        for position, line in enumerate(entry["lines"]):
            self._accounts.usable(line["account_id"], entry["currency"], f"lines.{position}.account_id")
        return self._post(entry, Source("journal_entry", entry_id))

    def _post(self, entry: Record, source: Source) -> Record:
        postings = [
            Posting(line["account_id"], _SIDES[line["entry_type"]] * Decimal(line["amount"])) for line in entry["lines"]
        ]
        ledger_id = self._ledger.post(entry["entry_date"], entry["currency"], source, postings)
        return self._registry.change("journal_entries", entry, status="posted", _entry_id=ledger_id)

    def reverse(self, entry_id: str, reversal_date: date | str | None) -> Record:
        """Posted → reversed, by a second entry with the sides exchanged, which is returned.

        Args:
            entry_id: The entry to take back.
            reversal_date: Date of the second entry; today when not given.

        Raises:
            AtlasAccountingError: 404; 409 when it is not posted or the date is in a closed period; 422 for no date.
        """
        entry = self._registry.get("journal_entries", entry_id)
        _require(entry, "posted", "reversed")
        day = as_day(reversal_date) if reversal_date is not None else self._registry.today()
        if day is None:
            raise invalid("reversal_date", "must be a date, YYYY-MM-DD")
        self._periods.require_open(day.isoformat())
        other = {"debit": "credit", "credit": "debit"}
        lines = [
            {key: value for key, value in line.items() if key != "id"} | {"entry_type": other[line["entry_type"]]}
            for line in entry["lines"]
        ]
        record = {
            "entry_date": day.isoformat(),
            "description": f"Reversal of {entry['entry_number']}: {entry['description']}",
            "entry_type": entry["entry_type"],
            "source_type": "reversal",
            "currency": entry["currency"],
        }
        reversal = self._add(record, lines, status="draft")
        self._registry.change("journal_entries", entry, status="reversed")
        return self._post(reversal, Source("reversal", reversal["id"]))

    def delete(self, entry_id: str) -> None:
        """Deletes a draft.

        Raises:
            AtlasAccountingError: 404; 409 when it is no draft.
        """
        entry = self._registry.get("journal_entries", entry_id)
        _require(entry, "draft", "deleted")
        self._registry.remove("journal_entries", entry)


def _require(entry: Record, status: str, verb: str) -> None:
    if entry["status"] != status:
        raise conflict(f"Journal entry {entry['entry_number']} is {entry['status']} and cannot be {verb}")


def _require_balance(lines: list[Record], currency: str, fields: Fields) -> None:
    sums = {
        side: sum((Decimal(line["amount"]) for line in lines if line["entry_type"] == side), money.ZERO)
        for side in _SIDES
    }
    if sums["debit"] != sums["credit"]:
        debit, credit = money.text(sums["debit"], currency), money.text(sums["credit"], currency)
        fields.fault("lines", f"debits must equal credits: {debit} against {credit}")
