"""Named arrays from a file of either kind: .npz, complex ones too, or .json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gradcheck_cli.loading.json_arrays import read_json
from gradcheck_cli.loading.npz import LARGE, NUMBERS, read_npz

__all__ = ["read_arrays"]


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a file: JSON where its name ends in .json, .npz otherwise.

    Raises
    ------
    InputError
        Where it cannot be read.
    """
    return read_json(path) if path.suffix.lower() == ".json" else read_npz(path, largest=LARGE, kinds=NUMBERS)
