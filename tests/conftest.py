"""Settings of all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from gradcheck_cli.vocabulary.language import choose
from tests.support import ENGLISH, FORCING_LOOKS

choose("en")  # before a test module makes a report

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
    """Keep what the machine says of colours, widths and languages out of the tests."""
    for variable in FORCING_LOOKS:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in ENGLISH.items():
        monkeypatch.setenv(variable, value)
