"""What there is for somebody who begins: what can be checked in a file, and files to begin with."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.notebooks import HOMEWORK, course_cells, write_notebook
from tests.support import run, run_inside

PROGRAMS = HOMEWORK.parent / "programs"
SCRIPT = """\
import numpy as np
def loss(p): return float((p["w"] ** 2).sum())
def gradient(p): return {"w": 2 * p["w"]}
raise SystemExit("it was run")
"""


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in text.splitlines() if line.strip().startswith("gradcheck ")]


def test_the_commands_that_are_told_of_the_course_s_notebook_run(tmp_path: Path) -> None:
    write_notebook(tmp_path / "Gradient Checking.ipynb", *course_cells())
    result = run("Gradient Checking.ipynb", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    scalar, net = commands(result.stdout)
    assert (scalar[0], net[0]) == ("scalar", "net")
    assert run(*scalar, cwd=tmp_path).returncode == 0
    assert run(*net, cwd=tmp_path).returncode == 1


def test_nothing_of_the_file_is_run(tmp_path: Path) -> None:
    (tmp_path / "hw.py").write_text(SCRIPT, encoding="utf-8")
    result = run("look", "hw.py", cwd=tmp_path)
    assert result.returncode == 0
    assert "it was run" not in result.stdout + result.stderr
    (command,) = commands(result.stdout)
    assert command == ["func", "hw.py:loss", "--grad", "hw.py:gradient", "--params", "params.npz", "--defs-only"]
    np.savez(tmp_path / "params.npz", w=np.ones(3))
    assert run(*command, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "cs231n.py",
            [
                "layer cs231n.py:affine_forward --backward cs231n.py:affine_backward --params layer.npz",
                "layer cs231n.py:relu_forward --backward cs231n.py:relu_backward --params layer.npz",
                "func cs231n.py:softmax_loss --params params.npz --data data.npz",
                "model cs231n.py:model --loss 'model.loss(X, y)' --data batch.npz",
            ],
        ),
        ("focal.py", ["objective focal.py:focal --loss focal.py:loss --labels labels.npz"]),
        ("kalman.py", ["func kalman.py:neg_loglik --grad kalman.py:score --params params.npz --data data.npz"]),
        (
            "nielsen.py",
            [
                "func nielsen.py:sigmoid --grad nielsen.py:sigmoid_prime --at 1,2,3",
                "model nielsen.py:net --loss 'net.cost(x, y)' --grads 'net.backprop(x, y)'",
            ],
        ),
        (
            "min_char_rnn.py",
            [
                "model min_char_rnn.py --parameters 'Wxh, Whh, Why, bh, by' --loss 'lossFun(inputs, targets, hprev)'"
                " --data batch.npz --defs-only"
            ],
        ),
        ("torch_net.py", ["model torch_net.py:net --loss LOSS"]),
    ],
)
def test_pairs_layers_objectives_and_models_are_found(file: str, expected: list[str], tmp_path: Path) -> None:
    shutil.copy(PROGRAMS / file, tmp_path)
    result = run(file, cwd=tmp_path)
    assert commands(result.stdout) == [shlex.split(command) for command in expected]


BESIDE = """
import numpy as np
class Net:
    def __init__(self): self.w, self.dw = np.array([1.0, -2.0]), np.zeros(2)
    def forward(self, x): return self.w * x
net = Net()
x = np.array([0.5, 3.0])
def squares(v): return v**2
def mse(x): return np.mean(net.forward(x) ** 2)
def back(x): net.dw = 2 * net.w * x**2 / 2
"""


def test_a_loss_beside_its_object_is_found_and_the_command_runs(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(BESIDE, encoding="utf-8")
    (command,) = commands(run("net.py", cwd=tmp_path).stdout)
    assert command == ["model", "net.py:net", "--loss", "mse(x)", "--grads", "back(x)"]
    assert run(*command, cwd=tmp_path).returncode == 0
    (tmp_path / "net.py").write_text(BESIDE.replace("net.w * x**2", "net.w * x"), encoding="utf-8")
    assert run(*command, cwd=tmp_path).returncode == 1


def test_files_beside_it_are_named_and_a_diagonal_is_one(tmp_path: Path) -> None:
    code = "def loss(x): return x @ x\ndef grad(x): return 2 * x\ndef hess_diag(x): return 2 + 0 * x\n"
    (tmp_path / "f.py").write_text(code, encoding="utf-8")
    (at,) = commands(run_inside("f.py", cwd=tmp_path).stdout)
    assert at[4:] == ["--hess-diag", "f.py:hess_diag", "--at", "1,2,3"]
    (tmp_path / "params.json").write_text('{"x": [1, 2]}', encoding="utf-8")
    (beside,) = commands(run_inside("f.py", cwd=tmp_path).stdout)
    assert beside == [*at[:6], "--params", "params.json"]
    assert run_inside(*beside, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("text", ["", "x = 1", "def helper(a): return a", "def f(:"])
def test_a_file_without_any_says_what_it_has(tmp_path: Path, text: str) -> None:
    (tmp_path / "hw.py").write_text(text, encoding="utf-8")
    result = run("hw.py", cwd=tmp_path)
    assert result.returncode == 2
    assert "nothing that looks like a loss" in result.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert run("nothing.py", cwd=tmp_path).returncode == 2


def test_what_is_written_to_begin_with_passes_and_is_written_over_nothing(tmp_path: Path) -> None:
    assert run("init", "mine", cwd=tmp_path).returncode == 0
    folder = tmp_path / "mine"
    assert run("run", cwd=folder).returncode == 0
    assert (folder / ".github" / "workflows" / "gradcheck.yml").exists()
    (folder / "model.py").write_text("mine", encoding="utf-8")
    (folder / "pyproject.toml").unlink()
    again = run("init", cwd=folder)
    assert again.returncode == 2
    assert "nothing is written over" in again.stderr
    assert (folder / "model.py").read_text(encoding="utf-8") == "mine"
    assert not (folder / "pyproject.toml").exists()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run("init", "file", cwd=tmp_path).returncode == 2


def test_residuals_are_told_with_their_jacobian_and_a_loss_with_its_hessian(tmp_path: Path) -> None:
    names = ("residuals", "jacobian", "loss", "grad", "hess")
    (tmp_path / "fit.py").write_text("".join(f"def {name}(x): return x\n" for name in names), encoding="utf-8")
    told = run("look", "fit.py", cwd=tmp_path).stdout
    assert "gradcheck func fit.py:residuals --jac fit.py:jacobian --at" in told
    assert "gradcheck func fit.py:loss --grad fit.py:grad --hess fit.py:hess --at" in told
