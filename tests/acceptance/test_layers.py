"""`gradcheck func` with the derivatives besides a gradient: --backward, --jvp, --jac, --hess, --adjoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support import run

LAYERS = """
import numpy as np
def forward(x, w, scale=1.0): return scale * (x @ w), (x, w, scale)
def backward(d, cache):
    x, w, scale = cache
    return scale * d @ w.T, scale * x.T @ d
def wrong(d, cache):
    dx, dw = backward(d, cache)
    return dx, 2 * dw
def outputs(x, w, scale=1.0): return scale * (x @ w)
def jvp(p, v, scale=1.0): return scale * (v["x"] @ p["w"] + p["x"] @ v["w"])
def half_jvp(p, v, scale=1.0): return scale * p["x"] @ v["w"]
def squares(x): return x**2 + np.roll(x, 1)
def squares_jvp(x, v): return 2 * x * v + np.roll(v, 1)
class Stored:
    def __init__(self, J): self.row, self.col = np.nonzero(J); self.data, self.shape = J[self.row, self.col], J.shape
    def tocoo(self): return self
def sparse(x): return Stored(np.diag(2 * x) + np.roll(np.eye(len(x)), 1, axis=0))
def lacking(x): return Stored(np.diag(2 * x) + np.roll(np.diag(np.arange(len(x)) != 3), 1, axis=0))
def residuals(x): return np.array([x[0]**2, x[0] * x[1]])
def jacobian(x): return np.array([[2 * x[0], 0], [x[1], x[0]]])
def mistaken(x): return jacobian(x).T
def loss(x): return x[0]**2 * x[1]
def gradient(x): return np.array([2 * x[0] * x[1], x[0]**2])
def hessian(x): return np.array([[2 * x[1], 2 * x[0]], [2 * x[0], 0.0]])
def half(x): return np.tril(hessian(x))
def diagonal(x): return np.diag(hessian(x))
def product(x, v): return hessian(x) @ v
def no_product(x, v): return 2 * product(x, v)
def transposed(u): return np.cumsum(u[::-1])[::-1]
def tenth(u): return 0.1 * transposed(u)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "layers.py").write_text(LAYERS)
    random = np.random.default_rng(0)
    np.savez(tmp_path / "p.npz", x=random.normal(size=(3, 4)), w=random.normal(size=(4, 2)))
    np.savez(tmp_path / "d.npz", scale=np.array(3.0))
    return tmp_path


@pytest.mark.parametrize(("backward", "code"), [("backward", 0), ("wrong", 1)])
@pytest.mark.parametrize("data", [[], ["--data", "d.npz"]])
def test_a_layer_is_checked(backward: str, code: int, data: list[str], folder: Path) -> None:
    words = ["func", "layers.py:forward", "--backward", f"layers.py:{backward}", "--params", "p.npz", "--seed", "7"]
    done = run(
        *words, *data, "--report", "json=o.json", "--report", "junit=o.xml", "--report", "html=o.html", cwd=folder
    )
    assert (done.returncode, done.stderr) == (code, "")
    (case,) = json.loads((folder / "o.json").read_text())["cases"]
    assert [p["name"] for p in case["parameters"]] == ["x", "w"]
    assert "2 cotangents of both signs for each output, from seed 7" in case["notes"]
    if code:
        assert "error[factor]: dw is 2 times the right gradient" in done.stdout


@pytest.mark.parametrize(("jac", "code"), [("jacobian", 0), ("mistaken", 1)])
def test_a_jacobian_is_checked(jac: str, code: int, folder: Path) -> None:
    done = run("func", "layers.py:residuals", "--jac", f"layers.py:{jac}", "--at", "1.2,0.5", cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    assert "d y / d x" in done.stdout
    if code:
        assert "error[transposed]" in done.stdout


@pytest.mark.parametrize("more", [["--mode", "screen"], ["--jobs", "2"], ["--max-evals", "40"], ["--time", "60"]])
@pytest.mark.parametrize(("backward", "code"), [("backward", 0), ("wrong", 1)])
def test_a_layer_is_screened_limited_and_shared_out(more: list[str], backward: str, code: int, folder: Path) -> None:
    done = run(
        "func", "layers.py:forward", "--backward", f"layers.py:{backward}", "--params", "p.npz", *more, cwd=folder
    )
    assert (done.returncode, done.stderr) == (code, "")


def test_a_layer_is_gone_on_with(folder: Path) -> None:
    words = ["func", "layers.py:forward", "--backward", "layers.py:backward", "--params", "p.npz", "--max-evals", "20"]
    begun = run(*words, "--mode", "full", "--save", "state", cwd=folder)
    assert begun.returncode == 3
    done = run(*words[:-2], "--resume", "state", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "resumed after" in done.stdout


@pytest.mark.parametrize("more", [["--save", "s"], ["--resume", "s"]])
def test_a_hessian_has_no_state(more: list[str], folder: Path) -> None:
    (folder / "s").touch()
    words = ["--grad", "layers.py:gradient", "--hess", "layers.py:hessian", "--at", "1.2,0.5"]
    done = run("func", "layers.py:loss", *words, *more, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(("jvp", "code"), [("jvp", 0), ("half_jvp", 1)])
@pytest.mark.parametrize("data", [[], ["--data", "d.npz"]])
def test_a_jvp_is_checked(jvp: str, code: int, data: list[str], folder: Path) -> None:
    words = ["func", "layers.py:outputs", "--jvp", f"layers.py:{jvp}", "--params", "p.npz", "--seed", "7", *data]
    done = run(*words, "--report", "json=o.json", "--report", "html=o.html", cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    (case,) = json.loads((folder / "o.json").read_text())["cases"]
    assert [p["name"] for p in case["parameters"]] == ["d y / d v_x", "d y / d v_w"]
    assert "v_x: 2 random tangents of both signs along x, from seed 7" in case["notes"]
    assert ("error[zero]: d y / d v_x: all of it is zero" in done.stdout) == bool(code)


def test_a_jvp_of_one_array_takes_arrays(folder: Path) -> None:
    done = run("func", "layers.py:squares", "--jvp", "layers.py:squares_jvp", "--at", "1,2,0,3", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("backward", "code"), [("backward", 0), ("wrong", 1)])
def test_a_jvp_is_checked_against_a_backward_pass(backward: str, code: int, folder: Path) -> None:
    both = ["--jvp", "layers.py:jvp", "--backward", f"layers.py:{backward}"]
    done = run("func", "layers.py:forward", *both, "--params", "p.npz", cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    said = " ".join(done.stdout.split())
    assert "jvp against backward pass shows that they fit together" in said
    assert ("differences confirm the JVP" in said) == bool(code)


@pytest.mark.parametrize(("jac", "code"), [("sparse", 0), ("lacking", 1)])
def test_a_sparse_jacobian_is_checked(jac: str, code: int, folder: Path) -> None:
    at = ",".join(str(k) for k in range(1, 13))
    reports = ["--report", "json=o.json", "--report", "html=o.html", "--report", "junit=o.xml"]
    done = run("func", "layers.py:squares", "--jac", f"layers.py:{jac}", "--at", at, *reports, cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    assert ("of 144 entries" if code == 0 else "1 of 24 entries") in done.stdout
    told = "error[outside-pattern]: d y[4] / d x[3] is not in the pattern, but is 1"
    assert (told in done.stdout) == bool(code)


@pytest.mark.parametrize(
    "more",
    [
        ["--grad", "layers.py:wrong"],
        ["--classic"],
        ["--points", "2"],
        ["--param", "x"],
    ],
)
def test_options_that_do_not_go_with_it_are_refused(more: list[str], folder: Path) -> None:
    done = run("func", "layers.py:forward", "--backward", "layers.py:backward", "--params", "p.npz", *more, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--grad", "layers.py:gradient", "--hess", "layers.py:hessian"], 0, "x, H: 6 entries are right"),
        (["--grad", "layers.py:gradient", "--hess", "layers.py:half"], 1, "error[half-stored]"),
        (
            ["--grad", "layers.py:gradient", "--hess-diag", "layers.py:diagonal"],
            0,
            "x, diagonal of H: 4 entries are right",
        ),
        (["--grad", "layers.py:gradient", "--hvp", "layers.py:product"], 0, "x, d dx / d v_x: 6 entries are right"),
        (["--grad", "layers.py:gradient", "--hvp", "layers.py:no_product"], 1, "d dx / d v_x: all of it is 2 times"),
    ],
)
def test_a_hessian_is_checked_after_the_gradient(words: list[str], code: int, said: str, folder: Path) -> None:
    done = run("func", "layers.py:loss", *words, "--at", "1.2,0.5", cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout


@pytest.mark.parametrize(("adjoint", "code"), [("transposed", 0), ("tenth", 1)])
def test_an_operator_is_checked_against_its_adjoint(adjoint: str, code: int, folder: Path) -> None:
    done = run("func", "numpy:cumsum", "--adjoint", f"layers.py:{adjoint}", "--shape", "64", "--seed", "3", cwd=folder)
    assert (done.returncode, done.stderr) == (code, "")
    assert "from seed 3" in done.stdout
    assert ("the adjoint is 0.1 times the right one" in done.stdout) == bool(code)


@pytest.mark.parametrize(
    "words",
    [
        ["--hess", "layers.py:hessian", "--at", "1,2"],
        ["--grad", "layers.py:gradient", "--jac", "layers.py:jacobian", "--at", "1,2"],
        ["--adjoint", "layers.py:tenth", "--at", "1,2"],
        ["--jvp", "layers.py:jvp", "--jac", "layers.py:jacobian", "--at", "1,2"],
        ["--jvp", "layers.py:jvp", "--grad", "layers.py:gradient", "--at", "1,2"],
        ["--grad", "layers.py:gradient", "--shape", "2"],
        ["--adjoint", "layers.py:tenth", "--shape", "0"],
        ["--adjoint", "layers.py:tenth", "--shape", "99999999,99999999"],
    ],
)
def test_options_that_do_not_go_together_are_refused(words: list[str], folder: Path) -> None:
    done = run("func", "layers.py:loss", *words, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_loss_with_many_outputs_is_told_of_the_other_options(folder: Path) -> None:
    done = run("func", "layers.py:residuals", "--grad", "layers.py:gradient", "--at", "1,2,3", cwd=folder)
    assert done.returncode == 2
    assert "--backward" in done.stderr
    assert "--jac" in done.stderr


@pytest.mark.parametrize(("jacobian", "code"), [("jacobian", 0), ("mistaken", 1)])
def test_a_jacobian_that_is_called_a_gradient_is_checked_as_one(folder: Path, jacobian: str, code: int) -> None:
    words = ("func", "layers.py:residuals", "--grad", f"layers.py:{jacobian}", "--at", "1,2")
    done = run(*words, cwd=folder)
    assert done.returncode == code, done.stderr
    assert "checked as a Jacobian" in " ".join(done.stdout.split())
    assert run(*words, "--mode", "screen", cwd=folder).returncode == code
    assert run(*words, "--classic", cwd=folder).returncode == 2
