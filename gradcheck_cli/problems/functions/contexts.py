"""Passes that share a context, as those of an autograd Function do: ``forward(ctx, x)`` and ``backward(ctx, dout)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from gradcheck_cli.problems.functions.calling import arguments_of
from gradcheck_cli.vocabulary.asking import called

__all__ = ["without_context"]

CONTEXTS = ("ctx", "context")
"""What its argument is called, the first of both passes."""

Pass = Callable[..., Any]


class Context:
    """What the forward pass keeps for the backward pass: tensors, and any attributes."""

    saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep some arrays."""
        self.saved_tensors = tensors


def without_context(forward: Pass, backward: Pass) -> tuple[Pass, Pass]:
    """Return passes of which the cache is a context of ours, where the user's begin with one; others as they are."""
    first = next(iter(arguments_of(forward).values()), None)
    if first is None or first.name not in CONTEXTS:
        return forward, backward

    def outputs_and_context(*arrays: Any, **named: Any) -> tuple[Any, Context]:
        context = Context()
        return forward(context, *arrays, **named), context

    def gradient(cotangents: Any, context: Context) -> Any:
        answer = backward(context, *(cotangents if isinstance(cotangents, tuple) else (cotangents,)))
        if not isinstance(answer, tuple):
            return answer
        found = tuple(one for one in answer if one is not None)  # None is that of what is not differentiated
        return found[0] if len(found) == 1 else found

    signature = inspect.signature(forward)
    outputs_and_context.__signature__ = signature.replace(  # type: ignore[attr-defined]  # by which it is called by name
        parameters=list(signature.parameters.values())[1:]
    )
    outputs_and_context.__name__, gradient.__name__ = called(forward), called(backward)
    return outputs_and_context, gradient
