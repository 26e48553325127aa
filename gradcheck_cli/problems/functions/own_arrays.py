"""Arrays of other libraries as numpy's: sparse matrices, and tensors that lie elsewhere or are watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

__all__ = ["has_parts", "is_sparse", "numpy_array"]


def is_sparse(value: Any) -> bool:
    """Whether a value is a matrix of which most entries are left out."""
    return callable(getattr(value, "toarray", None))


def has_parts(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value is a mapping to parts of its own; scipy's matrix of keys is a mapping as well, from places."""
    return isinstance(value, Mapping) and not is_sparse(value)


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
