"""Where Atlar's resources are: the documented, versioned routes, and the short ones the seed documents print.

In: the setting ROUTES. Out: templates by name (contracts/atlar.md, section 1.1). A deployment may replace any of them.
What does not belong here: requests (`client.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_FINANCIAL = "/financial-data/v2"
_CONNECTIVITY = "/connectivity/v2beta"
_PAYMENTS = "/payments/v2"
_ACCOUNTING = "/accounting/v2beta"

VERSIONED: Mapping[str, str] = MappingProxyType(
    {
        "token": "/iam/v2/oauth2/token",
        "token_of_before": "/iam/v2beta/oauth2/token",
        "entities": f"{_FINANCIAL}/entities",
        "accounts": f"{_FINANCIAL}/accounts",
        "balances": f"{_FINANCIAL}/accounts/{{id}}/balances",
        "end_of_day_summaries": "/financial-data/v2beta/accounts/{id}/end-of-day-summaries",
        "transactions": f"{_FINANCIAL}/transactions",
        "pending_transactions": f"{_FINANCIAL}/pending-transactions",
        "connections": f"{_CONNECTIVITY}/connections",
        "reports": f"{_CONNECTIVITY}/connections/{{id}}/reports",
        "report_content": f"{_CONNECTIVITY}/connections/{{id}}/reports/{{report_id}}/content",
        "bank_statements": f"{_CONNECTIVITY}/connections/{{id}}/reports/{{report_id}}/bank-statements",
        "bank_statement_content": (
            f"{_CONNECTIVITY}/connections/{{id}}/reports/{{report_id}}/bank-statements/{{statement_id}}/content"
        ),
        "credit_transfers": f"{_PAYMENTS}/credit-transfers",
        "credit_transfer_batches": "/payments/v2beta/credit-transfer-batches",
        "credit_transfer_batch_results": "/payments/v2beta/credit-transfer-batches/{id}/results",
        "counterparties": f"{_PAYMENTS}/counterparties",
        "external_accounts": f"{_PAYMENTS}/external-accounts",
        "gl_entities": f"{_ACCOUNTING}/gl-entities",
        "gl_accounts": f"{_ACCOUNTING}/gl-accounts",
        "documents": f"{_ACCOUNTING}/documents",
        "accounts_payables": "/accounts-payables",
        "accounts_receivables": "/accounts-receivables",
        "forecasted_transactions": "/analytics/v2beta/forecasted-transactions",
    }
)

SEED: Mapping[str, str] = MappingProxyType(
    {
        **VERSIONED,
        "accounts": "/accounts",
        "balances": "/accounts/{id}/balances",
        "account_transactions": "/accounts/{id}/transactions",
        "connections": "/connections",
        "reports": "/connections/{id}/reports",
        "credit_transfer_batches": "/credit-transfer-batches",
        "credit_transfer_batch_results": "/credit-transfer-batches/{id}/results",
        "documents": "/v2beta/documents",
    }
)
"""The seed names no route for what it does not mention; there the documented one stays."""

ROUTES: Mapping[str, Mapping[str, str]] = MappingProxyType({"versioned": VERSIONED, "seed": SEED})
