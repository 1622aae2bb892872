"""The raw table of the European Central Bank's euro reference rates."""

from pipelines.raw_table import RawTable, columns

SYSTEM = "ecb"

REFERENCE_RATES = RawTable(
    SYSTEM,
    "reference_rates",
    ("rate_date", "currency_code"),
    columns(rate_date="date", currency_code="text", units_per_eur="decimal"),
)

TABLES = (REFERENCE_RATES,)
