from __future__ import annotations

import pytest

from tests.support import FORCING_LOOKS


@pytest.fixture(autouse=True)
def _plain_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the machine says of colours and widths out of the tests."""
    for variable in FORCING_LOOKS:
        monkeypatch.delenv(variable, raising=False)
