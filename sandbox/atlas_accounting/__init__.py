"""Atlas Accounting as a stateful HTTP server: books, rules and routes (contracts/atlas-accounting.md).

`company` and `chart` say whose books these are. `registry` keeps records (ids, stamps, unique values), `ledger` the
postings. `parties`, `accounts`, `invoices`, `bills`, `payments` and `journal` are the operations, one business event
each; `reports` and `aging` read the ledger. `engine` is the one door to all of them, `server` puts it on HTTP.
"""
