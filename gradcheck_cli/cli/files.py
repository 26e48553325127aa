"""Files that are written whole or not at all, and never over one that is read."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["require_apart", "require_writable", "write_whole"]

STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
SOURCES = {
    ".py",
    ".ipynb",
    ".sh",
    ".toml",
    ".npz",
    ".npy",
    ".mat",
    ".safetensors",
}  # of code and of arrays: a report is never called so
NEW = 0o666  # the mode of a new file, before the umask


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file under a temporary name and then put it in the place of `path`, so that nobody reads a part of it.

    A link stays a link, and a file keeps its mode. A device or a pipe is written to, and so is a file that cannot be
    replaced: one in a folder that must not be written, or one that is mounted by itself.

    Raises
    ------
    InputError
        Where it cannot be written; what stood there before still does.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        target, descriptor = Path(path), descriptor_of(path)
        if descriptor is not None:
            _write_to(os.dup(descriptor), data)
        elif target.exists() and not target.is_file():
            _write_to(os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)), data)  # a FIFO may have no reader
        else:
            _replace(target.resolve(), data)
    except (OSError, ValueError, RuntimeError) as error:
        raise _unwritable(path, error) from error


def descriptor_of(path: str | Path) -> int | None:
    """Return the open file of this process that a path stands for, as /dev/stdout does; None for any other."""
    folder, name = os.path.split(os.path.normpath(path))
    if folder == "/dev" and name in STREAMS:
        return STREAMS[name]
    return int(name) if folder in ("/dev/fd", "/proc/self/fd") and name.isdecimal() else None


def _write_to(descriptor: int, data: bytes) -> None:
    """Write to an open file, and close it."""
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _replace(target: Path, data: bytes) -> None:
    """Put a new file in the place of another."""
    try:
        descriptor, name = _temporary(target)
    except OSError:
        if not target.exists():
            raise
        target.write_bytes(data)
        return
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.chmod(_mode_of(target))
        try:
            temporary.replace(target)
        except OSError:
            if not target.is_mount():
                raise
            target.write_bytes(data)
            temporary.unlink()
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _temporary(target: Path) -> tuple[int, str]:
    """Make a file beside the target, under a name that nobody could foresee."""
    return tempfile.mkstemp(prefix=".gradcheck-", dir=target.parent)


def _mode_of(target: Path) -> int:
    """Return the mode of a file, or that of any new one where it does not exist."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return NEW & ~mask


def _unwritable(path: str | Path, error: Exception) -> InputError:
    """Make the error for a file that cannot be written."""
    return InputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}")


def require_writable(path: Path, *, may_be: str = "") -> None:
    """Try whether a file could be written, without touching it.

    Parameters
    ----------
    path : Path
        The file.
    may_be : str, optional
        The suffix that it may have though other files of that suffix are somebody's work.

    Raises
    ------
    InputError
        Where it could not.
    """
    if descriptor_of(path) is not None:
        return
    try:
        target = path.resolve()
        if target.is_dir():
            raise IsADirectoryError(None, "Is a directory")
        if target.suffix.lower() in SOURCES - {may_be} and target.exists():
            raise FileExistsError(None, f"a {target.suffix} file is there already, and may be somebody's work")
        if not (target.exists() and os.access(target, os.W_OK)):
            descriptor, name = _temporary(target)
            os.close(descriptor)
            Path(name).unlink()
    except (OSError, ValueError, RuntimeError) as error:
        raise _unwritable(path, error) from error


def require_apart(outputs: Iterable[tuple[str, str | Path]], inputs: Mapping[str, Path]) -> None:
    """See that nothing that is read is written over, and that no two outputs share a file; links are followed.

    Parameters
    ----------
    outputs : iterable of (str, str or Path)
        What each is called on the command line, and the file.
    inputs : mapping of str to Path
        The files that are read, by what they are.

    Raises
    ------
    InputError
        For the first that would be.
    """
    read = {_identity(path): what for what, path in inputs.items()}
    written: dict[object, str] = {}
    for option, path in outputs:
        identity = _identity(Path(path))
        if identity is None:
            continue
        if identity in read:
            raise InputError(
                f"{option} would write over {read[identity]}, {path}, which is read", hint="name another file"
            )
        if identity in written:
            raise InputError(f"{option} and {written[identity]} would share the file {path}", hint="name two files")
        written[identity] = option


def _identity(path: Path) -> object:
    """Return what tells a file from all others, whatever its name; None of a device or a pipe, which many may share."""
    try:
        found = path.stat()
    except (OSError, ValueError, RuntimeError):
        return os.path.realpath(path)
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        return None
    return found.st_dev, found.st_ino
