"""The regulariser's term l2/m W: missing, wrong, or on the bias."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.diagnosis.evidence import projection
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, Guess, Mistake, TensorCase
from gradcheck_cli.diagnosis.naming import PLAIN, factor_names, nearest_named, sizes_of
from gradcheck_cli.vocabulary.parameters import norm

__all__ = ["TENSOR"]


def on_weights(case: TensorCase) -> Iterator[Guess]:
    """Guess that what is too much or too little in dW is a multiple of W."""
    if not case.is_bias and norm(case.parameter):
        yield from (weight_decay(case) if case.propagation is None else against_the_loss(case))


def weight_decay(case: TensorCase) -> Iterator[Guess]:
    """Guess c W in excess, where the loss's own term is not known."""
    c = projection(case.claim - case.expected, case.parameter)
    if case.parameter.size < 2:
        return
    message = f"{{it}} differs from the right gradient by {c:+.6g} times {case.name}"
    value = case.expected + c * case.parameter
    if c > 0:
        yield Guess(
            value, message, help="look for a penalty term in {it} that the loss does not have", rank=FITTED, fitted=1
        )
        return
    help_text = "compare the penalty term in {it} with the loss: it is missing, or too small"
    yield Guess(value, message, help=help_text, code="penalty-differs", rank=FITTED, fitted=1)


def against_the_loss(case: TensorCase) -> Iterator[Guess]:
    """Guess a multiple of the term l2/m W that the network's loss has; where it has none, of W."""
    p = case.propagation
    if p is None or not p.network.l2:
        yield from weight_decay(case)
        return
    term = p.regulariser(case.l)
    due, sizes = 1 + projection(case.claim - case.expected, term), sizes_of(case.evidence, case.l)
    written = "l2/m W" if not case.evidence.is_guess else f"{p.network.l2 / p.m:.6g} {case.name}"
    yield Guess(
        case.expected - term, f"{{it}} lacks the regulariser term {written}", code="regulariser-missing", rank=EXACT
    )
    named = nearest_named(due, sizes)
    if named is not None or case.expected.size > 1:
        due = due if named is None else named
        names = [] if due in PLAIN else [f"{name}?" for name in factor_names(due, sizes)]
        told = f" ({' or '.join(names)})" if names else ""
        message = f"{{it}} has {due:.6g} times the regulariser term {written}{told}"
        yield Guess(case.expected + (due - 1) * term, message, factor=due, rank=FITTED if named is None else EXACT)
    c = projection(case.claim - case.expected + term, np.sign(case.parameter))
    if case.expected.size > 2:
        said = f"{{it}} has {c:.6g} times the sign of {case.name}, the term of an L1 penalty, and not {written}"
        yield Guess(case.expected - term + c * np.sign(case.parameter), said, rank=FITTED)


def on_biases(case: TensorCase) -> Iterator[Guess]:
    """Guess that what is too much in db is a multiple of b."""
    if not case.is_bias or not norm(case.parameter):
        return
    l2 = 0.0 if case.propagation is None else case.propagation.network.l2 / case.propagation.m
    message = "{it} has a regulariser term, %.6g times " + case.name
    if l2:
        for multiple in (1.0, 2.0, 0.5):
            yield Guess(case.expected + multiple * l2 * case.parameter, message % (multiple * l2), rank=EXACT)
    if case.expected.size > 1:
        c = projection(case.claim - case.expected, case.parameter)
        yield Guess(case.expected + c * case.parameter, message % c, rank=FITTED)


TENSOR = (
    Mistake("regulariser-wrong", EXACT, on_weights, "compare the regulariser term in {it} with that of the loss"),
    Mistake("regularised-bias", EXACT, on_biases, "the loss does not penalise biases: drop the term from {it}"),
)
