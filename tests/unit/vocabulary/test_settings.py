from __future__ import annotations

import math

import pytest

from gradcheck_cli.vocabulary.errors import SettingError
from gradcheck_cli.vocabulary.settings import Settings


def test_the_defaults_are_the_courses() -> None:
    assert (Settings().epsilon, Settings().threshold) == (1e-7, 2e-7)


@pytest.mark.parametrize("name", ["epsilon", "threshold"])
@pytest.mark.parametrize("value", [0.0, -0.0, -1e-7, math.nan, math.inf, -math.inf])
def test_a_setting_out_of_its_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(SettingError, match=f"{name} is {value:g}, expected"):
        Settings(**{name: value})  # type: ignore[arg-type]
