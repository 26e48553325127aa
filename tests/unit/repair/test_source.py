"""Text whose parts are exchanged: places, codings, line ends and diffs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradcheck_cli.repair.source import Edit, Source


def source_of(content: bytes, path: Path) -> Source:
    path.write_bytes(content)
    source = Source.read(str(path))
    assert source is not None
    return source


@pytest.mark.parametrize(
    "content",
    [b"x = 1\n", b"\xef\xbb\xbfx = 1\r\ny = 2\r\n", "# coding: latin-1\nx = 'é'\n".encode("latin-1"), b"x = 1", b""],
)
def test_a_file_comes_through_as_it_is(content: bytes, tmp_path: Path) -> None:
    assert source_of(content, tmp_path / "a.py").raw == content


def test_what_is_no_text_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# coding: no-such-coding\n")
    (tmp_path / "b.py").write_bytes(b"\xff\xfe\x00")
    assert Source.read(str(tmp_path / "a.py")) is None
    assert Source.read(str(tmp_path / "b.py")) is None
    assert Source.read(str(tmp_path / "c.py")) is None


def test_places_count_characters_from_one_on_and_back(tmp_path: Path) -> None:
    source = source_of("a = 1\n误差 = a; b = 4\n".encode(), tmp_path / "a.py")
    offset = source.content.index(b"4")
    assert source.place(offset) == (2, 13)
    assert source.offset_of(2, 13) == offset


def test_edits_lead_from_one_text_to_another(tmp_path: Path) -> None:
    source = source_of(b"a = 4. / m\nb = a * 2 # c\n", tmp_path / "a.py")
    other = source_of(b"a = 1. / m\nb = a # c\n", tmp_path / "b.py")
    edits = source.edits_to(other)
    assert [source.replaced(edit)[:6] for edit in edits] == [(1, 5, 1, 7, "4.", "1."), (2, 6, 2, 10, " * 2", "")]
    assert source.changed(edits).content == other.content


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_git_takes_the_difference(end: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    source = source_of(f"a = 1\nb = 2{end}".encode(), tmp_path / "a.py")
    at = source.content.index(b"2")
    other = source.changed([Edit(at, at + 1, "3")])
    (tmp_path / "patch").write_bytes(source.difference(other, "a.py").encode())
    subprocess.run(["git", "apply", "--whitespace=nowarn", "patch"], cwd=tmp_path, check=True)
    assert (tmp_path / "a.py").read_bytes() == other.raw
