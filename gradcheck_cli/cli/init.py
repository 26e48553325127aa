"""`gradcheck init`: files to begin with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gradcheck_cli.cli.help import Command
from gradcheck_cli.cli.output import say, write
from gradcheck_cli.vocabulary.text import printable

__all__ = ["FILES", "init"]

EPILOG = """\b
Examples:
  gradcheck init
  gradcheck init my_project
"""

FILES = {
    "model.py": '''\
"""A logistic regression: put your own loss and gradient in its place."""

import numpy as np


def loss(p, X, y):
    a = 1 / (1 + np.exp(-(X @ p["w"] + p["b"])))
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))


def gradient(p, X, y):
    a = 1 / (1 + np.exp(-(X @ p["w"] + p["b"])))
    return {"w": X.T @ (a - y) / len(y), "b": np.mean(a - y)}
''',
    "params.json": '{"w": [0.4, -0.3], "b": 0.1}\n',
    "data.json": '{"X": [[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0], [0.1, 0.9]], "y": [1.0, 0.0, 1.0, 0.0]}\n',
    "pyproject.toml": """\
[[tool.gradcheck.checks]]
name = "model"
kind = "func"
loss = "model.py:loss"
grad = "model.py:gradient"
params = "params.json"
data = "data.json"
""",
    ".github/workflows/gradcheck.yml": """\
name: gradcheck
on: [push, pull_request]
jobs:
  gradcheck:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      # gradcheck-cli is on no index yet: put a checkout of it into the folder gradcheck
      - run: pip install ./gradcheck
      - run: gradcheck run --format github
""",
}
"""By their paths."""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("folder", type=click.Path(), default=".", metavar="[FOLDER]")
def init(folder: str) -> None:
    """Write a model, a point, settings and a workflow to begin with."""
    from gradcheck_cli.vocabulary.errors import InputError

    home = Path(folder)
    there = [name for name in FILES if (home / name).exists() or (home / name).is_symlink()]
    if there:
        raise InputError(f"{home / there[0]} is there already, and nothing is written over", hint="name a new folder")
    try:
        for name, text in FILES.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise InputError(f"{home} cannot be written to: {error.strerror}") from error
    written = "".join(f"{printable(str(home / name))}\n" for name in FILES)
    write(f"{written}\n", sys.stdout)
    say(f"Next, in {printable(str(home))}: gradcheck run makes the check in pyproject.toml.", sys.stdout)
    say("The workflow installs a checkout of gradcheck from the folder gradcheck:", sys.stdout)
    say("there is no release on an index yet.", sys.stdout)
