"""A pyproject.toml that lies about decides how something is checked, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.hostile import check, folder_with, func
from tests.support import run, run_inside

EVIL = "open('canary', 'w')\nforward = backward = grad = None\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "evil.py").write_text(EVIL)
    (tmp_path / "precious").write_text("precious")
    return folder_with(tmp_path)


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.gradcheck]\n{text}\n")


@pytest.mark.parametrize(
    "line",
    [
        'backward = "evil.py:backward"',
        'forward = "evil.py:forward"',
        'grad = "evil.py:grad"',
        'autograd = "torch"',
        'report = ["json=precious"]',
        'save = "precious"',
        'resume = "precious"',
        'save-point = "precious"',
        'executor = "dask://localhost:1"',
        "exit-zero = true",
        "jobs = 64",
        'data = "precious"',
    ],
)
def test_what_is_no_way_to_check_counts_only_in_a_check(line: str, folder: Path) -> None:
    settings(folder, line)
    words = [["net", "--case", "planted-bugs"], func("loss", "wrong"), ["scalar", "--x", "2", "--theta", "4"]]
    codes = [run_inside(*one, cwd=folder).returncode for one in words]
    assert codes == [1, 1, 0]
    said = " ".join(run_inside("scalar", "--x", "2", "--theta", "4", cwd=folder).stdout.split())
    assert f"has {line.split(' ', maxsplit=1)[0]}: of no effect but in a check of its own" in said
    assert not (folder / "canary").exists()
    assert (folder / "precious").read_text() == "precious"


def test_what_is_a_way_to_check_counts_and_the_report_says_where_it_comes_from(folder: Path) -> None:
    settings(folder, "threshold = 0.5\nepsilon = 'auto'\ncolor = 'never'")
    done = run_inside("net", "--case", "default", cwd=folder, env={"GRADCHECK_PRECISION": "float64"})
    said = " ".join(done.stdout.split())
    assert "<= 0.5" in said
    assert f"settings of [tool.gradcheck] in {folder}/pyproject.toml: threshold = 0.5, epsilon = auto" in said
    assert "settings of the environment: precision" in said
    done = run_inside("net", "--case", "default", "--threshold", "1e-7", "--epsilon", "auto", cwd=folder)
    assert "settings of" not in done.stdout


def test_a_check_has_functions_files_and_a_code_of_its_own(folder: Path) -> None:
    more = {"exit-zero": "true", "report": '["json=own.json"]', "save": '"s.json"'}
    settings(folder, "threshold = 1e-6\n" + check("a", "loss", "wrong", **more) + check("b"))
    done = run("run", "--report", "json=all.json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    own, every = (json.loads((folder / f"{name}.json").read_text()) for name in ("own", "all"))
    assert [case["verdict"] for case in own["cases"]] == ["FAIL"]
    assert [case["verdict"] for case in every["cases"]] == ["FAIL", "PASS"]
    assert (folder / "s.json").exists()
    assert any("threshold = 1e-06" in note for note in every["cases"][0]["notes"])


@pytest.mark.skipif(os.name != "posix", reason="files have no owners there")
def test_a_file_where_others_can_write_is_refused_by_name_unless_it_is_named(folder: Path) -> None:
    settings(folder, "threshold = 1e-6")
    folder.chmod(0o777)
    done = run("net", "--case", "default", cwd=folder)
    assert done.returncode == 2
    assert f"{folder}/pyproject.toml: others can write {folder}" in done.stderr
    assert run("--config", "pyproject.toml", "net", "--case", "default", cwd=folder).returncode == 0
    folder.chmod(0o755)
    (folder / "pyproject.toml").chmod(0o666)
    assert run("net", "--case", "default", cwd=folder).returncode == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only the administrator gives files away")
def test_a_file_of_another_user_is_refused_by_name(folder: Path) -> None:
    settings(folder, "threshold = 1e-6")
    os.chown(folder / "pyproject.toml", 12345, 12345)
    done = run("net", "--case", "default", cwd=folder)
    assert done.returncode == 2
    assert f"{folder}/pyproject.toml belongs to another user (12345)" in done.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("classic = 7", "classic in [tool.gradcheck] in {} is 7, expected true or false"),
        ("plot = 1.5", "plot in [tool.gradcheck] in {} is 1.5, expected true or false"),
        ("exit-zero = 1979-05-27", "expected true or false"),
        ("verbose = [1]", "verbose in [tool.gradcheck] in {} is [1], expected a whole number"),
        ("verbose = true", "expected a whole number"),
        ("threshold = true", "threshold in [tool.gradcheck] in {} is True, expected a number"),
        ("threshold = -1", "is not a finite number greater than 0"),
        ("threshold = {a = 1}", "expected a number"),
        ("seed = 1.5", "expected a whole number"),
        ("seed = -1", "seed in [tool.gradcheck] in {}: -1 is not in the range"),
        ("mode = 'fulll'", "mode in [tool.gradcheck] in {}: 'fulll' is not one of"),
        ("precision = 64", "precision in [tool.gradcheck] in {} is 64, expected text"),
        ("report = 1", "expected text or a list of it"),
        ('report = ["json=a\\u0000"]', "report in [tool.gradcheck] in {}"),
        ("save = true", "expected text"),
        ("seed = " + "9" * 10_000, "is not valid TOML"),
        ("seed = " + "[" * 5_000 + "]" * 5_000, "is not valid TOML"),
    ],
)
def test_a_value_of_the_wrong_kind_names_its_key_and_the_file(line: str, message: str, folder: Path) -> None:
    settings(folder, line)
    done = run_inside("net", "--case", "default", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert message.format(folder / "pyproject.toml") in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize("text", ["tool = [1] # tool.gradcheck", 'tool = "tool.gradcheck"', "#tool.gradcheck" * 2**17])
def test_a_file_that_is_none_or_too_large_is_an_error(text: str, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(text)
    assert run_inside("net", "--case", "default", cwd=folder).returncode == 2
    assert run_inside("--config", "/dev/zero", "run", cwd=folder).returncode == 2


@pytest.mark.parametrize(
    ("at", "cases"), [("[1.0, 2.0]", 1), ("[1, 2]", 1), ('"1,2"', 1), ('["1,2", "3,4"]', 2), ("[[1, 2], [3, 4]]", 2)]
)
def test_points_are_written_as_is_natural_in_toml(at: str, cases: int, folder: Path) -> None:
    (folder / "n.py").write_text("def l(x): return float((x**2).sum()), 2 * x\n")
    text = f'[[tool.gradcheck.checks]]\nname = "a"\nkind = "func"\nloss = "n.py:l"\nat = {at}\n'
    (folder / "pyproject.toml").write_text(text)
    done = run_inside("run", "--format", "json", cwd=folder)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["cases"]) == cases
