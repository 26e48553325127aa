"""Functions that nobody here wrote, each right, and once more with a mistake planted into its gradient."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import run

MODELS = Path(__file__).parent / "models"
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((30, 3))
COUNTS = RANDOM.poisson(np.exp(X @ [0.3, -0.2, 0.1]))
CLASSES = (X @ [1.0, -1.0, 0.5] + 0.3 * RANDOM.standard_normal(30) > 0).astype(float)


def saved(folder: Path, **arrays: Any) -> list[str]:
    """Write a point and return the options that name it; x... are data, all others parameters."""
    data = {name: array for name, array in arrays.items() if name in {"X", "y"}}
    np.savez(folder / "params.npz", **{name: array for name, array in arrays.items() if name not in data})
    np.savez(folder / "data.npz", **data)
    return ["--params", str(folder / "params.npz"), *(["--data", str(folder / "data.npz")] if data else [])]


def passes(*arguments: str) -> None:
    result = run(*arguments, cwd=MODELS, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("PASS")


def fails(place: str, *arguments: str) -> None:
    """The check must fail, and name the entry or parameter with the mistake in the row of a failed parameter."""
    result = run(*arguments, cwd=MODELS, timeout=120)
    assert result.returncode == 1, result.stdout + result.stderr
    rows = [line.split() for line in result.stdout.splitlines()[1:-2] if line.startswith("FAIL")]
    assert len(rows) == 1, result.stdout
    name, _, index = place.partition("[")
    assert rows[0][1] == name
    assert f"[{index}" in rows[0] or not index


def test_rosenbrock() -> None:
    at = ("--at", "1.3,0.7,0.8,1.9,1.2")
    passes("func", "scipy.optimize:rosen", "--grad", "scipy.optimize:rosen_der", *at)
    fails("x[2]", "func", "scipy.optimize:rosen", "--grad", "scipy_model.py:wrong_rosen_der", *at)


def test_logistic_regression_of_scikit_learn(tmp_path: Path) -> None:
    point = saved(tmp_path, w=np.array([0.4, -0.3, 0.2, 0.1]), X=X, y=CLASSES)
    passes("func", "sklearn_model.py:logistic", *point)
    fails("w[3]", "func", "sklearn_model.py:wrong_logistic", *point)


@pytest.mark.parametrize("activation", ["tanh", "relu", "logistic"])
def test_a_network_of_scikit_learn(tmp_path: Path, activation: str) -> None:
    sizes = {"W1": (3, 4), "W2": (4, 1), "b1": (4,), "b2": (1,)}
    arrays = {name: 0.5 * RANDOM.standard_normal(shape) for name, shape in sizes.items()}
    point = saved(tmp_path, **arrays, X=X, y=CLASSES)
    passes("func", f"sklearn_model.py:{activation}_network", *point)
    fails("b1", "func", f"sklearn_model.py:wrong_{activation}_network", *point)


@pytest.mark.parametrize(
    ("model", "point"),
    [
        ("Logit", [0.4, -0.3, 0.2]),
        ("Poisson", [0.4, -0.3, 0.2]),
        ("NegativeBinomial", [0.4, -0.3, 0.2, 0.7]),
    ],
)
def test_a_score_of_statsmodels(tmp_path: Path, model: str, point: list[float]) -> None:
    y = CLASSES if model == "Logit" else COUNTS
    files = saved(tmp_path, beta=np.array(point), X=X, y=y)
    passes("func", f"statsmodels_model.py:{model}.loglike", "--grad", f"statsmodels_model.py:{model}.score", *files)
    fails(
        "beta[1]",
        "func", f"statsmodels_model.py:{model}.loglike", "--grad", f"statsmodels_model.py:{model}.wrong_score", *files,
    )  # fmt: skip


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_a_backward_of_ones_own_in_a_framework(tmp_path: Path, framework: str) -> None:
    arrays = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([0.5, 0.6, 0.7])}
    point = saved(tmp_path, **arrays)
    passes("func", f"{framework}_model.py:right", "--autograd", framework, *point)
    fails("a", "func", f"{framework}_model.py:wrong", "--autograd", framework, *point)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_a_program_in_c(tmp_path: Path) -> None:
    for name, flags in (("right", []), ("wrong", ["-DWRONG"])):
        subprocess.run(["cc", "-O2", *flags, str(MODELS / "rosen.c"), "-o", str(tmp_path / name), "-lm"], check=True)
    options = ("--at", "1.3,0.7,0.8", "--exchange", "json")
    passes("command", str(tmp_path / "right"), *options)
    fails("x[1]", "command", str(tmp_path / "wrong"), *options)
