"""Names for numbers: which factors mean something in a backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from gradcheck_cli.diagnosis.evidence import Evidence

__all__ = [
    "PLAIN",
    "factor_names",
    "fraction_near",
    "named",
    "nearest_named",
    "plain_within",
    "sizes_of",
    "summed",
    "times",
]

PLAIN = {
    2: "2",
    1 / 2: "1/2",
    4: "4",
    1 / 4: "1/4",
    -1: "-1",
    -2: "-2",
    3: "3",
    1 / 3: "1/3",
    **{10.0**k: f"{10.0**k:g}" for k in range(-6, 7) if k},
}
CLOSE = 1e-6  # how near a measured factor must come to a named one, relatively
MOST_COUNTED = 1000  # the largest whole number that may be a count, and the largest n of a 1/n
MOST_IN_FRACTION = 12  # of the numerator and denominator of any other fraction


def sizes_of(evidence: Evidence, l: int | None = None) -> dict[str, float]:
    """Return the sizes of a network that turn up as stray factors; with a layer, also that layer's."""
    network = evidence.network
    if network is None:
        return {}
    m, L = network.sample_count, network.layer_count
    sizes = {"m": m, "the number of outputs": network.Y.shape[0]}
    sizes |= {f"keep_{k}": 1 / mask.max() for k, mask in network.masks.items() if mask.max() > 0}
    if l and l <= L:
        n, before = network.parameters[f"W{l}"].shape
        sizes |= {name: size for name, size in ((f"n_{l}", n), (f"n_{l - 1}", before)) if size > 1}
    return {name: float(value) for name, value in sizes.items()}


def named_factors(sizes: dict[str, float]) -> Iterator[tuple[float, str]]:
    """Yield every factor that has a name, the plainest first."""
    yield from PLAIN.items()
    for name, size in sizes.items():
        yield size, name
        yield 1 / size, f"1/{name}"
    if "m" in sizes:
        m = sizes["m"]
        yield from ((m * m, "m^2"), (2 / m, "2/m"), (m / 2, "m/2"), (1 / m**2, "1/m^2"), (4 / m, "4/m"), (-m, "-m"))
        if m > 1:
            yield m / (m - 1), "m/(m-1)"
        yield from ((m / size, f"m/{name}") for name, size in sizes.items() if name.startswith("n_"))


def factor_names(factor: float, sizes: dict[str, float]) -> list[str]:
    """Return all names of a factor; 1 has none."""
    if abs(factor - 1) <= CLOSE:
        return []
    return [name for value, name in named_factors(sizes) if abs(factor - value) <= CLOSE * abs(value)]


def fraction_near(factor: float) -> Fraction | None:
    """Return the whole number, the 1/n or the fraction of small numbers that a factor is, None where it is none.

    Examples
    --------
    >>> fraction_near(1 / 28), fraction_near(-2 / 3), fraction_near(9.0), fraction_near(0.1234), fraction_near(1.0)
    (Fraction(1, 28), Fraction(-2, 3), Fraction(9, 1), None, None)
    """
    if not np.isfinite(factor) or not CLOSE < abs(factor) <= MOST_COUNTED * (1 + CLOSE) or abs(factor - 1) <= CLOSE:
        return None
    found = Fraction(factor).limit_denominator(MOST_COUNTED)
    simple = 1 in (abs(found.numerator), found.denominator)
    small = max(abs(found.numerator), found.denominator) <= MOST_IN_FRACTION
    close = abs(float(found) - factor) <= CLOSE * abs(factor)
    return found if close and (simple or small) else None


def nearest_named(factor: float, sizes: dict[str, float]) -> float | None:
    """Return the named factor that is as good as equal to `factor`, None where there is none."""
    values = [value for value, _ in named_factors(sizes) if abs(value - 1) > CLOSE]
    near = [value for value in values if np.isclose(factor, value, rtol=1e-4, atol=0)]
    return min(near, key=lambda value: abs(value - factor)) if near else None


def plain_within(factor: float, doubt: float) -> float | None:
    """Return the plain number that a factor may be, where it is known no better than by some doubt; None if none is."""
    near = [value for value in PLAIN if abs(factor - value) <= doubt and 0.5 <= abs(value) <= 2]
    return near[0] if len(near) == 1 else None


def named(factor: float, sizes: dict[str, float]) -> str:
    """Write a factor that has a name: a plain number as it is, a size as a question."""
    name = factor_names(factor, sizes)[0]
    return name if name in PLAIN.values() else f"{factor:.6g} ({name}?)"


def summed(numbers: Iterable[float], words: Iterable[str]) -> str:
    """Write a sum of multiples; a word that is empty stands for 1.

    Examples
    --------
    >>> summed([1.0, -2.5, 0.03], ["Y", "A", ""])
    'Y - 2.5 A + 0.03'
    >>> summed([-1.0, 1.0], ["Y", ""])
    '-Y + 1'
    """
    text = ""
    for number, word in zip(numbers, words, strict=True):
        size = f"{abs(number):.6g}"
        shown = size if not word else word if size == "1" else f"{size} {word}"
        sign = "-" if number < 0 else "+"
        text += f" {sign} {shown}" if text else shown if sign == "+" else f"-{shown}"
    return text


def times(factor: float, sizes: dict[str, float]) -> str:
    """Write a factor for a message, as a fraction where it is one; what it may stand for is a question.

    Examples
    --------
    >>> times(3.0, {"m": 3.0})
    '3 times the right gradient (m?)'
    >>> times(1 / 28, {})
    '0.0357143 times the right gradient (1/28)'
    >>> times(-(3**0.5), {})
    '-1.73205 times the right gradient (-the square root of 3)'
    """
    names = [f"{name}?" for name in factor_names(factor, sizes) if name not in PLAIN.values()]
    if factor in PLAIN:  # a layer's width that happens to be as large says nothing beside a plain number
        names = [name for name in names if "n_" not in name]
    found = fraction_near(factor)
    shown = [str(found)] if found is not None and found.denominator > 1 else []
    square = fraction_near(factor**2)
    if found is None and square is not None:
        shown = [f"{'-' if factor < 0 else ''}the square root of {square}"]
    words = [*shown, *names]
    return f"{factor:.6g} times the right gradient" + (f" ({' or '.join(words)})" if words else "")
