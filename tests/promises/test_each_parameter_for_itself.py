"""A parameter's verdict is its own: what else is checked, what else is wrong and how sharply do not change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport
from gradcheck_cli.vocabulary.results import Verdict
from tests.promises.claims import FAIL, PASS, Named, report
from tests.support import run_inside
from tests.zoo import Array

# A network whose loss has the usual guard log(p + 1e-7), which its gradient leaves out: off by 1e-7 everywhere.

_random = np.random.default_rng(0)
X, T = _random.normal(size=(5, 6)), np.eye(3)[[0, 2, 1, 1, 0]]
GUARDED: Named = {
    "W1": _random.normal(size=(6, 4)) / 2,
    "b1": np.zeros(4),
    "W2": _random.normal(size=(4, 3)) / 2,
    "b2": np.zeros(3),
}


def outputs(p: Named) -> tuple[Array, Array]:
    h = np.tanh(X @ p["W1"] + p["b1"])
    z = h @ p["W2"] + p["b2"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return h, e / e.sum(axis=1, keepdims=True)


def loss(p: Named, guard: float = 1e-7) -> Any:
    return -np.sum(T * np.log(outputs(p)[1] + guard)) / len(X)


def gradient(p: Named) -> dict[str, Array]:
    h, y = outputs(p)
    d = (y - T) / len(X)
    dh = d @ p["W2"].T * (1 - h**2)
    return {"W1": X.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ d, "b2": d.sum(axis=0)}


def verdicts(found: CheckReport) -> dict[str, Verdict]:
    return {parameter.name: parameter.verdict for parameter in found.parameters}


def accused(found: CheckReport) -> set[str]:
    """Return the parameters whose own gradients a finding names."""
    named = {finding.where.removeprefix("d") for finding in found.findings}
    return named & {parameter.name for parameter in found.parameters}


WRONG: Mapping[str, Any] = {
    "far off": lambda values: values + np.cos(9 * np.arange(values.size)).reshape(values.shape) / 50,
    "doubled": lambda values: 2 * values,
    "zero": lambda values: 0 * values,
}


@pytest.mark.parametrize("guard", [0.0, 1e-7])
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("name", GUARDED)
def test_a_mistake_in_one_parameter_changes_no_verdict_on_another(name: str, wrong: Any, guard: float) -> None:
    claim = gradient(GUARDED)
    before = verdicts(report(lambda p: loss(p, guard), claim, GUARDED))
    found = report(lambda p: loss(p, guard), {**claim, name: wrong(claim[name])}, GUARDED)
    assert verdicts(found) == {**before, name: FAIL}


@pytest.mark.parametrize("guard", [0.0, 1e-7])
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("name", GUARDED)
def test_a_finding_accuses_only_what_fails(name: str, wrong: Any, guard: float) -> None:
    claim = gradient(GUARDED)
    found = report(lambda p: loss(p, guard), {**claim, name: wrong(claim[name])}, GUARDED)
    assert accused(found) <= {name}
    assert all(f"d{other}" not in finding.consequences for finding in found.findings for other in set(claim) - {name})


def test_a_guard_that_the_gradient_leaves_out_is_not_called_float32_alone() -> None:
    found = report(loss, gradient(GUARDED), GUARDED)
    assert found.verdict is not FAIL
    assert "guard" in "\n".join([*found.reasons, *found.notes])


@pytest.mark.parametrize("name", GUARDED)
def test_a_parameter_checked_alone_has_the_verdict_that_it_has_among_others(name: str) -> None:
    claim = gradient(GUARDED)
    claim["W1"] = claim["W1"] + 0.02
    together = verdicts(report(lambda p: loss(p, 0.0), claim, GUARDED))
    alone = report(lambda p: loss({**GUARDED, **p}, 0.0), {name: claim[name]}, {name: GUARDED[name]})
    assert alone.verdict is together[name]


MODULE = """
import numpy as np

def loss(p):
    return float(np.sum(np.exp(p["a"])) + 1e3 * np.sum(np.sin(p["b"])) + np.sum(np.abs(p["c"])))

def grad(p):
    return {"a": 1.001 * np.exp(p["a"]), "b": 1e3 * np.cos(p["b"]), "c": np.zeros(2)}
"""


@pytest.mark.parametrize(("name", "expected"), [("a", 1), ("b", 0), ("c", 0)])
def test_the_option_param_changes_no_verdict(tmp_path: Path, name: str, expected: int) -> None:
    (tmp_path / "mine.py").write_text(MODULE, encoding="utf-8")
    np.savez(tmp_path / "p.npz", a=np.array([0.3, -0.2]), b=np.array([0.7, 1.9]), c=np.zeros(2))
    command = ["func", "mine.py:loss", "--grad", "mine.py:grad", "--params", "p.npz"]
    assert run_inside(*command, "--param", name, cwd=tmp_path).returncode == expected
    shown = json.loads(run_inside(*command, "--format", "json", cwd=tmp_path).stdout)
    (case,) = shown["cases"]
    (row,) = [parameter for parameter in case["parameters"] if parameter["name"] == name]
    assert row["verdict"].upper() == ("FAIL" if expected else "PASS")


# The threshold.

POINT: Named = {"a": np.array([0.3, 0.9]), "b": np.array([0.5, -0.4, 1.1])}


def sines(p: Named) -> Any:
    return 1e4 * np.sum(np.sin(p["a"])) + np.sum(np.sin(p["b"]))


@pytest.mark.parametrize("threshold", [2e-7, 1e-5, 1e-3])
@pytest.mark.parametrize(("factor", "expected"), [(1.0, PASS), (1.02, FAIL)])
def test_what_the_threshold_lets_pass_in_one_parameter_does_not_cover_another(
    factor: float, expected: Verdict, threshold: float
) -> None:
    claim = {"a": (1 + 1e-4) * 1e4 * np.cos(POINT["a"]), "b": factor * np.cos(POINT["b"])}
    found = verdicts(report(sines, claim, POINT, threshold=threshold))
    assert found == {"a": PASS if threshold >= 1e-4 else FAIL, "b": expected}


def test_a_right_parameter_stays_a_pass_under_every_threshold() -> None:
    claim = {"a": 1e4 * np.cos(POINT["a"]), "b": -np.cos(POINT["b"])}
    for threshold in (2e-7, 1e-5, 1e-3, 0.5):
        for mode in ("full", "screen"):
            assert verdicts(report(sines, claim, POINT, threshold=threshold, mode=mode))["a"] is PASS


# A unit that is dead for a sample stands on relu's kink where its bias is zero, as nearly all networks begin.


def relu_network() -> tuple[dict[str, Array], Any, Any]:
    random = np.random.default_rng(4)
    inputs, labels, penalty = random.normal(size=(6, 5)), random.integers(0, 3, 6), 0.3
    point = {
        "W1": np.array(random.normal(size=(5, 4)) / 2), "b1": np.zeros(4),
        "W2": np.array(random.normal(size=(4, 4)) / 2), "b2": np.zeros(4),
        "W3": np.array(random.normal(size=(4, 3)) / 2), "b3": np.zeros(3),
    }  # fmt: skip
    inputs[0] = 0  # the whole first layer is 0 for this sample: every unit of layer 1 and 2 is on its kink

    def forward(p: Named) -> tuple[list[Array], list[Array], Array]:
        values, sums = [inputs], []
        for l in (1, 2, 3):
            sums.append(values[-1] @ p[f"W{l}"] + p[f"b{l}"])
            values.append(np.maximum(0, sums[-1]) if l < 3 else sums[-1])
        e = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
        return values, sums, e / e.sum(axis=1, keepdims=True)

    def value(p: Named) -> Any:
        chosen = forward(p)[2][np.arange(6), labels]
        return -np.mean(np.log(chosen)) + penalty / 2 * sum(np.sum(p[f"W{l}"] ** 2) for l in (1, 2, 3))

    def slopes(p: Named, penalties: float = 1.0) -> dict[str, Array]:
        values, sums, d = forward(p)
        d = d.copy()
        d[np.arange(6), labels] -= 1
        d /= 6
        found: dict[str, Array] = {}
        for l in (3, 2, 1):
            found[f"W{l}"] = values[l - 1].T @ d + penalties * penalty * p[f"W{l}"]
            found[f"b{l}"] = d.sum(axis=0)
            if l > 1:
                d = (d @ p[f"W{l}"].T) * (sums[l - 2] > 0)
        return {name: found[name] for name in p}

    return point, value, slopes


def test_biases_of_zero_on_relus_kink_never_fail() -> None:
    point, value, slopes = relu_network()
    assert report(value, slopes(point), point).verdict is not FAIL


def test_a_bias_on_relus_kink_is_not_accused_of_a_penalty_that_counts_twice() -> None:
    point, value, slopes = relu_network()
    before = verdicts(report(value, slopes(point), point))
    found = report(value, slopes(point, 2.0), point)
    assert {name: verdict for name, verdict in verdicts(found).items() if name[0] == "W"} == dict.fromkeys(
        ("W1", "W2", "W3"), FAIL
    )
    assert {n: v for n, v in verdicts(found).items() if n[0] == "b"} == {n: v for n, v in before.items() if n[0] == "b"}
    assert not accused(found) & {"b1", "b2", "b3"}
