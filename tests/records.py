"""Reports built by hand: the same for every reporter and on every machine."""

from __future__ import annotations

import dataclasses
import math
from array import array
from collections.abc import Sequence

from gradcheck_cli.vocabulary.results import (
    Change,
    CheckReport,
    Entries,
    EntryVerdict,
    Finding,
    Location,
    Outcome,
    ParameterResult,
    RunReport,
    ScreenFacts,
    Sensitivity,
    StepSweep,
    Suggestion,
    Suspect,
    Unchecked,
    Verdict,
)

VERSIONS = {"gradcheck": "0.1.0", "numpy": "2.0.0", "python": "3.11.0", "platform": "Linux"}
COMMAND = "gradcheck net --case 'my <net>.npz' --format json"
DATE = "2026-11-30T10:50:39Z"
SETTINGS: dict[str, float | str | bool | None] = {
    "epsilon": 1e-7, "threshold": 2e-7, "precision": "auto", "classic": False, "require_sensitivity": None, "seed": 0,
}  # fmt: skip
STEPS = (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11)


def parameter(
    name: str,
    shape: tuple[int, ...],
    analytic: Sequence[float],
    reference: Sequence[float],
    *,
    kinks: int = 0,
    at: Sequence[int] | None = None,
) -> ParameterResult:
    """Return a parameter whose entries disagree where they differ; the first `kinks` are on a kink.

    Where only some of its entries are known, `at` says which.
    """
    verdicts = [
        EntryVerdict.AGREES if a == r else EntryVerdict.DISAGREES for a, r in zip(analytic, reference, strict=True)
    ]
    verdicts[:kinks] = [EntryVerdict.KINK] * kinks
    columns = [array("d", values) for values in (analytic, reference, reference, [1e-15] * len(analytic))]
    entries = Entries(name, shape, bytes(verdicts), *columns, positions=None if at is None else array("q", at))
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

UNKNOWN = Finding(
    code="unknown",
    where="dw",
    message="dw is wrong; no mistake in the catalogue explains it",
    help="look at how dw is computed: it is right at 1 of 4 entries",
    indices=("w[1]", "w[2]", "w[3]"),
    alternatives=("missing-term: 0.5 w**2 is missing, at 2 of 4 entries",),
)
SLOPES = parameter("slope", (3,), [6.0, 0.5, -2.0], [3.0, 0.5, -1.0])
SCREENED = dataclasses.replace(
    parameter("table", (1000, 1000), [2.0, 1.5], [1.0, 1.5], at=(2001, 500000)),
    difference=0.25,
    refined_difference=0.25,
    slopes=SLOPES.entries,
    sensitivity=Sensitivity(4e-6, 2e-6, 2e-6, 1e-5),
)
SAMPLED = parameter("theta", (5, 4), [3.0, 1.0, -2.0, 0.5], [-3.0, 1.0, 2.0, 0.5], at=(0, 6, 13, 19))

LINE = "    dW1 = 1.0 / m * np.dot(dZ1, X.T) * 2"
CHANGE = Change("homework.py", 34, 37, 34, 41, old=" * 2", new="", text=LINE, settles=("dW1",))
DIFF = f"""--- a/homework.py
+++ b/homework.py
@@ -31,6 +31,6 @@
     m = X.shape[1]
     dZ1 = np.multiply(dA1, np.int64(A1 > 0))
     # the first layer
-{LINE}
+{LINE.removesuffix(" * 2")}
     db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
     return {{"dW1": dW1, "db1": db1}}
"""
SUGGESTION = Suggestion(
    (CHANGE,), "verified", entries=8, points=4, varied=("parameters", "data"), candidates=57, equals=0, diff=DIFF,
    digests=(("homework.py", "0" * 64),),
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
    "unknown": report(
        Verdict.FAIL, parameter("w", (4,), [1.0, 2.5, math.nan, -4.0], [1.0, 2.0, 3.0, 4.0]),
        name="func, swish.py:loss", loss=-1.25, reference="differences of many steps", findings=(UNKNOWN,),
        suspects=(Suspect("swish.py", 13, 12, 13, 27, "dw", "all that it is made of is right"),),
        notes=("loss is called 2 times at the point, and gives the same",),
    ),
    "screen": report(
        Verdict.FAIL, SCREENED, name="func, big.py:loss", evaluations=40, reference="differences of many steps",
        refined_difference=0.25,
        screen=ScreenFacts(seed=7, directions=16, missed=1e-3), settings={**SETTINGS, "mode": "screen", "seed": 7},
        reasons=("1 of the wrong entries was located: --locate 10 looks for more",),
    ),
    "sample": report(
        Verdict.FAIL, SAMPLED, name="func, wide.py:loss", evaluations=26, reference="differences of many steps",
        findings=(
            FINDING._replace(where="dtheta", message="dtheta has the wrong sign, at 2 of 4 entries", factor=-1.0,
                             code="sign", indices=("theta[0, 0]", "theta[3, 1]"), note="", help="look for a minus",
                             consequences=(), alternatives=(), layer=None),
        ),
        reasons=("4 of 20 entries were checked: the budget of 26 evaluations is spent",),
        settings={**SETTINGS, "max_evals": 26, "seed": 3},
    ),
    "patched": report(
        Verdict.FAIL, RIGHT, WRONG, name="net, default", findings=(FINDING._replace(consequences=(), alternatives=()),),
        suggestion=SUGGESTION, suspects=(Suspect("homework.py", 34, 11, 34, 41, "dW1", ""),), sweeps=(SWEEP,),
        location=Location("homework.py", 25), evaluation="structured",
    ),
    "classic": report(
        Verdict.PASS, RIGHT, dataclasses.replace(RIGHT, name="hidden", verdict=Verdict.FAIL, difference=3e-7),
        name="net, classic", reference="", settings={**SETTINGS, "classic": True}, evaluation="plain",
    ),
}  # fmt: skip
RUNS = {
    **{name: (name,) for name in OUTCOMES},
    "several": ("pass", "fail", "inconclusive", "could-not-check", "screen"),
}
"""The outcomes that each run found."""
EXIT_CODES = {"pass": 0, "classic": 0, "inconclusive": 3, "could-not-check": 2, "several": 2}


def run_of(name: str) -> RunReport:
    """Return one of the runs."""
    return RunReport(tuple(OUTCOMES[one] for one in RUNS[name]), EXIT_CODES.get(name, 1), VERSIONS, COMMAND, DATE)
