"""A user's gradient at other points than the one that is checked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.vocabulary.parameters import Parameters

__all__ = ["asked_gradient"]


def asked_gradient(problem: FunctionProblem, loss: Callable[[Parameters], float]) -> Callable[[Parameters], Parameters]:
    """Return a function that asks for the gradient at any point.

    A gradient may lean on what the loss has left behind: the first answer is asked for again after a call of the loss,
    and where the two differ the loss is called before each.

    Parameters
    ----------
    problem : FunctionProblem
        Whose gradient can be asked for.
    loss : callable
        The loss, where its calls are counted.
    """
    leans: list[bool] = []

    def gradient(parameters: Parameters) -> Parameters:
        if not leans:
            first = problem.gradient(parameters)
            loss(parameters)
            again = problem.gradient(parameters)
            leans.append(not all(np.array_equal(first[n], again[n], equal_nan=True) for n in first))
            return again
        if leans[0]:
            loss(parameters)
        return problem.gradient(parameters)

    return gradient
