"""The backward pass of a layer: right ones pass at any scale, wrong ones fail, whatever sums, signs and zeros hide."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import CheckReport, check_layer
from gradcheck_cli.vocabulary.errors import ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.results import Verdict
from tests.zoo import Array

_random = np.random.default_rng(0)
X, W, B = _random.normal(size=(5, 4)), _random.normal(size=(4, 4)), _random.normal(size=4)
POINT = {"x": X, "w": W, "b": B}


def affine(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
    return x @ w + b, (x, w)


def affine_back(d: Array, cache: Any) -> tuple[Array, ...]:
    x, w = cache
    return d @ w.T, x.T @ d, d.sum(0)


WRONG: dict[str, Callable[[Array, Any], Any]] = {
    "no transpose": lambda d, c: (d @ c[1], c[0].T @ d, d.sum(0)),
    "a mean": lambda d, c: (d @ c[1].T, c[0].T @ d, d.mean(0)),
    "a sample lost": lambda d, c: (d @ c[1].T, c[0][:-1].T @ d[:-1], d.sum(0)),
    "slightly off": lambda d, c: (d @ c[1].T * (1 + 1e-5), c[0].T @ d, d.sum(0)),
    "an entry off": lambda d, c: (d @ c[1].T, c[0].T @ d * (1 + 0.01 * (np.arange(16).reshape(4, 4) == 5)), d.sum(0)),
    "abs": lambda d, c: (d @ c[1].T, c[0].T @ d, np.abs(d).sum(0)),
}


def scaled(scale: float, backward: Callable[[Array, Any], Any] = affine_back) -> CheckReport:
    def forward(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
        out, cache = affine(x, w, b)
        return scale * out, cache

    return check_layer(forward, lambda d, c: backward(scale * d, c), POINT, seed=1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_right_backward_pass_passes_at_any_scale_and_costs_two_evaluations_an_entry(scale: float) -> None:
    report = scaled(scale)
    assert report.verdict is Verdict.PASS
    assert [p.name for p in report.parameters] == ["x", "w", "b"]
    assert report.evaluations <= 2 * report.size + 30


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_one_fails_at_any_scale(wrong: str, scale: float) -> None:
    assert scaled(scale, WRONG[wrong]).verdict is Verdict.FAIL


FAULTS: Mapping[str, tuple[str, Callable[[Array], Array]]] = {
    "clipped at 1": ("clips", lambda d: np.clip(d, -1, 1)),
    "clipped at 2": ("clips", lambda d: np.clip(d, -2, 2)),
    "clipped at 10,000": ("clips", lambda d: np.clip(d, -1e4, 1e4)),
    "normalised": ("clips", lambda d: d / (np.linalg.norm(d) or 1.0)),
    "wrong where large": ("clips", lambda d: np.where(d > 1.6, 0.0, d)),
    "no number for zeros": ("non-finite", lambda d: d if d.any() else d * np.nan),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_linear_in_the_cotangents_fails_and_is_named(fault: str) -> None:
    code, change = FAULTS[fault]
    report = check_layer(affine, lambda d, c: affine_back(change(d), c), POINT, seed=1)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == code


def test_a_penalty_in_the_backward_pass_is_named_however_small() -> None:
    def penalised(d: Array, c: Any) -> tuple[Array, ...]:
        dx, dw, db = affine_back(d, c)
        return dx, dw + 1e-9 * c[1], db

    report = check_layer(affine, penalised, POINT, seed=1)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == "adds-a-constant"


def test_a_cache_that_is_written_to_is_named() -> None:
    def forward(x: Array) -> tuple[Array, list[Array]]:
        return x * 2, [np.full(x.shape, 2.0)]

    def backward(d: Array, cache: list[Array]) -> Array:
        cache[0] *= d
        return cache[0]

    report = check_layer(forward, backward, X, seed=1)
    assert [f.code for f in report.findings] == ["changes-its-cache"]


def two(p: Mapping[str, Array]) -> tuple[dict[str, Array], Any]:
    return {"h": np.tanh(p["x"] @ p["w"]), "c": 1e9 * (p["x"] @ p["w"])}, p


def two_back(d: Mapping[str, Array], p: Mapping[str, Array]) -> dict[str, Array]:
    da = d["h"] * (1 - np.tanh(p["x"] @ p["w"]) ** 2) + 1e9 * d["c"]
    return {"x": da @ p["w"].T, "w": p["x"].T @ da}


def test_each_output_is_checked_alone_however_large_another_is() -> None:
    point = {"x": X, "w": W}
    assert check_layer(two, two_back, point, seed=1).verdict is Verdict.PASS
    report = check_layer(two, lambda d, c: two_back({**d, "h": 1.01 * d["h"]}, c), point, seed=1)
    verdicts = {p.name: p.verdict for p in report.parameters}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.FAIL} == {"x from h", "w from h"}


def test_an_output_whose_gradient_is_lost_is_named() -> None:
    def lost(d: Mapping[str, Array], c: Any) -> dict[str, Array]:
        return two_back({**d, "c": 0 * d["c"]}, c)

    report = check_layer(two, lost, {"x": X, "w": W}, seed=1)
    assert report.findings[0].message.startswith("no gradient comes from output c")


@pytest.mark.parametrize("form", ["array", "tuple", "no cache"])
def test_outputs_come_in_any_form_and_cotangents_in_the_same(form: str) -> None:
    def forward(x: Array) -> Any:
        return {"array": (x**2, x), "tuple": ((x**2, 3 * x), x), "no cache": x * 2}[form]

    def backward(d: Any, *cache: Array) -> Array:
        if form == "no cache":
            return np.asarray(2 * d)
        (x,) = cache
        return np.asarray(2 * x * d if form == "array" else 2 * x * d[0] + 3 * d[1])

    assert check_layer(forward, backward, X, seed=1).verdict is Verdict.PASS


def test_the_seed_is_shown_and_nothing_of_the_callers_is_changed() -> None:
    before = {name: values.copy() for name, values in POINT.items()}
    report = check_layer(affine, affine_back, POINT)
    (note,) = (note for note in report.notes if "from seed" in note)
    assert f"from seed {report.settings['seed']}" in note
    for name, values in before.items():
        np.testing.assert_array_equal(POINT[name], values)


def test_a_forward_pass_that_is_random_is_refused() -> None:
    noise = np.random.default_rng()

    def forward(x: Array) -> tuple[Array, Array]:
        mask = noise.integers(0, 2, x.shape)
        return x * mask, mask

    with pytest.raises(ProblemError, match="differs from call to call"):
        check_layer(forward, lambda d, mask: d * mask, X)


@pytest.mark.parametrize(
    ("forward", "backward", "error"),
    [
        (lambda x: ("text", x), lambda d, c: d, ProblemError),
        (lambda x: (x / 0, x), lambda d, c: d, ProblemError),
        (lambda x: (x, x), lambda d, c: d[:1], ProblemError),
        (lambda x: (x, x), lambda d, c: None, ProblemError),
        (lambda x: (x, x), lambda d: d, UserFunctionError),
    ],
)
def test_what_is_no_layer_is_an_error_of_ours(forward: Any, backward: Any, error: type[Exception]) -> None:
    with np.errstate(all="ignore"), pytest.raises(error):
        check_layer(forward, backward, X)


def test_it_is_told_from_which_outputs_the_error_comes() -> None:
    notes = check_layer(affine, WRONG["a sample lost"], POINT, seed=1).notes
    (note,) = (note for note in notes if note.startswith("the error of w"))
    column = note.partition("w[")[2].partition("]")[0].split(", ")[1]
    assert note.endswith(f"comes from y[4, {column}] alone")


@pytest.mark.parametrize("more", [{"mode": "screen"}, {"max_evals": 90}])
def test_of_some_entries_it_is_told_as_well(more: dict[str, Any]) -> None:
    point = {"x": _random.normal(size=(5, 9)), "w": _random.normal(size=(9, 4)), "b": _random.normal(size=4)}

    def lost(d: Array, c: Any) -> tuple[Array, ...]:
        dx, dw, db = affine_back(d, c)
        dw[7, 2] -= c[0][4, 7] * d[4, 2]
        return dx, dw, db

    report = check_layer(affine, lost, point, seed=1, **more)
    assert report.verdict is Verdict.FAIL
    assert "the error of w[7, 2] comes from y[4, 2] alone" in report.notes


def test_a_backward_pass_that_writes_to_its_cotangents_is_right_and_told_of() -> None:
    report = check_layer(lambda x: (3 * x, None), lambda d, _: np.multiply(d, 3, out=d), X, seed=1)
    assert report.verdict is Verdict.PASS
    assert any("modifies the cotangents" in note for note in report.notes)


def test_what_only_samples_can_mean_is_not_said_of_a_layer() -> None:
    def forward(x: Array) -> tuple[Array, Array]:
        return x - x.mean(axis=0), x

    (finding,) = check_layer(forward, lambda d, x: d, X, seed=1).findings
    assert (finding.code, finding.where) == ("constant-along-axis", "dx")
    assert "sample" not in finding.message + finding.note + finding.help


def split(x: Array) -> tuple[dict[str, Array], Array]:
    return {"a": x**2, "b": np.sin(x)}, x


def one_for_all(d: Mapping[str, Array], x: Array) -> Array:
    return np.asarray(2 * x * d["a"] if np.any(d["a"]) else np.cos(x) * d["b"])


def test_an_output_that_takes_the_place_of_another_fails() -> None:
    right = check_layer(split, lambda d, x: 2 * x * d["a"] + np.cos(x) * d["b"], X, seed=1)
    assert right.verdict is Verdict.PASS
    report = check_layer(split, one_for_all, X, seed=1)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == "not-linear"


def test_a_backward_pass_that_is_right_only_at_first_fails() -> None:
    calls = 0

    def later_wrong(d: Array, c: Any) -> tuple[Array, ...]:
        nonlocal calls
        calls += 1
        dx, dw, db = affine_back(d, c)
        return dx, dw * (1.1 if calls > 2 else 1), db

    report = check_layer(affine, later_wrong, POINT, seed=1)
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == "changes-its-cache"


@pytest.mark.parametrize("factor", [5.0, 0.0, -1.0, 1.01])
def test_a_small_entry_of_an_output_hides_behind_no_large_one(factor: float) -> None:
    sizes = np.array([1e10, 1e-8])

    def forward(x: Array) -> tuple[Array, Array]:
        return sizes * x, x

    assert check_layer(forward, lambda d, x: sizes * d, np.array([0.7, -0.4]), seed=1).verdict is Verdict.PASS
    wrong = sizes * [1, factor]
    assert check_layer(forward, lambda d, x: wrong * d, np.array([0.7, -0.4]), seed=1).verdict is Verdict.FAIL


def single(p: Mapping[str, Array]) -> tuple[Array, Any]:
    x, w = p["x"].astype("f4"), p["w"].astype("f4")
    y = np.tanh(x @ w)
    return y, (x, w, y)


def single_back(d: Array, cache: Any) -> dict[str, Array]:
    x, w, y = cache
    dz = d.astype("f4") * (1 - y * y)
    return {"x": dz @ w.T, "w": x.T @ dz}


def test_a_layer_in_float32_never_fails_for_its_rounding() -> None:
    point = {"x": X, "w": W}
    for seed in range(5):
        assert check_layer(single, single_back, point, seed=seed).verdict is not Verdict.FAIL
    wrong = check_layer(single, lambda d, c: {**single_back(d, c), "w": 1.1 * single_back(d, c)["w"]}, point, seed=1)
    assert wrong.verdict is Verdict.FAIL


@pytest.mark.parametrize("largest", [5.0, 18.0, 30.0])
def test_terms_that_cancel_are_no_fault(largest: float) -> None:
    def softmax(x: Array) -> tuple[Array, Array]:
        e = np.exp(x - x.max())
        return e / e.sum(), e / e.sum()

    report = check_layer(softmax, lambda d, y: y * (d - (d * y).sum()), np.array([largest, 0.3, -0.2]), seed=1)
    assert report.verdict is not Verdict.FAIL


def test_a_cache_may_be_used_up_and_outputs_may_have_any_names() -> None:
    Pair = namedtuple("Pair", ["y", "z"])  # noqa: PYI024
    assert check_layer(lambda x: (x**3, {"x": x}), lambda d, c: 3 * d * c.pop("x") ** 2, X, seed=1).passed
    assert check_layer(lambda x: (Pair(x, 2 * x), None), lambda d, _: d.y + 2 * d.z, X, seed=1).passed
    assert check_layer(lambda x: ({0: x, 1: 2 * x}, None), lambda d, _: d[0] + 2 * d[1], X, seed=1).passed


def test_what_only_explains_takes_no_verdict_away() -> None:
    def narrow(x: Array) -> tuple[Array, Array]:
        if abs(x[0] - 1e-3) > 2e-8:
            raise RuntimeError
        return np.array([1e9 * (x[0] - 1e-3), x[1]]), x

    try:
        report = check_layer(narrow, lambda d, x: d * [2e9, 1], np.array([1e-3, 2.0]), seed=1)
    except UserFunctionError as error:
        assert "RuntimeError" in error.message
    else:
        assert report.verdict is not Verdict.PASS


def test_a_gradient_that_small_cotangents_do_not_have_is_seen() -> None:
    matrix = np.arange(1.0, 13).reshape(3, 4)

    def with_a_dead_zone(u: Array, _: Any) -> Array:
        return np.asarray(matrix.T @ np.where(np.abs(u) < 0.01, 0.0, u))

    report = check_layer(lambda x: (matrix @ x, None), with_a_dead_zone, np.ones(4))
    assert report.verdict is Verdict.FAIL
    assert "a threshold" in report.findings[0].help


def test_an_output_that_is_lost_beside_a_larger_one_is_seen() -> None:
    def forward(x: Array) -> tuple[dict[str, Array], Array]:
        return {"a": np.tanh(x), "b": 1e-4 * np.sin(x)}, x

    def first_alone(u: dict[str, Array], x: Array) -> Array:
        if u["a"].any():
            return np.asarray(u["a"] * (1 - np.tanh(x) ** 2))
        return np.asarray(u["b"] * 1e-4 * np.cos(x))

    def right(u: dict[str, Array], x: Array) -> Array:
        return np.asarray(u["a"] * (1 - np.tanh(x) ** 2) + u["b"] * 1e-4 * np.cos(x))

    point = np.array([0.3, 0.7])
    assert check_layer(forward, right, point).verdict is Verdict.PASS
    assert check_layer(forward, first_alone, point).verdict is Verdict.FAIL


def cell(x: Array, c: Array, w: Array) -> tuple[Array, Array, tuple[Array, ...]]:
    """Return both states of a cell, and behind them what its backward pass needs."""
    after = c + np.tanh(x @ w)
    return np.sin(after), after, (x, w, after)


@pytest.mark.parametrize(("kept", "verdict"), [(1.0, Verdict.PASS), (0.0, Verdict.FAIL)])
def test_a_layer_returns_its_cache_behind_several_outputs(kept: float, verdict: Verdict) -> None:
    def backward(dh: Array, dc: Array, cache: tuple[Array, ...]) -> tuple[Array, ...]:
        x, w, after = cache
        d = dh * np.cos(after) + kept * dc
        inner = d * (1 - np.tanh(x @ w) ** 2)
        return inner @ w.T, d, x.T @ inner

    def of_one_tuple(both: tuple[Array, Array], cache: tuple[Array, ...]) -> tuple[Array, ...]:
        return backward(*both, cache)

    random = np.random.default_rng(5)
    point = {"x": random.normal(size=(3, 2)), "c": random.normal(size=(3, 4)), "w": random.normal(size=(2, 4))}
    for passes in (backward, of_one_tuple):
        report = check_layer(cell, passes, point, seed=1)
        assert report.verdict is verdict
        assert {row.name for row in report.parameters if row.verdict is Verdict.FAIL} == (
            set() if kept else {f"{name} from y1" for name in point}
        )


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_passes_may_share_a_context(sign: float) -> None:
    class Swish:
        @staticmethod
        def forward(ctx: Any, x: Array, beta: Array, mode: str) -> Array:
            s = 1 / (1 + np.exp(-beta * x))
            ctx.save_for_backward(x, s)
            ctx.beta = beta
            return np.asarray(x * s)

        @staticmethod
        def backward(ctx: Any, d: Array) -> tuple[Any, ...]:
            x, s = ctx.saved_tensors
            return d * (s + sign * ctx.beta * x * s * (1 - s)), (d * x * x * s * (1 - s)).sum(), None

    report = check_layer(Swish.forward, Swish.backward, {"x": X, "beta": 1.3}, data={"mode": "train"}, seed=1)
    assert [row.verdict for row in report.parameters] == [Verdict.PASS if sign == 1 else Verdict.FAIL, Verdict.PASS]

    class Cube:
        @staticmethod
        def forward(ctx: Any, x: Array) -> Array:
            ctx.x = x
            return x**3

        @staticmethod
        def backward(ctx: Any, d: Array) -> Array:
            return np.asarray(sign * 3 * d * ctx.x**2)

    assert check_layer(Cube.forward, Cube.backward, X, seed=1).passed == (sign == 1)


@pytest.mark.parametrize("logit", [10.0, 25.0, 40.0])
def test_a_saturated_output_does_not_make_a_right_log_softmax_wrong(logit: float) -> None:
    def softmax(x: Array) -> Array:
        e = np.exp(x - x.max())
        return np.asarray(e / e.sum())

    def forward(x: Array) -> tuple[Array, Array]:
        shifted = x - x.max()
        return shifted - np.log(np.exp(shifted).sum()), x

    point = np.array([0.3, logit, -3.0])
    right = check_layer(forward, lambda u, x: u - softmax(x) * u.sum(), point, seed=0)
    wrong = check_layer(forward, lambda u, x: u - 1.001 * softmax(x) * u.sum(), point, seed=0)
    assert (right.verdict, wrong.verdict) == (Verdict.PASS, Verdict.FAIL)


@pytest.mark.parametrize("seed", [23, 25, 40])
def test_gradients_next_to_nothing_beside_others_are_no_fault_of_ours(seed: int) -> None:
    def forward(x: Array) -> tuple[dict[str, Array], Array]:
        return {"a": np.exp(-x), "b": np.sin(x)}, x

    def backward(u: dict[str, Array], x: Array) -> Array:
        return np.asarray(-np.exp(-x) * u["a"] + np.cos(x) * u["b"])

    assert check_layer(forward, backward, np.array([730.0, 735.0, 740.0]), seed=seed).verdict is not Verdict.FAIL
