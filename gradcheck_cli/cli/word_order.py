"""The order of words: what belongs to every command may stand before it, and what belongs to none behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import click

__all__ = ["reordered"]


def reordered(
    words: Sequence[str], own: Sequence[click.Parameter], shared: Callable[[], Sequence[click.Parameter]]
) -> list[str]:
    """Return the words of a command line with every option where click looks for it.

    Parameters
    ----------
    words : sequence of str
        What the user wrote behind the name of the program.
    own : sequence of click.Parameter
        The options of the group, which go before the command; what stands behind ``--`` is none of them.
    shared : callable
        Returns the options that commands share, which go behind the command.

    Examples
    --------
    >>> config, verbose = click.Option(["--config"]), click.Option(["-v"], count=True)
    >>> reordered(["-v", "net", "--config", "a.toml", "--case", "default"], [config], lambda: [verbose])
    ['--config', 'a.toml', 'net', '-v', '--case', 'default']
    """
    rest = list(words)
    before: list[str] = []
    behind: list[str] = []
    while rest and rest[0].startswith("-") and rest[0] != "--":
        count = count_of(rest[0], own)
        is_shared = not count and (count := count_of(rest[0], shared())) > 0
        (behind if is_shared else before).extend(rest[: count or 1])
        del rest[: count or 1]
    command, rest = rest[:1], rest[1:]
    anywhere = [one for one in own if one.expose_value]  # but not --help, which every command has as well
    return [*before, *taken(rest, anywhere), *command, *behind, *rest]


def taken(words: list[str], options: Sequence[click.Parameter]) -> list[str]:
    """Take some options out of the words, each with its value, which a shell may not have yet."""
    found: list[str] = []
    place = 0
    while place < len(words) and words[place] != "--":
        count = count_of(words[place], options)
        if count and place + count <= len(words):
            found += words[place : place + count]
            del words[place : place + count]
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
    is_short = word[:1] == "-" and word[1:2] not in ("", "-")
    return int(is_short and set(word[1:]) <= letters)  # as -vv
