"""The reference of all parameters, found in the best way that the problem offers; never from its claim."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.numeric.complex_step import complex_step_reference
from gradcheck_cli.numeric.known import known_reference
from gradcheck_cli.numeric.ladder import ladder_reference
from gradcheck_cli.numeric.noise import Noise
from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.problems.problem import ComplexSafe, Directional, KnownGradient, Problem
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.settings import Settings
from gradcheck_cli.vocabulary.watch import Watch

__all__ = ["find_reference"]


def find_reference(
    problem: Problem,
    losses: Directional,
    analytic: Parameters,
    settings: Settings,
    progress: Watch,
    noise: Noise,
) -> tuple[str, Iterator[tuple[str, Reference | RemadeReference]]]:
    """Find the reference of a problem in the best way that it offers.

    Parameters
    ----------
    problem : Problem
        What is checked; its gradient is never asked for.
    losses : Directional
        Its losses, or some of its entries, evaluated within the budget.
    analytic : mapping of str to ndarray
        The claimed gradient. It never enters the reference; where a first difference settles that an entry is right, it
        saves the others.
    settings : Settings
        Its threshold and seed.
    progress : Watch
        Told of the number of entries done since the last time, and of what the search is at.
    noise : Noise
        Of the losses; what was measured of it before, of other entries, is not measured again.

    Returns
    -------
    tuple of str and iterator
        The name of the way, and the search: each parameter's name and reference, as soon as it is whole.
    """
    if isinstance(problem, KnownGradient):
        return "a saved gradient", known_reference(problem)
    if isinstance(problem, ComplexSafe):
        return "complex step", complex_step_reference(problem)
    return "ladder of steps", ladder_reference(losses, analytic, settings.threshold, settings.seed, progress, noise)
