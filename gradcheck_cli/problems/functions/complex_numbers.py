"""Complex parameters: each entry is two real ones, and a complex gradient is their two slopes by a convention.

The numeric side moves real numbers by steps that are small beside them. Both halves of an entry z have the size |z|:
the imaginary part of 1 + 1e-9j is no small number by itself, but the part of one that is as large as 1. So each half is
handed over as |z| plus its change, and what the user's functions get is made of the changes.

For a real loss J of z = x + iy, with dJ/dx and dJ/dy the slopes of the halves, the conventions are

========= =========================== =====================================================
torch     dJ/dx + i dJ/dy             the direction of steepest ascent, 2 dJ/dconj(z)
jax       dJ/dx - i dJ/dy             its conjugate, 2 dJ/dz
wirtinger (dJ/dx - i dJ/dy) / 2       dJ/dz
========= =========================== =====================================================

W. Wirtinger, "Zur formalen Theorie der Funktionen von mehr komplexen Veraenderlichen", Mathematische Annalen 97, 1927.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.arguments import Arguments, Handed, refuse_masked
from gradcheck_cli.problems.functions.returned import by_name, loss_and_gradient
from gradcheck_cli.vocabulary.asking import asking, called, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError, UserFunctionError, did_you_mean
from gradcheck_cli.vocabulary.parameters import Array, ComplexArray

__all__ = [
    "CONVENTIONS",
    "OF_FRAMEWORK",
    "ComplexView",
    "Convention",
    "as_complex",
    "as_halves",
    "complex_view",
    "convention_of",
    "from_halves",
    "is_complex",
]


@dataclass(frozen=True)
class Convention:
    """What a complex gradient means: some multiple of dJ/dx + i dJ/dy or of its conjugate."""

    words: str
    factor: float
    conjugate: bool

    def of(self, slopes: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient by this convention of slopes dJ/dx + i dJ/dy."""
        return self.factor * (np.conj(slopes) if self.conjugate else slopes)

    def slopes(self, gradient: NDArray[Any]) -> NDArray[Any]:
        """Return the slopes dJ/dx + i dJ/dy of a gradient by this convention."""
        return (np.conj(gradient) if self.conjugate else gradient) / self.factor


CONVENTIONS = {
    "torch": Convention("dJ/dx + i dJ/dy", 1.0, conjugate=False),
    "jax": Convention("dJ/dx - i dJ/dy", 1.0, conjugate=True),
    "wirtinger": Convention("dJ/dz = (dJ/dx - i dJ/dy) / 2", 0.5, conjugate=True),
}
DEFAULT = "torch"
OF_FRAMEWORK = {"torch": "torch", "jax": "jax", "autograd": "jax"}
"""The convention of each framework's own gradients."""


def convention_of(name: str | None) -> Convention:
    """Return a convention by its name, torch's where there is none.

    Raises
    ------
    SettingError
        Where there is no such convention.
    """
    chosen = name or DEFAULT
    if chosen not in CONVENTIONS:
        known = ", ".join(CONVENTIONS)
        raise SettingError(f"complex is {chosen!r}, expected one of {known}", hint=did_you_mean(chosen, CONVENTIONS))
    return CONVENTIONS[chosen]


def complex_view(parameters: Mapping[str, Any], convention: str | None) -> ComplexView | None:
    """Return how complex parameters are seen as real ones; None where none is complex.

    Parameters
    ----------
    parameters : mapping of str to array_like
        The point.
    convention : {"torch", "jax", "wirtinger"} or None
        What the gradient means; None for torch's.

    Raises
    ------
    SettingError
        Where there is no such convention.
    ProblemError
        Where a complex parameter is masked or not finite.
    """
    convention_of(convention)
    point = {name: as_complex(name, values) if is_complex(values) else values for name, values in parameters.items()}
    return ComplexView(point, convention or DEFAULT) if any(is_complex(values) for values in point.values()) else None


@dataclass(frozen=True)
class ComplexView:
    """Parameters of which some are complex, as real ones: a complex array of shape s is a real one of shape (*s, 2)."""

    given: Mapping[str, Any]
    """The point, its complex arrays as complex128."""
    convention: str
    handed: Handed = field(default_factory=partial(Handed, least=1), repr=False, compare=False)
    """Complex arrays that the functions were called with: as long as they are kept no new ones take their ids."""

    @cached_property
    def centres(self) -> dict[str, ComplexArray]:
        """The complex parameters at the point."""
        return {name: values for name, values in self.given.items() if is_complex(values)}

    @property
    def point(self) -> dict[str, Any]:
        """The point as real arrays."""
        sizes = {name: np.abs(centre) for name, centre in self.centres.items()}
        return {**self.given, **{name: np.stack([size, size], axis=-1) for name, size in sizes.items()}}

    @property
    def note(self) -> str:
        """What the reader of a report has to know."""
        names, words = ", ".join(self.centres), CONVENTIONS[self.convention].words
        verb = "is" if len(self.centres) == 1 else "are"
        return (
            f"{names} {verb} complex, and the gradient is read as {words} ({self.convention}); the entries are dJ/dx"
            " (real) and dJ/dy (imag)"
        )

    def loss(self, function: Callable[..., Any], *, both: bool) -> Callable[..., Any]:
        """Return a loss of real arrays for one of complex ones; `both` where it returns the gradient as well."""
        return named(partial(_returned, self, function, both=both), function)

    def claim(self, gradient: Any) -> Any:
        """Return a gradient of real arrays for one of complex ones, be it a function or the gradient itself."""
        if gradient is None:
            return None
        if callable(gradient):
            return named(partial(_claimed, self, gradient), gradient)
        return self.slopes(gradient)

    def backward(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a backward pass that makes gradients of real arrays for one that makes those of complex ones."""
        return named(partial(_pulled, self, function), function)

    def complex_point(self, parameters: Mapping[str, Array]) -> dict[str, Any]:
        """Return what the user's functions get for real arrays."""
        moved = {name: parameters[name] - np.abs(centre)[..., np.newaxis] for name, centre in self.centres.items()}
        return {**parameters, **{name: self.centres[name] + from_halves(change) for name, change in moved.items()}}

    def arguments(self, first: Any) -> Any:
        """Return the first argument of the user's function: a dict, or one array where that is what came."""
        one_array = not isinstance(first, Mapping)
        point = self.complex_point(dict.fromkeys(self.given, first) if one_array else first)
        return self.handed.keep(Arguments(point, {}, one_array=one_array)).first

    def slopes(self, claim: Any, source: str = "the gradient") -> dict[str, Any]:
        """Return a claimed gradient with its complex arrays as slopes of the halves; what is missing stays so.

        Raises
        ------
        ProblemError
            Where an array has another shape than its parameter, or that of a real parameter is complex.
        """
        convention = CONVENTIONS[self.convention]
        named_claim = by_name(claim, self.given, source)
        found: dict[str, Any] = {}
        for name, value in named_claim.items():
            if name in self.centres:
                found[name] = as_halves(
                    convention.slopes(as_claim(f"{name} from {source}", value, self.centres[name].shape))
                )
            elif name in self.given and is_complex(value):
                raise ProblemError(f"{name} from {source} is complex, but {name} is real", hint="take its real part")
            else:
                found[name] = value
        return found


def _returned(view: ComplexView, function: Callable[..., Any], first: Any, *, both: bool, **data: Any) -> Any:
    answer = function(view.arguments(first), **data)
    if not both:
        return answer
    loss, gradient = loss_and_gradient(answer, called(function))
    return loss, view.slopes(gradient)


def _claimed(view: ComplexView, function: Callable[..., Any], first: Any, **data: Any) -> dict[str, Any]:
    return view.slopes(function(view.arguments(first), **data))


def _pulled(view: ComplexView, function: Callable[..., Any], cotangents: Any, *cache: Any) -> dict[str, Any]:
    return view.slopes(function(cotangents, *cache), "the backward pass")


def named(function: Any, like: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function the name of another one, by which messages call it."""
    function.__name__ = called(like)
    return function  # type: ignore[no-any-return]


def as_halves(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return complex numbers as real ones, with an axis of two at the end."""
    return np.stack([numbers.real, numbers.imag], axis=-1)


def from_halves(halves: Array) -> ComplexArray:
    """Return complex numbers for real ones with an axis of two at the end."""
    numbers = np.empty(halves.shape[:-1], dtype=np.complex128)
    numbers.real, numbers.imag = halves[..., 0], halves[..., 1]
    return numbers


def is_complex(values: Any) -> bool:
    """Whether values are an array of complex numbers, or lists that make one."""
    if isinstance(values, np.ndarray):
        return bool(values.dtype.kind == "c")
    with suppress(UserFunctionError), asking("inspecting an array raised"):  # told where it is converted
        return bool(np.asarray(values).dtype.kind == "c")
    return False


def as_complex(name: str, values: Any) -> ComplexArray:
    """Return a parameter as a complex128 array of its own."""
    array = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    refuse_masked(array, f"parameter {name}")
    if not np.isfinite(array).all():
        raise ProblemError(f"parameter {name} contains NaN or infinity, expected finite numbers")
    return np.array(array, dtype=np.complex128, order="C")


def as_claim(what: str, value: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the claimed gradient of a complex parameter as a complex array, in the precision in which it came."""
    with asking(f"converting {what} to an array raised"):
        array = np.asanyarray(value)
        refuse_masked(array, what)
        array = np.asarray(array)
    if array.dtype.kind not in "fiubc":
        raise ProblemError(f"{what} is {kind_of(value)}, expected complex numbers of shape {shape}")
    if array.shape != shape:
        fits = "its transpose would fit" if array.T.shape == shape else "nothing is broadcast"
        raise ProblemError(f"{what} has shape {array.shape}, expected {shape}", hint=fits)
    return array.astype(np.complex64 if array.dtype in (np.complex64, np.float32) else np.complex128)
