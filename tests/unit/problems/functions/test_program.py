"""Programs of a few lines of shell and awk: J = x1^2 + x2^2, which starts fast enough to be called often."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.checks.check import check
from gradcheck_cli.problems.functions.program import program_problem
from gradcheck_cli.vocabulary.errors import GradcheckError, InputError, ProblemError, UserFunctionError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")

SQUARES = """\
#!/bin/sh
tr -c '0-9.e+-' ' ' < "$1" | awk -v f=%(factor)s '{
    printf "{\\"loss\\": %%.17g, \\"x\\": [%%.17g, %%.17g]}", $1*$1 + $2*$2, f*$1, f*$2 }'
"""


def script(folder: Path, text: str) -> str:
    path = folder / "program.sh"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def checked(command: str, **options: object) -> object:
    return check(program_problem(command, {"x": [1.5, -0.25]}, data={}, **options), epsilon="auto")  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [2, 2.5])
def test_a_program_is_checked(tmp_path: Path, factor: float) -> None:
    report = check(
        program_problem(script(tmp_path, SQUARES % {"factor": factor}), {"x": [1.5, -0.25]}, data={}, exchange="json"),
        epsilon="auto",
    )
    assert report.passed == (factor == 2)


BATCHES = """\
import json, os, sys
import numpy as np
arrays = np.load(sys.argv[1])
x, A = arrays["x"], arrays["A"]
answer = {"loss": (A * x**2).sum(axis=1)}
if os.environ["GRADCHECK_GRADIENT"] == "1":
    answer["x"] = 2 * A * x
np.savez(sys.argv[2], **answer)
"""


def test_a_program_answers_many_points_a_call(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(BATCHES, encoding="utf-8")
    problem = program_problem(
        f"{sys.executable} {tmp_path / 'p.py'} {{input}} {{output}}",
        {"x": [1.5, -0.25]},
        data={"A": np.array([2.0, 3.0])},
        batch=3,
    )
    changes = problem.loss_changes("x", np.array([0, 1, 1, 0]), np.array([1.0, 1.0, -1.0, 0.0]))
    np.testing.assert_allclose(changes, [8.0, 1.5, 4.5, 0.0])
    np.testing.assert_array_equal(problem.gradient(problem.parameters)["x"], [6.0, -1.5])
    assert problem.loss(problem.parameters) == 4.6875


@pytest.mark.parametrize(
    ("command", "error", "message"),
    [
        ("./no-such-program", InputError, "./no-such-program cannot be started: No such file"),
        ("", InputError, "the command line is empty"),
        ("'", InputError, "is not a valid command line"),
        ("false", UserFunctionError, "false exited with 1, expected 0"),
        ("sh -c 'kill -9 $$'", UserFunctionError, "sh was ended by signal 9"),
        ("true", InputError, "what true answered is empty"),
        ("true {output}", InputError, "what true answered is empty"),
        ("echo hello", InputError, "what echo answered is not valid JSON"),
        ("sh -c 'echo \"{}\"'", ProblemError, "sh answered no 'loss'; it answered nothing"),
        ("""sh -c 'echo "{\\"loss\\": \\"three\\"}"'""", InputError, "'loss' in what sh answered contains values"),
        ("""sh -c 'echo "{\\"loss\\": NaN}"'""", ProblemError, "the loss of sh is nan at its parameters"),
        ("""sh -c 'echo "{\\"loss\\": [1, 2]}"'""", ProblemError, r"an array of shape \(2,\), expected one real"),
        ("""sh -c 'echo "{\\"loss\\": 1}"'""", ProblemError, "the gradient has no x; it has nothing"),
        ("""sh -c 'echo "{\\"loss\\": 1, \\"x\\": 1}"'""", ProblemError, r"x from the gradient has shape \(\)"),
    ],
)
def test_a_program_that_fails_is_an_error(command: str, error: type[GradcheckError], message: str) -> None:
    with pytest.raises(error, match=message):
        checked(command)


def test_what_a_failing_program_says_is_shown(tmp_path: Path) -> None:
    with pytest.raises(UserFunctionError) as caught:
        checked(script(tmp_path, "#!/bin/sh\necho something is wrong >&2\nexit 7\n"))
    assert caught.value.user_traceback == "something is wrong"


def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    started = time.perf_counter()
    alive = tmp_path / "alive"
    with pytest.raises(UserFunctionError, match=r"did not end within 0\.2 s") as caught:
        checked(script(tmp_path, f"#!/bin/sh\n(sleep 1; touch {alive}) &\nsleep 30\n"), timeout=0.2)
    assert "--timeout" in str(caught.value.hint)
    time.sleep(1.2)
    assert not alive.exists()
    assert time.perf_counter() - started < 20


def test_a_batch_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    command = script(tmp_path, """#!/bin/sh\necho '{"loss": [1], "x": [[1, 2]]}'\n""")
    problem = program_problem(command, {"x": [1.5, -0.25]}, data={}, batch=8)
    with pytest.raises(ProblemError, match=r"loss from .* has shape \(1,\), expected \(3,\): one a point"):
        problem.loss_changes("x", np.array([0, 1]), np.array([1.0, 1.0]))


def test_a_parameter_that_is_called_loss_is_refused() -> None:
    with pytest.raises(ProblemError, match="which is reserved for the loss in a program's answer"):
        program_problem("true", {"loss": [1.0]}, data={})
