"""``--watch``: check, and check again whenever a file is saved that the check has read.

Every check is a process of its own, so that nothing of the user's code is left from the one before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from shutil import get_terminal_size
from tempfile import TemporaryDirectory

import click

from gradcheck_cli.cli.ending import code_of_signal, ended_by
from gradcheck_cli.cli.output import is_terminal, write
from gradcheck_cli.cli.reads import reads_told_in, state_of
from gradcheck_cli.vocabulary.errors import ExtraError
from gradcheck_cli.vocabulary.text import printable
from gradcheck_cli.vocabulary.wrapping import wrapped

__all__ = ["watch_until_interrupted"]

OPTION = "--watch"
CHECK = """\
import sys
if sys.path[:1] == [""]:  # no file of the current folder stands in for a module
    del sys.path[0]
from gradcheck_cli.cli.reads import tell
tell(sys.argv.pop(1))
from gradcheck_cli.cli.main import main
main(prog_name="gradcheck")
"""
LOOK = 200  # milliseconds after which it is looked what the check has read by now, and whether it has ended
GRACE = 6.0  # seconds that a check has to end by itself: a little more than those that it gives its own processes
MOST_NAMED = 3  # files
SUFFIXES = {".py", ".ipynb", ".npz", ".npy", ".json", ".csv", ".txt", ".mat", ".safetensors", ".toml"}
"""Of files that a command line may name though they are not there yet."""
WRITTEN = {"--report", "--save", "--resume", "--save-point"}
"""The options with files that a check writes."""


def watch_until_interrupted(arguments: Sequence[str]) -> int:
    """Check as a command line says, and again and again; return the exit code of what a signal has interrupted.

    Raises
    ------
    ExtraError
        Where watchfiles is missing.
    """
    words = [word for word in arguments if word != OPTION]
    if "-" in words:
        raise click.UsageError(f"{OPTION} checks again, and standard input can be read only once: name a file.")
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        raise ExtraError.missing(OPTION, "watchfiles", "watch") from None
    try:
        return watch(words)
    except KeyboardInterrupt as interruption:
        return code_of_signal(ended_by(interruption))


def watch(words: Sequence[str]) -> int:
    """Check, and check again; return the exit code of a check that has read nothing that could be saved."""
    with TemporaryDirectory(prefix="gradcheck-watch-") as folder:
        while True:
            if is_terminal(sys.stdout):
                click.clear()
            check = Check(words, Path(folder) / "reads")
            try:
                if not check.waits_for_change():
                    return check.process.returncode
            finally:
                check.end()


class Check:
    """One check in a process of its own, and the files that it has read.

    Parameters
    ----------
    words : sequence of str
        Its command line.
    told : Path
        Where it tells of its files.
    """

    def __init__(self, words: Sequence[str], told: Path) -> None:
        told.write_bytes(b"")
        self.told = told
        self.named = {path: state_of(path) for path in files_named(words)}
        self.process = subprocess.Popen([sys.executable, "-c", CHECK, str(told), *words])  # noqa: S603  (it is ourselves)

    def waits_for_change(self) -> bool:
        """Wait until one of the files is another one than the check has read; return whether there is one."""
        from watchfiles import watch as changes_in

        waiting = False
        while True:
            read = self.read()
            folders = {os.path.dirname(path) for path in read}  # noqa: PTH120
            if self.is_changed(read):
                return True
            if not folders:
                self.process.wait()
                if self.read():
                    continue
                return False
            for _ in changes_in(*folders, watch_filter=None, rust_timeout=LOOK, yield_on_timeout=True, recursive=False):
                ended = self.process.poll() is not None
                read = self.read()
                if ended and not waiting:
                    waiting = True
                    write(f"\n{waiting_for(read)}\n", sys.stderr)
                if self.is_changed(read):
                    return True
                if not folders.issuperset(os.path.dirname(path) for path in read):  # noqa: PTH120
                    break

    def read(self) -> dict[str, str]:
        """Return the files that were named or read so far, each as it was then; none that the check itself writes."""
        reads = list(reads_told_in(os.fsdecode(self.told.read_bytes())))
        written = {path for path, state in reads if not state}
        found = {**self.named, **{path: state for path, state in reversed(reads) if state}}
        return {path: state for path, state in found.items() if path not in written and has_folder(path)}

    @staticmethod
    def is_changed(read: dict[str, str]) -> bool:
        """Whether a file is not what it was."""
        return any(state_of(path) != state for path, state in read.items())

    def end(self) -> None:
        """See that the process has ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def has_folder(path: str) -> bool:
    """Whether the folder of a file is there, so that it can be watched."""
    return os.path.isdir(os.path.dirname(path))  # noqa: PTH112, PTH120


def files_named(words: Sequence[str]) -> list[str]:
    """Return the files that a command line names to be read, as FILE or FILE:NAME, those too that are not there."""
    read = [word for before, word in pairwise(["", *words]) if before not in WRITTEN and not word.startswith("-")]
    names = (name for word in read for name in (word, word.rpartition(":")[0]))
    return [os.path.abspath(name) for name in names if os.path.isfile(name) or Path(name).suffix in SUFFIXES]  # noqa: PTH100, PTH113


def waiting_for(read: Iterable[str]) -> str:
    """Return what says that and for what it is waited, no wider than the terminal."""
    names = sorted({os.path.relpath(path) for path in read}, key=lambda name: (name.startswith(".."), name))
    shown, left = ", ".join(map(printable, names[:MOST_NAMED])), len(names) - MOST_NAMED
    more = f" and {left} more" if left > 0 else ""
    line = f"[{time.strftime('%H:%M:%S')}] watching {shown}{more}; Ctrl-C ends it"
    return "\n".join(wrapped(line, get_terminal_size().columns))
