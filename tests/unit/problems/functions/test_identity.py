"""What makes a loss another one, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.problems.functions.identity import identity_of
from gradcheck_cli.problems.functions.make import function_problem
from tests.zoo import Array

FACTOR = 1.0


def helper(x: Array) -> Any:
    return (x**2).sum()


def identity(loss: Callable[..., Any]) -> str:
    return identity_of(function_problem(loss, lambda x: 2 * x, np.ones(3), data={}))


def of_source(source: str, name: str = "loss") -> str:
    scope: dict[str, Any] = {}
    exec(source, scope)
    return identity(scope[name])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def loss(x): return x.sum()", "def loss(x): return x.sum() * 2"),
        ("def loss(x): return x.sum() * 1.0", "def loss(x): return x.sum() * 1.1"),
        ("def loss(x): return x.sum()", "def loss(x): return x.max()"),
        ("def loss(x, a=1): return a * x.sum()", "def loss(x, a=2): return a * x.sum()"),
        ("def h(x): return x\ndef loss(x): return h(x)", "def h(x): return 2 * x\ndef loss(x): return h(x)"),
        ("A = 1\ndef loss(x): return A * x.sum()", "A = 2\ndef loss(x): return A * x.sum()"),
        ("def loss(x): return [v for v in x][0]", "def loss(x): return [v + 1 for v in x][0]"),
        (
            "class L:\n    def __call__(s, x): return 1\nloss = L()",
            "class L:\n    def __call__(s, x): return 2\nloss = L()",
        ),
        ("class L:\n    def f(s, x): return 1\nloss = L().f", "class L:\n    def f(s, x): return 2\nloss = L().f"),
    ],
)
def test_other_code_is_another_loss(one: str, other: str) -> None:
    assert of_source(one) == of_source(one)
    assert of_source(one) != of_source(other)


def test_a_closure_and_bound_arguments_belong_to_it() -> None:
    def closed(over: Any) -> Callable[[Array], Any]:
        return lambda x: over * helper(x)

    assert identity(closed(1.0)) == identity(closed(1.0)) != identity(closed(2.0))
    assert identity(closed(np.ones(3))) != identity(closed(np.array([1.0, 1.0, 2.0])))
    assert identity(partial(np.dot, np.ones(3))) != identity(partial(np.dot, np.zeros(3)))


def test_what_it_counts_or_keeps_does_not() -> None:
    calls = 0

    def counting(x: Array) -> Any:
        nonlocal calls
        calls += 1
        return helper(x)

    before = identity(counting)
    counting(np.ones(3))
    assert identity(counting) == before


def test_functions_that_call_each_other_come_to_an_end() -> None:
    assert of_source("def a(x): return b(x)\ndef b(x): return a(x)\ndef loss(x): return a(x)")
