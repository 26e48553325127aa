"""For tests of the user's own: a fixture, a mark, and tracebacks that end in the test.

pytest loads this module in every run, whether or not a gradient is checked there, so it loads little.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import TracebackType

    from gradcheck_cli.vocabulary.errors import GradcheckError
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["GradientChecker", "gradcheck"]

PACKAGE = __name__.partition(".")[0]
MARK = "gradcheck"
MEANING = f"""{MARK}(**settings): a test that checks a gradient, for `-m {MARK}` and `-m "not {MARK}"`; each with the \
fixture has the mark. Settings, as seed=0 or threshold=1e-6, are those of the fixture's checks."""


class Failed(pytest.fail.Exception):  # type: ignore[misc,name-defined]  # pytest makes it where mypy does not see it
    """Fails a test with what was found; in pytest's summary, of which only a line is left, it stands after one word."""

    __module__, __qualname__ = "builtins", "gradcheck"


class GradientChecker:
    """Checks a gradient and lets the test fail where it is wrong."""

    test: pytest.Item | None = None
    """The test under way; a fixture of a test alone could not be had by fixtures of a module, nor by hypothesis."""

    def __call__(self, loss: Any, gradient: Any, parameters: Any, **settings: Any) -> CheckReport:
        """Check a gradient as `gradcheck_cli.check_gradient` does, and return the report where it passes.

        The test fails where it does not, and where it cannot be checked; pytest then shows the call in the test and the
        report, and nothing of what stands between. Settings that are not given here are those of the test's marks; a
        loss without a name goes by that of the test.
        """
        __tracebackhide__ = True
        from gradcheck_cli.checks.gradients import check_gradient
        from gradcheck_cli.reporters.failures import failure_text
        from gradcheck_cli.vocabulary.errors import GradcheckError

        try:
            report = check_gradient(loss, gradient, parameters, **self.usual(loss) | settings)
        except GradcheckError as error:
            if isinstance(error.__cause__, pytest.skip.Exception):  # the user's function wants the test skipped
                raise error.__cause__ from None
            problem = described(error)
        else:
            if report.passed:
                return report
            problem = failure_text(report, f"{MARK}: ")
        raise Failed(problem)  # outside the handler, so that no exception of ours hangs on the failure

    def usual(self, loss: Any) -> dict[str, Any]:
        """Return the settings of the test under way; of its marks the nearest counts."""
        if self.test is None:
            return {}
        settings: dict[str, Any] = {}
        for mark in self.test.iter_markers(MARK):
            if mark.args:
                raise TypeError(f"pytest.mark.{MARK} takes settings by their names, as seed=0, not {mark.args[0]!r}")
            settings = {**mark.kwargs, **settings}
        return settings if getattr(loss, "__name__", "<lambda>") != "<lambda>" else {"name": self.test.name, **settings}


checker = GradientChecker()


def described(error: GradcheckError) -> str:
    """Return what the command would write of an error."""
    from gradcheck_cli.reporters.failures import folded

    lines = [folded(f"could not be checked: {error.message}", f"{MARK}: ")]
    lines += [folded(f"hint: {error.hint}")] if error.hint else []
    trace = getattr(error, "user_traceback", "")
    return "\n".join([*lines, *(["", trace] if trace else [])])


@pytest.fixture(scope="session")
def gradcheck() -> GradientChecker:
    """Check a gradient: gradcheck(loss, gradient, parameters) as in `gradcheck_cli.check_gradient`."""
    return checker


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", MEANING)


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that has the fixture."""
    for item in items:
        if MARK in getattr(item, "fixturenames", ()):
            item.add_marker(MARK)


@pytest.hookimpl(tryfirst=True)  # before the fixtures of the test are made
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note which test is under way."""
    checker.test = item


@pytest.hookimpl(tryfirst=True)  # before the traceback is written
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Leave our own source out of the traceback of what we raise."""
    if call.excinfo is None or item.config.getoption("fulltrace"):
        return
    steps = steps_of(call.excinfo.tb)
    if not is_ours(steps[-1]):
        return
    for step, following in pairwise(steps):
        if is_ours(following):
            step.tb_next = None
            break
    error = call.excinfo.value
    while error.__cause__ is not None:  # raised by the user's code, which this package has called
        error = error.__cause__
        while any(map(is_ours, steps_of(error.__traceback__)[:-1])):
            error.__traceback__ = error.__traceback__.tb_next  # type: ignore[union-attr]  # there are some


def steps_of(traceback: TracebackType | None) -> list[TracebackType]:
    """Return the steps of a traceback, the outermost first."""
    steps = []
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    return steps


def is_ours(step: TracebackType) -> bool:
    """Whether a step of a traceback is in this package."""
    return str(step.tb_frame.f_globals.get("__name__", "")).startswith(f"{PACKAGE}.")
