"""The project's settings: ``[tool.gradcheck]`` and ``[[tool.gradcheck.checks]]`` in pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gradcheck_cli.errors import ExtraError, InputError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TABLE", "Check", "Config", "find_config", "known_key", "option_key", "read_config"]

FILE = "pyproject.toml"
TABLE = "[tool.gradcheck]"
CHECKS = "[[tool.gradcheck.checks]]"


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
    tables = parse(path).get("tool", {}).get("gradcheck", {})
    if not isinstance(tables, dict):
        raise InputError(f"tool.gradcheck in {path} is {type(tables).__name__}, expected a table")
    defaults = {option_key(key): value for key, value in tables.items() if key != "checks"}
    checks = tables.get("checks", [])
    if not (isinstance(checks, list) and all(isinstance(check, dict) for check in checks)):
        raise InputError(f"tool.gradcheck.checks in {path} is no list of tables, expected {CHECKS}")
    made = tuple(read_check(check, number, path) for number, check in enumerate(checks, start=1))
    require_distinct([check.name for check in made], path)
    return Config(path, defaults, made)


def read_text(path: Path) -> str:
    """Return the text of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {reason}") from error


def parse(path: Path) -> dict[str, Any]:
    """Parse TOML with the library that there is."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[no-redef, import-not-found, unused-ignore]
        except ModuleNotFoundError:
            raise ExtraError.missing(f"{path.name} on Python 3.10", "tomli", "toml") from None
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from error


def read_check(table: Mapping[str, Any], number: int, path: Path) -> Check:
    """Read one table of the list."""
    where = f"check {number} of {CHECKS} in {path}"
    for key in ("name", "kind"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise InputError(f'{where} has no {key}, expected {key} = "..."')
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
        raise InputError(
            f"{where} has the key {key.replace('_', '-')!r}, expected one of {', '.join(sorted(names))}",
            hint=did_you_mean(key.replace("_", "-"), names),
        )
    return key
