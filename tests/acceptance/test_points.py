"""Several points and several calls, by the command."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from gradcheck_cli import reporters
from tests.support import run, run_inside

MODEL = """
import numpy as np

calls = []

def loss(w):
    return float(np.sum(np.where(w > 0, w, 0.01 * w) ** 2))

def right(w):
    return 2 * np.where(w > 0, w, 1e-4 * w)

def wrong(w):
    return 2 * np.where(w > 0, w, 1e-3 * w)

def racy(w):
    calls.append(1)
    return right(w) * (1.5 if len(calls) == 7 else 1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def checked(folder: Path, *options: str, grad: str = "wrong") -> tuple[int, str, str]:
    result = run_inside("func", "model.py:loss", "--grad", f"model.py:{grad}", *options, cwd=folder)
    return result.returncode, result.stdout, result.stderr


def test_a_branch_that_the_point_does_not_take_is_found_and_its_point_kept(folder: Path) -> None:
    assert checked(folder, "--at", "0.5,0.3")[0] == 0
    code, text, _ = checked(folder, "--at", "0.5,0.3", "--points", "5", "--save-point", "wrong.npz")
    assert code == 1
    assert "wrong at further point" in text
    assert checked(folder, "--params", "wrong.npz")[0] == 1
    assert checked(folder, "--params", "wrong.npz", grad="right")[0] == 0


def test_a_pass_says_for_how_many_points_it_is(folder: Path) -> None:
    code, text, _ = checked(folder, "--at", "0.5,0.3", "--points", "5", grad="right")
    assert code == 0
    assert "right here and at 5 further points (seed 0)" in text


def test_of_several_points_the_worst_counts(folder: Path) -> None:
    code, text, _ = checked(folder, "--at", "0.5,0.3", "--at=-1,2")
    assert code == 1
    assert "PASS  model.py:loss at 0.5,0.3" in text
    assert "FAIL  model.py:loss at -1,2" in text
    code, text, _ = checked(folder, "--at", "0.5,0.3", "--at=-1,2", grad="right")
    assert code == 0
    assert "2 cases: 2 PASS" in text


@pytest.mark.parametrize("option", ["--save", "--resume", "--save-point"])
def test_one_file_is_of_one_point(folder: Path, option: str) -> None:
    code, _, error = checked(folder, "--at", "1,1", "--at", "2,2", "--points", "1", option, "file")
    assert code == 2
    assert "go with one --at" in error
    assert not (folder / "file").exists()


def test_a_point_is_kept_of_several_only(folder: Path) -> None:
    code, _, error = checked(folder, "--at", "1,1", "--save-point", "file")
    assert code == 2
    assert "--points N" in error


def test_the_json_report_has_every_point(folder: Path) -> None:
    _, text, _ = checked(folder, "--at", "0.5,0.3", "--points", "5", "--format", "json")
    (case,) = json.loads(text)["cases"]
    assert case["points"]["asked"] == 5
    assert case["points"]["given"] == "PASS"
    verdicts = [point["verdict"] for point in case["points"]["found"]]
    assert verdicts == ["PASS"] * (len(verdicts) - 1) + ["FAIL"]
    assert case["points"]["worst"] == len(verdicts)


def test_the_json_report_with_points_fits_its_schema(folder: Path) -> None:
    schema = json.loads((Path(reporters.__file__).parent / "report.schema.json").read_text())
    for grad in ("right", "wrong"):
        jsonschema.validate(
            json.loads(checked(folder, "--at", "1,2", "--points", "3", "--format", "json", grad=grad)[1]), schema
        )


def test_junit_and_html_say_where(folder: Path) -> None:
    for name in ("junit", "markdown", "html"):
        assert "wrong at further point" in checked(folder, "--at", "0.5,0.3", "--points", "5", "--format", name)[1]


def test_what_goes_wrong_in_one_call_of_seven_is_found(folder: Path) -> None:
    code, _, error = checked(folder, "--at", "1,2", "--repeat", "20", grad="racy")
    assert code == 2
    assert "in call 7, expected the same value" in error
    assert "do threads write to one array" in error


def test_saved_numbers_have_no_other_points() -> None:
    result = run_inside("net", "--case", "fixtures/claimed_right.npz", "--points", "2")
    assert result.returncode == 2
    assert "saved numbers, which belong to one point" in result.stderr


def test_a_network_and_a_program_have_other_points(folder: Path) -> None:
    assert "2 further points" in run_inside("net", "--case", "default", "--points", "2").stdout
    (folder / "program.sh").write_text(
        """tr -c '0-9.e+-' ' ' < "$1" | awk '{ printf "{\\"loss\\": %.17g, \\"x\\": [%.17g]}", $1^2, 2 * $1 }'\n"""
    )
    result = run("command", "sh program.sh", "--at", "1.5", "--exchange", "json", "--points", "2", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "right here and at 2 further points" in result.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_other_processes_are_told_of_the_other_point(folder: Path, jobs: str) -> None:
    (folder / "slow.py").write_text(
        "import time\nimport numpy as np\n"
        "def loss(w):\n    time.sleep(0.01)\n    return float(np.sum(w**3))\n"
        "def grad(w):\n    return 3 * w**2\n"
    )
    result = run("func", "slow.py:loss", "--grad", "slow.py:grad", "--at", "1,2,3,4", "--points", "2", "--jobs", jobs,
                 "-v", cwd=folder)  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "J = 100.0, 4 entries" in result.stdout
