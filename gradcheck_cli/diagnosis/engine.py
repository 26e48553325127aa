"""Goes backwards from the output layer and holds the catalogue's guesses against the claim.

A wrong dZ_l spoils dW_l, db_l and all gradients below. So the first layer from the output that is wrong holds the
root cause: it is named, put into the simulation, and what is then still unexplained is searched on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_cli.diagnosis import catalogue
from gradcheck_cli.diagnosis.evidence import Evidence, projection
from gradcheck_cli.diagnosis.mistake import (
    ENOUGH,
    EXACT,
    FITTED,
    LOOSE,
    RELATED,
    AnyGuess,
    DeltaCase,
    DeltaMistake,
    Fit,
    Guess,
    Hit,
    TensorCase,
    WholeCase,
    WholeGuess,
    WholeMistake,
)
from gradcheck_cli.diagnosis.naming import named, nearest_named, sizes_of
from gradcheck_cli.diagnosis.propagation import Propagation
from gradcheck_cli.diagnosis.search import search
from gradcheck_cli.diagnosis.wording import (
    delta_finding,
    joined,
    merged,
    noted,
    relation_of_delta,
    reproduced,
    tensor_finding,
    unknown_delta,
    unknown_tensor,
    whole_finding,
    with_note,
    with_shared,
)
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import Finding

__all__ = ["Walk"]


SEEN = 3  # floors above which an entry tells something of a mistake to which nothing is fitted
FEW_OF_ALL = 0.25  # of a gradient's entries
LEFT_OVER = 1e-6  # of the first discrepancy: what is no further mistake, once a mistake has explained the rest
NEARLY = 10.0  # times what a mistake leaves that explains but nearly: what of it may be left elsewhere


class Walk:
    """One diagnosis under way: what is expected of every gradient, given the mistakes found so far."""

    def __init__(self, evidence: Evidence, propagation: Propagation | None) -> None:
        self.evidence = evidence
        self.propagation = propagation
        self.findings: list[Finding] = []
        self.expected: dict[str, Array] = {}
        self.settled: dict[str, Array] = {}
        self.wrong: dict[str, bool] = {}
        self.discrepancy: dict[str, float] = {}
        self.told: dict[str, int] = {}
        self.left_over = LEFT_OVER
        self.first_discrepancy: dict[str, float] = {}
        self.names = list(evidence.parameters)
        self.expect(self.names)
        self.first_expected = dict(self.expected)
        self.first_discrepancy = dict(self.discrepancy)

    def expect(self, names: Iterable[str]) -> None:
        """Work out what these gradients should be, with the mistakes found so far put in."""
        p, names = self.propagation, list(names)
        expected = {name: self.evidence.reference[name] if p is None else p.gradient(name) for name in names}
        self.replace_expected({name: self.settled.get(name, value) for name, value in expected.items()})

    def replace_expected(self, values: Mapping[str, Array]) -> None:
        """Expect these gradients, and see what the claim says to it."""
        self.expected |= values
        self.told = {name: told for name, told in self.told.items() if name not in values}
        self.discrepancy |= {name: self.evidence.discrepancy(name, value) for name, value in values.items()}
        self.wrong |= {name: self.is_off(name, value) for name, value in values.items()}

    def is_off(self, name: str, value: Array) -> bool:
        """Whether a claim is off from what is expected, and by more than what an explained mistake leaves."""
        rest = self.left_over * self.first_discrepancy.get(name, 0.0)
        return not self.evidence.agrees(name, value) and not self.discrepancy[name] <= rest

    # what is wrong, and what there is to tell it from

    def equations(self, names: Iterable[str]) -> int:
        """Return how many independent numbers the claim tells in some gradients."""
        for name in names:
            if name not in self.told:
                self.told[name] = self.evidence.equations(name, self.expected[name])
        return sum(self.told[name] for name in names)

    def delta_equations(self, l: int) -> int:
        """Return how many independent numbers dW_l and db_l tell of dZ_l: db_l is one more input that is always 1."""
        both = self.equations([f"W{l}", f"b{l}"])
        if self.propagation is None:
            return both
        units, inputs = self.propagation.W(l).shape
        return int(min(both, units * min(self.propagation.m, inputs + 1)))

    def reproduction(self, hit: Hit[AnyGuess], values: Mapping[str, Array]) -> str:
        """Say how far a claim is what it would be with the mistake put in, and from how much that is told.

        Nothing is said of what is only described, for there the claim's own entries are put in, nor of zeros.
        """
        if hit.rank == LOOSE or not any(self.evidence.analytic[name].any() for name in values):
            return ""
        before = {name: self.evidence.wrong_entries(name, self.expected[name]) for name in values}
        after = {name: self.evidence.wrong_entries(name, value) for name, value in values.items()}
        wrong = sum(int(mask.sum()) for mask in before.values())
        right = sum(int((mask & ~after[name]).sum()) for name, mask in before.items())
        if hit.numbers:
            return reproduced(right, wrong, hit.numbers, self.equations(values))
        told = sum(self.evidence.equations(name, self.expected[name], SEEN) for name in values)
        return reproduced(right, wrong, 0, told)

    def is_wrong(self, name: str) -> bool:
        """Whether the claim is off from what is expected."""
        return self.wrong[name]

    def informative(self, name: str) -> bool:
        """Whether a wrong dZ could show here at all."""
        return bool((np.abs(self.expected[name]) > 4 * self.evidence.floors[name]).any())

    def spoiled_below(self, l: int) -> bool:
        """Whether the layer below looks as if dZ_l were wrong: all is wrong there that could be."""
        below = [name for name in (f"W{l - 1}", f"b{l - 1}") if name in self.expected]
        telling = [name for name in below if self.informative(name)]
        return all(self.is_wrong(name) for name in telling)

    def wrong_below(self, l: int) -> bool:
        """Whether anything is wrong in the layer below."""
        return any(self.is_wrong(name) for name in (f"W{l - 1}", f"b{l - 1}") if name in self.expected)

    def all_wrong(self) -> bool:
        """Whether every gradient is wrong that could be."""
        return all(self.is_wrong(name) for name in self.names if self.informative(name))

    # the search

    def run(self) -> tuple[Finding, ...]:
        """Return all findings, the root cause first."""
        hopeless = self.all_wrong()
        if not self.explained_as_a_whole():
            self.layer_by_layer()
            if hopeless and self.findings[0].code in {"unknown", "small-relative-error", "stale"}:
                self.explained_at_last()
        if not self.evidence.depth:
            return tuple(joined(self.findings))
        findings = with_shared(merged(merged(self.findings, "W", self.names), "b", self.names))
        witnesses = {f"d{name}" for name in self.names if self.informative(name)}
        return tuple(with_note(finding, findings, witnesses) for finding in self.with_consequences(findings))

    def explained_as_a_whole(self) -> bool:
        """Look for a mistake made to all gradients; whether nothing is left to search."""
        hits = self.whole_hits(catalogue.WHOLE, self.expected)
        if not hits:
            return False
        self.accept_whole(hits)
        return not any(self.is_wrong(name) for name in self.names)

    def explained_at_last(self) -> None:
        """Put a mistake made to all gradients in the place of findings that explain nothing."""
        self.replace_expected(self.first_expected)
        hits = self.whole_hits(catalogue.WHOLE_LAST, self.expected)
        if hits:
            self.findings = []
            self.accept_whole(hits)

    def accept_whole(self, hits: Sequence[Hit[WholeGuess]]) -> None:
        """Expect what a mistake on everything makes, and report it."""
        verified = self.reproduction(hits[0], hits[0].guess.values)
        self.findings.append(noted(whole_finding(hits, 1 - hits[0].left), verified))
        self.settled |= hits[0].guess.values
        self.replace_expected(hits[0].guess.values)

    def whole_hits(self, mistakes: Sequence[WholeMistake], expected: Parameters) -> list[Hit[WholeGuess]]:
        """Return what explains all gradients that it speaks of; those of which nothing is known say nothing."""
        floors = self.evidence.floors
        seen = {name: value for name, value in expected.items() if not np.isinf(floors[name]).all()}
        case = WholeCase(self.evidence, seen, self.propagation)
        return search(
            mistakes,
            lambda mistake: mistake.guesses(case),
            lambda guess: self.fit_of(guess.values),
            lambda guess: self.equations(guess.values),
        )

    def fit_of(self, values: Mapping[str, Array]) -> Fit | None:
        """Return the largest share that is left of any discrepancy; None where a gradient stays unexplained."""
        if not all(self.explains(name, value) for name, value in values.items()):
            return None
        left = max(self.left(name, value) for name, value in values.items())
        return Fit(left, all(self.evidence.agrees(name, value) for name, value in values.items()))

    def explains(self, name: str, value: Array) -> bool:
        """Whether `value` accounts for the claim; one of another shape, as a user may have it, does not."""
        if value.shape != self.evidence.analytic[name].shape:
            return False
        if not self.wrong[name]:
            return self.evidence.agrees(name, value)
        return self.evidence.explains(name, value, self.discrepancy[name])

    def left(self, name: str, value: Array) -> float:
        """Return the share of the discrepancy that `value` leaves."""
        discrepancy = self.discrepancy[name]
        return self.evidence.unexplained(name, value) / discrepancy if discrepancy else 0.0

    def layer_by_layer(self) -> None:
        """Go backwards through the layers; parameters that make no layers are taken one by one."""
        if not self.evidence.depth:
            self.tensors([name for name in self.names if self.is_wrong(name)])
            return
        for l in range(self.evidence.depth, 0, -1):
            if not self.layer(l):
                return

    def layer(self, l: int) -> bool:
        """Look for the mistakes of one layer; False where one stays unknown that spoils all below."""
        wrong = [name for name in (f"W{l}", f"b{l}") if self.is_wrong(name)]
        if not wrong:
            return True
        certain = all(self.is_wrong(name) for name in (f"W{l}", f"b{l}") if self.informative(name))
        spoiled = self.spoiled_below(l) and (certain or l > 1)
        if (spoiled or (self.propagation and self.wrong_below(l))) and self.delta(l):
            return True
        local = {name: self.tensor_hits(name) for name in wrong}
        special = self.all_special(local)
        if spoiled and self.delta_beside_tensors(l, special=special):
            return True
        if not spoiled and not special and self.delta_that_sums_hide(l):
            return True
        if spoiled and not (special and differ(local)) and not self.explained_locally(local, certain=certain, l=l):
            found = unknown_delta(l, self.right_places(), self.behind(l, wrong))
            hits = local.get(f"W{l}", [])
            related = hits and hits[0].rank <= RELATED and hits[0].is_exact
            self.findings.append(relation_of_delta(found, f"dW{l}", hits[0]) if related else found)
            return False
        self.report_tensors(local)
        return True

    def all_special(self, local: dict[str, list[Hit[Guess]]]) -> bool:
        """Whether every wrong gradient of a layer has an explanation of its own that leaves no doubt."""
        return all(self.is_of_few(name, hits) or self.is_certain(name, hits) for name, hits in local.items())

    def is_of_few(self, name: str, hits: Sequence[Hit[Guess]]) -> bool:
        """Whether a gradient is right but for a few of the entries that tell anything."""
        wrong = self.evidence.wrong_entries(name, self.expected[name])
        live = wrong | (np.abs(self.expected[name]) > SEEN * self.evidence.floors[name])
        return bool(hits) and bool(wrong.sum() <= FEW_OF_ALL * live.sum())

    def is_certain(self, name: str, hits: Sequence[Hit[Guess]]) -> bool:
        """Whether an explanation holds exactly, and is told from enough."""
        if not hits or hits[0].rank > FITTED or not hits[0].is_exact:
            return False
        return self.equations([name]) - hits[0].numbers >= ENOUGH

    def explained_locally(self, local: dict[str, list[Hit[Guess]]], *, certain: bool, l: int) -> bool:
        """Whether mistakes in the single gradients are likelier than one in dZ_l that nobody knows."""
        witnesses = any(self.informative(name) for name in self.names if int(name[1:]) == l - 1)
        if certain and witnesses:  # the layer below is wrong as well: one mistake is likelier than three
            return False
        limit = FITTED if certain else LOOSE
        return not (certain or witnesses) or all(hits and hits[0].rank <= limit for hits in local.values())

    # one gradient

    def tensors(self, names: Sequence[str]) -> None:
        """Look for a mistake in each of some gradients."""
        self.report_tensors({name: self.tensor_hits(name) for name in names})

    def report_tensors(self, local: dict[str, list[Hit[Guess]]]) -> None:
        """Report what was found of single gradients."""
        for name, hits in local.items():
            if hits:
                verified = self.reproduction(hits[0], {name: hits[0].guess.value})
                self.findings.append(noted(tensor_finding(self.evidence, name, hits, 1 - hits[0].left), verified))
            else:
                self.findings.append(unknown_tensor(self.evidence, name, self.expected[name], self.right_places()))

    def right_places(self) -> list[str]:
        """Return the gradients that are right, and could have been wrong."""
        return [f"d{name}" for name in self.names if self.informative(name) and not self.is_wrong(name)]

    def behind(self, l: int, wrong: Sequence[str]) -> list[str]:
        """Return the gradients that are wrong as well, at a step of layer l and below it."""
        below = [name for name in self.names if int(name[1:]) < l and self.is_wrong(name)]
        return [f"d{name}" for name in (*wrong, *below)]

    def tensor_hits(self, name: str) -> list[Hit[Guess]]:
        """Return what explains one gradient."""
        case = TensorCase(self.evidence, name, self.expected[name], self.propagation)

        hits = search(
            catalogue.TENSOR,
            lambda mistake: mistake.guesses(case),
            lambda guess: self.fit_of({name: guess.value}),
            lambda _: self.equations([name]),
        )
        if case.expected.size > 1:
            return hits
        return [hit for hit in hits if hit.rank == EXACT or hit.code == "small-relative-error"]

    # a dZ_l

    def delta(self, l: int) -> bool:
        """Look for a mistake in the line that computes dZ_l, and put it into the simulation."""
        if self.propagation is None:
            return self.delta_from_below(l)
        hits = self.delta_hits(l, lambda after: self.fits(l, after))
        if hits:
            self.accept_delta(l, hits)
        return bool(hits)

    def accept_delta(self, l: int, hits: Sequence[Hit[Guess]]) -> None:
        """Go on with the wrong dZ_l as what is expected."""
        if self.propagation is not None:
            self.propagation = self.propagation.with_delta(l, hits[0].guess.value)
            if not hits[0].is_exact:
                self.left_over = max(self.left_over, NEARLY * hits[0].left)
            verified = self.reproduction(
                hits[0], {name: self.propagation.gradient(name) for name in (f"W{l}", f"b{l}")}
            )
            self.expect(f"{kind}{k}" for k in range(1, l + 1) for kind in "Wb")
            self.findings.append(noted(delta_finding(hits, l, self.evidence.depth, 1 - hits[0].left), verified))

    def delta_from_below(self, l: int) -> bool:
        """Look for a mistake in dZ_l by what it does to all gradients of layer l and below."""
        part = {name: self.expected[name] for k in range(1, l + 1) for name in (f"W{k}", f"b{k}")}
        hits = self.whole_hits(catalogue.BELOW, part)
        if not hits:
            return False
        verified = self.reproduction(hits[0], hits[0].guess.values)
        self.replace_expected(hits[0].guess.values)
        self.findings.append(noted(delta_finding(hits, l, self.evidence.depth, 1.0), verified))
        return True

    def delta_hits(self, l: int, accepted: Callable[[Propagation], bool]) -> list[Hit[Guess]]:
        """Return the guesses at dZ_l, as they are or with a usual factor on top, that are accepted."""
        p = self.propagation
        if p is None:
            return []
        case = DeltaCase(self.evidence, p, l)

        def fit(guess: Guess) -> Fit | None:
            after = p.with_delta(l, guess.value, l)
            return self.fit_at(l, after, in_all=bool(guess.fitted)) if accepted(after) else None

        return search(
            catalogue.DELTA,
            lambda mistake: self.with_factors(l, mistake, case),
            fit,
            lambda _: self.delta_equations(l),
        )

    def fit_at(self, l: int, after: Propagation, *, in_all: bool) -> Fit:
        """Return how near a dZ_l comes to dW_l or db_l, to that which it is nearer to; or with fitted numbers, to both.

        Few numbers that are fitted are easily right in few entries.
        """
        values = {name: after.gradient(name) for name in (f"W{l}", f"b{l}") if self.is_wrong(name)}
        if not any(self.explains(name, value) for name, value in values.items()):  # it is told by the layer below
            values = self.below(l, after)
        lefts = [self.left(name, value) for name, value in values.items()]
        agrees = [self.evidence.agrees(name, value) for name, value in values.items()]
        return Fit(max(lefts), all(agrees)) if in_all else Fit(min(lefts), any(agrees))

    def with_factors(self, l: int, mistake: DeltaMistake, case: DeltaCase) -> Iterator[Guess]:
        """Yield the guesses at dZ_l, then those again that fit better with a usual factor on top."""
        kept = list(mistake.guesses(case))
        yield from kept
        if mistake.scalable:
            scaled = (self.with_factor(l, guess) for guess in kept)
            yield from (guess for guess in scaled if guess is not None)

    def with_factor(self, l: int, guess: Guess) -> Guess | None:
        """Return a guess with a usual factor on top, where there is one that fits db_l, or dW_l."""
        p = self.propagation
        if p is None or not np.isfinite(guess.value).all():
            return None
        sizes = sizes_of(self.evidence, l)
        claim, value = self.evidence.analytic[f"b{l}"], p.bias_from(guess.value)
        if not self.informative(f"b{l}"):
            claim = self.evidence.analytic[f"W{l}"] - p.regulariser(l)
            value = p.weights_from(l, guess.value) - p.regulariser(l)
        factor = nearest_named(projection(claim, value), sizes)
        if factor is None or factor == 1:
            return None
        message = f"{guess.message}; it is also multiplied by {named(factor, sizes)}"
        return replace(guess, value=factor * guess.value, message=message, rank=FITTED, fitted=0)

    def fits(self, l: int, after: Propagation) -> bool:
        """Whether a dZ_l explains dW_l and db_l, and nothing below speaks against it."""
        names = (f"W{l}", f"b{l}")
        if not all(self.explains(name, after.gradient(name)) for name in reversed(names)):
            return False
        lower = self.below(l, after)
        if not any(self.is_wrong(name) and self.informative(name) for name in names):
            return False
        if not all(self.is_wrong(name) for name in names if self.informative(name)):
            return bool(lower) and all(self.explains(name, value) for name, value in lower.items())
        return not any(self.contradicts(name, value) for name, value in lower.items())

    def below(self, l: int, after: Propagation) -> dict[str, Array]:
        """Return what a dZ_l makes of the gradients of the next layer down."""
        if l == 1:
            return {}
        lower = after.with_delta(l, after.dZ[l], l - 1)
        return {name: lower.gradient(name) for name in (f"W{l - 1}", f"b{l - 1}")}

    def contradicts(self, name: str, value: Array) -> bool:
        """Whether the claim is right as it was, and would not be with `value`."""
        return not self.is_wrong(name) and not self.evidence.agrees(name, value)

    def delta_beside_tensors(self, l: int, *, special: bool) -> bool:
        """Look for a mistake in dZ_l beside others in dW_l or db_l alone, told by those that it makes as they are.

        Where nothing below is a witness, what is left has to be explained as exactly; and where each of them could be
        wrong for itself, that is not less likely.
        """
        if self.propagation is None or (l == 1 and special):
            return False
        before = self.propagation, dict(self.expected), list(self.findings)
        hits = self.delta_hits(l, lambda after: self.makes_some(l, after))
        if not hits or hits[0].rank != EXACT:
            return False
        self.accept_delta(l, hits)
        rest = {name: self.tensor_hits(name) for name in (f"W{l}", f"b{l}") if self.is_wrong(name)}
        if l > 1 or self.all_special(rest):
            self.report_tensors(rest)
            return True
        self.propagation, expected, self.findings = before
        self.replace_expected(expected)
        return False

    def delta_that_sums_hide(self, l: int) -> bool:
        """Look for a mistake in the lowest dZ of which db, a sum over samples, shows nothing, as of shifted labels."""
        if l > 1 or self.propagation is None or self.is_wrong("b1"):
            return False

        def accepted(after: Propagation) -> bool:
            values = {name: after.gradient(name) for name in ("W1", "b1")}
            return self.made(values) == 1 and not self.contradicts("b1", values["b1"])

        hits = self.delta_hits(l, accepted)
        if not hits or hits[0].rank != EXACT:
            return False
        self.accept_delta(l, hits)
        return True

    def makes_some(self, l: int, after: Propagation) -> bool:
        """Whether a dZ_l makes one of dW_l and db_l as it is claimed and one of the layer below, or both of these."""
        values = {name: after.gradient(name) for name in (f"W{l}", f"b{l}")}
        lower = self.below(l, after)
        here, there = self.made(values), self.made(lower)
        if any(self.is_worse(name, value) for name, value in {**values, **lower}.items()):
            return False
        if l == 1:
            return here == 1
        telling = sum(self.is_wrong(name) and self.informative(name) for name in lower)
        return bool(there) and (bool(here) or there == telling == 2)

    def is_worse(self, name: str, value: Array) -> bool:
        """Whether a claim is right but for a few entries, and would be wrong at more."""
        after, before = (self.evidence.wrong_entries(name, right).sum() for right in (value, self.expected[name]))
        return bool(before <= FEW_OF_ALL * value.size and after > before)

    def made(self, values: Mapping[str, Array]) -> int:
        """Return how many wrong gradients are exactly these, told from enough."""
        return sum(
            self.is_wrong(name)
            and self.evidence.agrees(name, value)
            and self.evidence.equations(name, value, SEEN) >= ENOUGH
            for name, value in values.items()
        )

    # the report

    def with_consequences(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        """Add to the mistakes in a dZ_l which gradients are wrong only because of them."""
        own = {finding.where for finding in findings}
        for finding in findings:
            spoiled = [f"d{name}" for name in self.names if self.spoiled_by(finding, name)]
            yield finding._replace(consequences=tuple(place for place in spoiled if place not in own))

    def spoiled_by(self, finding: Finding, name: str) -> bool:
        """Whether a gradient is wrong because of a dZ_l above it."""
        if not finding.where.startswith("dZ") or finding.layer is None or int(name[1:]) > finding.layer:
            return False
        if finding.code == "unknown":  # what lies behind it is not known
            return False
        return not self.evidence.agrees(name, self.first_expected[name])


def differ(local: Mapping[str, Sequence[Hit[Guess]]]) -> bool:
    """Whether the gradients of a layer have explanations of their own: one for both is of what both are made of."""
    return len({(hits[0].code, hits[0].guess.factor) for hits in local.values()}) == len(local)
