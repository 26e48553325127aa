"""Tell whether a hand-written gradient is right, and where it is wrong.

The public names are loaded when they are first used, so that ``gradcheck --help`` needs neither numpy nor rich.
"""

import sys

if sys.orig_argv[1:3] == ["-m", "gradcheck_cli"] and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the current folder: a file there must not stand in for a module that is imported from now on

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_cli.checks.adjoint import check_adjoint
    from gradcheck_cli.checks.autograd import check_autograd
    from gradcheck_cli.checks.backward import check_backward
    from gradcheck_cli.checks.check import check
    from gradcheck_cli.checks.gradients import check_gradient
    from gradcheck_cli.checks.hessian import check_hessian, check_hvp
    from gradcheck_cli.checks.jacobian import check_jacobian
    from gradcheck_cli.checks.jvp import check_jvp
    from gradcheck_cli.checks.layer import check_layer
    from gradcheck_cli.checks.model import check_model
    from gradcheck_cli.checks.objective import check_objective
    from gradcheck_cli.evaluating.journal import Journal
    from gradcheck_cli.problems.networks.fixtures import load_fixture, save_fixture
    from gradcheck_cli.vocabulary.errors import GradcheckError
    from gradcheck_cli.vocabulary.results import CheckFailedError, CheckReport, Verdict

__version__ = "0.1.0"
__all__ = [
    "CheckFailedError",
    "CheckReport",
    "GradcheckError",
    "Journal",
    "Verdict",
    "check",
    "check_adjoint",
    "check_autograd",
    "check_backward",
    "check_gradient",
    "check_hessian",
    "check_hvp",
    "check_jacobian",
    "check_jvp",
    "check_layer",
    "check_model",
    "check_objective",
    "load_fixture",
    "save_fixture",
]

_HOMES = {
    "CheckFailedError": "vocabulary.results",
    "CheckReport": "vocabulary.results",
    "GradcheckError": "vocabulary.errors",
    "Journal": "evaluating.journal",
    "Verdict": "vocabulary.results",
    "check": "checks.check",
    "check_adjoint": "checks.adjoint",
    "check_autograd": "checks.autograd",
    "check_gradient": "checks.gradients",
    "check_hessian": "checks.hessian",
    "check_hvp": "checks.hessian",
    "check_jacobian": "checks.jacobian",
    "check_jvp": "checks.jvp",
    "check_layer": "checks.layer",
    "check_backward": "checks.backward",
    "check_model": "checks.model",
    "check_objective": "checks.objective",
    "load_fixture": "problems.networks.fixtures",
    "save_fixture": "problems.networks.fixtures",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
