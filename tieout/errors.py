"""What can stop a command, and the exit code each one means (DESIGN section 4).

In: nothing. Out: exceptions whose message is one clear line that names the record or setting and the remedy.
What does not belong here: vendors' errors (`pipelines.transport.errors`), which `cli.py` maps to exit 1 or 2.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 done · 1 failed · 2 usage or settings · 3 done with holds or rejections · 4 locked · 5 push withheld.

    130 is the shell's own code for a command that was interrupted.
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    HELD = 3
    LOCKED = 4
    WITHHELD = 5
    INTERRUPTED = 130


class TieoutError(Exception):
    """A command that failed; its message is what the user reads."""

    exit_code = ExitCode.FAILED


class SettingsError(TieoutError):
    """A setting is missing or cannot be used."""

    exit_code = ExitCode.USAGE


class LockedError(TieoutError):
    """Another run of the same profile holds the lock."""

    exit_code = ExitCode.LOCKED


class BuildError(TieoutError):
    """dbt could not build the books, or one of their tests failed: nothing is sent from such books."""


class NotSettledError(TieoutError):
    """The plan was not empty after the last round allowed."""
