"""A problem made of the user's functions, whatever form they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradcheck_cli.problems.devices.device import Device, Mirror, in_order
from gradcheck_cli.problems.devices.make import DEVICES, device_of
from gradcheck_cli.problems.functions.arguments import as_parameter, require_separate
from gradcheck_cli.problems.functions.autograd import (
    converted,
    import_framework,
    of_autograd,
    of_numpy_arrays,
    own_gradient_note,
)
from gradcheck_cli.problems.functions.calling import Form, by_position, weightless
from gradcheck_cli.problems.functions.complex_numbers import OF_FRAMEWORK, complex_view
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.on_device import DeviceProblem
from gradcheck_cli.problems.functions.returned import by_name, less_than_double
from gradcheck_cli.problems.functions.trees import flattened, is_tree, names_in
from gradcheck_cli.vocabulary.asking import kind_of
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.settings import AUTO, MACHINE_EPSILON

__all__ = ["function_problem"]


def function_problem(
    loss: Callable[..., Any],
    gradient: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any],
    autograd: str | None = None,
    device: str | None = None,
    precision: str = AUTO,
    convention: str | None = None,
    name: str = "function",
    by_file: bool = False,
    one_array: bool = False,
    only: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> FunctionProblem:
    """Make a problem of a loss and its gradient.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float, in the form in which it takes the parameters: see `calling.Form`.
    gradient : object
        (parameters, **data) -> gradient, the gradient itself, or None where `loss` returns both or `autograd` is given.
    parameters : array_like, or dict, list or tuple of such, one inside of another
        The point.
    data : mapping of str to object
        What the functions get by keyword.
    autograd : str, optional
        The framework whose gradient of the loss is the claim.
    device : str, optional
        Where that framework keeps its arrays, as it calls it.
    precision : str, optional
        The arithmetic of the framework's arrays where that is less than float64; the point is rounded to it.
    convention : str, optional
        What the gradient of a complex parameter means; the framework's own one, or torch's, where it is not given.
    name : str, optional
        What the report calls it.
    by_file : bool, optional
        Whether the names come from a file, and so may themselves speak of a form, as ``layers[0].W`` does.
    one_array : bool, optional
        Whether the functions take the one parameter of a mapping as an array, or else as a dict.
    only : sequence of str, optional
        The parameters that are checked; empty for all.
    notes : sequence of str, optional
        For the report.

    Raises
    ------
    ProblemError
        Where the parameters are no real numbers, or two share memory.
    SettingError
        Where the framework is not installed, or has no such device.
    """
    if not callable(loss):
        raise ProblemError(f"the loss is {kind_of(loss)}, expected a function")
    if not (autograd is None or gradient is None):
        raise ProblemError("both a gradient and a framework to differentiate the loss are given, expected one of them")
    named, alone = flattened(parameters), not is_tree(parameters)
    notes = [*notes, *weightless(loss, {*named, *data})]
    taking = loss if autograd is None or alone else by_position(loss, list(named), list(data))  # as Function.apply
    if taking is not loss:
        loss = taking
    elif not alone:
        form = Form(names_in(parameters), list(data), by_file, "array" if one_array else "dict")
        loss, gradient = form.of(loss), form.of(gradient) if callable(gradient) else gradient
    require_separate(named)
    view = complex_view(named, convention or OF_FRAMEWORK.get(autograd or ""))
    where = place_of(autograd, device, precision)
    by_numpy = where is None or view is not None or not where.moves
    given = loss
    if autograd is not None:
        loss, gradient, said = own_functions(autograd, given, where, by_numpy=by_numpy)
        notes = [*notes, said]
    if view is not None:
        loss, gradient = view.loss(loss, both=gradient is None), view.claim(gradient)
        named, notes = view.point, [*notes, view.note]
    elif convention:
        notes = [*notes, "no parameter is complex, so the convention for complex gradients has no effect"]
    point = {key: as_parameter(key, values) for key, values in named.items()}
    if where is not None and view is None:
        point, data = ({key: rounded(values, where) for key, values in arrays.items()} for arrays in (point, data))
        require_range(point, where)
    made: dict[str, Any] = {"point": point, "loss_function": loss, "claim": gradient, "name": name, "notes": notes}
    made |= {"data": data, "one_array": alone, "only": only, "device": where}
    if where is not None and view is None:
        return on(where, given, made)
    is_saved = gradient is not None and not callable(gradient)
    return FunctionProblem(
        **made,
        complex_view=view,
        returns_both=gradient is None,
        saved_in=less_than_double(by_name(gradient, point, "the gradient")) if is_saved else {},
    )


def on(where: Device, loss: Callable[..., Any], made: dict[str, Any]) -> FunctionProblem:
    """Return a problem on a device; if it computes gradients in less than float64, with the same in float64 besides.

    Parameters
    ----------
    where : Device
        The device.
    loss : callable
        Of the framework's arrays.
    made : dict
        What a `FunctionProblem` is made of.
    """
    double = None
    if where.arithmetic != "float64":
        exact = device_of(where.framework, where.name)
        value, own, _ = own_functions(where.framework, loss, exact, by_numpy=not where.moves)
        double = on(exact, loss, {**made, "loss_function": value, "claim": own, "device": exact})
    if where.moves:
        return DeviceProblem(**made, in_double=double, mirror=Mirror(where))
    return FunctionProblem(**made, in_double=double)


def rounded(value: Any, where: Device) -> Any:
    """Return the arrays of floats in a value as a device's arithmetic has them."""
    return converted(value, lambda array: where.rounded(in_order(array)) if array.dtype.kind == "f" else array)


def require_range(point: Parameters, where: Device) -> None:
    """Raise ProblemError where a parameter is beyond what a device's arithmetic holds."""
    beyond = [name for name, values in point.items() if not np.isfinite(values).all()]
    if beyond:
        raise ProblemError(
            f"parameter {beyond[0]} has entries that are too large for {where.arithmetic}",
            hint="--precision bfloat16 has the range of float32",
        )


def place_of(framework: str | None, device: str | None, precision: str) -> Device | None:
    """Return where a framework keeps its arrays; None where these are numpy's.

    Raises
    ------
    SettingError
        Where a device is asked for and there is no framework that has it.
    """
    if framework in DEVICES or (framework is not None and device is not None):
        return device_of(framework, device, precision if precision in MACHINE_EPSILON else "float64")
    if device is not None:
        raise SettingError(f"device is {device!r}, but no framework is named", hint="such as autograd='torch'")
    return None


def own_functions(
    framework: str, loss: Callable[..., Any], where: Device | None, *, by_numpy: bool
) -> tuple[Any, Any, str]:
    """Return a loss of a framework's arrays, the framework's own gradient of it, and what to say of that.

    Parameters
    ----------
    framework, loss
        The loss, and whose arrays it takes.
    where : Device or None
        Where the arrays are; None where they are numpy's.
    by_numpy : bool
        Whether the functions are to be of numpy's arrays.

    Raises
    ------
    SettingError
        Where the framework is not installed.
    """
    import_framework(framework)
    value: Any
    own: Any
    if where is None:
        value, own = of_autograd(loss)
    elif by_numpy:
        value, own = of_numpy_arrays(where, loss)
    else:
        value, own = partial(where.value, loss), partial(where.gradient, loss)
    value.__name__, own.__name__ = getattr(loss, "__name__", framework), f"the {framework} gradient"
    return value, own, own_gradient_note(framework, "float64" if where is None else where.arithmetic)
