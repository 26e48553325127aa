"""The course's numeric gradient: a centred difference with one step for every entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.vocabulary.errors import vanishing_step
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import entry_name

__all__ = ["centred_gradient", "require_step_taken"]


def centred_gradient(
    problem: Problem, names: Iterable[str], epsilon: float, progress: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[str, Array]]:
    """Differentiate by the entries of some parameters: (J(theta + epsilon) - J(theta - epsilon)) / (2 epsilon).

    Parameters
    ----------
    problem : Problem
        Whose losses are taken; its gradient is never asked for.
    names : iterable of str
        The parameters to differentiate by.
    epsilon : float
        The step, in the units of the parameters.
    progress : callable, optional
        Called with the number of entries done since the last call.

    Yields
    ------
    tuple of str and ndarray
        Each parameter's name and its numeric gradient, of the parameter's shape, as soon as it is whole.
    """
    for name in names:
        values = problem.parameters[name]
        gradient = np.empty(values.size)
        at_once = problem.entries_at_once(name)
        for start in range(0, values.size, at_once):
            entries = np.arange(start, min(start + at_once, values.size))
            steps = np.repeat([epsilon, -epsilon], len(entries))
            plus, minus = np.split(problem.loss_changes(name, np.tile(entries, 2), steps), 2)
            with np.errstate(invalid="ignore"):  # a loss may overflow: the difference is then not finite
                gradient[entries] = (plus - minus) / (2 * epsilon)
            progress(len(entries))
        yield name, gradient.reshape(values.shape)


def require_step_taken(parameters: Parameters, epsilon: float) -> None:
    """Raise where an entry is so large that adding or taking away `epsilon` leaves it as it is.

    Raises
    ------
    ProblemError
        Naming the first such entry.
    """
    for name, values in parameters.items():
        vanished = np.flatnonzero((values + epsilon == values) | (values - epsilon == values))
        if vanished.size:
            k = int(vanished[0])
            raise vanishing_step(entry_name(name, values.shape, k), float(values.reshape(-1)[k]), epsilon)
