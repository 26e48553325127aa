"""A user's backward pass on single samples: the wrong step is told without a catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check
from gradcheck_cli.diagnosis.one_by_one import step_findings
from gradcheck_cli.problems.networks.course_functions import with_own_functions
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.networks.probes import single_samples
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import Finding, Verdict
from tests.unit.diagnosis.support import network

NET = network(("tanh", "sigmoid", "softmax"), l2=0.3, m=7)
SLIP = Callable[[str, Array, dict[str, Array]], Array]


def backward_with(change: SLIP) -> Callable[..., dict[str, Array]]:
    """Return a backward pass in which `change` may alter every value after it is computed, by its name."""

    def backward(X: Array, Y: Array, cache: Any) -> dict[str, Array]:
        Z1, A1, W1, _, Z2, A2, W2, _, _, A3, W3, _ = cache
        m = X.shape[1]
        v = {"X": X, "Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "W2": W2, "W3": W3, "Y": Y, "A3": A3}

        def put(name: str, value: Array) -> None:
            v[name] = change(name, value, v)

        put("dZ3", A3 - Y)
        put("dA2", W3.T @ v["dZ3"])
        put("g2", A2 * (1 - A2))
        put("dZ2", v["dA2"] * v["g2"])
        put("dA1", W2.T @ v["dZ2"])
        put("g1", 1 - A1**2)
        put("dZ1", v["dA1"] * v["g1"])
        for l, A, W in ((1, X, W1), (2, A1, W2), (3, A2, W3)):
            put(f"dW{l}", v[f"dZ{l}"] @ A.T / m + 0.3 / m * W)
            put(f"db{l}", v[f"dZ{l}"].sum(axis=1, keepdims=True) / m)
        return {name: v[name] for name in ("dW1", "db1", "dW2", "db2", "dW3", "db3")}

    return backward


def slip(name: str, make: Callable[[Array, dict[str, Array]], Array]) -> SLIP:
    return lambda at, value, v: np.asarray(make(value, v)) if at == name else value


def told(change: SLIP) -> list[Finding]:
    problem = with_own_functions(NET, None, backward_with(change))
    assert isinstance(problem, Network)
    probes = single_samples(problem, 0)
    assert probes is not None
    return list(step_findings(probes))


NOTHING: SLIP = lambda name, value, v: value  # noqa: E731
HIDDEN = [
    ("wrong-activation-derivative", "dZ2", "its square root", slip("g2", lambda g, v: np.sqrt(g))),
    ("wrong-activation-derivative", "dZ2", "the value of sigmoid itself", slip("g2", lambda g, v: v["A2"])),
    ("wrong-activation-derivative", "dZ1", "that is applied at Z_1 = ",
     slip("g1", lambda g, v: 1 / (1 + v["Z1"] ** 4))),
    ("wrong-weights", "dZ1", "a matrix other than W2 transposed", slip("dA1", lambda d, v: np.sin(v["W2"]) @ v["dZ2"])),
    ("output-delta", "dZ3", "where A is", slip("dZ3", lambda d, v: d * np.abs(d))),
    ("wrong-step", "dW2", "does not follow from dZ2, but db2 does", slip("dW2", lambda d, v: np.tanh(5 * d))),
    ("wrong-step", "db1", "does not follow from dZ1, but dW1 does", slip("db1", lambda d, v: d * np.abs(d))),
    ("wrong-step", "dZ2", "computed from its own dZ3", slip("dZ2", lambda d, v: d * np.sin(9e3 * d))),
    ("over-samples", "all", "every gradient is right for each of the 48 samples alone",
     slip("dZ2", lambda d, v: d / len(d.T))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "where", "says", "change"), HIDDEN)
def test_the_first_wrong_step_is_told(code: str, where: str, says: str, change: SLIP) -> None:
    (finding,) = told(change)
    assert (finding.code, finding.where) == (code, where)
    assert says in finding.message


def test_the_numbers_told_are_those_that_the_function_applies() -> None:
    (finding,) = told(slip("g2", lambda g, v: np.sqrt(g)))
    words = finding.message.split()
    Z, applied, right = (
        float(words[words.index(word) + shift].rstrip(":")) for word, shift in (("=", 1), ("=", 3), ("instead", 2))
    )
    s = 1 / (1 + np.exp(-Z))
    assert applied == pytest.approx(np.sqrt(s * (1 - s)), rel=1e-4)
    assert right == pytest.approx(s * (1 - s), rel=1e-4)


def test_a_backward_pass_that_knows_one_number_of_samples_is_not_accused() -> None:
    for_seven = slip("dZ3", lambda d, v: d * d.shape[1] / 7)
    assert told(for_seven) == []


def test_two_wrong_steps_are_both_told() -> None:
    def change(name: str, value: Array, v: dict[str, Array]) -> Array:
        return np.sqrt(np.abs(value)) if name == "g1" else np.tanh(5 * value) if name == "dW3" else value

    assert [(f.code, f.where) for f in told(change)] == [
        ("wrong-step", "dW3"), ("wrong-activation-derivative", "dZ1"),
    ]  # fmt: skip


def test_what_the_catalogue_does_not_know_is_told_in_a_check() -> None:
    change = slip("g1", lambda g, v: 1 / (1 + v["Z1"] ** 4))
    report = check(with_own_functions(NET, None, backward_with(change)), epsilon="auto")
    assert report.verdict is Verdict.FAIL
    (finding,) = report.findings
    assert (finding.code, finding.where) == ("wrong-activation-derivative", "dZ1")


def test_a_saved_gradient_or_one_that_fails_on_a_single_sample_is_not_asked() -> None:
    assert single_samples(NET, 0) is None

    def fails(X: Array, Y: Array, cache: Any) -> dict[str, Array]:
        if X.shape[1] == 1:
            raise ValueError
        return backward_with(NOTHING)(X, Y, cache)

    problem = with_own_functions(NET, None, fails)
    assert isinstance(problem, Network)
    assert single_samples(problem, 0) is None
