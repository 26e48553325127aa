"""Complex numbers on the command line, from numbers and from files, and what does not go with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.loading.arrays import read_arrays
from tests.support import run, run_inside

MODEL = """
import numpy as np

def loss(p):
    return np.sum(np.abs(p["A"] @ p["z"]) ** 2)

def gradient(p):
    e = p["A"] @ p["z"]
    return {"A": 2 * np.outer(e, p["z"].conj()), "z": 2 * p["A"].conj().T @ e}

def transposed(p):
    e = p["A"] @ p["z"]
    return {"A": 2 * np.outer(e, p["z"].conj()), "z": 2 * p["A"].T @ e}

def power(z):
    return np.sum(np.abs(z) ** 2)

def slope(z):
    return 2 * z

def layer(A, z):
    return A @ z, (A, z)

def backward(u, cache):
    A, z = cache
    return np.outer(u, z.conj()), A.conj().T @ u

def cube(z):
    return z ** 3

def derivative(z):
    return np.diag(3 * z ** 2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    A, z = (random.normal(size=s) + 1j * random.normal(size=s) for s in ((2, 3), 3))
    np.savez(tmp_path / "p.npz", A=A, z=z.astype(np.complex64))
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    return tmp_path


def test_an_archive_holds_complex_numbers(folder: Path) -> None:
    arrays = read_arrays(folder / "p.npz")
    assert {name: array.dtype for name, array in arrays.items()} == {"A": np.complex128, "z": np.complex64}


def test_a_point_from_a_file(folder: Path) -> None:
    files = ("--params", folder / "p.npz")
    right = run_inside("func", "model.py:loss", "--grad", "model.py:gradient", *files, "-v", cwd=folder)
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = run_inside("func", "model.py:loss", "--grad", "model.py:transposed", *files, cwd=folder)
    assert wrong.returncode == 1
    assert ".imag" in wrong.stdout or ".real" in wrong.stdout
    assert "z.conj().T" in wrong.stdout


def test_workers_make_the_same_point(folder: Path) -> None:
    command = (
        "func",
        "model.py:loss",
        "--grad",
        "model.py:gradient",
        "--params",
        folder / "p.npz",
        "--complex",
        "torch",
    )
    alone, together = (run(*command, "--jobs", jobs, cwd=folder) for jobs in ("1", "2"))
    assert alone.returncode == together.returncode == 0, together.stderr
    assert alone.stdout.splitlines()[1] == together.stdout.splitlines()[1]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--at", "3+4j,1-2j"], 0),
        (["--at=-1e-3j,0.5"], 0),
        (["--at", "3+4j,1-2j", "--complex", "jax"], 1),
        (["--at", "3+4j,1-2j", "--complex", "wirtinger"], 1),
        (["--at", "3+4k"], 2),
        (["--at", "nanj"], 2),
        (["--at", "infj,1"], 2),
        (["--at", "1j", "--complex", "tf"], 2),
    ],
)
def test_a_point_from_numbers(folder: Path, options: list[str], code: int) -> None:
    result = run_inside("func", "model.py:power", "--grad", "model.py:slope", *options, cwd=folder)
    assert result.returncode == code, result.stdout + result.stderr


def test_a_layer_and_a_jacobian(folder: Path) -> None:
    layer = ("func", "model.py:layer", "--backward", "model.py:backward", "--params", "p.npz")
    assert run_inside(*layer, cwd=folder).returncode == 0
    wrong = run_inside(*layer, "--complex", "jax", cwd=folder)
    assert wrong.returncode == 1
    assert "right in torch's convention" in wrong.stdout
    jacobian = run_inside("func", "model.py:cube", "--jac", "model.py:derivative", "--at", "1+2j,-1j", cwd=folder)
    assert jacobian.returncode == 0
    assert "y is holomorphic in x" in jacobian.stdout


def test_what_does_not_go_together_is_refused(folder: Path) -> None:
    hessian = ("--grad", "model.py:slope", "--hess", "model.py:slope", "--at", "1", "--complex", "jax")
    faces = run_inside("func", "model.py:power", *hessian, cwd=folder)
    assert faces.returncode == 2
    assert "for gradients, --backward and --jac" in faces.stderr
    double = run_inside("func", "model.py:power", "--grad", "model.py:slope", "--at", "1", "--no-double", cwd=folder)
    assert double.returncode == 2
    assert "--no-double goes with --autograd" in double.stderr
    saved = run_inside("compare", "p.npz", "p.npz", cwd=folder)
    assert saved.returncode == 2
    assert "expected real numbers" in saved.stderr
