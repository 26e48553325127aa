"""All kinds of edits. A new one is a new file in `families` and a new line here."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from types import CodeType
from typing import Any

from gradcheck_cli.repair.families import (
    assignments,
    comparisons,
    copies,
    derivatives,
    factors,
    functions,
    indices,
    matrices,
    missing,
    names,
    numbers,
    operators,
    powers,
    signs,
    softmax,
    sums,
    terms,
)
from gradcheck_cli.repair.program import Patch, Program
from gradcheck_cli.repair.ran import Ran
from gradcheck_cli.repair.scene import Borrowed, Proposal, Scene, Spot, level_of, spots_of
from gradcheck_cli.repair.sites import Site, sites_of
from gradcheck_cli.repair.source import Source

__all__ = ["FAMILIES", "plainness", "proposals_at", "scenes_of"]

Family = Callable[[Spot], Iterator[Proposal]]
FAMILIES: tuple[Family, ...] = (
    signs.proposals,
    factors.proposals,
    numbers.proposals,
    sums.proposals,
    matrices.proposals,
    terms.proposals,
    operators.proposals,
    powers.proposals,
    comparisons.proposals,
    names.proposals,
    indices.proposals,
    assignments.proposals,
    softmax.proposals,
    copies.proposals,
    missing.proposals,
    functions.proposals,
    derivatives.proposals,
)
MOST_ATOMS = 60
DELETED = 0.15  # of an inserted word
TWO_SIGNS = 2.0  # words that ``- -x`` counts for
AROUND_A_CALL = 1.5  # what an edit around a call of another function that may be edited counts for


def proposals_at(scene: Scene, site: Site) -> Iterator[Proposal]:
    """Yield what all families propose for a site, each patch once."""
    told: set[Patch] = set()
    for spot in spots_of(scene, site):
        rarer = AROUND_A_CALL if calls_own(spot) else 0.0
        for family in FAMILIES:
            for proposal in family(spot):
                if proposal.patch and proposal.patch not in told and is_kept(scene.source, site, proposal.patch):
                    told.add(proposal.patch)
                    yield proposal._replace(rarity=proposal.rarity + rarer)


def is_kept(source: Source, site: Site, patch: Patch) -> bool:
    """Whether what is assigned to is still something that has a name: what is written into a copy is lost."""
    start, end = source.span(site.node)
    if site.kind != "target" or any(not start <= edit.start <= edit.end <= end for _, edit in patch):
        return True
    text = source.content[start:end]
    for _, edit in sorted(patch, key=lambda change: change[1].start, reverse=True):
        text = text[: edit.start - start] + edit.new.encode() + text[edit.end - start :]
    try:
        node = ast.parse(text.decode().strip(), mode="eval").body
    except SyntaxError:
        return False
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name | ast.Tuple | ast.List)


def calls_own(spot: Spot) -> bool:
    """Whether an expression calls a function that may be edited itself: the mistake may be in there."""
    calls = (node for node in ast.walk(spot.node) if isinstance(node, ast.Call))
    called = [spot.scene.value(spot.scene.source.text(call.func)) for call in calls]
    return any(getattr(one, "__func__", one) is own for one in called for own in spot.scene.own)


def plainness(source: Source, proposal: Proposal) -> float:
    """Return how much a patch changes: the words that it adds, a little for those that it takes, and its rarity."""
    cost = proposal.rarity
    for _, edit in proposal.patch:
        old, new = words(source.content[edit.start : edit.end].decode()), words(edit.new)
        both = common(old, new)
        cost += (len(new) - both) + DELETED * (len(old) - both)
        before = source.content[: edit.start].rstrip()[-1:]
        cost += TWO_SIGNS * (edit.new.lstrip().startswith("-") and before in {b"+", b"-"})
    return cost


def words(text: str) -> list[str]:
    """Return the words and signs of a text, without parentheses."""
    found = []
    try:
        found += [token.string for token in tokenize.generate_tokens(StringIO(f"({text}\n)").readline)]
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return text.split()
    return [word for word in found if word.strip() and word not in "()"]


def common(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words two texts share at their beginnings and ends."""
    least = min(len(old), len(new))
    first = next((k for k in range(least) if old[k] != new[k]), least)
    last = next((k for k in range(least - first) if old[-1 - k] != new[-1 - k]), least - first)
    return first + last


@dataclass
class Seen:
    """What expressions the code holds."""

    wholes: list[Borrowed] = field(default_factory=list)
    factors: list[str] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    atoms: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)

    def look(self, source: Source, site: Site, *, forward: bool) -> None:
        """Take the expressions of a site; `forward` tells whether it is of the loss."""
        if site.kind == "value":
            self.wholes.append(Borrowed(source.text(site.node), level_of(site.node), site.names, forward))
        for node in ast.walk(site.node):
            if isinstance(node, ast.BinOp):
                left, right = source.text(node.left), source.text(node.right)
                if isinstance(node.op, ast.Mult | ast.Div):
                    self.factors += [left, right] if isinstance(node.op, ast.Mult) else [right]
                elif isinstance(node.op, ast.Add | ast.Sub):
                    self.terms += [left, right]
            elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
                self.atoms.append(source.text(node))
            elif forward and isinstance(node, ast.Constant) and type(node.value) in {int, float}:
                self.numbers.append(source.text(node))


def scenes_of(program: Program, claim: Ran, forward: Program, ratios: Sequence[float]) -> dict[CodeType, Scene]:
    """Return what the edits of each function see.

    Parameters
    ----------
    program, forward : Program
        What may be edited, and what the loss ran.
    claim : Ran
        The last call of the claim.
    ratios : sequence of float
        See `Scene`.
    """
    seen = Seen()
    for forward_too, one in ((True, forward), (False, program)):
        for source, site in expressions(one):
            seen.look(source, site, forward=forward_too)
    found = {}
    own = [living for function in program.functions for living in function.living]
    for function in program.functions:
        local = dict(claim.values.get(function.code, {}))
        space = claim.codes.get(function.code, {})
        named = list(
            dict.fromkeys(
                [*(n for n in local if n.isidentifier()), *attributes_of(local), *items_of(local), *seen.atoms]
            )
        )
        found[function.code] = Scene(
            program.sources[function.file],
            {**{k: v for k, v in space.items() if k != "__builtins__"}, **local},
            local,
            list(dict.fromkeys(seen.wholes)),
            plain(seen.factors),
            plain(seen.terms),
            named[: MOST_ATOMS * 2],
            [n for n in dict.fromkeys(seen.numbers) if n not in {"0", "0.0"}][:8],
            ratios,
            own,
        )
    return found


def plain(texts: Iterable[str]) -> list[str]:
    """Return each text once that is no literal and fits on a line."""
    return [t for t in dict.fromkeys(texts) if "\n" not in t and len(t) < 60 and any(c.isalpha() for c in t)]


def expressions(program: Program) -> Iterator[tuple[Source, Site]]:
    """Yield the sites of a program, each with its text."""
    for site in sites_of(program):
        yield program.sources[site.file], site


def attributes_of(local: Mapping[str, Any]) -> list[str]:
    """Return the attributes of local objects."""
    return [
        f"{name}.{key}"
        for name, value in local.items()
        if type(getattr(value, "__dict__", None)) is dict and not isinstance(value, type) and not callable(value)
        for key in list(vars(value))[:40]
    ]


def items_of(local: Mapping[str, Any]) -> list[str]:
    """Return the items of local dicts whose keys are names."""
    return [
        f'{name}["{key}"]'
        for name, value in local.items()
        if isinstance(value, dict)
        for key in list(value)[:40]
        if isinstance(key, str) and key.isidentifier()
    ]
