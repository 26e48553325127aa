"""What an edit can see of its place: the expression, what is around it, and what the names held in the last call."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gradcheck_cli.repair.program import Patch, as_patch
from gradcheck_cli.repair.sites import Site
from gradcheck_cli.repair.source import Edit, Source

__all__ = ["ATOM", "Borrowed", "Proposal", "Scene", "Spot", "level_of", "operator_of", "spots_of"]

COMPARE, SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 7)
LEVELS: dict[type[ast.operator], int] = {
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT, ast.MatMult: PRODUCT, ast.FloorDiv: PRODUCT,
    ast.Mod: PRODUCT, ast.Pow: POWER,
}  # fmt: skip
PURE = {"sum", "mean", "dot", "copy", "max", "min", "astype", "reshape", "transpose", "exp", "log", "sqrt", "tanh"}
Shape = tuple[int, ...]


class Proposal(NamedTuple):
    """A patch that may be right."""

    patch: Patch
    says: str
    """What it does, as an order: ``remove this factor``."""
    rarity: float
    """How seldom that is what is meant, from 0 on."""


class Borrowed(NamedTuple):
    """An expression that stands elsewhere in the code."""

    text: str
    level: int
    names: tuple[str, ...]
    """What it is assigned to there."""
    forward: bool
    """Whether it stands in the code of the loss."""


@dataclass
class Scene:
    """A function, as its edits see it."""

    source: Source
    values: Mapping[str, Any]
    """The locals of the last call, over the globals."""
    local: Mapping[str, Any]
    wholes: Sequence[Borrowed]
    """What is assigned or returned anywhere."""
    factors: Sequence[str]
    """Parts of products anywhere."""
    terms: Sequence[str]
    """Parts of sums anywhere."""
    atoms: Sequence[str]
    """Names, attributes and items that the code names anywhere, and local names."""
    numbers: Sequence[str]
    """Numbers that stand in the code of the loss."""
    ratios: Sequence[float] = ()
    """By what the wrong gradients were multiplied, where each is one multiple of the right one."""
    own: Sequence[Any] = ()
    """The functions that may be edited."""
    known: dict[str, Any] = field(default_factory=dict)

    def value(self, text: str) -> Any:
        """Return what an expression was at the end of the call; None where that cannot be told."""
        if text not in self.known:
            self.known[text] = self.evaluated(text)
        return self.known[text]

    def evaluated(self, text: str) -> Any:
        """Evaluate an expression that calls nothing but numpy's own."""
        try:
            tree = ast.parse(text.strip(), mode="eval")
            if not all(self.is_pure(node) for node in ast.walk(tree) if isinstance(node, ast.Call)):
                return None
            with np.errstate(all="ignore"):
                return eval(compile(tree, "<scene>", "eval"), {"__builtins__": builtins, **self.values})  # noqa: S307
        except Exception:  # noqa: BLE001  (it has no value there)
            return None

    def is_pure(self, call: ast.Call) -> bool:
        """Whether a call is one of numpy's or ``len``."""
        if isinstance(call.func, ast.Name):
            return call.func.id == "len"
        if isinstance(call.func, ast.Attribute):
            if call.func.attr in PURE:
                return True
            return isinstance(call.func.value, ast.Name) and self.values.get(call.func.value.id) is np
        return False

    def shape(self, text: str) -> Shape | None:
        """Return the shape of an expression; () of a number, None where it is neither, or cannot be told."""
        value = self.value(text)
        if isinstance(value, np.ndarray):
            return value.shape if value.dtype.kind in "fiub" else None
        return () if isinstance(value, bool | int | float | np.number | np.bool_) else None

    @cached_property
    def arrays(self) -> list[tuple[str, Shape]]:
        """The atoms that hold real numbers, with their shapes."""
        shapes = [(text, self.shape(text)) for text in self.atoms]
        return [(text, shape) for text, shape in shapes if shape is not None]

    @cached_property
    def counts(self) -> list[str]:
        """Expressions that are whole numbers: names, and those that the code has elsewhere."""
        texts = [*self.atoms, *self.factors]
        texts += [f"{t}.shape[{k}]" for t in self.atoms if t.isidentifier() for k, _ in enumerate(self.shape(t) or ())]
        found = [t for t in dict.fromkeys(texts) if self.is_count(t)]
        return sorted(found, key=lambda t: (not t.isidentifier(), "shape" in t, len(t)))[:24]

    def is_count(self, text: str) -> bool:
        """Whether an expression is a positive whole number, and no literal."""
        value = self.value(text)
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        return whole and int(value) > 0 and not text.strip().lstrip("(-").isdigit()

    @cached_property
    def scalars(self) -> list[str]:
        """Names of real numbers."""
        return [t for t, shape in self.arrays if shape == () and isinstance(self.value(t), float | np.floating)][:16]


@dataclass(frozen=True)
class Spot:
    """One expression within a site."""

    scene: Scene
    site: Site
    node: ast.expr
    parent: ast.AST | None

    @property
    def text(self) -> str:
        """What stands there."""
        return self.scene.source.text(self.node)

    @property
    def span(self) -> tuple[int, int]:
        """Where."""
        return self.scene.source.span(self.node)

    @property
    def shape(self) -> Shape | None:
        """The shape of its value."""
        return self.scene.shape(self.text)

    @property
    def is_whole_number(self) -> bool:
        """Whether its value is a count or an index."""
        return isinstance(self.scene.value(self.text), int)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its site."""
        return self.node is self.site.node

    @cached_property
    def is_term(self) -> bool:
        """Whether it is a site, or a part of its sum: where a factor may be missing."""
        if self.site.kind != "value":
            return False
        if self.is_whole:
            return True
        if isinstance(self.parent, ast.BinOp) and isinstance(self.parent.op, ast.Add | ast.Sub):
            return True
        is_argument = isinstance(self.parent, ast.Call) and self.node in self.parent.args
        return is_argument or isinstance(self.parent, ast.UnaryOp) or isinstance(self.node, ast.Call)

    @property
    def is_bracketed(self) -> bool:
        """Whether it has parentheses of its own."""
        start, end = self.span
        before, after = self.scene.source.content[:start].rstrip(), self.scene.source.content[end:].lstrip()
        return before.endswith(b"(") and after.startswith(b")")

    @property
    def need(self) -> int:
        """How strongly what stands here has to hold together."""
        parent = None if self.is_bracketed else self.parent
        if isinstance(parent, ast.BinOp):
            level = LEVELS.get(type(parent.op), ATOM)
            if isinstance(parent.op, ast.Pow):
                return ATOM if self.node is parent.left else SIGN
            return level if self.node is parent.left or isinstance(parent.op, ast.Add) else level + 1
        if isinstance(parent, ast.UnaryOp):
            return SIGN
        owned = isinstance(parent, ast.Attribute | ast.Subscript) and parent.value is self.node
        if owned or (isinstance(parent, ast.Call) and parent.func is self.node):
            return ATOM
        return SUM if isinstance(parent, ast.Compare) else 0

    def bracketed(self, text: str, level: int, need: int | None = None) -> str:
        """Return a text of some level with parentheses, where it needs them here."""
        return f"({text})" if level < (self.need if need is None else need) else text

    def itself(self, need: int) -> str:
        """Return what stands here as a part of something that holds together so strongly."""
        return self.bracketed(self.text, level_of(self.node), need)

    def replaced(self, text: str, says: str, rarity: float, level: int = ATOM) -> Proposal:
        """Propose something else in its place."""
        start, end = self.span
        new = self.bracketed(text, level)
        return Proposal(as_patch(self.site.file, Edit(start, end, new)), says, rarity)

    def exchanged(self, start: int, end: int, new: str, says: str, rarity: float) -> Proposal:
        """Propose something else in the place of a part."""
        return Proposal(as_patch(self.site.file, Edit(start, end, new)), says, rarity)

    def kept(self, start: int, end: int, says: str, rarity: float) -> Proposal:
        """Propose to remove what stands here but for a part."""
        first, last = self.span
        text = self.scene.source.content[start:end].decode()
        edits = [Edit(a, b, "") for a, b in ((first, start), (end, last)) if a < b]
        try:
            level = level_of(ast.parse(text.strip(), mode="eval").body)
        except SyntaxError:
            level = ATOM
        if level < self.need and not text.strip().startswith("("):
            return self.replaced(text, says, rarity, level)
        return Proposal(as_patch(self.site.file, *edits), says, rarity)


def level_of(node: ast.expr) -> int:
    """Return how strongly an expression holds together."""
    if isinstance(node, ast.BinOp):
        return LEVELS.get(type(node.op), 0)
    if isinstance(node, ast.UnaryOp):
        return SIGN
    if isinstance(node, ast.Compare):
        return COMPARE
    if isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda):
        return 0
    return ATOM


def operator_of(source: Source, node: ast.BinOp) -> tuple[int, int]:
    """Return where the operator of an expression stands."""
    at = source.span(node.left)[1]
    stop = source.span(node.right)[0]
    while source.content[at : at + 1] in {b")", b" ", b"\t", b"\\", b"\n", b"\r", b"#"} and at < stop:
        comment = source.content[at : at + 1] == b"#"
        at = source.content.index(b"\n", at) if comment else at + 1
    end = at
    while source.content[end : end + 1] in {b"+", b"-", b"*", b"/", b"@", b"%"} and end < stop and end - at < 2:
        end += 1
        if source.content[at:end] not in {b"*", b"/"}:
            break
    if source.content[at:end] in {b"*", b"/"} or source.content[at:end] in {b"+", b"-", b"@", b"**", b"//", b"%"}:
        return at, end
    return at, at + 1


def spots_of(scene: Scene, site: Site) -> Iterator[Spot]:
    """Yield the expressions of a site, the outer ones first."""
    waiting: list[tuple[ast.expr, ast.AST | None]] = [(site.node, None)]
    while waiting:
        node, parent = waiting.pop(0)
        yield Spot(scene, site, node, parent)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                waiting.append((child, node))
            elif isinstance(child, ast.keyword | ast.comprehension):
                inner = [child.value] if isinstance(child, ast.keyword) else [child.iter, *child.ifs]
                waiting += [(part, child) for part in inner]
