"""Reports built by hand: the same for every reporter and on every machine."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entries,
    EntryVerdict,
    Finding,
    Location,
    Outcome,
    ParameterResult,
    RunReport,
    Sensitivity,
    StepSweep,
    Unchecked,
    Verdict,
)

VERSIONS = {"gradcheck": "0.1.0", "numpy": "2.0.0", "python": "3.11.0", "platform": "Linux"}
SETTINGS: dict[str, float | str | bool | None] = {
    "epsilon": 1e-7, "threshold": 2e-7, "precision": "auto", "classic": False, "require_sensitivity": None, "seed": 0,
}  # fmt: skip
STEPS = (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11)


def parameter(
    name: str, shape: tuple[int, ...], analytic: Sequence[float], reference: Sequence[float], *, kinks: int = 0
) -> ParameterResult:
    """Return a parameter whose entries disagree where they differ; the first `kinks` are on a kink."""
    verdicts = [
        EntryVerdict.AGREES if a == r else EntryVerdict.DISAGREES for a, r in zip(analytic, reference, strict=True)
    ]
    verdicts[:kinks] = [EntryVerdict.KINK] * kinks
    columns = [array("d", values) for values in (analytic, reference, reference, [1e-15] * len(analytic))]
    entries = Entries(name, shape, bytes(verdicts), *columns)
    fails = EntryVerdict.DISAGREES in verdicts
    return ParameterResult(
        name=name,
        shape=shape,
        verdict=Verdict.FAIL if fails else Verdict.PASS,
        difference=1 / 3 if fails else 2.5e-8,
        refined_difference=1 / 3 if fails else 0.0,
        analytic_norm=math.hypot(*analytic),
        numeric_norm=math.hypot(*reference),
        worst=entries.worst(1)[0],
        sensitivity=Sensitivity(3e-7, 2e-7, 2e-7),
        entries=entries,
    )


def report(verdict: Verdict, *parameters: ParameterResult, **more: object) -> CheckReport:
    """Return the report on some parameters."""
    values: dict[str, object] = {
        "name": f"net, {verdict.value.lower()}",
        "verdict": verdict,
        "difference": 2.5e-8 if verdict is Verdict.PASS else 0.25,
        "refined_difference": 0.0,
        "threshold": 2e-7,
        "epsilon": 1e-7,
        "loss": 0.5,
        "evaluations": 13,
        "reference": "complex step",
        "seconds": 0.25,
        "parameters": parameters,
        "settings": SETTINGS,
    }
    return CheckReport(**{**values, **more})  # type: ignore[arg-type]


RIGHT = parameter("b1", (2, 1), [0.5, -0.25], [0.5, -0.25])
WRONG = parameter("W1", (2, 3), [2.0, 0.02, 0.5, 2.0, 0.5, 0.5], [1.0, 0.01, 0.5, 1.0, 0.5, 0.5])
HOSTILE = parameter("W|<2>`\x1b[31m", (), [math.nan], [1.0])
FINDING = Finding(
    code="factor",
    where="dW1",
    message="dW1 is 2 times the right gradient",
    note="db1 agrees, so dZ1 is right",
    help="look for a factor 2 in the line of dW1",
    layer=1,
    factor=2.0,
    indices=("W1[0, 0]", "W1[0, 1]"),
    share=1.0,
    consequences=("db0",),
    alternatives=("the loss is halved",),
)
SWEEP = StepSweep(
    "W1", "W1[0, 0]", STEPS, (1.5, 1.0, 1.0, 1.0, 1.0, 1.0), 1e-16, None,
    "stays at 1.0e+00 for every step: the gradient is wrong, not the step",
)  # fmt: skip
KINK_SWEEP = StepSweep(
    "W1", "W1[0]", STEPS, (1e-2, 1e-6, 1e-10, 1e-9, 1e-7, 1e-5), 1e-16, 2.0,
    "falls to 1.0e-10 at step 1e-05: the gradient is right, and epsilon 1e-07 is too small, its error is round-off",
)  # fmt: skip

OUTCOMES: dict[str, Outcome] = {
    "pass": report(Verdict.PASS, RIGHT, notes=("Y is read as (1, 3)",)),
    "fail": report(
        Verdict.FAIL, WRONG, RIGHT, HOSTILE,
        findings=(FINDING,), sweeps=(SWEEP,), location=Location("home, work.py", 7),
    ),
    "inconclusive": report(
        Verdict.INCONCLUSIVE, parameter("W1", (2,), [1.0, 2.0], [1.0, 2.0], kinks=1), RIGHT,
        reasons=("difference 2.5e-01 at epsilon 1e-07 is round-off of J: try --epsilon auto",), sweeps=(KINK_SWEEP,),
    ),
    "could-not-check": Unchecked(
        "net, <broken>.npz", "loss raised ZeroDivisionError: 1 % 0", "look | there",
        'Traceback (most recent call last):\n  File "model.py", line 3, in loss\nZeroDivisionError: 1 % 0',
    ),
}  # fmt: skip
EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 3, "could-not-check": 2}


def run_of(name: str) -> RunReport:
    """Return the run that found one of the outcomes."""
    return RunReport((OUTCOMES[name],), EXIT_CODES[name], VERSIONS)
