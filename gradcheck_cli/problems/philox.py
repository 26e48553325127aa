"""The generator that counts: the bits at any place of a direction, without those before it.

Philox with 4 words of 64 bits and 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), as
numpy has it, and the same written in integer arithmetic for arrays that do not lie in numpy's memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PER_COUNT", "Stream", "bits_of_counts", "counts_of", "round_keys"]

PER_COUNT = 16  # numbers of 16 bits for each count of the generator
COUNTS = 2**256  # round and round
ROUNDS = 10
MULTIPLIERS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
WEYL = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B  # by which the keys grow from round to round
LOW = 0xFFFFFFFF
WORD = 2**64


class Stream:
    """The numbers of 16 bits of a seed and a number, as numpy makes them; in their order it goes on where it is."""

    def __init__(self, seed: int, number: int) -> None:
        self.generator = np.random.Philox(key=np.array([seed % WORD, number], dtype=np.uint64))
        self.count = 0

    def bits(self, start: int, stop: int) -> NDArray[np.int16]:
        """Return those at the places from `start` to `stop`."""
        first, last = counts_of(start, stop)
        self.generator.advance((first - self.count) % COUNTS)
        self.count = last
        made = self.generator.random_raw((last - first) * PER_COUNT // 4).view(np.int16)
        return made[start - first * PER_COUNT :][: stop - start]


def counts_of(start: int, stop: int) -> tuple[int, int]:
    """Return from which count to which the generator is asked for the numbers from `start` to `stop`."""
    return start // PER_COUNT, -(-stop // PER_COUNT)


def round_keys(seed: int, number: int) -> NDArray[np.int64]:
    """Return the two keys of each round, of shape (10, 2)."""
    keys = [[signed(key + r * weyl) for key, weyl in zip((seed, number), WEYL, strict=True)] for r in range(ROUNDS)]
    return np.array(keys, dtype=np.int64)


def bits_of_counts(counts: Any, keys: Any, stack: Any) -> Any:
    """Return the 16 numbers of each count, between -2^15 and 2^15.

    Parameters
    ----------
    counts : array of int64
        The counts, in order; of any library whose integers wrap around.
    keys : sequence
        See `round_keys`.
    stack : callable
        Joins arrays along a new first axis.

    Returns
    -------
    array of int64
        Of 16 times their length.
    """
    words = [counts + 1, counts * 0, counts * 0, counts * 0]  # numpy counts before it makes the first
    for key in keys:
        (high, low), (other_high, other_low) = product(words[0], MULTIPLIERS[0]), product(words[2], MULTIPLIERS[1])
        words = [other_high ^ words[1] ^ key[0], other_low, high ^ words[3] ^ key[1], low]
    numbers = [(word << (48 - shift)) >> 48 for word in words for shift in (0, 16, 32, 48)]
    return stack(numbers).T.reshape(-1)


def product(words: Any, factor: int) -> tuple[Any, Any]:
    """Return the upper and the lower 64 bits of a product, all of them unsigned though they are held as int64."""
    low, high, factor_low, factor_high = words & LOW, upper(words), factor & LOW, factor >> 32
    lowest, middle, other, highest = low * factor_low, low * factor_high, high * factor_low, high * factor_high
    carried = upper(lowest) + (middle & LOW) + (other & LOW)
    return highest + upper(middle) + upper(other) + upper(carried), words * signed(factor)


def upper(words: Any) -> Any:
    """Return the upper 32 bits."""
    return (words >> 32) & LOW


def signed(number: int) -> int:
    """Return the int64 with the same 64 bits."""
    return (number + WORD // 2) % WORD - WORD // 2
