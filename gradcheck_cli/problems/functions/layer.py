"""A layer: a forward pass with a cache, and a backward pass that makes gradients of cotangents of its outputs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.problems.functions.arguments import Arguments, same_bytes
from gradcheck_cli.problems.functions.calling import arguments_of, needed
from gradcheck_cli.problems.functions.complex_numbers import CONVENTIONS, ComplexView, Convention
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.linearity import Derivative, Fault, differs, fault_of
from gradcheck_cli.problems.functions.outputs import Outputs, outputs_of, parted
from gradcheck_cli.problems.functions.returned import by_name, claimed_gradient
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.errors import UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters, vector_to_dictionary

__all__ = ["Layer", "alike", "faults_of", "outputs_missed", "random_cotangents", "signed"]

Named = Mapping[str, Array]

SMALLEST, LARGEST = 0.5, 1.5  # of the magnitudes of random cotangents
STEP = 1e-5  # of an entry: what is found by it explains, and decides nothing
VISIBLE = 1e-4  # of the largest derivative: an error that is told of
MOST_HALVINGS = 55
MOST_DOUBLINGS = 300  # of cotangents: more would overflow in the gradient
MOST_MISSED = 4  # entries of outputs that a sentence names
SMALLEST_SIZE = 2e-8  # of the largest entry of an output: what right formulas lose by rounding grows with the weights
UNLIKE = 1e3  # times by which sizes in one output differ, so that the small ones could hide
OF_SUMS = (1e-3, 1e-12)  # relative, and beside cotangents of about one: rounding where terms cancel is less than both


@dataclass(frozen=True)
class Layer:
    """A forward and a backward pass at a point."""

    forward: Callable[..., Any]
    """(parameters, **data) -> (outputs, cache), or the outputs alone."""
    backward: Callable[..., Any]
    """(cotangents, cache) -> gradient; (cotangents) where there is no cache; those of a tuple also one by one."""
    point: Parameters
    data: Mapping[str, Any]
    one_array: bool = False
    convention: Convention = CONVENTIONS["torch"]
    """What cotangents of complex outputs mean."""
    view: ComplexView | None = None
    """The view by which the point is real; None where it is real by itself."""
    remarks: set[str] = field(default_factory=set, compare=False)
    """What was seen of the backward pass that makes no number wrong."""

    def split(self, answer: Any) -> tuple[Outputs, tuple[Any, ...]]:
        """Take apart what the forward pass returned: the outputs, and the cache where there is one."""
        outputs, cache = parted(answer)
        return outputs_of(outputs, called(self.forward), self.convention), cache

    def run(self) -> tuple[Outputs, tuple[Any, ...]]:
        """Call the forward pass at the point, on arrays of its own."""
        arguments = Arguments(self.point, self.data, one_array=self.one_array)
        return self.split(call(self.forward, arguments.first, **arguments.data))

    def gradient(self, given: Named) -> dict[str, Array]:
        """Return the gradient that the backward pass makes of cotangents, with a fresh cache."""
        outputs, cache = self.run()
        return self.gradient_with(outputs, cache, given)

    def gradient_with(self, outputs: Outputs, cache: tuple[Any, ...], given: Named) -> dict[str, Array]:
        """Return the gradient that the backward pass makes of cotangents and of a cache."""
        copies = {name: u.copy() for name, u in given.items()}
        cotangents = outputs.in_form(copies)
        answer = call(self.backward, *(cotangents if self.takes_each(cotangents, cache) else [cotangents]), *cache)
        if not all(same_bytes(copies[name], u) for name, u in given.items()):
            self.remarks.add(
                "the backward pass modifies the cotangents that it is given (copies; your arrays are safe)"
            )
        return claimed_gradient(by_name(answer, self.point, "the backward pass"), self.point, "the backward pass")

    def takes_each(self, cotangents: Any, cache: tuple[Any, ...]) -> bool:
        """Whether the backward pass has an argument for the cotangents of each output, as in (dh, dc, cache)."""
        several = isinstance(cotangents, tuple) and len(cotangents) > 1
        return several and len(needed(arguments_of(self.backward))) == len(cotangents) + len(cache)


def random_cotangents(outputs: Outputs, count: int, seed: int) -> list[tuple[str, dict[str, Array]]]:
    """Return random cotangents of both signs, so many for each output alone, with the name of the output.

    Cotangents of ones, or of one sign, hide mistakes in sums, masks and means; one for all outputs hides those of an
    output that is small beside another. Where the entries of one output are of unlike size, every second cotangent
    weighs them alike.
    """
    random = np.random.default_rng(seed)
    found = []
    for name, array in outputs.arrays.items():
        for number in range(count):
            given = {other: np.zeros(values.shape) for other, values in outputs.arrays.items()}
            given[name] = signed(random, array.shape) * (alike(outputs.magnitudes(name)) if number % 2 else 1.0)
            found.append((name, given))
    return found


def alike(array: Array) -> Array:
    """Return by what the entries of an array are multiplied to be of one size; ones where they almost are."""
    sizes = np.abs(array)
    largest = float(np.max(sizes))
    factors = largest / np.maximum(sizes, SMALLEST_SIZE * largest) if largest else np.ones(array.shape)
    return factors if np.max(factors) > UNLIKE else np.ones(array.shape)


def signed(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return random numbers of both signs, none of them small."""
    return np.asarray(random.choice([-1.0, 1.0], shape) * random.uniform(SMALLEST, LARGEST, shape))


def faults_of(layer: Layer, judged: Sequence[tuple[Named, Named]], seed: int) -> Iterator[Fault]:
    """Yield what is wrong with how the backward pass depends on its cotangents: it must be linear in them.

    The tests take no differences of the forward pass: the same comes of the same, a linear function of zeros is zero,
    it is -2^20 times as large where its argument is, and that of a sum is the sum.

    Parameters
    ----------
    layer : Layer
        The passes.
    judged : sequence of (mapping, mapping)
        The cotangents of each output alone, and the gradients that were made of them.
    seed : int
        Of the cotangents of all outputs.
    """
    outputs, cache = layer.run()
    random = np.random.default_rng([seed, 1])
    u, w = ({name: signed(random, array.shape) for name, array in outputs.arrays.items()} for _ in range(2))
    at_u, at_w = layer.gradient(u), layer.gradient(w)
    fault = fault_of(
        Derivative(
            layer.gradient,
            it="the backward pass",
            made="gradient",
            given="cotangents",
            before_names="d",
            if_constant=(
                "look for something added in the backward pass that is not in the forward pass: a regulariser?"
            ),
            if_clipped="look for a clip, a norm, an abs or a mask of the incoming gradient",
        ),
        [(u, at_u), judged[0]],
    )
    if fault is not None:
        yield fault
        return
    both = layer.gradient({name: 2 * u[name] - 0.75 * w[name] for name in u})
    expected = {name: 2 * at_u[name] - 0.75 * at_w[name] for name in at_u}
    if differs(both, expected, *OF_SUMS) or misses_parts(layer, u):
        yield Fault(
            "not-linear",
            "the backward pass is not additive: the sum of two cotangents does not give the sum of their gradients",
            "look for something that depends on the size or the sign of the incoming gradient, or for one output that"
            " takes the place of another",
        )
    with suppress(UserFunctionError):  # it may take what it needs out of the cache
        first, again = (layer.gradient_with(outputs, cache, u) for _ in range(2))
        if differs(again, first):
            yield Fault(
                "changes-its-cache",
                "the backward pass returns a different gradient when it is called again with the same cache",
                "look for something that writes to the cache",
            )


def misses_parts(layer: Layer, u: Named) -> bool:
    """Whether the gradient of all outputs' cotangents together is not the sum of the gradients of each alone.

    The cotangents of each output are taken so many times that no gradient hides beside another's; a power of two rounds
    nothing.
    """
    parts = {
        own: layer.gradient({name: values if name == own else 0 * values for name, values in u.items()}) for own in u
    }
    sizes = {own: max(float(np.max(np.abs(values))) for values in part.values()) for own, part in parts.items()}
    largest = max(sizes.values())
    times = {own: power_between(size, largest) for own, size in sizes.items()}
    together = layer.gradient({name: times[name] * values for name, values in u.items()})
    expected = {name: np.sum([times[own] * part[name] for own, part in parts.items()], axis=0) for name in together}
    relative, absolute = OF_SUMS
    return differs(together, expected, relative, absolute * max(times.values()))


def power_between(size: float, largest: float) -> float:
    """Return a power of two by which a size becomes about the largest; 1 where one of them is zero or not finite."""
    if not (0 < size < math.inf and largest < math.inf):
        return 1.0
    return 2.0 ** min(math.frexp(largest)[1] - math.frexp(size)[1], MOST_DOUBLINGS)


def outputs_missed(layer: Layer, parameter: str, entry: int, seed: int) -> list[str]:
    """Return the entries of the outputs from which the wrong gradient of one entry comes; nothing where they are many.

    What the entry does to all outputs takes two evaluations of the forward pass; then the outputs are halved again and
    again, by cotangents that are zero on the others, until single ones are left.
    """
    outputs, _ = layer.run()
    column = column_of(layer, parameter, entry)
    v = signed(np.random.default_rng([seed, 2]), column.shape)
    visible = VISIBLE * float(np.max(np.abs(column), initial=0.0))

    def is_wrong(part: slice) -> bool:
        given = np.zeros(column.shape)
        given[part] = v[part]
        claimed = layer.gradient(vector_to_dictionary(given, outputs.arrays))[parameter].reshape(-1)[entry]
        return not abs(claimed - given @ column) <= visible

    waiting, found, calls = [slice(0, column.size)], list[int](), 0
    while waiting:
        part, calls = waiting.pop(), calls + 1
        if calls > MOST_HALVINGS:
            return []
        if is_wrong(part):
            middle = (part.start + part.stop) // 2
            if part.stop - part.start == 1:
                found.append(part.start)
            else:
                waiting += [slice(middle, part.stop), slice(part.start, middle)]
    return [outputs.entry(position) for position in found] if len(found) <= MOST_MISSED else []


def column_of(layer: Layer, parameter: str, entry: int) -> Array:
    """Return the derivatives of all outputs with respect to one entry, by a centred difference."""
    values = layer.point[parameter].reshape(-1)
    step = STEP * (abs(values[entry]) or float(np.max(np.abs(values))) or 1.0)
    ends = []
    for sign in (1.0, -1.0):
        moved = {name: array.copy() for name, array in layer.point.items()}
        moved[parameter].reshape(-1)[entry] += sign * step
        ends.append(dataclasses.replace(layer, point=moved).run()[0].vector())
    return np.asarray((ends[0] - ends[1]) / (2 * step))
