"""The command within the test's own process."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from gradcheck_cli.cli.main import main
from tests.support import WITHOUT_SEARCH


def invoke(*arguments: str | Path) -> Result:
    """Run the command; its exit code is what the shell would see."""
    return CliRunner(env=WITHOUT_SEARCH).invoke(
        main, [str(a) for a in arguments], catch_exceptions=False, prog_name="gradcheck"
    )


def refused(*arguments: str | Path) -> str:
    """Run a command that cannot check anything, and return its one line of error."""
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback (most recent call last)" not in result.stderr
    return lines[0]
