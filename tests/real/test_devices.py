"""Where torch and jax keep their arrays: the same directions, to the bit, and the same verdicts."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import Verdict, check_gradient
from gradcheck_cli.problems import directions as of_numpy
from gradcheck_cli.problems.devices.device import Mirror
from gradcheck_cli.problems.devices.directions import Field, along, move, move_back
from gradcheck_cli.problems.devices.make import device_of
from gradcheck_cli.problems.directions import ALL, NONZERO, TINY, ZERO, Direction, sizes_of
from gradcheck_cli.problems.functions import make
from gradcheck_cli.problems.functions.identity import identity_of
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array
from tests.support import run

torch: Any = importlib.import_module("torch")
jnp: Any = importlib.import_module("jax.numpy")

RANDOM = np.random.default_rng(0)
POINT = {"W": RANDOM.normal(size=(9, 20)), "b": np.zeros(9), "V": RANDOM.normal(size=(4, 9))}
POINT["V"][0, :3] = 0.0, 1e-6, 1e-30
X = RANDOM.normal(size=(20, 7))
FRAMEWORKS = {"torch": torch, "jax": jnp}


def far_away(framework: str, name: str | None = None, arithmetic: str = "float64") -> Any:
    """Return a device that is worked on as those are whose memory is not numpy's."""
    device: Any = device_of(framework, name, arithmetic)
    device.on_cpu, device.moves, device.piece = False, True, 50
    return device


@pytest.fixture(params=[(f, far) for f in FRAMEWORKS for far in (False, True)], ids=lambda p: f"{p[0]}, far {p[1]}")
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Offer the devices; what is checked with their frameworks is checked on them."""
    framework, far = request.param
    if far:
        monkeypatch.setattr(make, "device_of", far_away)
    yield far_away(framework) if far else device_of(framework)


def field_on(device: Any) -> Field:
    """Return the point on a device."""
    there = {name: device.put(values).reshape(-1) for name, values in POINT.items()}
    return Field.of(device, POINT, sizes_of(POINT), there)


def loss_of(device: Any) -> Any:
    """Return a loss in the functions of a framework."""
    xp = device.xp
    return lambda p, X: (xp.tanh(p["V"] @ xp.tanh(p["W"] @ X + p["b"][:, None])) ** 2).mean()


@pytest.mark.parametrize("among", [ALL, NONZERO, ZERO, TINY])
@pytest.mark.parametrize(
    ("start", "stop", "weighted"), [(0, 225, False), (0, 225, True), (33, 191, False), (70, 71, False)]
)
def test_parameters_are_moved_to_where_numpy_moves_them(
    device: Any, start: int, stop: int, weighted: bool, among: int
) -> None:
    direction, field = Direction(5, 3, start, stop, weighted, among), field_on(device)
    expected = {name: values.copy() for name, values in POINT.items()}
    of_numpy.move(expected, POINT, sizes_of(POINT), direction, 2.0**-20 / 3)
    moved = {name: device.own(device.put(values), watched=True) for name, values in POINT.items()}
    move(field, moved, direction, 2.0**-20 / 3)
    for name, values in moved.items():
        np.testing.assert_array_equal(device_array(values), expected[name])
    move_back(field, moved, direction)
    for name, values in moved.items():
        np.testing.assert_array_equal(device_array(values), POINT[name])


def device_array(values: Any) -> Array:
    """Return an array of a framework as one of numpy."""
    return np.asarray(values.detach() if hasattr(values, "detach") else values)


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
def test_slopes_are_what_numpy_makes_of_them(device: Any, size: float) -> None:
    claim = {name: size * RANDOM.normal(size=values.shape) for name, values in POINT.items()}
    there = {name: device.put(values).reshape(-1) for name, values in claim.items()}
    for direction in (Direction(5, 3, 0, 225), Direction(5, 4, 33, 191)):
        slope, norm = along(field_on(device), direction, there)
        expected, expected_norm = of_numpy.along(direction, claim, POINT, sizes_of(POINT))
        assert abs(slope - expected) <= 1e-14 * norm
        assert norm == pytest.approx(expected_norm, rel=1e-14)


def test_what_float32_loses_of_a_right_gradient_is_not_called_wrong(device: Any) -> None:
    """Here cancellation takes the digits; a formula that is wrong in float32 alone looks the same, one in both not."""
    x = np.linspace(1000.0, 1000.6, 40)
    y = 2.0 * (x - x.mean()) + 0.3

    def loss(p: Any, x: Any, y: Any) -> Any:
        return ((p["a"] * (x - x.mean()) + p["b"] - y) ** 2).mean()

    def wrong_in_single(p: Any, x: Any, y: Any) -> Any:
        return loss(p, x, y) * (1.2 if str(p["a"].dtype).endswith("float32") else 1.0)

    settings: dict[str, Any] = {"data": {"x": x, "y": y}, "autograd": device.framework, "seed": 1}
    point = {"a": np.array([2.001]), "b": np.array([0.3])}
    assert check_gradient(loss, None, point, **settings).passed
    for function in (loss, wrong_in_single):
        report = check_gradient(function, None, point, precision="float32", **settings)
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "right in float64" in report.reasons[0]
    few = check_gradient(loss, None, point, precision="float32", max_evals=report.evaluations - 1, **settings)
    assert (few.verdict is not Verdict.PASS, few.evaluations < report.evaluations) == (True, True)


def test_what_does_not_go_with_a_precision_says_so(device: Any) -> None:
    single = device.put(np.ones(2))

    def mixed(p: Any) -> Any:
        return (p["w"] @ (single if device.framework == "torch" else p["w"])).sum() + 0 * (p["w"] * single).sum()

    point, settings = {"w": np.array([1.0, 2.0])}, {"autograd": device.framework, "seed": 1}
    if device.framework == "torch":
        with pytest.raises(UserFunctionError) as caught:
            check_gradient(mixed, None, point, precision="float32", **settings)
        assert "computed in float32" in str(caught.value.hint)
    with pytest.raises(ProblemError, match="too large for float16"):
        check_gradient(mixed, None, {"w": np.array([1.0, 1e6])}, precision="float16", **settings)


@pytest.mark.parametrize("mode", ["full", "screen"])
def test_a_right_gradient_passes_and_a_wrong_entry_is_found(device: Any, mode: str) -> None:
    framework, right = device.framework, loss_of(device)
    if (framework, mode) == ("jax", "full"):
        pytest.skip("what jax compiles for single entries takes long, and torch's path is the same")
    settings: dict[str, Any] = {"data": {"X": X}, "autograd": framework, "mode": mode, "seed": 1}
    assert check_gradient(right, None, POINT, **settings).passed

    def wrong(p: Any, X: Any) -> Any:  # its framework's gradient lacks what W[3, 2] does
        held = p["W"].detach() if framework == "torch" else importlib.import_module("jax").lax.stop_gradient(p["W"])
        keep = np.ones((9, 20))
        keep[3, 2] = 0.0
        kept = torch.tensor(keep) if framework == "torch" else jnp.array(keep)
        return right({**p, "W": p["W"] * kept + held * (1 - kept)}, X)

    report = check_gradient(wrong, None, POINT, **settings)
    assert report.verdict is Verdict.FAIL
    assert [p.name for p in report.parameters if p.verdict is Verdict.FAIL] == ["W"]
    assert "W[3, 2]" in str(report)


def test_with_a_precision_the_claim_is_computed_in_it_and_the_losses_in_float64(device: Any) -> None:
    precision = "float32"
    seen, plain = [], loss_of(device)

    def loss(p: Any, X: Any) -> Any:
        seen.append(str(p["W"].dtype).removeprefix("torch."))
        assert str(X.dtype) == str(p["W"].dtype)
        return plain(p, X)

    settings: dict[str, Any] = {"data": {"X": X}, "autograd": device.framework, "mode": "screen", "seed": 1}
    assert check_gradient(loss, None, POINT, precision=precision, **settings).passed
    assert (seen.count(precision), set(seen)) == (2, {precision, "float64"})
    with_factor = lambda p, X: 1.5 * plain(p, X) if str(p["W"].dtype).endswith(precision) else plain(p, X)  # noqa: E731
    assert not check_gradient(with_factor, None, POINT, precision=precision, **settings).passed


def test_nothing_of_the_caller_s_is_changed_and_a_loss_that_writes_to_its_arrays_is_told_of() -> None:
    def loss(p: Any, X: Any) -> Any:
        with torch.no_grad():
            p["b"] += 1.0
        return (p["b"].sum() + (p["W"] @ X).mean()) ** 2

    before = {name: values.copy() for name, values in POINT.items()}
    for mode in ("full", "screen"):
        report = check_gradient(loss, None, POINT, data={"X": X}, autograd="torch", mode=mode, seed=1)
        assert report.passed
        assert any("modifies its input b" in note for note in report.notes)
    for name, values in POINT.items():
        np.testing.assert_array_equal(values, before[name])


def test_a_loss_that_remembers_its_tensors_is_asked_with_new_ones() -> None:
    known: dict[int, Any] = {}

    def loss(p: Any) -> Any:
        key = id(p["W"])
        if key not in known:
            known[key] = (p["W"], (p["W"] ** 2).sum())
        return known[key][1]

    report = check_gradient(loss, None, {"W": POINT["W"]}, autograd="torch", mode="screen", seed=1)
    assert report.passed
    assert any("keeps the arrays" in note for note in report.notes)


def test_a_device_that_is_not_there_is_named_with_what_there_is(device: Any) -> None:
    with pytest.raises(SettingError, match="device is 'nowhere'"):
        check_gradient(loss_of(device), None, POINT, data={"X": X}, autograd=device.framework, device="nowhere")
    with pytest.raises(SettingError, match="no framework is named"):
        check_gradient(lambda p: 0.0, None, POINT, device="cpu")


def test_a_device_that_is_not_numpy_s_is_for_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "device_of", far_away)
    with pytest.raises(SettingError, match="one process"):
        check_gradient(lambda p: (p["W"] ** 2).sum(), None, POINT, autograd="torch", jobs=2)


def test_what_is_on_a_device_is_put_there_again_in_another_process(device: Any) -> None:
    mirror = pickle.loads(pickle.dumps(Mirror(device)))
    np.testing.assert_array_equal(device_array(mirror(POINT["W"])), POINT["W"])
    assert mirror.keep(POINT["W"]) is mirror(POINT["W"])


def test_the_command_says_which_device_there_is_not(tmp_path: Any) -> None:
    (tmp_path / "f.py").write_text("def loss(x):\n    return (x**2).sum()\n")
    done = run("func", "f.py:loss", "--autograd", "torch", "--device", "cpu", "--at", "1,2", cwd=tmp_path)
    assert (done.returncode, done.stdout[:4]) == (0, "PASS")
    for framework, device in (("torch", "cuda:7"), ("torch", "meta"), ("jax", "tpu")):
        done = run("func", "f.py:loss", "--autograd", framework, "--device", device, "--at", "1,2", cwd=tmp_path)
        assert done.returncode == 2
        assert f"device is '{device}', which {framework} does not offer here" in done.stderr
    done = run("func", "f.py:loss", "--device", "cpu", "--at", "1,2", cwd=tmp_path)
    assert (done.returncode, "--device goes with --autograd" in done.stderr) == (2, True)


def test_a_saved_state_belongs_to_one_loss(device: Any) -> None:
    losses = loss_of(device), lambda p, X: 2 * loss_of(device)(p, X)
    problems = [make.function_problem(loss, None, POINT, data={"X": X}, autograd=device.framework) for loss in losses]
    first, other = map(identity_of, problems)
    assert first == identity_of(problems[0]) != other


def test_data_arrive_as_plain_as_they_were(device: Any) -> None:
    """Data may be written to, read by numpy, and be of kinds that no framework has."""
    framework, weights = device.framework, RANDOM.normal(size=3)

    def loss(p: Any, X: Any, **_: Any) -> Any:
        if framework == "torch":
            assert not X.requires_grad
            np.asarray(X)
        return ((X @ p["w"]) ** 2).sum() + p["a"] ** 2

    rows = RANDOM.normal(size=(6, 3))
    some = {"lam": np.float64(0.5), "names": np.array(["a", "b"]), "k": np.array([1], dtype=">i8"), "d": {"a": rows}}
    for X in (rows[::-1], rows.astype(">f8"), rows.astype(np.longdouble)):
        point = {"w": weights, "a": np.array(0.5)}
        assert check_gradient(loss, None, point, data={"X": X, **some}, autograd=framework).passed


def test_one_array_is_not_taken_for_the_data_of_its_name() -> None:
    def loss(w: Any, x: Any) -> Any:
        made = ((x @ w) ** 2).sum() * 1.0
        w.data.mul_(0.5)
        return made

    problem = make.function_problem(loss, None, np.ones(3), data={"x": X[:6, :3]}, autograd="torch")
    arguments = problem.arguments(problem.point)
    problem.loss_or_nan(arguments)
    assert arguments.changed(problem.point, problem.data) == ["x"]
    assert arguments.size == 8 * (3 + 18)


def test_what_a_loss_of_jax_gives_up_is_its_own() -> None:
    jax: Any = importlib.import_module("jax")
    step = jax.jit(lambda w: 0.9 * w, donate_argnums=0)
    report = check_gradient(lambda w: (step(w) ** 2).sum(), None, np.ones(3), autograd="jax")
    assert report.passed
    report = check_gradient(
        lambda w, D: (step(D) * w).sum() ** 2, None, np.ones(3), data={"D": np.ones(3)}, autograd="jax"
    )
    assert report.passed
