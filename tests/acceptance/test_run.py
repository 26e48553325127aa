"""`gradcheck run` and the order of settings: option, environment, file, default."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import run as run_outside
from tests.support import run_inside as run

CHECKS = """
[tool.gradcheck]
epsilon = "auto"

[[tool.gradcheck.checks]]
name = "course"
kind = "net"
case = "default"

[[tool.gradcheck.checks]]
name = "planted slow"
kind = "net"
case = ["planted-bugs"]
require-sensitivity = 1e-3

[[tool.gradcheck.checks]]
name = "line"
kind = "scalar"
x = 2
theta = 4
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with three checks, of which one fails."""
    return written(tmp_path, CHECKS)


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def cases(project: Path, *arguments: str, **env: str) -> dict[str, dict[str, object]]:
    """Run the checks and return what the JSON report says of each."""
    result = run(*arguments, "--format", "json", cwd=project, env=env)
    return {case["name"]: case for case in json.loads(result.stdout)["cases"]}


def epsilon(project: Path, *arguments: str, **env: str) -> object:
    """Return the step that a command took."""
    (case,) = cases(project, *arguments, **env).values()
    settings = case["settings"]
    assert isinstance(settings, dict)
    return settings["epsilon"]


def test_every_check_is_made_and_one_table_ends_it(project: Path) -> None:
    result = run("run", cwd=project)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("FAIL  planted slow: 2 of 6 parameters are wrong")
    assert [line.split("  ")[0] for line in lines[-4:-1]] == ["PASS", "FAIL", "PASS"]
    assert lines[-1] == "3 cases: 1 FAIL, 2 PASS"
    assert (result.returncode, result.stderr) == (1, "")


def test_jobs_side_by_side_find_the_same(project: Path) -> None:
    alone = cases(project, "run")
    result = run_outside("run", "--jobs", "2", "--format", "json", cwd=project)
    together = {case["name"]: case for case in json.loads(result.stdout)["cases"]}
    assert alone == together
    assert list(together) == ["course", "planted slow", "line"]


def test_a_process_that_dies_takes_no_other_check_for_right(project: Path) -> None:
    (project / "dying.py").write_text("import os\ndef backward(X, Y, cache): os._exit(9)\n", encoding="utf-8")
    written(project, CHECKS.replace('case = "default"', 'case = "default"\nbackward = "dying.py:backward"'))
    result = run_outside("run", "--jobs", "2", cwd=project)
    assert result.returncode == 2
    assert "error: the check's process ended with 9 before there was a verdict\nhint: does" in result.stderr


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("course", ["course"]),
        ("not planted", ["course", "line"]),
        ("LINE or slow", ["planted slow", "line"]),
        ("not (course or line) and slow", ["planted slow"]),
    ],
)
def test_k_selects_by_name(expression: str, names: list[str], project: Path) -> None:
    lines = run("run", "-k", expression, "--list", cwd=project).stdout.splitlines()
    assert [line.partition("  (")[0] for line in lines] == names


@pytest.mark.parametrize("expression", ["", "course and", "(course", "course )", "and"])
def test_k_refuses_what_is_no_expression(expression: str, project: Path) -> None:
    result = run("run", "-k", expression, "--list", cwd=project)
    assert result.returncode == (0 if not expression else 2)


def test_list_shows_the_checks_and_makes_none(project: Path) -> None:
    result = run("run", "--list", cwd=project)
    assert result.stdout.splitlines()[2] == "line  (scalar)  x = 2, theta = 4"
    assert result.returncode == 0


def test_option_stands_above_environment_above_file_above_default(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    net = ("net", "--case", "default")
    assert epsilon(tmp_path_factory.mktemp("bare"), *net) == 1e-7
    assert epsilon(project, *net) == "auto"
    assert epsilon(project, *net, GRADCHECK_EPSILON="1e-5") == 1e-5
    assert epsilon(project, *net, GRADCHECK_NET_THRESHOLD="1e-3", GRADCHECK_EPSILON="1e-5") == 1e-5
    assert epsilon(project, *net, "--epsilon", "1e-4", GRADCHECK_EPSILON="1e-5") == 1e-4


def test_the_same_order_holds_for_the_checks_of_a_run(project: Path) -> None:
    run_one = ("run", "-k", "course")
    assert epsilon(project, *run_one) == "auto"
    assert epsilon(project, *run_one, GRADCHECK_EPSILON="1e-5") == 1e-5
    assert epsilon(project, *run_one, "--epsilon", "1e-4", GRADCHECK_EPSILON="1e-5") == 1e-4


def test_a_checks_own_value_stands_above_that_for_all(project: Path) -> None:
    written(project, CHECKS + "epsilon = 1e-5\n")
    assert epsilon(project, "run", "-k", "line") == 1e-5
    assert epsilon(project, "run", "-k", "course") == "auto"


def test_paths_are_the_files_from_wherever_it_is_called(project: Path) -> None:
    run("cases", "default", "--save", "net.npz", cwd=project)
    written(project, '[[tool.gradcheck.checks]]\nname = "file"\nkind = "net"\ncase = "net.npz"\n')
    inside = project / "deep" / "inside"
    inside.mkdir(parents=True)
    assert run("run", "--report", "json=out.json", cwd=inside).returncode == 0
    assert (inside / "out.json").exists()
    assert run("--config", "../../pyproject.toml", "run", cwd=inside).returncode == 0


def test_one_check_that_cannot_be_made_does_not_keep_the_others_from_it(project: Path) -> None:
    written(project, CHECKS.replace('"default"', '"missing.npz"'))
    result = run("run", cwd=project)
    assert result.returncode == 2
    assert result.stdout.splitlines()[-1] == "3 cases: 1 could not be checked, 1 FAIL, 1 PASS"
    assert "missing.npz" in result.stderr


def test_q_leaves_what_passed_out_of_the_table(project: Path) -> None:
    assert "course" not in run("run", "-q", cwd=project).stdout
    assert "PASS  course: 6 parameters" in run("run", "-v", cwd=project).stdout


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "there is no pyproject.toml with [[tool.gradcheck.checks]]: nothing to check", None),
        ("[tool.gradcheck]\nepsilon = 1\n", "has no [[tool.gradcheck.checks]]: nothing to check", None),
        ("[tool.gradcheck]\ntreshold = 1\n", "has the key 'treshold', expected one of", "did you mean 'threshold'?"),
        (CHECKS + "dteta = 3\n", "has the key 'dteta', expected one of backward, classic", "did you mean 'dtheta'?"),
        (CHECKS + "verbose = 3\n", "has the key 'verbose', expected one of", None),
        (CHECKS + "epsilon = 'large'\n", "'large' is not a number", None),
        (CHECKS + "precision = 'float6'\n", "'float6' is not one of", None),
        (CHECKS.replace("theta = 4", ""), "Missing option '--theta'", None),
        (CHECKS.replace('"scalar"', '"scalr"'), "has the kind 'scalr', expected one of ", "did you mean 'scalar'?"),
        (CHECKS.replace('name = "line"\n', ""), 'has no name, expected name = "..."', None),
        (CHECKS.replace('"line"', '"course"'), "two checks with the name 'course'", None),
        ("[tool]\ngradcheck = 3\n# [tool.gradcheck]\n", "is int, expected a table", None),
        ("[tool.gradcheck]\nchecks = 3\n", "is not a list of tables", None),
        ("[tool.gradcheck]\nepsilon = \n", "is not valid TOML", None),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_exit_2_and_said(text: str, message: str, hint: str | None, tmp_path: Path) -> None:
    result = run("run", cwd=written(tmp_path, text))
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert hint is None or f"hint: {hint}" in result.stderr


def test_a_selection_of_nothing_is_exit_2(project: Path) -> None:
    result = run("run", "-k", "nothing", cwd=project)
    assert (result.returncode, result.stdout) == (2, "")
    assert "no check matches: nothing to check; there are course, planted slow, line" in result.stderr


def test_a_file_that_does_not_speak_of_gradcheck_is_not_even_parsed(tmp_path: Path) -> None:
    assert run("net", "--case", "default", cwd=written(tmp_path, "[broken\n")).returncode == 0


def test_a_config_that_is_missing_is_exit_2(tmp_path: Path) -> None:
    result = run("--config", "other.toml", "run", cwd=tmp_path)
    assert result.returncode == 2
    assert "other.toml cannot be read: No such file or directory" in result.stderr


def test_a_broken_file_keeps_nobody_from_help_or_from_a_report(tmp_path: Path) -> None:
    written(tmp_path, "[tool.gradcheck]\ntreshold = 1\n")
    assert run("net", "--help", cwd=tmp_path).returncode == 0
    assert run("net", "--case", "default", "--report", "junit=out.xml", cwd=tmp_path).returncode == 2
    assert "treshold" in (tmp_path / "out.xml").read_text(encoding="utf-8")


# some of the checks


def made(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the names of the checks in the table at the end, those that were not run too."""
    *_, table = re.split(r"^verdict +check.*\n", result.stdout, flags=re.MULTILINE)
    return [re.split(r"\s{2,}", line)[1] for line in table.splitlines() if " cases: " not in line]


def test_checks_are_made_by_name(project: Path) -> None:
    assert made(run("run", "line", "course", cwd=project)) == ["course", "line"]
    assert made(run("run", "line", "course", "-k", "not course", cwd=project)) == ["line"]


def test_a_name_that_is_none_is_answered_with_the_nearest(project: Path) -> None:
    result = run("run", "cours", cwd=project)
    assert result.returncode == 2
    assert "has no check 'cours'\nhint: did you mean 'course'?" in result.stderr


ONE_FAILS = """
[[tool.gradcheck.checks]]
name = "wrong"
kind = "scalar"
x = 2
theta = 4
dtheta = 3

[[tool.gradcheck.checks]]
name = "slow"
kind = "func"
loss = "slow.py:loss"
grad = "slow.py:grad"
at = "1.5"

[[tool.gradcheck.checks]]
name = "last"
kind = "scalar"
x = 2
theta = 4
"""
SLOW = "import time; time.sleep(0.4)\ndef loss(x): return x[0] ** 2\ndef grad(x): return 2 * x\n"


def test_the_first_that_does_not_pass_ends_the_run_side_by_side_too(project: Path) -> None:
    written(project, ONE_FAILS)
    (project / "slow.py").write_text(SLOW, encoding="utf-8")
    result = run_outside("run", "-x", "--jobs", "2", "--format", "json", cwd=project)
    wrong, slow, last = json.loads(result.stdout)["cases"]
    assert result.returncode == 1
    assert (wrong["verdict"], slow["verdict"]) == ("FAIL", "PASS")  # one that is under way is finished
    assert last["error"]["message"] == "not run: one before it did not pass"
    assert "verdict" not in last or last["verdict"] is None


def test_what_is_not_run_is_counted_as_such(project: Path) -> None:
    result = run("run", "--fail-fast", cwd=project)
    assert result.stdout.splitlines()[-2:] == ["not run  line", "3 cases: 1 FAIL, 1 PASS, 1 not run"]
    assert (result.returncode, result.stderr) == (1, "")


def test_cases_of_a_check_are_not_run_either_once_one_fails(project: Path) -> None:
    written(project, '[[tool.gradcheck.checks]]\nname = "all"\nkind = "net"\ncase = ["planted-bugs", "default"]\n')
    result = run("run", "-x", cwd=project)
    assert made(result) == ["all: net, planted-bugs", "all: net, default"]
    assert result.stdout.splitlines()[-1] == "2 cases: 1 FAIL, 1 not run"


def test_last_failed_makes_those_again_that_did_not_pass(project: Path) -> None:
    first = run("run", "--last-failed", cwd=project)
    assert first.stderr == "note: none of the 3 checks failed last time: all are made\n"
    assert made(first) == ["course", "planted slow", "line"]
    second = run("run", "--last-failed", cwd=project)
    assert second.stderr == "note: 1 of 3 checks did not pass last time: only they are made\n"
    assert made(second) == ["planted slow"]
    assert (project / ".gradcheck_cache" / ".gitignore").read_text(encoding="utf-8").endswith("\n*\n")


def test_what_was_not_made_stays_as_it_is_known(project: Path) -> None:
    run("run", cwd=project)
    run("run", "line", cwd=project)
    written(project, CHECKS.replace('"planted-bugs"', '"default"'))
    assert made(run("run", "--lf", cwd=project)) == ["planted slow"]
    assert "none of the 3 checks failed" in run("run", "--lf", cwd=project).stderr


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000, b'{"a": 1}', b"[1, null, [2]]", b"", b"x" * 2**21])
def test_a_cache_that_is_none_of_ours_counts_as_nothing(content: bytes, project: Path) -> None:
    (project / ".gradcheck_cache").mkdir()
    (project / ".gradcheck_cache" / "last-failed.json").write_bytes(content)
    result = run("run", "--lf", "--list", cwd=project)
    assert len(result.stdout.splitlines()) == 3
    assert result.returncode == 0


@pytest.mark.parametrize("link", ["", "last-failed.json"])
def test_the_cache_is_never_written_through_a_link(link: str, project: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "last-failed.json").write_text("[]", encoding="utf-8")
    cache = project / ".gradcheck_cache"
    if link:
        cache.mkdir()
    (cache / link).symlink_to(elsewhere / link)
    assert run("run", cwd=project).returncode == 1
    assert (elsewhere / "last-failed.json").read_text(encoding="utf-8") == "[]"


def test_durations_lists_the_slowest(project: Path) -> None:
    lines = run("run", "--durations", "2", cwd=project).stdout.splitlines()
    assert lines[-3] == "slowest:"
    seconds = [float(line.split()[0]) for line in lines[-2:]]
    assert seconds == sorted(seconds, reverse=True)


@pytest.mark.parametrize(
    ("format_", "told"),
    [
        ("junit", '<skipped message="not run: one before it did not pass">'),
        ("github", "::warning title=gradcheck%3A line%3A not run::not run: one before it did not pass"),
        ("concise", "line: not run: one before it did not pass"),
        ("markdown", "## not run: line"),
        ("html", "not run"),
    ],
)
def test_every_format_tells_what_is_not_run_from_what_failed(format_: str, told: str, project: Path) -> None:
    result = run("run", "-x", "--format", format_, cwd=project)
    assert told in result.stdout
    assert result.returncode == 1


def test_a_saved_report_still_knows_what_was_not_run(project: Path) -> None:
    run("run", "-x", "--report", "json=r.json", cwd=project)
    assert run("show", "r.json", cwd=project).stdout.splitlines()[-1] == "3 cases: 1 FAIL, 1 PASS, 1 not run"
