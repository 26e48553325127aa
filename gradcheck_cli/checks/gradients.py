"""The gradient of a user's function, as Python calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradcheck_cli.checks.check import check
from gradcheck_cli.checks.given import name_of, require_plain_arguments
from gradcheck_cli.problems.functions.make import function_problem
from gradcheck_cli.vocabulary.results import CheckReport
from gradcheck_cli.vocabulary.settings import AUTO, DEFAULT_EPSILON

__all__ = ["check_gradient"]


def check_gradient(
    loss: Callable[..., Any],
    gradient: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    autograd: str | None = None,
    device: str | None = None,
    complex: str | None = None,  # noqa: A002  (the numbers' own word)
    name: str | None = None,
    epsilon: float | str | None = None,
    classic: bool = False,
    **settings: Any,
) -> CheckReport:
    """Check the gradient of a function of named arrays, or of one array, in whatever form it takes them.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float. It gets float64 arrays in the form of `parameters`; each by its own name, where
        it has an argument for each; and where it raises at the first call, each in order, or the one parameter alone.
    gradient : callable, mapping of str to array_like, array_like or None
        (parameters, **data) -> gradient, or the gradient itself: in the same form as the parameters, under their names
        or any usual ones (dW, grad_W, W.grad), or a tuple in their order; dense or sparse. None where `loss` returns
        the pair (loss, gradient), in either order, and with `autograd`.
    parameters : array_like, or dict, list or tuple of such, one inside of another
        The point at which to check. It is copied, never changed. What stands in containers is called by its place, as
        ``layers[0].W``; numbers in lists are one array.
    data : mapping of str to object, optional
        What both functions get by keyword. Arrays are copied, never changed.
    autograd : {"torch", "jax", "autograd"}, optional
        The framework whose arrays the loss takes and whose gradient of it is checked. With torch and jax a `precision`
        below float64 is that of its arrays, at parameters rounded to it.
    device : str, optional
        Where torch or jax keeps its arrays, as it calls it: ``"cpu"``, ``"cuda"``, ``"gpu"``. Parameters are moved, and
        slopes taken, there; ``"cpu"`` where it is not given.
    complex : {"torch", "jax", "wirtinger"}, optional
        What the gradient of a complex parameter z = x + iy means: dJ/dx + i dJ/dy (torch), dJ/dx - i dJ/dy (jax), or
        dJ/dz = (dJ/dx - i dJ/dy) / 2. Where it is not given, what the framework means, or torch's. The functions get
        complex128 arrays; an entry is two, ``W[0, 1].real`` and ``W[0, 1].imag``.
    name : str, optional
        What the report calls it; the loss's own name unless given.
    epsilon : float or "auto", optional
        As for `check`, but ``"auto"`` unless given or `classic`.
    classic : bool, optional
        As for `check`.
    **settings
        As for `check`.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        As for `check`; among them UserFunctionError where one of the functions raises.

    Examples
    --------
    >>> report = check_gradient(lambda p: (p["w"] ** 2).sum(), lambda p: {"w": 2 * p["w"]}, {"w": [1.0, 2.0]})
    >>> report.passed
    True
    >>> check_gradient(lambda x: (x**2).sum(), lambda x: 3 * x, [1.0, 2.0]).passed
    False
    """
    name = name_of(loss) if name is None else name
    require_plain_arguments(name, data)
    problem = function_problem(
        loss,
        gradient,
        parameters,
        data=data or {},
        autograd=autograd,
        device=device,
        precision=settings.get("precision", AUTO),
        convention=complex,
        name=name,
    )
    if epsilon is None:
        epsilon = DEFAULT_EPSILON if classic else AUTO
    return check(problem, epsilon=epsilon, classic=classic, **settings)
