"""`make demo`: the whole loop on the sandbox, then once more, to show that a second run sends nothing.

In: nothing but a free port. Out: two summaries, and exit 0 when the second run sent nothing.
What does not belong here: anything the commands cannot do; this only types them.
"""

from __future__ import annotations

import subprocess
import sys

from rich.console import Console

from reverse_etl.operations import OperationsStore
from tieout import settings
from tieout.errors import ExitCode
from tieout.report.summary import command


def main() -> int:
    """Runs the loop twice against one sandbox; held records (exit 3) are part of the invented world."""
    console = Console(stderr=True, emoji=False)
    console.print("[bold]1. From nothing to tied-out books, written back to all three vendors[/]")
    first = _tieout("run")
    if first not in (ExitCode.DONE, ExitCode.HELD):
        return first
    console.print("\n[bold]2. The same again: nothing has changed outside, so nothing may be sent[/]")
    second = _tieout("run")
    if second not in (ExitCode.DONE, ExitCode.HELD):
        return second
    if sent := _sent_by_the_last_run():
        console.print(f"[red]the second run sent {sent} writes; it must send none[/]")
        return ExitCode.FAILED
    console.print(
        f"\n[bold]Look around[/]: {command()} --sandbox status · {command()} --sandbox docs · {command()} --help",
        soft_wrap=True,
    )
    return 0


def _sent_by_the_last_run() -> int:
    store = OperationsStore(f"sqlite:///{settings.load(settings.SANDBOX).paths.operations}")
    try:
        return int(store.runs(limit=1)[0]["sent"] or 0)
    finally:
        store.close()


def _tieout(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "tieout", "--sandbox", *arguments], check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
