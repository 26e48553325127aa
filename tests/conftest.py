"""Settings of all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.support import FORCING_LOOKS

# a build must not depend on the luck of the draw; at the desk every run draws anew
settings.register_profile("build", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("build")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Take one worker more than there are cores: many tests wait for processes that end in their own time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _plain_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the machine says of colours and widths out of the tests."""
    for variable in FORCING_LOOKS:
        monkeypatch.delenv(variable, raising=False)
