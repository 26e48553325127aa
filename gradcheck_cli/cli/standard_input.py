"""Arrays that come by standard input: kept in a file, for several processes may read them."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

__all__ = ["standard_input"]

MAX_BYTES = 2**30
BEGINNINGS = {
    b"PK": ".npz",
    b"\x93NUMPY": ".npy",
    b"MATLAB": ".mat",
    b"{": ".json",
    b"\x80": ".pkl",
}
"""How kinds of files begin; a .safetensors file has the brace of its header at the ninth byte, any other is a table."""

_given: dict[str, Path] = {}
"""The file, by the option that it was read for."""


def standard_input(option: str) -> Path:
    """Return a file with what comes by standard input, whose ending says what that is.

    Parameters
    ----------
    option : str
        What it is read for; asked again for the same one, it is the same file.

    Raises
    ------
    UsageError
        Where it was read for another option already, or is too much.
    """
    if option in _given:
        return _given[option]
    if _given:
        raise click.UsageError("Standard input, -, can be read for one option alone.")
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise click.UsageError(f"Standard input is more than {MAX_BYTES >> 20} MiB, the most that is read.")
    folder = Path(tempfile.mkdtemp(prefix="gradcheck-"))
    atexit.register(remove, folder)
    path = folder / f"stdin{ending_of(content)}"
    path.write_bytes(content)
    _given[option] = path
    return path


def ending_of(content: bytes) -> str:
    """Return the ending of files of the kind that some content is."""
    start = content.lstrip() if content[:1].isspace() else content
    found = next((ending for begins, ending in BEGINNINGS.items() if start.startswith(begins)), ".txt")
    return ".safetensors" if content[8:9] == b"{" and b"\0" in content[:8] else found


def remove(folder: Path) -> None:
    """Remove the file."""
    with suppress(OSError):
        shutil.rmtree(folder)
