"""camt.053: any version, exact signed amounts, masked accounts, refusal of what is no statement."""

from __future__ import annotations

import pytest

from pipelines.atlar.statements import UnreadableStatementError, mask_account, parse_statements


def statement(version: str = "08", entries: str = "", opening: str = "OPBD", namespace: bool = True) -> bytes:
    xmlns = f' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"' if namespace else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document{xmlns}><BkToCstmrStmt><GrpHdr><MsgId>m</MsgId></GrpHdr><Stmt>
  <Id>s</Id><ElctrncSeqNb>17</ElctrncSeqNb>
  <Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id><Ccy>SEK</Ccy></Acct>
  <Bal><Tp><CdOrPrtry><Cd>{opening}</Cd></CdOrPrtry></Tp><Amt Ccy="SEK">1234567890123456.78</Amt>
    <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>
  <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="SEK">0.50</Amt>
    <CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-03-31</Dt></Dt></Bal>
  {entries}
</Stmt></BkToCstmrStmt></Document>""".encode()


def entry(
    amount: str = "2500.00", side: str = "DBIT", status: str = "<Cd>BOOK</Cd>", party: str = "", more: str = ""
) -> str:
    return f"""<Ntry><NtryRef>n1</NtryRef><Amt Ccy="SEK">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}
      <Sts>{status}</Sts><BookgDt><Dt>2026-03-31</Dt></BookgDt><ValDt><DtTm>2026-04-01T00:00:00</DtTm></ValDt>
      <AcctSvcrRef>bank-ref</AcctSvcrRef>
      <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
      <NtryDtls><TxDtls><Refs><EndToEndId>e2e</EndToEndId></Refs>{party}
        <RmtInf><Ustrd>INV-10001</Ustrd><Ustrd>thanks</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""


def test_balances_are_exact_and_signed() -> None:
    (parsed,) = parse_statements(statement())
    assert parsed.members == {
        "messageType": "camt.053.001.08",
        "statementIdentifier": "s",
        "statementNumber": "17",
        "accountIdentifier": "SE…7466",
        "currency": "SEK",
        "openingBalance": "1234567890123456.78",
        "openingDate": "2026-03-31",
        "closingBalance": "-0.50",
        "closingDate": "2026-03-31",
        "periodFrom": None,
        "periodTo": None,
        "entryCount": 0,
        "pendingEntryCount": 0,
        "entriesAmount": "0",
        "closes": False,
    }
    assert (parsed.account_number, parsed.date) == ("SE4550000000058398257466", "2026-03-31")


@pytest.mark.parametrize("version", ["02", "06", "08", "12"])
def test_any_version_reads_alike(version: str) -> None:
    old = version in ("02", "06")
    status = "BOOK" if old else "<Cd>BOOK</Cd>"
    name = "<Nm>Pulp Supply Oy</Nm>" if old else "<Pty><Nm>Pulp Supply Oy</Nm></Pty>"
    party = f"<RltdPties><Dbtr><Pty><Nm>us</Nm></Pty></Dbtr><Cdtr>{name}</Cdtr></RltdPties>"
    (parsed,) = parse_statements(statement(version, entry(status=status, party=party)))
    told = {name: value for name, value in parsed.entries[0].members.items() if value is not None}
    assert len(told.pop("entryKey")) == 32
    assert told == {
        "entryNumber": 1,
        "statementLine": 1,
        "bookingDate": "2026-03-31",
        "valueDate": "2026-04-01",
        "amount": "-2500.00",
        "currency": "SEK",
        "isReversal": False,
        "isReturn": False,
        "bankReference": "bank-ref",
        "entryReference": "n1",
        "endToEndId": "e2e",
        "remittance": "INV-10001 thanks",
        "counterpartyName": "Pulp Supply Oy",
        "bankTransactionCode": "PMNT/ICDT/ESCT",
    }


def test_a_file_without_namespace_reads_too() -> None:
    assert len(parse_statements(statement(namespace=False))) == 1


def test_a_file_that_begins_with_an_empty_line_reads_too() -> None:
    assert len(parse_statements(b"\r\n" + statement())) == 1


def test_the_previous_closing_stands_for_a_missing_opening() -> None:
    assert parse_statements(statement(opening="PRCD"))[0].members["openingBalance"] == "1234567890123456.78"


def test_two_equal_entries_stay_two_and_pending_ones_are_left_out() -> None:
    entries = entry() + entry() + entry(status="<Cd>PDNG</Cd>") + entry(side="CRDT", more="<RvslInd>true</RvslInd>")
    (parsed,) = parse_statements(statement(entries=entries))
    told = [
        (each.members["entryNumber"], each.members["amount"], each.members["isReversal"]) for each in parsed.entries
    ]
    assert told == [(1, "-2500.00", False), (2, "-2500.00", False), (3, "2500.00", True)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{1:F01BANK}", "no field :20:"),
        (b"", "neither XML nor MT940"),
        (b":20:A\n:28C:1\n", "without an account"),
        (b":20:A\n:25:1\n:60F:C260331EUR1,00\n:61:26033\n", "cannot be read as Statement"),
        (b":20:A\n:25:1\n:61:260331C1,00\n:61:260331C2,00\n", "1 entries read of 2"),
        (b"<Document><Other/></Document>", "no statement in a Document document"),
        (statement(entries=entry(amount="12,50")), "not an amount: '12,50'"),
        (statement(entries=entry(amount="NaN")), "not an amount: 'NaN'"),
        (statement(entries=entry(side="")), "Ntry without CdtDbtInd"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableStatementError, match=reason):
        parse_statements(content)


@pytest.mark.parametrize(
    "declaration", ['[<!ENTITY x SYSTEM "file:///etc/passwd">]', '[<!ENTITY x "y">]', 'SYSTEM "http://127.0.0.1/x.dtd"']
)
def test_a_file_with_a_document_type_is_refused(declaration: str) -> None:
    file = f"<!DOCTYPE d {declaration}><Document><Stmt><Acct><Id><IBAN>1</IBAN></Id></Acct></Stmt></Document>"
    with pytest.raises(UnreadableStatementError, match="document type declaration"):
        parse_statements(file.encode())


def test_account_numbers_are_masked() -> None:
    assert mask_account("SE45 5000 0000 0583 9825 7466") == "SE…7466"
    assert mask_account("123-4567") == "…4567"
