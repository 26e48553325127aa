"""Slopes along random directions judged, and the entries found that are wrong."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_cli.checks.subject import Subject, report_of, untold
from gradcheck_cli.diagnosis.diagnose import diagnosed
from gradcheck_cli.diagnosis.evidence import Evidence, Sampled
from gradcheck_cli.diagnosis.screened import (
    Explanation,
    explanation,
    grid,
    is_clear,
    largest_claims,
    unexplained_finding,
)
from gradcheck_cli.evaluating.budget import BudgetSpentError
from gradcheck_cli.judging.difference import relative_difference
from gradcheck_cli.judging.precision import (
    SINGLE_NOTE,
    are_single_numbers,
    largest_difference,
    precision_of_all,
    rounding_notes,
)
from gradcheck_cli.judging.ruling import Facts
from gradcheck_cli.judging.slopes import compare_screened, slope_reference
from gradcheck_cli.numeric.screen import MISSED, Screen, evaluations_of
from gradcheck_cli.numeric.slopes import ALONE, Slope, Slopes
from gradcheck_cli.problems.directions import Direction, start_of
from gradcheck_cli.problems.problem import saved_in
from gradcheck_cli.vocabulary.parameters import Array, Parameters, dictionary_to_vector, not_finite_positions
from gradcheck_cli.vocabulary.results import CheckReport, EntryVerdict, ParameterResult, ScreenFacts, Verdict
from gradcheck_cli.vocabulary.settings import AUTO

__all__ = ["screened_report"]

OF_A_SEARCH = 25  # evaluations for each entry that is found
EXAMPLES = 3  # entries that are shown of a parameter that is wrong all over; one where a rule says how
MOST_DIAGNOSED = 2**17  # entries; the catalogue makes arrays of its own, for which there may be no memory


def screened_report(subject: Subject) -> CheckReport:
    """Judge by slopes along random directions.

    Raises
    ------
    SettingError
        Where the budget is spent before the first slope.
    """
    screening = _Screening(subject)
    screening.measure()
    if screening.slopes is not None and screening.screen is not None and screening.screen.own:
        return screening.report(screening.slopes, screening.screen)
    return untold(subject)


@dataclass
class _Screening:
    """One screen from its slopes to its report; what is measured stays when it is interrupted."""

    subject: Subject
    ended: bool = False
    """Whether the screen came to its end."""
    slopes: Slopes | None = None
    screen: Screen | None = None
    explained: dict[str, Explanation] = field(default_factory=dict)
    """By parameter, the right gradient as a simple rule makes it of the claim."""
    examples: list[Slope] = field(default_factory=list)
    """Single entries of parameters that are wrong all over."""

    def __post_init__(self) -> None:
        subject = self.subject
        self.problem, self.analytic, self.watch = subject.losses, subject.analytic, subject.watch
        self.settings = dataclasses.replace(subject.settings, epsilon=AUTO)
        self.saved_in = saved_in(subject.problem)
        self.not_finite = {
            name: bad for name, a in self.analytic.items() if (bad := not_finite_positions(a, self.most))
        }

    @property
    def most(self) -> int:
        """How many wrong entries are looked for."""
        return self.settings.locate

    # measuring

    def measure(self) -> None:
        """Take the slopes and search where they contradict the claim, as far as one gets."""
        self.watch.at("random directions")
        self.watch.expect(evaluations_of(self.problem.parameters), "evaluations")
        try:
            self.slopes = Slopes(
                self.problem, self.finite_claim(), self.threshold(), self.settings.seed, self.subject.loss or 0.0
            )
            self.slopes.found = self.watch.wrong
            self.screen = Screen(self.slopes)
            self.screen.run()
            self.search(self.screen, self.slopes)
            self.ended = True
        except KeyboardInterrupt:
            self.subject.evaluator.budget.closed = True
        except BudgetSpentError:
            pass

    def finite_claim(self) -> Parameters:
        """Return the claim with zeros in the place of what is not finite: they take no memory."""
        return {n: np.broadcast_to(0.0, a.shape) if n in self.not_finite else a for n, a in self.analytic.items()}

    def search(self, screen: Screen, slopes: Slopes) -> None:
        """Find rules or entries that explain what is wrong."""
        if (screen.wrong() or screen.whole_is_wrong()) and self.may_be_single():
            slopes.threshold = max(largest_difference("float32"), slopes.threshold)
        if screen.whole_is_wrong() and not screen.wrong():
            for name in screen.own:  # a little may be wrong in each of them
                screen.add(name)
        wrong = [name for name in screen.wrong() if name not in self.not_finite]
        if wrong:
            self.watch.at("entries that are wrong")
            self.watch.expect(evaluations_of(self.problem.parameters) + self.most * OF_A_SEARCH, "evaluations")
        for name in wrong:
            if not is_clear(screen.own[name]):
                screen.add(name)
            truth = explanation(name, slopes, screen.own[name])
            if truth is not None:
                self.explained[name] = truth
        screen.search([name for name in wrong if name not in self.explained], self.most)
        self.show(slopes, wrong)

    def show(self, slopes: Slopes, wrong: Sequence[str]) -> None:
        """Measure a few entries of what is wrong all over, and those that are not finite."""
        starts = start_of(self.problem.parameters)
        without = [name for name in wrong if not self.found(name)]
        counts = {name: 1 if name in self.explained else EXAMPLES for name in without}
        some = {name: largest_claims(self.analytic[name], count) for name, count in counts.items()}
        positions = [starts[name] + k for name, found in {**self.not_finite, **some}.items() for k in found]
        self.examples = [slopes.of(Direction(self.settings.seed, 0, k, k + 1)) for k in positions]
        slopes.first(self.examples)
        slopes.resolve(*self.examples, factors=ALONE)

    def threshold(self) -> float:
        """Return the relative error that an entry may have."""
        return max(largest_difference(self.precision), self.settings.threshold)

    @property
    def precision(self) -> str:
        """The arithmetic that the claim is known to come from; of all parameters together the finest."""
        return precision_of_all(self.analytic, self.settings, self.saved_in)

    def may_be_single(self) -> bool:
        """Whether what contradicts may come from float32 arithmetic."""
        unknown = self.settings.precision == AUTO and self.precision == "float64"
        return unknown and are_single_numbers(self.analytic)

    def found(self, name: str) -> list[Slope]:
        """Return the entries of a parameter that were measured for themselves."""
        start = start_of(self.problem.parameters)[name]
        stop = start + self.analytic[name].size
        located = self.screen.located.entries if self.screen else []
        return [slope for slope in [*located, *self.examples] if start <= slope.direction.start < stop]

    # telling

    def report(self, slopes: Slopes, screen: Screen) -> CheckReport:
        """Return what was found."""
        parameters = [self.compared(name, slopes, screen) for name in screen.own]
        facts = self.facts(parameters, self.difference(slopes, screen), slopes, screen)
        notes = () if facts.constant else tuple(self.notes(slopes))
        how = self.how(screen)
        report = report_of(
            self.subject, facts, reference="slopes along random directions", notes=notes, screen=how
        )  # fmt: skip
        accused = report.verdict is Verdict.FAIL and not facts.constant
        return self.with_findings(report, slopes, screen) if accused else report

    def compared(self, name: str, slopes: Slopes, screen: Screen) -> ParameterResult:
        """Return the result of one parameter."""
        own = screen.own[name]
        if name in self.not_finite:
            own = [dataclasses.replace(slope, claim=math.nan) for slope in own]
        return compare_screened(name, self.analytic[name], slopes, own, self.found(name), screen.tiny[name])

    def difference(self, slopes: Slopes, screen: Screen) -> float:
        """Return the relative difference between the claimed and the measured slopes of all parameters."""
        references = {name: slope_reference(slopes, own) for name, own in screen.own.items()}
        claims = {name: np.array([slope.claim for slope in own]) for name, own in screen.own.items()}
        claims |= {name: np.full(len(claims[name]), np.nan) for name in self.not_finite if name in claims}
        values = {name: reference.values for name, reference in references.items()}
        return relative_difference(dictionary_to_vector(claims), dictionary_to_vector(values))

    def facts(self, parameters: Sequence[ParameterResult], difference: float, slopes: Slopes, screen: Screen) -> Facts:
        """Return what there is to judge."""
        wrong = [p.name for p in parameters if p.verdict is Verdict.FAIL]
        return Facts(
            settings=self.settings,
            parameters=parameters,
            difference=difference,
            refined_difference=difference,
            sizes={name: claim.size for name, claim in self.analytic.items()},
            low_precision=list(self.analytic) if slopes.threshold > self.settings.threshold else (),
            interrupted=self.subject.interrupted,
            spent="" if self.ended or self.subject.interrupted else self.subject.evaluator.budget.words,
            single=self.subject.is_single,
            constant=slopes.loss_noise.constant is not None,
            whole=whole_verdict(slopes, screen),
            more_wrong=[name for name in wrong if self.more_is_wrong(name, screen)],
        )

    def how(self, screen: Screen) -> ScreenFacts:
        """Return how the gradient was screened."""
        directions = len(screen.whole) + sum(map(len, screen.own.values()))
        return ScreenFacts(self.settings.seed, directions, MISSED)

    def notes(self, slopes: Slopes) -> Iterator[str]:
        """Say which rounding was allowed for."""
        if self.precision != "float64":
            yield from rounding_notes(self.settings, self.saved_in, self.analytic, list(self.analytic))
        elif slopes.threshold > self.settings.threshold:
            yield SINGLE_NOTE

    def more_is_wrong(self, name: str, screen: Screen) -> bool:
        """Whether the entries that were found leave a slope of a parameter unexplained."""
        located = {slope.direction for slope in screen.located.entries} & {s.direction for s in self.found(name)}
        return bool(located) and screen.unexplained(name) is not None

    # diagnosing

    def with_findings(self, report: CheckReport, slopes: Slopes, screen: Screen) -> CheckReport:
        """Name the mistakes: of what a rule or single entries explain, by the catalogue."""
        wrong = [p for p in report.parameters if p.verdict is Verdict.FAIL]
        unknown = [p for p in wrong if not self.is_known(p.name, screen)]
        known = [p for p in report.parameters if p not in unknown]
        if any(p in known for p in wrong):
            report = diagnosed(report, self.evidence(known, slopes))
        more = [unexplained_finding(p, self.spread(p.name, screen), ended=self.ended) for p in unknown]
        return dataclasses.replace(report, findings=(*report.findings, *more))

    def spread(self, name: str, screen: Screen) -> list[tuple[int, int]]:
        """Return first and last entry of the ranges of a parameter that are wrong all over."""
        start = start_of(self.problem.parameters)[name]
        ranges = ((part.direction.start - start, part.direction.stop - start - 1) for part in screen.located.spread)
        return sorted((first, last) for first, last in ranges if 0 <= first < self.analytic[name].size)

    def is_known(self, name: str, screen: Screen) -> bool:
        """Whether it is known what is right in a parameter that is wrong; a claim of zeros is told of as such."""
        if not self.analytic[name].any():
            return False
        return name in self.not_finite or name in self.explained or screen.unexplained(name) is None

    def sampled(self, parameter: ParameterResult) -> Sampled | None:
        """Return which entries the catalogue is to see: of very many those measured and some between, else all."""
        if sum(values.size for values in self.analytic.values()) <= MOST_DIAGNOSED:
            return None
        measured = [parameter.entries.place(k) for k in range(len(parameter.entries))]
        return Sampled(parameter.shape, grid(parameter.shape, measured))

    def evidence(self, parameters: Sequence[ParameterResult], slopes: Slopes) -> Evidence:
        """Return the claim beside what is known to be right."""
        chosen = {p.name: self.sampled(p) for p in parameters}
        samples = {name: sample for name, sample in chosen.items() if sample is not None}
        truths = {name: self.truth(name, slopes, samples.get(name)) for name in chosen}
        zeros = {name: np.broadcast_to(0.0, truth.shape) for name, truth in truths.items()}
        return Evidence(
            parameters={name: entries_at(self.problem.parameters[name], samples.get(name)) for name in truths},
            analytic={name: entries_at(self.analytic[name], samples.get(name)) for name in truths},
            reference=truths,
            floors=zeros,
            single_floors=zeros,
            threshold=slopes.threshold,
            samples=samples,
        )

    def truth(self, name: str, slopes: Slopes, sample: Sampled | None) -> Array:
        """Return the right gradient of a parameter, or a sample of it."""
        claim = entries_at(self.analytic[name], sample)
        if name in self.explained:
            explained = self.explained[name]
            return explained.of(claim, entries_at(explained.rule.beside, sample))
        start, right = start_of(self.problem.parameters)[name], claim.copy()
        if name in self.not_finite:
            return right
        for position, error in slopes.errors.items():
            if start <= position < start + self.analytic[name].size:
                k = position - start
                right[np.unravel_index(k, right.shape) if sample is None else sample.positions == k] -= error
        return right


def whole_verdict(slopes: Slopes, screen: Screen) -> EntryVerdict:
    """Return what the slopes through all parameters say of the claim."""
    if screen.whole_is_wrong():
        return EntryVerdict.DISAGREES
    return EntryVerdict.UNRESOLVED if any(map(slopes.contradicts, screen.whole)) else EntryVerdict.AGREES


def entries_at(array: Array, sample: Sampled | None) -> Array:
    """Return an array, or a sample of it."""
    return array if sample is None else array.reshape(-1)[sample.positions]
