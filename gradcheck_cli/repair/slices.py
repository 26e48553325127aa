"""Which outputs feel which place: each value is moved a little, and it is seen which entries of the claim move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.repair.program import as_patch
from gradcheck_cli.repair.sites import Site
from gradcheck_cli.repair.source import Edit
from gradcheck_cli.repair.trial import Trials, all_guarded, as_digits, from_digits
from gradcheck_cli.vocabulary.parameters import Array

__all__ = ["Felt", "Probe", "felt_at"]

Mask = NDArray[np.bool_]
PROBE = "__gradcheck_probe__"
MOVED = 1e-9  # relative: more than that is no rounding


@dataclass
class Probe:
    """Stands around a value of the user's, and moves it while it is on."""

    bold: bool = False
    """Whether whole numbers are moved too."""

    def __call__(self, value: Any) -> Any:
        """Return the value, moved."""
        if isinstance(value, tuple):
            return tuple(self(part) for part in value)
        if isinstance(value, float | np.floating):
            return value * 1.0625 + 0.03125
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            return value + 1 if self.bold else value * 1.0625 + 0.03125
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and (value.dtype.kind == "f" or not self.bold):
            waves = np.cos(np.arange(value.size, dtype=float)).reshape(value.shape)
            return value * (1.0625 + 0.03125 * waves) + 0.03125 + 0.015625 * waves
        return value


class Felt(NamedTuple):
    """What feels a place."""

    entries: Mask | None
    """The entries of the claim that do; None where that cannot be told."""
    loss: bool
    """Whether the loss does."""


def felt_at(trials: Trials, sites: Sequence[Site], claimed: Array | None) -> list[Felt]:
    """Return for each site what feels it, at the checked point.

    Parameters
    ----------
    trials : Trials
        The program whose codes are exchanged, one after another, and its points.
    sites : sequence of Site
        The places.
    claimed : ndarray of shape (n,), or None
        The claim as it stands; None where the code raises, and then nothing can be told.
    """
    probe, found = Probe(), [Felt(None, loss=False)] * len(sites)
    for function in trials.program.functions:
        for living in function.living:
            living.__globals__[PROBE] = probe
    if claimed is None:
        return found
    texts = all_guarded(
        lambda k: felt_by(trials, sites[k], claimed, probe), len(sites), trials.seconds, trials.deadline
    )
    for k, text in texts.items():
        found[k] = Felt(from_digits(text[1:], claimed.size), loss=text[0] == "J")
    return found


def felt_by(trials: Trials, site: Site, claimed: Array, probe: Probe) -> str:
    """Return whether the loss feels one site, and which entries of the claim; empty where that cannot be told."""
    if site.kind != "value":
        return ""
    here, program = trials.points[0], trials.program
    start, end = program.sources[site.file].span(site.node)
    patch = as_patch(site.file, Edit(start, start, f"{PROBE}("), Edit(end, end, ")"))
    for bold in (False, True):
        probe.bold = bold
        try:
            with program.with_patch(patch), np.errstate(all="ignore"):
                moved = here.claim()
                loss = trials.losses is not None and here.loss() != trials.losses[0]
        except Exception:  # noqa: BLE001, S112  (the value cannot be moved so)
            continue
        if moved.shape == claimed.shape:
            scale = np.abs(moved) + np.abs(claimed)
            return ("J" if loss else "-") + as_digits(~(np.abs(moved - claimed) <= MOVED * scale))
    return ""
