"""The data's part of a gradient is scaled, and a penalty's part c W is right: a times the right gradient plus c W."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted, projection
from gradcheck_cli.diagnosis.mistake import RELATED, Guess, Mistake, TensorCase, WholeCase, WholeGuess
from gradcheck_cli.diagnosis.naming import fraction_near
from gradcheck_cli.vocabulary.parameters import Array, norm

__all__ = ["TENSOR", "WHOLE"]

SAME = 1e-6  # relative: how near two numbers must be to be one
NONE = 1e-12  # a factor that is smaller is zero but for rounding
NO_TERM = 1e-7  # of a gradient: a multiple of the parameter that is smaller is none


def penalty_alone(case: TensorCase) -> Iterator[Guess]:
    """Guess a multiple of the parameter and nothing else: the data's part is zero."""
    if case.propagation is None and norm(case.parameter):
        c = projection(case.claim, case.parameter)
        message = f"{{it}} is {c:.6g} times {case.name} and nothing else: the penalty term alone; the data term is zero"
        yield Guess(c * case.parameter, message, fitted=1)


def scaled(case: TensorCase) -> Iterator[Guess]:
    """Guess a times the right gradient plus c times the parameter."""
    if norm(case.parameter):
        a, c = fitted(case.claim, case.expected, case.parameter)
        fraction = fraction_near(a)
        if not (
            same(a, 1)
            or abs(a) < NONE
            or is_nothing(a * case.expected, case.claim)
            or is_nothing(c * case.parameter, case.claim)
        ):
            value = a * case.expected + c * case.parameter
            fits = 1 + (fraction is None)  # a whole number or a simple fraction is none that is fitted
            yield Guess(value, f"{{it}} is {words(a, c, case.name)}", factor=float(a), fitted=fits)


def all_scaled(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess the same of all gradients: one a, and a c for each that has more than one entry."""
    claims, parameters = case.evidence.analytic, case.evidence.parameters
    if len(case.expected) < 2 or case.propagation is not None:  # there the single steps can be told
        return
    largest = max(case.expected, key=lambda name: case.expected[name].size)
    a = fitted(claims[largest], case.expected[largest], parameters[largest])[0]
    if same(a, 1) or abs(a) < NONE or is_nothing(a * case.expected[largest], claims[largest]):
        return
    values, terms = {}, {}
    for name, right in case.expected.items():
        term = projection(claims[name] - a * right, parameters[name]) if right.size > 1 else 0.0
        values[name] = a * right
        if not is_nothing(term * parameters[name], claims[name]):
            terms[name] = term
            values[name] = values[name] + term * parameters[name]
    if terms:
        first, c = next(iter(terms.items()))
        message = f"every gradient is {a:.6g} times the right one, and " + ", ".join(
            f"d{name} has {term:+.6g} times {name} besides" for name, term in terms.items()
        )
        fits = len(terms) + (fraction_near(a) is None)
        yield WholeGuess(values, f"{message}: {reading(a, c, first)}", factor=float(a), fitted=fits)


def same(one: float, other: float) -> bool:
    """Whether two numbers are one."""
    return abs(one - other) <= SAME * abs(other)


def is_nothing(term: Array, claim: Array) -> bool:
    """Whether a term makes no difference to a claim."""
    return norm(term) <= NO_TERM * norm(claim)


def words(a: float, c: float, name: str) -> str:
    """Say what a claim is."""
    return f"{a:.6g} times the right gradient {c:+.6g} times {name}: {reading(a, c, name)}"


def reading(a: float, c: float, name: str) -> str:
    """Say which penalty would make it so: of a (right - p W) + p W, c is (1 - a) p."""
    penalty = f"{np.divide(c, 1 - a):.6g} {name}"
    return f"as if the data term were {a:.6g} times the right one and the penalty term {penalty} were right"


_LOOK = "look for a factor that the data term of {it} has but its penalty term does not: a mean, a sum, a 2"
TENSOR = (
    Mistake("zero", RELATED, penalty_alone, "look for a data term of {it} that is never added, or is overwritten"),
    Mistake("data-scaled", RELATED, scaled, _LOOK),
)
WHOLE = (Mistake("data-scaled", RELATED, all_scaled, _LOOK.replace("{it}", "all gradients")),)
