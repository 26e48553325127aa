"""The order of words: what belongs to every command may stand before it, and what belongs to none behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

__all__ = ["reordered"]


def reordered(words: Sequence[str], of_none: Iterable[click.Parameter], of_all: Iterable[click.Parameter]) -> list[str]:
    """Return the words of a command line with every option where click looks for it.

    Parameters
    ----------
    words : sequence of str
        What the user wrote behind the name of the program.
    of_none : iterable of click.Parameter
        The options of the group, which go before the command; what stands behind ``--`` is none of them.
    of_all : iterable of click.Parameter
        The options that commands share, which go behind it.

    Examples
    --------
    >>> config, verbose = click.Option(["--config"]), click.Option(["-v"], count=True)
    >>> reordered(["-v", "net", "--config", "a.toml", "--case", "default"], [config], [verbose])
    ['--config', 'a.toml', 'net', '-v', '--case', 'default']
    """
    rest = list(words)
    own, moved = taken_from_front(rest, list(of_none), list(of_all))
    if rest:
        own += taken_from_anywhere(rest, list(of_none))
    return [*own, *rest[:1], *moved, *rest[1:]]


def taken_from_front(
    rest: list[str], of_none: Sequence[click.Parameter], of_all: Sequence[click.Parameter]
) -> tuple[list[str], list[str]]:
    """Take the options that the words begin with; return those of the group, and those that go behind the command."""
    own: list[str] = []
    moved: list[str] = []
    while rest and rest[0].startswith("-") and rest[0] != "--":
        is_shared = count_of(rest[0], of_all)
        count = is_shared or count_of(rest[0], of_none) or 1
        (moved if is_shared else own).extend(rest[:count])
        del rest[:count]
    return own, moved


def taken_from_anywhere(rest: list[str], options: Sequence[click.Parameter]) -> list[str]:
    """Take some options out of the words, each with its value, which a shell may not have yet."""
    found: list[str] = []
    place = 1
    while place < len(rest) and rest[place] != "--":
        count = count_of(rest[place], options)
        if count and place + count <= len(rest):
            found += rest[place : place + count]
            del rest[place : place + count]
        else:
            place += 1
    return found


def count_of(word: str, options: Iterable[click.Parameter]) -> int:
    """Return how many words an option takes, its name among them; 0 where a word is none of the options."""
    letters: set[str] = set()
    name, equals, _ = word.partition("=")
    for option in options:
        takes_value = isinstance(option, click.Option) and not (option.is_flag or option.count)
        if name in (*option.opts, *option.secondary_opts):
            return 1 + (takes_value and not equals)
        if not takes_value:
            letters |= {flag[1] for flag in option.opts if len(flag) == 2}
    return int(word[:1] == "-" != word[1:2] and set(word[1:]) <= letters)  # as -vv
