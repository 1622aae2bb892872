"""Atlar, simulated: treasury, bank and accounting-document store (contracts/atlar.md).

`engine.AtlarEngine` is the state machine (no HTTP), `server.create_app` serves it. One module per idea of the vendor:
entities and accounts, transactions, statements, payments, general ledger, documents, payables and receivables,
forecasts. The invented company whose data it holds belongs to `sandbox.world`.
"""
