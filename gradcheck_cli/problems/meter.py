"""How often a user's loss is called before the check itself begins: that is within the budget, too."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradcheck_cli.problems.problem import Problem
from gradcheck_cli.problems.user_function import FunctionProblem

__all__ = ["Meter"]


@dataclass
class Meter:
    """Counts and times calls while it is on."""

    calls: int = 0
    seconds: float = 0.0
    """That they took."""
    shortest: float = math.inf
    """Seconds of the shortest: the first may have had to load something."""
    started: float = field(default_factory=time.monotonic)
    """When the meter was made."""

    def on(self, problem: Problem) -> Problem:
        """Return a user's problem with its loss counted; any other as it is."""
        if not isinstance(problem, FunctionProblem):
            return problem
        return dataclasses.replace(problem, loss_function=_Metered(problem.loss_function, self))

    def off(self, problem: Problem) -> Problem:
        """Return the problem with its own loss."""
        if not (isinstance(problem, FunctionProblem) and isinstance(problem.loss_function, _Metered)):
            return problem
        return dataclasses.replace(problem, loss_function=problem.loss_function.function)


class _Metered:
    """A function that passes for the one it is around."""

    def __init__(self, function: Callable[..., Any], meter: Meter) -> None:
        self.function, self.meter = function, meter

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        started = time.monotonic()
        try:
            return self.function(*arguments, **named)
        finally:
            took = time.monotonic() - started
            self.meter.calls += 1
            self.meter.seconds += took
            self.meter.shortest = min(self.meter.shortest, took)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)
