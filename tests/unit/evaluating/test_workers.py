"""Several workers, the same numbers; and what happens where one of them dies."""

from __future__ import annotations

import dataclasses
import multiprocessing.forkserver
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.cli.function_files import load_problem
from gradcheck_cli.cli.function_options import PointOptions
from gradcheck_cli.evaluating import pools, workers
from gradcheck_cli.evaluating.budget import Budget, BudgetSpentError
from gradcheck_cli.evaluating.evaluator import Evaluator
from gradcheck_cli.evaluating.journal import Journal, Record
from gradcheck_cli.evaluating.parcels import packed, unpacked
from gradcheck_cli.evaluating.questions import Along
from gradcheck_cli.evaluating.tasks import Task, forget, know, run
from gradcheck_cli.evaluating.workers import workers_of
from gradcheck_cli.problems.directions import Direction
from gradcheck_cli.problems.functions.function import Calls, FunctionProblem
from gradcheck_cli.vocabulary.errors import SettingError, UserFunctionError, WorkerError
from gradcheck_cli.vocabulary.parameters import Parameters

X = np.linspace(0.5, 2.0, 40)
ENTRIES, STEPS = np.tile(np.arange(40), 2), np.repeat([1e-5, -1e-5], 40)
MOVES = [(Direction(1, k, 0, 40), 1e-4) for k in range(30)]

MODEL = """
import numpy as np
def loss(x):
    print("this is no report")
    return float(np.sum(np.sin(x) * x))
def grad(x):
    return np.cos(x) * x + np.sin(x)
"""


@pytest.fixture
def _all_is_worth_sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "WORTH", 0.0)
    monkeypatch.setattr(pools, "WORTH_A_FORK", 0.0)
    monkeypatch.setattr(pools, "WORTH_A_SPAWN", 0.0)
    monkeypatch.setattr(workers, "TASK", 1e-4)


def problem_of(loss: Callable[[Parameters], float]) -> FunctionProblem:
    return FunctionProblem({"x": X}, loss, {"x": np.cos(X)})


def sines(p: Parameters) -> float:
    return float(np.sum(np.sin(p["x"]) * p["x"]))


@contextmanager
def shared(problem: FunctionProblem, **how: Any) -> Iterator[Evaluator]:
    with workers_of(problem, **how) as made:
        assert made is not None
        yield Evaluator(problem, workers=made)


def same_numbers(problem: FunctionProblem, other: Any) -> None:
    np.testing.assert_array_equal(other.loss_changes("x", ENTRIES, STEPS), problem.loss_changes("x", ENTRIES, STEPS))
    np.testing.assert_array_equal(other.losses_along(MOVES), problem.losses_along(MOVES))
    points = [{"x": X + k} for k in range(5)]
    np.testing.assert_array_equal(other.losses_at(points), [problem.loss(point) for point in points])


def from_files(folder: Path) -> FunctionProblem:
    (folder / "model.py").write_text(MODEL)
    np.savez(folder / "x.npz", x=X)
    point = PointOptions(folder / "x.npz", None, (), (), (), (), None)
    return load_problem(f"{folder}/model.py:loss", f"{folder}/model.py:grad", None, point, "model")


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_forked_processes_give_the_same_bits() -> None:
    problem = problem_of(lambda p: sines(p) + 1)
    with shared(problem, jobs=2) as other:
        same_numbers(problem, other)


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_fresh_processes_make_the_problem_from_its_files_and_keep_stdout_clean(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    problem = from_files(tmp_path)
    with shared(problem, jobs=2) as other:
        changes = other.loss_changes("x", ENTRIES, STEPS)
    printed = capfd.readouterr()
    here, shared_lines = printed.out.count("this is no report"), printed.err.count("this is no report")
    assert here < 10  # the first few, and the point
    assert shared_lines > 70
    np.testing.assert_array_equal(changes, problem.loss_changes("x", ENTRIES, STEPS))


def test_fresh_processes_start_on_their_own_where_none_can_be_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError("AF_UNIX path too long")

    monkeypatch.setattr(multiprocessing.forkserver, "ensure_running", refuse)
    assert pools.ProcessPools(2, fresh=True).context.get_start_method() == "spawn"


def test_any_executor_will_do() -> None:
    problem = problem_of(sines)
    with ThreadPoolExecutor(3) as executor, shared(problem, jobs=3, executor=executor) as other:
        same_numbers(problem, other)


def test_what_takes_no_time_is_not_shared() -> None:
    problem = dataclasses.replace(problem_of(sines), calls=Calls(1, 1e-6, 1e-6))
    with shared(problem, jobs=2) as other:
        same_numbers(problem, other)
        assert other.workers is not None
        assert other.workers.crew.executor is None


def test_one_job_needs_no_workers() -> None:
    with workers_of(problem_of(sines)) as other:
        assert other is None


TURNS = [("x", ENTRIES[k : k + 2], STEPS[k : k + 2]) for k in (0, 2, 4)]


def test_workers_go_on_to_the_next_question_before_one_is_answered() -> None:
    next_is_asked = Event()

    def loss(p: Parameters) -> float:
        if p["x"][2] != X[2]:
            next_is_asked.set()
        elif p["x"][0] != X[0]:
            assert next_is_asked.wait(10)
        return sines(p)

    problem = problem_of(loss)
    with ThreadPoolExecutor(3) as executor, shared(problem, jobs=3, executor=executor) as other:
        found = list(other.changes_in_turn(TURNS))
    np.testing.assert_array_equal(found, [problem.loss_changes(*moved) for moved in TURNS])


def test_what_workers_answer_is_kept_in_the_order_of_the_questions_and_within_the_budget() -> None:
    problem, journals = problem_of(sines), [Journal(), Journal()]
    with ThreadPoolExecutor(3) as executor, shared(problem, jobs=3, executor=executor) as other:
        for journal, workers_ in zip(journals, (None, other.workers), strict=True):
            record = Record(journal, (), 0.0)
            evaluator = Evaluator(problem, Budget(most=4), record=record, workers=workers_, fewest=1)
            answers = evaluator.changes_in_turn(TURNS)
            assert [len(next(answers)), len(next(answers))] == [2, 2]
            with pytest.raises(BudgetSpentError):
                next(answers)
            assert evaluator.budget.made == evaluator.evaluations == 4
    assert journals[0].losses == journals[1].losses
    assert journals[0].digest == journals[1].digest


def once(marker: Path) -> bool:
    """Whether this is the first call that is made outside of the process that runs the tests."""
    if os.environ.get("PYTEST_HOME_PID") == str(os.getpid()) or marker.exists():
        return False
    marker.touch()
    return True


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_what_a_dead_worker_was_at_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_HOME_PID", str(os.getpid()))

    def fatal(p: Parameters) -> float:
        if once(tmp_path / "died"):
            os.kill(os.getpid(), signal.SIGKILL)
        return sines(p)

    problem = problem_of(fatal)
    with shared(problem, jobs=2) as other:
        same_numbers(problem_of(sines), other)
    assert (tmp_path / "died").exists()


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_a_worker_that_always_dies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    home = os.getpid()

    def fatal(p: Parameters) -> float:
        if os.getpid() != home:
            os.kill(os.getpid(), signal.SIGKILL)
        return sines(p)

    with shared(problem_of(fatal), jobs=2) as other, pytest.raises(WorkerError, match="one worker after another"):
        other.loss_changes("x", ENTRIES, STEPS)


def deadly(p: Parameters) -> float:
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    return sines(p)


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_the_death_of_a_worker_of_the_users_own_pool_is_an_error() -> None:
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool,
        shared(problem_of(deadly), executor=pool) as other,
        pytest.raises(WorkerError, match="does not continue without it"),
    ):
        other.loss_changes("x", ENTRIES, STEPS)


def test_a_worker_with_another_loss_is_an_error() -> None:
    problem = dataclasses.replace(problem_of(sines), claim=None)
    vars(problem)["here"] = 12.5  # what the loss is at home
    with pytest.raises(WorkerError, match=r"on a worker, expected 12\.5"):
        unpacked(packed(problem, abroad=True))


def test_threads_of_one_worker_may_be_at_different_problems() -> None:
    problem = problem_of(sines)
    parcel = packed(problem, abroad=True)
    with ThreadPoolExecutor(8) as pool:
        tasks = [Task(f"key {k % 5}", Along(MOVES[:2]), parcel) for k in range(400)]
        answers = list(pool.map(run, tasks))
    assert all(answer is not None for answer in answers)


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_what_the_function_raises_comes_home_with_its_traceback() -> None:
    home = os.getpid()

    def broken(p: Parameters) -> float:
        if os.getpid() != home:
            raise TypeError("not here")
        return sines(p)

    with shared(problem_of(broken), jobs=2) as other, pytest.raises(UserFunctionError, match="not here") as caught:
        other.loss_changes("x", ENTRIES, STEPS)
    assert "raise TypeError" in caught.value.user_traceback


@pytest.mark.usefixtures("_all_is_worth_sharing")
def test_an_interruption_leaves_no_process_behind() -> None:
    def slow(p: Parameters) -> float:
        time.sleep(0.05)
        return sines(p)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), shared(problem_of(slow), jobs=2) as other:
        other.loss_changes("x", ENTRIES[:8], STEPS[:8])
        raise KeyboardInterrupt
    assert time.monotonic() - started < 10


def test_a_task_is_small_however_long_the_parameters_are() -> None:
    task = Task("key", Along([(Direction(1, 2, 0, 10**9), 1e-6)] * 10))
    assert len(pickle.dumps(task)) < 1000


def test_a_worker_says_where_it_does_not_know_the_problem() -> None:
    problem = problem_of(sines)
    task = Task("unheard of", Along(MOVES))
    assert run(task) is None
    answer = run(task._replace(parcel=packed(problem, abroad=True)))
    assert answer is not None
    np.testing.assert_array_equal(answer[0], problem.losses_along(MOVES))
    forget("unheard of")
    know("k", problem)
    forget("k")
    assert run(task) is None


def test_files_travel_where_they_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = from_files(tmp_path)
    expected = problem.losses_along(MOVES)
    parcel = packed(problem, abroad=True)
    for file in ("model.py", "x.npz"):
        (tmp_path / file).rename(tmp_path / f"{file}.gone")
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(unpacked(parcel).losses_along(MOVES), expected)


def test_what_cannot_be_sent_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcheck_cli.evaluating.parcels.pickler", lambda: pickle)
    with pytest.raises(SettingError, match="cannot be sent to other processes"):
        packed(problem_of(lambda p: sines(p) + 1), abroad=True)


@pytest.mark.parametrize("address", ["dask://", "localhost:8786", "ray://somewhere:1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with (
        pytest.raises(SettingError, match="expected dask://HOST:PORT"),
        shared(problem_of(sines), executor=address),
    ):
        pass
