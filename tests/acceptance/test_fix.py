"""The line, the patch, and the file after it, as a shell sees them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import DATA, SEARCHING, run

NET = ("net", "--case", "default", "--backward", "homework.py:backward_propagation_n")
MODEL = """\
import numpy as np

X = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0]])
y = np.array([1.0, 0.0, 2.0])


def loss(w):
    return 0.5 * np.mean((X @ w - y) ** 2)


def gradient(w):
    r = X @ w - y
    return X.T @ r / len(y)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    shutil.copy(DATA / "homework.py", tmp_path)
    return tmp_path


def test_the_report_shows_the_lines_and_what_to_do_there(folder: Path) -> None:
    before = (folder / "homework.py").read_bytes()
    result = run(*NET, cwd=folder, env=SEARCHING)
    assert result.returncode == 1
    text = result.stdout
    assert "  --> homework.py:43:38\n" in text
    assert "43 |     dW2 = 1. / m * np.dot(dZ2, A1.T) * 2 # ~~\n" in text
    assert "\n   |                                      ^^^^ remove this\n" in text
    assert "  --> homework.py:48:11\n" in text
    assert "^^ write 1. here" in text
    assert "verified: with these 2 changes all 47 entries agree, here and at 5 other points" in text
    assert (folder / "homework.py").read_bytes() == before


def test_no_suggest_says_nothing_of_it(folder: Path) -> None:
    for result in (run(*NET, "--no-suggest", cwd=folder), run(*NET, cwd=folder, env={"GRADCHECK_SUGGEST": "0"})):
        assert result.returncode == 1
        assert "verified" not in result.stdout
        assert "-->" not in result.stdout


def test_git_applies_the_diff_and_then_it_passes(folder: Path) -> None:
    result = run("fix", *NET, cwd=folder)
    assert result.returncode == 1
    (folder / "patch").write_text(result.stdout, encoding="utf-8")
    subprocess.run(["git", "apply", "patch"], cwd=folder, check=True)
    assert run(*NET, cwd=folder).returncode == 0


def test_apply_writes_the_change_and_checks_again(folder: Path) -> None:
    result = run("fix", "--apply", *NET, cwd=folder)
    assert result.returncode == 0
    assert result.stdout.startswith("PASS")
    assert "changed homework.py: 2 places" in result.stderr
    text = (folder / "homework.py").read_text(encoding="utf-8")
    assert "np.dot(dZ2, A1.T) # ~~" in text
    assert "db1 = 1. / m" in text


def test_the_same_words_give_the_same_bytes(folder: Path) -> None:
    first, second = (json.loads(run(*NET, "--format", "json", cwd=folder, env=SEARCHING).stdout) for _ in range(2))
    assert {**first, "timing": None} == {**second, "timing": None}
    (case,) = first["cases"]
    change = case["suggestion"]["changes"][0]
    assert (change["file"], change["line"], change["column"], change["end_column"], change["new"]) == (
        "homework.py", 43, 38, 42, "",
    )  # fmt: skip
    assert case["suspects"][0]["line"] == 43
    assert case["suggestion"]["level"] == "verified"


def test_sarif_has_a_fix_and_rdjson_a_suggestion(folder: Path) -> None:
    sarif = json.loads(run(*NET, "--format", "sarif", cwd=folder, env=SEARCHING).stdout)
    (found,) = [r for r in sarif["runs"][0]["results"] if r["message"]["text"].startswith("W2")]
    region = found["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 43, "startColumn": 38, "endLine": 43, "endColumn": 42}
    replacements = found["fixes"][0]["artifactChanges"][0]["replacements"]
    assert [one["insertedContent"]["text"] for one in replacements] == ["", "1."]
    rdjson = json.loads(run(*NET, "--format", "rdjson", cwd=folder, env=SEARCHING).stdout)
    assert [one["suggestions"][0]["text"] for one in rdjson["diagnostics"]] == ["1.", ""]


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        (" / len(y)", "", 13),
        ("X.T @ r", "2 * X.T @ r", 13),
        ("    r = X @ w - y", "    r = X @ w + y", 12),
        ("X.T @ r", "X @ r", 13),
    ],
    ids=["no mean", "factor", "sign", "raises"],
)
def test_a_function_of_ones_own_is_mended(right: str, wrong: str, line: int, tmp_path: Path) -> None:
    head, _, tail = MODEL.rpartition(right)
    (tmp_path / "model.py").write_text(head + wrong + tail, encoding="utf-8")
    words = ("func", "model.py:loss", "--grad", "model.py:gradient", "--at", "0.7,-0.4")
    told = run(*words, cwd=tmp_path, env=SEARCHING)
    assert told.returncode == (2 if wrong == "X @ r" else 1)
    assert f"--> model.py:{line}:" in told.stdout + told.stderr
    assert run("fix", *words, "--apply", cwd=tmp_path).returncode == 0
    assert run(*words, cwd=tmp_path).returncode == 0


def test_there_is_nothing_to_fix_in_what_is_right(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    words = ("func", "model.py:loss", "--grad", "model.py:gradient", "--at", "0.7,-0.4")
    result = run("fix", *words, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "")
    assert "there is nothing to change" in result.stderr


def test_fix_takes_the_words_of_two_commands_alone(tmp_path: Path) -> None:
    result = run("fix", "compare", "a.npz", "b.npz", cwd=tmp_path)
    assert result.returncode == 2
    assert "expected net or func" in result.stderr


def test_what_is_no_longer_what_was_checked_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcheck_cli.cli.fix import apply_to_files
    from gradcheck_cli.vocabulary.errors import InputError
    from gradcheck_cli.vocabulary.results import Change, Suggestion

    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("a = 2\n", encoding="utf-8")
    change = Change("model.py", 1, 5, 1, 6, "1", "3", "a = 1")
    suggestion = Suggestion((change,), "verified", 1, 3, (), 1, 0, "", (("model.py", "0" * 64),))
    with pytest.raises(InputError, match="no longer what was checked"):
        apply_to_files(suggestion)
    assert (tmp_path / "model.py").read_text(encoding="utf-8") == "a = 2\n"


def test_a_notebook_is_mended_by_cell_and_line(tmp_path: Path) -> None:
    sources = [MODEL.partition("def gradient")[0], "# 残差\n\ndef gradient" + MODEL.partition("def gradient")[2]]
    sources[1] = sources[1].replace("X.T @ r", "2 * X.T @ r")
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "source": s.splitlines(keepends=True),
            "outputs": [],
            "execution_count": 1,
        }
        for s in sources
    ]
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    (tmp_path / "model.ipynb").write_text(content, encoding="utf-8")
    words = ("func", "model.ipynb:loss", "--grad", "model.ipynb:gradient", "--at", "0.7,-0.4")
    told = run(*words, cwd=tmp_path, env=SEARCHING)
    assert told.returncode == 1
    assert "--> model.ipynb:cell 2:5:12" in told.stdout
    diff = run("fix", *words, cwd=tmp_path).stdout
    assert (tmp_path / "model.ipynb").read_text(encoding="utf-8") == content
    (tmp_path / "a.diff").write_text(diff, encoding="utf-8")
    subprocess.run(["git", "apply", "a.diff"], cwd=tmp_path, check=True)
    assert run(*words, cwd=tmp_path).returncode == 0
    refused = run("fix", "--apply", *words, cwd=tmp_path)
    assert refused.returncode == 0, "there is nothing to change by now"


def test_files_are_named_from_where_the_command_was_given_though_the_code_goes_elsewhere(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    model = MODEL.replace("return X.T @ r", "return 2 * X.T @ r")
    (home / "model.py").write_text(f"{model}\nimport os; os.chdir({str(elsewhere)!r})\n", encoding="utf-8")
    words = ("func", "model.py:loss", "--grad", "model.py:gradient", "--at", "0.7,-0.4")
    told = run(*words, cwd=home, env=SEARCHING)
    assert told.returncode == 1
    assert "--> model.py:" in told.stdout
