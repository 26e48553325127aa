"""What torch and jax make of functions with any outputs: backward pass, jvp and double backward, right and wrong."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_autograd, check_gradient
from gradcheck_cli.vocabulary.errors import ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.results import Verdict
from tests.support import run

MODELS = Path(__file__).parent / "models"
functions: Any = importlib.import_module("tests.real.models.torch_functions")
tensors: Any = importlib.import_module("tests.real.models.tensor_model")
nested: Any = importlib.import_module("tests.real.models.jax_tree")
torch: Any = importlib.import_module("torch")
X = np.random.default_rng(0).normal(size=(2, 3))


def verdicts(report: CheckReport) -> str:
    """P, F or I for the backward pass, the jvp and the double backward, - where there is none."""
    found = ""
    for label in ("backward", "jvp", "double"):
        said = {p.verdict for p in report.parameters if p.name.endswith(f": {label}")}
        worst = [v for v in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS) if v in said]
        found += worst[0].value[0] if worst else "-"
    return found


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize("variant", functions.VARIANTS, ids=" ".join)
def test_each_of_the_three_has_a_verdict_of_its_own(variant: tuple[str, str], scale: float) -> None:
    function, right = functions.VARIANTS[variant]

    def scaled(*arrays: Any) -> Any:
        answer = function(*arrays)
        return tuple(scale * y for y in answer) if isinstance(answer, tuple) else scale * answer

    point = functions.POINTS[variant[0]]
    report = check_autograd(scaled, point if len(point) > 1 else next(iter(point.values())), seed=1)
    assert verdicts(report) == right
    assert report.passed == ("F" not in right)


def test_what_is_wrong_is_named_with_the_part_that_it_is_wrong_in() -> None:
    def of(variant: str) -> CheckReport:
        return check_autograd(functions.VARIANTS["cube", variant][0], {"x": X}, seed=1)

    wrong = of("backward x 2/3")
    assert [p.name for p in wrong.parameters] == ["x: backward", "y: jvp", "x: double", "dy: double"]
    assert wrong.findings[0].message.startswith("backward: dx is 0.666667 times")
    assert any("the double backward agrees with it" in note for note in wrong.notes)
    assert of("jvp x 2/3").findings[0].message.startswith("jvp: J v_x is 0.666667 times")
    cut = of("input detached")
    assert any("double: no gradient reaches x" in note and "detach()" in note for note in cut.notes)
    assert any("intermediate results saved by forward" in note for note in cut.notes)
    once = of("once differentiable")
    assert any("once_differentiable" in note for note in once.notes)
    assert once.passed


def test_the_double_backward_can_be_left_out() -> None:
    report = check_autograd(functions.cube(cut=True), X, double=False, seed=1)
    assert verdicts(report) == "PP-"
    assert report.passed


@pytest.mark.parametrize("function", ["negative_lost", "clipped", "no_number_for_zeros", "absolute_jvp", "clipped_jvp"])
def test_what_is_not_linear_in_what_comes_in_fails(function: str) -> None:
    report = check_autograd(getattr(tensors, function), X, seed=1)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code in {"clips", "non-finite", "not-linear"}


def test_a_double_backward_of_ones_own_is_checked() -> None:
    assert verdicts(check_autograd(tensors.sine("right"), X, seed=1)) == "P-P"
    assert verdicts(check_autograd(tensors.sine("x"), X, seed=1)) == "P-F"
    assert verdicts(check_autograd(tensors.sine("u"), X, seed=1)) == "P-F"
    assert verdicts(check_autograd(tensors.sine("saved"), X, seed=1)) == "P-F"


def test_outputs_and_parameters_may_be_trees_and_flags_and_indices_are_left_out() -> None:
    report = check_autograd(tensors.tree, {"layer": [X, {"w": X}]}, seed=1)
    assert report.passed
    names = [p.name for p in report.parameters]
    assert names[:4] == [
        "layer.0 from a.0: backward",
        "layer.1.w from a.0: backward",
        "layer.0 from b: backward",
        "layer.1.w from b: backward",
    ]


def test_where_a_graph_is_cut_the_hint_says_what_to_look_for() -> None:
    with pytest.raises(ProblemError, match="no graph leads") as error:
        check_autograd(lambda x: x.detach() ** 2, X)
    assert "detach()" in str(error.value.hint)
    with pytest.raises(UserFunctionError, match=r"numpy\(\)") as raised:
        check_autograd(lambda x: torch.from_numpy(x.numpy() ** 2), X)
    assert "a graph ends there" in str(raised.value.hint)
    with pytest.raises(ProblemError, match="is ndarray") as kind:
        check_autograd(lambda x: x.detach().numpy(), X)
    assert ".numpy()" in str(kind.value.hint)
    with pytest.raises(ProblemError, match="no tensor of real numbers"):
        check_autograd(lambda x: x.long(), X)
    part = check_autograd(lambda p: p["x"].detach() * p["w"], {"x": X, "w": X}, seed=1)
    assert part.verdict is Verdict.FAIL
    assert any("backward: no gradient reaches x:" in note or "nothing comes to x" in note for note in part.notes)


@pytest.mark.parametrize(
    "module",
    [
        lambda: torch.nn.Sequential(torch.nn.ReLU(inplace=True), torch.nn.Linear(3, 2), torch.nn.Tanh()),
        lambda: torch.nn.BatchNorm1d(3),
        lambda: tensors.Net,
        lambda: torch.nn.Embedding(4, 2).requires_grad_(True),
    ],
)
def test_a_module_is_checked_for_its_own_parameters_by_their_names(module: Callable[[], Any]) -> None:
    net = module()
    if isinstance(net, torch.nn.Embedding):
        with pytest.raises(UserFunctionError):  # indices are no real numbers
            check_autograd(net, X)
        return
    before = [] if isinstance(net, type) else [p.detach().clone() for p in net.parameters()]
    report = check_autograd(net, X, seed=1)
    assert report.passed
    own = net() if isinstance(net, type) else net
    assert {f"{name}: backward" for name, _ in own.named_parameters()} <= {p.name for p in report.parameters}
    if before:
        assert all(torch.equal(now, then) for now, then in zip(net.parameters(), before, strict=True))


def test_a_wrong_function_within_a_module_fails() -> None:
    assert check_autograd(tensors.WrongNet(), X, seed=1).verdict is Verdict.FAIL


def test_data_and_positions_go_to_apply() -> None:
    scale = {"s": np.arange(1.0, 4.0)}
    assert check_autograd(tensors.Scaled.apply, {"x": X}, data=scale, seed=1).passed
    assert check_autograd(tensors.Scaled.apply, X, data=scale, seed=1).passed
    report = check_autograd(lambda a, b: (a * b, b.sum()), {"x": X, "w": X}, seed=1)
    assert report.passed


def test_a_loss_that_differentiates_inside_is_a_loss() -> None:
    point = {"x": X[0], "w": X[1]}
    assert check_gradient(tensors.penalty, None, point, autograd="torch").passed
    assert check_gradient(tensors.wrong_penalty, None, point, autograd="torch").verdict is Verdict.FAIL
    assert check_gradient(nested.penalty, None, point, autograd="jax").passed


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize(
    ("mode", "expected"), [("right", "P-P"), ("no tanh", "F-P"), ("lost aux", "F-P"), ("transposed", "F-P")]
)
def test_a_custom_vjp_of_jax_by_key_path(mode: str, expected: str, scale: float) -> None:
    function = nested.layer(mode)
    report = check_autograd(lambda p: function(p, scale), nested.POINT, framework="jax", seed=1)
    assert verdicts(report) == expected
    wrong = {p.name for p in report.parameters if p.verdict is Verdict.FAIL}
    named = {
        "right": None,
        "no tanh": "layer.b from out: backward",
        "lost aux": "x from aux.0: backward",
        "transposed": "layer.w from out: backward",
    }[mode]
    assert (named in wrong) if named else not wrong


def test_a_custom_jvp_of_jax_that_is_wrong_spoils_both() -> None:
    point = {"x": X[0], "w": X[1]}
    assert verdicts(check_autograd(nested.product(1), point, framework="jax", seed=1)) == "PPP"
    assert verdicts(check_autograd(nested.product(2), point, framework="jax", seed=1)) == "FFP"


def test_numpy_in_the_place_of_jax_numpy_is_told_of() -> None:
    with pytest.raises(ProblemError) as error:
        check_autograd(np.sin, X, framework="jax")
    assert "jax.numpy" in str(error.value.hint)


def test_complex_gradients_have_the_convention_of_their_framework() -> None:
    z = np.array([1 + 2j, -0.5j, 3.0])
    assert check_gradient(lambda z: (z.abs() ** 2).sum(), None, z, autograd="torch").passed
    assert check_gradient(lambda z: (abs(z) ** 2).sum(), None, z, autograd="jax").passed
    report = check_gradient(lambda z: (abs(z) ** 2).sum(), None, z, autograd="jax", complex="torch")
    assert "that is jax's convention" in report.findings[0].message


def test_tensors_may_be_complex() -> None:
    random = np.random.default_rng(0)
    W, z = (random.normal(size=s) + 1j * random.normal(size=s) for s in ((3, 4), 4))
    point = {"W": W, "z": z, "b": random.normal(size=3)}

    def modulus(W: Any, z: Any, b: Any) -> Any:
        y = W @ z + b
        return y * abs(y), abs(y) ** 2

    for framework in ("torch", "jax"):
        assert verdicts(check_autograd(modulus, point, framework=framework, seed=1)) == "PPP"
    pair = {"z": z, "w": W[0]}
    assert verdicts(check_autograd(tensors.Product.apply, pair, seed=1)) == "P-P"
    wrong = check_autograd(tensors.WithoutConj.apply, pair, seed=1)
    assert [p.name for p in wrong.parameters if p.verdict is Verdict.FAIL] == ["z: backward"]
    assert wrong.parameters[0].worst.name.endswith((".real", ".imag"))


@pytest.mark.parametrize(
    ("function", "code", "first"),
    [
        ("Swish.apply", 0, "PASS"),
        ("WrongSwish.apply", 1, "FAIL"),
        ("net", 0, "PASS"),
        ("Net", 0, "PASS"),
        ("cut", 2, ""),
    ],
)
def test_the_command_takes_functions_and_modules(tmp_path: Path, function: str, code: int, first: str) -> None:
    np.savez(tmp_path / "x.npz", x=X)
    command = ["func", f"tensor_model.py:{function}", "--autograd", "torch", "--params", str(tmp_path / "x.npz")]
    result = run(*command, cwd=MODELS, timeout=120)
    assert result.returncode == code, result.stdout + result.stderr
    assert result.stdout.startswith(first)
    if not first:
        assert "hint: look for detach()" in result.stderr


def test_the_command_leaves_the_double_backward_out_and_refuses_what_is_of_losses(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=X)
    command = ["func", "tensor_model.py:Swish.apply", "--autograd", "torch", "--params", str(tmp_path / "x.npz")]
    result = run(*command, "--no-double", cwd=MODELS, timeout=120)
    assert result.returncode == 0
    assert "x: backward" in result.stdout
    assert "double" not in result.stdout
    assert run(*command, "--mode", "screen", "--jobs", "2", cwd=MODELS, timeout=120).returncode == 0
    result = run(*command, "--classic", cwd=MODELS, timeout=120)
    assert result.returncode == 2
    assert "is not a loss" in result.stderr


@pytest.mark.parametrize("size", [1.0, 1e-5])
def test_a_jvp_that_is_wrong_along_one_parameter_is_not_hidden_by_another(size: float) -> None:
    point = {"x": 1e3 * np.array([1.0, 2.0]), "w": 1e3 * size * np.array([1.0, 2.0])}
    report = check_autograd(tensors.Squares.apply, point, seed=1)
    wrong = [row.name for row in report.parameters if row.verdict is Verdict.FAIL]
    assert wrong == ["y along w: jvp"]
