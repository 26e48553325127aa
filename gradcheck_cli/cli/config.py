"""The project's settings: ``[tool.gradcheck]`` and ``[[tool.gradcheck.checks]]`` in pyproject.toml."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradcheck_cli.vocabulary.errors import ExtraError, InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CHECKS",
    "KINDS",
    "TABLE",
    "Check",
    "Config",
    "find_config",
    "known_key",
    "option_key",
    "read_config",
    "require_trusted",
]

FILE = "pyproject.toml"
MAX_BYTES = 2**20
NESTED = r"(?:[\[{]\s*){100}"  # deeper than any file of settings
ADMINISTRATOR = 0  # the user id of root
TABLE = "[tool.gradcheck]"
CHECKS = "[[tool.gradcheck.checks]]"
KINDS = ("scalar", "net", "func", "layer", "model", "objective", "command", "compare")
"""The commands that check something, which a check of the list may name."""


class Check(NamedTuple):
    """One check of the list."""

    name: str
    kind: str
    """The command that makes it, as ``net``."""
    options: Mapping[str, Any]
    """Options of that command as the file gives them, by their names with underscores."""


class Config(NamedTuple):
    """What the file says."""

    path: Path
    defaults: Mapping[str, Any]
    """Options of all commands."""
    checks: tuple[Check, ...]


def find_config(start: str) -> Path | None:
    """Return the nearest pyproject.toml from a folder upwards, where it speaks of gradcheck.

    Without pathlib, which takes longer to load than this takes: most commands run where there is no such file.
    """
    folder, path = start, os.path.join(start, FILE)  # noqa: PTH118
    while not os.path.isfile(path):  # noqa: PTH113
        if folder == os.path.dirname(folder):  # noqa: PTH120
            return None
        folder = os.path.dirname(folder)  # noqa: PTH120
        path = os.path.join(folder, FILE)  # noqa: PTH118
    from pathlib import Path

    return Path(path) if "tool.gradcheck" in read_text(Path(path)) else None


def read_config(path: Path) -> Config:
    """Read a file.

    Raises
    ------
    InputError
        Where it cannot be read, or something stands in it that gradcheck does not know.
    ExtraError
        Where this Python cannot read TOML by itself and tomli is missing.
    """
    tool = parse(path).get("tool", {})
    tables = tool.get("gradcheck", {}) if isinstance(tool, dict) else tool
    if not isinstance(tables, dict):
        raise InputError(f"tool.gradcheck in {path} is {type(tables).__name__}, expected a table")
    defaults = {option_key(key): value for key, value in tables.items() if key != "checks"}
    checks = tables.get("checks", [])
    if not (isinstance(checks, list) and all(isinstance(check, dict) for check in checks)):
        raise InputError(f"tool.gradcheck.checks in {path} is not a list of tables; expected {CHECKS}")
    made = tuple(read_check(check, number, path) for number, check in enumerate(checks, start=1))
    require_distinct([check.name for check in made], path)
    return Config(path, defaults, made)


def read_text(path: Path) -> str:
    """Return the text of a file; a FIFO or a device is never waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(MAX_BYTES + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
            text = content.decode("utf-8") if content is not None and len(content) <= MAX_BYTES else None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {reason}") from error
    if text is None:
        raise InputError(f"{path} cannot be read: it is not a regular file of at most {MAX_BYTES:,} bytes")
    return text


def require_trusted(path: Path) -> None:
    """See that nobody else decides by a file that was found and not named.

    Raises
    ------
    InputError
        Where it belongs to somebody else than this user or the administrator, or lies where others can write.
    """
    if not hasattr(os, "geteuid"):
        return
    hint = f"--config {path} reads it all the same"
    if (owner := path.stat().st_uid) not in (os.geteuid(), ADMINISTRATOR):
        raise InputError(f"{path} belongs to another user ({owner}), expected one of your own", hint=hint)
    for place in (path, path.parent):
        if place.stat().st_mode & stat.S_IWOTH:
            raise InputError(f"{path}: others can write {place}, expected a file that only you decide on", hint=hint)


def parse(path: Path) -> dict[str, Any]:
    """Parse TOML with the library that there is."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
        except ModuleNotFoundError:
            raise ExtraError.missing(f"{path.name} on Python 3.10", "tomli", "toml") from None
    text = read_text(path)
    if re.search(NESTED, text):  # the library would take its time to give up
        raise InputError(f"{path} is not valid TOML: it is nested too deep")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # that of the decoder, and of a number with 10,000 digits
        raise InputError(f"{path} is not valid TOML: {error}") from error


def read_check(table: Mapping[str, Any], number: int, path: Path) -> Check:
    """Read one table of the list."""
    where = f"check {number} of {CHECKS} in {path}"
    for key in ("name", "kind"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise InputError(
                f'{where} has no {key}, expected {key} = "..."', hint="gradcheck explain ci shows such tables"
            )
    options = {option_key(key): value for key, value in table.items() if key not in {"name", "kind"}}
    return Check(table["name"], table["kind"], options)


def require_distinct(names: list[str], path: Path) -> None:
    """Raise InputError where two checks have one name."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path} has two checks with the name {twice!r}, expected each once")


def option_key(key: str) -> str:
    """Return the name of an option as programs write it."""
    return key.replace("-", "_")


def known_key(key: str, known: Iterable[str], where: str) -> str:
    """Return a key that is known.

    Raises
    ------
    InputError
        Where it is not, with the nearest that is.
    """
    names = [name.replace("_", "-") for name in known]
    if key.replace("_", "-") not in names:
        from gradcheck_cli.cli.habits import hint_for

        raise InputError(
            f"{where} has the key {key.replace('_', '-')!r}, expected one of {', '.join(sorted(names))}",
            hint=hint_for(key, names),
        )
    return key
