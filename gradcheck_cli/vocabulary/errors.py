"""What can keep a check from being made.

::

    GradcheckError             message, hint
      ExtraError               an optional library is not installed
      SettingError             an epsilon, a threshold or another setting out of its range
      InputError               a file, or what stands in it, that cannot be read as a problem
      ProblemError             a problem that is no problem: shapes, missing gradients, a loss that is not finite
      UserFunctionError        the user's own function raised; carries its traceback
      InternalError            a fault of gradcheck's own, found by one of its audits
    CheckInterrupted           Ctrl-C; carries the report on what was checked

An error says what was wrong, the offending value and what was expected. It does not print and knows no exit code.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradcheck_cli.vocabulary.text import printable, printable_lines

if TYPE_CHECKING:
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = [
    "CheckInterrupted",
    "ExtraError",
    "GradcheckError",
    "InputError",
    "InternalError",
    "ProblemError",
    "SettingError",
    "UserFunctionError",
    "did_you_mean",
    "nearest",
    "vanishing_step",
]

_PACKAGE = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120  (pathlib takes its time to import)


class GradcheckError(Exception):
    """The root of every error that gradcheck raises on purpose.

    Parameters
    ----------
    message : str
        What was wrong, the offending value, what was expected: one line.
    hint : str, optional
        What to try.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problem: Any = None
        """The problem that could not be checked, where the user's code can be asked again."""


class ExtraError(GradcheckError):
    """An optional library is not installed."""

    @classmethod
    def missing(cls, what: str, library: str, extra: str) -> ExtraError:
        """Make the error for what needs a library that an extra of this package brings."""
        return cls(f"{what} needs {library}, which is not installed", hint=f"pip install 'gradcheck-cli[{extra}]'")


class SettingError(GradcheckError):
    """A setting is out of its range."""


class InputError(GradcheckError):
    """A file, or what stands in it, cannot be read."""


class ProblemError(GradcheckError):
    """What was given does not make a problem that can be checked."""


class UserFunctionError(GradcheckError):
    """The user's own function raised.

    Parameters
    ----------
    message : str
        Which function raised what.
    hint : str, optional
        What to try.
    user_traceback : str
        The traceback from the user's first frame on, safe to print; ours are left out.
    """

    def __init__(self, message: str, *, hint: str | None = None, user_traceback: str = "") -> None:
        super().__init__(message, hint=hint)
        self.user_traceback = user_traceback

    @classmethod
    def of(cls, what: str, error: BaseException) -> UserFunctionError:
        """Make the error for what the user's code raised: `what` followed by the exception's own line."""
        try:
            line, shown = cls.described(error)
        except BaseException:  # noqa: BLE001  (an exception may have code of its own wherever it is looked at)
            line, shown = str(type.__getattribute__(type(error), "__name__")), ""
        hint = "nothing was checked: mend this first, at the last of these lines that is yours" if shown else None
        if not shown and isinstance(error, TypeError):
            hint = (
                "nothing was checked: `gradcheck explain func` and `explain layers` tell what functions are called with"
            )
        return cls(f"{what} {line}", hint=hint, user_traceback=shown)

    @staticmethod
    def described(error: BaseException) -> tuple[str, str]:
        """Return the own line of an exception, and its traceback from the user's first frame on; none without one."""
        import traceback

        details = traceback.TracebackException.from_exception(error)
        frames = list(details.stack)
        while frames and frames[0].filename.startswith((_PACKAGE, "<frozen importlib")):
            del frames[0]
        details.stack = traceback.StackSummary.from_list(frames)
        text = next(iter(str(details).splitlines()), "")
        line = printable(f"{type(error).__name__}: {text}" if text else type(error).__name__)
        if not frames and not isinstance(error, SyntaxError):  # of which its text tells the place
            return line, ""
        return line, "\n".join(printable_lines("".join(details.format(chain=False)).rstrip()))


class CheckInterrupted(KeyboardInterrupt):
    """Ctrl-C during a check.

    Parameters
    ----------
    report : CheckReport or None
        On the parameters that were checked whole; its verdict is never PASS. None where none was.
    """

    def __init__(self, report: CheckReport | None) -> None:
        super().__init__("interrupted")
        self.report = report


class WorkerError(GradcheckError):
    """A process that evaluated the user's loss died, again and again."""


class InternalError(GradcheckError):
    """Two evaluations of our own that must agree do not: nothing that came of them can be trusted."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known name nearest to `name`, or None where none is near."""
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near is not None else None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, whatever its case, or None where none is near.

    Near is a name that at most a third of the letters have to be changed for, and one that begins the other.
    """
    wanted = name.casefold()
    slips = {candidate: _slips(wanted, candidate.casefold()) for candidate in known if wanted}
    near = min(
        slips,
        key=lambda name: (slips[name], not name.casefold().startswith(wanted), abs(len(name) - len(wanted))),
        default=None,
    )
    if near is None or slips[near] > max(len(wanted) // 3, min(1, len(wanted) - 1)):
        return None
    return near


def _slips(one: str, other: str) -> int:
    """Return how many letters are wrong, missing, too many or swapped; 1 where one text begins the other."""
    shorter, longer = sorted((one, other), key=len)
    if shorter != longer and len(shorter) > 2 and longer.startswith(shorter):
        return 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, expected in enumerate(other, start=1):
            slips = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != expected))
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 1] + other[j - 2]:
                slips = min(slips, before[j - 2] + 1)
            row.append(slips)
        before, last = last, row
    return last[-1]


def vanishing_step(entry: str, value: float, epsilon: float) -> ProblemError:
    """Make the error for a step so small beside an entry that adding or taking it away changes nothing."""
    return ProblemError(
        f"epsilon {epsilon:g} is too small for {entry} = {value:g}: adding it changes nothing",
        hint=f"the smallest step that changes it is about {2 * math.ulp(value):.0e}; --epsilon auto finds one",
    )
