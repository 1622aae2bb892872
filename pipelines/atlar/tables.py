# ruff: noqa: C408  (keywords read better than quoted names in a list of columns)
"""The raw tables of Atlar (contracts/atlar.md, sections 4 to 11): names, keys and declared columns.

An `Amount` is an object whose `stringValue` is the exact decimal text (section 3.8): it lands as JSON and is read
from that text. Bank statements and their entries are parsed from the statement files (`statements.py`).
"""

from pipelines.raw_table import RawTable, columns

SYSTEM = "atlar"

_SYSTEM_FIELDS = dict(version="bigint", etag="text", created="instant", updated="instant")

ENTITIES = RawTable(
    SYSTEM,
    "entities",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        legalName="text",
        parentId="text",
        address="json",
        nationalIdentifier="json",
        **_SYSTEM_FIELDS,
    ),
)

ACCOUNTS = RawTable(
    SYSTEM,
    "accounts",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        entityId="text",
        thirdPartyId="text",
        affiliationId="text",
        externalId="text",
        name="text",
        alias="text",
        currency="currency",
        market="text",
        identifiers="json",
        routing="json",
        status="text",
        type="text",
        fictive="boolean",
        paymentOptions="json",
        balance="json",  # deprecated by the vendor: `balances` has it
        metadata="json",
        **_SYSTEM_FIELDS,
    ),
)

BALANCES = RawTable(
    SYSTEM,
    "balances",
    ("account_id", "type", "local_date", "timestamp"),
    columns(
        id="text",
        organizationId="text",
        accountId="text",
        type="text",
        reportedType="text",
        amount="money",
        localDate="date",
        timestamp="instant",
        version="bigint",
    ),
)

END_OF_DAY_SUMMARIES = RawTable(
    SYSTEM,
    "end_of_day_summaries",
    ("account_id", "date"),
    columns(accountId="text", date="date", transactionCount="bigint", created="instant"),
)

_TRANSACTION = dict(
    id="text",
    organizationId="text",
    accountId="text",
    date="date",
    valueDate="date",
    amount="money",
    instructedAmount="money",
    currencyExchange="money",
    reference="text",
    references="json",
    description="text",
    counterparty="json",
    bankTransactionCode="json",
    reconciliationStatus="text",
    attachedTransactables="json",
    returned="boolean",
    returnReason="json",
    charges="json",
    batchInformation="json",
    virtualAccount="json",
    metadata="json",
    **_SYSTEM_FIELDS,
)

TRANSACTIONS = RawTable(SYSTEM, "transactions", ("id",), columns(**_TRANSACTION))
PENDING_TRANSACTIONS = RawTable(SYSTEM, "pending_transactions", ("id",), columns(**_TRANSACTION))

COUNTERPARTIES = RawTable(
    SYSTEM,
    "counterparties",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        externalId="text",
        legalName="text",
        alias="text",
        partyType="text",
        address="json",
        email="text",
        phone="text",
        nationalIdentifier="json",
        entityIds="json",
        accounts="json",  # embedded on create; `external_accounts` has them
        metadata="json",
        **_SYSTEM_FIELDS,
    ),
)

EXTERNAL_ACCOUNTS = RawTable(
    SYSTEM,
    "external_accounts",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        counterpartyId="text",
        externalId="text",
        alias="text",
        market="text",
        identifiers="json",
        routing="json",
        metadata="json",
        **_SYSTEM_FIELDS,
    ),
)

FORECASTED_TRANSACTIONS = RawTable(
    SYSTEM,
    "forecasted_transactions",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        externalId="text",
        parent="json",
        amount="money",
        date="date",
        description="text",
        origin="json",
        counterparty="json",
        correctionType="text",
        scenarioId="text",
        metadata="json",
        **_SYSTEM_FIELDS,
    ),
)

CONNECTIONS = RawTable(
    SYSTEM,
    "connections",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        name="text",
        thirdPartyId="text",
        affiliationId="text",
        status="text",
        created="instant",
        updated="instant",
    ),
)

REPORTS = RawTable(
    SYSTEM,
    "reports",
    ("connection_id", "id"),
    columns(
        id="text",
        connectionId="text",
        organizationId="text",
        type="text",
        statementType="text",
        contentType="text",
        filename="text",
        size="bigint",
        created="instant",
    ),
)

BANK_STATEMENTS = RawTable(
    SYSTEM,
    "bank_statements",
    ("connection_id", "id"),
    columns(
        id="text",
        reportId="text",
        connectionId="text",
        accountId="text",
        type="text",
        localDate="date",
        created="instant",
        contentSha256="text",
        statementNumber="text",
        accountIdentifier="text",  # masked: country and last four (DESIGN section 7)
        currency="currency",
        openingBalance="decimal",
        openingDate="date",
        closingBalance="decimal",
        closingDate="date",
        entryCount="bigint",  # booked entries in the file; a batch is one
        messageType="text",  # camt.053.001.08, MT940, ...
        statementIdentifier="text",
        periodFrom="text",  # as the bank wrote it: a day, or a moment with or without a zone
        periodTo="text",
        pendingEntryCount="bigint",
        repeatedEntryCount="bigint",  # entries that another statement landed before
        entriesAmount="decimal",  # of all booked entries in the file, those landed before included
        closes="boolean",  # opening + entries = closing; null where a balance is missing
        statementKey="text",  # the same for the same statement in another file
    ),
)

BANK_STATEMENT_ENTRIES = RawTable(
    SYSTEM,
    "bank_statement_entries",
    ("connection_id", "bank_statement_id", "entry_number"),
    columns(
        connectionId="text",
        bankStatementId="text",
        entryNumber="bigint",
        accountId="text",
        bookingDate="date",
        valueDate="date",
        amount="decimal",  # signed: debit entries are negative
        currency="currency",
        isReversal="boolean",
        bankReference="text",
        endToEndId="text",
        remittance="text",
        counterpartyName="text",
        bankTransactionCode="text",
        gvc="text",  # the three digits of German banks (Geschäftsvorfallcode)
        textKeyExtension="text",  # German banks' addition to it, as the reason of a return
        statementLine="bigint",  # the booking's place in the file; rows of one batch share it
        detailNumber="bigint",  # the payment's place in its batch, where it was split
        entryKey="text",  # the same for the same booking in another file
        entryReference="text",
        detailReference="text",
        transactionId="text",
        instructionId="text",
        paymentInformationId="text",
        mandateId="text",
        creditorReference="text",
        batchMessageId="text",
        batchCount="bigint",
        batchNote="text",  # why a batch was not split
        counterpartyAccount="text",
        counterpartyBank="text",
        ultimateCounterpartyName="text",
        purposeCode="text",
        additionalInformation="text",
        isReturn="boolean",
        returnReasonCode="text",
        returnReason="text",
        originalAmount="decimal",
        originalCurrency="currency",
        exchangeRate="decimal",
        charges="json",
        chargesAmount="decimal",
    ),
)

GL_ENTITIES = RawTable(
    SYSTEM,
    "gl_entities",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        externalId="text",
        name="text",
        currency="currency",
        thirdPartyId="text",
        associatedConnections="json",
        **_SYSTEM_FIELDS,
    ),
)

GL_ACCOUNTS = RawTable(
    SYSTEM,
    "gl_accounts",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        externalId="text",
        name="text",
        number="text",
        displayType="text",
        type="text",
        currency="currency",
        accountId="text",
        glEntityIds="json",
        associatedConnections="json",
        **_SYSTEM_FIELDS,
    ),
)

DOCUMENTS = RawTable(
    SYSTEM,
    "documents",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        glEntityId="text",
        type="text",
        classification="text",
        amount="money",
        remainingAmount="money",
        date="date",
        issueDate="date",
        description="text",
        reference="text",
        references="json",
        counterparty="json",
        currencyExchange="money",
        voided="boolean",
        reconciliationStatus="text",
        reconciliationMatchId="text",
        glEntries="money",
        appliedDocuments="money",
        provenance="json",
        vendorCreated="instant",
        vendorResourceUrl="text",
        **_SYSTEM_FIELDS,
    ),
)

_AP_AR = dict(
    id="text",
    organizationId="text",
    externalId="text",
    entityId="text",
    accountId="text",
    amount="money",
    remainingAmount="money",
    dueDate="date",
    issueDate="date",
    description="text",
    reference="text",
    counterparty="json",
    status="text",
    forecastedTransactionId="text",
    metadata="json",
    **_SYSTEM_FIELDS,
)

ACCOUNTS_PAYABLES = RawTable(SYSTEM, "accounts_payables", ("id",), columns(**_AP_AR))
ACCOUNTS_RECEIVABLES = RawTable(SYSTEM, "accounts_receivables", ("id",), columns(**_AP_AR))

CREDIT_TRANSFERS = RawTable(
    SYSTEM,
    "credit_transfers",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        externalId="text",
        creatorUserId="text",
        amount="money",
        scheme="text",
        date="date",
        source="json",
        sourceHolder="json",
        destination="json",
        destinationHolder="json",
        reference="text",
        categoryPurpose="text",
        chargeBearer="text",
        regulatoryReporting="json",
        schemeDetails="json",
        connectionInstructionId="text",
        status="text",
        batch="json",
        approvalSteps="json",
        attachedTransactions="json",
        metadata="json",
        **_SYSTEM_FIELDS,
    ),
)

CREDIT_TRANSFER_BATCHES = RawTable(
    SYSTEM,
    "credit_transfer_batches",
    ("id",),
    columns(
        id="text",
        organizationId="text",
        externalId="text",
        creatorUserId="text",
        treatment="text",
        status="text",
        errors="json",
        inputContent="json",
        resultSummary="json",
        resultDetails="json",
        results="json",  # deprecated by the vendor: `credit_transfer_batch_results` has them
        approvalSteps="json",
        approvalResults="json",
        metadata="json",
        **_SYSTEM_FIELDS,
    ),
)

CREDIT_TRANSFER_BATCH_RESULTS = RawTable(
    SYSTEM,
    "credit_transfer_batch_results",
    ("batch_id", "record_index"),
    columns(batchId="text", recordIndex="bigint", paymentId="text", errors="json", skipped="boolean"),
)

TABLES = (
    ENTITIES,
    ACCOUNTS,
    BALANCES,
    END_OF_DAY_SUMMARIES,
    TRANSACTIONS,
    PENDING_TRANSACTIONS,
    COUNTERPARTIES,
    EXTERNAL_ACCOUNTS,
    FORECASTED_TRANSACTIONS,
    CONNECTIONS,
    REPORTS,
    BANK_STATEMENTS,
    BANK_STATEMENT_ENTRIES,
    GL_ENTITIES,
    GL_ACCOUNTS,
    DOCUMENTS,
    ACCOUNTS_PAYABLES,
    ACCOUNTS_RECEIVABLES,
    CREDIT_TRANSFERS,
    CREDIT_TRANSFER_BATCHES,
    CREDIT_TRANSFER_BATCH_RESULTS,
)
