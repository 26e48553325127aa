from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.support import DATA, claimed, content, small_network, write_npz
from tests.unit.cli.support import invoke, refused

HOMEWORK = DATA / "homework.py"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    return str(write_npz(tmp_path / "bad.npz", content(b2=None)))


@pytest.fixture
def right(tmp_path: Path) -> str:
    return str(write_npz(tmp_path / "right.npz", content(**claimed())))


@pytest.mark.parametrize(
    ("case", "code", "begins", "figure"),
    [
        ("default", 0, "PASS  net, default: 6 parameters, 47 entries are right", "difference = 1.1890913"),
        ("planted-bugs", 1, "FAIL  net, planted-bugs: 2 of 6 parameters are wrong", "difference = 0.2850931567761"),
    ],
)
def test_a_built_in_case(case: str, code: int, begins: str, figure: str) -> None:
    result = invoke("net", "--case", case)
    assert (result.exit_code, result.stderr) == (code, "")
    assert result.stdout.startswith(begins)
    assert result.stdout.count(figure) == 1


def test_a_fixture_by_its_path(right: str) -> None:
    result = invoke("net", "--case", right)
    assert (result.exit_code, result.stdout[:4]) == (0, "PASS")


@pytest.mark.parametrize(
    ("cases", "code"),
    [
        (["default"], 0),
        (["default", "default"], 0),
        (["default", "planted-bugs"], 1),
        (["bad", "default"], 2),
        (["planted-bugs", "bad"], 2),
        (["bad", "planted-bugs", "default"], 2),
    ],
    ids=str,
)
def test_several_cases_come_to_the_worst_code(cases: list[str], code: int, bad: str) -> None:
    result = invoke("net", *(a for case in cases for a in ("--case", bad if case == "bad" else case)))
    assert result.exit_code == code
    summary = result.stdout.splitlines()[-1]
    assert summary.startswith(f"{len(cases)} cases: ") == (len(cases) > 1)


def test_the_summary_counts_every_outcome_worst_first(bad: str) -> None:
    result = invoke("net", "--case", "default", "--case", bad, "--case", "planted-bugs", "--case", "default")
    assert result.stdout.splitlines()[-1] == "4 cases: 1 could not be checked, 1 FAIL, 2 PASS"
    assert result.stderr.count("error: ") == 1


@pytest.mark.parametrize(("options", "code"), [(["--case", "default"], 0), (["--case", "planted-bugs"], 1)])
def test_quiet_shows_only_what_falls_short_and_quieter_nothing(options: list[str], code: int) -> None:
    quiet, silent = invoke("net", "-q", *options), invoke("net", "-qq", *options)
    assert (quiet.exit_code, silent.exit_code) == (code, code)
    assert bool(quiet.stdout) == (code == 1)
    assert (silent.stdout, silent.stderr) == ("", "")


def test_quieter_still_tells_of_what_could_not_be_checked(bad: str) -> None:
    assert "b2 is missing" in refused("net", "-qq", "--case", bad)


def test_verbose_adds_the_entries_of_what_falls_short_and_more_so_all() -> None:
    reports = [invoke("net", "--case", "planted-bugs", *more).stdout for more in ([], ["-v"], ["-vv"])]
    assert reports[0].count("b1[") < reports[1].count("b1[")
    assert all(f"b1[{k}, 0]" in reports[1] for k in range(5))
    assert all(f"W1[{i}, {j}]" in reports[2] for i in range(5) for j in range(4))
    assert all(f"W3[0, {j}]" in reports[2] for j in range(3))


def test_verbose_caps_the_entries_and_says_so(tmp_path: Path) -> None:
    network = small_network([10, 6, 1], ["tanh", "sigmoid"], "bce")
    arrays = {"X": network.X, "Y": network.Y, **network.parameters, "activations": np.array(network.activations)}
    arrays |= {f"d{name}": 2 * values for name, values in network.gradient(network.parameters).items()}
    path = write_npz(tmp_path / "case.npz", arrays)
    some, every = (invoke("net", "--case", path, level).stdout for level in ("-v", "-vv"))
    assert "of 60 entries" in some
    assert some.count("W1[") < every.count("W1[")
    assert every.count("W1[") >= 60


@pytest.mark.parametrize("functions", [["backward"], ["forward", "backward"]])
def test_the_courses_own_functions_work_unchanged(functions: list[str]) -> None:
    options = [a for name in functions for a in (f"--{name}", f"{HOMEWORK}:{name}_propagation_n")]
    result = invoke("net", "--case", "default", *options)
    assert result.exit_code == 1
    assert result.stdout.startswith("FAIL")
    figure = float(result.stdout.split("difference = ")[1].split()[0].rstrip(","))
    assert figure == pytest.approx(0.2850931567761623, rel=1e-9)


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        ("defalt", ["'defalt'", "default, planted-bugs"]),
        ("missing.npz", ["missing.npz", "No such file"]),
        ("./default", ["default cannot be opened", "No such file"]),
        ("/dev/zero", ["/dev/zero", "device"]),
        ("/tmp", ["/tmp", "directory"]),
        ("", ["''"]),
    ],
)
def test_refuses_a_case_that_is_none(case: str, parts: list[str]) -> None:
    line = refused("net", "--case", case)
    assert all(part in line for part in parts)


def test_refuses_a_fifo_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    assert "FIFO" in refused("net", "--case", tmp_path / "pipe.npz")


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("return None", ["f returned NoneType", "dict", "dW1"]),
        ("return {}", ["f has no dW1"]),
        ("return {f'd{n}{l}': [1.0, 2.0] for n in 'Wb' for l in (1, 2, 3)}", ["dW1 from f has shape (2,)", "(5, 4)"]),
        ("raise ValueError('mine')", ["f raised ValueError: mine"]),
        ("import sys; sys.exit(0)", ["f raised SystemExit: 0"]),
        ("raise BaseException('mine')", ["f raised BaseException: mine"]),
    ],
)
def test_refuses_what_a_function_returns_or_raises(tmp_path: Path, body: str, parts: list[str]) -> None:
    (tmp_path / "own.py").write_text(f"def f(X, Y, cache):\n    {body}\n", encoding="utf-8")
    result = invoke("net", "--case", "default", "--backward", f"{tmp_path / 'own.py'}:f")
    assert (result.exit_code, result.stdout) == (2, "")
    error = next(line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert all(part in error for part in parts)
    assert ("Traceback" in result.stderr) == ("raised" in error)
    assert "gradcheck_cli" not in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--case"], ["--backward", "a.py:f"], ["--case", "default", "--backwards"]])
def test_refuses_a_wrong_command_line(arguments: list[str]) -> None:
    refused("net", *arguments)


def test_a_function_of_other_arguments_is_told_how_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def f(x, theta): return x\n", encoding="utf-8")
    result = invoke("net", "--case", "default", "--backward", f"{tmp_path / 'own.py'}:f")
    assert result.exit_code == 2
    assert "hint: it is called as f(X, Y, cache)" in result.stderr
