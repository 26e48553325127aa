"""The command line as it was given, which reports tell: parsing takes its words away."""

from __future__ import annotations

from collections.abc import Sequence

import click

__all__ = ["keep_command_line", "kept_command_line"]

KEY = f"{__name__}.words"


def keep_command_line(ctx: click.Context, words: Sequence[str]) -> None:
    """Keep the words behind the program's name, for the context and all below it."""
    ctx.meta[KEY] = ("gradcheck", *words)


def kept_command_line() -> str | None:
    """Return the line as a shell takes it; None where no command runs."""
    import shlex

    context = click.get_current_context(silent=True)
    words = context.meta.get(KEY) if context else None
    return shlex.join(words) if words else None
