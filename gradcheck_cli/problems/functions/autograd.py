"""A loss in the arrays of another framework, and that framework's own gradient of it as the claim.

A framework is imported when a loss of its kind is made, and not before. All arithmetic is float64: parameters and data
arrive so, and what the loss creates itself is made so as far as the framework lets us.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from gradcheck_cli.vocabulary.errors import ExtraError, ProblemError, SettingError, did_you_mean

__all__ = ["FRAMEWORKS", "converted", "differentiated", "double", "import_framework", "own_gradient_note"]

Functions = tuple[Callable[..., Any], Callable[..., Any]]


def differentiated(framework: str, loss: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any], str]:
    """Return the loss and its gradient as functions of numpy arrays, and a note on their arithmetic.

    Parameters
    ----------
    framework : {"torch", "jax", "autograd"}
        Whose arrays the loss takes.
    loss : callable
        (parameters, **data) -> scalar.

    Raises
    ------
    SettingError
        Where there is no such framework, or it is not installed.
    """
    module = import_framework(framework)
    value, gradient = FRAMEWORKS[framework](module, loss)
    value.__name__ = getattr(loss, "__name__", framework)
    gradient.__name__ = f"the {framework} gradient"
    return value, gradient, own_gradient_note(framework)


def own_gradient_note(framework: str) -> str:
    """Return a note on whose a gradient is, and on its arithmetic."""
    return f"the gradient is {framework} {module_version(import_framework(framework))}'s own, in float64"


def import_framework(name: str) -> ModuleType:
    """Import a framework and set it to float64.

    Raises
    ------
    SettingError
        Where there is no such framework, or it is not installed.
    """
    if name not in FRAMEWORKS:
        known = ", ".join(FRAMEWORKS)
        raise SettingError(f"autograd is {name!r}, expected one of {known}", hint=did_you_mean(name, FRAMEWORKS))
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ExtraError.missing(f"autograd {name}", name, name) from error
    if name == "jax":
        module.config.update("jax_enable_x64", True)
    return module


def module_version(module: ModuleType) -> str:
    """Return a framework's version; autograd keeps its own in its metadata alone."""
    from importlib.metadata import version

    return str(getattr(module, "__version__", None) or version(module.__name__))


def converted(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Convert the arrays in a dict, or one array; text has no place in a framework and stays."""
    if isinstance(value, dict):
        return {name: converted(item, convert) for name, item in value.items()}
    return convert(value) if isinstance(value, np.ndarray) and value.dtype.kind in "fiubc" else value


def double(array: Any) -> Any:
    """Return floats as float64 and complex numbers as complex128, anything else as it is."""
    wide = {"f": np.float64, "c": np.complex128}.get(array.dtype.kind)
    return array if wide is None else array.astype(wide)


def with_torch(torch: Any, loss: Callable[..., Any]) -> Functions:
    """Return loss and gradient by torch; its default is float64 while they run."""

    def tensor(array: Any, *, watched: bool = False) -> Any:
        return torch.tensor(double(array)).requires_grad_(watched)

    def in_double(point: Any, data: dict[str, Any]) -> tuple[Any, Any]:
        """Return watched tensors, for a loss may differentiate by them itself, and the loss."""
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            tensors = converted(point, lambda array: tensor(array, watched=True))
            return tensors, loss(tensors, **converted(data, tensor))
        finally:
            torch.set_default_dtype(before)

    def value(point: Any, **data: Any) -> Any:
        answer = in_double(point, data)[1]
        return answer.detach().numpy() if isinstance(answer, torch.Tensor) else answer

    def gradient(point: Any, **data: Any) -> Any:
        tensors, answer = in_double(point, data)
        if not isinstance(answer, torch.Tensor):
            raise ProblemError(
                f"the loss is {type(answer).__name__}, expected a torch tensor", hint="leave out .item()"
            )
        named = tensors if isinstance(tensors, dict) else {"": tensors}
        slopes = torch.autograd.grad(answer.sum(), list(named.values()), allow_unused=True)
        found = {
            name: np.zeros(tuple(of.shape)) if slope is None else slope.detach().numpy()
            for (name, of), slope in zip(named.items(), slopes, strict=True)
        }
        return found if isinstance(tensors, dict) else found[""]

    return value, gradient


def with_jax(jax: Any, loss: Callable[..., Any]) -> Functions:
    """Return loss and gradient by jax; `import_framework` has set it to float64."""

    def arguments(point: Any, data: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return converted(point, lambda array: jax.numpy.array(double(array))), {
            name: converted(value, lambda array: jax.numpy.array(double(array))) for name, value in data.items()
        }

    def value(point: Any, **data: Any) -> Any:
        arrays, more = arguments(point, data)
        return np.asarray(loss(arrays, **more))

    def gradient(point: Any, **data: Any) -> Any:
        arrays, more = arguments(point, data)
        found = jax.grad(lambda held: loss(held, **more))(arrays)
        return {name: np.asarray(slope) for name, slope in found.items()} if isinstance(found, dict) else found

    return value, gradient


def with_autograd(_: Any, loss: Callable[..., Any]) -> Functions:
    """Return loss and gradient by autograd, whose arrays are numpy's."""
    grad = importlib.import_module("autograd").grad

    def value(point: Any, **data: Any) -> Any:
        return loss(point, **converted(data, double))

    def gradient(point: Any, **data: Any) -> Any:
        more = converted(data, double)
        return grad(lambda held: loss(held, **more))(point)

    return value, gradient


FRAMEWORKS: dict[str, Callable[[Any, Callable[..., Any]], Functions]] = {
    "torch": with_torch,
    "jax": with_jax,
    "autograd": with_autograd,
}
