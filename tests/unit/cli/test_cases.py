from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradcheck_cli.problems.networks.fixtures import load_fixture
from tests.unit.cli.support import invoke, refused


def test_lists_every_case() -> None:
    result = invoke("cases")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["default", "planted-bugs"]


def test_describes_one_case() -> None:
    assert "4-5-3-1" in invoke("cases", "default").stdout


@pytest.mark.parametrize(("case", "code"), [("default", 0), ("planted-bugs", 1)])
def test_a_saved_case_is_checked_as_the_case_itself(tmp_path: Path, case: str, code: int) -> None:
    path = tmp_path / "saved.npz"
    assert invoke("cases", case, "--save", path).exit_code == 0
    assert invoke("net", "--case", path).exit_code == code


def test_does_not_overwrite_unless_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "precious.npz"
    path.write_bytes(b"precious")
    assert "exists already" in refused("cases", "default", "--save", path)
    assert path.read_bytes() == b"precious"
    assert invoke("cases", "default", "--save", path, "--force").exit_code == 0
    assert load_fixture(path).layer_count == 3


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["defalt"], "'defalt'"),
        (["--save", "a.npz"], "NAME"),
        (["defalt", "--save", "a.npz"], "'defalt'"),
        (["default", "--save", "no/such/folder/a.npz"], "No such file or directory"),
        (["default", "--save", "default"], "ends in .npz"),
        (["default", "--save", "x" * 5000 + ".npz"], "File name too long"),
    ],
)
def test_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], part: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert part in refused("cases", *arguments)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
