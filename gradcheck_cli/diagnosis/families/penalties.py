"""What is too much or too little is a multiple of a function of the parameter: the term of a penalty, a log det."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import fitted, projection
from gradcheck_cli.diagnosis.mistake import RELATED, Guess, Mistake, TensorCase
from gradcheck_cli.vocabulary.parameters import Array, norm

__all__ = ["TENSOR"]


def one_term(case: TensorCase) -> Iterator[Guess]:
    """Guess c times a term in excess."""
    residual = case.claim - case.expected
    for term, words in terms(case.parameter, case.name):
        if np.isfinite(term).all() and term.any():
            c = projection(residual, term)
            message = f"{{it}} differs from the right gradient by {c:+.6g} times {words}"
            yield Guess(case.expected + c * term, message, fitted=1)


def other_penalty(case: TensorCase) -> Iterator[Guess]:
    """Guess the term of an L1 penalty where that of an L2 penalty is due, or the reverse."""
    W, sign = case.parameter, np.sign(case.parameter)
    if norm(W):
        c, s = fitted(case.claim - case.expected, W, sign)
        message = f"{{it}} differs from the right gradient by {s:+.6g} times the sign of {case.name}"
        yield Guess(case.expected + c * W + s * sign, f"{message} and {c:+.6g} times {case.name}", fitted=2)


def of_another(case: TensorCase) -> Iterator[Guess]:
    """Guess a multiple of another parameter in excess: an index in the line of a penalty."""
    residual = case.claim - case.expected
    for name, other in case.evidence.parameters.items():
        if name != case.name and other.shape == case.parameter.shape and other.any():
            c = projection(residual, other)
            message = f"{{it}} differs from the right gradient by {c:+.6g} times {name}, another parameter"
            yield Guess(case.expected + c * other, message, fitted=1)


def both_penalties(case: TensorCase) -> Iterator[Guess]:
    """Guess another parameter's term in the place of its own."""
    for name, other in case.evidence.parameters.items():
        if name != case.name and other.shape == case.parameter.shape and norm(other) and norm(case.parameter):
            own, c = fitted(case.claim - case.expected, case.parameter, other)
            if abs(own + c) <= SAME * abs(c):
                message = f"{{it}} has {c:.6g} times {name} instead of as much of {case.name}"
                yield Guess(case.expected + c * (other - case.parameter), message, fitted=1)


def terms(W: Array, name: str) -> Iterator[tuple[Array, str]]:
    """Yield the derivatives of what people add to a loss."""
    with np.errstate(all="ignore"):
        yield np.sign(W), f"the sign of {name}, the term of an L1 penalty"
        yield W**3, f"{name}^3"
        yield 1 / W, f"1/{name}, the term of a logarithm"
        if W.ndim == 2 and W.shape[0] == W.shape[1] > 1:
            if np.linalg.cond(W) < 1e10:
                yield (
                    np.asarray(np.linalg.inv(W).T, dtype=np.float64),
                    f"the inverse of {name}, transposed: the term of log det {name}",
                )
            yield np.eye(len(W), dtype=np.float64), f"the identity, the term of the trace of {name}"
        if W.ndim == 2 and min(W.shape) > 1:
            yield from ((W / lengths(W, axis), f"{name} over the length of each {of}") for axis, of in AXES)


def lengths(W: Array, axis: int) -> Array:
    """Return the lengths along an axis."""
    return np.asarray(np.sqrt(np.sum(W**2, axis=axis, keepdims=True)))


SAME = 1e-6  # relative: how near two numbers must be to be one
AXES = ((1, "row"), (0, "column"))
_LOOK = "compare the terms of {it} that do not depend on the data with those of the loss"
TENSOR = (
    Mistake("penalty-differs", RELATED, one_term, _LOOK),
    Mistake("penalty-differs", RELATED, other_penalty, _LOOK),
    Mistake("penalty-differs", RELATED, of_another, _LOOK + ": which parameter do they use?"),
    Mistake("penalty-differs", RELATED, both_penalties, _LOOK + ": which parameter do they use?"),
)
