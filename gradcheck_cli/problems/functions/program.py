"""A program in any language as a problem.

The program is called with the path of a file that holds the parameters and the data, by name. It prints, or writes to
the file that stands for ``{output}`` in its command line, the loss as ``loss`` and the gradient of each parameter under
the parameter's name. What it prints may be .npz or JSON, whatever it was given. One call is for the claim; then the
environment has GRADCHECK_GRADIENT=1. In every other call only the loss is read.

In a batch every parameter has one axis more in front, for the points, and so have the loss and the gradients.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.loading.json_arrays import MAX_BYTES, parse_json
from gradcheck_cli.loading.npz import open_regular, read_npz
from gradcheck_cli.loading.write_arrays import write_json, write_npz
from gradcheck_cli.problems.functions.arguments import as_parameter
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.vocabulary.errors import InputError, ProblemError, UserFunctionError
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.processes import temporary_prefix

__all__ = ["EXCHANGES", "Program", "program_problem"]

EXCHANGES = {"npz": write_npz, "json": write_json}
LOSS = "loss"
OUTPUT = "{output}"
WANTS_GRADIENT = "GRADCHECK_GRADIENT"
LINES_SHOWN = 20  # of what a failing program wrote to stderr
BYTES_SHOWN = 20_000
MAX_BYTES_WRITTEN = 2**30  # to one of the files of a call
LOOK = 0.05  # seconds after which it is looked how much that is


@dataclass(frozen=True)
class Program:
    """A command line, and how arrays go to it and come back."""

    words: tuple[str, ...]
    exchange: str = "npz"
    timeout: float = 60.0
    data: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    batch: int | None = None
    """The most points of a call; None where there is one point a call, without an axis for it."""

    @property
    def name(self) -> str:
        """What the messages call it."""
        return self.words[0]

    def loss(self, parameters: Parameters) -> Any:
        """Return the loss at one point."""
        answer = self.answer(self.as_batch(parameters), gradient=False)[LOSS]
        return answer[0] if self.batch and answer.shape == (1,) else answer

    def gradient(self, parameters: Parameters) -> dict[str, NDArray[Any]]:
        """Return the gradient at one point."""
        answer = self.answer(self.as_batch(parameters), gradient=True)
        del answer[LOSS]
        return {name: self.without_axis(name, array) for name, array in answer.items()}

    def losses(self, points: Parameters, count: int) -> Array:
        """Return the losses at `count` points; every parameter has an axis for them in front."""
        losses = self.answer(points, gradient=False)[LOSS]
        if losses.shape != (count,) or losses.dtype.kind not in "fiub":
            raise ProblemError(f"{LOSS} from {self.name} has shape {losses.shape}, expected ({count},): one a point")
        return losses.astype(np.float64)

    def as_batch(self, parameters: Parameters) -> Parameters:
        """Return one point as a batch of one, where there are batches."""
        return {name: array[np.newaxis] for name, array in parameters.items()} if self.batch else parameters

    def without_axis(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Return the gradient of the only point."""
        if not self.batch:
            return array
        if array.shape[:1] != (1,):
            raise ProblemError(f"{name} from {self.name} has shape {array.shape}, expected an axis of 1 point in front")
        return np.asarray(array[0])

    def answer(self, parameters: Parameters, *, gradient: bool) -> dict[str, NDArray[Any]]:
        """Run the program once and return all that it answered.

        Raises
        ------
        UserFunctionError
            Where it fails or takes too long.
        InputError
            Where it cannot be started, or its answer cannot be read.
        """
        with tempfile.TemporaryDirectory(prefix=temporary_prefix()) as folder:
            given = Path(folder, f"input.{self.exchange}")
            EXCHANGES[self.exchange](given, {**parameters, **self.data})
            written = self.run(given, gradient=gradient)
            arrays = read_answer(written, f"what {self.name} answered")
        if LOSS not in arrays:
            raise ProblemError(f"{self.name} answered no {LOSS!r}; it answered {', '.join(arrays) or 'nothing'}")
        return arrays

    def run(self, given: Path, *, gradient: bool) -> Path:
        """Run the program on a file and return the file with its answer."""
        output, printed, errors = given.with_stem("output"), given.with_name("printed"), given.with_name("errors")
        words = [word.replace(OUTPUT, str(output)).replace("{input}", str(given)) for word in self.words]
        if words == [word.replace(OUTPUT, str(output)) for word in self.words]:
            words.append(str(given))
        environment = {**os.environ, WANTS_GRADIENT: str(int(gradient))}
        with printed.open("wb") as stdout, errors.open("wb") as stderr:
            code = self.wait(self.start(words, environment, stdout, stderr), errors)
        if code:
            how = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
            raise self.failure(f"{how}, expected 0", errors)
        return output if any(OUTPUT in word for word in self.words) else printed

    def start(
        self, words: Sequence[str], environment: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start the program in a session of its own, so that it can be ended with all that it started."""
        try:
            return subprocess.Popen(  # noqa: S603  (the command is the user's own)
                words,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{self.name} cannot be started: {reason}", hint="is the path right?") from error

    def wait(self, process: subprocess.Popen[bytes], errors: Path) -> int:
        """Return the program's exit code; end it where it takes too long or is not wanted any more."""
        until = time.monotonic() + self.timeout
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(max(min(LOOK, until - time.monotonic()), 0))
                if time.monotonic() >= until:
                    late = f"did not end within {self.timeout:g} s"
                    raise self.failure(late, errors, hint="--timeout gives it longer")
                if (most := max(file.stat().st_size for file in errors.parent.iterdir())) > MAX_BYTES_WRITTEN:
                    raise self.failure(f"has written {most:,} bytes without end, expected an answer", errors)
        finally:
            end(process)

    def failure(self, how: str, errors: Path, hint: str | None = None) -> UserFunctionError:
        """Return the error for a call that failed, with the end of what the program wrote to stderr."""
        with errors.open("rb") as file:
            file.seek(max(0, errors.stat().st_size - BYTES_SHOWN))
            lines = file.read().decode("utf-8", "replace").splitlines()
        return UserFunctionError(f"{self.name} {how}", hint=hint, user_traceback="\n".join(lines[-LINES_SHOWN:]))


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program where it still runs, and what it started and left behind."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()
    process.wait()


def read_answer(path: Path, source: str) -> dict[str, NDArray[Any]]:
    """Read what a program wrote: .npz where it begins as one, JSON otherwise."""
    if not path.is_file() or not path.stat().st_size:
        raise InputError(f"{source} is empty, expected {LOSS!r} and gradients as .npz or JSON")
    with open_regular(path) as file:
        start = file.read(2)
        if start == b"PK":
            return read_npz(path)
        file.seek(0)
        return parse_json(file.read(MAX_BYTES + 1), source)


class ProgramProblem(FunctionProblem):
    """A program's loss and gradient; a program that takes batches gets many points a call."""

    def entries_at_once(self, parameter: str) -> int:
        """Return a number for which progress is seen: a call takes its time."""
        return min(self.point[parameter].size, self.program.batch or 1)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of the loss; in a batch the last point of all stays where it is."""
        if self.program.batch is None:
            return super().loss_changes(parameter, entries, steps)
        losses = self.moved_losses(parameter, np.append(entries, 0), np.append(steps, 0.0))
        with np.errstate(invalid="ignore"):
            return np.asarray(losses[:-1] - losses[-1])

    def moved_losses(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the losses with single entries moved, in as few calls as the batch allows."""
        batch = self.program.batch
        if batch is None:
            return super().moved_losses(parameter, entries, steps)
        starts = range(0, len(entries), batch)
        losses = [self.batch_losses(parameter, entries[k : k + batch], steps[k : k + batch]) for k in starts]
        return np.concatenate([np.empty(0), *losses])

    @property
    def program(self) -> Program:
        """The program."""
        program: Program = self.loss_function.__self__  # type: ignore[attr-defined]
        return program

    def batch_losses(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the losses at some points in one call."""
        count = len(entries)
        points = {name: np.repeat(values[np.newaxis], count, axis=0) for name, values in self.point.items()}
        points[parameter].reshape(count, -1)[np.arange(count), entries] += steps
        return self.program.losses(points, count)


def program_problem(
    command: str,
    parameters: Mapping[str, Any],
    *,
    data: Mapping[str, NDArray[Any]],
    exchange: str = "npz",
    timeout: float = 60.0,
    batch: int | None = None,
    only: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> FunctionProblem:
    """Make a problem of a program.

    Parameters
    ----------
    command : str
        Its command line, in the shell's quoting; no shell runs it.
    parameters, data : mapping of str to array_like
        What stands in the file that it gets.
    exchange : {"npz", "json"}, optional
        The kind of that file.
    timeout : float, optional
        Seconds that a call may take.
    batch : int, optional
        The most points of a call, for a program that takes many.
    only : sequence of str, optional
        The parameters that are checked; empty for all.
    notes : sequence of str, optional
        For the report.

    Raises
    ------
    InputError
        Where the command line is none.
    ProblemError
        Where the parameters are no real numbers.
    """
    if LOSS in parameters:
        raise ProblemError(f"a parameter is called {LOSS!r}, which is reserved for the loss in a program's answer")
    program = Program(words_of(command), exchange, timeout, data, batch)
    point = {name: as_parameter(name, values) for name, values in parameters.items()}
    return ProgramProblem(point, program.loss, program.gradient, program.name, notes, only=only)


def words_of(command: str) -> tuple[str, ...]:
    """Split a command line as a shell would."""
    try:
        words = tuple(shlex.split(command, posix=os.name == "posix"))
    except ValueError as error:
        raise InputError(f"{command!r} is not a valid command line: {error}") from error
    if not words:
        raise InputError("the command line is empty, expected a program")
    return words
