"""The use case of the course: somebody's backward propagation of a network, on a case."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.networks.cases import CASES, built_in_case
from gradcheck_cli.problems.networks.course_functions import with_own_functions
from gradcheck_cli.problems.networks.fixtures import load_fixture
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.asking import kind_of
from gradcheck_cli.vocabulary.errors import SettingError
from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["check_backward"]


def check_backward(
    backward: Callable[..., Any],
    *,
    forward: Callable[..., Any] | None = None,
    case: str | os.PathLike[str] | Network = "default",
    **settings: Any,
) -> CheckReport:
    """Check a backward propagation of your own on a case, as ``gradcheck net --backward`` does.

    Parameters
    ----------
    backward : callable
        (X, Y, cache) -> a dict with dW1, db1, ...; the cache is the course's, (Z1, A1, W1, b1, Z2, ...), or what
        `forward` returns.
    forward : callable, optional
        (X, Y, parameters) -> (cost, cache), with X of shape (n, m) and Y of shape (k, m): the samples are columns.
    case : str, path or Network, optional
        A built-in case, the path of an .npz fixture, or what `load_fixture` returned.
    **settings
        As for `check`.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        Where there is no such case, or nothing that could be checked.

    Examples
    --------
    >>> def backward(X, Y, cache):
    ...     _, A1, _, _, _, A2, W2, _, _, A3, W3, _ = cache
    ...     dZ3 = A3 - Y
    ...     dZ2 = W3.T @ dZ3 * (A2 > 0)
    ...     dZ1 = W2.T @ dZ2 * (A1 > 0)
    ...     found = {}
    ...     for l, dZ, A in ((1, dZ1, X), (2, dZ2, A1), (3, dZ3, A2)):
    ...         found[f"dW{l}"], found[f"db{l}"] = dZ @ A.T / 3, dZ.sum(axis=1, keepdims=True) / 3
    ...     return found
    >>> check_backward(backward, case="default").passed
    True
    """
    for name, function in (("backward", backward), ("forward", forward)):
        if not (callable(function) or (function is None and name == "forward")):
            raise SettingError(f"{name} is {kind_of(function)}, expected a function")
    return check(with_own_functions(network_of(case), forward, backward), **settings)


def network_of(case: Any) -> Network:
    """Return the network of a case: a name that is no built-in one's is a file's where it looks like one."""
    if isinstance(case, Network):
        return case
    if isinstance(case, str) and (case in CASES or Path(case).suffix != ".npz"):
        return built_in_case(case)
    if not isinstance(case, str | os.PathLike):
        raise SettingError(f"case is {kind_of(case)}, expected a name, the path of an .npz file, or a Network")
    return load_fixture(Path(case))
