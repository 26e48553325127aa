"""A loss in the arrays of another framework, and that framework's own gradient of it as the claim.

A framework is imported when a loss of its kind is made, and not before. All arithmetic is float64: parameters and data
arrive so, and what the loss creates itself is made so as far as the framework lets us.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck_cli.problems.functions.own_arrays import numpy_array
from gradcheck_cli.vocabulary.errors import ExtraError, SettingError, did_you_mean

if TYPE_CHECKING:
    from gradcheck_cli.problems.devices.device import Device

__all__ = [
    "FRAMEWORKS",
    "converted",
    "double",
    "import_framework",
    "is_array",
    "of_autograd",
    "of_numpy_arrays",
    "own_gradient_note",
]

FRAMEWORKS = ("torch", "jax", "autograd")

Functions = tuple[Callable[..., Any], Callable[..., Any]]


def own_gradient_note(framework: str, arithmetic: str = "float64") -> str:
    """Return a note on whose a gradient is, and on its arithmetic."""
    own = f"{framework} {module_version(import_framework(framework))}"
    if arithmetic == "float64":
        return f"the gradient is {own}'s own, in float64"
    return f"the gradient is {own}'s own, in {arithmetic}; the losses are in float64, at the same rounded numbers"


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
    return convert(value) if is_array(value) else value


def is_array(value: Any) -> bool:
    """Whether a value is an array of numpy's that a framework has as well."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiubc"


def double(array: Any) -> Any:
    """Return floats as float64 and complex numbers as complex128, anything else as it is."""
    wide = {"f": np.float64, "c": np.complex128}.get(array.dtype.kind)
    return array if wide is None else array.astype(wide)


def of_numpy_arrays(device: Device, loss: Callable[..., Any]) -> Functions:
    """Return a loss of a framework's arrays, and its gradient, as functions of numpy's: each call puts them there."""

    def there(value: Any, *, watched: bool = False) -> Any:
        return converted(value, lambda array: device.own(device.put(array), watched=watched))

    def value(point: Any, **data: Any) -> Any:
        return device.value(loss, there(point, watched=True), **there(data))

    def gradient(point: Any, **data: Any) -> Any:
        found = device.gradient(loss, there(point, watched=True), **there(data))
        return {name: numpy_array(slope) for name, slope in found.items()} if isinstance(found, dict) else found

    return value, gradient


def of_autograd(loss: Callable[..., Any]) -> Functions:
    """Return loss and gradient by autograd, whose arrays are numpy's."""
    grad = importlib.import_module("autograd").grad

    def value(point: Any, **data: Any) -> Any:
        return loss(point, **converted(data, double))

    def gradient(point: Any, **data: Any) -> Any:
        more = converted(data, double)
        return grad(lambda held: loss(held, **more))(point)

    return value, gradient
