"""What the status shows of many exceptions: each code with its number, and of each a few."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from rich.console import Console

from tieout.report import status

MANY = [
    {"severity": "hold", "exception_code": code, "record_type": "order", "record_id": str(number), "message": "why"}
    for code, count in (("common", 200), ("rare", 2), ("seldom", 3))
    for number in range(count)
]


def _shown(exceptions: list[dict[str, str]], differences: list[dict[str, Any]] | None = None) -> str:
    out = io.StringIO()
    status.show(
        status.Status(
            runs=[], published=None, figures=None, exceptions=exceptions, deliveries=[], differences=differences or [],
            behind=[],
            quarantined=[], plans=[], refused=[],
        ),
        Console(file=out, width=200),
    )  # fmt: skip
    return out.getvalue()


def test_no_code_hides_another() -> None:
    text = _shown(MANY)
    assert "Held and warned (205)" in text
    assert "hold  common 200 · rare 2 · seldom 3" in text
    lines = [line for line in text.splitlines() if line.endswith("why")]
    assert len(lines) == status.RECORDS_SHOWN
    assert [sum(code in line for line in lines) for code in ("common", "rare", "seldom")] == [45, 2, 3]
    assert "155 more" in text


def test_a_few_are_shown_as_they_are() -> None:
    text = _shown(MANY[198:])
    assert [line.split()[2:4] for line in text.splitlines() if line.endswith("why")] == [
        ["order", record] for record in ("198", "199", "0", "1", "0", "1", "2")
    ]
    assert "more" not in text


def test_amounts_of_a_difference_are_written_like_every_other_amount() -> None:
    row = {
        "control_name": "open_items_equal_amount_due",
        "left_amount": Decimal("11542666.7700"),
        "right_amount": None,
        "difference": Decimal("0.0010"),
        "currency_code": "EUR",
        "is_accepted": True,
        "acceptance": "accepted by bert: known",
    }
    [line] = [line for line in _shown([], [row]).splitlines() if "open_items" in line]
    assert line.split("  ")[1:] == [
        "open_items_equal_amount_due",
        "11,542,666.77",
        "0.001",
        "EUR",
        "accepted by bert: known",
    ]
