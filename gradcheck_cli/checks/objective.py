"""The use case of boosting: the gradient and the Hessian of an objective, sample by sample."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.checks.gradients import check_gradient
from gradcheck_cli.checks.hessian import check_hessian
from gradcheck_cli.diagnosis.diagnose import diagnosed
from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.problems.functions.arguments import as_parameter
from gradcheck_cli.problems.functions.objective import Objective
from gradcheck_cli.vocabulary.asking import asking, called, kind_of
from gradcheck_cli.vocabulary.errors import ProblemError, SettingError
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, Finding, ParameterResult, Verdict
from gradcheck_cli.vocabulary.settings import require_whole

__all__ = ["check_objective"]

MOST_SAMPLES = 500  # each takes two calls of the objective, and a check of its own
WIDEST = 3.0  # scores that are drawn: logits of 5 to 95 per cent
MOST_VALUES = 10  # of labels, for which it is told where a gradient is wrong
VAGUE = ("another-loss", "derivation", "few-entries", "single-entry", "slices", "unknown")
"""Findings that say less of what is wrong than for which labels it is."""


def check_objective(
    objective: Callable[..., Any],
    loss: Callable[..., Any],
    labels: Any,
    scores: Any = None,
    *,
    seed: int = 0,
    name: str = "objective",
    **settings: Any,
) -> CheckReport:
    """Check the gradient and the Hessian that an objective for XGBoost or LightGBM gives of each sample.

    Parameters
    ----------
    objective : callable
        (scores, labels) -> (gradient, Hessian), each of the shape of the scores; (y_true, y_pred) and (scores, dtrain),
        which has get_label(), are told by the names of the arguments.
    loss : callable
        (scores, labels) -> loss: a number, or one for each sample, of which the sum is taken.
    labels : array_like of shape (n,)
        One for each sample; of more than 500 samples so many are drawn.
    scores : array_like of shape (n,) or (n, k), optional
        Where to check; drawn between -3 and 3 where they are not given.
    seed : int, optional
        Of what is drawn.
    name : str, optional
        What the report calls it.
    **settings
        As for `check_hessian`.

    Returns
    -------
    CheckReport
        With a row for the gradient and one for the Hessian's diagonal; its notes say for which labels one is wrong.

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked.

    Examples
    --------
    >>> import numpy as np
    >>> def squares(scores, labels):
    ...     return (scores - labels) ** 2 / 2
    >>> check_objective(lambda s, y: (s - y, np.ones(len(s))), squares, [0.0, 1.0, 3.0]).passed
    True
    """
    for what, function in (("objective", objective), ("loss", loss)):
        if not callable(function):
            raise SettingError(f"{what} is {kind_of(function)}, expected a function")
    require_whole("seed", seed, 0)
    every = as_labels(labels)
    random = np.random.default_rng(seed)
    point = random.uniform(-WIDEST, WIDEST, every.shape) if scores is None else as_parameter("scores", scores)
    if point.shape[:1] != every.shape[:1]:
        raise ProblemError(f"there are {len(every)} labels, and scores of shape {point.shape}: expected as many")
    notes = [f"the scores were drawn between {-WIDEST:g} and {WIDEST:g}, from seed {seed}"] if scores is None else []
    if len(every) > MOST_SAMPLES:
        chosen = np.sort(random.choice(len(every), MOST_SAMPLES, replace=False))
        notes.append(f"{MOST_SAMPLES} of {len(every):,} samples were drawn, from seed {seed}")
        every, point = every[chosen], point[chosen]
    of = Objective(objective, loss, every)
    with asking(f"{called(objective)} raised"):
        is_finite = np.isfinite(of.gradient(point)).all()
    if is_finite:
        report = check_hessian(of.loss, of.gradient, of.hessian, point, diagonal=True, seed=seed, name=name, **settings)
    else:  # there is nothing to differentiate once more
        report = check_gradient(of.loss, of.gradient, point, seed=seed, name=name, **settings)
    rows = tuple(
        dataclasses.replace(row, name=known) for row, known in zip(report.parameters, ("grad", "hess"), strict=False)
    )
    where = [said for row in rows for said in wrong_where(row, every, point.shape)]
    findings = tuple(finding for row in rows for finding in findings_of(row, report, point, where))
    where = [said for said in where if all(said != finding.message for finding in findings)]
    return dataclasses.replace(report, parameters=rows, findings=findings, notes=(*where, *notes, *report.notes))


def as_labels(labels: Any) -> Array:
    """Return labels as numbers."""
    found = as_parameter("labels", labels)
    if not found.size or not found.ndim:
        raise ProblemError("there are no labels: nothing to check")
    return found


def wrong_where(row: ParameterResult, labels: Array, shape: tuple[int, ...]) -> Iterator[str]:
    """Say for which labels a gradient is wrong, where that is exactly for some and there are few."""
    if row.verdict is not Verdict.FAIL or labels.ndim > 1:
        return
    wrong = np.array([verdict == EntryVerdict.DISAGREES for verdict in row.entries.verdicts]).reshape(shape)
    samples: NDArray[np.bool_] = np.any(wrong.reshape(len(labels), -1), axis=1)
    values = np.unique(labels)
    bad = [value for value in values if samples[labels == value].any()]
    count = f"{int(samples.sum())} of {len(labels)} samples"
    if len(values) <= MOST_VALUES and 0 < len(bad) < len(values):
        how = "exactly" if all(samples[labels == value].all() for value in bad) else "only"
        yield f"{row.name} is wrong {how} where y is {' or '.join(f'{value:g}' for value in bad)}: {count}"
    elif samples.any():
        yield f"{row.name} is wrong for {count}"


def findings_of(row: ParameterResult, report: CheckReport, point: Array, where: Sequence[str]) -> Sequence[Finding]:
    """Name what is wrong with the gradient or with the Hessian, under its own name; else for which labels it is."""
    if row.verdict is not Verdict.FAIL:
        return ()
    if row.name == "grad":
        found = [finding for finding in report.findings if finding.where == "dx"]
    else:
        found = list(diagnosed(dataclasses.replace(report, parameters=(row,)), evidence_of(row, point)).findings)
    said = next((said for said in where if said.startswith(f"{row.name} is wrong") and " where y is " in said), None)
    if said and all(finding.code in VAGUE for finding in found):
        return (Finding("some-labels", row.name, said, help="look at the term, or the branch, for these labels"),)
    return [under(row.name, finding) for finding in found]


def evidence_of(row: ParameterResult, point: Array) -> Evidence:
    """Return the Hessian's diagonal beside what it should be, as if it were a gradient."""
    analytic, reference, bars = (
        np.array(column).reshape(point.shape)
        for column in (row.entries.analytic, row.entries.reference, row.entries.bars)
    )
    of = row.name
    return Evidence({of: point}, {of: analytic}, {of: reference}, {of: bars}, {of: bars})


def under(name: str, finding: Finding) -> Finding:
    """Return a finding in which what is wrong has another name than a gradient's by x."""

    def renamed(text: str) -> str:
        return re.sub(rf"\bd(?:x|{name})\b", name, text).replace("the right gradient", "the right one")

    return finding._replace(
        where=name,
        message=renamed(finding.message),
        note=renamed(finding.note),
        help=renamed(finding.help),
        alternatives=tuple(map(renamed, finding.alternatives)),
    )
