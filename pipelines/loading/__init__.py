"""From landing files into `work.duckdb`."""
