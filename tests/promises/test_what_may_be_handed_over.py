"""Arrays of every kind are taken for what they mean, or refused by name; so are settings."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli import GradcheckError, check_gradient
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError, UserFunctionError
from gradcheck_cli.vocabulary.results import Verdict
from tests.zoo import Array

POINT = [1.0, -2.0, 3.5]


def loss(x: Array) -> float:
    return float((x**2).sum())


def gradient(x: Array) -> Array:
    return 2 * x


class Subclass(np.ndarray[Any, Any]):
    """An array of the user's own kind."""


def mapped(folder: Path) -> Any:
    found = np.memmap(folder / "x.bin", dtype=np.float64, mode="w+", shape=3)
    found[:] = POINT
    return found


def read_only(_: Path) -> Any:
    found = np.array(POINT)
    found.flags.writeable = False
    return found


def masked(mask: list[bool]) -> Any:
    found: Any = np.ma.masked_array(np.array(POINT), np.array(mask))  # type: ignore[no-untyped-call, unused-ignore]
    return found


TAKEN: dict[str, Callable[[Path], Any]] = {
    "memmap": mapped,
    "read-only": read_only,
    "subclass": lambda _: np.array(POINT).view(Subclass),
    "strided": lambda _: np.array([*POINT, *POINT])[::2],
    "0-d": lambda _: np.array(2.0),
    "number": lambda _: 2,
    "masked, but nothing of it": lambda _: masked([False, False, False]),
    "float16": lambda _: np.array([1.0, 2.0], np.float16),
    "big-endian": lambda _: np.array(POINT, ">f8"),
    "Fortran": lambda _: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_such_an_array_is_a_point_and_stays_as_it_is(kind: str, tmp_path: Path) -> None:
    point = TAKEN[kind](tmp_path)
    before = np.array(point)
    assert check_gradient(loss, gradient, point).verdict is Verdict.PASS
    assert check_gradient(loss, lambda x: 3 * x, point).verdict is Verdict.FAIL
    np.testing.assert_array_equal(np.array(point), before)


@pytest.mark.parametrize("kind", ["series", "frame"])
def test_a_table_is_a_point(kind: str) -> None:
    pandas = pytest.importorskip("pandas")
    point = pandas.Series(POINT) if kind == "series" else pandas.DataFrame({"a": POINT, "b": POINT})
    assert check_gradient(loss, gradient, point).verdict is Verdict.PASS


def test_a_sparse_matrix_is_refused_by_name() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(ProblemError, match=r"parameter x is csr_\w+, expected an array of real numbers"):
        check_gradient(loss, gradient, sparse.csr_array(np.eye(2)))


def test_masked_entries_are_refused_wherever_they_stand() -> None:
    with pytest.raises(ProblemError, match="parameter x has 1 masked entry, expected a number in each"):
        check_gradient(loss, gradient, masked([True, False, False]))
    with pytest.raises(ProblemError, match="x from the gradient has 2 masked entries"):
        check_gradient(loss, lambda _: masked([True, False, True]), POINT)
    with pytest.raises(ProblemError, match="has 1 masked entry"):
        check_gradient(lambda _: np.ma.masked, gradient, POINT)


@pytest.mark.parametrize(
    "settings",
    [
        {"jobs": "2"}, {"jobs": 0}, {"jobs": 1.5}, {"jobs": True}, {"seed": "x"}, {"seed": -1}, {"seed": 1.5},
        {"seed": True}, {"executor": 3}, {"data": [1]}, {"data": {1: 2}}, {"epsilon": True}, {"epsilon": [1]},
        {"threshold": "x"}, {"threshold": None}, {"max_evals": 1.5}, {"max_evals": True}, {"locate": 0},
        {"time_limit": "1"}, {"repeat": 1.0}, {"points": True}, {"classic": 1}, {"mode": 3}, {"precision": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_setting_of_the_wrong_kind_is_refused_by_name(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(settings))):
        check_gradient(loss, gradient, POINT, **settings)


@pytest.mark.parametrize(
    "settings", [{"seed": np.int64(3)}, {"max_evals": np.int32(500)}, {"threshold": np.float32(1e-6)}]
)
def test_numbers_of_numpy_are_numbers(settings: dict[str, Any]) -> None:
    assert check_gradient(loss, gradient, POINT, **settings).verdict is Verdict.PASS


def test_an_executor_that_was_shut_down_is_an_error_of_ours() -> None:
    shut: Executor = ThreadPoolExecutor(1)
    shut.shutdown()
    with pytest.raises(GradcheckError, match="takes no more tasks"):
        check_gradient(loss, gradient, POINT, executor=shut)


class Rude:
    """Raises wherever it is looked at."""

    def __init__(self, error: BaseException) -> None:
        self.__dict__["error"] = error

    def __getattr__(self, name: str) -> Any:
        raise self.__dict__["error"]

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise self.__dict__["error"]

    def __repr__(self) -> str:
        raise self.__dict__["error"]

    def __call__(self, *_: Any) -> Any:
        raise self.__dict__["error"]


@pytest.mark.parametrize("error", [SystemExit(0), GeneratorExit(), RuntimeError("x"), AttributeError("x")], ids=repr)
def test_whatever_an_object_raises_becomes_an_error_of_ours(error: BaseException) -> None:
    rude = Rude(error)
    calls: list[Callable[[], Any]] = [
        lambda: check_gradient(loss, gradient, rude),
        lambda: check_gradient(lambda _: rude, gradient, POINT),
        lambda: check_gradient(loss, lambda _: rude, POINT),
        lambda: check_gradient(loss, lambda _: {"x": rude}, POINT),
        lambda: check_gradient(rude, gradient, POINT),
        lambda: check_gradient(loss, rude, POINT),
        lambda: check_gradient(lambda _: (1.0, rude), None, POINT),
    ]
    for call in calls:
        with pytest.raises((ProblemError, UserFunctionError)):
            call()
