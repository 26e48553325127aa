"""The point at which a function is checked: its parameters and the data that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.arrays import ONE_ARRAY, read_arrays, read_data
from gradcheck_cli.vocabulary.errors import InputError, did_you_mean

__all__ = ["LoadedPoint", "load_point", "require_known", "selected"]


@dataclass(frozen=True)
class LoadedPoint:
    """Arrays as they were read; what they must be as parameters is for the problem to say."""

    parameters: dict[str, NDArray[Any]]
    data: dict[str, Any]


def load_point(
    params: Path | None, data: Path | None, at: Sequence[complex] | None, vary: Sequence[str]
) -> LoadedPoint:
    """Read parameters and data.

    Parameters
    ----------
    params, data : Path, optional
        Files of arrays; one without a name is ``x`` among the parameters, and in the data what its file is called.
    at : sequence of numbers, optional
        The parameters as one array, in place of a file.
    vary : sequence of str
        The arrays of both files that are parameters, all others being data; empty where every array of `params` is a
        parameter.

    Raises
    ------
    InputError
        Where a file cannot be read, a name stands in both, or there is no such name.
    """
    parameters = {ONE_ARRAY: as_array(at)} if at is not None else read_arrays(params) if params else {}
    others = read_data(data) if data else {}
    both = [name for name in others if name in parameters]
    if both:
        raise InputError(f"{both[0]!r} is in both the parameters and the data, expected in one of them")
    if not vary:
        return LoadedPoint(parameters, others)
    every: dict[str, Any] = parameters | others
    require_known(vary, every)
    return LoadedPoint(
        {name: values for name, values in every.items() if name in vary},
        {name: values for name, values in every.items() if name not in vary},
    )


def as_array(numbers: Sequence[complex]) -> NDArray[Any]:
    """Return numbers as an array, a complex one if one of them is complex."""
    is_complex = any(isinstance(number, complex) for number in numbers)
    return np.array(numbers, dtype=np.complex128 if is_complex else np.float64)


def require_known(names: Sequence[str], arrays: Mapping[str, Any]) -> None:
    """Raise InputError for the first name that is none of the arrays."""
    for name in names:
        if name not in arrays:
            known = ", ".join(list(arrays)[:20]) or "nothing"
            raise InputError(f"there is no parameter {name!r}; there is {known}", hint=did_you_mean(name, arrays))


def selected(parameters: Mapping[str, Any], only: Sequence[str], skip: Sequence[str]) -> tuple[str, ...]:
    """Return the names that are to be checked: those of `only`, or all but those of `skip`.

    Raises
    ------
    InputError
        Where there is no such name, or nothing is left.
    """
    require_known((*only, *skip), parameters)
    left = tuple(name for name in parameters if (not only or name in only) and name not in skip)
    if not left:
        raise InputError("every parameter is skipped: nothing to check")
    return left
