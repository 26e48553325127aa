"""The gradient of another moment: stale, or mixed with an older one. Only a network can be asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.diagnosis.mistake import EXACT, FITTED, LOOSE, Guess, Mistake, TensorCase, WholeCase, WholeGuess
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector

__all__ = ["TENSOR_LAST", "WHOLE_LAST"]

RATES = (0.01, 0.1, 0.5, 0.001, 1.0, 0.05, 0.3, -0.01, -0.1, -0.5)
"""Learning rates that people use; negative: the parameters before an update, not after."""
FASTEST = 10  # a step that is longer meets some gradient by chance
STEPS = 7  # of the search for any other rate


def gradient_after(network: Network, reference: Parameters, rate: float) -> Mapping[str, Array]:
    """Return the right gradient at theta - rate * gradient."""
    moved = {name: values - rate * reference[name] for name, values in network.parameters.items()}
    with np.errstate(all="ignore"):
        return network.backward_propagation(network.forward_propagation(moved), moved)


def search(
    evidence: Evidence, error: Callable[[Mapping[str, Array]], Array]
) -> Iterator[tuple[float, Mapping[str, Array]]]:
    """Yield the usual rates, then others by Gauss-Newton from the best of them; `error` is to vanish."""
    network = evidence.network
    if network is None:
        return
    tried = []
    for rate in RATES:
        gradient = gradient_after(network, evidence.reference, rate)
        yield rate, gradient
        tried.append((float(np.linalg.norm(error(gradient))), rate, gradient))
    _, rate, gradient = min((t for t in tried if np.isfinite(t[0])), key=lambda t: t[0], default=(0.0, 0.0, {}))
    before = error(evidence.reference)
    other = 0.0
    for _ in range(STEPS if gradient else 0):
        left = error(gradient)
        slope = (left - before) / (rate - other) if rate != other else np.zeros(1)
        if not (np.isfinite(slope).all() and slope.any()):
            return
        before, other = left, rate
        rate = rate - float(np.sum(left * slope) / np.sum(slope**2))
        if abs(rate) > FASTEST:
            return
        gradient = gradient_after(network, evidence.reference, rate)
        yield rate, gradient


def stale_tensor(case: TensorCase) -> Iterator[Guess]:
    """Guess this gradient at parameters that an update has moved."""
    few = case.expected.size < 3
    for rate, gradient in search(case.evidence, lambda g: case.claim - g[case.name]):
        if not few or rate in RATES:
            rank = EXACT if rate in RATES else FITTED
            yield Guess(gradient[case.name], f"{{it}} is the gradient at other parameters: {moved(rate)}", rank=rank)


def moved(rate: float) -> str:
    """Say where a gradient was taken."""
    return f"theta {'-' if rate > 0 else '+'} {abs(rate):.6g} times the gradient"


def whole_error(case: WholeCase) -> Callable[[Mapping[str, Array]], Array]:
    """Return the function that measures how far a gradient is from the claim."""
    claim = dictionary_to_vector({name: case.evidence.analytic[name] for name in case.expected})
    return lambda gradient: claim - dictionary_to_vector({name: gradient[name] for name in case.expected})


def stale_all(case: WholeCase) -> Iterator[WholeGuess]:
    """Guess all gradients at parameters that an update has moved; or mixed with the right ones."""
    claim = dictionary_to_vector({name: case.evidence.analytic[name] for name in case.expected})
    right = dictionary_to_vector(case.expected)
    for rate, gradient in search(case.evidence, whole_error(case)):
        yield WholeGuess(gradient, f"the whole gradient is taken at other parameters: {moved(rate)}")
        old = dictionary_to_vector({name: gradient[name] for name in case.expected})
        if right.size > 6 and np.isfinite(old).all():
            mix = np.linalg.lstsq(np.stack([right, old], axis=1), claim, rcond=None)[0]
            values = {name: mix[0] * case.expected[name] + mix[1] * gradient[name] for name in case.expected}
            message = f"the whole gradient is {mix[0]:.4g} times the right one plus {mix[1]:.4g} times an older one"
            yield WholeGuess(
                values,
                f"{message}, at {moved(rate)}",
                code="momentum",
                rank=LOOSE,
                help="look for a momentum or a buffer that is not cleared",
            )


TENSOR_LAST = (
    Mistake("stale", FITTED, stale_tensor, "compute {it} from the caches of this forward pass, before any update"),
)
WHOLE_LAST = (Mistake("stale", EXACT, stale_all, "compute all gradients from this forward pass, before any update"),)
