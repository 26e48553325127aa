"""One array in an .npy file."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.npz import LARGE, open_regular, read_header, refuse_dtype, refuse_size
from gradcheck_cli.vocabulary.errors import InputError

__all__ = ["read_npy"]


def read_npy(path: Path) -> NDArray[Any]:
    """Read the array of an .npy file; its claimed size is held against the file's before anything is allocated.

    Raises
    ------
    InputError
        Where the file cannot be opened, is damaged, too large, or holds anything but numbers or text.
    """
    with open_regular(path) as file:
        shape, fortran, dtype = read_header(file, str(path))
        refuse_dtype(dtype, str(path))
        content = exactly(file, math.prod(shape) * dtype.itemsize, path)
    array = np.frombuffer(content, dtype=dtype) if content else np.empty(0, dtype=dtype)
    if math.prod(length or 1 for length in shape) > LARGE:  # numpy counts an empty array so
        raise InputError(f"{path} has a damaged header: its shape is {shape}")
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def exactly(file: IO[bytes], count: int, path: Path) -> bytes:
    """Read all that is left of a file, which must be so many bytes."""
    left = os.fstat(file.fileno()).st_size - file.tell()
    if left != count:
        raise InputError(
            f"{path} holds {left} bytes of an array, but its header claims {count}",
            hint="was it cut short while it was copied?",
        )
    if count > LARGE:
        refuse_size(f"{path} would take", count, LARGE)
    return file.read(count)
