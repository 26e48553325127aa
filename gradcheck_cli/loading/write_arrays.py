"""Write named arrays for another program to read: .npz or JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["npz_bytes", "write_json", "write_npz"]


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return what an .npz file of the arrays holds."""
    file = io.BytesIO()
    write_npz(file, arrays)
    return file.getvalue()


def write_npz(path: Path | IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as an .npz file, whatever their names."""
    with zipfile.ZipFile(path, "w") as archive:  # np.savez keeps the name file for itself
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def write_json(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a JSON object of nested lists; every digit of a float64 is kept."""
    path.write_text(json.dumps({name: array.tolist() for name, array in arrays.items()}), encoding="utf-8")
