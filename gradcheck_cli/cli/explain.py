"""`gradcheck explain`: the pages of the manual, and what a finding's code means."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from gradcheck_cli.cli.completion import complete_topic
from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.output import is_terminal, terminal_width, wants_color, write
from gradcheck_cli.vocabulary.errors import did_you_mean
from gradcheck_cli.vocabulary.language import said
from gradcheck_cli.vocabulary.wrapping import cells, wrapped

if TYPE_CHECKING:
    from gradcheck_cli.manual import Term

__all__ = ["explain"]

EPILOG = """\b
Examples:
  gradcheck explain
  gradcheck explain layers
  gradcheck explain 'error[factor]'
  gradcheck explain refined
"""
WIDEST = 100  # columns of a page on a terminal: longer lines are hard to read


@click.command(cls=Command, epilog=EPILOG)
@click.argument("topic", required=False, shell_complete=complete_topic)
def explain(topic: str | None) -> None:
    """Explain a word of a report, a finding or a topic, or list them.

    Through a pipe a page is the Markdown that it is written in.
    """
    from gradcheck_cli.manual import codes, page_text, terms, topics

    if topic is None:
        write("".join(f"{line}\n" for line in listed()), sys.stdout)
        return
    found = found_term(topic)
    if found is None:
        near = did_you_mean(as_asked(topic), [*topics(), *codes(), *terms()])
        raise click.UsageError(f"there is no page on {topic!r}: {near or '`gradcheck explain` lists them'}")
    if found.definition:
        show(f"{found.definition}\n\nMore: `gradcheck explain {found.page}`.\n")
    else:
        show(page_text(found.page))


def found_term(asked: str) -> Term | None:
    """Return the topic, the code or the word of a report that is asked for, in whatever case, with what it is.

    What a report prints may be handed over as it stands: ``error[factor]:``, ``note:``.
    """
    from gradcheck_cli.manual import Term, codes, terms, topics

    known = [(name, Term(name)) for name in (*codes(), *topics())]
    wanted = as_asked(asked).casefold()
    return next((term for name, term in (*known, *terms().items()) if name.rstrip(":").casefold() == wanted), None)


def as_asked(asked: str) -> str:
    """Return the code in ``error[code]:``, and what is something else without its colon."""
    return re.sub(r"^error\[(?!\.)(.*)\]$", r"\1", asked.strip().rstrip(":"))


def listed() -> Iterator[str]:
    """Yield the lines of a list of all topics and codes, in groups."""
    from gradcheck_cli.manual import codes, page_title, topics
    from gradcheck_cli.manual.groups import TOPICS, grouped

    yield said("The manual; `gradcheck explain TOPIC` shows a page.")
    yield from section(TOPICS, {topic: said(page_title(topic)) for topic in topics()})
    yield ""
    yield said("The codes of findings; `gradcheck explain CODE` says what one means.")
    yield from section(grouped(codes()), {code: said(page_title(code)) for code in codes()})


def section(groups: Mapping[str, list[str] | tuple[str, ...]], titles: Mapping[str, str]) -> Iterator[str]:
    """Yield each group under its heading."""
    width = max(map(len, titles))
    for heading, names in groups.items():
        if names:
            yield ""
            yield f"{said(heading)}:"
            yield from (in_width(f"  {name:{width}}  {titles[name]}", width + 4) for name in names)


def in_width(line: str, indent: int) -> str:
    """Return a line as the terminal has room for it, broken between words."""
    columns = terminal_width()
    if columns is None or cells(line) <= columns:
        return line
    return "\n".join(wrapped(line, max(columns, indent + 20), " " * indent))


def show(markdown: str) -> None:
    """Show a page: on a terminal as it is meant to look, else as plain text, which Markdown is."""
    write(rendered(markdown) if is_terminal(sys.stdout) else markdown, sys.stdout)


def rendered(page: str) -> str:
    """Return a page as a terminal shows it."""
    import io

    from rich.console import Console, RenderResult
    from rich.markdown import Heading, Markdown
    from rich.theme import Theme

    class Left(Heading):
        """A heading that stands where the text begins."""

        def __rich_console__(self, *_: object) -> RenderResult:
            yield self.text

    class Page(Markdown):
        elements = {**Markdown.elements, "heading_open": Left}  # noqa: RUF012  (as Rich declares it)

    color = wants_color("auto")
    console = Console(
        file=io.StringIO(),
        width=min(terminal_width() or WIDEST, WIDEST),
        force_terminal=True,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        theme=Theme({"markdown.code": "bold cyan"}),  # Rich's own is on black, whatever the terminal's colour is
    )
    with console.capture() as captured:
        console.print(Page(page, code_theme="ansi_light", hyperlinks=False))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
