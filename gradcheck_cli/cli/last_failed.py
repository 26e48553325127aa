"""Which checks of a project did not pass when they were made last, kept in its folder for ``run --last-failed``.

The folder comes with the project, and may come with somebody else's copy of it: what stands there is names and nothing
more, whatever else it holds counts as nothing, and nothing is written through a link.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from gradcheck_cli.cli.config import read_text
from gradcheck_cli.cli.files import write_whole
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["LastFailed"]

FOLDER, FILE = ".gradcheck_cache", "last-failed.json"
IGNORED = "# Made by gradcheck: of use on this machine alone.\n*\n"


class LastFailed:
    """The names of the checks that did not pass.

    Parameters
    ----------
    project : Path
        The folder of the project's file.
    checks : collection of str
        The names of the checks that there are.
    """

    def __init__(self, project: Path, checks: Collection[str]) -> None:
        self.folder, self.checks = project / FOLDER, checks
        self.file = self.folder / FILE

    def names(self) -> list[str]:
        """Return them in the order of the project; none where there is no file, or none that could be ours."""
        found = None
        with suppress(InputError, ValueError, RecursionError):
            found = json.loads(read_text(self.file))
        return [name for name in self.checks if name in found] if isinstance(found, list) else []

    def keep(self, passed: Collection[str], failed: Collection[str]) -> None:
        """Note how checks ended; of the others stays what is known. Where that cannot be written, it is not."""
        before = self.names()
        names = [name for name in self.checks if name in failed or (name in before and name not in passed)]
        if names == before:
            return
        with suppress(OSError, InputError):
            if not self.folder.exists():
                self.folder.mkdir()
                (self.folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
            if not (self.folder.is_symlink() or self.file.is_symlink()):
                write_whole(self.file, json.dumps(names, indent=1) + "\n")
