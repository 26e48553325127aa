"""A problem made of the user's functions, whatever form they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcheck_cli.asking import kind_of
from gradcheck_cli.errors import ProblemError
from gradcheck_cli.problems.arguments import as_parameter, by_its_own_names, by_position, require_separate
from gradcheck_cli.problems.autograd import differentiated
from gradcheck_cli.problems.complex_numbers import OF_FRAMEWORK, complex_view
from gradcheck_cli.problems.returned import by_name, less_than_double
from gradcheck_cli.problems.user_function import FunctionProblem

__all__ = ["function_problem"]

ONE_ARRAY = "x"  # the name of an array that comes without one


def function_problem(
    loss: Callable[..., Any],
    gradient: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any],
    autograd: str | None = None,
    convention: str | None = None,
    name: str = "function",
    one_array: bool = False,
    only: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> FunctionProblem:
    """Make a problem of a loss and its gradient.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float; where each of several parameters is an argument by its own name, it is called
        so: loss(U=..., M=..., **data).
    gradient : object
        (parameters, **data) -> gradient, the gradient itself, or None where `loss` returns both or `autograd` is given.
    parameters : mapping of str to array_like, or array_like
        The point.
    data : mapping of str to object
        What the functions get by keyword.
    autograd : str, optional
        The framework whose gradient of the loss is the claim.
    convention : str, optional
        What the gradient of a complex parameter means; the framework's own one, or torch's, where it is not given.
    name : str, optional
        What the report calls it.
    one_array : bool, optional
        Whether the functions take the one parameter of a mapping as an array.
    only : sequence of str, optional
        The parameters that are checked; empty for all.
    notes : sequence of str, optional
        For the report.

    Raises
    ------
    ProblemError
        Where the parameters are no real numbers, or two share memory.
    SettingError
        Where the framework is not installed.
    """
    if not callable(loss):
        raise ProblemError(f"the loss is {kind_of(loss)}, expected a function")
    names, keywords = [str(key) for key in parameters] if isinstance(parameters, Mapping) else [], list(data)
    if len(names) > 1:
        loss = by_its_own_names(loss, names, keywords)
        gradient = by_its_own_names(gradient, names, keywords) if callable(gradient) else gradient
    if autograd is not None:
        taking = by_position(loss, names, keywords) if names else loss  # as torch's Function.apply
        one_array, loss = one_array and taking is loss, taking
        if gradient is not None:
            raise ProblemError("there is a gradient and a framework to differentiate the loss, expected one of them")
        loss, gradient, said = differentiated(autograd, loss)
        notes = [*notes, said]
    named = parameters if isinstance(parameters, Mapping) else {ONE_ARRAY: parameters}
    require_separate(named)
    view = complex_view(named, convention or OF_FRAMEWORK.get(autograd or ""))
    if view is not None:
        loss, gradient = view.loss(loss, both=gradient is None), view.claim(gradient)
        named, notes = view.point, [*notes, view.note]
    elif convention:
        notes = [*notes, "no parameter is complex: what a complex gradient would mean has no say"]
    point = {key: as_parameter(key, values) for key, values in named.items()}
    is_saved = gradient is not None and not callable(gradient)
    return FunctionProblem(
        point,
        loss,
        gradient,
        name,
        notes,
        data=data,
        one_array=one_array or not isinstance(parameters, Mapping),
        only=only,
        complex_view=view,
        returns_both=gradient is None,
        saved_in=less_than_double(by_name(gradient, point, "the gradient")) if is_saved else {},
    )
