"""The files that --report names: tried before anything is checked, not finished until they are, each for itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from gradcheck_cli.cli.command_line import kept_command_line
from gradcheck_cli.cli.exit_codes import COULD_NOT_CHECK
from gradcheck_cli.reporters.formats import renderer
from gradcheck_cli.vocabulary.errors import InputError
from gradcheck_cli.vocabulary.results import Outcome, RunReport, Unchecked

__all__ = ["ReportFiles", "run_of"]

NOT_FINISHED = Unchecked("gradcheck", "not finished: there is no verdict yet, or there will be none")


class ReportFiles:
    """Report files, and what kept some of them from being written.

    Parameters
    ----------
    reports : sequence of (str, str)
        Format and path of each.
    """

    def __init__(self, reports: Sequence[tuple[str, str]]) -> None:
        self.reports = reports
        self.error: InputError | None = None
        """The first that happened."""
        self.refused = set[str]()
        """The paths that cannot be written, or must not be."""
        self.before = dict[str, bytes]()
        """By path, what stands in a file that is added to."""
        self.begun = dict[str, bytes]()
        """By path, what was written of a run that is not finished."""

    def begin(self) -> None:
        """Try every file, and let it say that the run is not finished, for it may end in any way."""
        if not self.reports:
            return
        from pathlib import Path

        from gradcheck_cli.cli.files import descriptor_of, require_writable, write_whole

        run = run_of([NOT_FINISHED], COULD_NOT_CHECK)
        for name, path in self.reports:
            with self.noting(path):
                require_writable(Path(path))
                if name == "markdown" and is_step_summary(path):
                    self.before[path] = content_of(path)
                if descriptor_of(path) is None and (Path(path).is_file() or not Path(path).exists()):
                    self.begun[path] = encoded(renderer(name)(run))
                    write_whole(path, self.before.get(path, b"") + self.begun[path])

    def require_all(self) -> None:
        """Raise the InputError of the first file that could not be written."""
        if self.error is not None:
            raise self.error

    def write(self, run: RunReport) -> None:
        """Write them all; one that cannot be written does not keep the others from it."""
        for name, path in self.reports:
            if path in self.refused:
                continue
            from gradcheck_cli.cli.files import write_whole

            with self.noting(path):
                write_whole(path, self.around(path, encoded(renderer(name)(run))))

    def around(self, path: str, content: bytes) -> bytes:
        """Return what the file is to hold: where it is added to, what others have written there as well."""
        if path not in self.before:
            return content
        ours, there = self.before[path] + self.begun.get(path, b""), content_of(path)
        return self.before[path] + content + there[len(ours) :] if there.startswith(ours) else there + content

    @contextmanager
    def noting(self, path: str) -> Iterator[None]:
        """Note an error of a file instead of raising it."""
        try:
            yield
        except InputError as error:
            self.refused.add(path)
            self.error = self.error or error


def encoded(text: str) -> bytes:
    """Return what is written of a report; a lone surrogate is written out."""
    return text.encode("utf-8", "backslashreplace")


def content_of(path: str) -> bytes:
    """Return what stands in a file; nothing where there is none."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (pathlib takes its time to import)
            return file.read()
    except OSError:
        return b""


def is_step_summary(path: str) -> bool:
    """Whether a file is the page on which GitHub collects what the steps of a job have to say."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(summary) and os.path.realpath(path) == os.path.realpath(str(summary))


def run_of(outcomes: Iterable[Outcome], code: int) -> RunReport:
    """Return the record of a run as it is written to files: with the command, the versions and the time."""
    import time

    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return RunReport(tuple(outcomes), code, versions(), kept_command_line(), date)


def versions() -> dict[str, str]:
    """Return the versions of what the numbers depend on; numpy is not imported for that."""
    import platform
    from importlib.metadata import version

    from gradcheck_cli import __version__

    return {
        "gradcheck": __version__,
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
