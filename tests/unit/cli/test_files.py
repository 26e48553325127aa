"""A report file is whole or as it was before."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradcheck_cli.cli.files import write_whole
from gradcheck_cli.vocabulary.errors import InputError


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("before", encoding="utf-8")
    write_whole(str(path), "whole, ∂")
    assert path.read_text(encoding="utf-8") == "whole, ∂"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "out.json"
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_whole(str(path), "half")
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", ["missing/out.json", "."])
def test_a_place_that_cannot_be_written_is_an_error(where: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(str(tmp_path / where), "text")


def test_the_files_mode_is_that_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_whole(str(tmp_path / "out"), "text")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "other").stat().st_mode
