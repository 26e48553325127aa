from __future__ import annotations

import math
from array import array

import numpy as np
import pytest

from gradcheck_cli.vocabulary.results import Entries, Entry, EntryVerdict, entry_name

COLUMNS = [array("d", values) for values in (range(6), [0.0] * 6, [0.0] * 6, [0.5] * 6)]
ENTRIES = Entries("W1", (2, 3), bytes([0, 0, 0, 0, 3, 0]), *COLUMNS)


@pytest.mark.parametrize(
    ("shape", "position", "name"),
    [((), 0, "W"), ((3,), 2, "W[2]"), ((2, 3), 5, "W[1, 2]"), ((2, 3, 4), 13, "W[1, 0, 1]")],
)
def test_an_entry_is_named_by_its_place(shape: tuple[int, ...], position: int, name: str) -> None:
    assert entry_name("W", shape, position) == name


def test_places_are_numpys() -> None:
    assert all(entry_name("W", (4, 5), k) == f"W{[int(i) for i in np.unravel_index(k, (4, 5))]}" for k in range(20))


def test_entries_are_a_sequence_of_records() -> None:
    assert len(ENTRIES) == 6
    assert ENTRIES[4] == ENTRIES[-2] == Entry("W1[1, 1]", EntryVerdict.DISAGREES, 4.0, 0.0, 0.0, 0.5)
    assert [entry.error for entry in ENTRIES[1:3]] == [1.0, 2.0]
    with pytest.raises(IndexError):
        ENTRIES[6]


@pytest.mark.parametrize(("analytic", "numeric"), [(math.nan, 1.0), (1.0, math.nan), (math.inf, math.inf)])
def test_the_error_of_an_entry_that_is_not_finite_is_no_number(analytic: float, numeric: float) -> None:
    assert math.isnan(Entry("W", EntryVerdict.AGREES, analytic, 0.0, numeric, 0.0).error)
