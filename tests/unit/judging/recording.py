"""A recording of verdicts: what was known of some hundred checks, and what was ruled on each.

`python -m tests.unit.judging.recording FILE` makes the checks with the code that is there and writes the recording.
With `--reports` it writes the verdicts and reasons alone, by check, so that two versions of the code can be compared.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from gradcheck_cli import check, check_gradient
from gradcheck_cli.checks.scalar import check_scalar
from gradcheck_cli.judging.ruling import MOST_NAMED, Facts, Ruling, is_zero
from gradcheck_cli.problems.saved_gradients import saved_gradients
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.errors import CheckInterrupted, GradcheckError
from gradcheck_cli.vocabulary.parameters import Array, Parameters
from gradcheck_cli.vocabulary.results import (
    CheckReport,
    Entries,
    Entry,
    EntryVerdict,
    ParameterResult,
    Sensitivity,
    StepError,
    StepFault,
    Verdict,
)
from gradcheck_cli.vocabulary.settings import Settings
from tests.black_box import BlackBox
from tests.support import small_network

RECORDING = Path(__file__).with_name("recorded_verdicts.json")
Checks = Iterator[tuple[str, Callable[[], CheckReport]]]
Loss = Callable[[Parameters], float]
Row = dict[str, Any]
LISTS = ("parameters", "reasons")
NUMBERS = ("difference", "refined", "verdict")

# the checks

HOW: dict[str, dict[str, Any]] = {
    "step": {"epsilon": 1e-7},
    "auto": {"epsilon": "auto"},
    "classic": {"epsilon": 1e-7, "classic": True},
    "long step": {"epsilon": 1e-2},
    "short step": {"epsilon": 1e-11},
    "sensitive": {"epsilon": "auto", "require_sensitivity": 1e-9},
    "float32": {"precision": "float32"},
    "strict": {"threshold": 1e-12},
}
CLAIMS: dict[str, Callable[[Array], Array]] = {
    "right": lambda g: g,
    "doubled": lambda g: 2 * g,
    "zero": lambda g: 0 * g,
    "slightly off": lambda g: g * (1 + 3e-7),
    "float32": lambda g: g.astype(np.float32).astype(float),
    "scattered": lambda g: g * (1 + 3e-7 * np.cos(5.0 * np.arange(g.size))).reshape(g.shape),
    "one entry": lambda g: g + 0.1 * (np.arange(g.size) == 0).reshape(g.shape),
    "nan": lambda g: np.where(np.arange(g.size).reshape(g.shape) == g.size - 1, np.nan, g),
}


def spoiled(gradient: Parameters, claim: str, name: str) -> dict[str, Array]:
    """Return a gradient with one parameter changed, or all of them where `name` is ``all``."""
    return {n: CLAIMS[claim](g) if name in (n, "all") else g for n, g in gradient.items()}


def networks() -> Checks:
    """Yield checks of networks."""
    for sizes, activations, loss in (((2, 1), ["sigmoid"], "bce"), ((2, 2, 1), ["relu", "sigmoid"], "bce")):
        network = small_network(sizes, activations, loss)
        for claim, name in itertools.product(CLAIMS, ("W1", "all")):
            wrong = dataclasses.replace(network, claimed=spoiled(network.gradient(network.parameters), claim, name))
            for how, settings in HOW.items():
                yield f"network {sizes}, {name} {claim}, {how}", partial(check, wrong, **settings)


def kinked(x: Array) -> float:
    return float(np.sum(np.abs(x)))


def rounded(x: Array) -> float:
    return round(float(np.sum(x**2)), 7)


def vast(x: Array) -> float:
    return 1e12 + 1e-6 * float(np.sum(x**2))


def constant(x: Array) -> float:
    return 3.0 + float(np.sum(np.maximum(x - 100, 0)))


def edge(x: Array) -> float:
    return float(np.sum(x**2)) if x[1] == 1 else float("nan")


def mixed(x: Array) -> float:
    return float(x[0] ** 2 + 1e-9 * np.sum(x[1:] ** 2)) + 1.0


FUNCTIONS: dict[str, tuple[Callable[[Array], float], Array, Array]] = {
    "squares": (lambda x: float(np.sum(x**2)), np.array([1.0, 2.0]), np.array([2.0, 4.0])),
    "quartic": (lambda x: float(np.sum(x**4)), np.array([1e-3, 2.0]), np.array([4e-9, 32.0])),
    "kinked": (kinked, np.array([0.0, 2.0]), np.array([0.0, 1.0])),
    "beside a kink": (kinked, np.array([1e-9, -2.0]), np.array([1.0, -1.0])),
    "rounded": (rounded, np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])),
    "vast": (vast, np.array([1.0, 2.0]), np.array([2e-6, 4e-6])),
    "constant": (constant, np.array([1.0, 2.0]), np.zeros(2)),
    "nothing": (constant, np.array([1.0, 2.0]), np.array([1e-18, -1e-18])),
    "edge": (edge, np.array([1.0, 1.0]), np.array([2.0, 2.0])),
    "mixed": (mixed, np.array([1.0, 1.0, 1.0]), np.array([2.0, 2e-9, 2e-9])),
    "root": (lambda x: float(np.sum(np.sqrt(x))), np.array([1e-12, 1.0]), np.array([5e5, 0.5])),
}


def functions() -> Checks:
    """Yield checks of functions of one array, entry by entry and by slopes."""
    for (name, (loss, point, right)), claim in itertools.product(FUNCTIONS.items(), CLAIMS):
        some = partial(check_gradient, loss, CLAIMS[claim](right), point, seed=1)
        for how, settings in HOW.items():
            yield f"{name} {claim}, {how}", partial(some, mode="full", **settings)
        for how in ("auto", "sensitive"):
            yield f"{name} {claim}, screen, {how}", partial(some, mode="screen", **HOW[how])


def two_arrays() -> Checks:
    """Yield checks of a small parameter beside a large one."""
    point = {"large": np.array([3.0, 4.0]), "small": np.array([1.0, 2.0])}
    right = {"large": 2e3 * point["large"], "small": 2e-6 * point["small"]}

    def loss(p: Parameters) -> float:
        return 1e3 * float(np.sum(p["large"] ** 2)) + 1e-6 * float(np.sum(p["small"] ** 2))

    for claim, name in itertools.product(CLAIMS, (*point, "all")):
        for how, settings in HOW.items():
            wrong = spoiled(right, claim, name)
            yield f"two arrays, {name} {claim}, {how}", partial(check_gradient, loss, wrong, point, **settings)


def interrupting(loss: Loss, after: int) -> Loss:
    """Return a loss during which Ctrl-C comes."""
    calls = 0

    def interrupted(p: Parameters) -> float:
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        return loss(p)

    return interrupted


def boxes() -> Checks:
    """Yield checks of larger functions: screens, and what ends before it is made."""
    box = BlackBox((6, 4, 1), 10)
    right = box.right()
    claims = {
        "right": right,
        "doubled": {n: 2 * g for n, g in right.items()},
        "slightly off": {n: g * (1 + 5e-7) for n, g in right.items()},
        "one entry": box.spoiled(1, 2.0)[0],
        "nan": spoiled(right, "nan", "b2"),
        "nan in W1": spoiled(right, "nan", "W1"),
        "many entries": box.spoiled(12, 2.0)[0],
    }
    for (claim, gradient), mode in itertools.product(claims.items(), ("full", "screen")):

        def checked(
            loss: Loss, mode: str = mode, gradient: Parameters = gradient, **settings: Any
        ) -> Callable[[], CheckReport]:
            return partial(check_gradient, loss, gradient, box.parameters, mode=mode, seed=1, locate=2, **settings)

        yield f"box {claim}, {mode}", checked(box.loss)
        yield f"box {claim}, {mode}, sensitive", checked(box.loss, require_sensitivity=1e-9)
        for most in (25, 29, 33, 40, 90, 130, 160, 5000):
            yield f"box {claim}, {mode}, {most} evaluations", checked(box.loss, max_evals=most)
        for after in (27, 33, 60, 90, 100, 130):
            yield f"box {claim}, {mode}, interrupted after {after}", checked(interrupting(box.loss, after))
        if mode == "full":
            yield f"box {claim}, sample interrupted", checked(interrupting(box.loss, 110), max_evals=5000)
            for after, how in itertools.product((27, 60, 90, 130), ("step", "classic")):
                loss = interrupting(box.loss, after)
                yield f"box {claim}, {how}, interrupted after {after}", checked(loss, **HOW[how])
    wide = BlackBox((20, 15, 15, 1), 30, seed=2)
    little = {name: g * (1 + 5e-7) for name, g in wide.right().items()}
    for seed in (*range(5), 9, 23, 28):
        slopes = partial(check_gradient, wide.loss, little, wide.parameters, mode="screen", seed=seed)
        yield f"a little in all, seed {seed}", slopes


def many_numbers() -> Checks:
    """Yield screens of so many parameters that some are not come to."""
    point = {f"x{k}": np.array([float(k)]) for k in range(1, 19)}

    def loss(p: Parameters) -> float:
        return float(sum(np.sum(x**2) for x in p.values()))

    right = {name: 2 * x for name, x in point.items()}
    for claim, most in itertools.product(("right", "doubled"), (70, 90, 95, 100)):
        wrong = spoiled(right, claim, "x1")
        screened = partial(check_gradient, gradient=wrong, parameters=point, mode="screen", seed=1)
        yield f"many numbers {claim}, {most} evaluations", partial(screened, loss, max_evals=most)
        yield f"many numbers {claim}, interrupted after {most}", partial(screened, interrupting(loss, most))


def lost() -> Checks:
    """Slopes that are lost in the last digit of the loss, and a minimum where the claim is rounding."""
    random = np.random.default_rng(0)
    w = random.normal(size=50)

    def drowned(x: Array) -> float:
        return 1e12 + 1e-4 * float(x @ x)

    def flat(x: Array) -> float:
        return float(np.cos(x).sum())

    yield "drowned, screen", partial(check_gradient, drowned, 2e-4 * w, w, mode="screen", seed=1)
    for size in (1e-17, 1e-3):
        yield f"a minimum, {size:g} claimed", partial(check_gradient, flat, np.full(3, size), np.zeros(3))


def scalars() -> Checks:
    """Yield checks of the scalar model."""
    for x, theta in ((2.0, 4.0), (0.0, 4.0), (1e-3, 1e6)):
        for claim in (None, x, x * (1 + 1e-6), 2 * x, -x, 0.0, 1.0, float("nan"), float("inf")):
            for how, settings in HOW.items():
                model = ScalarModel(x, theta, claim)
                yield f"scalar {x} {theta} {claim}, {how}", partial(check_scalar, model, **settings)


BARS = {"none": [0.0, 0.0, 0.0], "small": [1e-6, 1e-6, 3.0], "half": [0.5, 1.0, 1.5]}


def saved() -> Checks:
    """Yield checks of two saved gradients."""
    w, z, hows = np.array([1.0, 2.0, 3.0]), np.zeros(2), ("auto", "sensitive", "float32", "strict")
    for bars, claim, name, how in itertools.product(BARS, CLAIMS, ("w", "z", "all"), hows):
        reference = {"w": w, "w__error": np.array(BARS[bars]), "z": z}
        pair = saved_gradients(spoiled({"w": w, "z": z}, claim, name), reference, "saved")
        yield f"saved {name} {claim}, {bars}, {how}", partial(check, pair, **{"epsilon": "auto", **HOW[how]})


def reports() -> Iterator[tuple[str, CheckReport]]:
    """Make all checks; those that cannot be made are left out."""
    for checks in (networks, functions, two_arrays, boxes, many_numbers, lost, scalars, saved):
        for name, make in checks():
            with np.errstate(all="ignore"), contextlib.suppress(GradcheckError):
                report = as_far_as_it_got(make)
                if report is not None:
                    yield name, report


def as_far_as_it_got(make: Callable[[], CheckReport]) -> CheckReport | None:
    """Return the report of a check, that of an interrupted one too."""
    try:
        return make()
    except CheckInterrupted as stop:
        return stop.report


# the format: what is as usual is left out, and floats are short


def short(number: float, digits: int) -> float:
    return float(f"{number:.{digits}g}")


def counts(entries: Entries | None) -> list[int] | None:
    return None if entries is None else [entries.count(verdict) for verdict in EntryVerdict]


def places_of(entries: Entries, verdict: EntryVerdict) -> list[int]:
    return [entries.place(k) for k in range(len(entries)) if entries.verdicts[k] == verdict]


def row_of_parameter(p: ParameterResult, digits: int) -> Row:
    zero = is_zero(p.entries)
    numbers = (p.difference, p.refined_difference, p.analytic_norm)
    row = {
        "n": p.name,
        "s": list(p.shape),
        "v": p.verdict.value,
        "d": [short(number, digits) for number in numbers],
        "c": counts(p.entries),
        "l": counts(p.slopes),
        "q": p.sensitivity and [short(number or 0.0, 2 if digits < 9 else digits) for number in p.sensitivity[:3]],
        "z": zero,
        "u": places_of(p.entries, EntryVerdict.UNRESOLVED)[: MOST_NAMED + 1],
        "w": None if p.worst.error < float("inf") else [p.worst.name, p.worst.analytic],
    }
    plain = {
        "v": "PASS",
        "l": None,
        "z": False,
        "u": [],
        "w": None,
        "q": None,
        "c": [len(p.entries) if len(p.entries) == p.size else -1, 0, 0, 0],
    }
    return {key: value for key, value in row.items() if key not in plain or value != plain[key]}


def parameter_of(row: Row) -> ParameterResult:
    shape = tuple(row["s"])
    size = int(np.prod(shape))
    place, claim = row.get("w", ["", 0.0])
    difference, refined, norm = row["d"]
    return ParameterResult(
        name=row["n"],
        shape=shape,
        verdict=Verdict(row.get("v", "PASS")),
        difference=difference,
        refined_difference=refined,
        analytic_norm=norm,
        numeric_norm=norm,
        worst=Entry(place, EntryVerdict.AGREES, claim, 0.0, 0.0, 0.0),
        sensitivity=Sensitivity(*row["q"]) if "q" in row else None,
        entries=entries_of(
            row["n"], shape, row.get("c", [size, 0, 0, 0]), 0.0 if row.get("z") else 1.0, row.get("u", ())
        ),
        slopes=entries_of(row["n"], (sum(row["l"]),), row["l"], 1.0) if "l" in row else None,
    )


def entries_of(
    name: str, shape: tuple[int, ...], how_many: list[int], claim: float, unresolved: Sequence[int] = ()
) -> Entries:
    """Return entries with so many of every verdict; only those that are unresolved are named, by their places."""
    verdicts = b"".join(count * bytes([verdict]) for verdict, count in enumerate(how_many))
    places, first = array("q", [0] * len(verdicts)), sum(how_many[: EntryVerdict.UNRESOLVED])
    places[first : first + len(unresolved)] = array("q", unresolved)
    claims, zeros = array("d", [claim] * len(verdicts)), array("d", [0.0] * len(verdicts))
    return Entries(name, shape, verdicts, claims, claims, claims, zeros, positions=places)


def step_of(error: StepError | None, digits: int) -> list[Any]:
    return [error.fault.value, short(error.floor, digits), error.where] if error else []


def row_of(facts: Facts, ruled: Ruling, digits: int) -> Row:
    """Return facts and the ruling on them as JSON takes them."""
    usual = dataclasses.asdict(Settings())
    ignored = {"seed", "locate", "max_evals", "time_limit"}
    asked = {k: v for k, v in dataclasses.asdict(facts.settings).items() if k not in ignored and v != usual[k]}
    asked = {k: v for k, v in asked.items() if (k, v) != ("mode", "full")}
    checked = {p.name: p.size for p in facts.parameters}
    held = 0.0 if facts.held is None else short(facts.held, digits)
    row = {
        "settings": asked,
        "parameters": [row_of_parameter(p, digits) for p in facts.parameters],
        "difference": short(facts.difference, digits),
        "refined": short(facts.refined_difference, digits),
        "sizes": {} if dict(facts.sizes) == checked else dict(facts.sizes),
        "step": step_of(facts.step_error, digits),
        "interrupted": facts.interrupted,
        "spent": facts.spent,
        "constant": facts.constant,
        "not_finite": [list(pair) for pair in facts.not_finite],
        "held": held if short(held, digits) != short(facts.difference, digits) else 0.0,
        "low": list(facts.low_precision),
        "doubts": list(facts.doubts),
        "whole": int(facts.whole),
        "more_wrong": list(facts.more_wrong),
        "verdict": ruled[0].value,
        "reasons": list(ruled[1]),
    }
    return {key: value for key, value in row.items() if value or key in {"parameters", "difference", "refined"}}


def facts_of(row: Row) -> Facts:
    """Return the facts of a row."""
    parameters = [parameter_of(each) for each in row["parameters"]]
    fault, floor, where = row.get("step", [None, 0.0, ""])
    return Facts(
        settings=Settings(**row.get("settings", {})),
        parameters=parameters,
        difference=row["difference"],
        refined_difference=row["refined"],
        sizes=row.get("sizes", {p.name: p.size for p in parameters}),
        step_error=StepError(StepFault(fault), floor, where) if fault else None,
        interrupted=row.get("interrupted", False),
        spent=row.get("spent", ""),
        constant=row.get("constant", False),
        not_finite=[(place, value) for place, value in row.get("not_finite", [])],
        held=row.get("held"),
        low_precision=row.get("low", ()),
        doubts=row.get("doubts", ()),
        whole=EntryVerdict(row.get("whole", 0)),
        more_wrong=row.get("more_wrong", []),
    )


def kind_of(row: Row) -> str:
    """Return what makes a row worth keeping: its facts but for numbers and names, which differ from check to check."""
    parameters = {
        json.dumps([p.get("v"), *([bool(n) for n in p.get(key) or ()] for key in "cl"), p.get("z"), "w" in p])
        for p in row["parameters"]
    }
    words = [" ".join(reason.split(":")[-1].split()[:6]) for reason in row.get("reasons", ())]
    sentences = ["".join(c for c in some if c.isalpha()) for some in words]
    others = [
        [key, bool(row.get(key))]
        for key in ("sizes", "interrupted", "spent", "not_finite", "more_wrong", "low", "doubts", "constant")
    ]
    threshold = row.get("settings", {}).get("threshold", 2e-7)
    within = [number <= threshold for number in (row["difference"], row.get("held", row["difference"]))]
    asked = {"several": len(row["parameters"]) > 1, **row.get("settings", {})}
    asked.pop("precision", None)
    step = row.get("step", [""])[0]
    return json.dumps([sorted(parameters), sentences, others, row.get("whole"), within, sorted(asked.items()), step])


def recorded() -> Iterator[Row]:
    """Make all checks, and yield what was known of each and what was ruled."""
    from gradcheck_cli.judging import ruling as judging

    seen: list[tuple[Any, Any]] = []
    rule = judging.ruling

    def heard(facts: Any) -> Any:
        seen.append((facts, rule(facts)))
        return seen[-1][1]

    kinds: set[str] = set()
    with contextlib.ExitStack() as stack:
        for place in ("subject", "scalar"):
            stack.enter_context(mock.patch(f"gradcheck_cli.checks.{place}.ruling", heard))
        for name, report in reports():
            facts, ruled = seen[-1]
            seen.clear()
            assert (report.verdict, report.reasons) == tuple(ruled), name
            rows = (row_of(facts, ruled, digits) for digits in (2, 4, 17))
            row = next((row for row in rows if rule(facts_of(row)) == ruled), None)
            assert row is not None, name
            if kind_of(row) not in kinds:
                kinds.add(kind_of(row))
                yield row


def read(file: Path = RECORDING) -> list[Row]:
    """Return the rows of a recording, in which nothing that is said twice is written twice."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    rows = [dict(zip(kept["columns"], row, strict=False)) for row in kept["rows"]]
    for row in rows:
        for key in LISTS:
            row[key] = [kept[key][k] for k in row.get(key, ())]
        row["rest"] = kept["rest"][row["rest"]]
    return [{**row.pop("rest"), **row} for row in rows]


def write(rows: Iterable[Row], file: Path) -> None:
    """Write a recording."""
    seen: dict[str, dict[str, int]] = {key: {} for key in (*LISTS, "rest")}
    lines = []
    for row in rows:
        numbers = {
            key: [seen[key].setdefault(compact(each), len(seen[key])) for each in row.pop(key, ())] for key in LISTS
        }
        short_ = [row.pop(key) for key in NUMBERS]
        rest = seen["rest"].setdefault(compact(row), len(seen["rest"]))
        lines.append(compact([rest, *short_, *numbers.values()]))
    parts = {"columns": map(compact, ("rest", *NUMBERS, *LISTS)), **seen, "rows": lines}
    text = ",\n".join(f'"{key}":[\n' + ",\n".join(part) + "\n]" for key, part in parts.items())
    file.write_text("{" + text + "}\n", encoding="utf-8")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main(arguments: list[str]) -> None:
    file = Path(arguments[-1])
    if "--reports" in arguments:
        told = {name: [report.verdict.value, list(report.reasons)] for name, report in reports()}
        file.write_text(json.dumps(told, indent=0), encoding="utf-8")
    else:
        write(recorded(), file)


if __name__ == "__main__":
    main(sys.argv[1:])
