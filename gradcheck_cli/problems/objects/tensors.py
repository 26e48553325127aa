"""The parameters of a torch module, as numpy's arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["HeldTensors", "is_module", "of_tensors", "to_double"]


def is_module(model: Any) -> bool:
    """Whether a model is a module of torch; torch is loaded by whoever made it."""
    return any(f"{kind.__module__}.{kind.__name__}" == "torch.nn.modules.module.Module" for kind in type(model).__mro__)


def of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of numpy's arrays that hands them over as tensors; floats are made in float64 while it runs."""
    torch = sys.modules["torch"]

    def taking_arrays(**data: Any) -> Any:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return function(**{name: tensor(value) for name, value in data.items()})
        finally:
            torch.set_default_dtype(before)

    def tensor(value: Any) -> Any:
        if not (isinstance(value, np.ndarray) and value.dtype.kind in "fiub"):
            return value
        return torch.tensor(value.astype(np.float64) if value.dtype.kind == "f" else value)

    taking_arrays.__name__ = getattr(function, "__name__", "loss")
    return taking_arrays


def to_double(values: Iterable[Any]) -> None:
    """Have the tensors and the modules among some values in float64 from now on, as the module is that they go into."""
    tensor = sys.modules["torch"].Tensor
    for value in list(values):
        if is_module(value):
            value.double()
        elif isinstance(value, tensor) and value.is_floating_point():
            value.data = value.data.double()


@dataclass
class HeldTensors:
    """The parameters that a module says it has; they are in float64 while it is borrowed."""

    module: Any
    before: dict[str, Any] = field(default_factory=dict)
    """What the module's parameters and buffers held."""
    gradients_before: dict[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Any]:
        """The parameters that are watched."""
        return {name: tensor for name, tensor in self.module.named_parameters() if tensor.requires_grad}

    @property
    def every(self) -> dict[str, Any]:
        """The parameters and the buffers."""
        return {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}

    def point(self) -> dict[str, Array]:
        """Return the parameters as they are."""
        return {name: tensor.detach().cpu().numpy().astype(np.float64) for name, tensor in self.named.items()}

    def borrow(self) -> None:
        """Keep what there is, and have it in float64."""
        self.before = {name: tensor.detach().clone() for name, tensor in self.every.items()}
        self.gradients_before = {name: tensor.grad for name, tensor in self.named.items()}
        self.set_to_zero()
        self.module.double()

    def give_back(self) -> None:
        """Put everything back as it was."""
        self.set_to_zero()
        for name, tensor in self.every.items():
            tensor.data = self.before[name]
        for name, tensor in self.named.items():
            tensor.grad = self.gradients_before[name]

    def put(self, arrays: Parameters) -> None:
        """Set the parameters."""
        for name, tensor in self.named.items():
            tensor.data.copy_(sys.modules["torch"].from_numpy(np.array(arrays[name])))

    def set_to_zero(self) -> None:
        """Let go of the gradients, for torch adds them up."""
        for tensor in self.named.values():
            tensor.grad = None

    def collected(self) -> dict[str, Array]:
        """Return the gradients; zero where the loss does not depend on a parameter."""
        return {
            name: np.zeros(tuple(tensor.shape)) if tensor.grad is None else tensor.grad.detach().cpu().numpy()
            for name, tensor in self.named.items()
        }
