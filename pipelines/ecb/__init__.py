"""The euro reference rates of the European Central Bank: client, source, tables."""
