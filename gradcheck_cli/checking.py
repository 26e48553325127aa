"""The one use case: a problem in, a report out. Here the stages run in their order."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from gradcheck_cli.comparison.gradients import (
    compare_classic,
    compare_parameter,
    counted_difference,
    relative_difference,
    settled_reference,
)
from gradcheck_cli.comparison.precision import judge_precision
from gradcheck_cli.comparison.reasons import hidden_in_the_whole, reasons_for
from gradcheck_cli.comparison.verdicts import verdict_of, whole_verdict
from gradcheck_cli.diagnosis.diagnose import diagnose
from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.errors import CheckInterrupted, ProblemError
from gradcheck_cli.numeric.centred import centred_gradient, require_step_taken
from gradcheck_cli.numeric.counted import CountedProblem
from gradcheck_cli.numeric.reference import Reference
from gradcheck_cli.numeric.second_opinion import find_reference
from gradcheck_cli.numeric.step_error import find_step_error
from gradcheck_cli.numeric.step_sweep import problem_sweeps
from gradcheck_cli.parameters import Array, Parameters, dictionary_to_vector
from gradcheck_cli.problems.functions import function_problem
from gradcheck_cli.problems.network import Network
from gradcheck_cli.problems.preflight import preflight
from gradcheck_cli.problems.problem import KnownGradient, Problem
from gradcheck_cli.problems.user_function import FunctionProblem
from gradcheck_cli.results import CheckReport, ParameterResult, StepError, Verdict
from gradcheck_cli.settings import AUTO, DEFAULT_EPSILON, DEFAULT_THRESHOLD, Settings

__all__ = ["check", "check_gradient"]

Progress = Callable[[int], None]
Result = TypeVar("Result")


def check(
    problem: Problem,
    *,
    epsilon: float | str = DEFAULT_EPSILON,
    threshold: float = DEFAULT_THRESHOLD,
    precision: str = "auto",
    classic: bool = False,
    require_sensitivity: float | None = None,
    seed: int = 0,
    sweep_steps: bool = False,
    progress: Progress = lambda _: None,
) -> CheckReport:
    """Check the gradient that a problem claims against differences of its loss.

    Parameters
    ----------
    problem : Problem
        What to check.
    epsilon : float or "auto", optional
        Step of the centred difference; ``"auto"`` takes the difference from the reference instead.
    threshold : float, optional
        What the difference may not exceed.
    precision : {"auto", "float32", "float64"}, optional
        The arithmetic that the claimed gradient may come from.
    classic : bool, optional
        Whether the course's rule alone decides, without a reference.
    require_sensitivity : float, optional
        The relative error of a single entry that a PASS must be able to see.
    seed : int, optional
        Of the random directions along which the noise of the loss is measured.
    sweep_steps : bool, optional
        Whether to take the worst entries' differences at many steps as well, for a picture.
    progress : callable, optional
        Called with the number of entries done since the last call.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        Where there is nothing that could be checked: see `gradcheck_cli.errors`.
    """
    started = time.perf_counter()
    settings = Settings(epsilon, threshold, precision, classic, require_sensitivity, seed)
    problem = preflight(problem) if isinstance(problem, FunctionProblem) else problem
    run = Run.at_the_point(problem, settings, progress)
    report = run.classic_report() if classic else run.full_report()
    report = dataclasses.replace(
        report,
        evaluations=run.problem.evaluations,
        settings=dataclasses.asdict(settings),
        sweeps=problem_sweeps(problem, report, seed) if sweep_steps and not run.interrupted else (),
        seconds=time.perf_counter() - started,
    )
    if run.interrupted:
        raise CheckInterrupted(unfinished(report, problem.parameters) if report.parameters else None)
    return report


@dataclass
class Run:
    """One check on its way through the stages."""

    problem: CountedProblem
    settings: Settings
    progress: Progress
    loss: float | None
    """J at the point; None where there are two gradients and no loss."""
    analytic: Parameters
    interrupted: bool = False
    """Whether Ctrl-C came; then only what was whole by then is in the report."""

    @classmethod
    def at_the_point(cls, problem: Problem, settings: Settings, progress: Progress) -> Run:
        """Ask for the loss and the claim, and raise ProblemError where there is nothing to check."""
        require_something(problem.parameters)
        if settings.step is not None:
            require_step_taken(problem.parameters, settings.step)
        counted = CountedProblem(problem)
        loss = None if isinstance(problem, KnownGradient) else finite_loss(counted)
        return cls(counted, settings, progress, loss, problem.gradient(problem.parameters))

    def classic_report(self) -> CheckReport:
        """Judge by the course's rule: the difference of the whole at one step, and nothing else."""
        threshold = self.settings.threshold
        numeric = self.centred_differences(self.problem.parameters)
        parameters = [compare_classic(name, self.analytic[name], numeric[name], threshold) for name in numeric]
        difference = whole_difference(self.analytic, numeric)
        verdict = verdict_of(difference, threshold)
        report = self.report(parameters, verdict, difference, difference)
        return dataclasses.replace(report, reasons=hidden_in_the_whole(parameters, verdict))

    def full_report(self) -> CheckReport:
        """Judge every entry by its reference; the difference at the chosen step stays the headline."""
        settings, analytic = self.settings, self.analytic
        method, search = find_reference(self.problem, analytic, settings, self.progress)
        references, precision_notes = judge_precision(analytic, self.collect(search), settings)
        values = {name: reference.values for name, reference in references.items()}
        numeric = {**values, **self.centred_differences(values)}
        parameters = [
            compare_parameter(name, analytic[name], numeric[name], reference, settings.threshold)
            for name, reference in references.items()
        ]
        difference = counted_difference(analytic, numeric, references, settings)
        verdict = whole_verdict(parameters, difference, settings)
        report = self.report(parameters, verdict, difference, whole_difference(analytic, values))
        report = dataclasses.replace(report, reference=method, notes=(*report.notes, *precision_notes))
        report = dataclasses.replace(
            report, reasons=reasons_for(report, settings, self.step_error(report, numeric, values))
        )
        return self.diagnosed(report, references) if verdict is Verdict.FAIL else report

    def diagnosed(self, report: CheckReport, references: Mapping[str, Reference]) -> CheckReport:
        """Name the mistakes; a diagnosis that crashes changes nothing but the notes."""
        problem = self.problem.problem
        evidence = Evidence(
            parameters={name: problem.parameters[name] for name in references},
            analytic={name: self.analytic[name] for name in references},
            reference={name: settled_reference(self.analytic[name], r) for name, r in references.items()},
            floors={name: reference.bars for name, reference in references.items()},
            single_floors={name: reference.single_bars for name, reference in references.items()},
            network=problem if isinstance(problem, Network) and not self.interrupted else None,
            threshold=self.settings.threshold,
        )
        try:
            return dataclasses.replace(report, findings=diagnose(evidence))
        except Exception as error:  # noqa: BLE001  (the verdict stands, whatever a guess at its cause runs into)
            note = f"the diagnosis failed, please report it: {type(error).__name__}: {error}"
            return dataclasses.replace(report, notes=(*report.notes, note))

    def collect(self, stage: Iterator[tuple[str, Result]]) -> dict[str, Result]:
        """Take what a stage yields, parameter by parameter, until it ends or Ctrl-C comes."""
        results = {}
        try:
            for name, result in stage:
                results[name] = result  # noqa: PERF403  (what is there when Ctrl-C comes must stay)
        except KeyboardInterrupt:
            self.interrupted = True
        return results

    def centred_differences(self, names: Iterable[str]) -> dict[str, Array]:
        """Return the course's numeric gradient of some parameters; nothing where no step is chosen."""
        step = self.settings.step
        if step is None or self.interrupted:
            return {}
        return self.collect(centred_gradient(self.problem, names, step, self.progress))

    def step_error(self, report: CheckReport, numeric: Parameters, values: Parameters) -> StepError | None:
        """Find what is wrong with the step, where the difference is above the threshold."""
        step = self.settings.step
        if step is None or self.interrupted or report.difference <= report.threshold:
            return None
        return find_step_error(self.problem, numeric, values, step, self.settings.seed)

    def report(
        self, parameters: Sequence[ParameterResult], verdict: Verdict, difference: float, refined: float
    ) -> CheckReport:
        """Return the report, but for what only one of the rules has."""
        return CheckReport(
            name=self.problem.name,
            verdict=verdict,
            difference=difference,
            refined_difference=refined,
            threshold=self.settings.threshold,
            epsilon=self.settings.epsilon,
            loss=self.loss,
            evaluations=self.problem.evaluations,
            reference="",
            seconds=0.0,
            parameters=tuple(parameters),
            notes=tuple(self.problem.notes),
        )


def whole_difference(analytic: Parameters, numeric: Parameters) -> float:
    """Return the relative difference of all parameters that `numeric` has."""
    compared = {name: analytic[name] for name in numeric}
    return relative_difference(dictionary_to_vector(compared), dictionary_to_vector(numeric))


def unfinished(report: CheckReport, parameters: Iterable[str]) -> CheckReport:
    """Return the report of an interrupted check: a failure stands, a pass does not."""
    checked = [parameter.name for parameter in report.parameters]
    missing = [name for name in parameters if name not in checked]
    reason = f"interrupted: {', '.join(missing) or 'the differences'} not checked"
    verdict = report.verdict if report.verdict is Verdict.FAIL else Verdict.INCONCLUSIVE
    return dataclasses.replace(report, verdict=verdict, reasons=(reason, *report.reasons))


def check_gradient(
    loss: Callable[..., Any],
    gradient: Any,
    parameters: Any,
    *,
    data: Mapping[str, Any] | None = None,
    autograd: str | None = None,
    name: str = "function",
    epsilon: float | str | None = None,
    classic: bool = False,
    **settings: Any,
) -> CheckReport:
    """Check the gradient of a function of named arrays, or of one array.

    Parameters
    ----------
    loss : callable
        (parameters, **data) -> float, where parameters is a dict of float64 arrays, or one array where `parameters` is.
    gradient : callable, mapping of str to array_like, array_like or None
        (parameters, **data) -> gradient, or the gradient itself: in the same form as the parameters, or a tuple in
        their order. None where `loss` returns the pair (loss, gradient), and with `autograd`.
    parameters : mapping of str to array_like, or array_like
        The point at which to check. It is copied, never changed.
    data : mapping of str to object, optional
        What both functions get by keyword. Arrays are copied, never changed.
    autograd : {"torch", "jax", "autograd"}, optional
        The framework whose arrays the loss takes and whose gradient of it is checked.
    name : str, optional
        What the report calls it.
    epsilon : float or "auto", optional
        As for `check`, but ``"auto"`` unless given or `classic`.
    classic : bool, optional
        As for `check`.
    **settings
        As for `check`.

    Returns
    -------
    CheckReport

    Raises
    ------
    GradcheckError
        As for `check`; among them UserFunctionError where one of the functions raises.

    Examples
    --------
    >>> report = check_gradient(lambda p: (p["w"] ** 2).sum(), lambda p: {"w": 2 * p["w"]}, {"w": [1.0, 2.0]})
    >>> report.passed
    True
    >>> check_gradient(lambda x: (x**2).sum(), lambda x: 3 * x, [1.0, 2.0]).passed
    False
    """
    problem = function_problem(loss, gradient, parameters, data=data or {}, autograd=autograd, name=name)
    if epsilon is None:
        epsilon = DEFAULT_EPSILON if classic else AUTO
    return check(problem, epsilon=epsilon, classic=classic, **settings)


def require_something(parameters: Parameters) -> None:
    """Raise ProblemError where there is no entry to check, or an empty parameter."""
    empty = [name for name, values in parameters.items() if not values.size]
    if empty or not parameters:
        what = f"parameter {empty[0]} is empty" if empty else "there are no parameters"
        raise ProblemError(f"{what}: nothing to check")


def finite_loss(problem: Problem) -> float:
    """Return J at the problem's point, or raise ProblemError where it is not finite."""
    loss = problem.loss(problem.parameters)
    if not math.isfinite(loss):
        raise ProblemError(
            f"the loss of {problem.name} is {loss} at its parameters, expected a finite number",
            hint="a gradient can only be checked where the loss is finite",
        )
    return loss
