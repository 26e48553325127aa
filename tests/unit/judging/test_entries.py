"""A parameter that is judged in parts is judged as the whole would be."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from gradcheck_cli.judging import entries
from gradcheck_cli.judging.entries import compare_parameter
from gradcheck_cli.numeric import reference as parts
from gradcheck_cli.numeric.reference import Reference, RemadeReference
from gradcheck_cli.vocabulary.parameters import Array
from gradcheck_cli.vocabulary.results import EntryVerdict, ParameterResult

SHAPE, THRESHOLD = (40, 25), 2e-7


def made() -> tuple[Array, Array, Reference]:
    """A claim with all kinds of entries in it, centred differences and the reference."""
    random = np.random.default_rng(7)
    values = random.standard_normal(SHAPE)
    flags = np.zeros(SHAPE, dtype=bool)
    reference = Reference(
        values, np.full(SHAPE, 1e-12), np.full(SHAPE, 1e-6), values.copy(), values.copy(), flags, flags.copy()
    )
    reference.high[3], reference.kinks[3] = values[3] + 0.5, True
    reference.bars[30, 4], reference.coarse[30, 4] = np.inf, True
    claim = values * (1 + 1e-8 * random.standard_normal(SHAPE))
    claim[17, 2] += 1e-5 * values[17, 2]
    return claim, values * (1 + 1e-9 * random.standard_normal(SHAPE)), reference


@pytest.fixture
def whole_and_parted(monkeypatch: pytest.MonkeyPatch) -> tuple[ParameterResult, ParameterResult]:
    claim, numeric, reference = made()
    monkeypatch.setattr(parts, "PIECE", 75)  # three rows
    monkeypatch.setattr(entries, "FEWEST_KEPT", 20)
    monkeypatch.setattr(entries, "MOST_KEPT", 1)
    columns = SHAPE[1]
    remade = RemadeReference(SHAPE, lambda rows: reference.at(slice(rows.start * columns, rows.stop * columns)))
    return (
        compare_parameter("W", claim, numeric, reference, THRESHOLD),
        compare_parameter("W", claim, numeric, remade, THRESHOLD),
    )


def test_the_figures_and_counts_are_those_of_the_whole(
    whole_and_parted: tuple[ParameterResult, ParameterResult],
) -> None:
    whole, parted = whole_and_parted
    assert parted.sensitivity == whole.sensitivity
    assert parted.worst == whole.worst
    assert [parted.count(verdict) for verdict in EntryVerdict] == [whole.count(verdict) for verdict in EntryVerdict]
    for figure in ("difference", "refined_difference", "analytic_norm", "numeric_norm"):
        assert getattr(parted, figure) == pytest.approx(getattr(whole, figure), rel=1e-14)
    same = {"verdict", "name", "shape"}
    assert all(getattr(parted, f.name) == getattr(whole, f.name) for f in dataclasses.fields(whole) if f.name in same)


def test_what_is_kept_tells_of_all(whole_and_parted: tuple[ParameterResult, ParameterResult]) -> None:
    """The largest errors of all, every entry that falls short, and entries of every part."""
    whole, parted = whole_and_parted
    assert len(parted.entries) < len(whole.entries) == parted.entries.total == math.prod(SHAPE)
    assert parted.entries.worst(5) == whole.entries.worst(5)
    short = {entry.name for entry in whole.entries if entry.verdict >= EntryVerdict.UNRESOLVED}
    assert short == {"W[17, 2]", "W[30, 4]"} <= {entry.name for entry in parted.entries}
    assert {parted.entries.place(k) // 75 for k in range(len(parted.entries))} == set(range(14))
