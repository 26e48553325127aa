"""A gradient as a function of its own: what second derivatives are derivatives of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.problems.functions.arguments import Arguments
from gradcheck_cli.problems.functions.function import call
from gradcheck_cli.problems.functions.returned import by_name, claimed_gradient
from gradcheck_cli.vocabulary.asking import called
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, vector_to_dictionary

__all__ = ["GradientMap"]


@dataclass(frozen=True)
class GradientMap:
    """A user's gradient at a point and beside it, by parameter or as one vector."""

    gradient: Callable[..., Any]
    """(parameters, **data) -> gradient, in any form that `by_name` takes."""
    point: Parameters
    data: Mapping[str, Any]
    one_array: bool = False
    """Whether the functions get the one parameter as an array."""

    @property
    def size(self) -> int:
        """How many entries there are, n."""
        return sum(array.size for array in self.point.values())

    def asked(self, function: Callable[..., Any]) -> Any:
        """Return what another function of the user's makes of the point."""
        arguments = Arguments(self.point, self.data, one_array=self.one_array)
        return call(function, arguments.first, **arguments.data)

    def by_parameter(self, there: Any, **data: Any) -> Parameters:
        """Return the gradient at parameters in the form that the functions get them in."""
        return self.named(self.gradient(there, **data), "the gradient")

    def named(self, answer: Any, what: str) -> Parameters:
        """Return what has the form of a gradient, by parameter."""
        return claimed_gradient(by_name(answer, self.point, what), self.point, what)

    def vector(self) -> Callable[..., Array]:
        """Return the gradient as a function (entries of shape (n,), **data) -> slopes of shape (n,)."""

        def slopes(theta: Array, **data: Any) -> Array:
            there = vector_to_dictionary(theta.copy(), self.point)
            return dictionary_to_vector(self.by_parameter(self.first(there), **data))

        slopes.__name__ = called(self.gradient)
        return slopes

    def first(self, there: Parameters) -> Any:
        """Return named parameters as the functions get them."""
        return next(iter(there.values())) if self.one_array else there
