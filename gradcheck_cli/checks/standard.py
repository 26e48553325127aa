"""The standard network that has the loss which is checked, for a diagnosis to lean on."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

import numpy as np

from gradcheck_cli.checks.subject import Subject
from gradcheck_cli.diagnosis.layers import bare_names, layer_names, only_layer, orientations
from gradcheck_cli.diagnosis.layout import in_course_shapes
from gradcheck_cli.evaluating.budget import BudgetSpentError
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.visible import visible_arrays
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.networks.standard import POINTS, standard_network
from gradcheck_cli.vocabulary.errors import GradcheckError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Meant", "meant_network"]

LARGEST = 0.5  # of an entry's size: how far the points lie from the one that is checked


class Meant(NamedTuple):
    """The network that a gradient belongs to."""

    network: Network
    divisor: float | None = None
    """What the sum over the samples is divided by; None where that is their number."""
    is_turned: bool = False
    """Whether the user's weights are the transposes of the network's."""
    is_guess: bool = False
    """Whether it was not handed over as such."""
    note: str = ""


def meant_network(subject: Subject) -> Meant | None:
    """Return the network that a problem is, or that has its loss; None where there is none."""
    problem = subject.problem
    if subject.interrupted:
        return None
    if isinstance(problem, Network):
        return Meant(problem)
    if not isinstance(problem, FunctionProblem):
        return None
    found = found_network(subject, problem)
    if found is None and problem.network is not None:
        return Meant(problem.network, is_guess=True)
    return found


def found_network(subject: Subject, problem: FunctionProblem) -> Meant | None:
    """Look for a standard network among the layers and the data that a user's loss can see."""
    own = layer_names(problem.point) or bare_names(problem.point) or only_layer(problem.point)
    names = own or {name: name for name in problem.point}
    turns = orientations({names[name]: values for name, values in problem.point.items()})
    if not turns or problem.weighing is not None or problem.complex_view is not None or subject.losses.scatter:
        return None
    data = visible_arrays(problem.loss_function, problem.data)
    points = points_about(problem, subject.settings.seed)
    with contextlib.suppress(BudgetSpentError, GradcheckError):
        losses = np.array([float(subject.losses.unkept_loss(point)) for point in points])
        is_matrix = all(values.ndim > 1 for name, values in problem.point.items() if names[name][0] == "W")
        named = [{names[name]: values for name, values in {**problem.point, **point}.items()} for point in points]
        for turned in turns:
            found = standard_network([in_course_shapes(p, turned=turned) for p in named], losses, data)
            if found is not None:
                said = f"the loss is that of a standard network (compared at {POINTS} points): {found.words}"
                note = f"{said}; samples as {'rows' if turned else 'columns'}" if is_matrix else said
                return Meant(found.network, found.divisor, turned, is_guess=True, note=note)
    return None


def points_about(problem: FunctionProblem, seed: int) -> list[Parameters]:
    """Return the point and some about it, each farther away than the one before."""
    random = np.random.default_rng(seed)
    sizes = problem.sizes

    def beside(far: float) -> dict[str, Array]:
        return {n: v + far * sizes[n] * random.normal(size=v.shape) for n, v in problem.parameters.items()}

    return [problem.parameters, *(beside(LARGEST * k / (POINTS - 1)) for k in range(1, POINTS))]
