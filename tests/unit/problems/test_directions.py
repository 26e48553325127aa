from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.problems import directions
from gradcheck_cli.problems.directions import (
    ALL,
    NONZERO,
    ZERO,
    Direction,
    along,
    component,
    entry_at,
    losses_one_by_one,
    move,
    move_back,
    moved_in_turn,
    pieces,
    sizes_of,
)
from gradcheck_cli.vocabulary.parameters import PIECE, Array, Parameters

SHAPES = {"W": (300, 311), "b": (7,), "c": ()}
COUNT = 300 * 311 + 7 + 1
MOVED = [
    "0x1.ffffe60720000p+0", "-0x1.ffffe1cca0000p-1", "0x1.28aa400000000p-20", "0x1.47aead6fe147bp-7",
    "0x1.a36e10ee147aep-14", "-0x1.7fffe05948000p+1", "0x1.7fffe0de98000p+0",
]  # fmt: skip


def point(seed: int = 0) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {name: np.asarray(3 * random.normal(size=shape)) for name, shape in SHAPES.items()}


def vector(direction: Direction, parameters: Parameters) -> Array:
    """Return a direction as the vector that it stands for."""
    whole = {name: np.zeros(values.size) for name, values in parameters.items()}
    for name, where, components in pieces(direction, parameters, sizes_of(parameters)):
        whole[name][where] = components
    return np.concatenate(list(whole.values()))


def test_components_are_half_to_one_and_a_half_sizes_of_either_sign() -> None:
    parameters = point()
    entries = np.abs(np.concatenate([values.ravel() for values in parameters.values()]))
    usual = np.repeat(list(sizes_of(parameters).values()), [values.size for values in parameters.values()])
    own = entries >= 0.1 * usual
    jitter = vector(Direction(1, 2, 0, COUNT), parameters)[own] / entries[own]
    assert np.abs(jitter).min() >= 0.5
    assert np.abs(jitter).max() <= 1.5
    assert abs(np.mean(jitter > 0) - 0.5) < 0.01
    assert abs(np.mean(np.abs(jitter)) - 1) < 0.01


def test_an_entry_of_another_unit_is_moved_by_its_own_size_and_a_zero_by_the_usual_one() -> None:
    parameters = {"x": np.array([1e13, 3.0, 2.0, 2.5, 0.01, 1e-9, 0.0, 1e-30])}
    moves = np.abs(vector(Direction(1, 2, 0, 8), parameters))
    sizes = np.array([1e13, 3.0, 2.0, 2.5, 0.2, 1e-9, 2.0, 2.0])
    assert np.all((0.5 * sizes <= moves) & (moves <= 1.5 * sizes))


def test_a_direction_can_move_zeros_alone_or_all_but_them() -> None:
    parameters = {"x": np.array([0.0, 3.0, 0.0, -2.0])}
    whole, others, zeros = (vector(Direction(1, 2, 0, 4, among=among), parameters) for among in (ALL, NONZERO, ZERO))
    np.testing.assert_array_equal(others + zeros, whole)
    np.testing.assert_array_equal(zeros != 0, parameters["x"] == 0)


@given(st.integers(0, COUNT), st.integers(0, COUNT), st.integers(0, 2**63 - 1))
def test_a_restriction_is_a_part_of_the_vector_wherever_it_begins(one: int, other: int, seed: int) -> None:
    parameters, (start, stop) = point(), sorted((one, other))
    whole = Direction(seed, 3, 0, COUNT)
    expected = np.zeros(COUNT)
    expected[start:stop] = vector(whole, parameters)[start:stop]
    np.testing.assert_array_equal(vector(whole.within(start, stop), parameters), expected)


def test_weighted_components_grow_along_the_range() -> None:
    parameters, plain = point(), Direction(1, 2, 10, 110)
    ratio = vector(plain._replace(weighted=True), parameters)[10:110] / vector(plain, parameters)[10:110]
    np.testing.assert_allclose(ratio, 1 + np.arange(100) / 100)


def test_other_seeds_and_numbers_are_other_vectors() -> None:
    vectors = [vector(Direction(seed, number, 0, COUNT), point()) for seed, number in [(0, 0), (0, 1), (1, 0)]]
    assert np.max(np.abs(np.triu(np.corrcoef(np.array(vectors)), 1))) < 0.02


def test_along_is_the_scalar_product_and_the_norm_of_its_terms() -> None:
    parameters, gradient, direction = point(), point(1), Direction(5, 0, 100, COUNT)
    terms = vector(direction, parameters) * np.concatenate([g.ravel() for g in gradient.values()])
    found = along(direction, gradient, parameters, sizes_of(parameters))
    assert found == pytest.approx((terms.sum(), np.linalg.norm(terms)), rel=1e-12)


def test_moving_there_and_back_leaves_every_bit() -> None:
    parameters = {**point(), "b": np.array([0.0, -0.0, 1.0, 2.0, 3.0, 4.0, 5.0])}
    moved = {name: values.copy() for name, values in parameters.items()}
    direction = Direction(1, 1, PIECE - 5, COUNT)
    move(moved, parameters, sizes_of(parameters), direction, 0.25)
    flat = np.concatenate([values.ravel() for values in moved.values()])
    before = np.concatenate([values.ravel() for values in parameters.values()])
    np.testing.assert_allclose(flat - before, 0.25 * vector(direction, parameters), atol=1e-14)
    move_back(moved, parameters, direction)
    assert all(moved[name].tobytes() == parameters[name].tobytes() for name in parameters)


@pytest.mark.parametrize("most", [0, PIECE + 20, 2**20])
def test_what_is_kept_of_a_direction_moves_as_it_does_alone(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "MOST_KEPT", most)
    parameters, one = point(), Direction(1, 1, 3, COUNT)
    other, rest = one._replace(number=2), one._replace(start=20)
    moves = [(d, step) for d in (one, other, one, rest, rest._replace(among=NONZERO)) for step in (0.25, -0.25)]
    moved = {name: values.copy() for name, values in parameters.items()}
    for (direction, step), _ in zip(moves, moved_in_turn(moved, parameters, sizes_of(parameters), moves), strict=True):
        alone = {name: values.copy() for name, values in parameters.items()}
        move(alone, parameters, sizes_of(parameters), direction, step)
        assert all(moved[name].tobytes() == alone[name].tobytes() for name in parameters)


def test_moved_entries_are_those_of_every_version() -> None:
    parameters = {"x": np.array([2.0, -1.0, 0.0, 0.01, 1e-4, -3.0, 1.5])}
    moved = {"x": np.empty(7)}
    move(moved, parameters, sizes_of(parameters), Direction(7, 5, 0, 7), 2.0**-20)
    assert [value.hex() for value in moved["x"].tolist()] == MOVED  # as journals hold it


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_usual_size_is_the_median_of_what_is_not_zero(scale: float) -> None:
    assert sizes_of({"a": np.array([3.0, -4.0, 0.0, 1e9]) * scale})["a"] == pytest.approx(4 * scale)


def test_a_parameter_of_zeros_takes_the_largest_usual_size() -> None:
    assert sizes_of({"W": np.full(3, 2.0), "b": np.zeros(1)}) == {"W": 2.0, "b": 2.0}
    assert sizes_of({"b": np.zeros(2)}) == {"b": 1.0}


def test_entries_are_counted_through_all_parameters() -> None:
    assert entry_at(point(), 300 * 311 + 2) == ("b", 2)
    with pytest.raises(IndexError):
        entry_at(point(), COUNT)


def test_a_single_component_is_that_of_the_vector() -> None:
    parameters, direction = point(), Direction(9, 9, 0, COUNT)
    position = 300 * 311 + 3
    assert component(direction, position, parameters, sizes_of(parameters)) == vector(direction, parameters)[position]


def test_any_problem_can_be_moved() -> None:
    parameters, direction = {"x": np.array([1.0, 2.0])}, Direction(0, 0, 0, 2)
    (loss,) = losses_one_by_one(lambda p: float(p["x"].sum()), parameters, [(direction, 0.5)])
    assert loss == pytest.approx(3 + 0.5 * vector(direction, parameters).sum())
