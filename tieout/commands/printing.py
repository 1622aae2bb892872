"""What every command prints with.

In: a document. Out: text on stdout. What does not belong here: any one command's own look.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(document: Any) -> None:
    """Writes one JSON document to stdout; money and instants as text."""
    json.dump(document, sys.stdout, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write("\n")
