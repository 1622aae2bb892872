"""What every command prints with.

In: a document. Out: text on stdout. What does not belong here: any one command's own look.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tieout.errors import SettingsError


def print_json(document: Any) -> None:
    """Writes one JSON document to stdout; money and instants as text."""
    json.dump(document, sys.stdout, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write("\n")


@contextmanager
def writing(option: str, path: Path) -> Iterator[None]:
    """Turns a file that cannot be written into one clear line.

    Raises:
        SettingsError: the file an option names cannot be written; says why.
    """
    try:
        yield
    except OSError as problem:
        raise SettingsError(f"{option} {path} cannot be written: {problem.strerror or problem}") from None
