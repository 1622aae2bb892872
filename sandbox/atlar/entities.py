"""Entities, accounts, balances and end-of-day summaries (contract sections 4 and 5).

In: checked requests and the day that ends. Out: records of `entities`, `accounts`, `balances`, `end_of_day_summaries`.
Bank transactions themselves are in `transactions`, statement files in `statements`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.atlar import amounts
from sandbox.atlar.errors import conflict
from sandbox.atlar.paging import Ordered, Page, page_of
from sandbox.atlar.patching import ADD_REPLACE, ADD_REPLACE_REMOVE
from sandbox.atlar.query import Query
from sandbox.atlar.records import Records
from sandbox.atlar.settings import AtlarSettings
from sandbox.atlar.tables import TABLES, Record
from sandbox.atlar.validation import Body

ALL_ACCOUNTS = "-"
_ENTITY_PATCH = {
    "/legalName": ADD_REPLACE,
    "/parentId": ADD_REPLACE,
    "/address": ADD_REPLACE_REMOVE,
    "/nationalIdentifier": ADD_REPLACE_REMOVE,
}
_ACCOUNT_PATCH = {
    "/alias": ADD_REPLACE_REMOVE,
    "/externalId": ADD_REPLACE_REMOVE,
    "/metadata": ADD_REPLACE_REMOVE,
    "/metadata/*": ADD_REPLACE_REMOVE,
}


class Entities:
    """The customer's own legal entities: a tree."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def page(self, query: Query) -> Page:
        """One page of entities."""
        return self._records.page("entities", query)

    def get(self, reference: str) -> Record:
        """One entity; 404 otherwise."""
        return self._records.get("entities", reference)

    def create(self, given: Any) -> Record:
        """A new entity; `legalName` is required, a `parentId` must exist."""
        return self._records.create("entities", self._checked(given))

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes name, parent, address or national identifier."""
        return self._records.patch(
            "entities",
            reference,
            operations,
            _ENTITY_PATCH,
            if_match,
            lambda old, new: {**new, **self._checked(new)},
        )

    def delete(self, reference: str) -> None:
        """Removes an entity without children and accounts; else 409."""
        entity = self.get(reference)
        if any(other.get("parentId") == entity["id"] for other in self._records.all("entities")):
            raise conflict("id", "the entity has children")
        if any(account.get("entityId") == entity["id"] for account in self._records.all("accounts")):
            raise conflict("id", "the entity has accounts")
        self._records.delete("entities", reference)

    def _checked(self, given: Any) -> Record:
        body = Body(given)
        parent = body.text("parentId", shortest=0) or ""
        if parent and self._records.by_id("entities", parent) is None:
            body.refuse("parentId", "names no entity")
        fields = {
            "legalName": body.text("legalName", required=True),
            "parentId": parent,
            "address": body.plain("address"),
            "nationalIdentifier": body.plain("nationalIdentifier"),
        }
        body.done()
        return fields


class Accounts:
    """Bank accounts, their balances, and the days that are complete."""

    def __init__(self, records: Records, settings: AtlarSettings) -> None:
        self._records = records
        self._settings = settings

    def page(self, query: Query) -> Page:
        """One page of accounts, by `status[]`."""
        statuses = query.many("status")
        return self._records.page("accounts", query, lambda record: not statuses or record.get("status") in statuses)

    def get(self, reference: str) -> Record:
        """One account; 404 otherwise."""
        return self._records.get("accounts", reference)

    def patch(self, reference: str, operations: Any, if_match: str | None) -> Record:
        """Changes alias, external id or metadata (assumption A14)."""

        def finish(old: Record, new: Record) -> Record:
            body = Body(new)
            body.text("alias", shortest=0)
            body.external_id()
            body.strings("metadata")
            body.done()
            return new

        return self._records.patch("accounts", reference, operations, _ACCOUNT_PATCH, if_match, finish)

    def balances(self, reference: str, query: Query) -> Page:
        """Balances of one account, or of all for `-`, newest first; by `type`, or the most recent of each type."""
        wanted_type = query.text("type")
        if reference == ALL_ACCOUNTS:
            found = self._records.all("balances")
        else:
            account = self.get(reference)
            found = self._records.grouped("balances", "accountId").get((account["id"],), [])
        if wanted_type is not None:
            found = [balance for balance in found if balance["type"] == wanted_type]
        if query.flag("mostRecent"):
            found = list(_most_recent(found))
        order = TABLES["balances"].order
        ordered = Ordered(found, [order(balance) for balance in found])
        return page_of(ordered, query, short=self._settings.short_pages)

    def summaries(self, reference: str, query: Query) -> Page:
        """The days of an account whose transactions are all listable (section 5.3), newest first."""
        account = self.get(reference)
        wanted = query.days("date")
        found = self._records.grouped("end_of_day_summaries", "accountId").get((account["id"],), [])
        order = TABLES["end_of_day_summaries"].order
        ordered = Ordered(found, [order(summary) for summary in found])
        return page_of(ordered, query, lambda summary: wanted(summary["date"]), short=self._settings.short_pages)

    def close_days(self, account: Record, days: Sequence[date], stamp: Callable[[date], str]) -> list[date]:
        """Ends days of one account: their summaries, and booked balances where the bank has not given them.

        Args:
            account: The account.
            days: Days in ascending order, local to the account.
            stamp: `created` of a day's summary.

        Returns:
            The days that were closed now; those closed earlier are left alone.
        """
        summaries = self._records.grouped("end_of_day_summaries", "accountId").get((account["id"],), [])
        closed = {summary["date"] for summary in summaries}
        due = [day for day in days if day.isoformat() not in closed]
        # All figures come first: an insert makes every derived grouping stale.
        ends = list(self._ends(account, due))
        for day, count, balance, is_given in ends:
            if not is_given:
                self._add_booked(account, day, balance)
            self._records.create(
                "end_of_day_summaries",
                {
                    "accountId": account["id"],
                    "date": day.isoformat(),
                    "transactionCount": count,
                    "created": stamp(day),
                },
            )
        return due

    def _ends(self, account: Record, days: Sequence[date]) -> Iterator[tuple[date, int, Decimal, bool]]:
        """Each day with its number of transactions, its closing balance, and whether the bank gave that."""
        by_day = self._records.grouped("transactions", "accountId", "date")
        running = Decimal(0)
        previous: date | None = None
        for day in days:
            if previous is None or day - previous > timedelta(days=1):
                running = self.booked_before(account, day)
            entries = by_day.get((account["id"], day.isoformat()), [])
            given = self.booked_on(account["id"], day)
            running = running + movement(entries) if given is None else given
            yield day, len(entries), running, given is not None
            previous = day

    def _add_booked(self, account: Record, day: date, balance: Decimal) -> None:
        self._records.create(
            "balances",
            {
                "accountId": account["id"],
                "type": "BOOKED",
                "reportedType": "CLOSE",
                "amount": amounts.of_decimal(account["currency"], balance),
                "localDate": day.isoformat(),
                "timestamp": f"{day.isoformat()}T21:59:59Z",
            },
        )

    def booked_on(self, account_id: str, day: date) -> Decimal | None:
        """The booked closing balance of a day, None where there is none."""
        found = self._records.grouped("balances", "accountId", "type", "localDate")
        balances = found.get((account_id, "BOOKED", day.isoformat()), [])
        return amounts.to_decimal(balances[-1]["amount"]) if balances else None

    def booked_before(self, account: Record, day: date) -> Decimal:
        """The booked balance when a day begins: the last one known, and what was booked on the days since."""
        since = date.min
        balance = Decimal(0)
        # Newest first, so the first one before the day is the last one known.
        for record in self._records.grouped("balances", "accountId", "type").get((account["id"], "BOOKED"), []):
            if record["localDate"] < day.isoformat():
                since, balance = date.fromisoformat(record["localDate"]), amounts.to_decimal(record["amount"])
                break
        first, last = (since + timedelta(days=1)).isoformat(), day.isoformat()
        if first == last:
            return balance
        by_account = self._records.grouped("transactions", "accountId").get((account["id"],), [])
        return balance + movement([record for record in by_account if first <= record["date"] < last])


def movement(transactions: list[Record]) -> Decimal:
    """The signed sum of transactions of one account."""
    return sum((amounts.to_decimal(record["amount"]) for record in transactions), Decimal(0))


def _most_recent(newest_first: list[Record]) -> Iterator[Record]:
    best: dict[tuple[str, str], Record] = {}
    for balance in newest_first:
        key = (balance["accountId"], balance["type"])
        present = best.get(key)
        moment = (balance["localDate"], balance["timestamp"])
        if present is None or moment > (present["localDate"], present["timestamp"]):
            best[key] = balance
    chosen = {balance["id"] for balance in best.values()}
    return (balance for balance in newest_first if balance["id"] in chosen)
