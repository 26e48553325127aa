"""A sparse Jacobian: its pattern never limits what is measured, and what it lacks is named exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import check_jacobian
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Verdict
from tests.zoo import Array

Map = Callable[[Array], Array]


class Stored:
    """What is stored of a matrix, as a sparse matrix of any library gives it: with `tocoo`."""

    def __init__(self, row: Any, col: Any, data: Any, shape: tuple[int, ...]) -> None:
        self.row, self.col, self.data, self.shape = np.asarray(row), np.asarray(col), np.asarray(data), shape

    def tocoo(self) -> Stored:
        return self


def stored(J: Array, pattern: Array | None = None) -> Stored:
    """Return what is not zero of an array, or what a pattern has of it."""
    row, col = np.nonzero(J if pattern is None else pattern)
    return Stored(row, col, J[row, col], J.shape)


def tridiagonal(x: Array) -> Array:
    y = (3 - 2 * x) * x + 1
    y[1:] -= x[:-1]
    y[:-1] -= 2 * x[1:]
    return y


def banded(x: Array) -> Array:
    n, y = len(x), x * (2 + 5 * x**2) + 1
    for i in range(n):
        for j in range(max(0, i - 5), min(n, i + 2)):
            if j != i:
                y[i] = y[i] - x[j] * (1 + x[j])
    return np.asarray(y)


def boundary_value(x: Array) -> Array:
    h = 1 / (len(x) + 1)
    y = 2 * x + h**2 / 2 * (x + h * np.arange(1, len(x) + 1) + 1) ** 3
    y[1:] -= x[:-1]
    y[:-1] -= x[1:]
    return np.asarray(y)


def bratu(x: Array) -> Array:
    side = int(np.sqrt(len(x)))
    u = x.reshape(side, side)
    y = 4 * u - 2 / (side + 1) ** 2 * np.exp(u)
    y[1:] -= u[:-1]
    y[:-1] -= u[1:]
    y[:, 1:] -= u[:, :-1]
    y[:, :-1] -= u[:, 1:]
    return np.asarray(y.ravel())


MAPS: dict[str, tuple[Map, int]] = {
    "tridiagonal": (tridiagonal, 24),
    "banded": (banded, 18),
    "boundary value": (boundary_value, 24),
    "bratu": (bratu, 25),
}


def exact(function: Map, x: Array) -> Array:
    """Return the Jacobian by complex steps."""
    return np.transpose([function(x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))])


def moved(kind: str, way: int) -> tuple[Map, Array]:
    """Return a map of a kind at a point: near, far, with zeros and their dust, in other units, far from the origin."""
    function, n = MAPS[kind]
    random = np.random.default_rng([way, n])
    x = random.normal(size=n) * (1, 0.1, 3, 1e-3)[way % 4]
    rows, columns = 10.0 ** random.uniform(-9, 9, n), 10.0 ** random.uniform(-3, 3, n)
    if way == 4:
        x[::7] = 0
    if way == 5:
        x *= columns
        x /= np.max(np.abs(x))
    if way == 6:
        x[::7] = 1e-17
    if way in (7, 8):
        return lambda z: rows * function(z), x
    if way in (9, 10):
        return lambda z: function(columns * z), x / columns
    if way == 11:
        return lambda z: rows * function(columns * z), x / columns
    if way == 12:
        return lambda z: function(z - 1e3), x + 1e3
    if way == 13:
        return function, 0 * x
    return function, x


def checked(function: Map, claim: Any, x: Any, **settings: Any) -> CheckReport:
    return check_jacobian(function, claim, x, **settings)


def wrong_entries(report: CheckReport) -> set[tuple[int, int]]:
    """Return the places that a report calls wrong."""
    (row,) = report.parameters
    entries = row.entries
    wrong = [entries.place(k) for k, v in enumerate(entries.verdicts) if v == EntryVerdict.DISAGREES]
    return {divmod(place, row.shape[1]) for place in wrong}


def places(wrong: Array) -> set[tuple[int, int]]:
    return {(int(i), int(j)) for i, j in np.argwhere(wrong)}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("way", range(14))
def test_a_right_one_passes_wherever_it_is_checked(kind: str, way: int) -> None:
    function, x = moved(kind, way)
    pattern = exact(function, np.random.default_rng(1).normal(size=x.size)) != 0  # zeros may be stored
    report = checked(function, stored(exact(function, x), pattern), x, seed=way)
    assert report.verdict is Verdict.PASS
    assert len(report.parameters[0].entries) == pattern.sum()


@pytest.mark.parametrize("kind", MAPS)
def test_it_takes_some_evaluations_for_each_colour(kind: str) -> None:
    function, x = moved(kind, 0)
    report = checked(function, stored(exact(function, x)), x)
    colours = int(report.notes[0].split(" in ")[1].split()[0])
    assert colours <= 8
    assert report.evaluations <= 14 * colours + 31


def mistakes(J: Array, random: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """Yield wrong Jacobians by what is wrong with them."""
    nonzero = np.argwhere(J)
    for k in range(3):
        K = J.copy()
        K[tuple(random.choice(nonzero))] = 0
        yield f"an entry left out, {k}", K
    i, j = random.choice(nonzero)
    K = J.copy()
    K[i] = 0
    yield "a row left out", K
    K = J.copy()
    K[:, j] = 0
    yield "a column left out", K
    K = J.copy()
    K[tuple(random.choice(nonzero, 5).T)] = 0
    yield "five entries left out", K
    K = J.copy()
    K[i, j] *= 1.001
    yield "an entry x 1.001", K
    yield "all x 1.001", 1.001 * J
    yield "columns shifted", np.roll(J, 1, axis=1)
    yield "rows shifted", np.roll(J, 2, axis=0)
    K = J.copy()
    K[i] *= -1
    yield "the sign of a row", K
    K = J.copy()
    K[tuple(random.choice(np.argwhere(J == 0)))] = 0.1
    yield "an entry that should be zero", K
    yield "nothing declared", 0 * J
    yield "the diagonal alone", np.diag(np.diag(J))


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("way", [0, 6])
def test_every_wrong_one_fails_and_is_named_exactly(kind: str, way: int) -> None:
    function, x = moved(kind, way)
    J = exact(function, x)
    for mistake, K in mistakes(J, np.random.default_rng(way)):
        report = checked(function, stored(K), x, seed=way)
        assert report.verdict is Verdict.FAIL, mistake
        assert wrong_entries(report) == places(np.abs(K - J) > 1e-6 * np.abs(J)), mistake


def sums(x: Array) -> Array:
    y = x**2
    y[3] += 0.5 * x[7]
    return y


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ((3, 7, 0.0), "outside-pattern", "d y[3] / d x[7] is not in the pattern, but is 0.5"),
        ((3, slice(None), 0.0), "outside-pattern", "row 3 is not in the pattern, but 2 of its entries are not zero"),
        ((slice(None), 7, 0.0), "outside-pattern", "column 7 is not in the pattern, but 2 of its entries are not zero"),
        ((2, 2, 0.0), "outside-pattern", "d y[2] / d x[2] is not in the pattern, but is 6"),
        ((3, 7, 0.6), "factor", "the entry [3, 7] is 1.2 times the right one"),
    ],
)
def test_what_the_pattern_lacks_is_told(change: tuple[Any, Any, float], code: str, words: str) -> None:
    x = np.arange(1.0, 11)
    J = np.diag(2 * x)
    J[3, 7] = 0.5
    i, j, value = change
    J[i, j] = value
    (finding,) = checked(sums, stored(J), x).findings
    assert (finding.code, words in finding.message) == (code, True)


def test_a_factor_of_all_is_told() -> None:
    x = np.arange(1.0, 11)
    J = np.diag(2 * x)
    J[3, 7] = 0.5
    (finding,) = checked(sums, stored(2 * J), x).findings
    assert finding.message == "d y / d x: all of it is 2 times the right one"


def test_what_is_stored_twice_is_summed() -> None:
    x = np.arange(1.0, 11)
    J = np.diag(2 * x)
    J[3, 7] = 0.5
    row, col = np.nonzero(J)
    twice = Stored([*row, *row], [*col, *col], [*0.25 * J[row, col], *0.75 * J[row, col]], J.shape)
    assert checked(sums, twice, x).verdict is Verdict.PASS
    doubled = Stored([*row, *row], [*col, *col], [*J[row, col], *J[row, col]], J.shape)
    assert checked(sums, doubled, x).verdict is Verdict.FAIL


def test_entries_that_cancel_in_a_colour_are_found() -> None:
    def function(x: Array) -> Array:
        y = x**2
        y[20] += x[5] - x[8]
        return y

    x = np.ones(40)
    for seed in range(5):
        report = checked(function, stored(2 * np.eye(40)), x, seed=seed)
        assert wrong_entries(report) == {(20, 5), (20, 8)}


@pytest.mark.parametrize("small", [1e-3, 1e-6, 1e-8])
def test_an_entry_beside_a_large_one_of_its_row_and_colour_cannot_hide(small: float) -> None:
    random = np.random.default_rng(0)
    matrix = np.diag(2 + random.uniform(size=30)) + np.diag(random.normal(size=29), 1)
    matrix[4, 9] = small

    def function(x: Array) -> Array:
        return np.tanh(matrix @ x)

    x = random.normal(size=30)
    J = (1 - np.tanh(matrix @ x) ** 2)[:, np.newaxis] * matrix
    assert checked(function, stored(J), x).verdict is Verdict.PASS
    J[4, 9] = 0
    report = checked(function, stored(J), x)
    assert report.verdict is Verdict.FAIL
    assert wrong_entries(report) == {(4, 9)}


def test_an_entry_by_a_parameter_of_another_size_cannot_hide() -> None:
    x = np.where(np.arange(12) % 2, 1e-5, 1e2) * np.arange(1.0, 13)
    for i in range(12):

        def function(x: Array, i: int = i) -> Array:
            y = x**2
            y[i] += x[i - 3]
            return y

        J = np.diag(2 * x)
        report = checked(function, stored(J), x)
        assert report.verdict is Verdict.FAIL
        assert wrong_entries(report) == {(i, (i - 3) % 12)}
        J[i, i - 3] = 1
        assert checked(function, stored(J), x).verdict is Verdict.PASS


def chain(n: int) -> tuple[Array, Stored]:
    x = np.random.default_rng(0).normal(size=n)
    k = np.arange(n)
    row, col = np.concatenate([k, k[1:], k[:-1]]), np.concatenate([k, k[:-1], k[1:]])
    return x, Stored(row, col, np.concatenate([3 - 4 * x, np.full(n - 1, -1.0), np.full(n - 1, -2.0)]), (n, n))


def test_ten_thousand_columns_take_memory_and_time_for_their_colours_alone() -> None:
    x, claim = chain(10_000)
    report = checked(tridiagonal, claim, x)
    assert report.verdict is Verdict.PASS
    assert report.evaluations < 100
    claim.data[5_000] = 0.0
    assert wrong_entries(checked(tridiagonal, claim, x)) == {(5_000, 5_000)}
    kept = np.arange(len(claim.data)) != 15_000
    lacking = Stored(claim.row[kept], claim.col[kept], chain(10_000)[1].data[kept], claim.shape)
    place = int(claim.row[15_000]), int(claim.col[15_000])
    assert wrong_entries(checked(tridiagonal, lacking, x)) == {place}


def test_more_that_is_wrong_than_can_be_looked_at_fails_and_says_so() -> None:
    x, claim = chain(200)
    claim.data *= 1.001
    report = checked(tridiagonal, claim, x)
    assert report.verdict is Verdict.FAIL
    assert "d y / d x: all of it is 1.001 times the right one" in [f.message for f in report.findings]
    assert "more is wrong than was checked entry by entry" in report.notes


def test_too_many_colours_are_refused() -> None:
    n = 6_000
    k = np.arange(n)
    row = Stored([*0 * k, *k], [*k, *k], np.ones(2 * n), (n, n))
    with pytest.raises(SettingError, match="along 6,000 directions"):
        checked(lambda x: x, row, np.ones(n))


def test_several_outputs_and_parameters_are_by_name() -> None:
    point = {"a": np.array([1.0, 2.0]), "b": np.array([[3.0], [4.0]])}

    def function(a: Array, b: Array) -> dict[str, Array]:
        return {"sum": a + b[:, 0], "product": np.outer(a, b[:, 0])}

    def right(a: Array, b: Array) -> dict[str, dict[str, Any]]:
        eye = np.eye(2)
        by_a, by_b = np.einsum("ik,j->ijk", eye, b[:, 0]), np.einsum("i,jk->ijk", a, eye)
        return {
            "sum": {"a": stored(eye), "b": stored(eye)},
            "product": {"a": stored(by_a.reshape(4, 2)), "b": by_b[..., np.newaxis]},
        }

    report = check_jacobian(function, right, point)
    assert report.verdict is Verdict.PASS
    names = ["d sum / d a", "d sum / d b", "d product / d a", "d product / d b"]
    assert [p.name for p in report.parameters] == names

    def wrong(a: Array, b: Array) -> dict[str, dict[str, Any]]:
        found = right(a, b)
        found["product"]["b"][0, 1, 1, 0] = 0
        return found

    report = check_jacobian(function, wrong, point)
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["d product / d b"]
    assert report.findings[0].message == "d product[0, 1] / d b[1, 0] is not in the pattern, but is 1"

    nothing = {**right(**point), "sum": {"a": stored(np.eye(2)), "b": stored(np.zeros((2, 2)))}}
    report = check_jacobian(function, nothing, point)
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["d sum / d b"]


@pytest.mark.parametrize("at_zero", [0.0, 0.5, 1.0])
def test_any_convention_at_a_kink_passes(at_zero: float) -> None:
    x = np.arange(-5.0, 5)

    def function(x: Array) -> Array:
        return np.maximum(x, 0) + 0.5 * np.roll(x, 1)

    slopes = np.where(x == 0, at_zero, x > 0)
    right = np.diag(slopes) + 0.5 * np.roll(np.eye(10), 1, axis=0)
    assert checked(function, stored(right), x).verdict is Verdict.PASS
    wrong = np.diag(np.where(x == 0, at_zero + 2, slopes)) + 0.5 * np.roll(np.eye(10), 1, axis=0)
    assert checked(function, stored(wrong), x).verdict is Verdict.FAIL


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_fails(value: float) -> None:
    x = np.arange(1.0, 11)
    J = np.diag(2 * x)
    J[3, 7] = value
    report = checked(sums, stored(J), x)
    assert report.verdict is Verdict.FAIL
    assert wrong_entries(report) == {(3, 7)}


def test_a_function_with_an_end_is_checked_within() -> None:
    def function(x: Array) -> Array:
        if not np.all(x > 0):
            raise ValueError("out of its domain")
        return np.log(x) + np.roll(x, 1)

    x = np.random.default_rng(0).uniform(0.1, 2, 20)
    J = np.diag(1 / x) + np.roll(np.eye(20), 1, axis=0)
    assert checked(function, stored(J), x).verdict is Verdict.PASS
    J[5, 4] = 0
    assert wrong_entries(checked(function, stored(J), x)) == {(5, 4)}


def test_a_jacobian_in_float32_passes() -> None:
    x = np.random.default_rng(0).normal(size=30)
    J = exact(tridiagonal, x.astype(np.float32).astype(float)).astype(np.float32)
    rough = stored(J)
    rough.data = (rough.data * np.float32(1 + 3e-7)).astype(np.float32)
    assert checked(tridiagonal, rough, x.astype(np.float32)).verdict is Verdict.PASS
    rough.data = (rough.data * np.float32(1.0001)).astype(np.float32)
    assert checked(tridiagonal, rough, x.astype(np.float32)).verdict is Verdict.FAIL


class Broken(Stored):
    def tocoo(self) -> Stored:
        raise RuntimeError("boom")


@pytest.mark.parametrize(
    "claim",
    [
        stored(np.eye(9)),
        Stored([0, 99], [0, 0], [1.0, 1.0], (10, 10)),
        Stored([0, -1], [0, 0], [1.0, 1.0], (10, 10)),
        Stored([0, 1], [0, 1.5], [1.0, 1.0], (10, 10)),
        Stored([0, 1], [0, 1], [1.0], (10, 10)),
        Stored([0, 1], [0, 1], [1j, 1.0], (10, 10)),
        Stored([0, 1], [0, 1], ["a", "b"], (10, 10)),
        {"z": stored(np.eye(10))},
    ],
)
def test_what_does_not_fit_is_an_error_of_ours(claim: Any) -> None:
    with pytest.raises(ProblemError):
        checked(sums, claim, np.ones(10))


def test_what_a_matrix_raises_is_told() -> None:
    with pytest.raises(UserFunctionError, match="boom"):
        checked(sums, Broken([0], [0], [1.0], (10, 10)), np.ones(10))


@pytest.mark.parametrize(
    "form", ["csr_array", "csc_array", "coo_array", "dia_array", "bsr_array", "csr_matrix", "dok_array"]
)
def test_any_matrix_of_scipy_is_taken(form: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    function, x = moved("tridiagonal", 0)
    J = exact(function, x)
    assert checked(function, lambda z: getattr(sparse, form)(exact(function, z)), x).verdict is Verdict.PASS
    J[3, 4] = 0
    assert wrong_entries(checked(function, getattr(sparse, form)(J), x)) == {(3, 4)}
