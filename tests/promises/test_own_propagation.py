"""The course's exercise, both halves, with the student's own functions: from Python and from the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import GradcheckError, Verdict, check_backward, load_fixture
from tests.support import run

ROOT = Path(__file__).parents[2]
HOMEWORK = """\
import numpy as np

def forward_propagation(x, theta):
    J = np.dot(theta, x)
    return J

def backward_propagation(x, theta):
    dtheta = x
    return dtheta

def swapped(theta, x):
    return theta * x + x**3

def wrong(x, theta):
    return theta

def vector(x, theta):
    return [x, theta]

def cubic(x, theta):
    print("J")
    return x * theta**3

def of_cubic(x, theta):
    return 3 * x * theta**2

def raises(x, theta):
    return x.nothing
"""


def scaled(factor: float) -> Callable[..., dict[str, Any]]:
    def backward(X: Any, Y: Any, cache: Any) -> dict[str, Any]:
        _, A1, _, _, _, A2, W2, _, _, A3, W3, _ = cache
        m = X.shape[1]
        dZ3 = A3 - Y
        dZ2 = W3.T @ dZ3 * (A2 > 0)
        dZ1 = W2.T @ dZ2 * (A1 > 0)
        found = {}
        for l, dZ, A in ((1, dZ1, X), (2, dZ2, A1), (3, dZ3, A2)):
            found[f"dW{l}"], found[f"db{l}"] = dZ @ A.T / m, dZ.sum(axis=1, keepdims=True) / m
        found["dW2"] = found["dW2"] * factor
        return found

    return backward


def forward(X: Any, Y: Any, p: Any) -> tuple[Any, Any]:
    Z1 = p["W1"] @ X + p["b1"]
    A1 = np.maximum(0, Z1)
    Z2 = p["W2"] @ A1 + p["b2"]
    A2 = np.maximum(0, Z2)
    Z3 = p["W3"] @ A2 + p["b3"]
    A3 = 1 / (1 + np.exp(-Z3))
    cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / X.shape[1]
    return cost, (Z1, A1, p["W1"], p["b1"], Z2, A2, p["W2"], p["b2"], Z3, A3, p["W3"], p["b3"])


@pytest.mark.parametrize("own", [{}, {"forward": forward}])
@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Verdict.PASS), (2.0, Verdict.FAIL), (1.00001, Verdict.FAIL)])
def test_a_backward_propagation_is_checked_on_a_case(own: dict[str, Any], factor: float, verdict: Verdict) -> None:
    report = check_backward(scaled(factor), case="default", epsilon="auto", **own)
    assert report.verdict is verdict
    assert [row.name for row in report.parameters if row.verdict is not Verdict.PASS] == ["W2"] * (factor != 1)


def test_arguments_of_the_course_s_names_may_come_in_another_order() -> None:
    def backward(parameters: Any, cache: Any, X: Any, Y: Any) -> Any:
        assert set(parameters) == {"W1", "b1", "W2", "b2", "W3", "b3"}
        return scaled(1.0)(X, Y, cache)

    def own_forward(parameters: Any, X: Any, Y: Any, keep: float = 1.0) -> Any:
        return forward(X, Y, parameters)

    assert check_backward(backward)
    assert check_backward(backward, forward=own_forward, epsilon="auto")
    assert not check_backward(lambda cache, Y, X: scaled(2.0)(X, Y, cache))
    assert check_backward(lambda a, b, c: scaled(1.0)(a, b, c) | {})


def test_a_case_may_be_a_file_or_a_network() -> None:
    path = ROOT / "fixtures" / "course.npz"
    for case in (path, str(path), load_fixture(path)):
        assert check_backward(scaled(1.0), case=case)
        assert not check_backward(scaled(3.0), case=case)


@pytest.mark.parametrize("case", ["defualt", 3, None, "nothing.npz"])
def test_another_case_is_refused(case: Any) -> None:
    with pytest.raises(GradcheckError):
        check_backward(scaled(1.0), case=case)


@pytest.mark.parametrize("functions", [{"backward": None}, {"backward": scaled(1.0), "forward": 3}])
def test_what_is_no_function_is_refused(functions: dict[str, Any]) -> None:
    with pytest.raises(GradcheckError, match="expected a function"):
        check_backward(**functions)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hw.py").write_text(HOMEWORK, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--forward hw.py:forward_propagation --backward hw.py:backward_propagation", 0),
        ("--forward hw.py:forward_propagation", 0),
        ("--backward hw.py:backward_propagation", 0),
        ("--backward hw.py:wrong", 1),
        ("--forward hw.py:forward_propagation --backward hw.py:wrong", 1),
        ("--forward hw.py:swapped --backward hw.py:backward_propagation", 0),
        ("--forward hw.py:swapped --backward hw.py:wrong", 1),
        ("--forward hw.py:cubic --backward hw.py:of_cubic", 0),
        ("--forward hw.py:cubic", 1),
        ("--backward hw.py:of_cubic", 1),
        ("--backward hw.py:vector", 2),
        ("--forward hw.py:vector", 2),
        ("--backward hw.py:raises", 2),
        ("--forward hw.py:raises", 2),
        ("--dtheta 2 --backward hw.py:backward_propagation", 2),
        ("--forward hw.py:forward_propagation --backward hw.py:backward_propagation --classic --defs-only", 0),
    ],
)
def test_the_first_half_of_the_exercise(folder: Path, words: str, code: int) -> None:
    result = run("scalar", "--x", "2", "--theta", "4", *words.split(), cwd=folder)
    assert result.returncode == code, result.stderr + result.stdout
    assert result.stdout.startswith("PASS" if code == 0 else "FAIL" if code == 1 else "")
