"""Arrays of other libraries as numpy's: sparse matrices, and tensors that lie elsewhere or are watched."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["is_sparse", "numpy_array"]


def is_sparse(value: Any) -> bool:
    """Whether a value is a matrix of which most entries are left out."""
    return callable(getattr(value, "toarray", None))


def numpy_array(value: Any) -> Any:
    """Return what numpy can take for an array of the same numbers; anything that is none of these as it is.

    A tensor of torch may be watched, sparse, or on a device; jax and autograd make arrays of numpy's by themselves.
    """
    if isinstance(value, np.ndarray | np.generic | int | float):
        return value
    if is_sparse(value):
        return value.toarray()
    if callable(getattr(value, "detach", None)):
        value = value.detach().cpu()
        return (value.to_dense() if callable(getattr(value, "to_dense", None)) else value).numpy()
    return value
