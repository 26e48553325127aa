"""The search in a process of its own, in which nothing that the user's code does can last."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.function import FunctionProblem
from gradcheck_cli.problems.networks.network import Network
from gradcheck_cli.repair.adjoints import Adjoint, Known, measured_adjoints, network_adjoints
from gradcheck_cli.repair.catalogue import proposals_at, scenes_of
from gradcheck_cli.repair.effects import DeniedError, Effects
from gradcheck_cli.repair.first_wrong import FirstWrong, Wrongs, first_wrong
from gradcheck_cli.repair.points import Point, frozen, function_points, network_points, point_of, will_do
from gradcheck_cli.repair.probes import Probes
from gradcheck_cli.repair.program import Program
from gradcheck_cli.repair.ran import Ran, run
from gradcheck_cli.repair.scene import Proposal
from gradcheck_cli.repair.search import Candidate, Found, Ranked, ranked_candidates, search
from gradcheck_cli.repair.sites import Site, sites_of
from gradcheck_cli.repair.slices import felt_at
from gradcheck_cli.repair.source import Edit
from gradcheck_cli.repair.trial import TIMES, Deadline, TimeIsUpError, Trials, all_guarded, as_digits, from_digits
from gradcheck_cli.repair.world import Slot, calls_c, footprint, is_hidden, makes_arrays, slots_of
from gradcheck_cli.vocabulary.parameters import Array, vector_to_dictionary

__all__ = ["Nothing", "Told", "looked_for"]

Mask = NDArray[np.bool_]
TIMES_ASKED = 5
LONGEST = 0.5  # seconds of a call, beyond which a search would not come far
MOST_ENTRIES = 3000
SAME_RATIO = 1e-4
SECONDS_OF_ADJOINTS = 1.5
BEFORE, AFTER = 0.6, 0.3  # of the suspicion of places before and after the first wrong value
UNKNOWN = 0.4  # how suspicious a place is of which nothing can be told


class Nothing(Exception):  # noqa: N818  (it is no error)
    """There is no search, and why."""


@dataclass
class Told:
    """What came of a search."""

    program: Program
    """With its texts as they are."""
    changes: list[tuple[str, Edit, tuple[str, ...]]]
    """File, edit, and the parameters that it makes right alone."""
    level: str
    points: Sequence[Point]
    suspects: Sequence[Ranked]
    candidates: int
    equals: int
    first: FirstWrong | None = None


@dataclass
class Subject:
    """What is looked at: the problem, what ran, and what may be edited."""

    problem: Network | FunctionProblem
    claim: Ran
    loss: Ran
    program: Program
    forward: Program
    slots: list[Slot]
    seconds: float
    shares: bool
    """Whether the code that may be edited computes the loss too."""
    hidden: bool
    """Whether there is data that cannot be changed."""
    seconds_of_loss: float

    @property
    def seconds_of_reference(self) -> float:
        """About how long it takes to find the references of one point, in the units of `guarded`: a part of that."""
        entries = sum(values.size for values in self.problem.parameters.values())
        return 0.02 + entries * self.seconds_of_loss


def looked_for(
    problem: Network | FunctionProblem, threshold: float, seed: int, deadline: Deadline, *, raises: bool = False
) -> Told:
    """Look for a patch of the user's code.

    Raises
    ------
    Nothing
        Where none is looked for.
    TimeIsUpError
        Where it takes too long.
    """
    if sum(values.size for values in problem.parameters.values()) > MOST_ENTRIES:
        raise Nothing
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    subject = subject_of(problem)
    here = point_of(Point(subject.problem, ()), threshold, seed)
    if here is None:
        raise Nothing
    changed: set[str] = set()
    claimed = asked(here, changed)
    wrong_here = np.ones(here.low.shape, bool) if claimed is None else here.wrong(claimed, threshold)
    if not wrong_here.any() or (claimed is None) != raises:  # it is not here what it was in the check
        raise Nothing
    points, wrong = elsewhere(subject, here, wrong_here, threshold, seed, deadline)
    losses = [loss_at(point) for point in points] if subject.shares else None
    trials = Trials(
        subject.program, points, wrong, threshold, deadline, subject.seconds, losses, frozenset(changed)
    )  # fmt: skip
    first = None if claimed is None else first_wrong_of(subject, here, threshold, seed, deadline)
    suspects: list[Ranked] = []

    def candidates_of(now: Trials) -> list[Candidate]:
        ranked = ranked_sites(subject, now, here)
        if not suspects:
            ranked = ranked if first is None else sharpened(ranked, first, trials, here)
            suspects.extend(ranked)
        ratios = ratios_of(subject.problem, here, claimed, now.wrong[0])
        scenes = scenes_of(now.program, subject.claim, subject.forward, ratios)

        def proposals(site: Site) -> list[Proposal]:
            scene = scenes.get(site.function.code)
            return [] if scene is None else list(proposals_at(scene, site))

        return ranked_candidates(ranked, proposals, now.program)

    try:
        found = search(trials, candidates_of)
    except TimeIsUpError:
        return Told(subject.program, [], "", points, suspects, trials.count, 0, first)
    original = replace(trials, program=subject.program, wrong=wrong, stuck=0)
    changes = changes_of(original, found)
    level = level_of(found, points, subject)
    if changes and not confirmed(original, changes, found):
        changes = []
    return Told(subject.program, changes, level, points, suspects, trials.count, found.equals, first)


def changes_of(original: Trials, found: Found) -> list[tuple[str, Edit, tuple[str, ...]]]:
    """Return the edits that lead to what was found, each with the parameters that it makes right alone."""
    edits = [
        (file, edit)
        for file, source in original.program.sources.items()
        for edit in source.edits_to(found.program.sources[file])
    ]
    changes = []
    for file, edit in edits:
        outcome = original.alone(((file, edit),))
        changes.append((file, edit, () if outcome is None else tuple(sorted(original.settled(outcome.wrong)))))
    return changes


def confirmed(original: Trials, changes: Sequence[tuple[str, Edit, tuple[str, ...]]], found: Found) -> bool:
    """Whether the changes as they are told come to what was found, in a process that has tried nothing else."""
    outcome = original.alone(tuple((file, edit) for file, edit, _ in changes))
    return outcome is not None and outcome.is_right == found.is_right


def subject_of(problem: Network | FunctionProblem) -> Subject:
    """Run the claim and the loss once, watched, and see that the claim is one that may be asked often."""
    effects = Effects()
    if isinstance(problem, FunctionProblem):
        problem = replace(problem, data=dict(problem.data), known=None, recipe=None)
    here = Point(problem, ())
    is_function = isinstance(problem, FunctionProblem)

    def quietly() -> None:
        with contextlib.suppress(Exception):  # what it raises was told already
            here.claim()

    claim = watched(quietly, effects)
    loss = watched(here.loss, effects) if is_function else Ran()
    shares = isinstance(problem, FunctionProblem) and problem.returns_both
    everything = {**loss.codes, **claim.codes}
    if calls_c(everything):
        raise Nothing("the gradient function calls functions of C")
    without_files()
    seconds = seconds_of_claim(here, everything)
    program = Program.of(claim, () if shares else set(loss.codes))
    if not program.functions:
        raise Nothing
    data = problem.data if isinstance(problem, FunctionProblem) else {}
    given = [*loss.given, *claim.given]
    slots = held_still(slots_of(everything, data, given)) if isinstance(data, dict) and is_function else []
    started = time.perf_counter()
    loss_at(here)
    seconds_of_loss = time.perf_counter() - started
    known = [*problem.point.values(), *data.values()] if isinstance(problem, FunctionProblem) else []
    hidden = is_function and is_hidden(everything, given, slots, [*known, *loss.returned, *claim.returned])
    return Subject(
        problem, claim, loss, program, Program.of(loss), slots, seconds, shares, hidden, seconds_of_loss
    )  # fmt: skip


def watched(call: Callable[[], object], effects: Effects) -> Ran:
    """Return what a call ran, which must not reach beyond this process."""
    ran, is_late = Ran(), False

    def late(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
        nonlocal is_late
        is_late = True
        raise TimeIsUpError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)  # it may wait for threads that are not in this process
    try:
        with contextlib.suppress(DeniedError):
            ran = run(call)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    if effects.seen:
        raise Nothing(f"the gradient function {effects.seen}")
    if is_late:  # whatever the code, or what called it, made of it
        raise TimeIsUpError
    return ran


def seconds_of_claim(here: Point, codes: Mapping[CodeType, Mapping[str, Any]]) -> float:
    """Return how long the claim takes, which must be the same each time and leave everything as it was."""
    before, started = footprint(codes), time.perf_counter()
    answers = [asked(here) for _ in range(TIMES_ASKED)]
    seconds = (time.perf_counter() - started) / TIMES_ASKED
    if not all(same(answers[0], answer) for answer in answers) or footprint(codes) != before:
        raise Nothing("the gradient function keeps state from call to call")
    return seconds


def held_still(slots: Sequence[Slot]) -> list[Slot]:
    """Return slots whose arrays cannot be written into, and put these into their places."""
    still = [replace(s, value=frozen(s.value)) if isinstance(s.value, np.ndarray) else s for s in slots]
    for slot in still:
        slot.put(slot.value)
    return still


def asked(point: Point, changed: set[str] | None = None) -> Array | None:
    """Return the claim at a point; None where the code raises. `changed` is that of `Point.claim`."""
    point.enter()
    try:
        return point.claim(changed)
    except Exception:  # noqa: BLE001  (what it raises was told already)
        return None
    finally:
        point.leave()


def loss_at(point: Point) -> float:
    """Return the loss at a point."""
    point.enter()
    try:
        return point.loss()
    finally:
        point.leave()


def same(a: Array | None, b: Array | None) -> bool:
    """Whether two claims are the same to the last bit."""
    return (a is None) == (b is None) and (a is None or b is None or a.tobytes() == b.tobytes())


def elsewhere(
    subject: Subject,
    here: Point,
    wrong_here: Mask,
    threshold: float,
    seed: int,
    deadline: Deadline,
) -> tuple[list[Point], tuple[Mask, ...]]:
    """Return the points with their references, and what is wrong at each.

    A point where a parameter is wrong that is right here may be none at which this code is meant to be right: its data
    does not belong together. A network's own always does.
    """
    points, wrong = [here], [wrong_here]
    candidates = candidates_for(subject, seed, deadline)

    def referred(k: int) -> str:
        point = candidates[k]
        point.enter()
        try:
            made = point_of(point, threshold, seed)
        finally:
            point.leave()
        arrays = () if made is None else (made.low, made.high, made.bars, made.judged)
        return ",".join(array.tobytes().hex() for array in arrays)

    made = dict[int, Point]()
    for k, text in all_guarded(referred, len(candidates), subject.seconds_of_reference, deadline).items():
        low, high, bars, judged = (bytes.fromhex(part) for part in text.split(","))
        made[k] = replace(
            candidates[k],
            low=np.frombuffer(low), high=np.frombuffer(high), bars=np.frombuffer(bars),
            judged=np.frombuffer(judged, bool),
        )  # fmt: skip

    def told(number: int) -> str:
        point = list(made.values())[number]
        there = asked(point)
        return as_digits(np.ones(point.low.shape, bool) if there is None else point.wrong(there, threshold))

    for number, text in all_guarded(told, len(made), subject.seconds, deadline).items():
        point = list(made.values())[number]
        wrong_there = from_digits(text, point.low.size)
        if point.is_meant or here.right(wrong_here) <= point.right(wrong_there):
            points.append(point)
            wrong.append(wrong_there)
    return points, tuple(wrong)


def candidates_for(subject: Subject, seed: int, deadline: Deadline) -> list[Point]:
    """Return the points besides the checked one that can be asked."""
    problem = subject.problem
    if isinstance(problem, Network):
        return network_points(problem, seed)
    groups = function_points(problem, subject.slots, seed)
    numbered = [(number, point) for number, group in enumerate(groups) for point in group.candidates]
    here, taken = loss_at(Point(problem, ())), [0] * len(groups)

    def told(k: int) -> str:
        number, point = numbered[k]
        if taken[number] >= groups[number].most or not will_do(point, here):
            return ""
        taken[number] += 1
        return "yes"

    chosen: list[Point] = []
    for k in all_guarded(told, len(numbered), subject.seconds, deadline):
        number, point = numbered[k]
        taken[number] += 1
        if taken[number] <= groups[number].most:
            chosen.append(point)
    return chosen


def ranked_sites(subject: Subject, trials: Trials, here: Point) -> list[Ranked]:
    """Return the places, the most suspicious first: those that all wrong outputs feel, and no right one."""
    sites = sites_of(trials.program)
    with trials.program.with_patch(()):
        claimed = asked(here)
    weights = weights_of(subject.problem, here, claimed)
    wrong = trials.wrong[0]
    felt = felt_at(trials, sites, claimed)
    by_statement: dict[int, float] = {}
    scores = []
    for site, (mask, _) in zip(sites, felt, strict=True):
        score = UNKNOWN if mask is None else suspicion(mask, wrong, weights)
        scores.append(score)
        if site.kind == "value":
            by_statement[id(site.statement)] = max(score, by_statement.get(id(site.statement), 0.0))
    found = []
    for number, (site, score) in enumerate(zip(sites, scores, strict=True)):
        if felt[number].loss:
            continue  # it computes the loss, which is not to change
        if site.kind == "target":
            score = 0.95 * by_statement.get(id(site.statement), UNKNOWN)  # noqa: PLW2901
        found.append((round(score, 6), number, site))
    found.sort(key=lambda one: (-one[0], -one[1]))
    return [Ranked(site, score) for score, _, site in found]


def first_wrong_of(subject: Subject, here: Point, threshold: float, seed: int, deadline: Deadline) -> FirstWrong | None:
    """Hold the values of the claim's run against those of the loss, in a child, and return the first that is wrong."""
    problem, program, forward = subject.problem, subject.program, subject.forward
    probes, behind = Probes.of(program), Probes.of(forward)
    every = frozenset(problem.parameters)

    def ask(orders: Mapping[tuple[int, int], Callable[[Array], Array]]) -> frozenset[str] | None:
        try:
            claimed = probes.run(program, here.claim, orders)
        except Exception:  # noqa: BLE001  (the code may not take what is put there)
            return None
        return every - here.right(here.wrong(claimed, threshold))

    def told(_: int) -> str:
        wrong = ask({})
        if not wrong:
            return ""
        noted, right = list(probes.noted), vector_to_dictionary(here.low, problem.parameters)
        adjoints: list[Adjoint] = [Known(name, values, right[name]) for name, values in problem.parameters.items()]
        if isinstance(problem, Network):
            adjoints += network_adjoints(problem)
        else:
            adjoints += measured_adjoints(behind, forward, here.loss, np.random.default_rng(seed))
        found = first_wrong(Wrongs(probes, ask, wrong, every), noted, adjoints)
        if found is None:
            return ""
        places = [probes.spots.index(spot) for spot in (found.spot, *found.right)]
        return json.dumps([places, found.says, sorted(found.settles)])

    text = all_guarded(told, 1, SECONDS_OF_ADJOINTS / TIMES, deadline).get(0, "")
    if not text:
        return None
    places, says, settles = json.loads(text)
    spot, *right = (probes.spots[k] for k in places)
    return FirstWrong(spot, says, frozenset(settles), tuple(right))


def sharpened(ranked: Sequence[Ranked], first: FirstWrong, trials: Trials, here: Point) -> list[Ranked]:
    """Return the places with those first that give the first wrong value, and last those that come after it."""
    settles_all = first.settles >= set(here.problem.parameters) - here.right(trials.wrong[0])
    right = {(spot.file, spot.statement.lineno) for spot in first.right}
    wrong_file, wrong_line = first.spot.file, first.spot.statement.lineno
    found = []
    for site, score in ranked:
        place = site.file, site.statement.lineno
        if place == (wrong_file, wrong_line):
            score = 1.0  # noqa: PLW2901
        elif settles_all:
            is_after = site.file == wrong_file and site.line > wrong_line
            score *= AFTER if is_after or place in right else BEFORE  # noqa: PLW2901
        found.append(Ranked(site, round(score, 6)))
    return sorted(found, key=lambda one: -one.suspicion)


def weights_of(problem: Network | FunctionProblem, here: Point, claimed: Array | None) -> Array:
    """Return how much each entry counts: a parameter as much as another, and nothing where all is zero anyway."""
    counted = np.ones(here.low.shape) if claimed is None else ((claimed != 0) | (np.abs(here.low) > here.bars)) * 1.0
    for part in vector_to_dictionary(counted, problem.parameters).values():  # views
        np.divide(part, max(part.sum(), 1.0), out=part)
    return counted


def suspicion(felt: Mask, wrong: Mask, weights: Array) -> float:
    """Return how suspicious a place is: 1 where all wrong entries feel it and no right one does (after Ochiai)."""
    both, alone = float(weights[felt & wrong].sum()), float(weights[felt].sum())
    every = float(weights[wrong].sum())
    if not (both and every):
        return 0.05
    return both / float(np.sqrt(every * alone)) * (0.5 + 0.5 * both / alone)


def ratios_of(problem: Network | FunctionProblem, here: Point, claimed: Array | None, wrong: Mask) -> list[float]:
    """Return by what the wrong parameters are multiplied, where each is one multiple of what is right."""
    found: list[float] = []
    if claimed is None or claimed.shape != here.low.shape:
        return found
    at = 0
    for values in problem.parameters.values():
        part = slice(at, at + values.size)
        at += values.size
        right, claim = here.low[part], claimed[part]
        seen = np.abs(right) > 1e-8 * np.max(np.abs(right), initial=0.0)
        if wrong[part].any() and seen.any():
            ratios = claim[seen] / right[seen]
            ratio = float(np.median(ratios))
            if np.all(np.abs(ratios - ratio) <= SAME_RATIO * abs(ratio)) and ratio and ratio not in found:
                found.append(round(ratio, 9))
    return found


def level_of(found: Found, points: Sequence[Point], subject: Subject) -> str:
    """Return how surely a patch is right: it is verified only where everything that can vary did."""
    if not found.is_right:
        return "partly"
    kinds = [point.varied for point in points[1:]]
    moved = sum("parameters" in kind for kind in kinds)
    data = sum("data" in kind or "sizes" in kind for kind in kinds)
    sizes = sum("sizes" in kind for kind in kinds)
    arrays = [slot for slot in subject.slots if isinstance(slot.value, np.ndarray) and slot.value.size > 1]
    is_network = isinstance(subject.problem, Network)
    has_data = is_network or bool(arrays) or subject.hidden or makes_arrays(subject.loss.codes)
    if moved < 2 or subject.hidden or (has_data and not (data and sizes)) or len(kinds) < 2:
        return "fits-here"
    return "verified"


def limited() -> None:
    """Let this process take no more than some memory besides what it has."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/statm") as file:  # noqa: PTH123
            pages = int(file.read().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + 2**31
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def without_files() -> None:
    """Let this process write into no file, whoever opens it."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
