"""`python -m sandbox`: the three vendors on this machine until Ctrl-C.

In: a command line. Out: addresses and credentials on stdout; exit code 0, 1 when it cannot start, 2 for a
wrong option. What does not belong here: anything but reading the command line.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from sandbox.app import serve
from sandbox.limits import ACCOUNTING_TIERS
from sandbox.options import SandboxOptions
from sandbox.state import SandboxError


def main(arguments: list[str] | None = None) -> int:
    """Runs the sandbox and returns the exit code."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    try:
        options = SandboxOptions(**{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        parser.error(str(error))
    try:
        serve(options)
    except SandboxError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="ATLAS ETRM, Atlas Accounting and Atlar as servers on this machine, with an invented company.",
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="where the vendors' state is kept")
    parser.add_argument("--seed", type=int, help="the company is made from this number (210)")
    parser.add_argument("--scale", type=float, help="its size; 1.0 is about 40 counterparties")
    parser.add_argument("--as-of", type=date.fromisoformat, help="the sandbox's today (2026-04-10)")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port-base", type=int, help="first of three ports, 0 for free ones (8701)")
    parser.add_argument("--reset", action="store_true", help="forget everything and start over")
    parser.add_argument("--atlas-etrm-requests-per-minute", type=int, help="0 is unlimited (100)")
    parser.add_argument("--accounting-tier", choices=ACCOUNTING_TIERS, help="rate tier (enterprise)")
    parser.add_argument("--atlar-requests-per-second", type=int, help="0 is unlimited (50)")
    parser.add_argument("--atlar-seed-routes", action="store_true", help="answer Atlar's short paths too")
    parser.add_argument("--latency-ms", type=int, help="hold every answer back (0)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
