"""What a few orders are to become at the three vendors, and whether they became exactly that.

In: vendors that hold a company. Out: `prepare` adds orders that nobody has booked; `due` says what each destination
still lacks, as the sync models would; `ledger` holds the vendors' own records against the intent.
What does not belong here: sending, faults.

An order becomes one issued invoice with its key, that number as erpCode, one ATLAS ETRM invoice, one Atlar receivable
and one Atlar document; a receipt becomes one ATLAS ETRM payment and lowers what remains of the receivable.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from vendors import Vendors

from reverse_etl.due import SyncRow

FIRST = 90_001
GL_ENTITY = "fault-company"
_LEDGER = "00000000-0000-4000-8000-000000090000"
BY_HAND = "BY-HAND-"
Record = dict[str, Any]
Rows = dict[str, list[SyncRow]]


def key(order_id: int) -> str:
    return f"atlas_etrm:order:{order_id}"


def amount_of(order_id: int) -> Decimal:
    return Decimal(order_id - FIRST + 1) * 100 + Decimal("0.10")


def prepare(vendors: Vendors, count: int) -> None:
    """Adds orders, from number `FIRST` on, and the ledger at the bank that their documents belong to."""
    add_orders(vendors, FIRST, count)
    vendors.engines.atlar.load("gl_entities", [{"id": _LEDGER, "externalId": _LEDGER, "name": "Ledger"} | _ENTITY])
    vendors.engines.atlar.load(
        "gl_accounts",
        [
            {
                "id": _gl_account(number),
                "glEntityIds": [_LEDGER],
                "associatedConnections": [],
                "externalId": number,
                "number": number,
                "name": number,
                "type": kind,
                "currency": "EUR",
            }
            for number, kind in (("1100", "ACCOUNTS_RECEIVABLE"), ("4100", "UNSPECIFIED"))
        ],
    )


def add_orders(vendors: Vendors, first: int, count: int) -> None:
    """Adds approved orders that nobody has booked."""
    party = vendors.engines.atlas_etrm.counterparties_by_ids([])[0]["id"]
    vendors.engines.atlas_etrm.load(
        "orders",
        [
            {
                "id": order_id,
                "name": f"Order {order_id}",
                "counterpartyId": party,
                "status": "Approved order by ETRM",
                "documentType": 0,
                "registrationDate": "2026-03-31T00:00:00",
                "dueDate": "2026-04-30T00:00:00",
                "totalAmount": str(amount_of(order_id)),
            }
            for order_id in range(first, first + count)
        ],
    )


def _gl_account(number: str) -> str:
    return f"00000000-0000-4000-8000-00000009{number}"


_ENTITY: Record = {"currency": "EUR", "associatedConnections": []}


class View:
    """The vendors' records about our orders, as a complete landing would find them."""

    def __init__(self, vendors: Vendors) -> None:
        books, etrm, bank = (vendors.engines.atlas_accounting, vendors.engines.atlas_etrm, vendors.stores["atlar"])
        self.books = books
        self.orders = {o["id"]: o for o in etrm.orders_by_ids([]) if o["id"] >= FIRST}
        keys = {key(order_id) for order_id in self.orders}
        self.invoices = [i for i in books.list("invoices") if i["notes"] in keys]
        ids = {i["id"] for i in self.invoices}
        self.etrm_invoices = [i for i in etrm.invoices_by_ids([]) if (i.get("orderId") or 0) >= FIRST]
        self.etrm_payments = [
            p for p in vendors.stores["atlas_etrm"].all("payments") if (p.get("orderId") or 0) >= FIRST
        ]
        self.receipts = [
            (p["id"], a["invoice_id"], Decimal(a["amount_applied"]))
            for p in books.list("payments")
            for a in p["applications"]
            if a["invoice_id"] in ids
        ]
        self.entities = [e for e in bank.all("gl_entities") if e.get("externalId") == GL_ENTITY]
        self.documents = [
            d for d in bank.all("documents") if d["provenance"].get("vendorId", "").removeprefix("INVOICE/") in ids
        ]
        self.receivables = [
            r for r in bank.all("accounts_receivables") if str(r.get("externalId")).removeprefix("INVOICE-") in ids
        ]
        self.bank_entity = bank.all("entities")[0]["id"]

    def invoices_of(self, order_id: int) -> list[Record]:
        return [i for i in self.invoices if i["notes"] == key(order_id)]


def _money(amount: Decimal | str, currency: str = "EUR") -> Record:
    return {"currency": currency, "stringValue": str(amount)}


def _json(fields: Record) -> str:
    return json.dumps(fields)


def _row(sync_key: str, operation: str, order_id: int | None, payload: Record, **more: Any) -> SyncRow:
    given: Record = {
        "destination_id": None,
        "expected_version": None,
        "amount": None,
        "currency_code": "EUR",
        "current_values": None,
    }
    given |= more
    return SyncRow(sync_key, operation, sync_key, order_id, payload=_json(payload), **given)


def due(view: View) -> Rows:
    """What each destination lacks at this moment."""
    rows: Rows = {}

    def add(sync: str, *row: Any, **more: Any) -> None:
        rows.setdefault(sync, []).append(_row(*row, **more))

    if not view.entities:
        add(
            "sync_atlar__gl_entities", f"company:{GL_ENTITY}", "create", None,
            {"externalId": GL_ENTITY, "name": "Faults", "currency": "EUR", "associatedConnections": []},
        )  # fmt: skip
    for order_id, order in view.orders.items():
        invoices = view.invoices_of(order_id)
        if not invoices:
            if not order.get("erpCode"):
                add(
                    "sync_atlas_accounting__invoices", f"order:{order_id}", "create", order_id, _invoice(view, order_id)
                )
            continue
        invoice = invoices[0]
        if invoice["status"] == "draft":
            account = view.books.account_by_number("1100")["id"]
            add(
                "sync_atlas_accounting__invoice_sends", f"order:{order_id}:{invoice['id']}", "send", order_id,
                {"ar_account_id": account}, destination_id=invoice["id"], current_values=_json({"ar_account_id": None}),
            )  # fmt: skip
            continue
        number = invoice["invoice_number"]
        if not order.get("erpCode"):
            add(
                "sync_atlas_etrm__order_erp_codes", f"order:{order_id}", "update", order_id, {"erpCode": number},
                destination_id=str(order_id), current_values=_json({"erpCode": order.get("erpCode")}),
            )  # fmt: skip
        elif order["erpCode"] == number:
            _due_in_etrm(view, order_id, invoice, add)
        _due_at_the_bank(view, order_id, invoice, add)
    return rows


def _invoice(view: View, order_id: int) -> Record:
    customer = next(c for c in view.books.list("customers") if c["currency"] == "EUR")
    line = {
        "description": "Energy",
        "quantity": 1,
        "unit_price": str(amount_of(order_id)),
        "revenue_account_id": view.books.account_by_number("4100")["id"],
    }
    return {
        "customer_id": customer["id"],
        "invoice_date": "2026-03-31",
        "due_date": "2026-04-30",
        "currency": "EUR",
        "lines": [line],
        "notes": key(order_id),
    }


def _due_in_etrm(view: View, order_id: int, invoice: Record, add: Any) -> None:
    number = invoice["invoice_number"]
    there = [i for i in view.etrm_invoices if i["externalId"] == number]
    if not there:
        payload = {
            "orderId": order_id,
            "externalId": number,
            "invoiceNumber": number,
            "amount": invoice["total_amount"],
            "invoiceDate": "2026-03-31T00:00:00",
            "dueDate": "2026-04-30T00:00:00",
            "isPaid": False,
        }
        add("sync_atlas_etrm__invoices", f"document:{invoice['id']}", "create", order_id, payload)
        return
    paid = {p["externalId"] for p in view.etrm_payments}
    for payment_id, invoice_id, amount in view.receipts:
        if invoice_id == invoice["id"] and f"{payment_id}:{invoice_id}" not in paid:
            payload = {
                "invoiceId": there[0]["id"],
                "orderId": order_id,
                "externalId": f"{payment_id}:{invoice_id}",
                "amount": str(amount),
                "paymentDate": "2026-04-02T00:00:00",
            }
            add("sync_atlas_etrm__payments", f"payment:{payment_id}:{invoice_id}", "create", order_id, payload)


def _due_at_the_bank(view: View, order_id: int, invoice: Record, add: Any) -> None:
    name, external_id = f"INVOICE/{invoice['id']}", f"INVOICE-{invoice['id']}"
    remaining, status = _remaining(invoice)
    there = [r for r in view.receivables if r["externalId"] == external_id]
    sync = "sync_atlar__accounts_receivables"
    if not there and status != "PAID":
        payload = {
            "externalId": external_id,
            "entityId": view.bank_entity,
            "amount": _money(invoice["total_amount"]),
            "remainingAmount": _money(remaining),
            "dueDate": "2026-04-30",
            "issueDate": "2026-03-31",
            "description": "Customer invoice",
            "reference": invoice["invoice_number"],
            "counterparty": {"name": "A customer", "erpId": "C-1"},
            "status": status,
        }
        add(sync, external_id, "create", order_id, payload)
    elif there and (there[0]["remainingAmount"]["stringValue"], there[0]["status"]) != (remaining, status):
        old = {"remainingAmount": _money(there[0]["remainingAmount"]["stringValue"]), "status": there[0]["status"]}
        add(
            sync, external_id, "update", order_id, {"remainingAmount": _money(remaining), "status": status},
            destination_id=there[0]["id"], expected_version=there[0]["etag"], current_values=_json(old),
        )  # fmt: skip
    if not [d for d in view.documents if d["provenance"]["vendorId"] == name]:
        both = {"instructedAmount": _money(invoice["total_amount"]), "baseAmount": _money(invoice["total_amount"])}
        payload = {
            "glEntityId": _LEDGER,
            "type": "INVOICE",
            "amount": both,
            "remainingAmount": both,
            "date": "2026-04-30",
            "issueDate": "2026-03-31",
            "description": "Customer invoice",
            "reference": invoice["invoice_number"],
            "references": {"orderId": str(order_id)},
            "counterparty": {"name": "A customer", "type": "CUSTOMER", "erpId": "C-1"},
            "voided": False,
            "reconciliationStatus": "OPEN",
            "glEntries": [
                {
                    "glAccountId": _gl_account(number),
                    "vendorId": f"{invoice['id']}/{number}",
                    "type": side,
                    "amount": both,
                }
                for number, side in (("1100", "DEBIT"), ("4100", "CREDIT"))
            ],
            "appliedDocuments": [],
            "provenance": {"vendorId": name},
            "vendorCreated": "2026-03-31T08:00:00Z",
        }
        add("sync_atlar__documents", name, "create", order_id, payload)


def _remaining(invoice: Record) -> tuple[str, str]:
    remaining, total = Decimal(invoice["amount_due"]), Decimal(invoice["total_amount"])
    status = "PAID" if not remaining else "OPEN" if remaining == total else "PARTIALLY_PAID"
    return str(remaining), status


class _Ledger:
    """Findings, gathered record by record."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {"missing": [], "extra": [], "altered": []}

    def exactly(self, label: str, records: list[Any], count: int = 1) -> bool:
        """Notes too few or too many of something; says whether there is any."""
        if len(records) < count:
            self.found["missing"].append(label)
        elif len(records) > count:
            self.found["extra"].append(f"{label}: {len(records)} of {count}")
        return bool(records)

    def equal(self, label: str, shown: Any, wanted: Any) -> None:
        """Notes what is there but not as intended."""
        if shown != wanted:
            self.found["altered"].append(f"{label}: {shown}, not {wanted}")


def ledger(view: View) -> dict[str, list[str]]:
    """What the vendors hold beside what was intended: `missing`, `extra` and `altered`, each a line per record."""
    findings = _Ledger()
    findings.exactly("GL entity", view.entities)
    for order_id, order in view.orders.items():
        is_ours = not (order.get("erpCode") or "").startswith(BY_HAND)
        invoices = view.invoices_of(order_id)
        # What somebody else booked before us is left alone; what we had begun is finished in our own books.
        if (is_ours or invoices) and findings.exactly(f"invoice of {order_id}", invoices):
            _hold_against(view, order_id, invoices[0], findings)
            if is_ours:
                _hold_etrm_against(view, order, invoices[0], findings)
    return findings.found


def _hold_against(view: View, order_id: int, invoice: Record, findings: _Ledger) -> None:
    findings.equal(f"amount of {order_id}", Decimal(invoice["total_amount"]), amount_of(order_id))
    findings.equal(f"issue of {order_id}", invoice["status"] in ("draft", "voided"), False)
    items = [r for r in view.receivables if r["externalId"] == f"INVOICE-{invoice['id']}"]
    # What was paid before the bank was told of it is no receivable any more: only what is open becomes one.
    was_paid_before = not items and _remaining(invoice)[1] == "PAID"
    if findings.exactly(f"receivable of {order_id}", items, 0 if was_paid_before else 1):
        shown = (items[0]["remainingAmount"]["stringValue"], items[0]["status"])
        findings.equal(f"receivable of {order_id}", shown, _remaining(invoice))
    documents = [d for d in view.documents if d["provenance"]["vendorId"] == f"INVOICE/{invoice['id']}"]
    findings.exactly(f"document of {order_id}", documents)


def _hold_etrm_against(view: View, order: Record, invoice: Record, findings: _Ledger) -> None:
    order_id, number = order["id"], invoice["invoice_number"]
    findings.equal(f"erpCode of {order_id}", order.get("erpCode"), number)
    mirrors = [i for i in view.etrm_invoices if i["orderId"] == order_id]
    if findings.exactly(f"ATLAS ETRM invoice of {order_id}", mirrors):
        shown = (mirrors[0]["externalId"], Decimal(mirrors[0]["amount"]))
        findings.equal(f"ATLAS ETRM invoice of {order_id}", shown, (number, amount_of(order_id)))
    receipts = sorted((f"{payment}:{paid}", part) for payment, paid, part in view.receipts if paid == invoice["id"])
    payments = [p for p in view.etrm_payments if p["orderId"] == order_id]
    findings.exactly(f"payments of {order_id}", payments, len(receipts))
    findings.equal(
        f"payments of {order_id}", sorted((p["externalId"], Decimal(p["amount"])) for p in payments), receipts
    )
