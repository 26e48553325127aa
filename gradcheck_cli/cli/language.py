"""Which language a command line asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager

import click

from gradcheck_cli.cli.output import can_show
from gradcheck_cli.vocabulary.language import LANGUAGES, current, of_environment, speaking

__all__ = ["context_class", "in_front", "speaking_as_asked"]

OPTION = "--lang"


def in_front(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with the language in front, wherever it stands."""
    words, language = list(words), list[str]()
    for at, word in enumerate(words):
        if word == "--":
            break
        if word == OPTION or word.startswith(f"{OPTION}="):
            count = 1 + (word == OPTION)
            language, words[at : at + count] = words[at : at + count], []
            break
    return [*language, *words]


def speaking_as_asked(words: Sequence[str]) -> AbstractContextManager[None]:
    """Speak the language that a command line has in front, or that of the environment, until it is done.

    Where a stream cannot show it, as in a pipe under a locale of ASCII, it is English.
    """
    asked = " ".join(words[:2]).removeprefix(OPTION).lstrip(" =").partition(" ")[0]
    is_asked = bool(words) and words[0].startswith(OPTION) and asked in LANGUAGES
    language = asked if is_asked else of_environment(os.environ)
    is_shown = language == "en" or all(can_show(stream, "中") for stream in (sys.stdout, sys.stderr))
    return speaking(language if is_shown else "en")


def context_class() -> type[click.Context]:
    """Return the class of contexts that help is written in: click's own for English."""
    if current() == "en":
        return click.Context
    from gradcheck_cli.cli.translated_help import TranslatedContext

    return TranslatedContext
