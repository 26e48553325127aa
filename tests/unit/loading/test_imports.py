"""Whose module an import finds: told by who imports, in a process of its own, for the importer is for good."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
from pathlib import Path
from gradcheck_cli.loading.imports import importable
with importable(Path(sys.argv[1])):
    import {module} as found
print(getattr(found, "seen", ""), [p for p in sys.path if p == sys.argv[1]] == sys.path[-1:])
import wave, {library}
print(wave.__file__.startswith(sys.argv[1]), {library}.__name__)
"""


@pytest.mark.parametrize("place", ["", "package/"])
def test_the_users_code_finds_its_own_first_and_everybody_else_what_there_was(place: str, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / f"{place}own.py").write_text("import wave, neighbour\nseen = (wave.OWN, neighbour.OWN)\n")
    (tmp_path / "wave.py").write_text("OWN = 1\n")
    (tmp_path / "neighbour.py").write_text("OWN = 2\n")
    (tmp_path / "cProfile.py").write_text("raise RuntimeError\n")
    code = ASK.format(module="package.own" if place else "own", library="cProfile")
    words = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["(1, 2) True", "False cProfile"]


def test_an_environment_within_the_folder_is_not_the_users(tmp_path: Path) -> None:
    installed = tmp_path / ".venv" / "lib"
    installed.mkdir(parents=True)
    (installed / "library.py").write_text("import wave\nseen = wave.__file__\n")
    (tmp_path / "wave.py").write_text("raise RuntimeError\n")
    (tmp_path / "own.py").write_text("import library\nseen = library.seen.endswith('wave.py')\n")
    code = f"import sys\nsys.path.append({str(installed)!r})\n" + ASK.format(module="own", library="json")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.splitlines()[0].startswith("True")
