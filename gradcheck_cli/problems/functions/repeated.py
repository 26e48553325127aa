"""Why what a function returns differs from call to call at one point: what the calls look like one after another."""

from __future__ import annotations

import enum

import numpy as np

from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Cause", "cause_of", "hint_of"]

SAME_STEP = 1e-5  # relative: what two steps of a sum in float32 may differ by
SETTLED = 0.1  # of how far the first half of the calls lie apart
ROUNDING = 8 * float(np.finfo(np.float64).eps)


class Cause(enum.Enum):
    """Why calls differ."""

    ADDS_UP = "adds up"
    """Every call adds the same to what was there."""
    STATE = "state"
    """The calls go somewhere, or round in a circle: nothing in them looks random."""
    SELDOM = "seldom"
    """Most calls are the same."""
    CHANCE = "chance"


HINTS = {
    Cause.ADDS_UP: "every call adds the same to the {what}, a state kept between calls: set it to zero first",
    Cause.STATE: "nothing in it looks random: does the function keep a state from call to call (a hidden state, a"
    " running mean, a buffer)? reset it at the start of each call",
    Cause.SELDOM: "most calls are the same: do threads write to one array, or is memory read before it is set?"
    " --repeat 100 calls it more often",
    Cause.CHANCE: "seed its random numbers inside the function: np.random.default_rng(0), torch.manual_seed(0); or does"
    " it keep a state between calls?",
}
TWICE = "the second call returns twice the first: the gradient accumulates from call to call; set it to zero before the"
TWICE += " backward pass"


def hint_of(calls: Array, what: str) -> str:
    """Return what to try where a function differs from call to call.

    Parameters
    ----------
    calls : ndarray of shape (k, n)
        What k calls returned, one after another.
    what : {"loss", "gradient"}
        What that is.
    """
    cause = cause_of(calls)
    if (
        cause is Cause.ADDS_UP
        and what == "gradient"
        and is_same(calls[1], 2 * calls[0], float(np.max(np.abs(calls[1]))))
    ):
        return TWICE
    return HINTS[cause].format(what=what)


def cause_of(calls: Array) -> Cause:
    """Return why calls differ that should not.

    Parameters
    ----------
    calls : ndarray of shape (k, n)
        What k calls returned, one after another; of eight random ones, one in a thousand looks like a state.
    """
    if adds_up(calls):
        return Cause.ADDS_UP
    if circles(calls) or drifts(calls):
        return Cause.STATE
    return Cause.SELDOM if share_of_most(calls) > 1 / 2 else Cause.CHANCE


def adds_up(calls: Array) -> bool:
    """Whether all steps from call to call are the same."""
    steps = np.diff(calls, axis=0)
    size = float(np.max(np.abs(steps[0])))
    return size > 0 and all(is_same(step, steps[0], size, float(np.max(np.abs(calls)))) for step in steps)


def is_same(one: Array, other: Array, size: float, largest: float = 0.0) -> bool:
    """Whether two vectors of a size are equal, but for what is lost beside `largest` numbers."""
    return bool(np.max(np.abs(one - other)) <= SAME_STEP * size + ROUNDING * largest)


def circles(calls: Array) -> bool:
    """Whether the calls come round to the same again and again."""
    periods = range(2, len(calls) // 2 + 1)
    return any(np.array_equal(calls[period:], calls[:-period]) for period in periods)


def drifts(calls: Array) -> bool:
    """Whether each step leads on from the one before, or the calls settle down elsewhere than they began."""
    if np.array_equal(calls[0], calls[-1]):
        return False
    steps = np.diff(calls, axis=0)
    onward = np.sum(steps[1:] * steps[:-1], axis=1) > 0
    leads_on = bool(np.all(onward == steps[1:].any(axis=1)))
    half = len(calls) // 2
    return leads_on or bool(widest(calls[half:]) <= SETTLED * widest(calls[:half]))


def widest(calls: Array) -> float:
    """Return by how much an entry differs between calls, at most."""
    return float(np.max(np.ptp(calls, axis=0)))


def share_of_most(calls: Array) -> float:
    """Return which part of the calls returned what most of them did."""
    counts = np.unique(calls, axis=0, return_counts=True)[1]
    return float(np.max(counts) / len(calls))
