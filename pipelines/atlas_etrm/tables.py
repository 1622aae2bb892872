"""The raw tables of ATLAS ETRM (contracts/atlas-etrm.md, section 4): names, keys and declared columns.

Zone-less datetimes are plant-local business dates (contract, section 1), so they land as dates.
Order status may be a name or a number (section 5): it lands as text.
"""

from pipelines.raw_table import RawTable, columns

SYSTEM = "atlas_etrm"

COUNTERPARTIES = RawTable(
    SYSTEM,
    "counterparties",
    ("id",),
    columns(
        id="bigint",
        externalId="text",
        legalName="text",
        commercialName="text",
        vat="text",
        glAccount="text",
        iban="text",
        swiftBic="text",
        isSelfBilling="boolean",
        counterpartyTypeId="bigint",
        isActive="boolean",
        address="text",
        city="text",
        postalCode="text",
        country="text",
        taxOffice="text",
        creditRating="text",
        customFieldValues="custom_fields",
    ),
)

CUSTOM_FIELD_TYPES = RawTable(SYSTEM, "custom_field_types", ("id",), columns(id="bigint", name="text"))

CUSTOM_FIELD_DEFINITIONS = RawTable(
    SYSTEM,
    "custom_field_definitions",
    ("entity_kind", "id"),
    columns(
        entityKind="text",  # counterparty | master_agreement: which call the row came from, set by the source
        id="bigint",
        name="text",
        type="text",
        isRequired="boolean",
        isTimeSliced="boolean",
        options="json",
        entityTypeIds="json",
        description="text",
        defaultValue="text",
    ),
)

ORDERS = RawTable(
    SYSTEM,
    "orders",
    ("id",),
    columns(
        id="bigint",
        name="text",
        description="text",
        counterpartyId="bigint",
        orderType="text",
        documentType="bigint",
        documentReference="text",
        registrationDate="date",
        dueDate="date",
        periodFrom="date",
        periodTo="date",
        totalAmount="decimal",
        status="text",
        erpCode="text",
        contractCode="text",
        masterAgreementId="bigint",
    ),
)

ORDER_ITEMS = RawTable(
    SYSTEM,
    "order_items",
    ("id",),
    columns(
        id="bigint",
        orderId="bigint",
        dealId="bigint",
        dealName="text",
        counterpartyId="bigint",
        status="bigint",
        cashflow="bigint",
        amount="decimal",
        vat="decimal",
        volume="decimal",
        mtm="decimal",
        pnl="decimal",
        startCompensation="date",
        endCompensation="date",
        dueDate="date",
        glAccount="text",
        iban="text",
    ),
)

INVOICES = RawTable(
    SYSTEM,
    "invoices",
    ("id",),
    columns(
        id="bigint",
        externalId="text",
        invoiceNumber="text",
        orderId="bigint",
        amount="decimal",
        invoiceDate="date",
        dueDate="date",
        isPaid="boolean",
    ),
)

PAYMENTS = RawTable(
    SYSTEM,
    "payments",
    ("id",),
    columns(
        id="bigint",
        invoiceId="bigint",
        orderId="bigint",
        externalId="text",
        amount="decimal",
        paymentDate="date",
    ),
)

LIST_READS = RawTable(
    SYSTEM,
    "list_reads",
    ("list_name",),
    columns(list_name="text", full_read_at="instant"),
)
"""When the payments of every invoice were read last: landed beside them, for the next read alone, and never loaded."""

DEALS = RawTable(
    SYSTEM,
    "deals",
    ("id",),
    columns(
        id="bigint",
        name="text",
        dealType="text",
        direction="text",
        commodity="text",
        counterpartyId="bigint",
        masterAgreementId="bigint",
        status="text",
        transactionTime="text",
        deliveryStart="date",
        deliveryEnd="date",
        volume="decimal",
        price="decimal",
        notional="decimal",
    ),
)

TABLES = (
    COUNTERPARTIES,
    CUSTOM_FIELD_TYPES,
    CUSTOM_FIELD_DEFINITIONS,
    ORDERS,
    ORDER_ITEMS,
    INVOICES,
    PAYMENTS,
    DEALS,
)
