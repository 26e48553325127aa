"""A network whose forward or backward propagation is the user's own, in the course's form."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gradcheck_cli.problems.functions.arguments import copied
from gradcheck_cli.problems.functions.calling import arguments_of, has_each, needed
from gradcheck_cli.problems.functions.function import FunctionProblem, call
from gradcheck_cli.problems.functions.returned import Misfit, claimed_gradient
from gradcheck_cli.problems.networks.course import course_cache
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.asking import called, kind_of
from gradcheck_cli.vocabulary.errors import GradcheckError, ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["with_own_functions"]

SHOWN = {"x": "X", "y": "Y"}  # the course's letters


def with_own_functions(
    network: Network, forward: Callable[..., Any] | None, backward: Callable[..., Any] | None
) -> Problem:
    """Put the user's functions in the place of the network's.

    Parameters
    ----------
    network : Network
        Gives the data, the parameters, and what the user's functions leave out.
    forward : callable, optional
        (X, Y, parameters) -> (cost, cache), or arguments of these names in any order. The network is then a function
        like any other, known by its costs alone.
    backward : callable, optional
        (X, Y, cache) -> a dict with dW1, db1, ..., or X, Y, cache and parameters in any order; the cache is the
        course's, (Z1, A1, W1, b1, Z2, ...), or the user's.

    Raises
    ------
    ProblemError
        Where a function returns something else.
    UserFunctionError
        Where a function raises.
    """
    if forward is None:
        if backward is None:
            return network
        misfits: list[Misfit] = []
        asked = dataclasses.replace(
            network, claimed=None, claim_at=partial(own_claim, backward=backward), saved_in={}
        )  # fmt: skip
        try:
            return dataclasses.replace(asked, claimed=own_claim(network, backward, misfits), misfits=misfits)
        except GradcheckError as error:
            error.problem = asked  # where the mistake can be looked for
            raise
    own_forward = forward

    def cost(parameters: dict[str, Array], X: Array, Y: Array) -> Any:
        return run_forward(dataclasses.replace(network, X=X, Y=Y), own_forward, parameters)[0]

    def gradient(parameters: dict[str, Array], X: Array, Y: Array) -> Any:
        there = dataclasses.replace(network, X=X, Y=Y)
        if backward is None:
            return there.gradient(parameters)
        misfits: list[Misfit] = []
        _, cache = run_forward(there, own_forward, parameters)
        claim = run_backward(there, backward, cache, parameters, misfits)
        return {**claim, **{misfit.name: misfit.array for misfit in misfits}}

    claim = network.claimed if backward is None and network.claimed is not None else gradient
    data = {"X": network.X, "Y": network.Y}
    return FunctionProblem(
        network.parameters, cost, claim, network.name, network.remarks, data=data, network=network
    )  # fmt: skip


def own_claim(network: Network, backward: Callable[..., Any], misfits: list[Misfit] | None = None) -> dict[str, Array]:
    """Return what the user's backward function makes of the network's own cache."""
    parameters = copied(network.parameters)
    layers = network.forward_propagation(parameters)
    cache = course_cache(layers, parameters)
    return run_backward(network, backward, cache, parameters, [] if misfits is None else misfits)


def run_backward(
    network: Network, backward: Callable[..., Any], cache: Any, parameters: Parameters, misfits: list[Misfit]
) -> dict[str, Array]:
    """Call the user's backward function and return its gradient by parameter; `misfits` gets what was broadcast."""
    given = {"x": network.X.copy(), "y": network.Y.copy(), "cache": cache}
    gradients = call_in_order(backward, given, parameters=parameters)
    return claimed_gradient(gradients, parameters, called(backward), prefix="d", misfits=misfits)


def call_in_order(function: Callable[..., Any], given: Mapping[str, Any], **more: Any) -> Any:
    """Call the user's function in the course's order, or by the names of its arguments where they are all the course's.

    So the exercises before this one have their own order, as in ``backward_propagation(parameters, cache, X, Y)``.
    """
    names, known = needed(arguments_of(function)), {**given, **more}
    if names and all(name.lower() in known for name in names) and has_each(function, names, ()):
        return call(function, **{name: known[name.lower()] for name in names})
    try:
        return call(function, *given.values())
    except UserFunctionError as error:
        if len(names) != len(given):
            error.hint = f"it is called as {called(function)}({', '.join(SHOWN.get(name, name) for name in given)})"
        raise


def run_forward(network: Network, forward: Callable[..., Any], parameters: Parameters) -> tuple[Any, Any]:
    """Call the user's forward function and return its cost and its cache."""
    given = {"x": network.X.copy(), "y": network.Y.copy(), "parameters": parameters}
    answer = call_in_order(forward, given)
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise ProblemError(f"{called(forward)} returned {kind_of(answer)}, expected a pair (cost, cache)")
    return answer
