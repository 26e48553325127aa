"""The names under which people keep the gradient of W: dW, grad_W, W.grad and the like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["under_their_names", "usual_names"]

USUAL = (
    "d{}", "d_{}", "dJ_d{}", "dL_d{}", "g_{}", "grad_{}", "grad{}", "nabla_{}", "{}.grad", "{}_d", "{}_diff", "{}_grad",
    "{}_gradient",
)  # fmt: skip


def under_their_names(claim: Mapping[str, Any], names: Collection[str], prefix: str = "") -> Mapping[str, Any]:
    """Return a gradient with each usual name in the place of the one that is expected.

    Parameters
    ----------
    claim : mapping of str to object
        The gradient; what it has under the expected names stays, and so does what is of no parameter.
    names : collection of str
        Those of the parameters.
    prefix : str, optional
        What stands before a name that is expected.

    Examples
    --------
    >>> under_their_names({"dw1": 3, "dZ": 4}, ["W1"])
    {'W1': 3, 'dZ': 4}
    """
    if all(prefix + name in claim for name in names):
        return claim
    keys = {key for key in claim if isinstance(key, str)}
    taken = {name for name in names if prefix + name in keys}
    found = {}
    for name in names:
        key = None if name in taken else only_key(name, keys - {prefix + other for other in taken})
        if key is not None:
            found[key] = prefix + name
    return {found.get(key, key): value for key, value in claim.items()}


def only_key(name: str, keys: Collection[str]) -> str | None:
    """Return the one key that is a usual name for a parameter's gradient; in any case of letters if there is none."""
    usual = {name, *usual_names(name)}
    folded = {one.casefold() for one in usual}
    for found in ([key for key in keys if key in usual], [key for key in keys if key.casefold() in folded]):
        if found:
            return found[0] if len(found) == 1 else None
    return None


def usual_names(name: str) -> list[str]:
    """Return the names under which the gradient of a parameter may be kept, the likelier ones first."""
    parts = parts_of(name)
    return [before + pattern.format(part) + behind for pattern in USUAL for before, part, behind in parts]


def parts_of(name: str) -> list[tuple[str, str, str]]:
    """Return the parts of a name that may be called otherwise, each with what stands before and behind it.

    Of ``layers[0].W`` that is all of it, ``layers`` as in ``dlayers[0].W``, and ``W`` as in ``layers[0].dW``.
    """
    first = min((k for k in map(name.find, ".[") if k >= 0), default=len(name))
    last = name.rfind(".") + 1
    return [("", name, ""), ("", name[:first], name[first:]), (name[:last], name[last:], "")]
