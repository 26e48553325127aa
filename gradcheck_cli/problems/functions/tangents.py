"""A JVP at a point: what it makes of tangents of the parameters, and whether it is linear in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.problems.functions.arguments import Arguments, copied, same_bytes
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.linearity import Derivative, Fault, differs, fault_of
from gradcheck_cli.problems.functions.outputs import Outputs, outputs_of
from gradcheck_cli.vocabulary.asking import called, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["ForwardMode", "faults_of_jvp"]

Named = Mapping[str, Array]

NEARLY_ONE = 1 + np.arange(1, 5) * 2.0**-12  # what is multiplied by it is rounded otherwise, in float32 too
CANCELLED = 64.0  # times what samples of rounding show
OF_SUMS = 1e-5  # relative: rounding of float32, and less than what shows beside differences


@dataclass(frozen=True)
class ForwardMode:
    """A function's JVP at a point."""

    jvp: Callable[..., Any]
    """(parameters, tangents, **data) -> derivative, or the pair (value, derivative)."""
    outputs: Outputs
    """What the function makes of the point."""
    point: Parameters
    data: Mapping[str, Any]
    one_array: bool = False
    remarks: set[str] = field(default_factory=set, compare=False)
    """What was seen of the JVP that makes no derivative wrong."""

    def __call__(self, tangents: Named) -> dict[str, Array]:
        """Return the derivative of every output along tangents; those that are not given are zero."""
        whole = {name: tangents.get(name, np.zeros(values.shape)) for name, values in self.point.items()}
        arguments, given = Arguments(self.point, self.data, one_array=self.one_array), copied(whole)
        second = next(iter(given.values())) if self.one_array else given
        answer = call(self.jvp, arguments.first, second, **arguments.data)
        if not all(same_bytes(array, whole[name]) for name, array in given.items() if name in whole):
            self.remarks.add("the JVP modifies the tangents that it is given (copies; your arrays are safe)")
        return self.derivative(answer)

    def derivative(self, answer: Any) -> dict[str, Array]:
        """Take the derivative out of what the JVP returned.

        Raises
        ------
        ProblemError
            Where it has not the names and shapes of the outputs.
        """
        name = called(self.jvp)
        for value in [answer, *([answer[1]] if isinstance(answer, tuple) and len(answer) == 2 else [])]:
            try:
                found = outputs_of(value, name).arrays
            except ProblemError:  # as of a pair, whose first is no array where there are several outputs
                continue
            if shapes(found) == shapes(self.outputs.arrays):
                if value is not answer:
                    self.look_at(answer[0])
                return dict(found)
        expected = ", ".join(f"{o} of shape {array.shape}" for o, array in self.outputs.arrays.items())
        shown = f"shape {answer.shape}" if isinstance(answer, np.ndarray) else kind_of(answer)
        raise ProblemError(
            f"{name} returned {shown}, expected the derivative of {expected}",
            hint="a JVP returns the same structure as the function, or the pair (value, derivative)",
        )

    def look_at(self, value: Any) -> None:
        """Remark on a value beside the derivative that is not the function's."""
        found = outputs_of(value, called(self.jvp)).arrays
        here = self.outputs.arrays
        if shapes(found) != shapes(here) or differs(found, here):
            self.remarks.add("the value that the JVP returns with the derivative is not the function's")

    def vector(self, tangents: Named) -> Array:
        """Return the derivative of all outputs as one vector."""
        return np.concatenate([array.reshape(-1) for array in self(tangents).values()])


def shapes(arrays: Named) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array."""
    return {name: array.shape for name, array in arrays.items()}


def faults_of_jvp(jvp: ForwardMode, v: Named, w: Named) -> Iterator[Fault]:
    """Yield what is wrong with how a JVP depends on its tangents: it must be linear in them.

    The tests take no differences: the same comes of the same, nothing of zeros, -2^20 times as much of -2^20 times the
    tangents, where nothing is rounded, and the sum of a sum.

    Parameters
    ----------
    jvp : ForwardMode
        The JVP.
    v, w : mapping of str to ndarray
        Tangents of all parameters.
    """
    at_v, at_w = jvp(v), jvp(w)
    if not all(np.isfinite(values).all() for values in at_v.values()):
        return  # no difference agrees with that
    fault = fault_of(
        Derivative(
            jvp,
            it="the JVP",
            made="derivative",
            given="tangents",
            before_names="",
            if_constant=(
                "look for the value of the function instead of its derivative, or for a constant that is added to it"
            ),
            if_clipped="look for a clip, a norm, an abs or a mask of the tangents, and for a finite difference",
        ),
        [(v, at_v)],
    )
    if fault is not None:
        yield fault
        return
    both = jvp({name: 2 * v[name] - 0.75 * w[name] for name in v})
    parts = [jvp({name: values}) for name, values in v.items()]
    missed = {
        name: max(
            float(np.max(np.abs(both[name] - (2 * values - 0.75 * at_w[name])))),
            float(np.max(np.abs(values - np.sum([part[name] for part in parts], axis=0)))),
        )
        for name, values in at_v.items()
    }
    terms = {name: max(float(np.max(np.abs(made[name]))) for made in (at_v, at_w, *parts)) for name in at_v}
    if any(not missed[name] <= OF_SUMS * terms[name] for name in at_v) and not is_rounding(jvp, missed, v, w):
        yield Fault(
            "not-linear",
            "the JVP is not additive: the sum of two tangents does not give the sum of their derivatives",
            "look for something that depends on the size or the sign of a tangent, or for one that replaces another",
        )


def is_rounding(jvp: ForwardMode, missed: Mapping[str, float], v: Named, w: Named) -> bool:
    """Whether rounding explains by how much sums of derivatives miss each other.

    Where the terms of a derivative cancel, rounding is all that is left of it: tangents that are a little larger show
    how much that is.
    """
    rounded = dict.fromkeys(missed, 0.0)
    for factor in NEARLY_ONE:
        for tangents in (v, w):
            plain, larger = jvp(tangents), jvp({name: factor * values for name, values in tangents.items()})
            for name, values in larger.items():
                rounded[name] = max(rounded[name], float(np.max(np.abs(values - factor * plain[name]))))
    return all(missed[name] <= CANCELLED * rounded[name] for name in missed)
