"""A fully connected network as a problem: what it claims, and how its loss is differenced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradcheck_cli.problems.functions.returned import Misfit
from gradcheck_cli.problems.networks.audit import SEED, audit_changes, one_in
from gradcheck_cli.problems.networks.blocks import width_behind
from gradcheck_cli.problems.networks.complex_step import complex_step_deltas, gradient_rows
from gradcheck_cli.problems.networks.course import CourseNetwork
from gradcheck_cli.problems.networks.rounding import magnitudes, rounding_floor, rounding_terms, units_at_kinks
from gradcheck_cli.problems.networks.structured import structured_changes
from gradcheck_cli.problems.problem import ENTRIES_AT_ONCE, changes_one_by_one
from gradcheck_cli.vocabulary.errors import SettingError
from gradcheck_cli.vocabulary.parameters import Array, Parameters

__all__ = ["Network"]

LARGEST_PLAIN = 10**7  # n * n * m, up to which the course's loop takes about a tenth of a second


@dataclass(frozen=True)
class Network(CourseNetwork):
    """A network as a problem: with what is claimed of it, and quicker and surer ways to its differences."""

    claimed: Parameters | None = None
    """The gradient under test, by parameter; None means the network's own backward propagation."""
    remarks: Sequence[str] = ()
    """How the network was understood by whoever read it."""
    claim_at: Callable[[Network], Parameters] | None = None
    """Makes the claim at another point; None where it is saved."""
    evaluation: str | None = None
    """How changes of the loss are taken: ``plain``, ``structured``, or None, by the network's size."""
    saved_in: Mapping[str, str] = field(default_factory=dict)
    """By parameter, the dtype that `claimed` was saved in, where that is less than float64."""
    misfits: Sequence[Misfit] = ()
    """Arrays of the claim that were broadcast: they have another shape than their parameters."""

    def loss(self, parameters: Parameters) -> float:
        """Return J at `parameters`; not finite only where the network itself overflows."""
        return self.cost(self.forward_propagation(parameters), parameters)

    def gradient(self, parameters: Parameters) -> Parameters:
        """Return the claimed gradient, or where none is claimed that of `backward_propagation`."""
        if self.claimed is not None:
            return self.claimed
        return self.backward_propagation(self.forward_propagation(parameters), parameters)

    def at(self, parameters: Parameters) -> Network:
        """Return the same network at another point.

        Raises
        ------
        SettingError
            Where its claim is saved in a fixture.
        """
        moved = replace(self, parameters={**self.parameters, **parameters})
        if self.claimed is None:
            return moved
        if self.claim_at is None:
            raise SettingError(
                "the gradient is saved numbers, which belong to one point; other points need a function",
                hint="name the function that makes them by --backward, or leave out --points",
            )
        return replace(moved, claimed=self.claim_at(moved))

    @cached_property
    def here(self) -> float:
        """J at the network's own parameters."""
        return self.cost(self.layers, self.parameters)

    @property
    def is_structured(self) -> bool:
        """Whether changes of the loss are taken by the structured evaluation, not by whole forward propagations."""
        if self.evaluation is not None:
            return self.evaluation == "structured"
        n = sum(values.size for values in self.parameters.values())
        return n * n * self.sample_count > LARGEST_PLAIN

    @property
    def notes(self) -> Sequence[str]:
        """The remarks, and what is not done in the course's way."""
        notes = list(self.remarks)
        if self.needs_stable_loss():
            notes.append(f"{self.loss_name} overflows as written, so its stable form is used")
        if self.is_structured:
            least, most = one_in(self)
            some = f"{least}" if least == most else f"{least}-{most}"
            notes.append(f"differences by the structured evaluation, one entry in {some} audited (seed {SEED})")
        return tuple(notes)

    def entries_at_once(self, parameter: str) -> int:
        """Return some whole rows, which together take the structured evaluation some tenths of a second at most."""
        if not self.is_structured:
            return ENTRIES_AT_ONCE
        row = int(self.parameters[parameter].shape[1])
        rows = 2**25 // (4 * self.sample_count * width_behind(self, int(parameter[1:])))
        return min(max(rows, 1) * row, 2**15)

    def loss_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array:
        """Return the changes of J: each by a whole forward propagation, as the course does it, or structured."""
        if not self.is_structured:
            return changes_one_by_one(self, self.here, parameter, entries, steps)
        changes = structured_changes(self, parameter, entries, steps)
        audit_changes(self, parameter, entries, steps, changes)
        return changes / self.sample_count + self.penalty_changes(parameter, entries, steps)

    def penalty_changes(self, parameter: str, entries: NDArray[np.intp], steps: Array) -> Array | float:
        """Return the changes of `penalty`: l2 / (2 m) times (w + h)^2 - w^2 = (2 w + h) h."""
        if not self.l2 or parameter.startswith("b"):
            return 0.0
        w = self.parameters[parameter].reshape(-1)[entries]
        return self.l2 / (2 * self.sample_count) * (2 * w + steps) * steps

    def complex_step_gradients(self, parameter: str, rows: slice) -> Sequence[Array]:
        """Return rows of the gradient by the complex step; where a unit is at a kink, for both slopes and between."""
        with np.errstate(all="ignore"):  # what underflows beside a saturated unit is 0
            return [gradient_rows(self, parameter, rows, deltas) for deltas in self.deltas]

    def rounding_floor(self, parameter: str, rows: slice, machine_epsilon: float) -> Array:
        """Return what rows of a right gradient may be off by for rounding alone."""
        return rounding_floor(self, parameter, rows, self.terms, self.magnitudes[0], machine_epsilon)

    @cached_property
    def deltas(self) -> Sequence[Sequence[Array]]:
        """By the complex step m dJ/dZ_1 ... m dJ/dZ_L; where a unit is at a kink, with several slopes."""
        kinks = units_at_kinks(self, self.layers, self.magnitudes[1])
        weights = (0.0, 0.5, 1.0) if any(kink.any() for kink in kinks) else (0.0,)
        with np.errstate(all="ignore"):
            return [complex_step_deltas(self, self.layers, kinks, weight) for weight in weights]

    @cached_property
    def magnitudes(self) -> tuple[list[Array], list[Array]]:
        """The sums of absolute values behind A_l and Z_l."""
        return magnitudes(self, self.layers)

    @cached_property
    def terms(self) -> list[Array]:
        """The same behind m dJ/dZ_l."""
        return rounding_terms(self, self.layers, *self.magnitudes)
