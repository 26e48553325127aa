"""What a start takes: `python tests/benchmarks/bench_start.py [ROUNDS]`, from the folder above tests.

The smallest check in a terminal, beside the import of the libraries that a terminal's report may need; and pytest with
one empty test, with the plugin and without: gradcheck has to be installed for that. The two of a row start in turn, and
what they take of the processor counts. It is known to some milliseconds alone, so there are many rounds, and the middle
half of them is averaged. Nothing here is a test.
"""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 40
LIBRARIES = (sys.executable, "-c", "import click, rich.table")
SCALAR = (sys.executable, "-m", "gradcheck_cli", "scalar", "--x", "2", "--theta", "4")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
WITHOUT = ("-p", "no:gradcheck")
RATIO = 1.2
MORE = 5  # milliseconds


def milliseconds(command: Sequence[str]) -> float:
    """Return what a command in a terminal takes of the processor; it has to succeed."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its)
    os.close(its)
    shown = shown_in(ours)
    os.close(ours)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{shown.decode()}")
    return 1000 * (used.ru_utime + used.ru_stime)


def shown_in(terminal: int) -> bytes:
    """Return what is shown in a terminal until nobody writes there any more."""
    shown = b""
    try:
        while piece := os.read(terminal, 2**16):
            shown += piece
    except OSError:  # how Linux says it
        pass
    return shown


def typical(first: Sequence[str], second: Sequence[str], rounds: int) -> tuple[float, float]:
    """Return the milliseconds of two commands that start in turn."""
    one, two = zip(*((milliseconds(first), milliseconds(second)) for _ in range(rounds)), strict=True)
    middle = slice(rounds // 4, rounds - rounds // 4)
    return statistics.fmean(sorted(one)[middle]), statistics.fmean(sorted(two)[middle])


def main(rounds: int) -> None:
    """Write a line for each row."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    with TemporaryDirectory() as folder:
        os.chdir(folder)  # no settings of a project
        Path("test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
        scalar, libraries = typical(SCALAR, LIBRARIES, rounds)
        plugged, plain = typical(PYTEST, [*PYTEST, *WITHOUT], rounds)
    sys.stdout.write(
        f"gradcheck scalar beside import click, rich.table: {scalar / libraries:.2f} x"
        f" ({scalar:.0f} and {libraries:.0f} ms); target <= {RATIO} x\n"
        f"pytest with the plugin and without: {plugged - plain:+.1f} ms"
        f" ({plugged:.0f} and {plain:.0f} ms); target <= +{MORE} ms\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
