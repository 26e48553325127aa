"""Reports of real runs: what stdout gets, what files get, and on which exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from gradcheck_cli.reporters.formats import FORMATS
from tests.make_fixtures import FIXTURES
from tests.support import DATA, SEARCHING
from tests.support import run as run_outside
from tests.support import run_inside as run
from tests.unit.reporters.test_golden import SCHEMA

ROOT = Path(__file__).parents[2]


def without_timing(text: str) -> str:
    content = json.loads(text)
    del content["timing"]
    return json.dumps(content)


@pytest.mark.parametrize(
    ("format_", "start"),
    [
        ("text", "FAIL  net, planted-bugs"),
        ("json", '{\n  "schema_version": "1.3"'),
        ("junit", '<?xml version="1.0"'),
        ("github", "::error title=gradcheck%3A net%2C planted-bugs%3A b1::b1: difference 6.00e-01"),
        ("markdown", "# gradcheck\n\n## FAIL: net, planted-bugs"),
        ("html", "<!DOCTYPE html>"),
    ],
)
def test_format_chooses_what_stdout_gets(format_: str, start: str) -> None:
    result = run("net", "--case", "planted-bugs", "--format", format_)
    assert result.stdout.startswith(start)
    assert (result.returncode, result.stderr) == (1, "")


def test_json_is_the_same_for_the_same_run_but_for_its_timing() -> None:
    first, second = (run("net", "--case", "planted-bugs", "--format", "json").stdout for _ in range(2))
    assert without_timing(first) == without_timing(second)
    jsonschema.validate(json.loads(first), SCHEMA)


def test_json_has_no_bare_nan() -> None:
    result = run("scalar", "--x", "2", "--theta", "4", "--dtheta", "nan", "--format", "json")
    content = json.loads(result.stdout, parse_constant=pytest.fail)
    jsonschema.validate(content, SCHEMA)
    assert content["cases"][0]["parameters"][0]["worst"]["analytic"] == "nan"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("net", "--case", "default"), 0),
        (("net", "--case", "planted-bugs"), 1),
        (("net", "--case", "missing.npz"), 2),
        (("net", "--case", "default", "--epsilon", "nonsense"), 2),
        (("net",), 2),
        (("run",), 2),
        (("net", "--case", FIXTURES / "relu_kink.npz"), 3),
    ],
)
def test_files_are_written_on_every_exit_code(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    result = run(*arguments, *(f"--report={name}=out.{name}" for name in FORMATS), cwd=tmp_path)
    assert result.returncode == code
    assert {path.name for path in tmp_path.iterdir()} == {f"out.{name}" for name in FORMATS}
    content = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    assert content["exit_code"] == code
    suite = next(iter(ET.parse(tmp_path / "out.junit").getroot()))
    assert (suite.get("errors") != "0") == (code == 2)


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    result = run("net", "--case", "default", "--report", "json=missing/out.json", cwd=tmp_path)
    assert result.returncode == 2
    assert "missing/out.json cannot be written: No such file or directory" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_may_go_to_a_device(tmp_path: Path) -> None:
    assert run("net", "--case", "default", "--report", "json=/dev/null").returncode == 0
    assert not Path("/dev/null").is_file()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("real.json")
    assert run("net", "--case", "default", "--report", "json=link.json", cwd=tmp_path).returncode == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text(encoding="utf-8"))["exit_code"] == 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("json", "'json' is not FORMAT=FILE"),
        ("xml=a", "there is no format 'xml', expected one of text, concise, json"),
        ("json=", "is not FORMAT=FILE"),
    ],
)
def test_a_report_that_is_none_is_refused(value: str, message: str) -> None:
    result = run("net", "--case", "default", "--report", value)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("net", "--case", "planted-bugs"), 0),
        (("net", "--case", FIXTURES / "relu_kink.npz"), 0),
        (("net", "--case", "missing.npz"), 2),
        (("net", "--case", "default", "--epsilon", "0"), 2),
        (("net", "--case", "planted-bugs", "--case", "missing.npz"), 2),
    ],
)
def test_exit_zero_hides_what_was_found_but_never_a_2(arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments, "--exit-zero").returncode == code


def test_plot_adds_pictures() -> None:
    plain, drawn = (" ".join(run("net", "--case", "planted-bugs", *more).stdout.split()) for more in ((), ("--plot",)))
    assert "errors of b1, 5 x 1" not in plain
    assert "errors of b1, 5 x 1" in drawn
    assert "stays at 1.9e+00 for every step" in drawn
    assert drawn.count("for every step: the gradient is wrong, not the step") == 1
    assert "\x1b" not in drawn


def test_plot_is_ascii_where_the_terminal_is() -> None:
    drawn = run_outside("net", "--case", "planted-bugs", "--plot", env={"PYTHONIOENCODING": "ascii"}).stdout
    assert drawn.isascii()
    assert "\\u" not in drawn
    assert "@@ to 1/10 of the largest" in drawn


def test_plot_is_coloured_where_colour_is_wanted() -> None:
    assert "\x1b[1;31m██" in run("net", "--case", "planted-bugs", "--plot", "--color", "always").stdout


def test_github_actions_only_adds_annotations() -> None:
    plain = run("net", "--case", "planted-bugs", "--format", "markdown")
    there = run("net", "--case", "planted-bugs", "--format", "markdown", env={"GITHUB_ACTIONS": "true"})
    assert (there.stdout, there.returncode) == (plain.stdout, plain.returncode)
    assert there.stderr.count("::error ") == 2
    assert run("net", "--case", "default", env={"GITHUB_ACTIONS": "true"}).stderr == ""


def test_an_annotation_stands_at_the_users_gradient_function() -> None:
    source = (DATA / "homework.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(k for k, text in enumerate(source) if text.startswith("def backward_propagation_n"))
    result = run(
        "net", "--case", "default", "--backward", "homework.py:backward_propagation_n", "--format", "github",
        "--no-suggest", cwd=DATA,
    )  # fmt: skip
    assert f",file=homework.py,line={line}::" in result.stdout


def test_an_annotation_stands_on_the_line_that_is_to_be_changed() -> None:
    words = ["net", "--case", "default", "--backward", "homework.py:backward_propagation_n", "--format", "github"]
    result = run_outside(*words, cwd=DATA, env=SEARCHING)
    first, second = [line for line in result.stdout.splitlines() if line.startswith("::error")]
    assert ",file=homework.py,line=48,endLine=48,col=11,endColumn=12::b1" in first
    assert ",file=homework.py,line=43,endLine=43,col=38,endColumn=41::W2" in second


def test_a_users_traceback_stands_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def backward(X, Y, cache):\n    return 1 / 0\n", encoding="utf-8")
    result = run("net", "--case", "default", "--backward", "model.py:backward", "--format", "json", cwd=tmp_path)
    (case,) = json.loads(result.stdout)["cases"]
    assert (result.returncode, case["verdict"]) == (2, None)
    assert 'model.py", line 2, in backward' in case["error"]["traceback"]


def test_qq_says_nothing_in_any_format(tmp_path: Path) -> None:
    result = run("net", "--case", "planted-bugs", "-qq", "--format", "json", "--report", "json=out.json", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert (tmp_path / "out.json").exists()
