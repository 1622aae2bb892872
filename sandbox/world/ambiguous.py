"""The pair of customers that makes a counterparty ambiguous.

In: a counterparty. Out: two customers with its VAT number and neither its legal name alone. What does not belong here:
parties that can be told apart.
"""

from __future__ import annotations

from sandbox.world.books import Books
from sandbox.world.cast import Counterparty

_CODES = ("C-1098", "C-1099")


def add_doubles(books: Books, party: Counterparty) -> None:
    """Adds the same company twice, as a merger of two ledgers leaves it."""
    for place, (code, suffix) in enumerate(zip(_CODES, (party.entry.city, "Zentrale"), strict=True)):
        body = {
            "display_name": f"{party.name}, {suffix}",
            "tax_id": party.vat_number,
            "currency": "EUR",
            "external_id": code,
        }
        books.add_party("customer", f"{party.key}-{place}", body, party.iban)
