"""The structured evaluation gives the changes of the plain forward propagation, and more of their digits."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gradcheck_cli import check
from gradcheck_cli.problems.networks import audit, structured
from gradcheck_cli.problems.networks.activations import ACTIVATIONS, softmax, softmax_change
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.course import Layer
from gradcheck_cli.problems.networks.losses import LOSSES
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.problems.problem import changes_one_by_one
from gradcheck_cli.reporters.terminal import Style, render
from gradcheck_cli.vocabulary.errors import InternalError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

OUTPUTS = [("sigmoid", "bce"), ("softmax", "softmax_ce"), *((name, "mse") for name in [*ACTIVATIONS, "softmax"])]


def make_network(
    sizes: Sequence[int],
    m: int,
    activations: Sequence[str],
    loss: str,
    *,
    seed: int = 0,
    l2: float = 0.0,
    masked: bool = False,
    zeros: bool = False,
    evaluation: str | None = "structured",
) -> Network:
    random = np.random.default_rng(seed)
    parameters = {}
    for l, (before, units) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{l}"] = random.standard_normal((units, before)) / np.sqrt(before)
        parameters[f"b{l}"] = random.standard_normal((units, 1)) * 0.3
    X = random.standard_normal((sizes[0], m)) * (random.random((sizes[0], m)) < 0.6 if zeros else 1)
    Y = (random.random((sizes[-1], m)) < 0.5).astype(float)
    hidden = enumerate(sizes[1:-1], start=1)
    masks = {l: (random.random((units, m)) < 0.7) / 0.7 for l, units in hidden} if masked else {}
    return Network("net", X, Y, parameters, activations, loss, l2=l2, masks=masks, evaluation=evaluation)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    sizes = draw(st.lists(st.integers(1, 7), min_size=2, max_size=6))
    last, loss = draw(st.sampled_from(OUTPUTS))
    hidden = draw(st.lists(st.sampled_from(list(ACTIVATIONS)), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    return make_network(
        sizes, draw(st.integers(1, 9)), (*hidden, last), loss, seed=draw(st.integers(0, 10**6)),
        l2=draw(st.sampled_from([0.0, 0.7])), masked=draw(st.booleans()), zeros=draw(st.booleans()),
    )  # fmt: skip


class StableNetwork(Network):
    """One whose loss is in the stable form: the plain one has no digits left where log(1 - A) meets an A near 1."""

    def cost(self, layers: Sequence[Layer], parameters: Parameters) -> float:
        total = LOSSES[self.loss_name].stable(*layers[-1], self.Y)
        return total / self.sample_count + self.penalty(parameters)


def assert_agree(network: Network, parameter: str, entries: NDArray[np.intp], steps: Array) -> None:
    ours = network.loss_changes(parameter, entries, steps)
    stable = StableNetwork(**{f.name: getattr(network, f.name) for f in dataclasses.fields(network)})
    plain = changes_one_by_one(stable, stable.here, parameter, entries, steps)
    rounding = 1e-13 * (1 + abs(network.loss(network.parameters)))
    np.testing.assert_allclose(ours, plain, rtol=1e-9, atol=rounding)


@settings(max_examples=150, deadline=None)
@given(network=networks(), step=st.floats(-7, -1), data=st.data())
def test_structured_agrees_with_plain(network: Network, step: float, data: st.DataObject) -> None:
    """Any network, any entries in any order and repeatedly, any steps: rays and deltas, kinks crossed or not."""
    name = data.draw(st.sampled_from(list(network.parameters)))
    entries = data.draw(st.lists(st.integers(0, network.parameters[name].size - 1), min_size=1, max_size=40))
    signs = data.draw(st.lists(st.sampled_from([-1, 1, 0.5, -0.25]), min_size=len(entries), max_size=len(entries)))
    assert_agree(network, name, np.array(entries), 10**step * np.array(signs))


@pytest.mark.parametrize("step", [1e-7, 1e-4, 1e-2, 0.1, 3.0, 1e3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "bce"), ("softmax", "softmax_ce"), ("tanh", "mse")])
def test_structured_agrees_with_plain_on_whole_parameters(activation: str, last: str, loss: str, step: float) -> None:
    """Every entry up and down, as the numeric stage asks; at 0.1 most relus are crossed."""
    network = make_network([9, 6, 5, 3], 8, (activation, activation, last), loss)
    for name, values in network.parameters.items():
        assert_agree(network, name, np.tile(np.arange(values.size), 2), np.repeat([step, -step], values.size))


@pytest.mark.parametrize("activation", [name for name, a in ACTIVATIONS.items() if a.piecewise])
def test_kinks_exactly_at_0(activation: str) -> None:
    """Samples of zeros and biases of 0 leave every Z1 at the kink."""
    network = make_network([9, 6, 1], 4, (activation, "sigmoid"), "bce")
    network.X[:, 1:3] = 0
    network.parameters["b1"][:] = 0
    for name, values in network.parameters.items():
        assert_agree(network, name, np.tile(np.arange(values.size), 2), np.repeat([1e-3, -1e-3], values.size))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("last", "loss"), OUTPUTS)
def test_no_digit_is_lost_to_small_steps(activation: str, last: str, loss: str) -> None:
    """With a step of 1e-10 the plain difference has five digits; this one meets the gradient in twelve."""
    network = make_network([9, 6, 5, 3], 8, (activation, activation, last), loss, masked=True, l2=0.3)
    gradient = network.gradient(network.parameters)
    for name, values in network.parameters.items():
        entries, h = np.tile(np.arange(values.size), 2), 1e-10
        plus, minus = np.split(network.loss_changes(name, entries, np.repeat([h, -h], values.size)), 2)
        error = np.linalg.norm((plus - minus) / (2 * h) - gradient[name].reshape(-1))
        assert error <= 1e-13 * (np.linalg.norm(gradient[name]) + 1e-3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_changes_of_activations_hold_for_every_step(name: str) -> None:
    random = np.random.default_rng(0)
    Z = np.concatenate([random.standard_normal(2000) * 4, [0.0, -0.0, 40.0, -40.0]])
    for size in (1e-3, 1.0, 30.0):
        dZ = random.standard_normal(Z.size) * size
        g = ACTIVATIONS[name]
        changed = g.change(Z)(dZ, float(np.abs(dZ).max()))
        np.testing.assert_allclose(changed, g.value(Z + dZ) - g.value(Z), rtol=1e-11, atol=2e-14)


def test_change_of_softmax_holds_for_every_step() -> None:
    random = np.random.default_rng(0)
    Z = random.standard_normal((5, 300, 1)) * 3
    for size in (1e-3, 0.3, 30.0):
        dZ = random.standard_normal((5, 300, 4)) * size
        changed = softmax_change(Z)(dZ, float(np.abs(dZ).max()))
        np.testing.assert_allclose(changed, softmax(Z + dZ) - softmax(Z), atol=1e-15)


@pytest.mark.parametrize(("name", "last"), [("bce", "sigmoid"), ("softmax_ce", "softmax")])
@pytest.mark.parametrize("size", [1e-3, 0.3, 30.0])
def test_changes_of_losses_hold_for_every_step(name: str, last: str, size: float) -> None:
    random = np.random.default_rng(0)
    Z, Y = random.standard_normal((3, 50, 1)) * 5, random.random((3, 50, 1))
    A = softmax(Z) if last == "softmax" else ACTIVATIONS[last].value(Z)
    dZ = random.standard_normal((3, 50, 6)) * size
    loss = LOSSES[name]
    plain = (loss.terms(Z + dZ, A, Y) - loss.terms(Z, A, Y)).sum(axis=0)
    np.testing.assert_allclose(loss.change(Z, A, Y)(dZ, float(np.abs(dZ).max())), plain, rtol=1e-11, atol=1e-12)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_network([30, 12, 7, 3], 11, ("relu", "tanh", "softmax"), "softmax_ce", masked=True)
    entries, steps = np.tile(np.arange(360), 2), np.repeat([1e-3, -1e-3], 360)
    whole = network.loss_changes("W1", entries, steps)
    for block in (1, 7, 64, 1000):
        monkeypatch.setattr(structured, "BLOCK", block)
        monkeypatch.setattr(audit, "BLOCK", block)
        np.testing.assert_allclose(network.loss_changes("W1", entries, steps), whole, rtol=1e-12, atol=1e-20)


@pytest.mark.parametrize("step", [1e-7, 1e-5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("last", "loss"), OUTPUTS)
def test_rays_give_what_deltas_give(
    activation: str, last: str, loss: str, step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run of the tail for all inputs of a unit, or one for each: the differences are the same."""
    network = make_network([9, 6, 5, 3], 8, (activation, activation, last), loss, masked=True)
    entries, steps = np.tile(np.arange(54), 2), np.repeat([step, -step], 54)
    by_rays = np.subtract(*np.split(network.loss_changes("W1", entries, steps), 2))
    monkeypatch.setattr(structured, "RAY_ENDS", np.resize(structured.RAY_ENDS, 200))  # more than there are inputs
    by_deltas = np.subtract(*np.split(network.loss_changes("W1", entries, steps), 2))
    assert np.abs(by_deltas).max() > 0
    np.testing.assert_allclose(by_rays, by_deltas, rtol=1e-13, atol=3e-15 * np.abs(by_deltas).max())


@pytest.mark.parametrize(
    ("sizes", "m", "parameter"),
    [
        ([3000, 400, 300, 10], 300, "W1"),
        ([10, 3000, 2000, 3000, 2], 8, "W1"),  # matrices of 48 MB
        ([100, 80, 2000], 100, "W2"),  # many outputs
        ([5, 4, 3, 20_000], 60, "W2"),
    ],
)
def test_memory_is_bounded(sizes: list[int], m: int, parameter: str) -> None:
    network = make_network(sizes, m, [*("relu", "tanh", "relu")[: len(sizes) - 2], "softmax"], "softmax_ce")
    network.loss_changes("b1", np.arange(3), np.full(3, 1e-7))  # forward propagation is not counted
    at_once = min(network.entries_at_once(parameter), network.parameters[parameter].size)
    entries, steps = np.tile(np.arange(at_once), 2), np.repeat([1e-7, -1e-7], at_once)
    tracemalloc.start()
    network.loss_changes(parameter, entries, steps)
    network.loss_changes(parameter, entries[:10], steps[:10] * 1e6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < structured.MEMORY


@pytest.mark.parametrize("planted", ["activation", "loss"])
def test_audit_finds_a_wrong_change(monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    """A slip of one part in a hundred in a change form cannot become a verdict."""
    network = make_network([30, 12, 7, 1], 11, ("tanh", "tanh", "sigmoid"), "bce")
    if planted == "activation":
        change = ACTIVATIONS["tanh"].change
        tanh = dataclasses.replace(ACTIVATIONS["tanh"], change=lambda Z: lambda dZ, b: 1.01 * change(Z)(dZ, b))
        monkeypatch.setitem(ACTIVATIONS, "tanh", tanh)
    else:
        by_loss = LOSSES["bce"].change
        bce = dataclasses.replace(LOSSES["bce"], change=lambda Z, A, Y: lambda d, b: 1.01 * by_loss(Z, A, Y)(d, b))
        monkeypatch.setitem(LOSSES, "bce", bce)
    with pytest.raises(InternalError, match=r"moving W1\[\d+, \d+\] by -?1e-05 changes"):
        check(network, epsilon=1e-5)


@pytest.mark.parametrize("planted", ["a unit", "one side of a unit", "every other way of two units"])
def test_audit_finds_a_wrong_unit_of_a_wide_layer(monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    """A unit has some draws, however many it has beside it or inputs: two for its moves to either side."""
    network = make_network([900, 12, 7, 1], 5, ("tanh", "tanh", "sigmoid"), "bce")
    add = structured._add_rays

    def slip(tail: structured._Tail, moves: structured._Moves, sums: Array) -> None:
        add(tail, moves, sums)
        wrong = {"a unit": moves.steps != 0, "one side of a unit": moves.steps > 0}
        ways = wrong.get(planted, np.arange(len(moves.steps)) % 2 == 0)
        units = np.isin(moves.units, (4, 9) if planted.endswith("two units") else (4,))
        sums[np.ix_(units, ways)] *= 1.01

    monkeypatch.setattr(structured, "_add_rays", slip)
    with pytest.raises(InternalError, match=r"moving W1\[[49], \d+\] by"):
        check(network, epsilon=1e-5)


def test_small_networks_are_plain_unless_asked() -> None:
    default = built_in_case("default")
    assert check(default).difference == pytest.approx(1.1890913e-07, rel=1e-6)
    assert not check(default).notes
    report = check(dataclasses.replace(default, evaluation="structured"))
    assert report.difference < 1e-14
    assert "structured" in report.notes[-1]
    assert "seed 4" in report.notes[-1]


@pytest.mark.parametrize("evaluation", ["plain", "structured"])
def test_the_report_says_which_evaluation_ran(evaluation: str) -> None:
    report = check(dataclasses.replace(built_in_case("default"), evaluation=evaluation))
    assert report.evaluation == evaluation
    assert f" evaluations ({evaluation})" in render(report, Style(verbosity=1))


def test_large_networks_are_structured_unless_asked() -> None:
    network = make_network([64, 32, 16, 1], 32, ("relu", "relu", "sigmoid"), "bce", evaluation=None)
    assert network.is_structured
    assert not dataclasses.replace(network, evaluation="plain").is_structured
    assert network.entries_at_once("W1") % 64 == 0


def test_the_notes_say_how_much_is_audited() -> None:
    """Of a wide layer it is six changes of each unit, and no more."""
    narrow, wide = ([300, 4, 1], [900, 4, 1])
    for sizes, some in ((narrow, "100"), (wide, "100-150")):
        network = make_network(sizes, 2, ("relu", "sigmoid"), "bce")
        assert network.notes == (f"differences by the structured evaluation, one entry in {some} audited (seed 4)",)
