"""What several tests share: the course's problem as arrays, files made of it, and the installed command."""

from __future__ import annotations

import itertools
import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from gradcheck_cli.cli.main import main
from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.vocabulary.parameters import Array

COMMAND = Path(sys.executable).with_name("gradcheck")
DATA = Path(__file__).parent / "acceptance" / "data"
SEARCHING, WITHOUT_SEARCH = {"GRADCHECK_SUGGEST": "1"}, {"GRADCHECK_SUGGEST": "0"}
"""With and without a search for patches, which takes its time after every FAIL."""
FORCING_LOOKS = (
    "FORCE_COLOR", "NO_COLOR", "COLUMNS", "CI", "GITHUB_ACTIONS", "TTY_COMPATIBLE", "TTY_INTERACTIVE",
    "GRADCHECK_LANG", "LANGUAGE", "LC_ALL",
)  # fmt: skip
ENGLISH = {"LC_MESSAGES": "C"}
"""Tests read English wherever they are run."""


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without what changes the looks of a report, and without a search for patches."""
    plain = {key: value for key, value in os.environ.items() if key not in FORCING_LOOKS}
    return plain | ENGLISH | WITHOUT_SEARCH | more


def run(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 30
) -> subprocess.CompletedProcess[str]:
    """Run the installed command with both its outputs in pipes."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=clean_environment(**(env or {})),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def run_inside(
    *arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command within this process, which takes a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd or Path.cwd())
        for name in FORCING_LOOKS:
            patch.delenv(name, raising=False)
        result = CliRunner(env=ENGLISH | WITHOUT_SEARCH | dict(env or {})).invoke(
            main, [str(argument) for argument in arguments]
        )
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def in_terminal(*arguments: str, columns: int, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run the command with its stdout in a terminal of its own, and return what would be on the screen."""
    master, slave = pty.openpty()
    environment = clean_environment(COLUMNS=str(columns), TERM="xterm-256color", **(env or {}))
    with subprocess.Popen(
        [COMMAND, *arguments], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL, env=environment, cwd=cwd
    ):
        os.close(slave)
        shown = b""
        try:
            while chunk := os.read(master, 4096):
                shown += chunk
        except OSError:  # that is how a terminal ends on Linux
            pass
        finally:
            os.close(master)
    return shown.decode().replace("\r\n", "\n")


def content(**changes: Any) -> dict[str, Any]:
    """Return the arrays of the course's problem; a change to None takes a key away."""
    network = built_in_case("default")
    arrays: dict[str, Any] = {"X": network.X, "Y": network.Y, **network.parameters, **changes}
    return {key: value for key, value in arrays.items() if value is not None}


def claimed(factor: float = 1.0) -> dict[str, Array]:
    """Return the right gradient of the course's problem as a fixture claims it, times `factor`."""
    network = built_in_case("default")
    return {f"d{name}": factor * values for name, values in network.gradient(network.parameters).items()}


def write_npz(path: Path, arrays: Mapping[str, Any]) -> Path:
    """Write arrays as they are, object arrays too."""
    np.savez(path, **arrays)
    return path


def small_network(
    sizes: Sequence[int],
    activations: Sequence[str],
    loss: str,
    *,
    l2: float = 0.0,
    masked: Sequence[int] = (),
    samples: int = 3,
    seed: int = 0,
) -> Network:
    """Return a random network; the targets are probabilities whose columns sum to 1 where the loss is for such."""
    random = np.random.default_rng(seed)
    parameters: dict[str, Array] = {}
    for l, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=1):
        parameters[f"W{l}"] = random.standard_normal((outputs, inputs))
        parameters[f"b{l}"] = random.standard_normal((outputs, 1))
    Y = random.uniform(0.1, 0.9, (sizes[-1], samples))
    if loss == "softmax_ce":
        Y /= Y.sum(axis=0)
    masks = {l: random.integers(0, 2, (sizes[l], samples)) / 0.5 for l in masked}
    X = random.standard_normal((sizes[0], samples))
    return Network("test", X, Y, parameters, tuple(activations), loss, l2=l2, masks=masks)
