"""A function too many, too few, or another's."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradcheck_cli.repair.scene import Proposal, Spot, level_of

__all__ = ["proposals"]

PAIRS = {"sin": ("cos",), "cos": ("sin",), "exp": ("log",), "log": ("exp",), "tanh": ("cosh",), "sqrt": ("square",),
         "maximum": ("minimum",), "minimum": ("maximum",), "zeros_like": ("ones_like",), "abs": ("sign",),
         "hstack": ("vstack",), "argmax": ("argmin",), "argmin": ("argmax",), "sign": ("abs",)}  # fmt: skip


def proposals(spot: Spot) -> Iterator[Proposal]:
    """Propose other functions of numpy's, what a function is called with, and the sign or the size of it."""
    node, source = spot.node, spot.scene.source
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        _, end = source.span(node.func)
        for other in PAIRS.get(name, ()):
            yield spot.exchanged(end - len(name), end, other, f"{other}, not {name}", 0.2)
        for argument in node.args[:2]:
            if not isinstance(argument, ast.Starred):
                rare = 0.6 if len(node.args) == 1 else 1.2
                yield spot.replaced(source.text(argument), "without the function", rare, level_of(argument))
    elif isinstance(node, ast.Name) and spot.shape and spot.site.kind == "value":
        for function in ("np.sign", "np.abs", "np.exp", "np.cos", "np.sin"):
            yield spot.replaced(f"{function}({spot.text})", f"{function} of it", 1.4)
