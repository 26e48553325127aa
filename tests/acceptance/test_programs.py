"""Programs in the shapes that people write: checked without a line of glue, and a planted mistake names its place."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.notebooks import write_notebook
from tests.support import run

PROGRAMS = Path(__file__).parent / "data" / "programs"
R = np.random.default_rng(7)


@dataclass(frozen=True)
class Program:
    """A file, the words of the command, and a line of it in the place of which a wrong one is planted."""

    file: str
    words: tuple[str, ...]
    right: str
    wrong: str
    place: str
    """What the report of the planted mistake says."""
    says: str = ""
    """What the report of the right one says."""
    data: Any = None
    needs: str = ""


CHAR_RNN = "lossFun([0, 1, 2, 3], [1, 2, 3, 0], 0.1 * np.ones((hidden_size, 1)))"
EVERY = [
    Program(
        "hmm.py",
        ("model", "hmm.py:hmm", "--loss", "hmm.neg_log_likelihood(x)"),
        "means_=-(g *",
        "means_=-2 * (g *",
        "dmeans_ is 2 times the right",
        "3 arrays found in the model: means_, logits, start; the gradients are returned",
    ),
    Program(
        "gru.py",
        ("func", "gru.py:loss", "--grad", "gru.py:grads", "--params", "gru.json", "--data", "data.npz"),
        " + dc @ Uh.T",
        "",
        "params[1][0]",
        data={"x": R.normal(size=(4, 2)), "y": R.normal(size=(4, 3))},
    ),
    Program(
        "nielsen.py",
        ("model", "nielsen.py:net", "--loss", "net.cost(x, y)", "--grads", "net.backprop(x, y)"),
        "delta) * sp",
        "delta) * zs[-l]",
        "biases[0]",
        "4 arrays found in the model: biases[0], biases[1], weights[0], weights[1]; the gradients are returned",
    ),
    Program(
        "cs231n.py",
        ("model", "cs231n.py:model", "--data", "data.npz"),
        'grads["W2"] += self.reg * W2',
        'grads["W2"] += 2 * self.reg * W2',
        "dW2",
        "W1, b1, W2, b2; the gradients are returned",
        data={"X": R.normal(size=(5, 4, 3)), "y": np.array([0, 1, 2, 1, 0])},
    ),
    Program(
        "cs231n.py",
        ("layer", "cs231n.py:affine_forward", "--backward", "cs231n.py:affine_backward", "--params", "data.npz"),
        "db = np.sum(dout, axis=0)",
        "db = np.mean(dout, axis=0)",
        "db",
        data={"x": R.normal(size=(5, 2, 3)), "w": R.normal(size=(6, 4)), "b": R.normal(size=4)},
    ),
    Program(
        "layer_objects.py",
        (
            "model", "layer_objects.py:net", "--defs-only", "--loss", "tse.loss(net.forward(inputs), targets)",
            "--grads", "net.backward(tse.grad(net.forward(inputs), targets))",
        ),
        "(1 - y**2) * grad",
        "(1 - y) * grad",
        "layers[0].params.w",
        "kept with them",
    ),
    Program(
        "param_objects.py",
        ("model", "param_objects.py:net", "--loss", "net.y_list_is(xs, ys)"),
        "dh_next = dh * f + dxc",
        "dh_next = dh + dxc",
        "param.w",
        "the gradients accumulate from call to call; here they are set to zero",
    ),
    Program(
        "min_char_rnn.py",
        ("model", "min_char_rnn.py", "--defs-only", "--parameters", "Wxh, Whh, Why, bh, by", "--loss", CHAR_RNN),
        "dhnext = np.dot(Whh.T, dhraw)",
        "dhnext = np.dot(Whh, dhraw)",
        "Whh",
        "5 arrays found in the model: Wxh, Whh, Why, bh, by",
    ),
    Program(
        "kalman.py",
        ("func", "kalman.py:neg_loglik", "--grad", "kalman.py:score", "--params", "p.json", "--data", "data.npz"),
        "dP = (1 - K) * P, (1 - K) * dP - dK * P",
        "dP = (1 - K) * P, (1 - K) * dP",
        "log_q",
        data={"y": np.cumsum(R.normal(size=12))},
    ),
    Program(
        "focal.py",
        ("objective", "focal.py:focal", "--loss", "focal.py:loss", "--labels", "data.npz"),
        "negative = p**GAMMA * (p - GAMMA * q * np.log(q))",
        "negative = p**GAMMA * (q - GAMMA * q * np.log(q))",
        "grad is wrong exactly where y is 0: 4 of 8 samples",
        "the scores were drawn between -3 and 3",
        data={"y": np.array([1.0, 0, 1, 0, 1, 0, 0, 1])},
    ),
    Program(
        "focal.py",
        ("objective", "focal.py:focal", "--loss", "focal.py:loss", "--labels", "data.npz"),
        "d_positive = p * q * (q**GAMMA",
        "d_positive = p * q * (1.001 * q**GAMMA",
        "hess is wrong exactly where y is 1: 4 of 8 samples",
        data={"y": np.array([1.0, 0, 1, 0, 1, 0, 0, 1])},
    ),
    Program(
        "torch_net.py",
        ("model", "torch_net.py:net", "--loss", "criterion(net(X), y)", "--data", "data.npz"),
        "s + x * s * (1 - s)",
        "s + x * s",
        "fc1.weight",
        "fc1.weight, fc1.bias, fc2.weight, fc2.bias",
        data={"X": R.normal(size=(6, 4)), "y": np.array([0, 1, 2, 2, 1, 0])},
        needs="torch",
    ),
    Program(
        "transformer.py",
        ("model", "transformer.py:model", "--data", "data.npz"),
        "dS = self.A * (dA - (dA * self.A).sum(-1, keepdims=True))",
        "dS = self.A * (1 - self.A) * dA",
        "blocks[1].attention.q.W",
        "the gradients accumulate",
        data={"x": R.normal(size=(2, 3, 4)), "target": np.eye(3)[R.integers(0, 3, (2, 3))]},
    ),
]  # fmt: skip


@pytest.mark.parametrize("planted", [False, True])
@pytest.mark.parametrize("program", EVERY, ids=lambda program: f"{program.file}-{program.words[0]}")
def test_a_program_is_checked_as_it_is(program: Program, planted: bool, tmp_path: Path) -> None:
    if program.needs and importlib.util.find_spec(program.needs) is None:
        pytest.skip(f"{program.needs} is not installed")
    text = (PROGRAMS / program.file).read_text(encoding="utf-8")
    assert text.count(program.right) >= 1
    (tmp_path / program.file).write_text(
        text.replace(program.right, program.wrong) if planted else text, encoding="utf-8"
    )
    if program.data:
        np.savez(tmp_path / "data.npz", **program.data)
    layer = [[[0.5, -0.3, 0.2]] * 2, [[0.1, 0.4, -0.6]] * 3, [0.1, -0.2, 0.3]]
    (tmp_path / "gru.json").write_text(json.dumps({"params": [layer, layer]}), encoding="utf-8")
    (tmp_path / "p.json").write_text(json.dumps({"log_q": -0.3, "log_r": 0.4}), encoding="utf-8")
    result = run(*program.words, cwd=tmp_path)
    shown = " ".join(result.stdout.split())
    assert result.returncode == (1 if planted else 0), result.stdout + result.stderr
    assert (program.place if planted else program.says) in shown
    if planted:
        assert "FAIL" in shown
        assert program.place in shown.partition("error[")[2] or program.place in shown


NOTEBOOK = (
    "%matplotlib inline\nimport numpy as np\nimport not_installed.pyplot as plt",
    "class Softmax:\n"
    "    def __init__(self, n, k):\n"
    "        self.W, self.b = 0.3 * np.random.RandomState(0).randn(n, k), np.zeros(k)\n"
    "    def loss(self, X, y):\n"
    "        Z = X @ self.W + self.b\n"
    "        P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)\n"
    "        d = (P - np.eye(len(self.b))[y]) / len(X)\n"
    "        self.dW, self.db = X.T @ d, d.sum(axis=FACTOR)\n"
    "        return -np.mean(np.log(P[np.arange(len(X)), y]))\n",
    "X = np.random.RandomState(1).randn(6, 4)\ny = np.array([0, 1, 2, 0, 1, 2])\nmodel = Softmax(4, 3)",
    "for epoch in range(10**9):\n    model.loss(X, y)\n    model.W -= 0.1 * model.dW",
    "plt.plot(X[:, 0])",
)


@pytest.mark.parametrize(("scale", "code"), [("0)", 0), ("0) * 2", 1)])
def test_a_model_in_a_notebook_that_trains(tmp_path: Path, scale: str, code: int) -> None:
    write_notebook(tmp_path / "train.ipynb", *(cell.replace("FACTOR)", scale) for cell in NOTEBOOK))
    result = run("model", "train.ipynb:model", "--loss", "model.loss(X, y)", cwd=tmp_path)
    shown = " ".join(result.stdout.split())
    assert result.returncode == code, result.stdout + result.stderr
    assert "taken from train.ipynb (cells 1, 2, 3): np, Softmax, X, y, model; nothing else" in shown
    assert ("db is 2 times" in shown) == (code == 1)
