"""A model in its file, with the batch that stands there beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import run

NET = """
import numpy as np
random = np.random.default_rng(0)
class Net:
    def __init__(self):
        self.params = {"W": random.normal(size=(4, 3)), "b": np.zeros(3)}
    def loss(self, X, y=None, reg=0.0):
        W, b = self.params["W"], self.params["b"]
        out = X @ W + b
        if y is None: return out
        e = out - y
        return np.mean(e**2) + reg * np.sum(W**2), {"W": 2 * X.T @ e / e.size + 2 * reg * W, "b": 2 * e.sum(0) / e.size}
net = Net()
X, y = random.normal(size=(5, 4)), random.normal(size=(5, 3))
"""
TORCH = """
import torch
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): ctx.save_for_backward(x); return x * x
    @staticmethod
    def backward(ctx, g): return 2 * g * ctx.saved_tensors[0]
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2))
x, y = torch.randn(5, 3), torch.tensor([0, 1, 1, 0, 1])
criterion = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
"""


@pytest.mark.parametrize(("wrong", "code"), [("2 * e.sum(0) / e.size", 0), ("2 * e.sum(0) / len(e)", 1)])
@pytest.mark.parametrize("trains", [False, True])
def test_what_its_own_loss_takes_is_taken_from_the_file(wrong: str, code: int, trains: bool, tmp_path: Path) -> None:
    text = NET.replace("2 * e.sum(0) / e.size", wrong) + "raise SystemExit('training')\n" * trains
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    result = run("model", "train.py:net", *["--defs-only"] * trains, cwd=tmp_path)
    assert result.returncode == code, result.stderr
    assert "note: taken from the file: X, y" in result.stdout
    assert "note: reg is 0 unless it is given: the term that it weights was not checked" in result.stdout
    assert ("error[factor]: db is 3 times the right gradient" in result.stdout) == bool(code)


def test_what_is_nowhere_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(NET.replace("X, y =", "inputs, labels ="), encoding="utf-8")
    result = run("model", "train.py:net", cwd=tmp_path)
    assert result.returncode == 2
    assert "error: loss needs X, and there is no data" in result.stderr


@pytest.mark.parametrize(("wrong", "code"), [("2 * g", 0), ("3 * g", 1)])
def test_the_tensors_of_a_file_are_in_float64_as_the_module_is(wrong: str, code: int, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "net.py").write_text(TORCH.replace("2 * g", wrong), encoding="utf-8")
    result = run("model", "net.py:net", "--loss", "criterion(Square.apply(net(x)), y)", cwd=tmp_path)
    assert result.returncode == code, result.stderr
    assert "error[" in result.stdout or not code
