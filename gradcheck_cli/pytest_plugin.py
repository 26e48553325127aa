"""The fixture `gradcheck` for tests of the user's own; pytest loads this module in every run, so it loads little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["GradientChecker", "gradcheck"]


class GradientChecker:
    """Checks a gradient and lets the test fail where it is wrong."""

    def __call__(self, loss: Any, gradient: Any, parameters: Any, **settings: Any) -> CheckReport:
        """Check a gradient as `gradcheck_cli.check_gradient` does, and return the report where it passes.

        The test fails where it does not, and where it cannot be checked; pytest then shows the call in the test and the
        report, and nothing of what stands between.
        """
        __tracebackhide__ = True
        from gradcheck_cli.checks.gradients import check_gradient
        from gradcheck_cli.vocabulary.errors import GradcheckError

        try:
            report = check_gradient(loss, gradient, parameters, **settings)
        except GradcheckError as error:
            if isinstance(error.__cause__, pytest.skip.Exception):  # the user's function wants the test skipped
                raise error.__cause__ from None
            problem = described(error)
        else:
            if report.passed:
                return report
            problem = str(report)
        pytest.fail(problem)  # outside the handler, so that no exception of ours hangs on the failure


def described(error: Any) -> str:
    """Return what the command would write of an error."""
    lines = [getattr(error, "user_traceback", ""), f"could not be checked: {error.message}"]
    return "\n".join([line for line in lines if line] + ([f"hint: {error.hint}"] if error.hint else []))


@pytest.fixture(scope="session")
def gradcheck() -> GradientChecker:
    """Check a gradient: gradcheck(loss, gradient, parameters) as in `gradcheck_cli.check_gradient`."""
    return GradientChecker()
