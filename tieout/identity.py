"""Finds out who acts: under which name a run is made, a plan approved, a difference accepted.

In: the operating system's word for the user of this process. Out: an `Identity`.
What does not belong here: who may do what (approvals and acceptances decide it).
"""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from reverse_etl.identity import Identity

if TYPE_CHECKING:
    from tieout.settings import Settings


def current(settings: Settings) -> Identity:
    """Returns whoever runs this process.

    Asked of the operating system and not of `USER` or `LOGNAME`, which anybody can set to a colleague's name.
    """
    del settings  # One way to find out so far; another identity would be a setting.
    return Identity(_user_name())


def _user_name() -> str:
    try:
        import pwd
    except ImportError:  # pragma: no cover - Windows has no user database of this kind
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
