"""Functions that take arrays one after another."""

from __future__ import annotations

from typing import Any

import pytest

from gradcheck_cli.problems.functions.calling import by_position

POINT = {"w": 1, "x": 2}


class Function:
    """Like one of torch: apply takes what forward takes, but for the context."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, stride: Any = None) -> Any:
        return ctx

    @classmethod
    def apply(cls, *arrays: Any) -> Any:
        return arrays


class Unnamed(Function):
    @staticmethod
    def forward(ctx: Any, *arrays: Any) -> Any:
        return ctx


def test_apply_is_called_in_the_order_of_forward_where_its_names_are_known() -> None:
    assert by_position(Function.apply, list(POINT))(POINT) == (2, 1)
    assert by_position(Function.apply, list(POINT), ["stride"])(POINT, stride=3) == (2, 1, 3)
    assert by_position(Function.apply, ["x"])({"x": 2}) == (2,)


def test_apply_is_called_in_the_order_of_the_parameters_and_the_data_where_they_are_not() -> None:
    assert by_position(Unnamed.apply, list(POINT), ["s"])(POINT, s=3) == (1, 2, 3)


def test_a_function_of_as_many_arguments_of_other_names_is_called_in_the_order_of_the_parameters() -> None:
    assert by_position(lambda a, b: (a, b), list(POINT))(POINT) == (1, 2)
    assert by_position(lambda a, b, s: (a, b, s), list(POINT), ["s"])(POINT, s=3) == (1, 2, 3)
    assert by_position(lambda *each: each, list(POINT))(POINT) == (1, 2)


@pytest.mark.parametrize(
    "function", [lambda p: p, lambda p, s: p, lambda p, s=1, t=2: p, lambda w, x: w, lambda a, b, c: a]
)
def test_any_other_function_stays_as_it_is(function: Any) -> None:
    assert by_position(function, list(POINT), ["s"]) is function
