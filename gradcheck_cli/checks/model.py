"""The use case of a model that holds its own parameters: an object, a module, a tree of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.checks.check import check
from gradcheck_cli.checks.given import require_plain_arguments
from gradcheck_cli.problems.functions.trees import flattened
from gradcheck_cli.problems.objects.places import Place, places_in
from gradcheck_cli.problems.objects.problem import model_of, model_problem
from gradcheck_cli.vocabulary.asking import kind_of
from gradcheck_cli.vocabulary.errors import SettingError
from gradcheck_cli.vocabulary.results import CheckReport
from gradcheck_cli.vocabulary.settings import AUTO, DEFAULT_EPSILON

__all__ = ["check_model"]


def check_model(
    model: Any,
    *,
    loss: Callable[..., Any] | None = None,
    gradients: Callable[..., Any] | None = None,
    data: Mapping[str, Any] | None = None,
    parameters: Any = None,
    name: str = "model",
    epsilon: float | str | None = None,
    classic: bool = False,
    **settings: Any,
) -> CheckReport:
    """Check the gradients of a model that holds its own parameters against differences of its loss.

    Its parameters are set in place, its gradients set to zero before they are asked for; afterwards everything is as it
    was. Arrays in float32 are in float64 meanwhile.

    Parameters
    ----------
    model : object
        A module of torch, or anything that holds arrays of floats in its attributes, and in dicts, lists, and objects
        there: in ``params``, or beside gradients as W with dW, w with w_diff, ``p.data`` with ``p.grad``.
    loss : callable, optional
        (**data) -> loss, or the pair (loss, gradient). The model's own method where it is not given.
    gradients : callable, optional
        (**data) -> gradients by name, or nothing where it leaves them in the model. The model's own method, or what
        `loss` does, where it is not given; of a module of torch, its backward.
    data : mapping of str to object, optional
        What both get by keyword; a module of torch gets arrays as tensors.
    parameters : dict or list of arrays, optional
        Which of the model's arrays are the parameters, where they are not found by themselves.
    name : str, optional
        What the report calls it.
    epsilon, classic, **settings
        As for `check_gradient`.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked; among them ProblemError where the loss depends on none of the
        parameters.

    Examples
    --------
    >>> class Line:
    ...     def __init__(self):
    ...         self.w, self.dw = np.array([1.0, 2.0]), np.zeros(2)
    ...     def loss(self, x):
    ...         self.dw = 2 * (self.w @ x) * x
    ...         return (self.w @ x) ** 2
    >>> import numpy as np
    >>> check_model(Line(), data={"x": np.array([0.5, -1.0])}).passed
    True
    """
    require_plain_arguments(name, data)
    for what, function in (("loss", loss), ("gradients", gradients)):
        if not (function is None or callable(function)):
            raise SettingError(f"{what} is {kind_of(function)}, expected a function")
    given = {} if parameters is None else places_of(model, parameters)
    borrowed = model_of(model, loss, gradients, data or {}, given)
    try:
        problem = model_problem(borrowed, data or {}, name)
        if epsilon is None:
            epsilon = DEFAULT_EPSILON if classic else AUTO
        return check(problem, epsilon=epsilon, classic=classic, **settings)
    finally:
        borrowed.held.give_back()


def places_of(model: Any, parameters: Any) -> dict[str, Place]:
    """Return where some arrays are in a model, by the names that they are given or have there.

    Raises
    ------
    SettingError
        Where one of them is nowhere in it.
    """
    every = places_in(model)
    found = {}
    for name, array in flattened(parameters).items():
        where = next((other for other, place in every.items() if place.get() is array), None)
        if where is None or not isinstance(array, np.ndarray):
            raise SettingError(f"parameters: {name} is not an array of the model", hint="pass the array itself")
        found[name if isinstance(parameters, Mapping) else where] = every[where]
    return found
