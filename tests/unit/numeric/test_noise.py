from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gradcheck_cli.numeric.noise import hidden_noise, jump, loss_noise, table_noise
from gradcheck_cli.numeric.tolerances import EPS
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.vocabulary.parameters import Parameters


def problem(loss: Callable[[Parameters], float], values: Sequence[float] = (0.7, -1.3, 0.4)) -> FunctionProblem:
    return FunctionProblem({"x": np.array(values)}, loss, {})


def smooth(p: Parameters) -> float:
    return float(np.sum(np.sin(p["x"])))


def test_table_of_white_noise_gives_its_deviation() -> None:
    noise = np.random.default_rng(0).standard_normal((200, 8))
    assert np.median([table_noise(row) for row in noise]) == pytest.approx(1, rel=0.25)


def test_trend_and_curvature_do_not_count_as_noise() -> None:
    t = np.arange(8) * 1e-3
    noise = 1e-9 * np.random.default_rng(1).standard_normal(8)
    assert table_noise(5 + 3 * t - 2 * t**2 + noise) == pytest.approx(1e-9, rel=1.5)


def test_stairs_give_half_a_stair_and_a_constant_gives_nothing() -> None:
    assert table_noise(np.array([1.0, 1, 1, 1, 1, 3, 3, 3])) == 1
    assert table_noise(np.ones(8)) == 0
    assert table_noise(np.array([1.0, 2, np.inf, 3, 4, 5, 6, 7])) == 0


def test_noise_of_a_smooth_loss_is_a_few_units_in_the_last_place() -> None:
    noise = loss_noise(problem(smooth), seed=0).deviation
    assert EPS * abs(smooth({"x": np.array([0.7, -1.3, 0.4])})) / 2 <= noise < 10 * EPS


def test_offset_brings_its_own_noise() -> None:
    assert loss_noise(problem(lambda p: smooth(p) + 1e6), seed=0).deviation >= EPS * 1e6 / 2


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_noise_scales_with_the_loss(scale: float) -> None:
    plain = loss_noise(problem(smooth), seed=0).deviation
    assert loss_noise(problem(lambda p: scale * smooth(p)), seed=0).deviation == pytest.approx(scale * plain, rel=9)


def test_loss_rounded_to_decimals_is_found_by_wider_spacings() -> None:
    assert 1e-7 < loss_noise(problem(lambda p: round(smooth(p), 6)), seed=0).deviation < 1e-5


def test_kink_at_the_point_is_not_noise() -> None:
    noise = loss_noise(problem(lambda p: float(np.abs(p["x"]).sum()), (0.0, 0.0, 1.0)), seed=0).deviation
    assert noise < 10 * EPS


def test_a_loss_that_does_not_move_is_known_to_be_constant() -> None:
    for loss in (lambda p: 0.0, lambda p: float(np.sum(p["x"] - p["x"].mean()) + 3)):
        assert loss_noise(problem(loss), seed=0).constant is not None


def test_a_loss_at_its_minimum_is_not_constant() -> None:
    assert loss_noise(problem(lambda p: float(np.cos(p["x"]).sum()), (0.0, 0.0, 0.0)), seed=0).constant is None
    assert loss_noise(problem(lambda p: float(np.exp(-(p["x"] ** 2)).sum())), seed=0).constant is None


def test_a_loss_of_a_parameter_with_dust_on_its_zero_is_not_constant() -> None:
    for size in (1e-30, 1e-200, 1e-300):
        assert loss_noise(problem(lambda p: float(np.tanh(p["x"] + 1).sum()), (size, size)), seed=0).constant is None


def test_a_trend_and_its_curvature_are_no_noise_at_any_scale() -> None:
    waves = lambda p: float(np.sin((p["x"] - 1e6) * 50).sum())  # noqa: E731
    assert loss_noise(problem(waves, (1e6 + 0.03, 1e6 - 0.02, 1e6)), seed=0).deviation < 1e-7


def test_stairs_that_small_spacings_do_not_see_show_as_a_plateau() -> None:
    def loss(p: Parameters) -> float:
        return smooth(p) + 1e-7 * float(np.floor(1e7 * p["x"][0]) % 2)

    assert hidden_noise(problem(loss), seed=0) > 1e-8
    assert hidden_noise(problem(smooth), seed=0) < 10 * EPS


def test_same_seed_same_noise() -> None:
    assert loss_noise(problem(smooth), seed=3).deviation == loss_noise(problem(smooth), seed=3).deviation


@pytest.mark.parametrize("stair", [1e-3, 1e-6])
def test_a_stair_is_a_jump_however_short_the_stretch(stair: float) -> None:
    assert jump(lambda t: stair * np.floor(3 * t / stair), 0.3, stair / 2) == pytest.approx(stair)


def test_what_is_continuous_has_no_jump() -> None:
    for loss in (lambda t: np.sin(1e4 * t), lambda t: abs(t - 0.1), lambda t: max(t - 0.123, 0.0), lambda t: 7 * t):
        assert jump(loss, 0.3, 1e-3) == 0
    assert jump(lambda t: np.nan, 0.3, 1e-3) == 0


def test_waves_that_are_shorter_than_the_spacing_are_no_noise() -> None:
    for seed in range(6):
        found = loss_noise(problem(lambda p: float(np.sin(1e10 * p["x"]).sum()), (0.7, -1.3, 0.4)), seed)
        assert found.deviation < 1e-3
