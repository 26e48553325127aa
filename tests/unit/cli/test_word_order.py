from __future__ import annotations

import re

import click
import pytest

from gradcheck_cli.cli.word_order import reordered
from tests.unit.cli.support import invoke, refused

CONFIG = click.Option(["--config"])
SHARED = [
    click.Option(["-v", "--verbose"], count=True),
    click.Option(["-q"], count=True),
    click.Option(["--color"]),
    click.Option(["--plot/--no-plot"]),
]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("net -v", "net -v"),
        ("-v net --case d", "net -v --case d"),
        ("-vqv net", "net -vqv"),
        ("--color always --no-plot net --case d", "net --color always --no-plot --case d"),
        ("--color=always net", "net --color=always"),
        ("--config f -v net", "--config f net -v"),
        ("net --config f --case d", "--config f net --case d"),
        ("net --case d --config=f", "--config=f net --case d"),
        ("compare -- --config f", "compare -- --config f"),
        ("compare - r.npz", "compare - r.npz"),
        ("func --at -1,2 --params -", "func --at -1,2 --params -"),
        ("-h", "-h"),
        ("-vx net", "-vx net"),
        ("--color", "--color"),
        ("net --config", "net --config"),
        ("", ""),
    ],
)
def test_words_go_where_click_looks_for_them(words: str, expected: str) -> None:
    assert reordered(words.split(), [CONFIG], lambda: SHARED) == expected.split()


def test_options_before_the_command_count_as_those_behind_it() -> None:
    words = ("scalar", "--x", "2", "--theta", "4")
    shown = [invoke(*line).stdout for line in (("-v", "--color", "always", *words), (*words, "-v", "--color=always"))]
    before, behind = (re.sub(r"[\d.]+ s\b", "", text) for text in shown)
    assert before == behind
    assert "\x1b[" in before
    assert invoke("--format", "json", *words).stdout.startswith("{")
    assert invoke("-qq", *words).stdout == ""


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ("nte --case default", "there is no command 'nte'", "did you mean 'net'?"),
        ("frobnicate", "there is no command 'frobnicate'", "'gradcheck --help' lists them"),
        ("net --tol 1e-5", "--tol", "did you mean '--threshold'?"),
        ("compare --rtol 1e-2", "--rtol", "did you mean '--threshold'?"),
        ("--atol=1 net", "--atol", "did you mean '--threshold'?"),
        ("net --eps 1e-3", "--eps", "did you mean '--epsilon'?"),
        ("func -h=1", "-=", "'gradcheck func --help' shows what there is"),
        ("func f.py:f --h 1e-3", "--h", "did you mean '--epsilon'?"),
        ("net", "--case", "for example: gradcheck net --case default"),
        ("cases --verbose", "--verbose", "'gradcheck cases --help' shows what there is"),
        ("fix net --rtol 1", "--rtol", "did you mean '--threshold'?"),
        (
            "fix func f.py:f --grad f.py:g --hess f.py:h --at 1",
            "no search for --hess",
            "'gradcheck fix --help' shows what there is",
        ),
        (
            "-q fix func f.py:f --autograd jax --at 1",
            "no search for --autograd",
            "'gradcheck fix --help' shows what there is",
        ),
    ],
)
def test_what_is_unknown_is_answered_with_what_is_meant(words: str, said: str, hint: str) -> None:
    assert said in refused(*words.split())
    assert invoke(*words.split()).stderr.splitlines()[-1] == f"hint: {hint}"


def test_a_file_in_the_place_of_a_command_is_looked_at() -> None:
    assert "homework.py" in refused("homework.py")
