"""Planted mistakes get a patch, and the patched gradient is right elsewhere too; nothing else is ever offered."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.problems.networks.cases import built_in_case
from gradcheck_cli.problems.networks.course import course_cache
from gradcheck_cli.repair.points import resized
from gradcheck_cli.repair.source import Edit, Source
from gradcheck_cli.vocabulary.results import Suggestion
from tests.unit.repair.corpus import MISTAKES, NETWORK, Planted, searched

MORE_SAMPLES = {
    "size=(8, 3)": "size=(11, 3)", "size=8)": "size=11)", "size=(7, 4)": "size=(10, 4)",
    "[0, 2, 1, 2, 0, 1, 2]": "[0, 2, 1, 2, 0, 1, 2, 1, 1, 0]",
}  # fmt: skip

SAME_ELSEWHERE = {"order of the cache"}
"""Mistakes that a change of another line undoes as well: the signs of Z1 and A1 are the same."""


def patched(file: Path, suggestion: Suggestion) -> str:
    source = Source.read(str(file))
    assert source is not None
    edits = [
        Edit(source.offset_of(c.line, c.column), source.offset_of(c.end_line, c.end_column), c.new)
        for c in suggestion.changes
    ]
    return source.changed(edits).content.decode()


def loaded(text: str, path: Path) -> ModuleType:
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gradients(module: ModuleType, at: dict[str, tuple[int, ...]] | None, seed: int) -> list[Any]:
    random = np.random.default_rng(seed)
    if at is None:
        network = resized(built_in_case("default"), [2 + seed % 3, 4, 5, 1 + seed % 2], 3 + seed, random)
        layers = network.forward_propagation(network.parameters)
        found = module.backward(network.X, network.Y, course_cache(layers, network.parameters))
        return [found[f"d{name}"] for name in network.parameters]
    found = module.gradient({name: random.normal(size=shape) for name, shape in at.items()})
    return list(found) if isinstance(found, tuple) else [found[name] for name in at]


def with_more_samples(text: str) -> str:
    for old, new in MORE_SAMPLES.items():
        text = text.replace(old, new)
    return text.replace("default_rng(13)", "default_rng(14)").replace("default_rng(3)", "default_rng(4)")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_gets_a_patch_that_is_right_with_other_data_and_more_samples(
    name: str, tmp_path: Path
) -> None:
    planted = MISTAKES[name]
    file = tmp_path / "model.py"
    file.write_text(planted.written, encoding="utf-8")
    before = file.read_bytes()
    suspects, suggestion, _ = searched(file, planted.at)
    assert suggestion is not None
    assert suggestion.is_verified
    assert suggestion.points >= 2
    assert file.read_bytes() == before
    mended = loaded(with_more_samples(patched(file, suggestion)), tmp_path / "mended.py")
    right = loaded(with_more_samples(planted.text), tmp_path / "right.py")
    for seed in range(10):
        pairs = zip(gradients(mended, planted.at, seed), gradients(right, planted.at, seed), strict=True)
        for ours, theirs in pairs:
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    true_line = planted.written[: planted.text.index(planted.right)].count("\n") + 1
    assert name in SAME_ELSEWHERE or abs(suspects[0].line - true_line) <= 3


def test_two_mistakes_are_found_one_after_another_and_each_says_what_it_settles(tmp_path: Path) -> None:
    text = NETWORK.replace("np.dot(dZ2, A1.T)", "np.dot(dZ2, A1.T) * 2").replace("db1 = 1.", "db1 = 4.")
    file = tmp_path / "model.py"
    file.write_text(text, encoding="utf-8")
    _, suggestion, _ = searched(file, None)
    assert suggestion is not None
    assert [(change.settles, change.old, change.new) for change in suggestion.changes] == [
        (("dW2",), " * 2", ""),
        (("db1",), "4.", "1."),
    ]


def test_the_same_search_finds_the_same(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(MISTAKES["name"].written, encoding="utf-8")
    first = searched(file, MISTAKES["name"].at)
    assert searched(file, MISTAKES["name"].at) == first


SQUARE = """\
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(4, 4))
y = np.array([1.0, 0.0, 1.0, 1.0])
def loss(w):
    a = 1 / (1 + np.exp(-(X @ w)))
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))
def gradient(w):
    a = 1 / (1 + np.exp(-(X @ w)))
    return X.T @ (a - y)
"""


def test_a_size_is_never_mended_by_a_literal_that_equals_it(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(SQUARE, encoding="utf-8")
    _, suggestion, _ = searched(file, {"w": (4,)})
    assert suggestion is not None
    assert suggestion.is_verified
    (change,) = suggestion.changes
    assert not {"4", "0.25", "4.0", "w.size"} & set(change.new.replace("*", " ").replace("/", " ").split())


HIDDEN = """\
import numpy as np
class Table:
    __slots__ = ("rows",)
table = Table()
table.rows = np.array([[0.5, -1.2], [1.5, 0.3], [-0.7, 2.0]])
def loss(w):
    return float(np.mean((table.rows @ w) ** 2))
def gradient(w):
    return 2 * table.rows.T @ (table.rows @ w)
"""


IN_THE_CODE = """\
import numpy as np
def data():
    return np.array([[0.5, -1.2], [1.5, 0.3]])
def loss(w):
    return float(np.mean((data() @ w) ** 2))
def gradient(w):
    return 2 * data().T @ (data() @ w)
"""
PARTIAL = """\
import functools
import numpy as np
def of(w, X):
    return float(np.mean((X @ w) ** 2))
def by(w, X):
    return 2 * X.T @ (X @ w)
loss = functools.partial(of, X=np.array([[0.5, -1.2], [1.5, 0.3]]))
gradient = functools.partial(by, X=np.array([[0.5, -1.2], [1.5, 0.3]]))
"""


@pytest.mark.parametrize("text", [HIDDEN, IN_THE_CODE, PARTIAL], ids=["slots", "in the code", "partial"])
def test_data_that_cannot_be_changed_leaves_a_patch_unverified(text: str, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(text, encoding="utf-8")
    _, suggestion, _ = searched(file, {"w": (2,)})
    assert suggestion is None or suggestion.level == "fits-here"


def test_without_points_of_other_sizes_nothing_is_verified(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(MISTAKES["doubled"].written, encoding="utf-8")
    from gradcheck_cli.repair.suggest import suggestion_for
    from tests.unit.repair.corpus import problem_of

    network = problem_of(file, None)
    masked = dataclasses.replace(network, masks={1: np.ones((5, 3))})
    _, suggestion, _ = suggestion_for(masked, 2e-7, ".", 30.0)
    assert suggestion is None or not suggestion.is_verified


def test_a_mistake_of_the_table_changes_the_text() -> None:
    assert all(isinstance(one, Planted) and one.written != one.text for one in MISTAKES.values())
