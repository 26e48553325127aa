"""The first wrong value: told where it is proved, and never of code that is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradcheck_cli.vocabulary.results import Suspect
from tests.unit.repair.corpus import LAYERS_AT, NETWORK, TWO_LAYERS, searched

GATES = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(6, 3))
Y = rng.normal(size=(6, 3))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def loss(p):
    i = sigmoid(X * p["u"])
    g = np.tanh(X * p["v"])
    c = i * g
    h = np.tanh(c)
    return 0.5 * np.sum((h - Y) ** 2)


def gradient(p):
    i = sigmoid(X * p["u"])
    g = np.tanh(X * p["v"])
    c = i * g
    h = np.tanh(c)
    dh = h - Y
    dc = dh * (1 - h ** 2)
    di = dc * g
    dg = dc * i
    return {"u": np.sum(X * di * i * (1 - i), axis=0), "v": np.sum(X * dg * (1 - g ** 2), axis=0)}
"""
GATES_AT: dict[str, tuple[int, ...]] = {"u": (3,), "v": (3,)}
MISLEADING = """\
import numpy as np

X = np.random.default_rng(1).normal(size=(6, 3))
y = np.random.default_rng(2).normal(size=6)


def loss(p):
    x = X - p["c"]
    r = x @ p["w"] - y
    return np.sum(r ** 2)


def gradient(p):
    dx = X - p["c"]
    r = dx @ p["w"] - y
    dr = r
    gw = dx.T @ r
    return {"w": 2 * gw, "c": -2 * np.sum(r) * p["w"]}
"""
MISLEADING_AT: dict[str, tuple[int, ...]] = {"w": (3,), "c": (3,)}


def said(tmp_path: Path, text: str, at: dict[str, tuple[int, ...]] | None) -> list[Suspect]:
    file = tmp_path / "model.py"
    file.write_text(text, encoding="utf-8")
    suspects, _, _ = searched(file, at)
    return [suspect for suspect in suspects if suspect.says]


@pytest.mark.parametrize(
    ("text", "at", "right", "wrong", "says"),
    [
        (GATES, GATES_AT, "di = dc * g", "di = dc * i", "di {}: it is dJ/dg, not dJ/di"),
        (GATES, GATES_AT, "dh = h - Y", "dh = Y - h", "dh {}: it is -1 times dJ/dh"),
        (GATES, GATES_AT, "dg = dc * i", "dg = dc * dc", "dg {}: it is not dJ/dg"),
        (GATES, GATES_AT, "di = dc * g", "di = dc * g * 2", "di {}: it is 2 times dJ/di"),
        (TWO_LAYERS, LAYERS_AT, "dh = dscores", "dh = -dscores", "dh {}: it is -1 times dJ/dh"),
        (NETWORK, None, "(A2 > 0)", "(A2 < 0)", "dZ2 {}: it is not 3 times dJ/dZ2"),
        (NETWORK, None, "(Z1, A1,", "(A1, Z1,", "A1 {}: it is Z1, not A1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_and_what_it_is(
    text: str, at: dict[str, tuple[int, ...]] | None, right: str, wrong: str, says: str, tmp_path: Path
) -> None:
    head, found, tail = text.rpartition(right)
    assert found
    (suspect,) = said(tmp_path, head + wrong + tail, at)
    assert suspect.says.partition(";")[0] == says.format("is the first value known to be wrong")
    assert suspect.line == (head + wrong).count("\n") + 1


@pytest.mark.parametrize(
    ("text", "at"), [(GATES, GATES_AT), (TWO_LAYERS, LAYERS_AT), (NETWORK, None), (MISLEADING, MISLEADING_AT)]
)
def test_nothing_is_told_of_code_that_is_right(
    text: str, at: dict[str, tuple[int, ...]] | None, tmp_path: Path
) -> None:
    assert said(tmp_path, text, at) == []


def test_a_name_alone_tells_nothing(tmp_path: Path) -> None:
    wrong = MISLEADING.replace("2 * gw", "3 * gw")  # dx is no derivative there, and dr half of one: both are right
    assert not [suspect for suspect in said(tmp_path, wrong, MISLEADING_AT) if suspect.name in {"dx", "dr", "r"}]
