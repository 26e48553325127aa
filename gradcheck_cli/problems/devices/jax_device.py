"""Where jax keeps its arrays: the processor, a GPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.devices.device import in_order, remade
from gradcheck_cli.problems.directions import LEAST
from gradcheck_cli.problems.philox import PER_COUNT, Stream, bits_of_counts, counts_of, round_keys
from gradcheck_cli.vocabulary.errors import SettingError
from gradcheck_cli.vocabulary.parameters import PIECE, Array
from gradcheck_cli.vocabulary.settings import MACHINE_EPSILON

__all__ = ["JaxDevice"]

LARGE_PIECE = 2**24  # entries


class JaxDevice:
    """One of jax's devices; jax computes in float64 from then on.

    Parameters
    ----------
    jax : module
        It is imported by now.
    name : str or None
        ``"cpu"``, ``"gpu"``, ``"gpu:1"``: jax's platform, and the number of the device; where it is None, jax chooses.
    arithmetic : str, optional
        In which gradients are computed; all else is float64.

    Raises
    ------
    SettingError
        Where jax has no such device here.
    """

    framework = "jax"

    def __init__(self, jax: ModuleType, name: str | None, arithmetic: str = "float64") -> None:
        self.jax, self.name, self.arithmetic, self.xp = jax, name, arithmetic, jax.numpy
        jax.config.update("jax_enable_x64", val=True)
        platform, _, number = (name or "").partition(":")
        try:
            self.where = jax.devices(platform or None)[int(number or 0)]
        except Exception as error:  # jax raises RuntimeError for most of what it does not have
            raise SettingError(
                f"device is {name!r}, which jax does not offer here: {str(error).partition(chr(10))[0]}",
                hint="cpu, or gpu where there is one and jax is built for it",
            ) from error
        self.least = jax.device_put(np.float64(LEAST), self.where)
        self.on_cpu = self.where.platform == "cpu"
        self.moves = not self.on_cpu  # to write into an array of jax is to copy it
        self.piece = PIECE if self.on_cpu else LARGE_PIECE

    def __reduce__(self) -> Any:
        return remade, (JaxDevice, self.framework, self.name, self.arithmetic)

    # arrays

    def put(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array of numpy's there."""
        own = in_order(array).copy()  # jax may go on using numpy's memory
        return self.jax.device_put(own, self.where) if self.name else self.xp.asarray(own)

    def own(self, array: Any, *, watched: bool) -> Any:  # noqa: ARG002  (jax watches what it differentiates by)
        """Return a copy: nobody can write to an array, but who is given it can let jax use its memory again."""
        return self.xp.array(array, copy=True) if self.moves else array  # what was put there for one call is no other's

    def written(self, array: Any, start: int, values: Any) -> Any:
        """Return an array with other entries."""
        values = self.xp.reshape(values, -1)
        return array.reshape(-1).at[start : start + values.size].set(values).reshape(array.shape)

    def bits(self, seed: int, number: int, start: int, stop: int) -> Any:
        """Return the numbers of `philox.Stream`: by numpy where its memory is jax's as well.

        What jax compiles is for one length, so each time as many are made as the next power of two has.
        """
        if self.on_cpu:
            return self.jax.device_put(Stream(seed, number).bits(start, stop).astype(np.float64), self.where)
        first, last = counts_of(start, stop)
        keys = self.jax.device_put(round_keys(seed, number), self.where)
        made = compiled_bits(self.jax)(first, keys, length=2 ** (last - first - 1).bit_length())
        return made[start - PER_COUNT * first :][: stop - start]

    def places(self, start: int, stop: int) -> Any:
        """Return whole numbers."""
        return self.jax.device_put(np.arange(start, stop, dtype=np.float64), self.where)

    def same(self, array: Any, other: Any) -> bool:
        """Whether two arrays hold the same numbers."""
        if not isinstance(array, self.jax.Array) or array.is_deleted():  # another one, or given up
            return False
        return bool(self.xp.array_equal(array, other, equal_nan=array.dtype.kind in "fc"))

    # the user's loss

    def value(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Call the loss."""
        return np.asarray(loss(point, **data))

    def gradient(self, loss: Callable[..., Any], point: Any, /, **data: Any) -> Any:
        """Return jax's own gradient of the loss."""
        more = self.lowered(data)
        slopes = self.jax.grad(lambda held: loss(held, **more))(self.lowered(point))
        return self.jax.tree_util.tree_map(self.widened, slopes)

    def lowered(self, value: Any) -> Any:
        """Return the arrays in a dict, or one array, in the device's arithmetic."""
        if self.arithmetic == "float64":
            return value
        if isinstance(value, dict):
            return {name: self.lowered(item) for name, item in value.items()}
        kinds = {"float64": self.arithmetic, "complex128": "complex64"}
        return value.astype(kinds.get(str(value.dtype), value.dtype)) if isinstance(value, self.jax.Array) else value

    def widened(self, array: Any) -> Any:
        """Return numbers of less than float64 in it: numpy has no bfloat16."""
        return array.astype(float) if str(array.dtype) in MACHINE_EPSILON else array

    def rounded(self, array: Array) -> Array:
        """Return numbers as the device's arithmetic has them."""
        if self.arithmetic == "float64":
            return array
        return np.asarray(self.put(array).astype(self.arithmetic).astype(float))


@cache
def compiled_bits(jax: ModuleType) -> Any:
    """Return what makes the numbers of so many counts from the first one on; once, for it takes seconds to compile."""

    def made(first: Any, keys: Any, length: int) -> Any:
        return bits_of_counts(first + jax.numpy.arange(length), keys, jax.numpy.stack).astype(float)

    return jax.jit(made, static_argnames="length")
