"""How an entry's value stands to the right one: what the map and the scatter show by colour."""

from __future__ import annotations

import enum
import math

from gradcheck_cli.reporters.words import pair_texts, ratio_text
from gradcheck_cli.vocabulary.results import Entries, EntryVerdict

__all__ = ["Kind", "entry_line", "kind_of"]


class Kind(enum.Enum):
    """What is found of an entry, the plainest first: the class that gives its colour, and what the legend says."""

    ZERO = ("zero", "0 in both")
    RIGHT = ("right", "right")
    UNSURE = ("unsure", "on a kink, or not to be told")
    SMALL = ("small", "too small")
    LARGE = ("large", "too large")
    TURNED = ("turned", "of the other sign")
    ODD = ("odd", "not finite")

    @property
    def name_in_style(self) -> str:
        """The class in the style sheet."""
        return str(self.value[0])

    @property
    def legend(self) -> str:
        """What the legend says."""
        return str(self.value[1])


def kind_of(entries: Entries, k: int) -> Kind:
    """Return what is found of the k-th of some entries."""
    verdict, yours, right = entries.verdicts[k], entries.analytic[k], entries.reference[k]
    if verdict == EntryVerdict.AGREES:
        return Kind.RIGHT if yours or right else Kind.ZERO
    if verdict != EntryVerdict.DISAGREES:
        return Kind.UNSURE
    if not (math.isfinite(yours) and math.isfinite(right)):
        return Kind.ODD
    if yours and right and (yours < 0) is not (right < 0):
        return Kind.TURNED
    return Kind.LARGE if abs(yours) > abs(right) else Kind.SMALL


def entry_line(entries: Entries, k: int) -> str:
    """Return all that is known of the k-th of some entries, in one line."""
    entry = entries[k]
    yours, right = pair_texts(entry.analytic, entry.reference)
    return f"{entry.name}: yours {yours}, right {right}, ratio {ratio_text(entry)}"
