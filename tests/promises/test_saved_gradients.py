"""Two saved gradients are compared by the digits that they have, where both have a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import run_inside
from tests.zoo import Array

REFERENCE = np.sin(np.arange(1.0, 41.0)).reshape(8, 5)


def compared(folder: Path, mine: Array, reference: Array = REFERENCE) -> tuple[int, str]:
    np.savez(folder / "mine.npz", k=mine)
    np.savez(folder / "reference.npz", k=reference)
    done = run_inside("compare", "mine.npz", "reference.npz", cwd=folder)
    return done.returncode, done.stdout


def with_one(values: Array, factor: float) -> Array:
    changed = values.copy()
    changed[5, 3] *= factor
    return changed


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_right_gradient_of_any_dtype_passes(tmp_path: Path, kind: Any) -> None:
    assert compared(tmp_path, REFERENCE.astype(kind))[0] == 0


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_one_wrong_entry_fails_in_any_dtype(tmp_path: Path, kind: Any) -> None:
    assert compared(tmp_path, with_one(REFERENCE, 1.1).astype(kind))[0] == 1


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_common_factor_fails_in_any_dtype(tmp_path: Path, kind: Any) -> None:
    assert compared(tmp_path, (1.02 * REFERENCE).astype(kind))[0] == 1


def test_the_digits_of_half_precision_are_too_few_for_a_double(tmp_path: Path) -> None:
    assert compared(tmp_path, REFERENCE.astype(np.float16).astype(float))[0] != 0


def partial() -> Array:
    reference: Array = np.full_like(REFERENCE, np.nan)
    reference[::2] = REFERENCE[::2]
    return reference


def test_entries_without_a_reference_are_not_checked_and_counted(tmp_path: Path) -> None:
    code, shown = compared(tmp_path, REFERENCE, partial())
    assert code == 0
    assert "not checked" in shown
    assert "20" in shown


def test_a_wrong_entry_that_has_a_reference_fails_beside_those_that_have_none(tmp_path: Path) -> None:
    wrong = REFERENCE.copy()
    wrong[2, 1] *= 1.1
    assert compared(tmp_path, wrong, partial())[0] == 1


def test_a_claim_that_is_no_number_fails_wherever_there_is_a_reference(tmp_path: Path) -> None:
    wrong = REFERENCE.copy()
    wrong[2, 1] = np.nan
    assert compared(tmp_path, wrong)[0] == 1
