"""The room that reads: vendor APIs in, `raw_<system>` tables in DuckDB out. Nothing is written outside from here."""
