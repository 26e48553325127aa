"""Reports that are kept as JSON: shown in any format later, and two of them compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import run_inside


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports on a right network and on one with planted mistakes, under one name."""
    folder = tmp_path_factory.mktemp("kept")
    for case in ("default", "planted-bugs"):
        run_inside(
            "net", "--case", case, "-qq", "--report", f"json={case}.json", "--report", f"html={case}.html", cwd=folder
        )
    renamed = (folder / "planted-bugs.json").read_text().replace('"net, planted-bugs"', '"net, default"')
    (folder / "wrong.json").write_text(renamed)
    return folder


def test_a_report_is_shown_as_the_check_showed_it(kept: Path) -> None:
    shown = run_inside("show", "planted-bugs.json", cwd=kept)
    checked = run_inside("net", "--case", "planted-bugs", cwd=kept)
    assert shown.returncode == 0

    def without_time(text: str) -> list[str]:
        return [line.partition(" evaluations")[0] for line in text.splitlines()]

    assert without_time(shown.stdout) == without_time(checked.stdout)


def test_a_report_is_written_in_other_formats_without_a_check(kept: Path) -> None:
    done = run_inside(
        "show", "planted-bugs.json", "-qq", "--report", "html=again.html", "--report", "json=again.json", cwd=kept
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (kept / "again.json").read_bytes() == (kept / "planted-bugs.json").read_bytes()
    assert (kept / "again.html").read_bytes() == (kept / "planted-bugs.html").read_bytes()


def test_a_report_says_by_which_command_it_was_made_and_what_it_came_to(kept: Path) -> None:
    content = json.loads((kept / "planted-bugs.json").read_text())
    assert content["command"].startswith("gradcheck net --case planted-bugs -qq --report")
    assert content["verdict"] == "FAIL"
    assert content["summary"]["text"] == "2 of 6 parameters are wrong (8 of 47 entries)"
    assert [(f["where"], f["parameter"]) for f in content["cases"][0]["findings"]] == [("dW2", "W2"), ("db1", "b1")]


def test_what_is_no_report_is_refused_in_one_line(kept: Path) -> None:
    (kept / "params.json").write_text('{"W": [1.0]}')
    for words in (["show", "params.json"], ["show", "absent.json"], ["diff", "default.json", "params.json"]):
        done = run_inside(*words, cwd=kept)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert "Traceback" not in done.stderr
    assert run_inside("show", "default.json", "--report", "html=default.json", cwd=kept).returncode == 2


def test_two_reports_are_compared(kept: Path) -> None:
    worse = run_inside("diff", "default.json", "wrong.json", cwd=kept)
    assert worse.returncode == 1
    assert "  became wrong  W2: 4 of 15 entries\n      error[factor]: dW2 is 2" in worse.stdout
    assert worse.stdout.endswith("2 became wrong, 4 still right\n")
    assert max(map(len, worse.stdout.splitlines())) < 120
    better = run_inside("diff", "wrong.json", "default.json", cwd=kept)
    assert better.returncode == 0
    assert "  became right  b1\n      was error[factor]: db1 is 4" in better.stdout
    same = run_inside("diff", "wrong.json", "wrong.json", cwd=kept)
    assert same.returncode == 0
    assert same.stdout.endswith("2 still wrong, 4 still right\n")
    other = run_inside("diff", "default.json", "planted-bugs.json", cwd=kept)
    assert other.returncode == 1
    assert other.stdout.endswith("2 new and wrong, 4 new and right, 1 no longer there\n")
