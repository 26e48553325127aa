"""Where torch keeps its tensors: the processor, a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.devices.device import in_order, remade
from gradcheck_cli.problems.directions import LEAST
from gradcheck_cli.problems.philox import PER_COUNT, Stream, bits_of_counts, counts_of, round_keys
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import PIECE, Array

__all__ = ["TorchDevice"]

LARGE_PIECE = 2**25  # entries: to start a kernel takes microseconds, however few there are
KEPT = 2  # pieces whose bits are kept: a direction is asked for twice, to either side


class TorchDevice:
    """One of torch's devices.

    Parameters
    ----------
    torch : module
        It is imported by now.
    name : str or None
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, as torch has it; the processor where it is None.
    arithmetic : str, optional
        In which gradients are computed; all else is float64.

    Raises
    ------
    SettingError
        Where torch has no such device here, or one without float64.
    """

    framework = "torch"

    moves = True

    def __init__(self, torch: ModuleType, name: str | None, arithmetic: str = "float64") -> None:
        self.torch, self.name, self.arithmetic = torch, name, arithmetic
        try:
            self.where = torch.device(name or "cpu")
            torch.zeros(1, dtype=torch.float64, device=self.where).item()
        except Exception as error:  # torch has an own kind for each way in which it may not be there
            raise SettingError(
                f"device is {name!r}, which torch does not offer here: {str(error).partition(chr(10))[0]}",
                hint="cpu, or cuda where there is a GPU and torch is built for it",
            ) from error
        self.kept_bits = lru_cache(KEPT)(self.made_bits)
        self.on_cpu = self.where.type == "cpu"
        self.piece = PIECE if self.on_cpu else LARGE_PIECE
        self.xp, self.least = torch, torch.tensor(LEAST, dtype=torch.float64, device=self.where)

    def __reduce__(self) -> Any:
        return remade, (TorchDevice, self.framework, self.name, self.arithmetic)

    # arrays

    def put(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array of numpy's there."""
        return self.torch.tensor(in_order(array), device=self.where)

    def own(self, array: Any, *, watched: bool) -> Any:
        """Return a copy, watched where it is to be and can be: a loss may differentiate by it itself."""
        continuous = array.is_floating_point() or array.is_complex()
        return array.detach().clone().requires_grad_(watched and continuous)

    def written(self, array: Any, start: int, values: Any) -> Any:
        """Write into an array in place."""
        flat = array.detach().view(-1)
        stop = start + (values.numel() if isinstance(values, self.torch.Tensor) else 1)
        flat[start:stop] = values
        return array

    def bits(self, seed: int, number: int, start: int, stop: int) -> Any:
        """Return the numbers of `philox.Stream`: by numpy where its memory is the tensors' as well."""
        if self.on_cpu:
            return self.torch.from_numpy(Stream(seed, number).bits(start, stop)).double()
        first, last = counts_of(start, stop)
        return self.kept_bits(seed, number, first, last)[start - PER_COUNT * first :][: stop - start].double()

    def made_bits(self, seed: int, number: int, first: int, last: int) -> Any:
        """Return the numbers of some counts, in as few bytes as they have."""
        counts = self.torch.arange(first, last, device=self.where)
        return bits_of_counts(counts, round_keys(seed, number).tolist(), self.torch.stack).short()

    def places(self, start: int, stop: int) -> Any:
        """Return whole numbers."""
        return self.torch.arange(start, stop, dtype=self.torch.float64, device=self.where)

    def same(self, array: Any, other: Any) -> bool:
        """Whether two arrays hold the same numbers."""
        if not (isinstance(array, self.torch.Tensor) and array.is_contiguous()):  # the user's function put it there
            return False
        array, other = array.detach(), other.detach()
        if array.shape != other.shape or array.dtype != other.dtype:
            return False
        return self.torch.equal(array, other) or bool(((array == other) | ((array != array) & (other != other))).all())

    # the user's loss

    def value(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Call the loss."""
        with self.default_of("float64"):
            answer = loss(point, **data)
        return answer.detach().cpu().numpy() if isinstance(answer, self.torch.Tensor) else answer

    def gradient(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Return torch's own gradient of the loss; zeros for what it does not depend on.

        Raises
        ------
        ProblemError
            Where the loss is no tensor.
        """
        point = self.lowered(point)
        with self.default_of(self.arithmetic):
            answer = loss(point, **self.lowered(data))
            if not isinstance(answer, self.torch.Tensor):
                raise ProblemError(
                    f"the loss is {type(answer).__name__}, expected a torch tensor", hint="leave out .item()"
                )
            named = point if isinstance(point, dict) else {"": point}
            slopes = self.torch.autograd.grad(answer.sum(), list(named.values()), allow_unused=True)
        found = {
            name: self.torch.zeros_like(of) if slope is None else slope.detach()
            for (name, of), slope in zip(named.items(), slopes, strict=True)
        }
        wide = {name: slope if slope.is_complex() else slope.double() for name, slope in found.items()}
        return wide if isinstance(point, dict) else wide[""]

    def lowered(self, value: Any) -> Any:
        """Return the tensors in a dict, or one tensor, in the device's arithmetic."""
        if self.arithmetic == "float64":
            return value
        if isinstance(value, dict):
            return {name: self.lowered(item) for name, item in value.items()}
        kinds = {self.torch.float64: self.arithmetic, self.torch.complex128: "complex64"}
        if not (isinstance(value, self.torch.Tensor) and value.dtype in kinds):
            return value
        return value.detach().to(getattr(self.torch, kinds[value.dtype])).requires_grad_(value.requires_grad)

    def rounded(self, array: Array) -> Array:
        """Return numbers as the device's arithmetic has them."""
        if self.arithmetic == "float64":
            return array
        return np.asarray(self.torch.tensor(array, dtype=getattr(self.torch, self.arithmetic)).double().numpy())

    @contextmanager
    def default_of(self, arithmetic: str) -> Iterator[None]:
        """Let what the loss creates itself be in an arithmetic, as far as torch lets us."""
        before = self.torch.get_default_dtype()
        self.torch.set_default_dtype(getattr(self.torch, arithmetic))
        try:
            yield
        finally:
            self.torch.set_default_dtype(before)
