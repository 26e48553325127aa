"""A zoo of losses whose gradients are known in closed form, each at one point; numpy alone.

Least squares are written as residuals r and their Jacobian D, so that the loss is r.r and its gradient 2 D^T r. Every
function takes complex numbers as well, so that a complex step can check the zoo itself (tests/promises/test_zoo.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Squares: TypeAlias = Callable[[Array], tuple[Array, Array]]
Curve: TypeAlias = Callable[[Array, Array], tuple[Array, Sequence[Any]]]


class Problem(NamedTuple):
    """A loss of one array, its right gradient and the point at which both are asked for."""

    name: str
    loss: Callable[[Array], Any]
    gradient: Callable[[Array], Array]
    point: Array

    @property
    def claim(self) -> Array:
        """The right gradient at the point."""
        return self.gradient(self.point)


def squares(point: Sequence[float] | Array) -> Callable[[Squares], Problem]:
    """Make a problem of a function that returns residuals, (m,), and their Jacobian, (m, n)."""

    def made(both: Squares) -> Problem:
        def loss(x: Array) -> Any:
            r = both(x)[0]
            return r @ r

        def gradient(x: Array) -> Array:
            r, D = both(x)
            found: Array = 2 * (r @ D)
            return found

        return Problem(both.__name__, loss, gradient, np.array(point, dtype=float))

    return made


def columns(*parts: Any) -> Array:
    """Return a Jacobian, (m, n), of its n columns: arrays of m numbers, or one number for all of them."""
    return np.stack(np.broadcast_arrays(*parts), axis=1)


def rows(*parts: Sequence[Any]) -> Array:
    """Return a Jacobian, (m, n), of its m rows."""
    return np.array(parts)


# The test problems of More, Garbow and Hillstrom (Testing unconstrained optimization software), near their starts.


@squares([-1.2, 1.0])
def rosenbrock(x: Array) -> tuple[Array, Array]:
    a, b = x
    return np.array([10 * (b - a * a), 1 - a]), rows([-20 * a, 10], [-1, 0])


@squares([0.5, -2.0])
def freudenstein_roth(x: Array) -> tuple[Array, Array]:
    a, b = x
    r = np.array([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])
    return r, rows([1, 10 * b - 3 * b * b - 2], [1, 3 * b * b + 2 * b - 14])


@squares([1e-5, 9.0])
def powell_badly_scaled(x: Array) -> tuple[Array, Array]:
    a, b = x
    r = np.array([1e4 * a * b - 1, np.exp(-a) + np.exp(-b) - 1.0001])
    return r, rows([1e4 * b, 1e4 * a], [-np.exp(-a), -np.exp(-b)])


@squares([1e6 + 3.0, 3e-6])
def brown_badly_scaled(x: Array) -> tuple[Array, Array]:
    a, b = x
    return np.array([a - 1e6, b - 2e-6, a * b - 2]), rows([1, 0], [0, 1], [b, a])


@squares([1.0, 0.8])
def beale(x: Array) -> tuple[Array, Array]:
    a, b = x
    k = np.arange(1, 4)
    return np.array([1.5, 2.25, 2.625]) - a * (1 - b**k), columns(b**k - 1, a * k * b ** (k - 1))


@squares([0.3, 0.4])
def jennrich_sampson(x: Array) -> tuple[Array, Array]:
    i = np.arange(1, 11)
    a, b = np.exp(i * x[0]), np.exp(i * x[1])
    return 2 + 2 * i - a - b, columns(-i * a, -i * b)


@squares([-1.0, 0.1, 0.2])
def helical_valley(x: Array) -> tuple[Array, Array]:
    a, b, c = x
    square = a * a + b * b
    turn = np.arctan(b / a) / (2 * np.pi) + (0.5 if a.real < 0 else 0.0)
    r = np.array([10 * (c - 10 * turn), 10 * (np.sqrt(square) - 1), c])
    by_turn, by_length = 50 / (np.pi * square), 10 / np.sqrt(square)
    return r, rows([by_turn * b, -by_turn * a, 10], [by_length * a, by_length * b, 0], [0, 0, 1])


@squares([1.0, 1.0, 1.0])
def bard(x: Array) -> tuple[Array, Array]:
    y = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
    u = np.arange(1, 16)
    v, w = 16 - u, np.minimum(u, 16 - u)
    below = v * x[1] + w * x[2]
    return y - x[0] - u / below, columns(-1, u * v / below**2, u * w / below**2)


@squares([0.4, 1.0, 0.1])
def gaussian(x: Array) -> tuple[Array, Array]:
    half = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
    y = np.array([*half, 0.3989, *half[::-1]])
    t = (8 - np.arange(1, 16)) / 2
    e = np.exp(-x[1] * (t - x[2]) ** 2 / 2)
    return x[0] * e - y, columns(e, -x[0] * e * (t - x[2]) ** 2 / 2, x[0] * e * x[1] * (t - x[2]))


@squares([0.02, 4000.0, 250.0])
def meyer(x: Array) -> tuple[Array, Array]:
    y = np.array(
        [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872]
    )
    t = 45 + 5.0 * np.arange(1, 17)
    e = np.exp(x[1] / (t + x[2]))
    return x[0] * e - y, columns(e, x[0] * e / (t + x[2]), -x[0] * e * x[1] / (t + x[2]) ** 2)


@squares([5.0, 2.5, 0.15])
def gulf(x: Array) -> tuple[Array, Array]:
    t = np.arange(1, 100) / 100
    left = 25 + (-50 * np.log(t)) ** (2 / 3) - x[1]
    sign = np.sign(left.real)
    power = (sign * left) ** x[2]
    e = np.exp(-power / x[0])
    by_power = -e / x[0]
    by_left = by_power * x[2] * power / (sign * left) * sign
    return e - t, columns(e * power / x[0] ** 2, -by_left, by_power * power * np.log(sign * left))


@squares([0.5, 10.0, 20.0])
def box_3d(x: Array) -> tuple[Array, Array]:
    t = 0.1 * np.arange(1, 11)
    a, b, c = np.exp(-t * x[0]), np.exp(-t * x[1]), np.exp(-t) - np.exp(-10 * t)
    return a - b - x[2] * c, columns(-t * a, t * b, -c)


@squares([3.0, -1.0, 0.5, 1.0])
def powell_singular(x: Array) -> tuple[Array, Array]:
    a, b, c, d = x
    five, ten = np.sqrt(5), np.sqrt(10)
    r = np.array([a + 10 * b, five * (c - d), (b - 2 * c) ** 2, ten * (a - d) ** 2])
    D = rows(
        [1, 10, 0, 0],
        [0, 0, five, -five],
        [0, 2 * (b - 2 * c), -4 * (b - 2 * c), 0],
        [2 * ten * (a - d), 0, 0, -2 * ten * (a - d)],
    )
    return r, D


@squares([-3.0, -1.0, -3.0, -1.0])
def wood(x: Array) -> tuple[Array, Array]:
    a, b, c, d = x
    ten, ninety = np.sqrt(10), np.sqrt(90)
    r = np.array([10 * (b - a * a), 1 - a, ninety * (d - c * c), 1 - c, ten * (b + d - 2), (b - d) / ten])
    D = rows(
        [-20 * a, 10, 0, 0],
        [-1, 0, 0, 0],
        [0, 0, -2 * ninety * c, ninety],
        [0, 0, -1, 0],
        [0, ten, 0, ten],
        [0, 1 / ten, 0, -1 / ten],
    )
    return r, D


@squares([0.25, 0.39, 0.415, 0.39])
def kowalik_osborne(x: Array) -> tuple[Array, Array]:
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
    u = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
    above, below = u * u + u * x[1], u * u + u * x[2] + x[3]
    by_below = x[0] * above / below**2
    return y - x[0] * above / below, columns(-above / below, -x[0] * u / below, by_below * u, by_below)


@squares([25.0, 5.0, -5.0, -1.0])
def brown_dennis(x: Array) -> tuple[Array, Array]:
    t = np.arange(1, 21) / 5
    a, b = x[0] + t * x[1] - np.exp(t), x[2] + x[3] * np.sin(t) - np.cos(t)
    return a * a + b * b, columns(2 * a, 2 * a * t, 2 * b, 2 * b * np.sin(t))


@squares([0.5, 1.5, -1.0, 0.01, 0.02])
def osborne_1(x: Array) -> tuple[Array, Array]:
    y = np.array([
        0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
        0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
        0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
    ])  # fmt: skip
    t = 10.0 * np.arange(33)
    a, b = np.exp(-t * x[3]), np.exp(-t * x[4])
    return y - x[0] - x[1] * a - x[2] * b, columns(-1, -a, -b, t * x[1] * a, t * x[2] * b)


@squares([1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5])
def osborne_2(x: Array) -> tuple[Array, Array]:
    y = np.array([
        1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
        0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
        0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
        0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
        0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
    ])  # fmt: skip
    t = np.arange(65) / 10
    decay = np.exp(-t * x[4])
    r, D = y - x[0] * decay, [-decay, *[np.zeros_like(t)] * 3, t * x[0] * decay, *[np.zeros_like(t)] * 6]
    for k in (1, 2, 3):
        away = t - x[7 + k]
        peak = np.exp(-(away**2) * x[4 + k])
        r = r - x[k] * peak
        D[k], D[4 + k], D[7 + k] = -peak, x[k] * away**2 * peak, -2 * x[k] * x[4 + k] * away * peak
    return r, columns(*D)


@squares([1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
def biggs_exp6(x: Array) -> tuple[Array, Array]:
    t = 0.1 * np.arange(1, 14)
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    a, b, c = np.exp(-t * x[0]), np.exp(-t * x[1]), np.exp(-t * x[4])
    r = x[2] * a - x[3] * b + x[5] * c - y
    return r, columns(-t * x[2] * a, t * x[3] * b, a, -b, -t * x[5] * c, c)


@squares([0.1, 0.4, -0.3, 0.2, 0.5, -0.2])
def watson(x: Array) -> tuple[Array, Array]:
    t, j = np.arange(1, 30)[:, None] / 29, np.arange(len(x))
    powers = t**j
    slopes = np.where(j > 0, j * t ** np.maximum(j - 1, 0), 0.0)
    value = powers @ x
    r = np.concatenate([slopes @ x - value**2 - 1, [x[0], x[1] - x[0] ** 2 - 1]])
    first, last = np.zeros_like(x), np.zeros_like(x)
    first[0], last[0], last[1] = 1, -2 * x[0], 1
    return r, np.vstack([slopes - 2 * value[:, None] * powers, first, last])


@squares(np.arange(1.0, 7.0))
def penalty_1(x: Array) -> tuple[Array, Array]:
    small = np.sqrt(1e-5)
    return np.append(small * (x - 1), x @ x - 0.25), np.vstack([small * np.eye(len(x)), 2 * x])


@squares(1 - np.arange(1, 9) / 9)
def variably_dimensioned(x: Array) -> tuple[Array, Array]:
    j = np.arange(1, len(x) + 1)
    whole = j @ (x - 1)
    return np.concatenate([x - 1, [whole, whole**2]]), np.vstack([np.eye(len(x)), j, 2 * whole * j])


@squares(np.full(5, 0.2))
def trigonometric(x: Array) -> tuple[Array, Array]:
    n, i = len(x), np.arange(1, len(x) + 1)
    r = n - np.cos(x).sum() + i * (1 - np.cos(x)) - np.sin(x)
    return r, np.sin(x) + np.diag(i * np.sin(x) - np.cos(x))


@squares(np.full(6, 0.5))
def brown_almost_linear(x: Array) -> tuple[Array, Array]:
    n = len(x)
    r = x + x.sum() - (n + 1)
    others = np.array([np.prod(np.delete(x, k)) for k in range(n)])
    r[-1] = np.prod(x) - 1
    return r, np.vstack([(np.eye(n) + 1)[:-1], others])


@squares(np.arange(1, 9) / 9 * (np.arange(1, 9) / 9 - 1))
def discrete_boundary_value(x: Array) -> tuple[Array, Array]:
    n = len(x)
    h, t = 1 / (n + 1), np.arange(1, n + 1) / (n + 1)
    stiffness = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    return stiffness @ x + h * h * (x + t + 1) ** 3 / 2, stiffness + np.diag(1.5 * h * h * (x + t + 1) ** 2)


@squares(np.arange(1, 7) / 7 * (np.arange(1, 7) / 7 - 1))
def discrete_integral_equation(x: Array) -> tuple[Array, Array]:
    n = len(x)
    t = np.arange(1, n + 1) / (n + 1)
    kernel = np.minimum.outer(t, t) * (1 - np.maximum.outer(t, t)) / (2 * (n + 1))
    return x + kernel @ (x + t + 1) ** 3, np.eye(n) + 3 * kernel * (x + t + 1) ** 2


@squares(np.full(10, -1.0))
def broyden_tridiagonal(x: Array) -> tuple[Array, Array]:
    sides = np.eye(len(x), k=-1) + 2 * np.eye(len(x), k=1)
    return (3 - 2 * x) * x - sides @ x + 1, np.diag(3 - 4 * x) - sides


@squares(np.full(8, -1.0))
def broyden_banded(x: Array) -> tuple[Array, Array]:
    n = len(x)
    band = sum((np.eye(n, k=k) for k in (-5, -4, -3, -2, -1, 1)), np.zeros((n, n)))
    return x * (2 + 5 * x * x) + 1 - band @ (x * (1 + x)), np.diag(2 + 15 * x * x) - band * (1 + 2 * x)


@squares(np.array([0.1, 0.25, 0.4, 0.55, 0.8, 0.95]))
def chebyquad(x: Array) -> tuple[Array, Array]:
    n, u = len(x), 2 * x - 1
    T, S = [np.ones_like(u), u], [np.zeros_like(u), np.full_like(u, 2.0)]
    for _ in range(n - 1):
        T.append(2 * u * T[-1] - T[-2])
        S.append(4 * T[-2] + 2 * u * S[-1] - S[-2])
    whole = [0.0 if i % 2 else -1 / (i * i - 1) for i in range(1, n + 1)]
    return np.array([T[i].mean() - whole[i - 1] for i in range(1, n + 1)]), np.array(S[1 : n + 1]) / n


CLASSICS: tuple[Problem, ...] = (
    rosenbrock, freudenstein_roth, powell_badly_scaled, brown_badly_scaled, beale, jennrich_sampson, helical_valley,
    bard, gaussian, meyer, gulf, box_3d, powell_singular, wood, kowalik_osborne, brown_dennis, osborne_1, osborne_2,
    biggs_exp6, watson, penalty_1, variably_dimensioned, trigonometric, brown_almost_linear, discrete_boundary_value,
    discrete_integral_equation, broyden_tridiagonal, broyden_banded, chebyquad,
)  # fmt: skip
"""At their usual starts, but that no entry is 0: how large such a one is, nobody knows."""


# Curve fits as scipy's users hold them: parameters of very unlike sizes in one array.


def fit(true: Sequence[float], t: Array, *, off: float = 0.04) -> Callable[[Curve], Problem]:
    """Make a problem of a curve, (x, t) -> (values, their derivatives by each of x), and of data beside it."""
    x = np.array(true)
    wave = np.sin(7.0 * np.arange(len(t)) + 1)  # stands for noise, and is the same on every machine

    def made(curve: Curve) -> Problem:
        y = curve(x, t)[0] * (1 + 0.03 * wave)

        def both(z: Array) -> tuple[Array, Array]:
            value, slopes = curve(z, t)
            return value - y, columns(*slopes)

        problem = squares(x * (1 + off * np.cos(3.0 * np.arange(len(x)))))(both)
        return problem._replace(name=curve.__name__)

    return made


@fit([5.0, 4.7e4, 2.2e-7], np.linspace(1e-3, 0.05, 20))
def charging(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    u = t / (x[1] * x[2])
    return x[0] * (1 - np.exp(-u)), [
        1 - np.exp(-u), -x[0] * np.exp(-u) * u / x[1], -x[0] * np.exp(-u) * u / x[2],
    ]  # fmt: skip


@fit([3e-3, 2e-5], np.geomspace(1e3, 1e6, 15))
def langmuir(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    q, k = x
    return q * k * t / (1 + k * t), [k * t / (1 + k * t), q * t / (1 + k * t) ** 2]


@fit([2e7, 5.0, 0.03], np.linspace(0, 200, 25))
def gompertz(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    e = np.exp(-x[2] * t)
    g = np.exp(-x[1] * e)
    return x[0] * g, [g, -x[0] * g * e, x[0] * g * x[1] * t * e]


@fit([1e-3, 2e-6, 0.7], np.linspace(1e-7, 1e-5, 30))
def stretched_decay(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    a, tau, beta = x
    u = (t / tau) ** beta
    e = np.exp(-u)
    return a * e, [e, a * e * u * beta / tau, -a * e * u * np.log(t / tau)]


@fit([1.1e-3, 2.4e-4, 7.5e-8], np.geomspace(1e2, 1e6, 20))
def thermistor(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    log = np.log(t)
    return x[0] + x[1] * log + x[2] * log**3, [np.ones_like(t), log, log**3]


@fit([1.1, 1e-14], np.linspace(4e-7, 2e-6, 20))
def sellmeier(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    return 1 + x[0] * t**2 / (t**2 - x[1]), [t**2 / (t**2 - x[1]), x[0] * t**2 / (t**2 - x[1]) ** 2]


@fit([1e-9, 1e3, 6e4], np.linspace(0, 1e-3, 60), off=0.005)
def ringing(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    a, damping, w = x
    e, c = np.exp(-damping * t), np.cos(w * t)
    return a * e * c, [e * c, -a * t * e * c, -a * t * e * np.sin(w * t)]


@fit([4.0, 75.0, 8.3e-12], np.geomspace(1e9, 1e12, 25))
def debye_relaxation(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    below = 1 + (t * x[2]) ** 2
    return x[0] + x[1] / below, [np.ones_like(t), 1 / below, -2 * x[1] * t**2 * x[2] / below**2]


@fit([1.5, -20.0, 1e-4], np.linspace(50, 300, 20))
def curie_weiss(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    return x[0] / (t - x[1]) + x[2], [1 / (t - x[1]), x[0] / (t - x[1]) ** 2, np.ones_like(t)]


@fit([2e4, 6563.0, 0.7, 2.5], np.linspace(6560, 6566, 31), off=2e-5)
def moffat_line(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    a, centre, width, beta = x
    u = (t - centre) / width
    below = 1 + u * u
    value = a * below**-beta
    by_u = -2 * beta * u * value / below
    return value, [below**-beta, -by_u / width, -by_u * u / width, -value * np.log(below)]


@fit([1.65e-21, 3.4e-10], np.linspace(3.5e-10, 9e-10, 25), off=0.01)
def lennard_jones(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    depth, width = x
    u = (width / t) ** 6
    return 4 * depth * (u * u - u), [4 * (u * u - u), 4 * depth * (12 * u * u - 6 * u) / width]


@fit([55.0, 4.23, 0.4, -3.3e4], np.linspace(0, 30, 40), off=0.001)
def radial_velocity(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    k, period, phase, mean = x
    turn = 2 * np.pi * t / period
    s = np.sin(turn + phase)
    return k * np.cos(turn + phase) + mean, [
        np.cos(turn + phase), k * s * turn / period, -k * s, np.ones_like(t),
    ]  # fmt: skip


@fit([12.0, 3e-3, 1e-6], np.linspace(0, 5e5, 20))
def rational_calibration(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    below = 1 + x[2] * t
    return (x[0] + x[1] * t) / below, [1 / below, t / below, -(x[0] + x[1] * t) * t / below**2]


@fit([1.458e-6, 110.4], np.linspace(200, 1500, 20))
def sutherland(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    return x[0] * t**1.5 / (t + x[1]), [t**1.5 / (t + x[1]), -x[0] * t**1.5 / (t + x[1]) ** 2]


@fit([5e4, 200.0, 3e-8, 1.2], np.geomspace(1e-10, 1e-6, 17))
def dose_response(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    top, bottom, middle, slope = x
    u = (t / middle) ** slope
    share = 1 / (1 + u)
    by_u = -(top - bottom) * share**2
    return bottom + (top - bottom) * share, [
        share, 1 - share, -by_u * u * slope / middle, by_u * u * np.log(t / middle),
    ]  # fmt: skip


@fit([2e-5, 5e-8], np.linspace(50, 2000, 20))
def photosynthesis(x: Array, t: Array) -> tuple[Array, Sequence[Any]]:
    most, slope = x
    u = slope * t / most
    return most * np.tanh(u), [np.tanh(u) - u * (1 - np.tanh(u) ** 2), t * (1 - np.tanh(u) ** 2)]


FITS: tuple[Problem, ...] = (
    charging, langmuir, gompertz, stretched_decay, thermistor, sellmeier, ringing, debye_relaxation, curie_weiss,
    moffat_line, lennard_jones, radial_velocity, rational_calibration, sutherland, dose_response, photosynthesis,
)  # fmt: skip


# Negative log-likelihoods.

_design = np.column_stack([np.ones(24), np.sin(np.arange(24.0)), np.cos(2.0 * np.arange(24.0))])
_counts = np.arange(24) % 5
_sample = 1e3 + 0.02 * np.sin(5.0 * np.arange(30))
_lives = 2e4 * (0.2 + np.linspace(0.05, 2, 30))


def _logistic(x: Array) -> Any:
    z = _design @ x
    return np.sum(np.log(1 + np.exp(z)) - (_counts > 2) * z)


def _logistic_gradient(x: Array) -> Array:
    return np.asarray((1 / (1 + np.exp(-_design @ x)) - (_counts > 2)) @ _design)


def _poisson(x: Array) -> Any:
    return np.sum(np.exp(_design @ x) - _counts * (_design @ x))


def _poisson_gradient(x: Array) -> Array:
    return np.asarray((np.exp(_design @ x) - _counts) @ _design)


def _normal(x: Array) -> Any:
    return np.sum(np.log(x[1]) + ((_sample - x[0]) / x[1]) ** 2 / 2)


def _normal_gradient(x: Array) -> Array:
    u = (_sample - x[0]) / x[1]
    return np.array([-u.sum() / x[1], (1 - u * u).sum() / x[1]])


def _weibull(x: Array) -> Any:
    u = _lives / x[1]
    return np.sum(u ** x[0] - np.log(x[0] / x[1]) - (x[0] - 1) * np.log(u))


def _weibull_gradient(x: Array) -> Array:
    u = _lives / x[1]
    power = u ** x[0]
    return np.array([(power * np.log(u) - 1 / x[0] - np.log(u)).sum(), (x[0] / x[1]) * (1 - power).sum()])


def _student(x: Array) -> Any:
    u = (_sample - x[0]) / x[1]
    return np.sum(np.log(x[1]) + 2.5 * np.log(1 + u * u / 4))


def _student_gradient(x: Array) -> Array:
    u = (_sample - x[0]) / x[1]
    by_u = 1.25 * u / (1 + u * u / 4)
    return np.array([-by_u.sum() / x[1], (1 - by_u * u).sum() / x[1]])


LIKELIHOODS: tuple[Problem, ...] = (
    Problem("logistic_regression", _logistic, _logistic_gradient, np.array([0.3, -0.8, 0.5])),
    Problem("poisson_regression", _poisson, _poisson_gradient, np.array([0.4, 0.3, -0.2])),
    Problem("normal", _normal, _normal_gradient, np.array([1000.004, 0.017])),
    Problem("weibull_lives", _weibull, _weibull_gradient, np.array([1.6, 2.3e4])),
    Problem("student_t", _student, _student_gradient, np.array([1000.004, 0.015])),
)

SMOOTH: tuple[Problem, ...] = (*CLASSICS, *FITS, *LIKELIHOODS)
