"""`gradcheck func --autograd` of what is more than a loss: functions of tensors with any outputs, and modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcheck_cli.cli.function_options import PointOptions
from gradcheck_cli.vocabulary.settings import AUTO

if TYPE_CHECKING:
    from gradcheck_cli.cli.making import Checked
    from gradcheck_cli.problems.functions.function import FunctionProblem
    from gradcheck_cli.vocabulary.results import CheckReport

__all__ = ["TENSORS", "load_tensors"]

TENSORS = ("torch", "jax")
"""The frameworks that have a vjp and a jvp of functions with more than one output."""


def load_tensors(
    reference: str,
    framework: str,
    point: PointOptions,
    name: str,
    *,
    double: bool,
    convention: str | None,
    device: str | None,
    precision: str,
) -> FunctionProblem | Checked:
    """Load a function of tensors: a loss becomes a problem, anything else what checks it."""
    from gradcheck_cli.cli.function_files import load_problem
    from gradcheck_cli.loading.functions import load_function
    from gradcheck_cli.problems.functions.autograd import import_framework
    from gradcheck_cli.problems.functions.autograd_maps import is_loss, point_in_form
    from gradcheck_cli.vocabulary.errors import SettingError

    loaded = point.load()
    import_framework(framework)  # before the user's file makes arrays of the wrong precision
    function = load_function(reference)
    if is_loss(framework, function, loaded.parameters, loaded.data, device):
        return load_problem(reference, None, framework, point, name, convention, device, precision)
    if convention:
        raise SettingError(f"--complex is for losses, and {name} returns more than one number")
    parameters = point_in_form(function, loaded.parameters, loaded.data)

    def check(**settings: Any) -> CheckReport:
        from gradcheck_cli.checks.autograd import check_autograd

        del settings["sweep_steps"], settings["suggest"]
        asked = [settings.pop(name) for name in ("classic", "points", "journal")]
        if settings.pop("epsilon") != AUTO or any(asked) or point.only or point.skip:
            raise SettingError(
                f"{name} is not a loss: --classic, --epsilon, --points, --param, --skip, --save, --resume are for those"
            )
        return check_autograd(
            function,
            parameters,
            framework=framework,
            device=device,
            double=double,
            data=loaded.data,
            name=name,
            **settings,
        )

    return check
