"""Tell whether a hand-written gradient is right, and where it is wrong.

The public names are loaded when they are first used, so that ``gradcheck --help`` needs neither numpy nor rich.
"""

import sys

if sys.orig_argv[1:3] == ["-m", "gradcheck_cli"] and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the current folder: a file there must not stand in for a module that is imported from now on

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_cli.adjoint_checking import check_adjoint
    from gradcheck_cli.backward_checking import check_backward
    from gradcheck_cli.checking import check, check_gradient
    from gradcheck_cli.errors import GradcheckError
    from gradcheck_cli.hessian_checking import check_hessian
    from gradcheck_cli.model_checking import check_model
    from gradcheck_cli.objective_checking import check_objective
    from gradcheck_cli.outputs_checking import check_jacobian, check_layer
    from gradcheck_cli.problems.fixtures import load_fixture, save_fixture
    from gradcheck_cli.results import CheckFailedError, CheckReport, Verdict

__version__ = "0.1.0"
__all__ = [
    "CheckFailedError",
    "CheckReport",
    "GradcheckError",
    "Verdict",
    "check",
    "check_adjoint",
    "check_backward",
    "check_gradient",
    "check_hessian",
    "check_jacobian",
    "check_layer",
    "check_model",
    "check_objective",
    "load_fixture",
    "save_fixture",
]

_HOMES = {
    "CheckFailedError": "results",
    "CheckReport": "results",
    "GradcheckError": "errors",
    "Verdict": "results",
    "check": "checking",
    "check_adjoint": "adjoint_checking",
    "check_backward": "backward_checking",
    "check_gradient": "checking",
    "check_hessian": "hessian_checking",
    "check_jacobian": "outputs_checking",
    "check_layer": "outputs_checking",
    "check_model": "model_checking",
    "check_objective": "objective_checking",
    "load_fixture": "problems.fixtures",
    "save_fixture": "problems.fixtures",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
