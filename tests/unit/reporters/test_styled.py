"""Text in colours: what a terminal gets of it is what Rich would give."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from gradcheck_cli.reporters.sheet import HIGHLIGHTS, Sheet
from gradcheck_cli.reporters.styled import Styled
from gradcheck_cli.reporters.words import VERDICT_STYLES

LINES = [
    "",
    "error[factor]: dW2 is 2.000000 times the right gradient",
    "error: there is no command 'scala'",
    "hint: did you mean 'scalar'?",
    "  note: dW1 agrees: dZ1 is right",
    "      catches: any entry off by more than 4.0e-07",
    "  = help: look for a stray factor",
    " --> homework.py:12:9",
    "12 |     dW2 = 2 * np.dot(dZ2, A1.T)",
    "   |           ^^^ remove this: [red]nothing[/red]",
    "  说明: 反向传播有问题",
]


def by_rich(text: Text) -> str:
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=True, color_system="standard").print(text)
    return out.getvalue()


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_coloured_as_by_rich(line: str) -> None:
    out, text = Sheet(None, color=True), Text(line)
    out.print(line)
    for pattern, style in HIGHLIGHTS:
        text.highlight_regex(pattern, style)
    assert out.text() == by_rich(text)


@pytest.mark.parametrize("style", VERDICT_STYLES.values())
def test_a_verdict_is_coloured_as_by_rich_in_a_line_and_in_a_table(style: str) -> None:
    line = Styled("FAIL", style) + Styled("  net")
    assert f"{line.ansi()}\n" == by_rich(Text.assemble(("FAIL", style), "  net"))
    assert by_rich(line.__rich__()) == f"{line.ansi()}\n"


def test_a_broken_sentence_keeps_its_colours_and_ends_in_no_blanks() -> None:
    out = Sheet(24, color=True)
    out.print_wrapped(Styled("these words are all red and broken", "red"), hang=2)
    assert out.text() == "\x1b[31mthese words are all red\x1b[0m\n  \x1b[31mand broken\x1b[0m\n"


def test_what_has_a_style_keeps_it() -> None:
    line = Styled("a", "red") + Styled("bc")
    line.highlight("ab", "bold")
    assert line.pieces() == [("a", "red"), ("b", "bold"), ("c", "")]
    assert line[1:].plain == "bc"
    assert line[1:].styles == ["bold", ""]
