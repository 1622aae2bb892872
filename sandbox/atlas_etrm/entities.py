"""The tables of ATLAS ETRM and their members: types, and which a write must carry (contract section 4).

In: nothing. Out: `ENTITIES` and one constant per table. What does not belong here: reading values (`fields.py`) and
rules between records (`engine.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sandbox.atlas_etrm import statuses

Kind = Literal["int", "text", "bool", "decimal", "datetime", "status", "document_type", "readonly"]
Need = Literal["optional", "create", "always"]


@dataclass(frozen=True)
class Field:
    """One member: `need` says whether a create, or any post, must carry a value."""

    name: str
    kind: Kind
    need: Need = "optional"
    refers_to: str | None = None
    default: Any = None


@dataclass(frozen=True)
class Entity:
    """One table and its members, `id` apart."""

    table: str
    fields: tuple[Field, ...]

    @property
    def decimals(self) -> frozenset[str]:
        """Names of the members that are JSON numbers with exact digits."""
        return frozenset(field.name for field in self.fields if field.kind == "decimal")


def _fields(kind: Kind, *names: str, need: Need = "optional") -> tuple[Field, ...]:
    return tuple(Field(name, kind, need) for name in names)


_COUNTERPARTY = Field("counterpartyId", "int", "create", refers_to="counterparties")

COUNTERPARTIES = Entity(
    "counterparties",
    (
        *_fields("text", "externalId"),
        *_fields("text", "legalName", need="create"),
        *_fields("text", "commercialName", "vat", "glAccount", "iban", "swiftBic"),
        Field("isSelfBilling", "bool", default=False),
        Field("counterpartyTypeId", "int"),
        Field("isActive", "bool", default=True),
        *_fields("text", "address", "city", "postalCode", "country", "taxOffice", "creditRating"),
        Field("customFieldValues", "readonly", default=[]),
    ),
)
ORDERS = Entity(
    "orders",
    (
        *_fields("text", "name", "description"),
        _COUNTERPARTY,
        *_fields("text", "orderType"),
        Field("documentType", "document_type"),
        *_fields("text", "documentReference"),
        *_fields("datetime", "registrationDate", "dueDate", need="always"),
        *_fields("datetime", "periodFrom", "periodTo"),
        *_fields("decimal", "totalAmount", need="always"),
        Field("status", "status", default=statuses.DRAFT),
        *_fields("text", "erpCode", "contractCode"),
        Field("masterAgreementId", "int"),
    ),
)
ORDER_ITEMS = Entity(
    "order_items",
    (
        *_fields("int", "orderId", "dealId"),
        *_fields("text", "dealName"),
        *_fields("int", "counterpartyId", "status", "cashflow"),
        *_fields("decimal", "amount", "vat", "volume", "mtm", "pnl"),
        *_fields("datetime", "startCompensation", "endCompensation", "dueDate"),
        *_fields("text", "glAccount", "iban"),
    ),
)
INVOICES = Entity(
    "invoices",
    (
        Field("orderId", "int", refers_to="orders"),
        *_fields("text", "externalId", "invoiceNumber", need="create"),
        *_fields("decimal", "amount", need="create"),
        *_fields("datetime", "invoiceDate", "dueDate"),
        Field("isPaid", "bool", default=False),
    ),
)
PAYMENTS = Entity(
    "payments",
    (
        Field("invoiceId", "int", "create", refers_to="invoices"),
        Field("orderId", "int", refers_to="orders"),
        *_fields("text", "externalId"),
        *_fields("decimal", "amount", need="create"),
        *_fields("datetime", "paymentDate", need="create"),
    ),
)
DEALS = Entity(
    "deals",
    (
        *_fields("text", "name", "dealType", "direction", "commodity"),
        *_fields("int", "counterpartyId", "masterAgreementId"),
        *_fields("text", "status"),
        *_fields("datetime", "transactionTime", "deliveryStart", "deliveryEnd"),
        *_fields("decimal", "volume", "price", "notional"),
    ),
)
CUSTOM_FIELD_TYPES = Entity("custom_field_types", _fields("text", "name"))
_DEFINITION = (
    *_fields("text", "name", "type"),
    Field("isRequired", "bool", default=False),
    Field("options", "readonly"),
    Field("entityTypeIds", "readonly", default=[]),
    *_fields("text", "description", "defaultValue"),
    Field("isTimeSliced", "bool", default=False),
)
COUNTERPARTY_FIELDS = Entity("counterparty_custom_field_definitions", _DEFINITION)
MASTER_AGREEMENT_FIELDS = Entity("master_agreement_custom_field_definitions", _DEFINITION)

ENTITIES = {
    entity.table: entity
    for entity in (
        COUNTERPARTIES,
        CUSTOM_FIELD_TYPES,
        COUNTERPARTY_FIELDS,
        MASTER_AGREEMENT_FIELDS,
        ORDERS,
        ORDER_ITEMS,
        INVOICES,
        PAYMENTS,
        DEALS,
    )
}
