"""A stored company for all fault tests, the vendors over it, and what a landing without faults brings.

In: nothing. Out: fixtures `company`, `vendors`, `landing`, `clean`. What does not belong here: faults.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from landed import Held, everything, land, landing_in
from vendors import Vendors, opened

from pipelines.landing import Landing
from sandbox.app import running
from sandbox.options import SandboxOptions


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a small company, at rest: copied, never used itself."""
    directory = tmp_path_factory.mktemp("company") / "vendors"
    with running(SandboxOptions(data_dir=directory, scale=0.1, port_base=0)):
        pass
    return directory


@pytest.fixture
def vendors(company: Path, tmp_path: Path) -> Iterator[Vendors]:
    """Vendors of one's own, without limits."""
    with opened(company, tmp_path / "vendors") as found:
        yield found


@pytest.fixture
def limited(company: Path, tmp_path: Path) -> Iterator[Vendors]:
    """Vendors of one's own that count requests: 100 a minute, tier standard, 5 a second."""
    with opened(company, tmp_path / "limited", limits=True) as found:
        yield found


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return landing_in(tmp_path)


@pytest.fixture(scope="session")
def clean(company: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Held]:
    """What a landing without any fault holds, by table."""
    folder = tmp_path_factory.mktemp("clean")
    with opened(company, folder / "vendors") as vendors:
        found = landing_in(folder)
        land(vendors.clients(), found)
        return everything(found)
