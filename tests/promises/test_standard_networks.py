"""A loss of one's own that is that of a standard network, whatever its form: its mistakes are named as a network's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_gradient
from gradcheck_cli.vocabulary.parameters import Array

N, SIZES = 7, (4, 5, 3)
R = np.random.default_rng(0)
INPUTS, LABELS = R.normal(size=(N, SIZES[0])), R.integers(0, SIZES[-1], N)
POINT = {
    "fc1.weight": R.normal(size=(4, 5)), "fc1.bias": R.normal(size=5),
    "fc2.weight": R.normal(size=(5, 3)), "fc2.bias": R.normal(size=(1, 3)),
}  # fmt: skip
STRENGTH = 0.05
NOTE = "the loss is that of a standard network"


def passed(p: Mapping[str, Array]) -> tuple[Array, Array]:
    h = np.maximum(0, INPUTS @ p["fc1.weight"] + p["fc1.bias"])
    z = h @ p["fc2.weight"] + p["fc2.bias"]
    e = np.exp(z - z.max(1, keepdims=True))
    return h, e / e.sum(1, keepdims=True)


def loss(p: Mapping[str, Array]) -> float:
    squares = np.sum(p["fc1.weight"] ** 2) + np.sum(p["fc2.weight"] ** 2)
    return float(-np.mean(np.log(passed(p)[1][np.arange(N), LABELS])) + STRENGTH * squares)


def gradient(p: Mapping[str, Array], slip: str = "") -> dict[str, Array]:
    h, q = passed(p)
    d = q.copy()
    d[np.arange(N), LABELS if slip != "labels shifted" else np.roll(LABELS, 1)] -= 1
    d /= N
    back = d @ p["fc2.weight"].T * (h > 0 if slip != "no mask" else 1)
    term = 2 * STRENGTH if slip != "no penalty" else 0
    inputs = INPUTS.copy()
    if slip == "sample left out":
        inputs[3] = 0
    g = {
        "fc1.weight": inputs.T @ back + term * p["fc1.weight"], "fc1.bias": back.sum(0),
        "fc2.weight": h.T @ d + term * p["fc2.weight"], "fc2.bias": d.sum(0, keepdims=True),
    }  # fmt: skip
    if slip == "one row":
        g["fc1.weight"][2] = 0.5
    if slip == "one entry":
        g["fc1.weight"][2, 4] += 1
    return g


def checked(slip: str, loss: Callable[[Mapping[str, Array]], float] = loss) -> CheckReport:
    return check_gradient(loss, lambda p: gradient(p, slip), POINT, seed=1)


@pytest.mark.parametrize(
    ("slip", "code", "where", "said"),
    [
        ("no mask", "missing-activation-derivative", "dZ1", "the derivative of relu is missing"),
        ("labels shifted", "labels", "dZ2", "labels shifted by 1 samples"),
        ("no penalty", "regulariser-missing", "all-W", "lacks the regulariser term 0.1 fc1.weight"),
        ("sample left out", "sample-missing", "dfc1.weight", "leaves out sample 3"),
        ("one row", "rows", "dfc1.weight", "row 2"),
        ("one entry", "single-entry", "dfc1.weight", "dfc1.weight"),
    ],
)
def test_its_mistakes_are_named_in_the_form_that_it_has(slip: str, code: str, where: str, said: str) -> None:
    report = checked(slip)
    (finding,) = report.findings
    assert (finding.code, finding.where) == (code, where)
    assert said in finding.message.replace("its W", "fc1.weight")
    assert any(note.startswith(NOTE) and note.endswith("samples as rows") for note in report.notes)


def test_entries_keep_their_own_places() -> None:
    assert checked("one entry").findings[0].indices == ("fc1.weight[2, 4]",)


def test_of_a_right_gradient_nothing_is_looked_for() -> None:
    report = checked("")
    assert (report.verdict.name, report.findings) == ("PASS", ())
    assert not any(NOTE in note for note in report.notes)


def test_a_loss_that_is_not_quite_the_network_s_is_none() -> None:
    report = checked("no mask", lambda p: loss(p) + 1e-6 * float(np.sum(np.sin(p["fc1.bias"]))))
    assert report.verdict.name == "FAIL"
    assert not any(NOTE in note for note in report.notes)
    assert all(finding.code != "missing-activation-derivative" for finding in report.findings)


def test_layers_need_no_biases() -> None:
    x, y = np.abs(INPUTS[0]), np.eye(3)[1]
    point = {"w_in": R.normal(size=(5, 4)), "w_out": R.normal(size=(3, 5))}

    def passed(p: Mapping[str, Array]) -> tuple[Array, Array]:
        a = 1 / (1 + np.exp(-p["w_in"] @ x))
        e = np.exp(p["w_out"] @ a)
        return a, e / e.sum()

    def loss(p: Mapping[str, Array]) -> float:
        return float(np.mean((passed(p)[1] - y) ** 2))

    def diagonal(p: Mapping[str, Array]) -> dict[str, Array]:
        a, q = passed(p)
        d = 2 * (q - y) / 3 * q * (1 - q)
        return {"w_in": np.outer(p["w_out"].T @ d * a * (1 - a), x), "w_out": np.outer(d, a)}

    (finding,) = check_gradient(loss, diagonal, point, seed=1).findings
    assert (finding.code, finding.where) == ("output-delta", "dZ2")
    assert "of a softmax the whole Jacobian is" in finding.message
    assert finding.consequences == ("dw_in", "dw_out")
    assert "db" not in finding.note


def test_labels_that_are_shifted_are_told_though_no_sum_over_samples_shows_them() -> None:
    def loss(p: Mapping[str, Array]) -> float:
        Z = INPUTS @ p["W"]
        return float(np.mean(np.log(np.exp(Z).sum(1)) - Z[np.arange(N), LABELS]))

    def gradient(p: Mapping[str, Array]) -> dict[str, Array]:
        E = np.exp(INPUTS @ p["W"])
        return {"W": INPUTS.T @ (E / E.sum(1, keepdims=True) - np.eye(3)[np.roll(LABELS, 1)]) / N}

    (finding,) = check_gradient(loss, gradient, {"W": R.normal(size=(4, 3))}, seed=1).findings
    assert (finding.code, finding.where) == ("labels", "dZ1")
    assert "shifted by 1 samples" in finding.message


X_OF_ONE, T_OF_ONE = R.normal(size=(9, 4)), R.normal(size=9)
LINE = {"w": R.normal(size=4), "b": np.array(0.3)}


def line_loss(p: Mapping[str, Array]) -> float:
    return float(np.mean((X_OF_ONE @ p["w"] + p["b"] - T_OF_ONE) ** 2) + 0.1 * np.sum(p["w"] ** 2))


def line_gradient(p: Mapping[str, Array], slip: str) -> dict[str, Array]:
    e = 2 * (X_OF_ONE @ p["w"] + p["b"] - T_OF_ONE)
    over = 1 if slip == "sum for mean" else 9
    w = X_OF_ONE.T @ e / over + (0.2 if slip != "no penalty" else 0) * p["w"]
    if slip == "one entry":
        w[2] *= 2
    return {"w": w, "b": np.asarray(np.sum(e[: 5 if slip == "half" else 9]) / over)}


@pytest.mark.parametrize(
    ("slip", "code", "said"),
    [
        ("sum for mean", "delta-factor", "dZ1 is 9 times the right gradient (m?); the penalty term"),
        ("no penalty", "regulariser-missing", "dw lacks the regulariser term 0.2 w"),
        ("half", "sample-missing", "db sums only the first 5 of 9 samples"),
        ("one entry", "single-entry", "dw is wrong at one entry only"),
    ],
)
def test_a_regression_is_a_network_of_one_layer(slip: str, code: str, said: str) -> None:
    (finding,) = check_gradient(line_loss, lambda p: line_gradient(p, slip), LINE, seed=1).findings
    assert finding.code == code
    assert finding.message.startswith(said)
    assert finding.indices == (("w[2]",) if slip == "one entry" else ())


def test_numbers_of_a_step_say_in_which_units_they_are() -> None:
    def gradient_with_clip(p: Mapping[str, Array]) -> dict[str, Array]:
        h, q = passed(p)
        d = (q - np.eye(3)[LABELS]) / N
        d = np.clip(d, -0.04, 0.04)
        back = d @ p["fc2.weight"].T * (h > 0)
        term = 2 * STRENGTH
        return {
            "fc1.weight": INPUTS.T @ back + term * p["fc1.weight"], "fc1.bias": back.sum(0),
            "fc2.weight": h.T @ d + term * p["fc2.weight"], "fc2.bias": d.sum(0, keepdims=True),
        }  # fmt: skip

    (finding,) = check_gradient(loss, gradient_with_clip, POINT, seed=1).findings
    assert (finding.code, finding.where) == ("clipped-value", "dZ2")
    assert f"clipped at {0.04 * N:g} (where dZ2 is {N} times dJ/dZ2)" in finding.message
