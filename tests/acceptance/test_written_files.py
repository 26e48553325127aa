"""Files: what is read is never written over, and each that is written is whole and for itself."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.hostile import MODEL, PARAMS, check, folder_with, func
from tests.support import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_with(tmp_path)


@pytest.mark.parametrize("how", ["plain", "spelled otherwise", "symbolic link", "hard link"])
@pytest.mark.parametrize("read", ["model.py", "p.json", "pyproject.toml"])
@pytest.mark.parametrize("option", ["--report=json=", "--save="])
def test_what_is_read_is_never_written_over(option: str, read: str, how: str, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.gradcheck]\nthreshold = 1e-6\n")
    before = (folder / read).read_bytes()
    target = {"plain": read, "spelled otherwise": f"../{folder.name}/{read}"}.get(how, "other")
    if how == "symbolic link":
        (folder / "other").symlink_to(read)
    if how == "hard link":
        (folder / "other").hardlink_to(folder / read)
    done = run(*func("loss", "grad", option + target), cwd=folder)
    assert done.returncode == 2
    assert "would write over" in done.stderr
    assert (folder / read).read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["net", "--case", "case.npz", "--report", "json=case.npz"],
        ["net", "--case", "default", "--backward", "model.py:grad", "--report", "html=model.py"],
        ["compare", "p.json", "q.json", "--report", "junit=q.json"],
        ["command", "./program.sh x", "--params", "p.json", "--report", "json=program.sh"],
        ["run", "--report", "json=pyproject.toml"],
        ["run", "--report", "json=model.py"],
        ["func", "model:loss", "--grad", "model:grad", "--params", "p.json", "--report", "json=model.py"],
        [*func(), "--threshold", "x", "--report", "json=model.py"],
        [*func(), "--resume", "p.json", "--save", "s.json", "--report", "json=s.json"],
    ],
)
def test_nor_by_any_other_command(words: list[str], folder: Path) -> None:
    run("cases", "default", "--save", "case.npz", cwd=folder)
    (folder / "q.json").write_text(PARAMS)
    (folder / "program.sh").write_text("#!/bin/sh\necho {}\n")
    (folder / "program.sh").chmod(0o755)
    (folder / "pyproject.toml").write_text(check("a"))
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert run(*words, cwd=folder).returncode == 2
    assert {name: (folder / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    "outputs",
    [
        ["--report", "json=o", "--report", "junit=./o"],
        ["--report", "json=o", "--save", "o"],
        ["--save", "link", "--report", "json=o"],
        ["--points", "1", "--save-point", "o", "--report", "json=o"],
    ],
)
def test_two_outputs_never_share_a_file(outputs: list[str], folder: Path) -> None:
    (folder / "link").symlink_to("o")
    done = run(*func(), *outputs, cwd=folder)
    assert done.returncode == 2
    assert "would share the file" in done.stderr
    assert not (folder / "o").exists()


def test_every_target_is_tried_first_and_one_that_fails_keeps_no_other_from_being_written(folder: Path) -> None:
    (folder / "model.py").write_text(MODEL.replace("return float", "open('called', 'w'); return float"))
    done = run(*func("loss", "grad", "--report", "json=missing/x", "--report", "junit=o.xml"), cwd=folder)
    assert done.returncode == 2
    assert "missing/x cannot be written" in done.stderr
    assert "missing/x cannot be written" in (folder / "o.xml").read_text()
    for words in (["--save", "missing/s"], ["--points", "1", "--save-point", "missing/p.npz"], ["--save", "."]):
        assert run(*func("loss", "grad", *words, "--report", "json=o.json"), cwd=folder).returncode == 2
        assert json.loads((folder / "o.json").read_text())["exit_code"] == 2
    assert not (folder / "called").exists()


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(folder: Path) -> None:
    (folder / "o").write_text("old")
    (folder / "o").chmod(0o600)
    (folder / "link").symlink_to("o")
    assert run(*func("loss", "grad", "--report", "json=link"), cwd=folder).returncode == 0
    assert stat.S_IMODE((folder / "o").stat().st_mode) == 0o600
    assert (folder / "link").is_symlink()
    assert json.loads((folder / "o").read_text())["exit_code"] == 0


def test_a_loop_of_links_is_an_error(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    for option in ("--report=json=a", "--save=a"):
        done = run(*func("loss", "grad", option), cwd=folder)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr


def test_any_name_that_is_legal_can_be_written(folder: Path) -> None:
    name = "ö" * 125  # 250 bytes
    assert run(*func("loss", "grad", "--report", f"json={name}"), cwd=folder).returncode == 0
    assert (folder / name).exists()
    assert sorted(path.name for path in folder.glob(".*")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator can write everywhere")
def test_a_file_in_a_folder_that_must_not_be_written_is_written_all_the_same(folder: Path) -> None:
    (folder / "sealed").mkdir()
    (folder / "sealed" / "o").write_text("old")
    (folder / "sealed").chmod(0o500)
    assert run(*func("loss", "grad", "--report", "json=sealed/o"), cwd=folder).returncode == 0
    assert json.loads((folder / "sealed" / "o").read_text())["exit_code"] == 0


def test_the_summary_of_a_job_is_added_to(folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_text("# before\n")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    folder_with(folder, "def l(p):\n    open('summary.md', 'a').write('meanwhile\\n')\n    return 1.0\n")
    assert run(*func("loss", "wrong", "--report", "markdown=summary.md"), cwd=folder, env=env).returncode == 1
    assert run(*func("loss", "grad", "--report", "markdown=summary.md"), cwd=folder, env=env).returncode == 0
    text = summary.read_text()
    assert text.startswith("# before\n")
    assert text.index("## FAIL") < text.index("## PASS")
    assert "not finished" not in text
    run(*func("l", "grad", "--report", "markdown=summary.md"), cwd=folder, env=env)
    assert "meanwhile\n" in summary.read_text()
