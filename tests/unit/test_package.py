from __future__ import annotations

import subprocess
import sys

import pytest

import gradcheck_cli


@pytest.mark.parametrize("name", gradcheck_cli.__all__)
def test_every_public_name_is_there_when_it_is_asked_for(name: str) -> None:
    assert getattr(gradcheck_cli, name) is not None
    assert name in dir(gradcheck_cli)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gradcheck_cli.nothing  # noqa: B018


@pytest.mark.parametrize(
    "statement",
    [
        "import gradcheck_cli",
        "import gradcheck_cli.cli.main",
        "from gradcheck_cli.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from gradcheck_cli.cli.main import main\ntry: main(['net', '--help'])\nexcept SystemExit: pass",
        "from gradcheck_cli.cli.main import main\ntry: main(['func', '--help'])\nexcept SystemExit: pass",
        "from gradcheck_cli.cli.main import main\ntry: main(['command', '--help'])\nexcept SystemExit: pass",
        "from gradcheck_cli.cli.main import main\ntry: main(['compare', '--help'])\nexcept SystemExit: pass",
        "from gradcheck_cli.cli.main import main\ntry: main(['--version'])\nexcept SystemExit: pass",
        "from gradcheck_cli.cli.main import main\n"
        "try: main('scalar --x 2 --theta 4 --color always'.split())\nexcept SystemExit: pass",
    ],
)
def test_help_version_and_the_smallest_pass_need_neither_numpy_nor_rich(statement: str) -> None:
    code = f"import sys\n{statement}\nassert not {{'numpy', 'rich'}} & set(sys.modules), 'loaded'"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
