from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gradcheck_cli.numeric.noise import EPS, measured_noise, noise_plateau, table_noise, typical_sizes
from gradcheck_cli.parameters import Parameters
from gradcheck_cli.problems.user_function import FunctionProblem


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
    noise = measured_noise(problem(smooth), seed=0)
    assert EPS * abs(smooth({"x": np.array([0.7, -1.3, 0.4])})) / 2 <= noise < 10 * EPS


def test_offset_brings_its_own_noise() -> None:
    assert measured_noise(problem(lambda p: smooth(p) + 1e6), seed=0) >= EPS * 1e6 / 2


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_noise_scales_with_the_loss(scale: float) -> None:
    plain = measured_noise(problem(smooth), seed=0)
    assert measured_noise(problem(lambda p: scale * smooth(p)), seed=0) == pytest.approx(scale * plain, rel=9)


def test_loss_rounded_to_decimals_is_found_by_wider_spacings() -> None:
    assert 1e-7 < measured_noise(problem(lambda p: round(smooth(p), 6)), seed=0) < 1e-5


def test_kink_at_the_point_is_not_noise() -> None:
    noise = measured_noise(problem(lambda p: float(np.abs(p["x"]).sum()), (0.0, 0.0, 1.0)), seed=0)
    assert noise < 10 * EPS


def test_constant_loss_has_the_noise_of_one() -> None:
    assert measured_noise(problem(lambda p: 0.0), seed=0) == EPS


def test_stairs_that_small_spacings_do_not_see_show_as_a_plateau() -> None:
    def loss(p: Parameters) -> float:
        return smooth(p) + 1e-7 * float(np.floor(1e7 * p["x"][0]) % 2)

    assert noise_plateau(problem(loss), seed=0) > 1e-8
    assert noise_plateau(problem(smooth), seed=0) < 10 * EPS


def test_same_seed_same_noise() -> None:
    assert measured_noise(problem(smooth), seed=3) == measured_noise(problem(smooth), seed=3)


def test_typical_size_is_the_entry_or_the_rms_or_one() -> None:
    np.testing.assert_allclose(typical_sizes(np.array([3.0, 0.0])), [3, 3 / np.sqrt(2)])
    np.testing.assert_array_equal(typical_sizes(np.zeros((2, 2))), np.ones((2, 2)))
    np.testing.assert_allclose(typical_sizes(np.array([1e300, 1e300])), 1e300)
