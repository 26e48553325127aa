"""The declared entries of a sparse Jacobian, and their colours."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli.problems.functions.colouring import SparseJacobian, colours_of, is_sparse, sparse_jacobian
from gradcheck_cli.problems.functions.outputs import outputs_of
from gradcheck_cli.vocabulary.errors import ProblemError
from tests.promises.test_sparse_jacobians import Stored, stored

OUTPUTS = outputs_of(np.zeros(3), "the function")
POINT = {"x": np.zeros(4)}


def declared(pattern: object) -> SparseJacobian:
    J = np.array(pattern, dtype=float)
    outputs = outputs_of(np.zeros(len(J)), "the function")
    return sparse_jacobian(stored(J), outputs, {"x": np.zeros(J.shape[1])})


def test_a_sparse_matrix_is_what_can_be_made_one_of_coordinates() -> None:
    assert is_sparse(stored(np.eye(2)))
    assert is_sparse({"y": {"a": np.eye(2), "b": stored(np.eye(2))}})
    assert not any(is_sparse(claim) for claim in (np.eye(2), {"y": np.eye(2)}, None, "tocoo"))


def test_entries_come_row_by_row_and_those_stored_twice_are_summed() -> None:
    found = sparse_jacobian(Stored([2, 0, 2, 0], [1, 3, 1, 0], [1.0, 2.0, 3.0, 0.0], (3, 4)), OUTPUTS, POINT)
    assert (found.rows.tolist(), found.columns.tolist()) == ([0, 0, 2], [0, 3, 1])
    assert found.values.tolist() == [0.0, 2.0, 4.0]


def test_parts_stand_where_their_outputs_and_parameters_do() -> None:
    outputs = outputs_of({"s": np.zeros(2), "t": np.zeros(1)}, "the function")
    claim = {"s": {"a": stored(np.eye(2)), "b": np.array([[5.0], [0.0]])}, "t": {"a": np.ones((1, 2)), "b": [[7.0]]}}
    found = sparse_jacobian(claim, outputs, {"a": np.zeros(2), "b": np.zeros(1)})
    assert found.block(np.arange(3), np.arange(3)).tolist() == [[1, 0, 5], [0, 1, 0], [1, 1, 7]]


def test_numbers_of_less_than_float64_are_told() -> None:
    single = stored(np.eye(3, 4, dtype=np.float32))
    assert sparse_jacobian(single, OUTPUTS, POINT).single
    assert not sparse_jacobian(stored(np.eye(3, 4, dtype=np.int8)), OUTPUTS, POINT).single


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4, 1)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ProblemError, match=r"expected \(3, 4\)"):
        sparse_jacobian(Stored([0], [0], [1.0], shape), OUTPUTS, POINT)


def test_sums_of_columns_leave_out_those_without_a_direction() -> None:
    found = declared([[1, 2, 0], [0, 3, 4]]).along(np.array([1.0, 10.0, 100.0]), np.array([0, 0, -1]), 2)
    assert found.tolist() == [[21, 0], [30, 0]]


def test_no_two_columns_of_a_colour_have_a_row_in_common() -> None:
    random = np.random.default_rng(0)
    for density in (0.02, 0.1, 0.5):
        J = (random.uniform(size=(40, 30)) < density).astype(float)
        colours = colours_of(declared(J), np.zeros(30, dtype=np.intp))
        for colour in range(colours.max() + 1):
            assert (colours == colour).any()
            assert J[:, colours == colour].sum(axis=1).max() <= 1


def test_a_band_takes_as_many_colours_as_it_is_wide() -> None:
    J = sum(np.eye(50, k=k) for k in range(-2, 2))
    assert colours_of(declared(J), np.zeros(50, dtype=np.intp)).max() == 3


def test_columns_of_other_classes_have_other_colours() -> None:
    classes = np.array([0, 1, 0, 1], dtype=np.intp)
    colours = colours_of(declared(np.eye(4)), classes)
    assert colours.tolist() == [0, 1, 0, 1]
