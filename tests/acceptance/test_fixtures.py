"""Every problem of ``fixtures/`` gets the verdict that its manifest says, by the real command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.problems.networks.fixtures import load_fixture
from tests.make_fixtures import FIXTURES, manifest, problems
from tests.support import run

EXPECTED = json.loads((FIXTURES / "manifest.json").read_text(encoding="utf-8"))
EXIT_CODES = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3}


@pytest.mark.parametrize("file", EXPECTED)
def test_the_command_gives_the_verdict_of_the_manifest(file: str) -> None:
    result = run("net", "--case", FIXTURES / file)
    verdict = EXPECTED[file]["verdict"]
    assert result.stdout.startswith(f"{verdict}  net, {Path(file).stem}: ")
    assert result.returncode == EXIT_CODES[verdict]


def test_the_manifest_is_what_the_script_writes() -> None:
    assert manifest() == EXPECTED
    assert {path.name for path in FIXTURES.glob("*.npz")} == set(EXPECTED)


@pytest.mark.parametrize("name", problems())
def test_a_fixture_is_what_the_script_makes(name: str) -> None:
    stored, made = load_fixture(FIXTURES / f"{name}.npz"), problems()[name][0]
    assert stored.activations == tuple(made.activations)
    for key, values in made.parameters.items():
        np.testing.assert_array_equal(stored.parameters[key], values)
        if made.claimed is not None and stored.claimed is not None:
            np.testing.assert_allclose(stored.claimed[key], made.claimed[key], rtol=1e-12, atol=1e-300)
    assert (stored.claimed is None) == (made.claimed is None)
