"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gradcheck_cli.errors import InputError

__all__ = ["write_whole"]


def write_whole(path: str, content: str | bytes) -> None:
    """Write a file under a temporary name and then put it in the place of `path`, so that nobody reads a part of it.

    Raises
    ------
    InputError
        Where it cannot be written; what stood there before still does.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(path).resolve()  # a link stays a link
    try:
        if target.exists() and not target.is_file():  # a device or a pipe is written to, not replaced
            target.write_bytes(data)
        else:
            replace(target, data)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def replace(target: Path, data: bytes) -> None:
    """Put a new file in the place of another."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
