"""The settlement orders of a random company, from lines under review to corrected documents.

In: the company's random numbers and its simulated accounting. Out: `orders` and their lines in the vendor's own shape,
and documents in the accounting as a careful clerk, or Tieout, would issue, void and revise them. What does not belong
here: payments and documents without an order (`random_company.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from random_closings import ClosingPlan

from sandbox.atlas_accounting.engine import AtlasAccountingEngine
from sandbox.atlas_accounting.errors import AtlasAccountingError

Record = dict[str, Any]

READY = "Approved order by ETRM"
REJECTED = "Rejected by accounting"
SALES = ("4100", "4110", "4120", "4200")
PURCHASES = ("6410", "6420", "6430", "6450")
IN_EUROS_FROM = date(2026, 1, 15)
TERMS = (0, 1, 14, 30, 31, 60, 61, 90, 91, 120, 121)
"""Days until a document is due: with as-of dates at month ends, items fall on both sides of every bucket edge."""

_CENTS = Decimal("0.01")


class Orders:
    """Orders by id with their lines, and lines that are in no order yet."""

    def __init__(
        self,
        numbers: random.Random,
        books: AtlasAccountingEngine,
        accounts: dict[str, Record],
        closings: ClosingPlan,
        money: Callable[[], Decimal],
    ) -> None:
        self._random, self._books, self._accounts, self._money = numbers, books, accounts, money
        self._closings = closings
        self.counterparties: list[Record] = []
        self.parties: dict[str, list[str]] = {}
        """Customers (`invoice`) and vendors (`bill`), in the order of the counterparties they are."""
        self.orders: dict[int, Record] = {}
        self._items: dict[int, list[Record]] = {}
        self._review: dict[int, Record] = {}
        self._reviewed = 0
        self._documents: dict[int, tuple[str, str, int]] = {}
        """Kind, id and revision of an order's living document."""

    def all_items(self) -> list[Record]:
        """Every line that ATLAS ETRM shows."""
        return [item for items in self._items.values() for item in items] + list(self._review.values())

    def settle(self, begin: date, end: date) -> None:
        """What the desk and the clerk do at the end of a landing's span."""
        for order_id in list(self._documents):
            self._correct(order_id, end, 0.6)
        for order_id in list(self._documents):
            edit = self._random.choices(
                (self._reprice, self._reject, self._move, self._rename, None), (4, 1, 3, 1, 14)
            )[0]
            if edit is not None:
                edit(order_id)
                self._correct(order_id, end, 0.4)
        self._settle_reviewed()
        for _ in range(6):
            self._deliver(begin, end)
        for order_id in list(self.orders):
            if self._random.random() < 0.5:
                self._issue(order_id, end)

    # ------------------------------------------------------------------------------------------------- orders

    def make(self, order_id: int, registered: date) -> None:
        """An order of one counterparty, in any status, with one to eight lines of either direction."""
        counterparty = self._random.choice(self.counterparties)
        direction = self._random.choice((True, False, False, False, None))
        items = [
            self._item(order_id * 100 + number, order_id, counterparty, direction)
            for number in range(self._random.choice((1, 1, 2, 3, 7)))
        ]
        status = self._random.choices((READY, "2", "Draft order by ETRM", REJECTED), (12, 3, 1, 1))[0]
        wrong = _CENTS if self._random.random() < 0.05 else Decimal(0)
        self._add(order_id, items, registered, status, wrong)

    def buy_from_abroad(self, order_id: int, registered: date) -> None:
        """A purchase of whole cents without VAT on it, from a reseller or from another country, and its bill."""
        counterparty = self._random.choice(self.counterparties[1:])
        items = [
            self._item(order_id * 100 + number, order_id, counterparty, is_sale=False)
            | {"amount": str(self._money()), "vat": "0", "glAccount": self._random.choice(PURCHASES)}
            for number in range(self._random.randint(1, 2))
        ]
        self._add(order_id, items, registered, READY, Decimal(0))
        self._issue(order_id, registered)

    def _add(self, order_id: int, items: list[Record], registered: date, status: str, wrong: Decimal) -> None:
        self._items[order_id] = items
        self.orders[order_id] = {
            "id": order_id,
            "name": f"Order {order_id}",
            "counterpartyId": items[0]["counterpartyId"],
            "status": status,
            "documentType": 0,
            "registrationDate": f"{registered}T00:00:00",
            "dueDate": f"{registered + timedelta(days=self._random.choice(TERMS))}T00:00:00",
            "totalAmount": str(_total(items) + wrong),
        }

    def _item(self, item_id: int, order_id: int, counterparty: Record, is_sale: bool | None = None) -> Record:
        is_sale = self._random.random() < 0.5 if is_sale is None else is_sale
        # Two in three lines are of whole cents, so that documents can be issued for their orders.
        places = self._random.choice((2, 2, 2, 2, 3, 10))
        amount = self._money() + Decimal(self._random.randint(0, 9)).scaleb(-places)
        vat = amount * Decimal(self._random.choice(("0", "0", "0", "0.19", "0.24")))
        vat = vat.quantize(_CENTS) if places == 2 else vat
        account = self._random.choice(SALES if is_sale else PURCHASES)
        inherits = not is_sale and counterparty["glAccount"] and self._random.random() < 0.5
        return {
            "id": item_id,
            "orderId": order_id,
            "counterpartyId": counterparty["id"],
            "dealId": self._random.choice((None, 501, 502, 503)),
            "status": 2,
            "cashflow": 0 if is_sale else 1,
            "amount": str(amount),
            "vat": str(vat.quantize(Decimal("1e-10"))),
            "glAccount": " " if inherits else account,
            "startCompensation": None,
            "endCompensation": None,
        }

    # ------------------------------------------------------------------------------------------------- review

    def _deliver(self, begin: date, end: date) -> None:
        """A line under review: delivered, perhaps only in part yet, and in no order."""
        counterparty = self._random.choice(self.counterparties)
        self._reviewed += 1
        item = self._item(900_000 + self._reviewed, 0, counterparty)
        first = begin + timedelta(days=self._random.randint(-20, 40))
        last = first + timedelta(days=self._random.choice((-1, 0, 6, 30, 60)))
        sign = self._random.choice(("", "", "", "-")) if item["cashflow"] else ""
        self._review[item["id"]] = item | {
            "orderId": None,
            "status": self._random.choice((0, 1)),
            "amount": sign + item["amount"],
            "startCompensation": self._random.choice((None, str(first), str(first))),
            "endCompensation": self._random.choice((str(last), str(last), str(last), None)),
        }

    def _settle_reviewed(self) -> None:
        """A line under review is changed, put into an order of its own, or gone."""
        for item_id, item in list(self._review.items()):
            fate = self._random.choice(("stays", "stays", "changed", "settled", "gone"))
            if fate == "changed":
                self._review[item_id] = item | {"amount": str(self._money()), "status": 1}
            elif fate in ("settled", "gone"):
                del self._review[item_id]
            if fate == "settled" and item["endCompensation"]:
                order_id = 5000 + len(self.orders)
                settled = item | {"orderId": order_id, "status": 2, "amount": item["amount"].removeprefix("-")}
                self._add(order_id, [settled], date.fromisoformat(item["endCompensation"]), READY, Decimal(0))

    # ---------------------------------------------------------------------------------------------- documents

    def _issue(self, order_id: int, on: date) -> None:
        """Issues what a careful clerk would: only one-directional orders of whole cents that nothing holds."""
        order, items = self.orders[order_id], self._items[order_id]
        whole = all(Decimal(i[name]) % _CENTS == 0 for i in items for name in ("amount", "vat"))
        if (
            order.get("erpCode")
            or order["status"] not in (READY, "2")
            or len({i["cashflow"] for i in items}) > 1
            or not whole
            or Decimal(order["totalAmount"]) != _total(items)
            or any(self._account(i) is None for i in items)
        ):
            return
        self._document(order_id, 1, on)

    def _account(self, item: Record) -> str | None:
        return item["glAccount"].strip() or self.counterparties[item["counterpartyId"] - 1]["glAccount"]

    def _document(self, order_id: int, revision: int, on: date) -> None:
        """The order's lines, VAT on its account, our key in notes, on its day or the first open one."""
        order, items = self.orders[order_id], self._items[order_id]
        is_sale = items[0]["cashflow"] == 0
        kind, account_field = ("invoice", "revenue_account_id") if is_sale else ("bill", "expense_account_id")
        lines = [(self._account(i) or "", i["amount"]) for i in items]
        vat = sum((Decimal(i["vat"]) for i in items), Decimal(0))
        # Settled in kronor until the company went over to the euro.
        currency = "SEK" if on < IN_EUROS_FROM and not vat and self._random.random() < 0.5 else "EUR"
        if currency == "SEK":
            lines = [("4901" if is_sale else "6501", amount) for _, amount in lines]
        if vat:
            lines.append(("2200" if is_sale else "1200", str(vat)))
        issued = max(date.fromisoformat(order["registrationDate"][:10]), self._closings.first_open(on))
        body = {
            ("customer_id" if is_sale else "vendor_id"): self.parties[kind][order["counterpartyId"] - 1],
            f"{kind}_date": issued.isoformat(),
            "due_date": order["dueDate"][:10],
            "currency": currency,
            "discount_percent": "2",
            "discount_days": 60,
            "notes": f"atlas_etrm:order:{order_id}" + (f":r{revision}" if revision > 1 else ""),
            "lines": [
                {
                    "description": number,
                    "quantity": 1,
                    "unit_price": amount,
                    account_field: self._accounts[number]["id"],
                }
                for number, amount in lines
            ],
        }
        if is_sale:
            record = self._books.send_invoice(self._books.create_invoice(body)["id"])
        else:
            record = self._books.approve_bill(self._books.create_bill(body)["id"])
        order["erpCode"] = record[f"{kind}_number"]
        self._documents[order_id] = (kind, record["id"], revision)

    # -------------------------------------------------------------------------------------------- corrections

    def _reprice(self, order_id: int) -> None:
        """The desk changes the first line of an order that has its document."""
        items = self._items[order_id]
        items[0] = items[0] | {"amount": str(Decimal(items[0]["amount"]) + Decimal(self._random.randint(1, 99)))}
        self.orders[order_id] |= {"totalAmount": str(_total(items))}

    def _reject(self, order_id: int) -> None:
        self.orders[order_id]["status"] = REJECTED

    def _move(self, order_id: int) -> None:
        """The order turns out to be another counterparty's, lines and all; what they inherit comes from there."""
        others = [c for c in self.counterparties if c["id"] != self.orders[order_id]["counterpartyId"]]
        counterparty = self._random.choice(others)
        items = self._items[order_id]
        inherits = any(not item["glAccount"].strip() for item in items)
        if inherits and not counterparty["glAccount"] and self._random.random() < 0.7:
            return
        self.orders[order_id] |= {"counterpartyId": counterparty["id"]}
        self._items[order_id] = [item | {"counterpartyId": counterparty["id"]} for item in items]

    def _rename(self, order_id: int) -> None:
        """The desk names another account for the first line."""
        items = self._items[order_id]
        items[0] = items[0] | {"glAccount": self._random.choice(SALES if items[0]["cashflow"] == 0 else PURCHASES)}

    def _correct(self, order_id: int, on: date, chance: float) -> None:
        """Voids a document that no longer says what its order says, and issues its revision if the order stands.

        Careful as Tieout in most cases; a person also voids what only the vendor has open.
        """
        kind, document_id, revision = self._documents[order_id]
        document = self._books.get("invoices" if kind == "invoice" else "bills", document_id)
        order = self.orders[order_id]
        is_rejected = order["status"] == REJECTED
        party = document["customer_id" if kind == "invoice" else "vendor_id"]
        is_outdated = (
            Decimal(document["total_amount"]) != Decimal(order["totalAmount"])
            or document["currency"] != "EUR"
            or party != self.parties[kind][order["counterpartyId"] - 1]
        )
        if Decimal(document["amount_paid"]) or not (is_rejected or is_outdated) or self._random.random() > chance:
            return
        is_closed = date.fromisoformat(document[f"{kind}_date"]) < self._closings.first_open(on)
        if is_closed and self._random.random() < 0.5:
            return
        try:
            if kind == "invoice":
                self._books.void_invoice(document_id, "corrected")
            else:
                self._books.void_bill(document_id, "corrected")
        except AtlasAccountingError:
            return  # closed for the vendor
        del self._documents[order_id]
        if not is_rejected and all(self._account(i) is not None for i in self._items[order_id]):
            self._document(order_id, revision + 1, on)


def _total(items: list[Record]) -> Decimal:
    """What the lines come to, Active less Passive, as the order states it."""
    signed = ((Decimal(i["amount"]) + Decimal(i["vat"])) * (1 if i["cashflow"] == 0 else -1) for i in items)
    return abs(sum(signed, Decimal(0))).quantize(_CENTS, rounding="ROUND_HALF_UP")
