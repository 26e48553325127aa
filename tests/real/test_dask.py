"""A cluster of dask on this machine: the same report as without it, though a worker is killed half-way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from tests.support import COMMAND, clean_environment

MODEL = """
import os
import time
import numpy as np

def loss(x):
    time.sleep(0.01)
    if os.environ.get("SEEN"):
        open(f"{os.environ['SEEN']}/{os.getpid()}", "a").write(".")
    return float(np.sum(np.sin(x) * x))

def grad(x):
    return np.cos(x) * x + np.sin(x)

def wrong(x):
    gradient = grad(x)
    gradient[7] *= 2
    return gradient
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    np.savez(tmp_path / "x.npz", x=np.linspace(0.5, 2.0, 300))
    (tmp_path / "seen").mkdir()
    return tmp_path


def command(*more: str) -> list[str]:
    words = ["func", "model.py:loss", "--grad", "model.py:wrong", "--params", "x.npz", "--format", "json", *more]
    return [str(COMMAND), *words]


def content(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    del found["timing"], found["command"]
    return found


@pytest.mark.parametrize("mode", ["full", "screen"])
def test_a_killed_worker_changes_nothing(folder: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ["--mode", mode, "--seed", "3"]
    alone = subprocess.run(
        command(*more), check=False, cwd=folder, env=clean_environment(), capture_output=True, text=True
    )
    monkeypatch.setenv("SEEN", str(folder / "seen"))  # for the workers: they are started with it
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        monkeypatch.delenv("SEEN")
        process = subprocess.Popen(
            command(*more, "--executor", address),
            cwd=folder, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        pid = at_work(folder / "seen")
        os.kill(pid, signal.SIGKILL)
        assert process.poll() is None
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert content(out) == content(alone.stdout)


def test_a_cluster_takes_the_model_as_it_is_now(folder: Path) -> None:
    text = (folder / "model.py").read_text()
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        for factor in ("1", "2", "3"):
            scaled = text.replace("np.sin(x) * x)", f"np.sin(x) * x) * {factor}")
            (folder / "model.py").write_text(scaled.replace("np.cos(x) * x + np.sin(x)", f"2 * {GRAD}"))
            words = [w.replace("wrong", "grad") for w in command("--mode", "screen", "--executor", address)]
            done = subprocess.run(
                words, check=False, cwd=folder, env=clean_environment(), capture_output=True, text=True
            )
            assert (done.returncode == 0) == (factor == "2"), done.stderr


GRAD = "(np.cos(x) * x + np.sin(x))"


def at_work(seen: Path) -> int:
    """Return the process of a worker that has made a few evaluations."""
    for _ in range(600):
        for file in seen.iterdir():
            if file.stat().st_size > 3:
                return int(file.name)
        time.sleep(0.05)
    raise AssertionError("no worker was given anything to do")


def test_a_cluster_that_does_not_answer_is_one_line(folder: Path) -> None:
    done = subprocess.run(
        command("--executor", "dask://127.0.0.1:9"),
        check=False, cwd=folder, env=clean_environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no dask scheduler answers at tcp://127.0.0.1:9 within 10 s" in done.stderr
    assert "Traceback" not in done.stderr


LAYERS = """
import numpy as np

def forward(x, w):
    return np.tanh(x @ w), (x, w)

def backward(d, cache):
    x, w = cache
    d = d * (1 - np.tanh(x @ w) ** 2)
    return d @ w.T, x.T @ d
"""


def test_a_cluster_evaluates_layers(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text(LAYERS)
    random = np.random.default_rng(0)
    np.savez(tmp_path / "p.npz", x=random.normal(size=(10, 4)), w=random.normal(size=(4, 3)))
    words = ["func", "layers.py:forward", "--backward", "layers.py:backward", "--params", "p.npz", "--seed", "1"]
    words += ["--format", "json"]
    done = []
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        for more in ([], ["--executor", address]):
            run = [str(COMMAND), *words, *more]
            done.append(
                subprocess.run(run, check=False, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True)
            )
    assert [one.returncode for one in done] == [0, 0], done[1].stderr
    assert content(done[0].stdout) == content(done[1].stdout)
