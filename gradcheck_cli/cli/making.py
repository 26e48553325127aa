"""Make the checks of a command: from cases to outcomes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gradcheck_cli.cli.apart import Begun
from gradcheck_cli.cli.ending import heed
from gradcheck_cli.cli.options import Checking
from gradcheck_cli.cli.prints import few_prints
from gradcheck_cli.cli.progress import Progress
from gradcheck_cli.problems.scalar import ScalarModel
from gradcheck_cli.vocabulary.asking import asking
from gradcheck_cli.vocabulary.errors import CheckInterrupted, GradcheckError, UserFunctionError
from gradcheck_cli.vocabulary.results import CheckReport, Location, Outcome, Suggestion, Unchecked

if TYPE_CHECKING:
    from pathlib import Path

    from gradcheck_cli.problems.problem import Problem

__all__ = ["Case", "Checked", "outcomes_of", "unchecked"]


Checked: TypeAlias = Callable[..., CheckReport]
"""(**settings) -> report, of the settings of `check`."""


class Case(NamedTuple):
    """One problem that a command is to check."""

    name: str
    """What it is called where it cannot even be made."""
    make: Callable[[], Problem | ScalarModel | Checked]
    """Makes it, and may raise a GradcheckError; or what checks it in its own way."""
    gradient: str | None = None
    """``FILE.py:NAME`` of the function that gives the gradient, where the user wrote one."""
    reads: Mapping[str, Path | None] = MappingProxyType({})
    """The files that it is made of, by what they are; None where one is not given."""
    foreign: bool = True
    """Whether code that is not ours runs in its check."""


def outcomes_of(cases: Iterable[Case], options: Checking) -> Iterator[Outcome | Begun]:
    """Check cases one after another, each after the word that it begins."""
    home = os.getcwd()  # noqa: PTH109  (pathlib takes its time to import)
    for case in cases:
        try:
            with Progress(quiet=options.verbosity < 0) as progress:
                if case.foreign:  # what is imported may take its time
                    progress.show()
                with few_prints(progress, math.inf):  # what the user's functions print does not belong in the report
                    problem = case.make()
                yield Begun(options.large.time_limit if options.large else None)
                with few_prints(progress):
                    report = checked(problem, options, home, progress)
                    heed()
                    location = locate(case, home)
            notes = (*report.notes, *notes_on(case), *options.notes)
            yield replace(report, location=location, notes=notes)
        except GradcheckError as error:  # noqa: PERF203  (one that cannot be checked does not keep the others from it)
            with redirect_stdout(sys.stderr):
                suggestion = suggestion_after(error, options, home)
            yield replace(unchecked(case.name, error), suggestion=suggestion)
        except OSError as error:  # files are opened where their errors are understood: this is of something else
            yield Unchecked(case.name, f"the system refused something: {error}")
        except CheckInterrupted as interruption:
            if interruption.report is not None:
                going_on = options.large.going_on if options.large else ""
                notes = (*interruption.report.notes, *options.notes, *filter(None, [going_on]))
                yield replace(interruption.report, notes=notes)
            raise


def checked(problem: Problem | ScalarModel | Checked, options: Checking, home: str, progress: Progress) -> CheckReport:
    """Check a problem; the scalar model without numpy. Files are named from `home` on."""
    if isinstance(problem, ScalarModel):
        from gradcheck_cli.checks.scalar import check_scalar

        return check_scalar(problem, sweep_steps=options.draws, **options.settings)
    from gradcheck_cli.checks.check import check
    from gradcheck_cli.cli.further_options import FurtherOptions
    from gradcheck_cli.cli.large_options import Keeper, LargeOptions

    large, further = options.large or LargeOptions(), options.further or FurtherOptions()
    journal = large.journal()
    large.keep(journal)  # that it cannot be written is to be known now
    try:
        watch = Keeper(progress, lambda: large.keep(journal)) if journal is not None else progress
        settings = {**options.settings, **large.settings, **further.settings, "sweep_steps": options.draws}
        settings["suggest"] = home if further.suggest else False
        how = problem if callable(problem) else partial(check, problem)
        report = how(**settings, journal=journal, progress=watch)
        further.keep(report)
        return report
    finally:
        large.keep(journal)


def suggestion_after(error: GradcheckError, options: Checking, home: str) -> Suggestion | None:
    """Return a verified change for a gradient function that raises, or returns something else than a gradient."""
    large, further, problem = options.large, options.further, error.problem
    limited = large is not None and (large.max_evals is not None or large.time_limit is not None)
    if problem is None or further is None or not further.suggest or limited:
        return None
    from gradcheck_cli.repair.suggest import suggestion_for

    _, suggestion, _ = suggestion_for(problem, options.threshold, home, raises=True)
    return suggestion if suggestion is not None and suggestion.is_verified else None


def locate(case: Case, home: str) -> Location | None:
    """Return where the user's gradient function begins; it is loaded by now."""
    if case.gradient is None:
        return None
    import inspect
    from pathlib import Path
    from types import CodeType

    from gradcheck_cli.loading.functions import load_function

    code = None
    with suppress(GradcheckError), asking("looking for where the gradient is written raised"):
        code = getattr(inspect.unwrap(load_function(case.gradient)), "__code__", None)
    if not isinstance(code, CodeType):
        return None
    file = Path(code.co_filename)
    return Location((file.relative_to(home) if file.is_relative_to(home) else file).as_posix(), code.co_firstlineno)


def notes_on(case: Case) -> Iterator[str]:
    """Yield what is to be known of the files of a case, which are loaded by now; of none there is nothing to load."""
    if case.reads:
        from gradcheck_cli.loading.functions import notes_on

        yield from notes_on(case.reads.values())


def unchecked(name: str, error: GradcheckError) -> Unchecked:
    """Return the record of a case that an error kept from being checked."""
    traceback = error.user_traceback if isinstance(error, UserFunctionError) else ""
    return Unchecked(name, error.message, error.hint, traceback)
