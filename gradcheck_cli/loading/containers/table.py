"""Numbers in lines of text: one array, or with a line of names above them one array for each column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import MEBIBYTE, open_regular, shown
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["read_table"]

MAX_BYTES = 64 * MEBIBYTE
BETWEEN = re.compile(r"[,;]")
COMMENT = "#"
EXPECTED = "expected lines of as many numbers each, with commas, semicolons, tabs or spaces between"


def read_table(path: Path) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Read a table.

    Returns
    -------
    ndarray or dict of str to ndarray
        Of shape (lines, columns), or (n,) where there is one line or one column; by the names of the columns where the
        first line is one of names.

    Raises
    ------
    InputError
        Where the file cannot be opened, is too large, or holds anything else than numbers.
    """
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES // MEBIBYTE} MiB, the most that is read")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8", hint=EXPECTED) from error
    rows = [(k, words(line)) for k, line in enumerate(lines, 1) if words(line)]
    names = rows.pop(0)[1] if rows and not any(map(is_number, rows[0][1])) else []
    if not rows:
        raise InputError(f"{path} contains no numbers", hint=EXPECTED)
    table = np.array([numbers(row, line, len(rows[0][1]), path) for line, row in rows])
    if names:
        return columns(names, table, path)
    return table.reshape(-1) if 1 in table.shape else table


def words(line: str) -> list[str]:
    """Return what stands between commas or semicolons; where there are none, between spaces."""
    line = line.split(COMMENT, maxsplit=1)[0].strip()
    return [word.strip() for word in BETWEEN.split(line)] if BETWEEN.search(line) else line.split()


def is_number(word: str) -> bool:
    """Whether a word is a number as a program writes it."""
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word


def numbers(row: list[str], line: int, count: int, path: Path) -> list[float]:
    """Return the numbers of a line."""
    wrong = next((word for word in row if not is_number(word)), None)
    if wrong is not None:
        raise InputError(f"{path}, line {line}, contains {shown(wrong)}, which is not a number", hint=EXPECTED)
    if len(row) != count:
        raise InputError(f"{path}, line {line}, has {len(row)} numbers, expected {count}", hint=EXPECTED)
    return [float(word) for word in row]


def columns(names: list[str], table: NDArray[Any], path: Path) -> dict[str, NDArray[Any]]:
    """Return the columns of a table by their names."""
    names = [name.strip("\"'") for name in names]
    if len(names) != table.shape[1]:
        raise InputError(f"{path} has {len(names)} names above {table.shape[1]} columns", hint=EXPECTED)
    if len(set(names)) < len(names) or not all(names):
        raise InputError(f"{path} has a column without a name of its own", hint=EXPECTED)
    return {name: table[:, k].copy() for k, name in enumerate(names)}
