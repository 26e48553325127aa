"""Every entry judged by its own reference, or as many as the budget allows."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from gradcheck_cli.checks.mode import evaluations_of_all
from gradcheck_cli.checks.sampled import Measured, Sample, joined, known_part, not_finite_places, placed
from gradcheck_cli.checks.standard import Meant, meant_network
from gradcheck_cli.checks.subject import Subject, gathered, report_of, untold
from gradcheck_cli.diagnosis.diagnose import diagnosed
from gradcheck_cli.diagnosis.evidence import Evidence, Sampled
from gradcheck_cli.evaluating.budget import BudgetSpentError
from gradcheck_cli.evaluating.rows import Row
from gradcheck_cli.judging.difference import Difference
from gradcheck_cli.judging.entries import compare_parameter, entry_verdicts, settled_reference
from gradcheck_cli.judging.precision import JudgedPrecision, judge_precision
from gradcheck_cli.judging.ruling import Facts
from gradcheck_cli.numeric.centred import centred_gradient
from gradcheck_cli.numeric.noise import Noise
from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.numeric.second_opinion import find_reference
from gradcheck_cli.numeric.step_error import find_step_error
from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.functions.preflight import ignored_by
from gradcheck_cli.problems.problem import ComplexSafe, Directional, KnownGradient, saved_in
from gradcheck_cli.problems.views.sampled import SampledProblem, at_positions
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, ParameterResult, StepError, Verdict

__all__ = ["full_report"]

LONG = 10.0  # seconds of evaluations, beyond which entries are measured in rounds

Search: TypeAlias = Iterator[tuple[str, Reference | RemadeReference]]
Told: TypeAlias = Callable[[Parameters, Search], Search]


def full_report(subject: Subject) -> CheckReport:
    """Judge every entry by its reference; the difference at the chosen step stays the headline.

    Raises
    ------
    SettingError
        Where the budget is spent before anything is known.
    """
    subject.expect()
    measured = measured_in_rounds(subject) if is_in_rounds(subject) else measured_at_once(subject)
    if not measured.references:
        return untold(subject)
    precision = judge_precision(
        measured.analytic, measured.references, subject.settings, saved_in(subject.problem)
    )  # fmt: skip
    facts = facts_of(subject, measured, precision)
    if measured.constant:  # it says nothing of the claim's arithmetic, or of what is wrong with it
        return report_of(subject, facts, reference=measured.method)
    report = report_of(subject, facts, reference=measured.method, notes=precision.notes)
    if report.verdict is not Verdict.FAIL:
        return report
    meant, note = None, ""
    if measured.positions is None:
        try:
            meant = meant_network(subject)
            note = "" if meant is None else meant.note
        except Exception as error:  # noqa: BLE001  (the verdict stands, whatever the search runs into)
            note = f"the search for the loss's network failed, please report it: {type(error).__name__}: {error}"
    if note:
        report = dataclasses.replace(report, notes=(*report.notes, note))
    return diagnosed(report, evidence_of(subject, measured, precision, report, meant))


# measuring


def is_in_rounds(subject: Subject) -> bool:
    """Whether entries are measured some at a time: within a budget, and where nobody may wait for the end."""
    if isinstance(subject.problem, KnownGradient | ComplexSafe) or subject.places is not None:
        return False
    seconds = evaluations_of_all(subject.problem, subject.settings) / subject.evaluator.budget.rate
    return subject.settings.limited or subject.rounds is not None or seconds > LONG


def measured_at_once(subject: Subject) -> Measured:
    """Measure every entry that is claimed."""
    places = subject.places
    losses = subject.losses if places is None else SampledProblem(subject.losses, places)
    measured, _ = measured_part(subject, losses, subject.analytic, telling(subject), noise_of(subject))
    return known_part(dataclasses.replace(measured, positions=places))


def measured_in_rounds(subject: Subject) -> Measured:
    """Measure as many entries as the budget allows."""
    sample, parts = Sample(subject.problem.parameters, subject.settings.seed, subject.analytic), []
    told, noise = telling(subject), noise_of(subject)
    for positions in sample.rounds(subject.evaluator, [] if subject.rounds is None else subject.rounds):
        part = SampledProblem(subject.losses, positions)
        measured, ended = measured_part(subject, part, at_positions(subject.analytic, positions), told, noise)
        parts.append(dataclasses.replace(measured, positions=positions))
        if not ended:
            break
        subject.expect_more(sample.left * sample.cost(subject.evaluator))
    return known_part(joined(parts, subject.analytic))


def measured_part(
    subject: Subject, losses: Directional, analytic: Parameters, told: Told, noise: Noise
) -> tuple[Measured, bool]:
    """Measure some entries, and say whether that came to its end."""
    settings, evaluator = subject.settings, subject.evaluator
    method, search = find_reference(subject.problem, losses, analytic, settings, subject.entries_done, noise)
    references, ended = gathered(told(analytic, search), evaluator)
    numeric: Parameters = {}
    if ended and settings.step is not None:
        search_centred = centred_gradient(losses, references, settings.step, subject.entries_done)
        numeric, ended = gathered(search_centred, evaluator)
    return Measured(method, analytic, references, numeric), ended


def noise_of(subject: Subject) -> Noise:
    """Return the noise of the losses: that along one line, whichever entries are measured."""
    return Noise(subject.losses, subject.settings.seed)


def telling(subject: Subject) -> Told:
    """Return what tells the watch how many entries contradict their references, in all searches together."""
    wrong = 0

    def told(analytic: Parameters, search: Search) -> Search:
        nonlocal wrong
        for name, reference in search:
            for where, part in reference.parts():
                verdicts = entry_verdicts(analytic[name].reshape(-1)[where], part, subject.settings.threshold)
                wrong += int(np.sum(verdicts == EntryVerdict.DISAGREES))
            subject.watch.wrong(wrong)
            yield name, reference

    return told


# judging


def facts_of(subject: Subject, measured: Measured, precision: JudgedPrecision) -> Facts:
    """Return what there is to judge of what was measured."""
    difference, refined, of_reference = whole_differences(measured)
    # a claim of low precision is off from any difference by its own rounding
    held = of_reference if precision.lowered or precision.doubts else difference
    sizes, stopped = subject.sizes, measured.positions is not None and subject.places is None
    if isinstance(subject.problem, KnownGradient):  # entries without a reference are not to be checked
        sizes, stopped = {name: claim.size for name, claim in measured.analytic.items()}, False
    return Facts(
        settings=subject.settings,
        parameters=compared(subject, measured, precision),
        difference=difference,
        refined_difference=refined,
        sizes=sizes,
        held=held,
        low_precision=precision.lowered,
        doubts=list(precision.doubts),
        step_error=step_error(subject, held, measured),
        constant=measured.constant,
        ignored=() if measured.constant else ignored(subject, measured),
        interrupted=subject.interrupted,
        spent=subject.evaluator.budget.words if stopped and not subject.interrupted else "",
        not_finite=not_finite_places(subject.analytic) if stopped else (),
        single=subject.is_single,
    )


def whole_differences(measured: Measured) -> tuple[float, float, float]:
    """Return the figures of claim and centred differences, of claim and reference, and of reference and differences."""
    by_step, refined, of_reference = Difference(), Difference(), Difference()
    for name, where, part in measured.parts():
        claim, values = measured.analytic[name].reshape(-1)[where], part.values
        centred = measured.numeric[name].reshape(-1)[where] if name in measured.numeric else values
        by_step.add(claim, centred)
        refined.add(claim, values)
        of_reference.add(values, centred)
    return by_step.value, refined.value, of_reference.value


def compared(subject: Subject, measured: Measured, precision: JudgedPrecision) -> list[ParameterResult]:
    """Compare the claim of each parameter with its reference."""
    analytic, numeric, threshold = measured.analytic, measured.numeric, subject.settings.threshold
    results = [
        compare_parameter(
            name, analytic[name], numeric.get(name), reference, threshold, doubted=name in precision.doubts
        )
        for name, reference in precision.references.items()
    ]  # fmt: skip
    if measured.positions is None:
        return results
    return [placed(one, measured.positions[one.name], subject.problem.parameters[one.name].shape) for one in results]


def ignored(subject: Subject, measured: Measured) -> Sequence[str]:
    """Return the parameters that a user's loss does not change with, if the budget has the evaluations."""
    problem, losses = subject.problem, subject.losses
    if not isinstance(problem, FunctionProblem) or losses.scatter or subject.interrupted:
        return ()
    felt = {name for name, _, part in measured.parts() if part.values.any()}
    still = [name for name in measured.references if name not in felt]
    if not still:
        return ()
    here = np.ravel(problem.here)[losses.number if isinstance(losses, Row) else 0]
    with contextlib.suppress(BudgetSpentError):
        return ignored_by(losses.unkept_loss, problem.point, still, here)
    return ()


def step_error(subject: Subject, held: float, measured: Measured) -> StepError | None:
    """Find what is wrong with the step, if what is held against the threshold exceeds it."""
    step, within = subject.settings.step, held <= subject.settings.threshold
    if step is None or subject.interrupted or measured.positions is not None or within:
        return None
    values = {name: reference.whole().values for name, reference in measured.references.items()}
    with contextlib.suppress(BudgetSpentError):
        return find_step_error(subject.losses, {**values, **measured.numeric}, values, step, subject.settings.seed)
    return None


# diagnosing


def evidence_of(
    subject: Subject, measured: Measured, precision: JudgedPrecision, report: CheckReport, meant: Meant | None
) -> Evidence:
    """Return what a diagnosis sees; a parameter that may be right is not accused."""
    problem, analytic, positions = subject.problem, measured.analytic, measured.positions
    threshold = subject.settings.threshold
    at = problem.parameters if positions is None else at_positions(problem.parameters, positions)
    failed = {p.name: precision.typical[p.name] for p in report.parameters if p.verdict is Verdict.FAIL}
    judged_by = {**precision.references, **precision.doubts, **failed}
    references = {name: reference.whole() for name, reference in judged_by.items()}
    single = {name: np.maximum(r.bars, r.single_bars) for name, r in references.items()}
    return Evidence(
        parameters={name: at[name] for name in references},
        analytic={name: analytic[name] for name in references},
        reference={name: settled_reference(analytic[name], r, threshold) for name, r in references.items()},
        floors={name: reference.bars for name, reference in references.items()},
        single_floors=single,
        network=None if meant is None else meant.network,
        is_guess=meant is not None and meant.is_guess,
        divisor=None if meant is None else meant.divisor,
        is_turned=meant is not None and meant.is_turned,
        threshold=threshold,
        samples={n: Sampled(problem.parameters[n].shape, p) for n, p in (positions or {}).items()},
    )
