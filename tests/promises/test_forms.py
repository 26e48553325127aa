"""The forms in which people hold parameters and gradients: whichever a function takes and returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradcheck_cli import check_gradient, check_jacobian, check_layer
from gradcheck_cli.vocabulary.errors import GradcheckError, ProblemError
from tests.support import run

R = np.random.default_rng(0)
W, B = R.normal(size=(3, 2)), R.normal(size=(2,))
X = R.normal(size=(4, 3))


class Pair(NamedTuple):
    W: Any
    b: Any


def value(w: Any, b: Any) -> float:
    return float((np.tanh(X @ w + b) ** 2).sum())


def slopes(w: Any, b: Any, wrong: float = 1.0) -> tuple[Any, Any]:
    a = np.tanh(X @ w + b)
    d = 2 * a * (1 - a**2)
    return X.T @ d * wrong, d.sum(axis=0)


HELD: dict[str, tuple[Any, Callable[[Any], tuple[Any, Any]], Callable[[Any, Any], Any]]] = {
    "a list": ([W, B], lambda p: (p[0], p[1]), lambda w, b: [w, b]),
    "a tuple": ((W, B), lambda p: (p[0], p[1]), lambda w, b: (w, b)),
    "a named tuple": (Pair(W, B), lambda p: (p.W, p.b), Pair),
    "a nested dict": (
        {"dense": {"W": W, "b": B}},
        lambda p: (p["dense"]["W"], p["dense"]["b"]),
        lambda w, b: {"dense": {"b": b, "W": w}},
    ),
    "a list of dicts": (
        [{"W": W, "b": B}],
        lambda p: (p[0]["W"], p[0]["b"]),
        lambda w, b: [{"W": w, "b": b}],
    ),
    "lists in a dict": (
        {"weights": [W], "biases": [B]},
        lambda p: (p["weights"][0], p["biases"][0]),
        lambda w, b: {"biases": [b], "weights": [w]},
    ),
    "lists in a dict, and a tuple of lists back": (
        {"weights": [W], "biases": [B]},
        lambda p: (p["weights"][0], p["biases"][0]),
        lambda w, b: ([w], [b]),
    ),
    "layers": (
        {"layers": [{"W": W, "b": B}]},
        lambda p: (p["layers"][0]["W"], p["layers"][0]["b"]),
        lambda w, b: {"layers": [{"dW": w, "db": b}]},
    ),
    "keys that are numbers": ({1: W, 2: B}, lambda p: (p[1], p[2]), lambda w, b: {1: w, 2: b}),
}


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("wrong", [1.0, 1.001])
def test_parameters_may_be_held_in_any_containers(name: str, wrong: float) -> None:
    point, taken, made = HELD[name]
    report = check_gradient(lambda p: value(*taken(p)), lambda p: made(*slopes(*taken(p), wrong)), point)
    assert report.passed == (wrong == 1.0)
    assert [row.verdict.value for row in report.parameters] == ["PASS" if wrong == 1.0 else "FAIL", "PASS"]


def test_their_names_say_where_they_are() -> None:
    def names(point: Any) -> list[str]:
        report = check_gradient(lambda p: 0.0, lambda p: point, point)
        return [row.name for row in report.parameters]

    assert names({"layers": [{"W": W, "b": B}]}) == ["layers[0].W", "layers[0].b"]
    assert names([W, [B, W.copy()]]) == ["x[0]", "x[1][0]", "x[1][1]"]


def test_numbers_in_lists_are_an_array() -> None:
    point: Any = [[1.0, 2.0], [3.0, 4.0]]
    (row,) = check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, point).parameters
    assert row.shape == (2, 2)


def test_an_array_that_is_put_in_the_place_of_another_reaches_nobody() -> None:
    def loss(p: Any) -> float:
        p[0] = p[0] * 2
        p[0] *= 2
        return float((p[0] ** 2).sum())

    point = [W.copy(), B.copy()]
    assert check_gradient(loss, lambda p: [32 * p[0], 0 * p[1]], point).passed
    assert (point[0] == W).all()


def test_what_holds_itself_or_a_name_twice_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    for point in (loop, {"a.b": W, "a": {"b": B}}, {1: W, "1": B}):
        with pytest.raises(GradcheckError):
            check_gradient(lambda p: 0.0, lambda p: p, point)


def named_so(name: str, key: str, wrong: float, p: Any) -> dict[str, Any]:
    return dict(zip((key, "b", "dZ"), (*slopes(p[name], p["b"], wrong), X), strict=True))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "W1",
            ["dW1", "dw1", "grad_W1", "gradW1", "W1.grad", "W1_grad", "d_W1", "nabla_W1", "W1_diff", "dL_dW1", "w1"],
        ),
        ("w", ["dw", "dW", "grad_w", "w.grad", "W"]),
        ("fc1.weight", ["fc1.weight.grad", "grad_fc1.weight", "fc1.dweight", "dfc1.weight"]),
    ],
)
def test_a_gradient_may_have_any_usual_name(name: str, keys: list[str]) -> None:
    for key in keys:
        for wrong in (1.0, 2.0):
            report = check_gradient(
                lambda p: value(p[name], p["b"]),
                partial(named_so, name, key, wrong),
                {name: W, "b": B},
            )
            assert report.passed == (wrong == 1.0), key


def test_a_name_that_may_be_of_two_is_nobodys() -> None:
    with pytest.raises(ProblemError, match="has no W"):
        check_gradient(lambda p: value(p["W"], p["b"]), lambda p: {"dW": W, "grad_W": W, "b": B}, {"W": W, "b": B})


def test_a_parameter_that_is_called_like_a_gradient_keeps_its_own() -> None:
    point = {"x": W, "dx": W + 1}
    loss = lambda p: float((p["x"] ** 2).sum() + (p["dx"] ** 3).sum())  # noqa: E731
    assert check_gradient(loss, lambda p: {"x": 2 * p["x"], "dx": 3 * p["dx"] ** 2}, point).passed
    with pytest.raises(ProblemError, match="has no x"):
        check_gradient(loss, lambda p: {"dx": 2 * p["x"]}, point)


@pytest.mark.parametrize(
    "made",
    [
        lambda l, w, b: (l, {"W": w, "b": b}),
        lambda l, w, b: ({"W": w, "b": b}, l),
        lambda l, w, b: (l, (w, b)),
        lambda l, w, b: ((w, b), np.array([[l]])),
        lambda l, w, b: (l, w, b),
        lambda l, w, b: (l, w, b, X),
        lambda l, w, b: (w, b, l),
        lambda l, w, b: (l, {"W": w, "b": b}, X),
        lambda l, w, b: [np.float32(l) * 0 + l, [w, b]],
    ],
)
@pytest.mark.parametrize("wrong", [1.0, -1.0])
def test_loss_and_gradient_in_either_order(made: Callable[..., Any], wrong: float) -> None:
    def both(p: Any) -> Any:
        return made(value(p["W"], p["b"]), *slopes(p["W"], p["b"], wrong))

    assert check_gradient(both, None, {"W": W, "b": B}).passed == (wrong == 1.0)


@pytest.mark.parametrize("factor", [2, 3])
def test_what_comes_behind_the_gradient_of_one_parameter_is_left_out(factor: int) -> None:
    assert check_gradient(lambda x: ((x**2).sum(), factor * x, X), None, B).passed == (factor == 2)


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_the_gradient_of_a_layer_s_input_may_stand_before_those_of_its_parameters(wrong: float) -> None:
    def loss(w: Any, b: Any, X: Any) -> float:
        return float(((X @ w + b) ** 2).sum())

    def gradient(w: Any, b: Any, X: Any) -> Any:
        d = 2 * (X @ w + b)
        return d @ w.T, wrong * X.T @ d, d.sum(axis=0)

    report = check_gradient(loss, gradient, {"w": W, "b": B}, data={"X": X})
    assert [row.verdict.value for row in report.parameters] == ["PASS" if wrong == 1.0 else "FAIL", "PASS"]


def test_of_several_that_fit_none_is_taken() -> None:
    with pytest.raises(ProblemError):
        check_gradient(lambda x: float((x**2).sum()), lambda x: (x, 2 * x), B)


def test_of_two_numbers_the_first_is_the_loss() -> None:
    assert check_gradient(lambda x: (x**2, 2 * x), None, 3.0).passed
    assert not check_gradient(lambda x: (2 * x, x**2), None, 3.0).passed


@pytest.mark.parametrize("wrong", [1.0, 2.0])
@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (lambda p: (p["w"] ** 2).sum(), lambda p: {"w": 2 * p["w"]}),
        (lambda p: (p["w"] ** 2).sum(), lambda p: 2 * p["w"]),
        (lambda x: (x**2).sum(), lambda x: 2 * x),
        (lambda x: (x**2).sum(), lambda p: {"dw": 2 * p["w"]}),
    ],
)
def test_one_parameter_comes_as_the_function_takes_it(loss: Any, gradient: Any, wrong: float) -> None:
    def scaled(p: Any) -> Any:
        found = gradient(p)
        return {k: wrong * v for k, v in found.items()} if isinstance(found, dict) else wrong * found

    assert check_gradient(loss, scaled, {"w": B}).passed == (wrong == 1.0)


@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_one_parameter_need_not_be_the_first_argument(wrong: float) -> None:
    loss = lambda X, w: float((X @ w).sum())  # noqa: E731
    report = check_gradient(loss, lambda X, w: wrong * X.sum(axis=0), {"w": np.ones(3)}, data={"X": X})
    assert report.passed == (wrong == 1.0)


def test_arguments_may_come_in_their_order() -> None:
    point = {"first": W, "second": B}
    assert check_gradient(
        lambda w, b, *, X: value(w, b) + 0 * X.sum(), lambda w, b, X: slopes(w + 0 * X.sum(), b), point, data={"X": X}
    ).passed
    with pytest.raises(GradcheckError):
        check_gradient(lambda w, b, c: value(w, b), slopes, point)


def test_an_error_of_the_function_itself_is_the_one_that_is_told() -> None:
    def loss(p: Any) -> float:
        return float(p["w"].nothing)

    with pytest.raises(GradcheckError, match="has no attribute 'nothing'"):
        check_gradient(loss, lambda p: p, {"w": B})


@pytest.mark.parametrize("wrong", [1.0, 1.5])
def test_a_sparse_gradient_is_taken(wrong: float) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    loss = lambda p: float((p["W"] ** 2).sum() + p["v"][1] ** 3)  # noqa: E731

    def gradient(p: Any) -> Any:
        only = np.array([0.0, 3 * p["v"][1] ** 2, 0.0])
        return {"W": sparse.csr_matrix(2 * wrong * p["W"]), "v": sparse.csc_matrix(only)}

    assert check_gradient(loss, gradient, {"W": W, "v": np.array([1.0, 2.0, 3.0])}).passed == (wrong == 1.0)


@pytest.mark.parametrize("wrong", [1.0, 1.5])
def test_tensors_that_are_watched_are_taken(wrong: float) -> None:
    torch = pytest.importorskip("torch")
    point = {"w": torch.tensor(B, requires_grad=True)}
    loss = lambda p: float((p["w"] ** 2).sum())  # noqa: E731
    assert check_gradient(
        loss, lambda p: {"w": 2 * wrong * torch.tensor(p["w"], requires_grad=True)}, point
    ).passed == (wrong == 1.0)


@pytest.mark.parametrize("point", [{"w": B}, B, [B, W], {"net": [{"w": B}]}])
def test_a_framework_gets_the_same_forms(point: Any) -> None:
    torch = pytest.importorskip("torch")

    def leaf(p: Any) -> Any:
        while not torch.is_tensor(p):
            p = p[0] if isinstance(p, list) else next(iter(p.values()))
        return p

    assert check_gradient(lambda p: (leaf(p) ** 3).sum(), None, point, autograd="torch").passed
    if isinstance(point, dict) and "w" in point:
        assert check_gradient(lambda w: (w**3).sum(), None, point, autograd="torch").passed


@pytest.mark.parametrize(
    ("shape", "said"), [((3,), "keepdims=True"), ((), "without axis and keepdims=True"), ((1, 3), "transpose")]
)
def test_a_sum_without_keepdims_is_told_of(shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        check_gradient(lambda x: (x**2).sum(), lambda x: np.ones(shape), np.ones((3, 1)))
    assert said in str(caught.value.hint)


def test_layers_and_jacobians_take_them_too() -> None:
    point = [{"W": W, "b": B}]
    assert check_layer(
        lambda p: (X @ p[0]["W"] + p[0]["b"], None),
        lambda d, _: [{"dW": X.T @ d, "db": d.sum(axis=0)}],
        point,
    ).passed
    assert check_jacobian(lambda p: p[1] ** 2, lambda p: {"x[0]": np.zeros((2, 6)), "x[1]": np.diag(2 * p[1])}, [W, B])


MODULE = """\
import numpy as np

def one(p): return float((p["w"] ** 2).sum())
def one_grad(p): return {"w": 2 * p["w"]}
def bare(x): return float((x ** 2).sum())
def bare_grad(x): return 2 * x
def by_name(w): return float((w ** 2).sum())
def nested(p): return float(sum((l["W"] ** 2).sum() for l in p["layers"]))
def nested_grad(p): return {"layers": [{"dW": 2 * l["W"]} for l in p["layers"]]}
def listed(weights): return float(sum((w ** 3).sum() for w in weights))
def listed_grad(weights): return [3 * w ** 2 for w in weights]
def wrong(weights): return [3 * w for w in weights]
def flat(p): return float((p["fc.weight"] ** 2).sum() + p["fc.bias"].sum())
def flat_grad(p): return {"fc.weight": 2 * p["fc.weight"], "fc.bias": np.ones_like(p["fc.bias"])}
"""


@pytest.mark.parametrize(
    ("loss", "gradient", "arrays", "code"),
    [
        ("one", "one_grad", {"w": B}, 0),
        ("bare", "bare_grad", {"w": B}, 0),
        ("bare", "one_grad", {"w": B}, 0),
        ("by_name", "bare_grad", {"w": B}, 0),
        ("nested", "nested_grad", {"layers[0].W": W, "layers[1].W": W + 1}, 0),
        ("listed", "listed_grad", {"weights[0]": W, "weights[1]": B}, 0),
        ("listed", "listed_grad", {"arr_0": W, "arr_1": B}, 0),
        ("listed", "listed_grad", {"W1": W, "W2": B}, 0),
        ("listed", "wrong", {"arr_0": W, "arr_1": B}, 1),
        ("flat", "flat_grad", {"fc.weight": W, "fc.bias": B}, 0),
    ],
)
def test_the_command_finds_the_form_by_itself(
    tmp_path: Path, loss: str, gradient: str, arrays: dict[str, Any], code: int
) -> None:
    (tmp_path / "m.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "p.json").write_text(json.dumps({k: v.tolist() for k, v in arrays.items()}), encoding="utf-8")
    result = run("func", f"m.py:{loss}", "--grad", f"m.py:{gradient}", "--params", "p.json", cwd=tmp_path)
    assert result.returncode == code, result.stderr + result.stdout
