"""The language in which a person is spoken to.

Every sentence is written in English where a thing is found, with its values in it, and stays English in records, in
saved reports and in what programs read. The last step before a person sees it is `said`, which gives the sentence in
the language that was chosen: by ``--lang``, by ``GRADCHECK_LANG``, or by the environment as gettext reads it. So no
catalogue is read for English, a report that was saved can be shown in either language, and a process that does a part
of the work need not know which one it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_cli.vocabulary.sentences import Sentences

__all__ = ["LANGUAGES", "choose", "current", "of_environment", "said", "speaking"]

LANGUAGES = ("en", "zh")
VARIABLE = "GRADCHECK_LANG"
PLAIN = {"C", "POSIX"}
"""The locales in which nothing is translated, whatever LANGUAGE says."""

_chosen: str | None = None
_sentences: Sentences | None = None


def said(text: str) -> str:
    """Return a sentence in the language that was chosen; one that has no translation as it is."""
    if (_chosen or choose()) == "en" or _sentences is None:
        return text
    return _sentences.said(text)


def current() -> str:
    """Return the language that was chosen; where none was, the environment chooses."""
    return _chosen or choose()


def choose(language: str | None = None) -> str:
    """Choose a language for all that is said from now on: the one that is given, or the environment's.

    Parameters
    ----------
    language : str, optional
        One of `LANGUAGES`.
    """
    global _chosen, _sentences  # noqa: PLW0603  (one language a process: a person reads one)
    chosen = language or of_environment(os.environ)
    if chosen != "en":
        from gradcheck_cli.vocabulary.sentences import sentences_of

        _sentences = sentences_of(chosen)
    _chosen = chosen
    return chosen


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while."""
    global _chosen  # noqa: PLW0603
    before = _chosen
    choose(language)
    try:
        yield
    finally:
        _chosen = before


def of_environment(environ: Mapping[str, str]) -> str:
    """Return the language that the environment asks for, English where it asks for none that is known here.

    ``GRADCHECK_LANG`` goes first; then the locale and its LANGUAGE count as gettext reads them.

    Examples
    --------
    >>> of_environment({"LANG": "zh_CN.UTF-8"}), of_environment({"LANG": "de_DE.UTF-8"}), of_environment({})
    ('zh', 'en', 'en')
    >>> of_environment({"LC_ALL": "C", "LANGUAGE": "zh_CN:zh"}), of_environment({"LANGUAGE": "en:zh"})
    ('en', 'en')
    """
    if environ.get(VARIABLE) in LANGUAGES:
        return environ[VARIABLE]
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    if locale.partition(".")[0] in PLAIN:
        return "en"
    for wanted in [*environ.get("LANGUAGE", "").split(":"), locale]:
        language = wanted.partition(".")[0].partition("@")[0].partition("_")[0].lower()
        if language in LANGUAGES:
            return language
    return "en"
