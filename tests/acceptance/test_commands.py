"""The installed command, as a shell or a CI job runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.networks.cases import built_in_case
from tests.support import COMMAND, DATA, claimed, clean_environment, content, in_terminal, run, write_npz

HOMEWORK = DATA / "homework.py"
DIGITS = re.compile(r"difference = (\S+)")


def figure(report: str) -> float:
    match = DIGITS.search(report)
    assert match
    return float(match[1].rstrip(","))


def shell(script: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a bash script in which ``$G`` is the command."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        env=clean_environment(G=str(COMMAND), **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


# the commands of the README


@pytest.mark.parametrize(
    ("arguments", "code", "start"),
    [
        ("scalar --x 2 --theta 4", 0, "PASS"),
        ("scalar --x 2 --theta 4 --dtheta 2.1", 1, "FAIL"),
        ("net --case default", 0, "PASS"),
        ("net --case planted-bugs", 1, "FAIL"),
        ("cases", 0, "default"),
        ("--version", 0, "gradcheck, version"),
        ("--help", 0, "Usage: gradcheck"),
    ],
)
def test_a_command_gives_what_it_says(arguments: str, code: int, start: str) -> None:
    result = run(*arguments.split())
    assert (result.returncode, result.stderr) == (code, "")
    assert result.stdout.startswith(start)


def test_python_m_is_the_same_command() -> None:
    command = [sys.executable, "-m", "gradcheck_cli", "scalar", "--x", "2", "--theta", "4", "--dtheta", "3"]
    result = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
    assert (result.returncode, result.stdout[:4], result.stderr) == (1, "FAIL", "")


@pytest.mark.parametrize("functions", [("backward",), ("forward", "backward")], ids=", ".join)
def test_the_courses_own_functions_work_unchanged(functions: tuple[str, ...]) -> None:
    options = [a for name in functions for a in (f"--{name}", f"{HOMEWORK}:{name}_propagation_n")]
    result = run("net", "--case", "default", *options)
    assert (result.returncode, result.stdout[:4], result.stderr) == (1, "FAIL", "")
    assert figure(result.stdout) == pytest.approx(0.2850931567761623, rel=1e-9)


def test_a_saved_case_and_a_bad_one_together(tmp_path: Path) -> None:
    assert run("cases", "default", "--save", "good.npz", cwd=tmp_path).returncode == 0
    write_npz(tmp_path / "bad.npz", content(b2=None))
    result = run("net", "--case", "good.npz", "--case", "bad.npz", "--case", "planted-bugs", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout.splitlines()[-1] == "3 cases: 1 could not be checked, 1 FAIL, 1 PASS"
    assert result.stderr == "error: bad.npz: b2 is missing; the weights and biases given are W1, b1, W2, W3, b3\n"


# bad input


def test_bad_input_is_refused_in_one_line_and_in_time(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.npz")
    (tmp_path / "text.npz").write_text("X,Y\n")
    write_npz(tmp_path / "objects.npz", content(W1=content()["W1"].astype(object)))
    write_npz(tmp_path / "part.npz", content(dW1=claimed()["dW1"]))
    names = ["fifo.npz", "text.npz", "objects.npz", "part.npz", "missing.npz", "/dev/zero", str(tmp_path), "defalt"]
    started = time.monotonic()
    result = run("net", *(a for name in names for a in ("--case", name)), cwd=tmp_path)
    assert time.monotonic() - started < 15
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert result.returncode == 2
    assert len(errors) == len(names)
    assert all(name in error for name, error in zip(names, errors, strict=True))
    assert "Traceback" not in result.stderr
    assert "did you mean 'default'?" in result.stderr


# the user's own functions


def test_a_function_that_raises_shows_its_own_traceback(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def helper():\n    return {}['dW9']\n\n\ndef f(X, Y, cache):\n    return helper()\n"
    )
    result = run("net", "--case", "default", "--backward", "own.py:f", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "return {}['dW9']" in result.stderr
    assert "in helper" in result.stderr
    assert "gradcheck_cli" not in result.stderr
    assert result.stderr.splitlines()[-2] == "error: f raised KeyError: 'dW9'"
    assert result.stderr.splitlines()[-1].startswith("hint: nothing was checked: mend this first")


def test_what_a_function_prints_stays_out_of_the_report(tmp_path: Path) -> None:
    text = HOMEWORK.read_text().replace("m = X.shape[1]", "m = X.shape[1]; print('so far so good')")
    (tmp_path / "own.py").write_text(f"print('imported')\n{text}")
    result = run("net", "--case", "default", "--backward", "own.py:backward_propagation_n", cwd=tmp_path)
    assert (result.returncode, result.stdout[:4]) == (1, "FAIL")
    assert result.stderr.splitlines() == ["imported", "so far so good"]


def test_a_file_in_the_users_folder_hides_none_of_our_modules(tmp_path: Path) -> None:
    for name in ("rich", "random", "colorsys", "getpass", "gradcheck_cli"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hidden')\n")
    (tmp_path / "own.py").write_text(HOMEWORK.read_text())
    result = run("net", "--case", "default", "--backward", f"{tmp_path}/own.py:backward_propagation_n")
    assert (result.returncode, result.stdout[:4], result.stderr) == (1, "FAIL", "")


def test_ctrl_c_is_130_and_never_a_verdict(tmp_path: Path) -> None:
    slow = "import time\nprint('started', flush=True)\n\n\ndef f(X, Y, p):\n    time.sleep(0.2)\n    return 1.0, ()\n"
    (tmp_path / "own.py").write_text(slow)
    command = [str(COMMAND), "net", "--case", "default", "--forward", "own.py:f"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert not any(word in stdout for word in ("PASS", "FAIL"))
    assert "interrupted" in stderr
    assert "Traceback" not in stderr


# where the output goes


@pytest.mark.parametrize(("case", "code"), [("default", 0), ("planted-bugs", 1)])
def test_a_closed_pipe_keeps_the_exit_code(case: str, code: int) -> None:
    result = shell(f'"$G" net --case {case} -vv | head -1')
    assert (result.returncode, result.stderr) == (code, b"")
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ('"$G" net --case default >&-', 0),
        ('"$G" net --case planted-bugs >&- 2>&-', 1),
        ('"$G" net --case defalt 2>&-', 2),
        ('"$G" net --case defalt 2>/dev/full', 2),
        ('"$G" net --case planted-bugs | true', 1),
        ('"$G" --help | true', 0),
        ('"$G" net 2> >(true)', 2),
    ],
)
def test_an_output_that_nobody_reads_changes_no_code_and_no_traceback_is_shown(script: str, code: int) -> None:
    result = shell(script)
    assert (result.returncode, result.stderr) == (code, b"")


@pytest.mark.parametrize("arguments", ["net --case default", "scalar --x 2 --theta 4", "cases", "--help", "--version"])
def test_a_full_disk_is_never_a_pass(arguments: str) -> None:
    result = shell(f'"$G" {arguments} > /dev/full')
    assert result.returncode == 2
    assert result.stderr == b"error: the output could not be written: No space left on device\n"


# how it looks


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"COLUMNS": "20"},
        {"NO_COLOR": "1", "FORCE_COLOR": "1"},
        {"TERM": "dumb"},
        {"CI": "1", "GITHUB_ACTIONS": "true"},
    ],
    ids=str,
)
def test_in_a_pipe_every_name_and_digit_is_whole_and_no_escape_byte_is_there(env: dict[str, str]) -> None:
    result = run("net", "--case", "planted-bugs", "-vv", env=env)
    assert result.returncode == 1
    assert all(line.startswith("::error ") and "GITHUB_ACTIONS" in env for line in result.stderr.splitlines())
    assert "\x1b" not in result.stdout
    assert "…" not in result.stdout
    report = check(built_in_case("planted-bugs"))
    for parameter in report.parameters:
        assert all(entry.name in result.stdout for entry in parameter.entries)
        assert all(f"{entry.analytic:+.6e}" in result.stdout for entry in parameter.entries)


def test_force_color_colours_a_pipe_and_never_takes_it_away() -> None:
    assert "\x1b[" in run("net", "--case", "default", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in run("net", "--case", "default", "--color", "never", env={"FORCE_COLOR": "1"}).stdout


def test_in_a_terminal_of_80_columns_nothing_is_cut_and_the_verdict_is_in_colour() -> None:
    shown = in_terminal("net", "--case", "planted-bugs", columns=80)
    assert shown.startswith("\x1b[1;31mFAIL")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 80
    assert "…" not in plain
    for parameter in check(built_in_case("planted-bugs")).short:
        assert parameter.worst.name.removeprefix(parameter.name) in plain
        assert f"{parameter.worst.analytic:.6g}" in plain
    assert len(plain.splitlines()) <= 24
