"""Named arrays from a file of any kind that holds them and nothing that would have to be run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from gradcheck_cli.loading.containers.mat import read_mat
from gradcheck_cli.loading.containers.npy import read_npy
from gradcheck_cli.loading.containers.safetensors import read_safetensors
from gradcheck_cli.loading.containers.table import read_table
from gradcheck_cli.loading.json_arrays import read_json, read_json_data
from gradcheck_cli.loading.npz import LARGE, NUMBERS, read_npz
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["ONE_ARRAY", "READERS", "read_arrays", "read_data"]

ONE_ARRAY = "x"  # the name of an array that has none in its file
Arrays: TypeAlias = dict[str, NDArray[Any]]


def read_large_npz(path: Path) -> Arrays:
    """Read an .npz file whose arrays may be as large as the file itself."""
    return read_npz(path, largest=LARGE, kinds=NUMBERS)


READERS: dict[str, Callable[[Path], NDArray[Any] | Arrays]] = {
    ".csv": read_table,
    ".dat": read_table,
    ".json": read_json,
    ".mat": read_mat,
    ".npy": read_npy,
    ".npz": read_large_npz,
    ".safetensors": read_safetensors,
    ".tsv": read_table,
    ".txt": read_table,
}
"""By the ending of the file's name; any other file is taken for an .npz archive."""
TORCH = (
    "import numpy, torch; d = torch.load({0}, weights_only=True);"
    " numpy.savez({1}, **{{k: v.numpy() for k, v in d.items()}})"
)
PICKLE = "import numpy, pickle; numpy.savez({1}, **pickle.load(open({0}, 'rb')))"
JOBLIB = "import numpy, joblib; numpy.savez({1}, **joblib.load({0}))"
HDF5 = "import h5py, numpy; numpy.savez({1}, **{{k: v[()] for k, v in h5py.File({0}).items()}})"
CONVERTED = {
    ".ckpt": TORCH, ".h5": HDF5, ".hdf5": HDF5, ".joblib": JOBLIB, ".pickle": PICKLE, ".pkl": PICKLE, ".pt": TORCH,
    ".pth": TORCH,
}  # fmt: skip
"""By the ending of what is not read, how somebody who trusts it makes an .npz file of it."""


def read_arrays(path: Path, *, unnamed: str = ONE_ARRAY) -> Arrays:
    """Read all arrays of a file.

    Parameters
    ----------
    path : Path
        Its ending says of which kind it is.
    unnamed : str, optional
        What an array is called that has no name there.

    Raises
    ------
    InputError
        Where it cannot be read, or only by running what stands in it.
    """
    ending = path.suffix.lower()
    if ending in CONVERTED:
        code = CONVERTED[ending].format(repr(str(path)), repr(str(path.with_suffix(".npz"))))
        raise InputError(
            f"{path} was not read: reading a {ending} file may run code that is in it",
            hint=f"if you trust it: python -c {shlex.quote(code)}",
        )
    found = READERS.get(ending, read_large_npz)(path)
    return dict(found) if isinstance(found, Mapping) else {unnamed: found}


def read_data(path: Path) -> dict[str, Any]:
    """Read what is handed over by keyword: arrays, an array without a name under that of its file; of JSON anything.

    Raises
    ------
    InputError
        As `read_arrays` does.
    """
    return read_json_data(path) if path.suffix.lower() == ".json" else dict(read_arrays(path, unnamed=path.stem))
