"""Layers under any names: found by words and shapes, diagnosed as layers, told of by their own names."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck_cli import check_gradient
from gradcheck_cli.diagnosis.layers import bare_names, layer_names, only_layer, orientations
from gradcheck_cli.vocabulary.parameters import Array
from tests.unit.diagnosis.user_functions import FUNCTIONS

NAMES = [
    "w1 b1 w2 b2",
    "W_1 b_1 W_2 b_2",
    "W0 b0 W1 b1",
    "w0 b0 w1 b1",
    "fc1.weight fc1.bias fc2.weight fc2.bias",
    "Wxh bh Why by",
    "l1_W l1_b l2_W l2_b",
    "weights[0] biases[0] weights[1] biases[1]",
    "kernel_1 bias_1 kernel_2 bias_2",
    "theta1 beta1 theta2 beta2",
    "layer1.W layer1.B layer2.W layer2.B",
    "W1 B1 W2 B2",
    "net.0.weight net.0.bias net.2.weight net.2.bias",
]


def arrays(names: str, *shapes: tuple[int, ...]) -> dict[str, Array]:
    return {name: np.zeros(shape) for name, shape in zip(names.split(), shapes, strict=True)}


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("columns", [False, True])
def test_layers_are_found_whatever_they_are_called(names: str, columns: bool) -> None:
    shapes = [(5, 4), (5, 1), (3, 5), (3, 1)] if columns else [(4, 5), (5,), (5, 3), (3,)]
    found = layer_names(arrays(names, *shapes))
    assert list(found.values()) == ["W1", "b1", "W2", "b2"]
    assert list(found) == names.split()


def test_the_order_is_that_of_the_numbers_or_else_of_the_shapes() -> None:
    numbered = arrays("w2 w1 b2 b1", (5, 3), (4, 5), (3,), (5,))
    assert layer_names(numbered) == {"w1": "W1", "b1": "b1", "w2": "W2", "b2": "b2"}
    backwards = arrays("w_out b_out w_in b_in", (5, 3), (3,), (4, 5), (5,))
    assert layer_names(backwards) == {"w_in": "W1", "b_in": "b1", "w_out": "W2", "b_out": "b2"}


@pytest.mark.parametrize(
    ("names", "shapes"),
    [
        ("W1 b1 W2 b2", ((4, 5), (5,), (5, 3), (3,))),  # they have the catalogue's names
        ("w b", ((4, 5), (5,))),  # one layer
        ("w1 b1 w2 b2", ((4, 5), (5,), (6, 3), (3,))),  # no chain
        ("w1 b1 w2 b2", ((4, 5), (4,), (5, 3), (3,))),  # the first bias does not fit
        ("w1 b1 w2 b2", ((4, 5, 2), (2,), (2, 3), (3,))),  # a kernel of a convolution
        ("Wx Wh b c", ((4, 5), (5, 5), (5,), (5,))),  # c is of no kind
        ("Wx Wh bx", ((4, 5), (5, 5), (5,))),
        ("w1 b1 w2 b2 gamma", ((4, 5), (5,), (5, 3), (3,), (5,))),
    ],
)
def test_what_is_no_stack_of_layers_is_none(names: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    assert layer_names(arrays(names, *shapes)) == {}


@pytest.mark.parametrize(
    ("names", "shapes", "found"),
    [
        ("W1 W2", ((3, 4), (2, 3)), "W1 W2"),
        ("w_in w_out", ((4, 3), (3, 2)), "W1 W2"),
        ("w2 w1", ((4, 3), (3, 2)), "W2 W1"),
        ("w2 w1", ((3, 2), (4, 3)), "W2 W1"),
        ("w", ((4, 3),), ""),
        ("w1 w2", ((4, 3), (2, 2)), ""),
        ("w1 b1 w2", ((4, 3), (3,), (3, 2)), ""),
        ("w1 w2 gamma", ((4, 3), (3, 2), (2,)), ""),
    ],
)
def test_layers_without_biases_are_a_chain_as_well(names: str, shapes: tuple[tuple[int, ...], ...], found: str) -> None:
    expected = dict(zip(names.split(), found.split(), strict=True)) if found else {}
    assert bare_names(arrays(names, *shapes)) == expected


def test_layers_may_be_turned_in_both_ways_where_all_are_square() -> None:
    assert orientations(arrays("W1 b1 W2 b2", (5, 4), (5,), (3, 5), (3,))) == (False,)
    assert orientations(arrays("W1 b1 W2 b2", (4, 5), (5,), (5, 3), (3,))) == (True,)
    assert orientations(arrays("W1 W2", (4, 4), (4, 4))) == (False, True)
    assert orientations(arrays("W1 b2", (4, 4), (4,))) == ()


def test_a_wrong_step_is_one_finding_that_names_its_layer() -> None:
    loss, gradient, point = FUNCTIONS["layers"]
    (finding,) = check_gradient(loss, lambda p: gradient(p, "1 - h"), point, seed=1).findings
    assert (finding.code, finding.where) == ("derivative-of-wrong-variable", "dZ1")
    assert finding.note.startswith(
        "dZ1 belongs to the layer of fc1.weight and fc1.bias; dfc2.weight and dfc2.bias confirm"
    )
    (finding,) = check_gradient(loss, lambda p: gradient(p, "first layer thrice"), point, seed=1).findings
    assert (finding.code, finding.where, finding.factor) == ("delta-factor", "dZ1", 3)
    assert finding.consequences == ("dfc1.weight", "dfc1.bias")


def test_one_wrong_gradient_is_told_of_by_its_own_name() -> None:
    loss, gradient, point = FUNCTIONS["layers"]

    def slipped(p: dict[str, Array]) -> dict[str, Array]:
        right = gradient(p, "")
        wrong = right["fc2.weight"].copy()
        wrong[1, 2] = 0
        return {**right, "fc2.weight": wrong}

    (finding,) = check_gradient(loss, slipped, point, seed=1).findings
    assert (finding.code, finding.where, finding.indices) == ("single-entry", "dfc2.weight", ("fc2.weight[1, 2]",))
    assert "so dZ2 is right and the fault is in dfc2.weight itself" in finding.note


@pytest.mark.parametrize(
    ("names", "shapes", "found"),
    [
        ("w b", ((4,), ()), "W1 b1"),
        ("theta", ((4,),), "W1"),
        ("weights bias", ((4, 3), (3,)), "W1 b1"),
        ("weights bias", ((4, 3), (4, 1)), "W1 b1"),
        ("w b", ((4,), (4,)), ""),
        ("w b", ((4, 3), (5,)), ""),
        ("w b c", ((4,), (), ()), ""),
        ("x", ((4,),), ""),
    ],
)
def test_one_layer_may_be_a_vector_or_a_matrix(names: str, shapes: tuple[tuple[int, ...], ...], found: str) -> None:
    expected = dict(zip(names.split(), found.split(), strict=True)) if found else {}
    assert only_layer(arrays(names, *shapes)) == expected
