from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import run_inside

CODE = """
def loss(w): return (w**3).sum()
def grad(w): return 3 * w**2
def hvp(w, v): return 6 * w * v
def jvp(w, v): return (3 * w**2 * v).sum()
def layer(w): return w**3, w
def backward(u, w): return 3 * w**2 * u
def layer_jvp(w, v): return 3 * w**2 * v
"""


@pytest.mark.parametrize(
    ("words", "row"),
    [
        ("loss --grad f.py:grad --hvp f.py:hvp", "d dw / d v_w"),
        ("loss --jvp f.py:jvp", "d y / d v_w"),
        ("layer --jvp f.py:layer_jvp --backward f.py:backward", "u . J v_w"),
    ],
)
def test_the_one_array_of_a_file_keeps_its_name(words: str, row: str, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "w.json").write_text('{"w": [1.0, 2.0]}', encoding="utf-8")
    done = run_inside("func", *f"f.py:{words} --params w.json --format json".split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [case] = json.loads(done.stdout)["cases"]
    assert row in {parameter["name"] for parameter in case["parameters"]}
