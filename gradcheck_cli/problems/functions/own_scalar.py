"""The course's scalar model with the user's own forward or backward propagation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.problems.functions.calling import has_each
from gradcheck_cli.problems.functions.function import FunctionProblem, call
from gradcheck_cli.problems.functions.returned import scalar_loss
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.asking import called

__all__ = ["own_scalar"]


def own_scalar(
    x: float, theta: float, forward: Callable[..., Any] | None, backward: Callable[..., Any] | None
) -> ScalarModel | FunctionProblem:
    """Put the user's functions in the place of the model's.

    Parameters
    ----------
    x, theta : float
        The input and the parameter.
    forward : callable, optional
        (x, theta) -> J; called by these names where it has them.
    backward : callable, optional
        (x, theta) -> dtheta, called alike; without one the gradient under test is the model's own, x.

    Raises
    ------
    ProblemError
        Where the backward propagation returns anything but one real number.
    UserFunctionError
        Where it raises.
    """
    if forward is None:
        dtheta = None if backward is None else scalar_loss(at(backward, x, theta), f"what {called(backward)} returned")
        return ScalarModel(x, theta, dtheta)

    def loss(theta: Any) -> Any:
        return of(forward, x, float(theta))

    def gradient(theta: Any) -> Any:
        return x if backward is None else of(backward, x, float(theta))

    loss.__name__ = called(forward)
    gradient.__name__ = "the model's own gradient" if backward is None else called(backward)
    return FunctionProblem({"theta": np.array(theta)}, loss, gradient, "scalar", one_array=True)


def of(function: Callable[..., Any], x: float, theta: float) -> Any:
    """Call a function of x and theta, by these names where it has them."""
    return function(x=x, theta=theta) if has_each(function, ("x", "theta"), ()) else function(x, theta)


def at(function: Callable[..., Any], x: float, theta: float) -> Any:
    """Call it, and make an error of ours of what it raises."""
    asked = partial(of, function)
    asked.__name__ = called(function)  # type: ignore[attr-defined]  # by which messages call it
    return call(asked, x, theta)
