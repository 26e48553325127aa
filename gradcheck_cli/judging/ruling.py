"""The ruling: from what is known of a check to its verdict and the reasons for it. Plain numbers only.

One table, `RULES`, decides: the first rule that holds and has a verdict gives it, so those that FAIL stand before those
that are INCONCLUSIVE; where none holds it is a PASS. Every rule that holds speaks, in the order of the table, which is
the order in which a user reads the reasons. A new rule is one entry of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gradcheck_cli.vocabulary.results import (
    SLOPE_MISMATCH,
    Entries,
    EntryVerdict,
    ParameterResult,
    StepError,
    StepFault,
    Verdict,
)
from gradcheck_cli.vocabulary.settings import SCREEN, Settings

__all__ = ["RULES", "Facts", "Rule", "Ruling", "difference_verdict", "entries_verdict", "ruling"]


MOST_NAMED = 3  # entries that a sentence names
CATCHES = 0.1  # of a derivative: if an error as large as that went unseen, a PASS would say nothing
WEIGH = "weight the outputs, as in loss = (w * out).sum()"
OR_PUT_IN = ", or make sure that the parameters are put into the model: were they copied?"
LOW_CATCHES = 0.5  # the same of a claim of low precision, the bars of which are mostly its own rounding

# the records


class Facts(NamedTuple):
    """What is known of a check when it is judged."""

    settings: Settings
    parameters: Sequence[ParameterResult]
    """Those that were checked, in whole or in part."""
    difference: float
    """The headline, which the threshold limits; of a screen, the mismatch of its slopes."""
    refined_difference: float
    """The same against the reference."""
    sizes: Mapping[str, int]
    """The number of entries to check of every parameter of the gradient, whether or not they were checked."""
    held: float | None = None
    """What the threshold limits at a step where that is not the headline: how far the reference is from the centred
    differences. A claim of low precision is off from both by its own rounding."""
    low_precision: Sequence[str] = ()
    """The parameters that are judged by less than float64."""
    doubts: Sequence[str] = ()
    """The parameters whose errors look like float32's, and nothing else says that they are."""
    step_error: StepError | None = None
    """What is wrong with the step of the centred difference, where that was looked for."""
    constant: bool = False
    """Whether the loss is constant by construction."""
    single: bool = False
    """Whether the loss was seen to be computed in float32."""
    ignored: Sequence[str] = ()
    """The parameters that the loss was seen not to change with."""
    interrupted: bool = False
    spent: str = ""
    """The budget in words, where it was spent before the check was made."""
    not_finite: Sequence[tuple[str, float]] = ()
    """Places and values that are not finite in the claim, some of them perhaps in entries that were not checked."""
    whole: EntryVerdict = EntryVerdict.AGREES
    """Of a screen: what the slopes through all parameters together say."""
    more_wrong: Sequence[str] = ()
    """Of a screen: parameters of which more is wrong than the entries that were found."""

    @property
    def screened(self) -> bool:
        """Whether slopes were checked in place of entries."""
        return self.settings.mode == SCREEN

    @property
    def figure(self) -> str:
        """What the headline's number is called: a screen does not know the course's difference."""
        return SLOPE_MISMATCH if self.screened else "difference"

    @property
    def missing(self) -> list[str]:
        """The parameters of which nothing was checked."""
        checked = {p.name for p in self.parameters}
        return [name for name in self.sizes if name not in checked]

    @property
    def complete(self) -> bool:
        """Whether something was checked of every parameter, and of those of which no slopes were, every entry."""
        return not self.missing and (self.screened or all(map(self.is_whole, self.parameters)))

    def is_whole(self, parameter: ParameterResult) -> bool:
        """Whether every entry of a parameter was checked that is to be."""
        return parameter.entries.total == self.sizes[parameter.name]

    @property
    def within(self) -> bool:
        """Whether the difference is within the threshold; NaN is not."""
        return self.difference <= self.settings.threshold

    @property
    def step_within(self) -> bool:
        """Whether what is held against the threshold at a step is within it; NaN is not."""
        return (self.difference if self.held is None else self.held) <= self.settings.threshold

    def with_verdict(self, verdict: Verdict) -> list[ParameterResult]:
        """Return the parameters that have a verdict."""
        return [p for p in self.parameters if p.verdict is verdict]


class Rule(NamedTuple):
    """One reason for which a check may not be a PASS, or one remark on it."""

    name: str
    verdict: Verdict | None
    """What it comes to where it holds; None for a remark, which decides nothing."""
    holds: Callable[[Facts], bool]
    says: Callable[[Facts], Iterable[str]] = lambda _: ()
    """The sentences of a rule that holds; some have none."""


class Ruling(NamedTuple):
    """The verdict on a check, and the sentences that give the reasons for it."""

    verdict: Verdict
    reasons: tuple[str, ...]


# the rules


def is_stopped(facts: Facts) -> bool:
    """Whether the check ended before it was made."""
    return facts.interrupted or bool(facts.spent)


def how_it_stopped(facts: Facts) -> Iterator[str]:
    """Say what ended the check, and what was checked by then."""
    cause = "interrupted" if facts.interrupted else f"the budget of {facts.spent} is spent"
    if facts.screened:
        yield f"{cause}: the screen did not finish" if facts.interrupted else cause
    elif facts.interrupted and all(map(facts.is_whole, facts.parameters)):
        yield f"{cause}: {', '.join(facts.missing) or 'the differences'} not checked"
    else:
        checked = {p.name: p.entries.total for p in facts.parameters}
        counts = (f"{checked.get(name, 0):,} of {size:,} of {name}" for name, size in facts.sizes.items())
        yield f"{cause}; checked: {', '.join(counts)}"


def not_finite_places(facts: Facts) -> list[tuple[str, float]]:
    """Return an entry of each parameter whose claim has some that are not finite, with its value."""
    found = [(p.worst.name, p.worst.analytic) for p in facts.parameters if not p.worst.error < float("inf")]
    return found or list(facts.not_finite)


def what_is_not_finite(facts: Facts) -> Iterator[str]:
    """Name these entries."""
    places = ", ".join(f"{place} is {value}" for place, value in not_finite_places(facts))
    yield f"the analytic gradient is not finite: {places}"


def what_the_norm_hides(facts: Facts) -> Iterator[str]:
    """Say which wrong parameter a difference within the threshold hides, or which parameter hides wrong entries."""
    if not facts.within:
        return
    hidden = f"too {{}} to show in the overall {facts.figure} of {facts.difference:.1e}"
    worst = max(facts.with_verdict(Verdict.FAIL), key=lambda p: p.refined_difference)
    largest = max(p.analytic_norm for p in facts.parameters)
    if not worst.refined_difference <= facts.settings.threshold:
        yield (
            f"{worst.name} has a {facts.figure} of {worst.refined_difference:.1e}, but is {hidden.format('small')}"
            f" (its norm is {worst.analytic_norm:.1e}, the largest {largest:.1e})"
        )
    elif wrong := worst.count(EntryVerdict.DISAGREES):
        some = worst.name if worst.size == 1 else f"{wrong} of {worst.size} entries of {worst.name}"
        yield f"{some} {'is' if wrong == 1 else 'are'} wrong, by {hidden.format('little')}"
    else:
        yield f"slopes through {worst.name} disagree, by {hidden.format('little')}"


def what_only_the_whole_shows(facts: Facts) -> Iterator[str]:
    """Say that no parameter alone is known to be wrong."""
    if not facts.with_verdict(Verdict.FAIL):
        yield "the slopes through all parameters together contradict the gradient, but those through each alone do not"


def what_was_not_screened(facts: Facts) -> Iterator[str]:
    """Name the parameters that a screen did not come to; of entries, it is said with what ended the check."""
    if facts.screened:
        yield f"not screened: {', '.join(facts.missing)}"


def what_the_step_did(facts: Facts) -> Iterator[str]:
    """Say what the step epsilon did, where the reference is within the threshold and the difference is not."""
    error = facts.step_error
    if error is None:
        return
    cause = {
        StepFault.ROUND_OFF: f"is round-off of J (noise floor {error.floor:.1e})",
        StepFault.KINK: f"comes from a kink within epsilon of {error.where}",
        StepFault.TRUNCATION: f"is truncation: epsilon is too large, worst at {error.where}",
    }[error.fault]
    yield (
        f"difference {facts.difference:.1e} at epsilon {facts.settings.epsilon:g} {cause};"
        f" the reference agrees to {facts.refined_difference:.0e}: try --epsilon auto"
    )


def has_coarse_entries(facts: Facts) -> bool:
    """Whether the reference of some entries is too coarse."""
    return not facts.screened and any(which_entries_are_coarse(facts))


def which_entries_are_coarse(facts: Facts) -> Iterator[str]:
    """Count them by parameter."""
    for p in facts.parameters:
        if (coarse := p.count(EntryVerdict.UNRESOLVED)) and p.name not in facts.doubts:
            which = [
                p.entries[k].name for k in range(len(p.entries)) if p.entries.verdicts[k] == EntryVerdict.UNRESOLVED
            ]
            named = ", ".join(which[:MOST_NAMED]) + (", ..." if coarse > MOST_NAMED else "")
            yield f"{p.name}: {coarse} of {p.entries.total} entries could not be resolved numerically: {named}"


def slopes_of(facts: Facts) -> Iterator[tuple[str, Entries]]:
    """Yield the slopes of each parameter that was screened."""
    return ((p.name, p.slopes) for p in facts.parameters if p.slopes is not None)


def has_unclear_slopes(facts: Facts) -> bool:
    """Whether slopes are too coarse, or lie on a kink."""
    return any(
        slopes.count(EntryVerdict.UNRESOLVED) or slopes.count(EntryVerdict.KINK) for _, slopes in slopes_of(facts)
    )


def which_slopes_are_unclear(facts: Facts) -> Iterator[str]:
    """Count them by parameter."""
    for name, slopes in slopes_of(facts):
        if coarse := slopes.count(EntryVerdict.UNRESOLVED):
            yield f"{name}: {coarse} of {len(slopes)} slopes could not be resolved numerically"
        if kinks := slopes.count(EntryVerdict.KINK):
            yield f"{name}: {kinks} of {len(slopes)} slopes lie on a kink, where any between the two sides is right"


def where_more_is_wrong(facts: Facts) -> Iterator[str]:
    """Name the parameters whose slopes the entries that were found do not explain."""
    for name in facts.more_wrong:
        yield f"{name}: more is wrong than the entries that were found; --locate N looks for more"


def above_the_threshold(facts: Facts) -> bool:
    """Whether the difference at a step exceeds the threshold, and nothing but the step is known to be to blame."""
    at_a_step = facts.settings.step is not None or facts.settings.classic
    return at_a_step and not facts.step_within and not is_wrong(facts) and not are_both_zero(facts)


def rows_within_their_bars(facts: Facts) -> list[ParameterResult]:
    """Return the parameters that pass although their differences exceed the threshold; not those of low precision."""
    if facts.settings.classic or facts.constant or above_the_threshold(facts):
        return []
    passed = [p for p in facts.with_verdict(Verdict.PASS) if p.name not in facts.low_precision]
    return [p for p in passed if not p.difference <= facts.settings.threshold]


def why_rows_pass(facts: Facts) -> Iterator[str]:
    """Say that the error bars of the reference decide, not the figure."""
    if are_both_zero(facts):
        return
    rows = ", ".join(f"{p.name} ({p.difference:.1e})" for p in rows_within_their_bars(facts)[:MOST_NAMED])
    yield f"above the threshold, but no further from the reference than its error bars explain: {rows}"


def what_is_doubted(facts: Facts) -> Iterator[str]:
    """Say what errors may be that look like float32's."""
    yield (
        f"{', '.join(facts.doubts)}: errors as small as those of float32 rounding, a small slip, or a guard such as"
        " log(p + 1e-7) that the gradient leaves out; --precision float32 accepts them"
    )


def blunt_parameters(facts: Facts) -> list[ParameterResult]:
    """Return the parameters of which a PASS would say nothing: even a factor would not have been seen.

    A parameter that is zero to rounding, or lies on kinks, is not meant: it has a factor that is infinite.
    """
    known = ((p, p.sensitivity) for p in facts.parameters if p.verdict is Verdict.PASS)
    limits = dict.fromkeys(facts.low_precision, LOW_CATCHES)
    finite = ((p, s) for p, s in known if s is not None and s.factor < float("inf"))
    return [p for p, s in finite if min(s.factor, s.relative) > limits.get(p.name, CATCHES)]


def how_blunt(facts: Facts) -> Iterator[str]:
    """Say how large an error each of them hides."""
    for p in blunt_parameters(facts):
        if p.sensitivity:
            yield (
                f"{p.name}: a gradient off by a factor of {1 + p.sensitivity.factor:.2g} would have passed as well,"
                " so this shows nothing"
            )


def blind_parameters(facts: Facts) -> list[ParameterResult]:
    """Return the parameters in which an error of the required size would not have been seen."""
    required = facts.settings.require_sensitivity
    if required is None or facts.settings.classic:
        return []
    return [p for p in facts.parameters if p.sensitivity is None or not p.sensitivity.relative <= required]


def what_could_hide(facts: Facts) -> Iterator[str]:
    """Say how large an error would not have been seen."""
    for p in blind_parameters(facts):
        if p.sensitivity:
            yield (
                f"{p.name}: a relative error of {p.sensitivity.relative:.0e} in an entry would not have been seen;"
                f" {facts.settings.require_sensitivity:g} is required"
            )


def has_kinks(facts: Facts) -> bool:
    """Whether entries lie on a kink."""
    return not facts.screened and any(p.count(EntryVerdict.KINK) for p in facts.parameters)


def which_entries_are_kinks(facts: Facts) -> Iterator[str]:
    """Count them by parameter."""
    counts = [(p.name, p.count(EntryVerdict.KINK)) for p in facts.parameters]
    found = ", ".join(f"{k} of {name}" for name, k in counts if k)
    yield f"entries on a kink, where any slope between the two sides is right: {found}"


def are_both_zero(facts: Facts) -> bool:
    """Whether there was nothing to compare but zeros, to rounding."""
    if facts.settings.classic or facts.screened or facts.within:
        return False
    if blind_parameters(facts) or len(facts.with_verdict(Verdict.PASS)) < max(len(facts.parameters), 1):
        return False
    return all(is_zero(p.entries) for p in facts.parameters)


def is_zero(entries: Entries) -> bool:
    """Whether neither claim nor reference can be told from zero; the slopes beside a kink can."""
    both = zip(entries.analytic, entries.reference, entries.bars, strict=True)
    return not entries.count(EntryVerdict.KINK) and all(abs(a) <= bar and abs(r) <= bar for a, r, bar in both)


def that_it_is_constant(facts: Facts) -> Iterator[str]:
    """Say what follows from that: a claim is wrong, may hide below the last digit of the loss, or tells nothing."""
    if facts.with_verdict(Verdict.FAIL):
        yield f"this loss does not change: its gradient is zero; {WEIGH}{OR_PUT_IN}"
    elif facts.with_verdict(Verdict.INCONCLUSIVE):
        yield "this loss changes by no more than its last digit, where the claimed slopes may hide"
    else:
        yield f"this loss does not change: it checks nothing; {WEIGH}"


def hidden_from_the_course(facts: Facts) -> list[str]:
    """Return the parameters that fall short while the whole passes the course's rule, which does not see them."""
    if not (facts.settings.classic and facts.within):
        return []
    return [p.name for p in facts.parameters if p.verdict is not Verdict.PASS]


def what_is_hidden_from_the_course(facts: Facts) -> Iterator[str]:
    """Name them."""
    hidden = ", ".join(hidden_from_the_course(facts))
    yield f"{hidden}: above the threshold when taken alone, hidden in the overall difference"


def is_wrong(facts: Facts) -> bool:
    """Whether the gradient is known to be wrong: then it does not matter what else could not be seen."""
    return any(rule.verdict is Verdict.FAIL and rule.holds(facts) for rule in RULES)


RULES = (
    Rule(
        "not finite",
        Verdict.FAIL,
        lambda facts: not facts.settings.classic and bool(not_finite_places(facts)),
        what_is_not_finite,
    ),
    Rule(
        "a parameter is wrong",
        Verdict.FAIL,
        lambda facts: not facts.settings.classic and bool(facts.with_verdict(Verdict.FAIL)),
        what_the_norm_hides,
    ),
    Rule(
        "the whole is wrong",
        Verdict.FAIL,
        lambda facts: facts.whole is EntryVerdict.DISAGREES,
        what_only_the_whole_shows,
    ),
    Rule(
        "above the threshold by the course's rule",
        Verdict.FAIL,
        lambda facts: facts.settings.classic and not facts.within,
    ),
    Rule("stopped", Verdict.INCONCLUSIVE, is_stopped, how_it_stopped),
    Rule(
        "not everything was checked",
        Verdict.INCONCLUSIVE,
        lambda facts: not facts.complete,
        what_was_not_screened,
    ),
    Rule(
        "above the threshold",
        Verdict.INCONCLUSIVE,
        above_the_threshold,
        what_the_step_did,
    ),
    Rule(
        "may be float32 rounding, or a small slip",
        Verdict.INCONCLUSIVE,
        lambda facts: bool(facts.doubts),
        what_is_doubted,
    ),
    Rule(
        "a PASS could not have failed",
        Verdict.INCONCLUSIVE,
        lambda facts: bool(blunt_parameters(facts)) and not is_wrong(facts),
        how_blunt,
    ),
    Rule(
        "a parameter is unresolved",
        Verdict.INCONCLUSIVE,
        lambda facts: bool(facts.with_verdict(Verdict.INCONCLUSIVE)) or facts.whole is EntryVerdict.UNRESOLVED,
    ),
    Rule("entries are coarse", Verdict.INCONCLUSIVE, has_coarse_entries, which_entries_are_coarse),
    Rule("slopes are unclear", None, has_unclear_slopes, which_slopes_are_unclear),
    Rule("more is wrong", None, lambda facts: bool(facts.more_wrong), where_more_is_wrong),
    Rule(
        "required sensitivity",
        Verdict.INCONCLUSIVE,
        lambda facts: bool(blind_parameters(facts)) and not is_wrong(facts),
        what_could_hide,
    ),
    Rule(
        "within the error bars",
        None,
        lambda facts: not facts.within and bool(rows_within_their_bars(facts)) and not is_wrong(facts),
        why_rows_pass,
    ),
    Rule("entries on a kink", None, has_kinks, which_entries_are_kinks),
    Rule("the loss is constant", None, lambda facts: facts.constant, that_it_is_constant),
    Rule(
        "both are zero",
        None,
        lambda facts: are_both_zero(facts) and not facts.constant,
        lambda _: ["both gradients are zero to rounding"],
    ),
    Rule(
        "hidden from the course's rule",
        None,
        lambda facts: bool(hidden_from_the_course(facts)),
        what_is_hidden_from_the_course,
    ),
)
"""All rules, in the order in which they decide and speak."""


# the rulings


def ruling(facts: Facts, rules: Sequence[Rule] = RULES) -> Ruling:
    """Return the verdict on a check, with its reasons.

    Parameters
    ----------
    facts : Facts
        What is known of it.
    rules : sequence of Rule, optional
        What decides.

    Returns
    -------
    Ruling
        The verdict of the first rule that holds and has one, PASS where none does; the sentences of all that hold.
    """
    holding = [rule for rule in rules if rule.holds(facts)]
    verdict = next((rule.verdict for rule in holding if rule.verdict), Verdict.PASS)
    return Ruling(verdict, tuple(sentence for rule in holding for sentence in rule.says(facts)))


def entries_verdict(verdicts: bytes) -> Verdict:
    """Return the verdict on a parameter by those of its entries, or of its slopes.

    Parameters
    ----------
    verdicts : bytes
        An `EntryVerdict` each.

    Returns
    -------
    Verdict
        FAIL where one disagrees, INCONCLUSIVE where one is unresolved, else PASS.
    """
    if verdicts.count(EntryVerdict.DISAGREES):
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if verdicts.count(EntryVerdict.UNRESOLVED) else Verdict.PASS


def difference_verdict(difference: float, threshold: float) -> Verdict:
    """Return the course's verdict: PASS where `difference` is at most `threshold`, else FAIL; NaN fails."""
    return Verdict.PASS if difference <= threshold else Verdict.FAIL
