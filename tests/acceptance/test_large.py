"""Large problems of which only the loss can be called, through the installed command."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.black_box import BlackBox
from tests.support import COMMAND, clean_environment, run

MODEL = """
import time
import numpy as np

def forward(p, X):
    A1 = np.maximum(p["W1"] @ X + p["b1"], 0)
    return A1, p["W2"] @ A1 + p["b2"]

def loss(p, X, Y):
    Z = forward(p, X)[1]
    return float(np.mean(np.logaddexp(0, Z) - Y * Z))

def slow(p, X, Y):
    time.sleep(0.02)
    return loss(p, X, Y)

def grad(p, X, Y):
    A1, Z = forward(p, X)
    dZ2 = (1 / (1 + np.exp(-Z)) - Y) / X.shape[1]
    dZ1 = (p["W2"].T @ dZ2) * (A1 > 0)
    return {"W1": dZ1 @ X.T, "b1": dZ1.sum(1, keepdims=True), "W2": dZ2 @ A1.T, "b2": dZ2.sum(1, keepdims=True)}

def one_wrong(p, X, Y):
    gradient = grad(p, X, Y)
    gradient["W1"][3, 5] *= 2
    return gradient

def w2_doubled(p, X, Y):
    gradient = grad(p, X, Y)
    return {**gradient, "W2": 2 * gradient["W2"]}
"""
ENTRIES = 30 * 50 + 30 + 30 + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model, its parameters and its data."""
    folder = tmp_path_factory.mktemp("large")
    box = BlackBox((50, 30, 1), 20)
    (folder / "model.py").write_text(MODEL)
    np.savez(folder / "params.npz", **box.parameters)  # type: ignore[arg-type]
    np.savez(folder / "data.npz", X=box.X, Y=box.Y)
    return folder


def arguments(loss: str, grad: str, *more: str) -> list[str]:
    return [
        "func",
        f"model.py:{loss}",
        "--grad",
        f"model.py:{grad}",
        "--params",
        "params.npz",
        "--data",
        "data.npz",
        *more,
    ]


def check(folder: Path, grad: str, *more: str, loss: str = "loss") -> subprocess.CompletedProcess[str]:
    return run(*arguments(loss, grad, *more), cwd=folder, timeout=120)


def report(folder: Path, grad: str, *more: str, loss: str = "loss") -> dict[str, Any]:
    """Return the JSON report of the only case, without what differs from run to run."""
    content = json.loads(check(folder, grad, "--format", "json", *more, loss=loss).stdout)
    case: dict[str, Any] = content["cases"][0]
    return case


def test_a_right_gradient_is_screened_and_the_seed_is_told(folder: Path) -> None:
    done = check(folder, "grad", "--mode", "screen")
    assert done.returncode == 0
    assert done.stdout.startswith("PASS")
    assert f"{ENTRIES:,} entries right along 10 directions (seed " in done.stdout
    assert "an error of any shape by" in done.stdout


def test_every_screen_has_a_fresh_seed_and_a_given_one_repeats_it(folder: Path) -> None:
    first, second = (report(folder, "grad", "--mode", "screen") for _ in range(2))
    assert first["screen"]["seed"] != second["screen"]["seed"]
    again = report(folder, "grad", "--mode", "screen", "--seed", str(first["screen"]["seed"]))
    assert again == first


def test_a_wrong_entry_is_located_and_named(folder: Path) -> None:
    done = check(folder, "one_wrong", "--mode", "screen")
    assert done.returncode == 1
    assert "error[single-entry]: dW1 is wrong at one entry only" in done.stdout
    assert "W1[3, 5]" in done.stdout
    case = report(folder, "one_wrong", "--mode", "screen")
    (w1,) = (p for p in case["parameters"] if p["name"] == "W1")
    assert w1["entries"] == {"count": 1, "agrees": 0, "kink": 0, "unresolved": 0, "disagrees": 1, "of": 1500}
    assert w1["worst"]["analytic"] == pytest.approx(2 * w1["worst"]["reference"])
    assert case["evaluations"] <= 100


def test_a_wrong_parameter_is_named_without_its_entries(folder: Path) -> None:
    done = check(folder, "w2_doubled", "--mode", "screen")
    assert done.returncode == 1
    assert "error[factor]: dW2 is 2 times the right gradient" in done.stdout


@pytest.mark.parametrize(
    ("more", "mode", "why"),
    [
        ([], "full", ""),
        (["--max-evals", "10000"], "full", "every entry was checked: that takes about 3,134 evaluations, no more than"),
        (["--max-evals", "1000"], "screen", "screened: checking every entry takes about 3,134 evaluations, more than"),
        (["--time", "600"], "full", "that fit into --time 600 s"),
    ],
)
def test_auto_takes_full_where_the_budget_allows_it_and_says_so(
    folder: Path, more: list[str], mode: str, why: str
) -> None:
    case = report(folder, "grad", *more)
    assert case["settings"]["mode"] == mode
    assert (case["screen"] is None) == (mode == "full")
    assert any(why in note for note in case["notes"]) if why else not case["notes"]


@pytest.mark.parametrize(("grad", "code"), [("grad", 3), ("w2_doubled", 1)])
def test_a_budget_that_ends_is_no_pass_and_counts_what_was_checked(folder: Path, grad: str, code: int) -> None:
    done = check(folder, grad, "--mode", "full", "--max-evals", "600")
    assert done.returncode == code
    assert "the budget of 600 evaluations is spent; checked: " in done.stdout
    assert " of 1,500 of W1, " in done.stdout
    assert "1 of 1 of b2" in done.stdout
    assert report(folder, grad, "--mode", "full", "--max-evals", "600")["evaluations"] <= 600


def test_a_budget_of_time_ends_in_time(folder: Path) -> None:
    started = time.monotonic()
    done = check(folder, "grad", "--mode", "full", "--time", "2", loss="slow")
    assert done.returncode == 3
    assert "the budget of 2 s is spent" in done.stdout
    assert time.monotonic() - started < 10  # all entries would take a minute


def test_a_budget_for_nothing_is_an_error(folder: Path) -> None:
    done = check(folder, "grad", "--mode", "screen", "--max-evals", "5")
    assert done.returncode == 2
    assert "the budget of 5 evaluations is too small to reach a verdict" in done.stderr


def test_what_a_screen_could_not_have_seen_is_not_passed(folder: Path) -> None:
    done = check(folder, "grad", "--mode", "screen", "--require-sensitivity", "1e-12")
    assert done.returncode == 3
    assert "would not have been seen; 1e-12 is required" in done.stdout


@pytest.mark.parametrize("more", [["--mode", "full"], ["--mode", "screen", "--seed", "3"]])
def test_two_processes_find_what_one_finds(folder: Path, more: list[str]) -> None:
    budget = ["--max-evals", "200", *more]
    alone = report(folder, "one_wrong", *budget, loss="slow")
    assert report(folder, "one_wrong", *budget, "--jobs", "2", loss="slow") == alone


@pytest.mark.parametrize("grad", ["grad", "one_wrong"])
def test_a_check_is_gone_on_with_and_repeats_nothing(folder: Path, grad: str, tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    first = report(folder, grad, "--mode", "full", "--max-evals", "900", "--save", state)
    second = report(folder, grad, "--resume", state, "--max-evals", "9000")
    checked = [sum(p["entries"]["count"] for p in case["parameters"]) for case in (first, second)]
    assert checked[0] < ENTRIES
    assert checked[1] == ENTRIES
    assert second["verdict"] == ("PASS" if grad == "grad" else "FAIL")
    assert second["evaluations"] < 1.3 * (2.5 * ENTRIES)
    started = time.monotonic()
    third = report(folder, grad, "--resume", state, "--max-evals", "1")  # all is known
    assert third["parameters"] == second["parameters"]
    assert time.monotonic() - started < 10


def test_a_state_is_written_from_the_first_moment_on_and_over_nothing_else(folder: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [COMMAND, *arguments("slow", "grad", "--mode", "full", "--save", str(tmp_path / "state.json"))],
        cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_for((tmp_path / "state.json").exists)
    process.kill()
    process.communicate()
    for target in ("params.npz", "nowhere/state.json"):
        done = check(folder, "grad", "--mode", "screen", "--save", target)
        assert (done.returncode, done.stdout) == (2, "")
    assert "--save would write over the parameters" in check(folder, "grad", "--save", "params.npz").stderr
    (tmp_path / "notes.txt").write_text("precious")
    refusal = check(folder, "grad", "--save", str(tmp_path / "notes.txt")).stderr
    assert "notes.txt was not written by --save" in refusal


def test_workers_end_when_what_they_work_for_is_killed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import os, time\n"
        "def loss(x):\n"
        "    time.sleep(0.03)\n"
        f"    open({str(tmp_path)!r} + f'/pid-{{os.getpid()}}', 'w').close()\n"
        "    return float((x**2).sum())\n"
        "def grad(x):\n    return 2 * x\n"
    )
    words = ["func", "model.py:loss", "--grad", "model.py:grad", "--at", ",".join(["1"] * 900), "--jobs", "2"]
    process = subprocess.Popen([COMMAND, *words], cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE)

    def workers() -> set[int]:
        return {int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")}

    wait_for(lambda: len(workers()) == 3)  # the check's own process is one
    process.kill()
    process.communicate()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers()))


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; not for ever."""
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("that did not come to be")


@pytest.mark.parametrize(
    "content", ["", "{}", '{"format": "gradcheck state 1"}', '{"format": "gradcheck state 1", "seed": "x"}']
)
def test_a_state_that_is_none_is_refused(folder: Path, content: str, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    done = check(folder, "grad", "--resume", str(state))
    assert done.returncode == 2
    assert "was not written by --save" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_of_another_check_is_refused(folder: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    check(folder, "grad", "--mode", "screen", "--save", state)
    done = check(folder, "grad", "--resume", state, "--threshold", "1e-5")
    assert done.returncode == 2
    assert "the saved state belongs to a different check" in done.stderr


def test_ctrl_c_shows_what_was_found_and_can_be_gone_on_from(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    process = subprocess.Popen(
        [COMMAND, *arguments("slow", "grad", "--mode", "full", "--max-evals", "100000", "--save", str(state))],
        cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(6)  # a round of 64 entries takes about three seconds
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.startswith("INCONCLUSIVE")
    assert "interrupted; checked: " in out
    assert "Traceback" not in err
    saved = json.loads(state.read_text())
    assert len(base64.b64decode(saved["losses"])) / 8 > 140  # more than those of the first round: none was made in vain
    assert check(folder, "grad", "--resume", str(state), "--max-evals", "10", loss="slow").returncode == 3


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (["--mode", "some"], "'some' is not one of"),
        (["--mode", "screen", "--classic"], "the classic rule looks at every entry, a screen does not"),
        (["--classic", "--max-evals", "10"], "the classic rule looks at every entry, whatever it takes"),
        (["--jobs", "0"], "0 is not in the range"),
        (["--jobs", "2", "--executor", "dask://localhost:1"], "Give either --jobs or --executor"),
        (["--executor", "localhost"], "expected dask://HOST:PORT"),
        (["--time", "0"], "greater than 0"),
    ],
)
def test_wrong_settings_are_one_line(folder: Path, more: list[str], error: str) -> None:
    done = check(folder, "grad", *more)
    assert done.returncode == 2
    assert error in done.stderr
    assert "Traceback" not in done.stderr


def test_the_threads_of_a_worker_are_one(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "import os, time\nimport numpy as np\n"
        f"SEEN = {str(tmp_path / 'threads')!r}\n"
        "def loss(x):\n"
        "    time.sleep(0.03)\n"
        "    open(f'{SEEN}-{os.getpid()}', 'w').write(os.environ['OMP_NUM_THREADS'])\n"
        "    return float((x**2).sum())\n"
        "def grad(x):\n    return 2 * x\n"
    )
    environment = {"OMP_NUM_THREADS": "4", "PATH": os.environ["PATH"]}
    done = run(
        "func", "model.py:loss", "--grad", "model.py:grad", "--at", ",".join(["1"] * 30), "--jobs", "2",
        cwd=tmp_path, env=environment, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.read_text() for path in tmp_path.glob("threads-*")].count("1") >= 2
