"""A batch told as one sum by one report and by payments by another lands once, by its payments, in any order."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import duckdb
import pytest
from test_statement_repetitions import land, shape

from pipelines.atlar import tables
from pipelines.landing import Landing


def camt(kind: str, *entries: str, balances: str = "") -> bytes:
    outer, inner, number = {
        "053": ("BkToCstmrStmt", "Stmt", "camt.053.001.08"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn", "camt.054.001.08"),
    }[kind]
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{number}"><{outer}><GrpHdr><MsgId>m</MsgId></GrpHdr>
      <{inner}>
      <Id>{kind}</Id><Acct><Id><IBAN>NO9386011117947</IBAN></Id><Ccy>NOK</Ccy></Acct>{balances}{"".join(entries)}
      </{inner}></{outer}></Document>""".encode()


def entry(amount: str, *payments: str, reference: str = "", batch: str = "", told: str = "", day: str = "31") -> str:
    def payment(part: str) -> str:
        return (
            f'<TxDtls><Amt Ccy="NOK">{part}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
            f"<RmtInf><Ustrd>paid {part}</Ustrd></RmtInf></TxDtls>"
        )

    reference = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    group = f"<Btch>{batch}</Btch>" if batch else ""
    details = group + "".join(payment(part) for part in payments)
    return f"""<Ntry><Amt Ccy="NOK">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
      <BookgDt><Dt>2026-03-{day}</Dt></BookgDt><ValDt><Dt>2026-03-{day}</Dt></ValDt>{reference}
      <NtryDtls>{details}</NtryDtls>
      <AddtlNtryInf>{told}</AddtlNtryInf></Ntry>"""


def amounts(landing: Landing) -> list[tuple[str, Decimal]]:
    """The entries that stand, by statement."""
    files = [str(file) for file in landing.files("atlar", "bank_statement_entries")]
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select bank_statement_id, amount from (select *, row_number() over (partition by connection_id, "
            "bank_statement_id, entry_number order by _landed_at desc, _landing_file desc) as nth "
            "from read_parquet($files)) where nth = 1 and not _is_deleted order by all",
            {"files": files},
        ).fetchall()
    return [(str(name), amount.normalize()) for name, amount in rows]


SUM = {
    "by the bank's reference": entry("300.00", reference="B-1", told="collected"),
    "by the number of payments": entry("300.00", batch="<NbOfTxs>2</NbOfTxs>", told="collected"),
    "by the batch's message": entry("300.00", batch="<MsgId>batch-9</MsgId>", told="collected"),
}
PAYMENTS = {
    "by the bank's reference": entry("300.00", "100.00", "200.00", reference="B-1"),
    "by the number of payments": entry("300.00", "100.00", "200.00"),
    "by the batch's message": entry("300.00", "100.00", "200.00", batch="<MsgId>batch-9</MsgId>"),
}
RENT = entry("7.00", reference="R-1")
THE_PAYMENTS = [("054", Decimal(100)), ("054", Decimal(200))]


@pytest.mark.parametrize("how", SUM)
@pytest.mark.parametrize("together", [True, False], ids=["in one run", "in two runs"])
@pytest.mark.parametrize("first", ["053", "054"])
def test_the_payments_of_a_batch_win_over_its_sum(landing: Landing, how: str, together: bool, first: str) -> None:
    files = {"053": camt("053", SUM[how], RENT), "054": camt("054", PAYMENTS[how])}
    order = sorted(files, reverse=first == "054")
    for group in [order] if together else [[name] for name in order]:
        land(landing, {name: files[name] for name in group})
    expected = [("053", Decimal(7)), *THE_PAYMENTS]
    assert amounts(landing) == expected
    for name in order:  # read again, as after a run that died before the reports were landed
        rows = land(landing, {name: files[name]})
        assert rows.buried == []
    assert amounts(landing) == expected
    again = land(landing, {"later": camt("053", SUM[how], RENT)})
    assert shape(again)[1:] == (0, 1), "the same statement under another name"
    assert amounts(landing) == expected


@pytest.mark.parametrize("order", list(permutations(["053", "054", "overlap"])))
def test_a_statement_that_overlaps_tells_nothing_new(landing: Landing, order: tuple[str, ...]) -> None:
    lump = SUM["by the number of payments"]
    later = entry("5.00", reference="L-1")
    files = {
        "053": camt("053", lump, RENT),
        "054": camt("054", PAYMENTS["by the number of payments"]),
        "overlap": camt("053", RENT, lump, later),
    }
    for name in order:
        land(landing, {name: files[name]})
    assert sorted(amount for _, amount in amounts(landing)) == [5, 7, 100, 200]


def test_two_batches_of_one_sum_are_two(landing: Landing) -> None:
    lump, payments = SUM["by the number of payments"], PAYMENTS["by the number of payments"]
    land(landing, {"053": camt("053", lump, lump)})
    assert amounts(landing) == [("053", Decimal(300)), ("053", Decimal(300))]
    land(landing, {"054": camt("054", payments)})
    assert sorted(amount for _, amount in amounts(landing)) == [100, 200, 300]
    land(landing, {"054b": camt("054", entry("300.00", "150.00", "150.00"))})
    assert sorted(amount for _, amount in amounts(landing)) == [100, 150, 150, 200]


@pytest.mark.parametrize(
    "lump",
    [
        entry("300.00", batch="<NbOfTxs>3</NbOfTxs>"),
        entry("300.01", batch="<NbOfTxs>2</NbOfTxs>"),
        entry("300.00", batch="<NbOfTxs>2</NbOfTxs>", day="30"),
        entry("300.00", batch="<NbOfTxs>2</NbOfTxs>", reference="another"),
        entry("300.00", told="no batch at all"),
    ],
    ids=["of three", "of another sum", "of another day", "with another reference", "no batch"],
)
@pytest.mark.parametrize("first", ["053", "054"])
def test_what_may_be_another_booking_stays(landing: Landing, lump: str, first: str) -> None:
    files = {"053": camt("053", lump), "054": camt("054", entry("300.00", "100.00", "200.00", reference="B-1"))}
    for name in sorted(files, reverse=first == "054"):
        land(landing, {name: files[name]})
    assert len(amounts(landing)) == 3


def test_a_sum_landed_in_the_run_that_dies_is_gone_with_the_next(landing: Landing) -> None:
    """Entries are landed before statements: what dies between leaves entries whose statement is not known."""
    how = "by the bank's reference"
    files: dict[str, Any] = {"053": camt("053", SUM[how]), "054": camt("054", PAYMENTS[how])}
    rows = land(landing, {"053": files["053"]})
    for file in landing.files("atlar", "bank_statements"):
        file.unlink()
    assert len(rows.entries) == 1
    fresh = Landing(landing.landing_dir, landing.work_path.with_name("other.duckdb"), landing.dlt_dir, landing.now)
    land(fresh, files)
    assert amounts(fresh) == THE_PAYMENTS
    assert fresh.latest(tables.BANK_STATEMENTS).num_rows == 2
