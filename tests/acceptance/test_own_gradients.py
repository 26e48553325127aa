"""``gradcheck func``, ``gradcheck command`` and ``gradcheck compare`` as a shell runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.pages import ROOT, Page
from tests.support import clean_environment, run

MODEL = """\
import numpy as np
import neighbour

def loss(p, X, Y):
    residual = X @ p["W"] + p["b"] - Y
    return neighbour.half(residual ** 2)

def grad(p, X, Y):
    residual = X @ p["W"] + p["b"] - Y
    return {"W": X.T @ residual, "b": residual.sum(axis=0)}

def wrong(p, X, Y):
    return {**grad(p, X, Y), "b": 2 * grad(p, X, Y)["b"]}

def both(p, X, Y):
    return loss(p, X, Y), tuple(grad(p, X, Y).values())

def square(x):
    return x @ x

def double(x):
    return 2 * x

def random(x):
    return square(x) + np.random.random()

def broken(x):
    raise ValueError("no such thing")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "model.py").write_text(MODEL, encoding="utf-8")
    (folder / "neighbour.py").write_text("def half(squares): return 0.5 * squares.sum()\n", encoding="utf-8")
    random = np.random.default_rng(0)
    params = {"W": random.standard_normal((3, 2)), "b": random.standard_normal(2)}
    data = {"X": random.standard_normal((4, 3)), "Y": random.standard_normal((4, 2))}
    np.savez(folder / "params.npz", **params)  # type: ignore[arg-type]
    np.savez(folder / "data.npz", **data)  # type: ignore[arg-type]
    np.savez(folder / "all.npz", **params, **data)  # type: ignore[arg-type]
    (folder / "one.json").write_text('{"x": [1.5, -0.25]}', encoding="utf-8")
    (folder / "off.json").write_text('{"x": [1.5, -0.26]}', encoding="utf-8")
    return folder


FILES = ("--params", "params.npz", "--data", "data.npz")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("model.py:loss", "--grad", "model.py:grad", *FILES), 0),
        (("model:loss", "--grad", "model:wrong", *FILES), 1),
        (("model.py:both", *FILES), 0),
        (("model.py:both", "--params", "all.npz", "--vary", "W", "--vary", "b"), 0),
        (("model.py:loss", "--grad", "model.py:wrong", *FILES, "--param", "W"), 0),
        (("model.py:loss", "--grad", "model.py:wrong", *FILES, "--skip", "W", "--why", "slow"), 1),
        (("model.py:square", "--grad", "model.py:double", "--at", "1.5,-0.25"), 0),
        (("model.py:square", "--grad", "model.py:double", "--params", "one.json", "--classic"), 0),
        (("model.py:square", "--grad", "model.py:double", "--params", "one.json", "--epsilon", "1e-6"), 0),
    ],
)
def test_a_function_is_checked(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    result = run("func", *arguments, cwd=folder)
    assert result.returncode == code, result.stderr
    assert result.stdout.startswith(f"{'FAIL' if code else 'PASS'}  {arguments[0]}: ")
    assert "difference = " in result.stdout
    assert not result.stderr


def test_the_report_says_what_was_left_out_and_why(folder: Path) -> None:
    result = run("func", "model.py:both", *FILES, "--skip", "b", "--why", "not written yet", cwd=folder)
    assert "note: not checked: b (not written yet)" in result.stdout


def test_epsilon_is_auto(folder: Path) -> None:
    result = run("func", "model.py:square", "--grad", "model.py:double", "--at", "1,2", "-v", cwd=folder)
    assert "epsilon auto" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("model.py:loss",),
            "Give the parameters by one of --params FILE, --at NUMBERS, and --vary NAME of --data FILE.",
        ),
        (("model.py:loss", "--at", "1", "--params", "one.json"), "Give the parameters by one of"),
        (("model.py:loss", "--at", "1,two"), "'two' is not a number"),
        (("model.py:loss", "--at", "1", "--skip", "x"), "--skip NAME and --why TEXT go together"),
        (("model.py:loss", "--at", "1", "--why", "x"), "--skip NAME and --why TEXT go together"),
        (("model.py:loss", "--at", "1", "--param", "x", "--skip", "x", "--why", "y"), "Give either --param or --skip"),
        (("model.py:square", "--at", "1,2"), "square returned float64, expected a pair (loss, gradient)"),
        (("model.py:random", "--grad", "model.py:double", "--at", "1,2"), "the loss differs from call to call"),
        (("model.py:broken", "--grad", "model.py:double", "--at", "1,2"), "broken raised ValueError: no such thing"),
        (
            ("model.py:loss", "--grad", "model.py:grad", "--params", "params.npz"),
            "loss raised TypeError: loss() missing",
        ),
        (("model.py:sqare", "--at", "1,2"), "model.py has no 'sqare'"),
        (
            ("model.py:square", "--grad", "x:y", "--autograd", "torch", "--at", "1"),
            "one of --grad, --autograd, --backward, --jvp, --jac and --adjoint",
        ),
        (("model.py:both", *FILES, "--param", "w"), "there is no parameter 'w'; there is W, b"),
        (("model.py:both", "--params", "no.npz"), "no.npz cannot be opened"),
    ],
)
def test_what_cannot_be_checked_exits_2_in_one_line(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("func", *arguments, cwd=folder)
    assert result.returncode == 2
    assert not result.stdout
    assert message in next(line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert "gradcheck_cli" not in result.stderr


def test_a_framework_that_is_missing_names_its_extra(folder: Path) -> None:
    (folder / "without").mkdir(exist_ok=True)
    (folder / "without" / "torch.py").write_text("raise ModuleNotFoundError('No module named torch')", encoding="utf-8")
    environment = {"PYTHONPATH": str(folder / "without")}
    result = run("func", "model.py:square", "--autograd", "torch", "--at", "1,2", cwd=folder, env=environment)
    assert result.returncode == 2
    assert "error: autograd torch needs torch, which is not installed" in result.stderr
    assert "hint: pip install 'gradcheck-cli[torch]'" in result.stderr


@pytest.mark.parametrize(("other", "code"), [("one.json", 0), ("off.json", 1), ("params.npz", 2), ("no.npz", 2)])
def test_two_saved_gradients_are_compared(folder: Path, other: str, code: int) -> None:
    result = run("compare", "one.json", other, cwd=folder)
    assert result.returncode == code
    if code == 2:
        assert result.stderr.startswith("error: ")
    else:
        assert result.stdout.startswith(f"{'FAIL' if code else 'PASS'}  one.json against {other}: ")
    assert ("[1]" in result.stdout) == (code == 1) or code == 0


@pytest.mark.parametrize(("factor", "code"), [(2, 0), (3, 1)])
def test_a_program_is_checked(folder: Path, factor: int, code: int) -> None:
    program = folder / f"program{factor}.sh"
    program.write_text(
        f"""#!/bin/sh
tr -c '0-9.e+-' ' ' < "$1" | awk '{{ printf "{{\\"loss\\": %.17g, \\"x\\": [%.17g]}}", $1*$1, {factor}*$1 }}'\n""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    result = run("command", f"./{program.name}", "--at", "1.25", "--exchange", "json", cwd=folder)
    assert result.returncode == code, result.stderr


def test_a_program_that_takes_too_long_exits_2(folder: Path) -> None:
    result = run("command", "sh -c 'sleep 9'", "--at", "1", "--timeout", "0.1", cwd=folder)
    assert result.returncode == 2
    assert "error: sh did not end within 0.1 s" in result.stderr


TESTS = """\
import numpy as np
import pytest
from gradcheck_cli import check_gradient

pytestmark = pytest.mark.gradcheck(threshold=1e-3)

def loss(p):
    return (p["w"] ** 2).sum()

@pytest.mark.gradcheck(seed=5)
def test_right(gradcheck):
    report = gradcheck(loss, lambda p: {"w": 2.0001 * p["w"]}, {"w": [1.0, 2.0]})
    assert report.passed
    assert (report.threshold, report.settings["seed"]) == (1e-3, 5)

def test_wrong(gradcheck):
    gradcheck(loss, lambda p: {"w": 3 * p["w"]}, {"w": [1.0, 2.0]})

@pytest.mark.parametrize("k", [3])
def test_without_a_name(gradcheck, k):
    gradcheck(lambda x: x @ x, lambda x: k * x, [1.0, 2.0])

def test_broken(gradcheck):
    gradcheck(loss, lambda p: {}, {"w": [1.0, 2.0]})

def raising(x):
    raise ValueError("no such thing")

class TestOfMine:
    def test_asserted(self):
        assert check_gradient(lambda x: x @ x, lambda x: 3 * x, [1.0, 2.0])

    def test_raised(self):
        check_gradient(lambda x: x @ x, lambda x: 3 * x, [1.0, 2.0]).raise_for_failure()

    def test_raising(self):
        check_gradient(raising, lambda x: 3 * x, [1.0, 2.0])

    def test_misspelt(self):
        check_gradient(raising, lambda x: 3 * x, [1.0, 2.0], sed=1)
"""
PAGE = Page(ROOT / "gradcheck_cli" / "manual" / "pytest.md")
ANOTHER = """\
def test_with_the_fixture(gradcheck): pass
def test_of_something_else(): pass
"""


@pytest.fixture(scope="module")
def tests_of_mine(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest writes of a file of tests that use the fixture."""
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_mine.py").write_text(TESTS, encoding="utf-8")
    (folder / "test_another.py").write_text(ANOTHER, encoding="utf-8")
    (folder / "test_model.py").write_text(PAGE.files["test_model.py"], encoding="utf-8")
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--strict-markers",
            "-m",
            "gradcheck",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ],
        cwd=folder,
        env=clean_environment(COLUMNS="80"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    return result.stdout


def test_the_fixture_fails_a_test_with_the_report_under_the_name_of_the_loss_or_the_test(tests_of_mine: str) -> None:
    assert "FAIL  loss: w is wrong (2 of 2 entries)" in tests_of_mine
    assert "FAIL  test_without_a_name[3]: x is wrong (2 of 2 entries)" in tests_of_mine
    assert "could not be checked: the gradient has no w; it has nothing" in tests_of_mine


def test_the_summary_of_pytest_says_what_is_wrong(tests_of_mine: str) -> None:
    *_, summary = tests_of_mine.partition("short test summary info")
    assert "test_mine.py::test_wrong - gradcheck: dw is 1.5 times the right gra" in summary
    assert "test_mine.py::test_broken - gradcheck: could not be checked: the" in summary
    assert "E       gradcheck_cli.CheckFailedError: dx is 1.5 times" in tests_of_mine


def test_an_assertion_shows_what_was_found_in_a_few_words(tests_of_mine: str) -> None:
    assert "assert <FAIL  function: dx is 1.5 times the right gradient (3/2)>" in tests_of_mine


def test_the_mark_selects_and_every_test_with_the_fixture_has_it(tests_of_mine: str) -> None:
    assert "8 failed, 3 passed, 1 deselected" in tests_of_mine


def test_no_failure_shows_source_of_ours(tests_of_mine: str) -> None:
    assert "gradcheck_cli/" not in tests_of_mine
    assert "contextlib" not in tests_of_mine
    assert 'raise ValueError("no such thing")' in tests_of_mine


def test_the_report_fits_a_terminal_behind_what_pytest_sets_before_it(tests_of_mine: str) -> None:
    others = ("assert <", "where <", "errors.UserFunctionError")
    lines = [line for line in tests_of_mine.splitlines() if line[:2] == "E " and not any(map(line.count, others))]
    assert 60 < max(map(len, lines)) <= 80


def test_the_page_on_pytest_shows_what_is_shown(tests_of_mine: str) -> None:
    (shown,) = PAGE.blocks("")
    lines = [line for line in shown.splitlines() if line != "..."]
    assert len(lines) == 4
    assert [line for line in lines if line not in tests_of_mine.splitlines()] == []


def test_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, gradcheck_cli.pytest_plugin; assert not {'numpy', 'rich', 'click'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
