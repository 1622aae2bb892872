"""Payment files of a batch sent as a multipart form: CSV with dotted column names, or JSON (contract section 8.2).

In: the bytes of the file and its declared content type. Out: payment requests as the JSON body would carry them. What a
payment must contain is `payments`' affair.
"""

import csv
import io
from typing import Any

import msgspec

from sandbox.atlar.errors import bad_request

CSV_TYPE = "application/vnd.atlar.payments.v2.credit-transfer.batch+csv"
JSON_TYPE = "application/vnd.atlar.payments.v2.credit-transfer.batch+json"


def read_payments(content: bytes, content_type: str) -> list[Any]:
    """The payment requests of a file.

    Args:
        content: The file.
        content_type: `fileContentType` of the form.

    Raises:
        AtlarError: 400 for an unknown type or a file that cannot be read.
    """
    if content_type == CSV_TYPE:
        return _read_csv(content)
    if content_type != JSON_TYPE:
        raise bad_request("fileContentType", f"must be {CSV_TYPE} or {JSON_TYPE}")
    try:
        given = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise bad_request("file", "is not valid JSON") from error
    payments = given.get("payments") if isinstance(given, dict) else given
    if not isinstance(payments, list):
        raise bad_request("file", "must hold a list of payments")
    return payments


def _read_csv(content: bytes) -> list[Any]:
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise bad_request("file", "is not valid CSV in UTF-8") from error
    return [_nested({name: text for name, text in row.items() if name and text}) for row in rows]


def _nested(row: dict[str, str]) -> Any:
    """`{"destination.identifiers.0.type": "IBAN"}` as the object those paths describe."""
    root: dict[str, Any] = {}
    for path, text in row.items():
        node = root
        *parents, last = path.split(".")
        for name in parents:
            node = node.setdefault(name, {})
            if not isinstance(node, dict):
                raise bad_request("file", f"column {path} contradicts another column")
        node[last] = text
    return _lists(root)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}
