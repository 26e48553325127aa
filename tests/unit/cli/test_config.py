"""The project's file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gradcheck_cli.cli.config import Check, find_config, known_key, read_config
from gradcheck_cli.vocabulary.errors import ExtraError, InputError


def written(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_and_checks_are_read_and_dashes_are_underscores(tmp_path: Path) -> None:
    text = '[tool.gradcheck]\nrequire-sensitivity = 1e-3\n[[tool.gradcheck.checks]]\nname = "a"\nkind = "net"\n'
    config = read_config(written(tmp_path, f"{text}exit-zero = true\n"))
    assert config.defaults == {"require_sensitivity": 1e-3}
    assert config.checks == (Check("a", "net", {"exit_zero": True}),)


def test_the_nearest_file_counts_where_it_speaks_of_gradcheck(tmp_path: Path) -> None:
    outer = written(tmp_path, "[tool.gradcheck]\n")
    inner = tmp_path / "inner" / "deeper"
    inner.mkdir(parents=True)
    assert find_config(str(inner)) == outer
    written(tmp_path / "inner", "[project]\n")
    assert find_config(str(inner)) is None


@pytest.mark.parametrize(
    "content", [b"\xff[tool.gradcheck]", b"[tool.gradcheck]\n[tool.gradcheck]\n", b"[tool.gradcheck]\r\nx = \x00"]
)
def test_what_is_no_toml_is_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="pyproject"):
        read_config(path)


def test_a_python_that_cannot_read_toml_is_told_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ExtraError, match="needs tomli") as error:
        read_config(written(tmp_path, "[tool.gradcheck]\n"))
    assert error.value.hint == "pip install 'gradcheck-cli[toml]'"


def test_an_unknown_key_is_told_with_the_near_one() -> None:
    assert known_key("exit_zero", ["exit_zero"], "here") == "exit_zero"
    with pytest.raises(InputError, match="here has the key 'exit-zro', expected one of exit-zero") as error:
        known_key("exit_zro", ["exit_zero"], "here")
    assert error.value.hint == "did you mean 'exit-zero'?"
