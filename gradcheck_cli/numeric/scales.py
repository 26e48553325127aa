"""How large an entry is, against which a step is small: what makes every step, bar and limit free of units.

The size of an entry is its own magnitude, whatever stands beside it in its array: entries of one array may have
different units, as amplitude and rate of a fit have. An entry that is 0 has none of its own. It borrows one from the
array, from all parameters or, where everything is 0, takes 1; the ladder then looks whether that serves.

Where the loss does not move over the whole size of an entry, the size says nothing either: a bias of 1e-30 is a zero
with dust on it. `scale_of_motion` then looks for a step that the loss does feel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.numeric.tolerances import STILL
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["entry_sizes", "largest_size", "like_sizes", "scale_of_motion", "typical_size"]

FAR = 8  # powers of ten from one step to the next; where the loss is saturated by then, smaller ones follow
CLEARLY = 4.0  # times a change that counts as none
FELT = 256.0  # standard deviations of the loss: a change beside a larger one that is no rounding of that
LIKE = 1e3  # times by which sizes differ at most that are moved together: what is small among them is still seen
CURVED = 0.25  # of a change: what half the step may leave unexplained of it if it is a change at all and no rounding


def typical_size(values: Array) -> float:
    """Return the root mean square of the entries of an array that are not 0; 0 where all are."""
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0:
        return 0.0
    scaled = values[values != 0] / largest
    return largest * math.sqrt(float(np.mean(scaled * scaled)))


def entry_sizes(parameters: Parameters) -> dict[str, Array]:
    """Return the size of every entry: its magnitude, or if that is 0 the typical one of its array, of all, or 1.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        The point.

    Returns
    -------
    dict of str to ndarray
        Of the same shapes, all greater than 0, in the units of the parameters.
    """
    typical = {name: typical_size(values) for name, values in parameters.items()}
    of_all = max(typical.values(), default=0.0) or 1.0
    return {name: np.where(values == 0, typical[name] or of_all, np.abs(values)) for name, values in parameters.items()}


def like_sizes(sizes: Array) -> NDArray[np.intp]:
    """Return for each of some sizes the number of its class: from 0, the largest, on; within one they are alike.

    Entries that are moved together, along one direction, are to be of one class: a step that is right for one of them
    is then right for all, and none is so small that its derivative could hide behind the others'.

    Parameters
    ----------
    sizes : ndarray of shape (n,)
        All greater than 0.

    Examples
    --------
    >>> like_sizes(np.array([1.0, 1e-9, 0.01, 3e-8])).tolist()
    [0, 1, 0, 1]
    """
    classes, number, largest = np.zeros(sizes.size, dtype=np.intp), -1, math.inf
    for k in np.argsort(-sizes, kind="stable"):
        if largest > LIKE * sizes[k]:
            number, largest = number + 1, sizes[k]
        classes[k] = number
    return classes


def largest_size(parameters: Parameters) -> float:
    """Return the magnitude of the largest entry of all, or 1 if that is larger: how far a search for motion goes."""
    ends = ((np.max(values, initial=0.0), np.min(values, initial=0.0)) for values in parameters.values())
    return max(1.0, *(max(float(high), -float(low)) for high, low in ends))


def scale_of_motion(line: Callable[[float], float], noise: float, reach: float) -> float | None:
    """Return how far along a line the loss has moved by more than noise and rounding.

    Parameters
    ----------
    line : callable
        t -> J at t sizes from the point.
    noise : float
        Standard deviation of the loss.
    reach : float
        The largest t that is of interest.

    Returns
    -------
    float or None
        A power of ten; None where the loss stays what it is that far; NaN where that cannot be told, for it changes by
        what may be rounding of what is moved, or has no value there.
    """
    here, changed = line(0.0), False
    for t in _steps(reach):
        change = line(t) - here
        if not math.isfinite(change):
            return math.nan
        if abs(change) <= CLEARLY * STILL * noise:
            continue
        changed = True
        if t <= 1 or _is_smooth(line, here, t):
            return t
        for k in range(1, FAR):  # it may be saturated by now
            nearer = t / 10.0**k
            if abs(line(nearer) - here) > FELT * noise and all(_is_smooth(line, here, nearer / c) for c in (1, 3, 9)):
                return nearer
    return math.nan if changed else None


def _is_smooth(line: Callable[[float], float], here: float, t: float) -> bool:
    """Whether the loss grows from a quarter of a step to the whole as it does to first or to second order."""
    change, half, quarter = line(t) - here, line(t / 2) - here, line(t / 4) - here
    return any(_grows(change, half, p) and _grows(half, quarter, p) for p in (1, 2))


def _grows(change: float, half: float, power: int) -> bool:
    """Whether a change is about that of half the step times a power of two, as rounding hardly ever is."""
    return bool(abs(change - 2.0**power * half) <= CURVED * abs(change))


def _steps(reach: float) -> Iterator[float]:
    yield 0.1
    yield 1.0
    for power in range(FAR, 305, FAR):
        if 10.0 ** (power - FAR) >= reach:
            return
        yield 10.0 ** min(power, 300)
