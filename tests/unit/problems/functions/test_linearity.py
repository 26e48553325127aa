from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_cli.problems.functions.linearity import Derivative, Named, fault_of

WORDS = ("the backward pass", "gradient", "cotangents", "d", "a constant?", "a clip?")


def twice(given: Named) -> Named:
    return {"x": 2 * given["out"]}


def with_a_constant(given: Named) -> Named:
    return {"x": 2 * given["out"] + 1e-3}


def clipped(given: Named) -> Named:
    return {"x": np.clip(2 * given["out"], -5, 5)}


def normalized(given: Named) -> Named:
    return {"x": given["out"] / np.linalg.norm(given["out"])}


def adding_up() -> Callable[[Named], Named]:
    total = np.zeros(3)

    def add(given: Named) -> Named:
        total[:] += given["out"]
        return {"x": total.copy()}

    return add


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    ("at", "code", "hint"),
    [
        (twice, None, None),
        (with_a_constant, "adds-a-constant", "a constant?"),
        (clipped, "clips", "a clip?"),
        (normalized, "non-finite", "look for a division by what comes in, or by its norm"),
        (adding_up(), "changes-its-cache", "look for state kept between calls, for gradients that accumulate"),
    ],
)
def test_what_is_not_linear_is_named(at: Callable[[Named], Named], code: str | None, hint: str | None) -> None:
    derivative = Derivative(at, *WORDS)
    given = {"out": np.array([1.0, -2.0, 0.5])}
    fault = fault_of(derivative, [(given, at(given))])
    assert (fault.code if fault else None) == code
    assert fault is None or fault.help.startswith(str(hint))


def test_the_words_name_what_came_of_what() -> None:
    derivative = Derivative(with_a_constant, *WORDS)
    given = {"out": np.ones(3)}
    fault = fault_of(derivative, [(given, with_a_constant(given))])
    assert fault is not None
    assert fault.message == "the backward pass returns dx up to 1.0e-03 for cotangents that are zero"
