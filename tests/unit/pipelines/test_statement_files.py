"""Statement files as banks write them: each format into the same columns, batches split, returns, charges."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from pipelines.atlar.statements import Statement, UnreadableStatementError, parse_statements

FILES = Path(__file__).resolve().parents[2] / "fixtures" / "statements"


def read(name: str) -> Statement:
    (statement,) = parse_statements((FILES / name).read_bytes())
    return statement


def told(statement: Statement, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(entry.members.get(name) for name in names) for entry in statement.entries]


@pytest.mark.parametrize(
    ("name", "kind", "opening", "moved", "closing", "closes"),
    [
        ("camt053_02.xml", "camt.053.001.02", "10000.00", "-804.93", "9195.07", True),
        ("camt053_04.xml", "camt.053.001.04", "0", "948.50", "948.50", True),
        ("camt053_08.xml", "camt.053.001.08", "-1000.00", "-500.00", "-1500.00", True),
        ("camt052_08.xml", "camt.052.001.08", "-1000.00", "-500.00", None, None),
        ("camt054_08.xml", "camt.054.001.08", None, "310.00", None, None),
        ("mt940_german.sta", "MT940", "1000.00", "-250.00", "750.00", True),
        ("mt940_swift_blocks.sta", "MT940", "-5.01", "5.01", "0.00", True),
    ],
)
def test_balances_of_every_format(
    name: str, kind: str, opening: str | None, moved: str, closing: str | None, closes: bool | None
) -> None:
    figures = ("messageType", "openingBalance", "entriesAmount", "closingBalance", "closes")
    assert tuple(read(name).members[each] for each in figures) == (kind, opening, moved, closing, closes)


def test_a_batch_whose_payments_add_up_is_split() -> None:
    names = ("statementLine", "detailNumber", "amount", "endToEndId", "counterpartyName", "batchNote")
    assert told(read("camt053_02.xml"), *names)[:3] == [
        (1, 1, "-100.10", "INV-10001", "Pulp Supply Oy", None),
        (1, 2, "-199.90", "INV-10002", "Grid Nord AB", None),
        (1, 3, "-300.00", None, None, None),
    ]
    assert read("camt053_02.xml").entries[0].members["counterpartyAccount"] == "FI2112345600000785"
    assert read("camt053_02.xml").members["entryCount"] == 2


def test_a_batch_whose_payments_do_not_add_up_stays_one_row_and_says_why() -> None:
    assert told(read("camt054_08.xml"), "amount", "batchCount", "batchNote", "remittance") == [
        ("310.00", 2, "not split: 2 details add up to 300.00, the entry is 310.00", "0001234 0001235")
    ]


def test_a_returned_direct_debit_names_the_debtor_the_reason_and_the_fee() -> None:
    names = ("amount", "isReversal", "isReturn", "returnReasonCode", "returnReason", "counterpartyName", "mandateId")
    assert told(read("camt053_02.xml"), *names)[3] == (
        "-204.93",
        True,
        True,
        "AM04",
        "Insufficient funds",
        "Stadtwerke Alstertal",
        "M-1",
    )
    assert read("camt053_02.xml").entries[3].members["chargesAmount"] == "4.93"


def test_a_converted_payment_keeps_its_original_amount_rate_and_charges() -> None:
    names = ("amount", "currency", "originalAmount", "originalCurrency", "exchangeRate", "chargesAmount")
    assert told(read("camt053_04.xml"), *names) == [("948.50", "CHF", "1000.00", "EUR", "0.9500", "1.50")]
    names = ("creditorReference", "counterpartyAccount", "ultimateCounterpartyName", "instructionId", "transactionId")
    assert told(read("camt053_04.xml"), *names) == [("RF18539007547034", "80-12345-6", "Hydro Holding", "I-1", "T-1")]


def test_two_equal_bookings_are_two_with_keys_of_their_own_in_every_report() -> None:
    keys = [entry.members["entryKey"] for entry in read("camt053_08.xml").entries]
    assert len(set(keys)) == 2
    assert keys == [entry.members["entryKey"] for entry in read("camt052_08.xml").entries]


def test_a_name_of_a_statement_hides_the_account() -> None:
    assert read("camt053_02.xml").members["statementIdentifier"] == "DE…3000-2026-03-31"


def test_mt940_messages_that_continue_are_one_statement() -> None:
    statement = read("mt940_german.sta")
    names = ("bookingDate", "valueDate", "amount", "isReversal", "isReturn", "returnReasonCode", "remittance")
    assert told(statement, *names) == [
        ("2026-03-31", "2026-03-31", "-250.00", False, False, None, "Rechnung 4711 vom Maerz"),
        ("2026-01-01", "2025-12-31", "10", False, False, None, "plain text second line"),
        ("2026-03-31", "2026-03-31", "-10", True, True, "AC04", "Return of payment"),
    ]
    assert statement.members["entryCount"] == 3


def test_mt940_texts_in_both_dialects() -> None:
    names = ("endToEndId", "counterpartyName", "counterpartyAccount", "counterpartyBank", "originalAmount")
    assert told(read("mt940_german.sta"), *names)[0] == (
        "E2E-1",
        "Muster Energie GmbH",
        "DE75512108001245126199",
        "DEUTDEFF",
        "-270.00",
    )
    assert told(read("mt940_swift_blocks.sta"), *names) == [
        ("EV1234REP", "Kaasboer BV", "NL32INGB0000012345", "INGBNL2A", None)
    ]


def test_german_codes_are_read_from_mt940_and_from_camt() -> None:
    names = ("gvc", "textKeyExtension", "bankTransactionCode")
    german = (FILES / "mt940_german.sta").read_bytes().replace(b"?33 GmbH", b"?33 GmbH?34901")
    (statement,) = parse_statements(german)
    assert told(statement, *names) == [("109", "901", "N051"), (None, None, "NTRF"), (None, None, "NRTI")]
    coded = b"<BkTxCd><Prtry><Cd>NRTI+109++901</Cd><Issr>DK</Issr></Prtry></BkTxCd>"
    plain = b"<BkTxCd><Prtry><Cd>PK+109</Cd></Prtry></BkTxCd>"
    content = (FILES / "camt053_08.xml").read_bytes()
    first, second = (
        content.index(b"<BkTxCd>"),
        content.index(b"<BkTxCd>", content.index(b"<BkTxCd>") + 1),
    )
    end = content.index(b"</BkTxCd>", second) + len(b"</BkTxCd>")
    between = content[content.index(b"</BkTxCd>", first) + len(b"</BkTxCd>") : second]
    (statement,) = parse_statements(content[:first] + coded + between + plain + content[end:])
    assert told(statement, *names) == [("109", "901", "NRTI+109++901"), (None, None, "PK+109")]


def test_the_payments_of_a_batch_have_codes_of_their_own() -> None:
    codes = (b"NTRF+116+9002/405", b"NCHG+808")
    parts = b"".join(
        b"<TxDtls><BkTxCd><Prtry><Cd>%s</Cd></Prtry></BkTxCd><Amt Ccy='EUR'>%d.00</Amt></TxDtls>" % (code, amount)
        for code, amount in zip(codes, (7, 3), strict=True)
    )
    entry = b"<Ntry><Amt Ccy='EUR'>10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><NtryDtls>%s</NtryDtls></Ntry>" % parts
    account = b"<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    (statement,) = parse_statements(b"<Document><Ntfctn>%s%s</Ntfctn></Document>" % (account, entry))
    assert told(statement, "amount", "gvc", "textKeyExtension") == [("-7.00", "116", None), ("-3.00", "808", None)]


def test_the_instruction_of_an_mt940_entry_is_read() -> None:
    content = (FILES / "mt940_german.sta").read_bytes().replace(b"/EREF/E2E-2/", b"/EREF/E2E-2/IREF/I-2/")
    (statement,) = parse_statements(content)
    assert told(statement, "endToEndId", "instructionId")[2] == ("E2E-2", "I-2")


def test_an_unreadable_file_is_not_quoted_in_the_reason_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    content = (FILES / "mt940_swift_blocks.sta").read_bytes().replace(b":61:2603310331C", b":61:2603310331?")
    with caplog.at_level(logging.DEBUG), pytest.raises(UnreadableStatementError) as refused:
        parse_statements(content)
    assert "NL32" not in str(refused.value) + caplog.text
    assert "NL69" not in str(refused.value) + caplog.text


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.iterdir()))
def test_a_file_cut_anywhere_is_refused_or_shown_not_to_close(name: str) -> None:
    content = (FILES / name).read_bytes()
    whole = read(name).members
    for end in range(0, len(content), 37):
        try:
            statements = parse_statements(content[:end])
        except UnreadableStatementError:
            continue
        assert all(each.members["closes"] is not True or each.members == whole for each in statements) or (
            name == "mt940_german.sta" and statements[0].members["closingBalance"] == "760.00"
        )


def test_a_statement_that_does_not_close_is_read_and_flagged() -> None:
    content = (FILES / "camt053_08.xml").read_bytes().replace(b">1500.00<", b">1500.01<")
    (statement,) = parse_statements(content)
    assert (statement.members["closes"], statement.members["entriesAmount"]) == (False, "-500.00")


def test_a_file_beyond_the_bound_is_refused() -> None:
    with pytest.raises(UnreadableStatementError, match="more than"):
        parse_statements(b" " * (64 * 1024 * 1024 + 1))
