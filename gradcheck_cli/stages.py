"""One check on its way through the stages: what is measured, compared, judged and diagnosed."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gradcheck_cli.alarm import GRACE
from gradcheck_cli.diagnosis.consistency import with_consistency
from gradcheck_cli.diagnosis.diagnose import diagnosed
from gradcheck_cli.diagnosis.evidence import Evidence, Sampled
from gradcheck_cli.diagnosis.one_by_one import with_single_samples
from gradcheck_cli.errors import CheckInterrupted, GradcheckError, ProblemError, SettingError
from gradcheck_cli.judging.entries import (
    compare_classic,
    compare_parameter,
    entry_verdicts,
    relative_difference,
    settled_reference,
)
from gradcheck_cli.judging.precision import JudgedPrecision, judge_precision
from gradcheck_cli.judging.remarks import remarks
from gradcheck_cli.judging.ruling import Facts, ruling
from gradcheck_cli.modes import evaluations_of_all
from gradcheck_cli.numeric.budget import AT_ONCE, BudgetedProblem, BudgetSpentError
from gradcheck_cli.numeric.centred import centred_gradient, require_step_taken
from gradcheck_cli.numeric.journal import Journal, JournaledProblem
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.sampled import SampledProblem, at_positions
from gradcheck_cli.numeric.screen import evaluations_of
from gradcheck_cli.numeric.second_opinion import find_reference
from gradcheck_cli.numeric.step_error import find_step_error
from gradcheck_cli.numeric.step_sweep import problem_sweeps
from gradcheck_cli.numeric.symmetry import symmetry
from gradcheck_cli.parameters import Array, Parameters, dictionary_to_vector
from gradcheck_cli.problems.elsewhere import asked_gradient
from gradcheck_cli.problems.meter import Meter
from gradcheck_cli.problems.network import Network
from gradcheck_cli.problems.preflight import ignored_by
from gradcheck_cli.problems.probes import single_samples
from gradcheck_cli.problems.problem import ComplexSafe, Directional, KnownGradient, Problem, saved_in
from gradcheck_cli.problems.sharing.shared import SharedProblem
from gradcheck_cli.problems.user_function import FunctionProblem
from gradcheck_cli.problems.wrapped import WrappedProblem
from gradcheck_cli.results import CheckReport, EntryVerdict, ParameterResult, StepError, Verdict
from gradcheck_cli.sampling import Measured, Sample, joined, known_part, not_finite_places, placed
from gradcheck_cli.screening import Screening
from gradcheck_cli.settings import SCREEN, Settings
from gradcheck_cli.watch import Watch

__all__ = ["Run"]

LONG = 10.0  # seconds of evaluations, beyond which entries are measured in rounds

Progress = Callable[[int], None]
Result = TypeVar("Result")


@dataclass
class Run:
    """One check on its way through the stages."""

    problem: BudgetedProblem
    settings: Settings
    watch: Watch
    bare: Problem
    """The problem without budget and journal."""
    journal: Journal | None
    loss: float | None
    """J at the point; None where there are two gradients and no loss."""
    analytic: Parameters
    interrupted: bool = False
    """Whether Ctrl-C came; then only what was whole by then is in the report."""
    spent: bool = False
    """Whether the budget was spent before the check was made."""
    wrong: int = 0
    """How many entries contradict their reference so far."""

    @classmethod
    def at_the_point(
        cls, problem: Problem, settings: Settings, watch: Watch, journal: Journal | None, meter: Meter
    ) -> Run:
        """Ask for the loss and the claim, and raise ProblemError where no check can be made there."""
        if settings.step is not None:
            require_step_taken(problem.parameters, settings.step)
        kept = problem if journal is None else JournaledProblem(problem, journal)
        metered = BudgetedProblem(kept, settings.max_evals, settings.time_limit, started=meter.started)
        metered.free = 0 if journal is None else len(journal.losses)
        metered.before, metered.busy = max(meter.calls - 1, 0), meter.seconds  # that at the point counts when asked for
        if isinstance(problem, Directional):  # it is the user's, and may take any time
            workers = problem.crew.workers if isinstance(problem, SharedProblem) else 1
            metered.fewest, metered.tick = AT_ONCE * workers, watch
        try:
            loss = None if isinstance(problem, KnownGradient) else finite_loss(metered)
        except BudgetSpentError:
            raise too_small(metered, settings) from None
        return cls(metered, settings, watch, problem, journal, loss, problem.gradient(problem.parameters))

    def whole_report(self, *, sweep_steps: bool) -> CheckReport:
        """Return the report, with what it cost."""
        report = self.report_of_its_mode()
        if report.findings and not self.interrupted:
            report = self.with_consistency(self.with_single_samples(report))
        sweeps = sweep_steps and not self.interrupted and not self.settings.limited
        return dataclasses.replace(
            report,
            evaluations=self.evaluations,
            settings=dataclasses.asdict(self.settings),
            sweeps=problem_sweeps(self.bare, report, self.settings.seed) if sweeps else (),
        )

    def with_single_samples(self, report: CheckReport) -> CheckReport:
        """Ask a network's own backward pass for single samples, where its mistake is not known."""
        base = self.problem.base
        if not isinstance(base, Network) or all(finding.code != "unknown" for finding in report.findings):
            return report
        probes = single_samples(base, self.settings.seed)
        return report if probes is None else with_single_samples(report, probes)

    def with_consistency(self, report: CheckReport) -> CheckReport:
        """Say whether the claim is the gradient of anything, where it is a function and the budget allows to ask it."""
        base = self.problem.base
        if not isinstance(base, FunctionProblem) or base.asked.problem is None or base.scatter:
            return report
        asked = asked_gradient(base.asked.problem, self.problem.unkept_loss)

        def ask(parameters: Parameters) -> Parameters:
            self.problem.require(0)  # it may take any time
            return asked(parameters)

        with contextlib.suppress(BudgetSpentError, GradcheckError), np.errstate(all="ignore"):
            found = symmetry(ask, base.parameters, base.sizes, self.settings.seed)
            return report if found is None else with_consistency(report, found)
        return report

    @property
    def evaluations(self) -> int:
        """How often the loss was called, those calls included that a journal remembers."""
        return self.problem.before + self.problem.evaluations

    def report_of_its_mode(self) -> CheckReport:
        """Return the report, but for what the whole of a check adds."""
        if self.settings.mode == SCREEN:
            return self.screen_report()
        if self.problem.fewest is None:
            self.watch.expect(self.entries, "entries")
        else:
            needed = evaluations_of_all(self.problem, self.settings)
            self.watch.expect(round(min(needed, self.problem.left)), "evaluations")
        return self.classic_report() if self.settings.classic else self.full_report()

    def is_long(self) -> bool:
        """Whether a user will not wait for the end: then Ctrl-C has to leave what was whole by then."""
        return evaluations_of_all(self.problem, self.settings) / self.problem.rate > LONG

    @property
    def entries(self) -> int:
        """The number of entries."""
        return sum(values.size for values in self.problem.parameters.values())

    @property
    def sizes(self) -> dict[str, int]:
        """The number of entries of every parameter."""
        return {name: claim.size for name, claim in self.analytic.items()}

    @property
    def entries_done(self) -> Progress:
        """What is called with entries that were differentiated: nothing where single evaluations are told of."""
        return self.watch if self.problem.fewest is None else lambda _: None

    def screen_report(self) -> CheckReport:
        """Judge by slopes along random directions."""
        words, saved = self.problem.words, saved_in(self.problem.base)
        base = self.problem.base
        single = isinstance(base, FunctionProblem) and base.single
        screening = Screening(
            self.problem, self.analytic, self.loss or 0.0, self.settings, self.watch, words, saved, single
        )
        screening.measure()
        self.interrupted, self.spent = screening.interrupted, screening.spent
        report = screening.report()
        if report is not None:
            return report
        if self.interrupted:
            raise CheckInterrupted(None)
        raise too_small(self.problem, self.settings)

    def classic_report(self) -> CheckReport:
        """Judge by the course's rule: the difference of the whole at one step, and nothing else."""
        threshold = self.settings.threshold
        numeric = self.centred_differences(self.problem, self.problem.parameters)
        parameters = [compare_classic(name, self.analytic[name], numeric[name], threshold) for name in numeric]
        difference = whole_difference(self.analytic, numeric)
        facts = Facts(self.settings, parameters, difference, difference, self.sizes, interrupted=self.interrupted)
        return self.report(facts)

    def full_report(self) -> CheckReport:
        """Judge every entry by its reference; the difference at the chosen step stays the headline."""
        by_entries = not isinstance(self.problem.base, KnownGradient | ComplexSafe)
        in_rounds = self.settings.limited or self.journal is not None or self.is_long()
        measured = self.sampled() if by_entries and in_rounds else self.all_measured()
        if not (measured.references or self.interrupted):
            raise too_small(self.problem, self.settings)
        return self.judged(measured)

    def all_measured(self) -> Measured:
        """Measure every entry."""
        method, search = find_reference(self.problem, self.analytic, self.settings, self.entries_done)
        references = self.references(search, self.analytic)
        measured = Measured(method, self.analytic, references, self.centred_differences(self.problem, references))
        return known_part(measured) if isinstance(self.problem.base, KnownGradient) else measured

    def sampled(self) -> Measured:
        """Measure as many entries as the budget allows."""
        sample, parts = Sample(self.problem.parameters, self.settings.seed, self.analytic), []
        made = [] if self.journal is None else self.journal.rounds
        for positions in sample.rounds(self.problem, made):
            part = SampledProblem(self.problem, positions)
            analytic = at_positions(self.analytic, positions)
            method, search = find_reference(part, analytic, self.settings, self.entries_done)
            references = self.references(search, analytic)
            numeric = self.centred_differences(part, references)
            parts.append(Measured(method, analytic, references, numeric, positions))
            if self.interrupted or self.spent:
                break
        return known_part(joined(parts, self.analytic))

    def judged(self, measured: Measured) -> CheckReport:
        """Return the report on what was measured."""
        settings, analytic = self.settings, measured.analytic
        precision = judge_precision(analytic, measured.references, settings, saved_in(self.problem.base))
        references, doubts = precision.references, precision.doubts
        values = {name: reference.values for name, reference in references.items()}
        numeric = {**values, **measured.numeric}
        parameters = [
            compare_parameter(
                name, analytic[name], numeric[name], reference, settings.threshold, doubted=name in doubts
            )
            for name, reference in references.items()
        ]
        if measured.positions is not None:
            parameters = [placed(p, measured.positions[p.name], self.analytic[p.name].shape) for p in parameters]
        report = self.report(self.facts(parameters, whole_difference(analytic, numeric), measured, precision))
        report = dataclasses.replace(report, reference=measured.method)
        if measured.constant:  # it says nothing of the claim's arithmetic, or of what is wrong with it
            return report
        report = dataclasses.replace(report, notes=(*report.notes, *precision.notes))
        return self.diagnosed(report, measured, precision) if report.verdict is Verdict.FAIL else report

    def ignored(self, references: Mapping[str, Reference]) -> Sequence[str]:
        """Return the parameters that a user's loss does not change with, where the budget has the evaluations."""
        still = [name for name, reference in references.items() if not reference.values.any()]
        base = self.problem.base
        if not (still and isinstance(base, FunctionProblem)) or base.scatter or self.interrupted:
            return ()
        with contextlib.suppress(BudgetSpentError):
            return ignored_by(self.problem.unkept_loss, base.point, still, base.here)
        return ()

    def facts(
        self, parameters: Sequence[ParameterResult], difference: float, measured: Measured, precision: JudgedPrecision
    ) -> Facts:
        """Return what there is to judge of what was measured."""
        values = {name: reference.values for name, reference in precision.references.items()}
        held = difference
        if precision.lowered or precision.doubts:  # it is off from any difference by its own rounding
            held = whole_difference(values, {**values, **measured.numeric})
        sizes, stopped = self.sizes, measured.positions is not None
        if isinstance(self.problem.base, KnownGradient):  # entries without a reference are not to be checked
            sizes, stopped = {name: claim.size for name, claim in measured.analytic.items()}, False
        return Facts(
            settings=self.settings,
            parameters=parameters,
            difference=difference,
            refined_difference=whole_difference(measured.analytic, values),
            sizes=sizes,
            held=held,
            low_precision=precision.lowered,
            doubts=list(precision.doubts),
            step_error=self.step_error(held, measured),
            constant=measured.constant,
            ignored=() if measured.constant else self.ignored(measured.references),
            interrupted=self.interrupted,
            spent=self.problem.words if stopped and not self.interrupted else "",
            not_finite=not_finite_places(self.analytic) if stopped else (),
        )

    def diagnosed(self, report: CheckReport, measured: Measured, precision: JudgedPrecision) -> CheckReport:
        """Name the mistakes; a parameter that may be right is not accused."""
        problem, analytic, positions = self.problem.base, measured.analytic, measured.positions
        threshold = self.settings.threshold
        at = problem.parameters if positions is None else at_positions(problem.parameters, positions)
        failed = {p.name: precision.typical[p.name] for p in report.parameters if p.verdict is Verdict.FAIL}
        references = {**precision.references, **precision.doubts, **failed}
        single = {name: np.maximum(r.bars, measured.references[name].single_bars) for name, r in references.items()}
        evidence = Evidence(
            parameters={name: at[name] for name in references},
            analytic={name: analytic[name] for name in references},
            reference={name: settled_reference(analytic[name], r, threshold) for name, r in references.items()},
            floors={name: reference.bars for name, reference in references.items()},
            single_floors=single,
            network=None if self.interrupted else network_of(problem),
            is_guess=isinstance(problem, FunctionProblem),
            threshold=threshold,
            samples={n: Sampled(problem.parameters[n].shape, p) for n, p in (positions or {}).items()},
        )
        return diagnosed(report, evidence)

    def references(self, search: Iterator[tuple[str, Reference]], analytic: Parameters) -> dict[str, Reference]:
        """Collect references, and tell the watch how many entries contradict theirs."""

        def told() -> Iterator[tuple[str, Reference]]:
            for name, reference in search:
                verdicts = entry_verdicts(analytic[name], reference, self.settings.threshold)
                self.wrong += int(np.sum(verdicts == EntryVerdict.DISAGREES))
                self.watch.wrong(self.wrong)
                yield name, reference

        return self.collect(told())

    def collect(self, stage: Iterator[tuple[str, Result]]) -> dict[str, Result]:
        """Take what a stage yields, parameter by parameter, until it ends, Ctrl-C comes or the budget is spent."""
        results = {}
        try:
            for name, result in stage:
                results[name] = result  # noqa: PERF403  (what is there when Ctrl-C comes must stay)
        except KeyboardInterrupt:
            self.interrupted = True
        except BudgetSpentError:
            self.spent = True
        return results

    def centred_differences(self, problem: WrappedProblem, names: Iterable[str]) -> dict[str, Array]:
        """Return the course's numeric gradient of some parameters; nothing where no step is chosen."""
        step = self.settings.step
        if step is None or self.interrupted or self.spent:
            return {}
        return self.collect(centred_gradient(problem, names, step, self.entries_done))

    def step_error(self, held: float, measured: Measured) -> StepError | None:
        """Find what is wrong with the step, where what is held against the threshold exceeds it."""
        step, within = self.settings.step, held <= self.settings.threshold
        if step is None or self.interrupted or measured.positions is not None or within:
            return None
        values = {name: reference.values for name, reference in measured.references.items()}
        with contextlib.suppress(BudgetSpentError):
            return find_step_error(self.problem, {**values, **measured.numeric}, values, step, self.settings.seed)
        return None

    def report(self, facts: Facts) -> CheckReport:
        """Return the report, but for what only one of the rules has."""
        base = self.problem.base
        if isinstance(base, FunctionProblem):
            facts = dataclasses.replace(facts, single=base.single)
        verdict, reasons = ruling(facts)
        return CheckReport(
            name=self.problem.name,
            verdict=verdict,
            difference=facts.difference,
            refined_difference=facts.refined_difference,
            threshold=self.settings.threshold,
            epsilon=self.settings.epsilon,
            loss=self.loss,
            evaluations=self.evaluations,
            reference="",
            seconds=0.0,
            parameters=tuple(facts.parameters),
            reasons=reasons,
            notes=(*self.problem.notes, *remarks(facts)),
            evaluation=evaluation_of(base),
        )


def too_small(problem: BudgetedProblem, settings: Settings) -> SettingError:
    """Return the error for a budget that nothing can be told with."""
    screen, full = evaluations_of(problem.parameters), evaluations_of_all(problem, settings)
    needed = f"a screen of these parameters takes about {screen:,} evaluations"
    if problem.late:
        needed = f"an evaluation did not return within it and {GRACE:g} s more: does the loss return at all?"
    elif settings.mode != SCREEN:
        needed = f"every entry takes about {full:,} evaluations, more where the loss is not smooth; {needed}"
    return SettingError(f"the budget of {problem.words} is spent before anything could be told", hint=needed)


def evaluation_of(problem: Problem) -> str:
    """Return how the losses of a network are taken."""
    if not isinstance(problem, Network):
        return ""
    return "structured" if problem.is_structured else "plain"


def whole_difference(analytic: Parameters, numeric: Parameters) -> float:
    """Return the relative difference of all parameters that `numeric` has."""
    compared = {name: analytic[name] for name in numeric}
    return relative_difference(dictionary_to_vector(compared), dictionary_to_vector(numeric))


def network_of(problem: Problem) -> Network | None:
    """Return the network that a problem is, or that may have its loss: a diagnosis sees whether it has its gradient."""
    found = problem.network if isinstance(problem, FunctionProblem) else problem
    return found if isinstance(found, Network) else None


def finite_loss(problem: Problem) -> float:
    """Return J at the problem's point, or raise ProblemError where it is not finite."""
    loss = problem.loss(problem.parameters)
    if not math.isfinite(loss):
        raise ProblemError(
            f"the loss of {problem.name} is {loss} at its parameters, expected a finite number",
            hint="a gradient can only be checked where the loss is finite",
        )
    return loss
