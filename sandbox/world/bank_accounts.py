"""Who banks where: the company's entities, its banks and accounts at Atlar, and some payees entered there.

In: the engine and the counterparties. Out: `BankAccount`s with their Atlar ids. What does not belong here: what moves
on the accounts (`bank.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.atlar.engine import AtlarEngine
from sandbox.world import identifiers
from sandbox.world.books import BANK_ACCOUNTS
from sandbox.world.cast import COMPANY, Counterparty
from sandbox.world.journals import BANK
from sandbox.world.seeding import seeded

Record = dict[str, Any]

RESERVE = "EUR reserve"
"""Key of the second euro account; in the books both are one ledger account."""

_PAYEES = 8
_STALE_PAYEE = 5
"""Place of the payee whose account at Atlar is another than the one ATLAS ETRM names."""


@dataclass(frozen=True)
class BankAccount:
    """One account of the company.

    Attributes:
        key: Its currency, or `RESERVE`.
        number: IBAN, or the bank's own number where there is none.
    """

    key: str
    atlar_id: str
    market: str
    bank: str
    bic: str
    number: str
    identifier: str = "IBAN"

    @property
    def currency(self) -> str:
        """ISO code."""
        return self.key[:3]


def load_organization(engine: AtlarEngine, seed: int) -> tuple[BankAccount, ...]:
    """Loads the company and its branch, the banks' connections and the accounts."""
    company, branch = engine.new_id("entities"), engine.new_id("entities")
    engine.load("entities", _entities(company, branch))
    accounts = _accounts(engine, seed)
    affiliations = {bank: engine.new_id("affiliations") for bank in dict.fromkeys(each.bank for each in accounts)}
    engine.load(
        "connections",
        [
            {
                "name": bank,
                "thirdPartyId": engine.new_id("third_parties"),
                "affiliationId": affiliation,
                "status": "ACTIVE",
            }
            for bank, affiliation in affiliations.items()
        ],
    )
    # The Swedish account is the branch's.
    owners = {account.key: branch if account.key == "SEK" else company for account in accounts}
    engine.load("accounts", [_record(each, affiliations[each.bank], owners[each.key]) for each in accounts])
    return accounts


def _entities(company: str, branch: str) -> list[Record]:
    return [
        {
            "id": company,
            "legalName": COMPANY.name,
            "parentId": "",
            "nationalIdentifier": {"type": "COMPANY", "market": "DE", "number": "HRB 158212"},
            "address": {"country": "DE", "city": COMPANY.city, "postalCode": COMPANY.postal_code},
        },
        {"id": branch, "legalName": f"{COMPANY.name}, filial Sverige", "parentId": company},
    ]


def _accounts(engine: AtlarEngine, seed: int) -> tuple[BankAccount, ...]:
    def account(key: str, market: str, bank: str, bic: str = "", number: str = "") -> BankAccount:
        return BankAccount(
            key,
            engine.new_id("accounts"),
            market,
            bank,
            bic or identifiers.bic(market),
            number or identifiers.iban(market, seeded(f"{seed}:own:{key}")),
            "NUMBER" if number else "IBAN",
        )

    return (
        account("EUR", "DE", BANK),
        account(RESERVE, "DE", BANK),
        account("SEK", "SE", "SEB"),
        account("GBP", "GB", "Barclays"),
        # Japan has no IBANs.
        account("JPY", "JP", "Barclays", "BARCJPJT", str(seeded(f"{seed}:own:JPY").randrange(10**6, 10**7))),
    )


def _record(account: BankAccount, affiliation: str, entity: str) -> Record:
    is_operating = account.key != RESERVE
    return {
        "id": account.atlar_id,
        "entityId": entity,
        "affiliationId": affiliation,
        "name": f"Operating {account.key}" if is_operating else "Reserve EUR",
        "alias": f"{account.key} {BANK_ACCOUNTS[account.currency]}",
        "currency": account.currency,
        "market": account.market,
        "identifiers": [{"type": account.identifier, "market": account.market, "number": account.number}],
        "routing": [{"type": "BIC", "number": account.bic}],
        "status": "ACTIVE",
        "type": "CURRENT" if is_operating else "SAVINGS",
        "fictive": False,
        "paymentOptions": {},
        "metadata": {},
    }


def load_payees(engine: AtlarEngine, cast: Iterable[Counterparty], seed: int) -> None:
    """Loads a few vendors as Atlar counterparties with an external account each; one of them is out of date."""
    vendors = [party for party in cast if party.vendor_code is not None][:_PAYEES]
    for place, vendor in enumerate(vendors):
        identifier, market = engine.new_id("counterparties"), vendor.entry.country
        stale = identifiers.iban(market, seeded(f"{seed}:stale:{vendor.key}"))
        number = stale if place == _STALE_PAYEE else vendor.iban
        payee = {"legalName": vendor.name, "partyType": "COMPANY", "externalId": vendor.vendor_code}
        external_account = {
            "counterpartyId": identifier,
            "market": market,
            "identifiers": [{"type": "IBAN", "market": market, "number": number}],
            "routing": [{"type": "BIC", "number": vendor.bic}],
            "externalId": f"{vendor.vendor_code}-iban",
        }
        engine.load("counterparties", [{"id": identifier, **payee}])
        engine.load("external_accounts", [external_account])
