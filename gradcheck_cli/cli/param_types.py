"""Kinds of option values, each with a message that says what was expected."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import click

from gradcheck_cli.reporters.formats import FORMATS
from gradcheck_cli.vocabulary.settings import AUTO

__all__ = ["EPSILON", "FILE", "FINITE", "NUMBER", "POSITIVE", "REFERENCE", "REPORT"]

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    # click's own class takes no type argument when the program runs
    _Float = click.ParamType[float]
    _FloatOrWord = click.ParamType[float | str]
    _Pair = click.ParamType[tuple[str, str]]
    _Text = click.ParamType[str]
else:
    _Float = _FloatOrWord = _Pair = _Text = click.ParamType


class Number(_Float):
    """A number as a program writes it; NaN and infinity are for the check to judge."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the value as a float."""
        if isinstance(value, float):
            return value
        text = str(value)
        plain = text.isascii() and "_" not in text  # float takes 1_000 and digits of other scripts as well
        try:
            return float(text if plain else "")
        except ValueError:
            self.fail(f"{value!r} is not a number.", param, ctx)


class Finite(Number):
    """A finite number."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the value as a float."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class Positive(Number):
    """A finite number greater than 0."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the value as a float."""
        number = super().convert(value, param, ctx)
        if not (math.isfinite(number) and number > 0):
            self.fail(f"{value!r} is not a finite number greater than 0.", param, ctx)
        return number


class Epsilon(_FloatOrWord):
    """A step, or ``auto``."""

    name = "step"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the step as a float, or the word."""
        return AUTO if str(value).casefold() == AUTO else POSITIVE.convert(value, param, ctx)


class File(click.Path):
    """A file, by its absolute path: what the user's code does to the current folder changes nothing."""

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        from pathlib import Path

        if value == "-" and not (ctx and ctx.resilient_parsing):  # a shell that asks for names has no arrays to give
            from gradcheck_cli.cli.standard_input import standard_input

            return standard_input(str(param and param.name))
        if "\0" in os.fspath(value):
            self.fail(f"{value!r} is not a path: it contains a NUL.", param, ctx)
        return Path(os.path.abspath(str(super().convert(value, param, ctx))))  # noqa: PTH100  (a link stays a link)


class Reference(_Text):
    """A function or an object of the user's: a name in a script, a notebook or a module."""

    name = "reference"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """Return what help calls it."""
        return "FILE.py:NAME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the reference; who loads it tells what is wrong with it."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer files, and behind a colon the names in one."""
        from gradcheck_cli.cli.completion import complete_reference

        return complete_reference(incomplete)


class ReportFile(_Pair):
    """A format and the file that is to be written in it."""

    name = "report"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the format and the path."""
        if isinstance(value, tuple):
            return value
        name, equals, path = str(value).partition("=")
        if not (equals and path):
            self.fail(f"{value!r} is not FORMAT=FILE.", param, ctx)
        if "\0" in path:
            self.fail(f"{value!r} is not a path: it contains a NUL.", param, ctx)
        if name not in FORMATS:
            self.fail(f"there is no format {name!r}, expected one of {', '.join(FORMATS)}.", param, ctx)
        return name, os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118  (see find_config)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer the formats, and behind one files."""
        from click.shell_completion import CompletionItem

        from gradcheck_cli.cli.completion import files

        if "=" in incomplete:
            return files(incomplete)
        return [CompletionItem(f"{name}=") for name in FORMATS if name.startswith(incomplete)]


EPSILON = Epsilon()
FILE = File()
NUMBER = Number()
FINITE = Finite()
POSITIVE = Positive()
REFERENCE = Reference()
REPORT = ReportFile()
