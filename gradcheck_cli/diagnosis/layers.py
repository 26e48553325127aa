"""Layers under any names: which parameters are the weights and biases of a stack of dense layers.

Weights and biases are told by the words in their names, paired by what is left of the names, or in their order, and
taken for layers only where their shapes make a chain. The catalogue knows them as W1, b1, ..., WL, bL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import TypeAlias, TypeVar

from gradcheck_cli.diagnosis.evidence import Evidence
from gradcheck_cli.vocabulary.parameters import Parameters
from gradcheck_cli.vocabulary.results import Finding

__all__ = ["bare_names", "layer_names", "only_layer", "orientations", "renamed", "with_own_names"]

WORDS = {
    "W": {"w", "weight", "weights", "kernel", "kernels", "theta"},
    "b": {"b", "bias", "biases", "beta"},
}
FEWEST = 2  # layers: one is no chain

T = TypeVar("T")


def layer_names(parameters: Parameters) -> dict[str, str]:
    """Return for every parameter its name in the catalogue; empty where they are no stack of layers, or have it.

    Parameters
    ----------
    parameters : mapping of str to ndarray
        By their own names, in the order given.

    Examples
    --------
    >>> import numpy as np
    >>> shapes = {"fc1.weight": (4, 5), "fc1.bias": (5,), "fc2.weight": (5, 2), "fc2.bias": (2,)}
    >>> layer_names({name: np.zeros(shape) for name, shape in shapes.items()})
    {'fc1.weight': 'W1', 'fc1.bias': 'b1', 'fc2.weight': 'W2', 'fc2.bias': 'b2'}
    """
    weights, biases = of_kinds(parameters)
    if not FEWEST <= len(weights) == len(biases) or len(weights) + len(biases) < len(parameters):
        return {}
    pairs = list(paired(weights, biases))
    for ordered in (pairs, pairs[::-1]):
        if is_chain([(parameters[W].shape, parameters[b].shape) for W, b in ordered]):
            names = {
                own: f"{kind}{l}" for l, pair in enumerate(ordered, 1) for kind, own in zip("Wb", pair, strict=True)
            }
            return {} if all(own == name for own, name in names.items()) else names
    return {}


def of_kinds(parameters: Parameters) -> tuple[list[str], list[str]]:
    """Return the names of the weights and of the biases."""
    weights, biases = ([name for name in parameters if kind_of(name) == kind] for kind in "Wb")
    return weights, biases


def bare_names(parameters: Parameters) -> dict[str, str]:
    """Return W1, ..., WL for every parameter where all are the weights of layers without biases; else nothing."""
    weights, biases = of_kinds(parameters)
    if biases or not FEWEST <= len(weights) == len(parameters):
        return {}
    ordered = [W for W, _ in paired(weights, weights)]
    for names in (ordered, ordered[::-1]):
        if is_chain([(parameters[W].shape, None) for W in names]):
            return {W: f"W{l}" for l, W in enumerate(names, 1)}
    return {}


def only_layer(parameters: Parameters) -> dict[str, str]:
    """Return W1, and b1 for its bias, where the parameters are those of one layer, vector or matrix; else nothing."""
    weights, biases = of_kinds(parameters)
    if len(weights) != 1 or len(biases) > 1 or len(weights) + len(biases) < len(parameters):
        return {}
    W, b = parameters[weights[0]], parameters[biases[0]] if biases else None
    fits = W.ndim in (1, 2) and W.size > 1 and (b is None or b.size in (W.shape if W.ndim > 1 else (1,)))
    return dict(zip((*weights, *biases), ("W1", "b1"), strict=False)) if fits else {}


def kind_of(name: str) -> str:
    """Return W or b by the last word that says it, or where none does, by the letter that a short name begins with."""
    words = re.findall(r"[A-Za-z]+", name)
    for word in reversed(words):
        for kind, known in WORDS.items():
            if word.lower() in known:
                return kind
    short = [word for word in words if 1 < len(word) <= 3 and word[0] in "WwBb"]
    return {"w": "W", "b": "b"}[short[-1][0].lower()] if short else ""


def paired(weights: Sequence[str], biases: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of one layer each: of one stem, or else of one place in the order; numbers order them."""
    by_stem = {stem(b): b for b in biases}
    if {stem(W) for W in weights} == set(by_stem) and len(by_stem) == len(weights):
        pairs = [(W, by_stem[stem(W)]) for W in weights]
    else:
        pairs = list(zip(weights, biases, strict=True))
    numbers = [re.findall(r"\d+", W) for W in weights]
    yield from sorted(pairs, key=lambda pair: int(re.findall(r"\d+", pair[0])[-1])) if all(numbers) else pairs


def stem(name: str) -> str:
    """Return what is left of a name without the word, or the first letter, that tells its kind."""
    known = WORDS["W"] | WORDS["b"]
    parts = re.split(r"([A-Za-z]+)", name)
    for k in range(len(parts) - 1, -1, -1):
        if parts[k].lower() in known:
            return "".join(parts[:k] + parts[k + 1 :])
    return re.sub(r"[WwBb]", "", name, count=1)


Shapes: TypeAlias = "Sequence[tuple[tuple[int, ...], tuple[int, ...] | None]]"
"""Of the weights and, where there is one, the bias of each layer."""


def is_chain(shapes: Shapes) -> bool:
    """Whether weights map each layer's width to the next one's, samples as columns or as rows, and biases fit."""
    return any(chains(shapes))


def chains(shapes: Shapes) -> tuple[bool, bool]:
    """Return whether weights make a chain with samples as columns, and whether they do with samples as rows."""
    if any(len(W) != 2 or (b is not None and max(b, default=1) != prod(b)) for W, b in shapes):
        return False, False

    def fits(into: int, out: int) -> bool:
        layers = all(b is None or prod(b) == W[out] for W, b in shapes)
        return layers and all(W[out] == after[into] for (W, _), (after, _) in pairwise(shapes))

    return fits(1, 0), fits(0, 1)


def orientations(parameters: Parameters) -> tuple[bool, ...]:
    """Return in which ways W1, ..., WL may be layers: False is with samples as columns, True is as rows."""
    count = sum(name[0] == "W" for name in parameters)
    with_biases = len(parameters) > count
    if set(parameters) != {f"{kind}{l}" for kind in "Wb"[: 1 + with_biases] for l in range(1, count + 1)}:
        return ()
    if count == 1 and parameters["W1"].ndim == 1:
        return (False,)
    shapes = [
        (parameters[f"W{l}"].shape, parameters[f"b{l}"].shape if with_biases else None) for l in range(1, count + 1)
    ]
    return tuple(turned for turned, fits in zip((False, True), chains(shapes), strict=True) if fits)


def renamed(evidence: Evidence, names: Mapping[str, str]) -> Evidence:
    """Return the evidence with the catalogue's names."""

    def of(arrays: Mapping[str, T]) -> dict[str, T]:
        return {names[name]: values for name, values in arrays.items()}

    return replace(
        evidence,
        parameters=of(evidence.parameters),
        analytic=of(evidence.analytic),
        reference=of(evidence.reference),
        floors=of(evidence.floors),
        single_floors=of(evidence.single_floors),
        samples=of(evidence.samples),
    )


def with_own_names(finding: Finding, names: Mapping[str, str]) -> Finding:
    """Return a finding in which the parameters have their own names again; of a dZ_l it says whose layer it is."""
    own = {name: mine for mine, name in names.items()}

    def text(words: str) -> str:
        return re.sub(r"\b(d?)([Wb]\d+)\b", lambda found: found[1] + own.get(found[2], found[2]), words)

    def texts(several: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(text, several))

    note = text(finding.note)
    if finding.where.startswith("dZ"):
        of_layer = (f"W{finding.layer}", f"b{finding.layer}")
        layer = f"{finding.where} belongs to the layer of {' and '.join(own[n] for n in of_layer if n in own)}"
        note = f"{layer}; {note}" if note else layer
    return finding._replace(
        where=text(finding.where),
        message=text(finding.message),
        note=note,
        help=text(finding.help),
        indices=texts(finding.indices),
        consequences=texts(finding.consequences),
        alternatives=texts(finding.alternatives),
        also=texts(finding.also),
    )
