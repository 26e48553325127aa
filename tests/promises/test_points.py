"""A PASS is of one point, unless it is asked for at more of them: the worst verdict counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support import run_inside

MODULE = """
import numpy as np

def loss(x):
    return float(np.prod(x) + np.sum(x**2))

def right(x):
    return np.prod(x) / x + 2 * x

def right_at_ones(x):
    return np.prod(x) + 2 * x
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MODULE, encoding="utf-8")
    np.savez(tmp_path / "ones.npz", x=np.ones(4))
    return tmp_path


def checked(folder: Path, gradient: str, *options: str, at: str = "ones.npz") -> tuple[int, str]:
    done = run_inside("func", "mine.py:loss", "--grad", f"mine.py:{gradient}", "--params", at, *options, cwd=folder)
    return done.returncode, done.stdout


def test_a_gradient_that_is_right_at_the_given_point_alone_passes_there(folder: Path) -> None:
    assert checked(folder, "right_at_ones")[0] == 0


def test_a_gradient_that_is_right_at_the_given_point_alone_fails_at_more_points(folder: Path) -> None:
    assert checked(folder, "right_at_ones", "--points", "5")[0] == 1


def test_a_right_gradient_passes_at_more_points_and_says_at_how_many(folder: Path) -> None:
    code, shown = checked(folder, "right", "--points", "5")
    assert code == 0
    assert "points" in shown


def test_the_point_at_which_it_failed_can_be_saved_and_fails_again(folder: Path) -> None:
    assert checked(folder, "right_at_ones", "--points", "5", "--save-point", "worst.npz")[0] == 1
    assert checked(folder, "right_at_ones", at="worst.npz")[0] == 1
    assert checked(folder, "right", at="worst.npz")[0] == 0
